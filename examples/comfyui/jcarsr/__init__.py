"""Nodes for ComfyUI: copy this folder into ComfyUI/custom_nodes.

ComfyUI's Python needs this package (`pip install jcarsr`); it brings PyTorch and spandrel itself.
"Load Upscale Model" then takes jcarsr's weight files in models/upscale_models, too.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from jcarsr import Restorer, Target
from jcarsr.integrations import spandrel  # adds the architecture
from jcarsr.weights import bundled_names, find


class JCARSRUpscaleModel:
    """Bundled weights as the model of "Upscale Image (using Model)"."""

    CATEGORY = "loaders"
    RETURN_TYPES = ("UPSCALE_MODEL",)
    FUNCTION = "load_model"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """The inputs, as ComfyUI asks for them."""
        return {"required": {"weights": (bundled_names(),)}}

    def load_model(self, weights: str) -> tuple[Any]:
        """Return the network as spandrel's descriptor."""
        return (spandrel.load(find(weights)),)


class JCARSRRestore:
    """Restores and enlarges: weights by the pixels, tiles by memory, as `jcarsr restore` does."""

    CATEGORY = "image/upscaling"
    RETURN_TYPES = ("IMAGE",)
    FUNCTION = "restore"

    @classmethod
    def INPUT_TYPES(cls) -> dict[str, Any]:  # noqa: N802
        """The inputs, as ComfyUI asks for them."""
        strength = {"default": 1.0, "min": 0.0, "max": 1.0, "step": 0.05}
        return {
            "required": {
                "image": ("IMAGE",),
                "scale": ([1, 2, 4], {"default": 2}),
                "strength": ("FLOAT", strength),
            }
        }

    def restore(self, image: Tensor, scale: int, strength: float) -> tuple[Tensor]:
        """Return the pictures restored; (N, H, W, 3) float32 RGB in [0, 1], computed from 8 bits.

        A fourth channel, transparency, is left out.
        """
        pixels = (image[..., :3].cpu().numpy().clip(0, 1) * 255).round().astype(np.uint8)
        restorer, target = Restorer(), Target(scale=scale)
        restored = [
            np.asarray(restorer.restore(np.ascontiguousarray(one), target, strength=strength))
            for one in pixels
        ]
        return (torch.from_numpy(np.stack(restored)).float() / 255,)


NODE_CLASS_MAPPINGS = {"JCARSRUpscaleModel": JCARSRUpscaleModel, "JCARSRRestore": JCARSRRestore}
NODE_DISPLAY_NAME_MAPPINGS = {
    "JCARSRUpscaleModel": "Load JCARSR",
    "JCARSRRestore": "Restore JPEG (JCARSR)",
}
