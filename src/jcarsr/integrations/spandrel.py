"""JCARSR as an architecture of spandrel, the library by which ComfyUI and chaiNNer load networks.

Importing this module adds it to spandrel's `MAIN_REGISTRY`:

    import jcarsr.integrations.spandrel
    from spandrel import ModelLoader

    model = ModelLoader().load_from_file("jcarsr-lite-x4.safetensors")  # model.scale == 4

spandrel imports torchvision, which must be the one of the same PyTorch.
"""

from __future__ import annotations

from importlib import import_module
from pathlib import Path
from typing import Any

try:
    _library: Any = import_module("spandrel")  # not all who develop this have it
    from jcarsr.networks.jcarsr.deduce import deduce_config, is_jcarsr
    from jcarsr.networks.jcarsr.network import JCARSR
except ModuleNotFoundError as error:
    raise ImportError(
        f"jcarsr.integrations.spandrel needs {error.name}: pip install 'jcarsr[spandrel]'"
    ) from error

ID = "JCARSR"


class JCARSRArch(_library.Architecture):
    """Finds and loads a JCARSR of any size by its tensors; metadata do not get here."""

    def __init__(self) -> None:
        super().__init__(id=ID, detect=is_jcarsr)

    def load(self, state_dict: dict[str, Any]) -> Any:
        """The network as spandrel's `ImageModelDescriptor`, its output `sr`.

        Raises:
            ValueError: no JCARSR has tensors of these shapes.
        """
        config = deduce_config({name: value.shape for name, value in state_dict.items()})
        return _library.ImageModelDescriptor(
            JCARSR(config),
            state_dict,
            architecture=self,
            purpose="SR",
            tags=[f"{config.channels}c", f"{config.num_groups}g", f"{sum(config.sr_depths)}b"],
            supports_half=False,
            supports_bfloat16=False,
            scale=config.scale,
            input_channels=3,
            output_channels=3,
            call_fn=JCARSR.restore,
        )


def install(registry: Any = None) -> None:
    """Add the architecture to a registry that does not have it yet.

    Args:
        registry: an `ArchRegistry` of spandrel; None = its `MAIN_REGISTRY`.
    """
    registry = _library.MAIN_REGISTRY if registry is None else registry
    support = _library.ArchSupport.from_architecture(JCARSRArch())
    registry.add(support, ignore_duplicates=True)


def load(path: Path) -> Any:
    """A weight file's network as spandrel's descriptor, on the CPU, ready to restore."""
    return _library.ModelLoader().load_from_file(path).eval()


install()
