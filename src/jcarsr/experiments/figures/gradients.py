"""Figure 10: gradient maps of JCARSR and of its ablations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from jcarsr.experiments import table6
from jcarsr.experiments.figures.scene import Scene
from jcarsr.experiments.figures.sheet import Panel, in_rows, save_sheet
from jcarsr.experiments.figures.squares import busiest
from jcarsr.experiments.jobs import Scoring
from jcarsr.ops import image_gradient
from jcarsr.pixels import Floats, Pixels, to_planes
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.restorer import NetworkRestorer

SIDE = 320
"""Of the square that is shown, pixels of hr, one of which is one of the sheet."""
COLUMNS = 3
_SCALE = 2
_PANELS = {
    "ISRB + GGB + CARB": ("JCARSR", "gradient branch"),
    "ISRB + GGB": ("w/o CARB", "gradient branch"),
    "ISRB": ("w/o CARB & GGB", "Sobel map of sr"),
}
"""Line of Table 6 -> its name in the figure, and what is shown of it."""


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 10: HR's Sobel map, then those of the networks that are trained.

    Raises:
        DataError: none is, or the picture cannot be chosen or read.
    """
    entrants = scene.entrants({"": table6.PLAN}, _SCALE)
    sample = scene.sample(entrants)
    maps: dict[str, Pixels] = {}
    for label in _PANELS:
        if label in entrants:
            networks = _networks(scene, entrants[label].job)
            if label == "ISRB":
                gradient = sobel(networks.restorer(_SCALE).restore(sample.lq.pixels))
            else:
                gradient = _gradient(networks.gradient(_SCALE), sample.lq.pixels)
            maps[label] = show_map(gradient)
    true = show_map(sobel(sample.hr))
    compared = list(maps.values())
    square = busiest(compared if len(compared) > 1 else [true, *compared], SIDE)
    panels = [
        Panel(name=f"{sample.name}, HR", pixels=sample.hr, frame=square),
        Panel(name="HR", pixels=square.of(sample.hr)),
        Panel(name="HR", pixels=square.of(true), below="Sobel map"),
    ]
    for label, gradient in maps.items():
        name, what = _PANELS[label]
        panels.append(Panel(name=name, pixels=square.of(gradient), below=what))
    caption = f"{scene.title(entrants)}; {sample.title}"
    save_sheet(in_rows(panels, COLUMNS), path, caption=caption, side=SIDE)


def _networks(scene: Scene, job: Scoring) -> Networks:
    (source,) = job.sources
    name = str(scene.store.weights_path(source))
    return Networks(name, scene.options, tile=None, max_memory=None)


def _gradient(restorer: NetworkRestorer, lq: Pixels) -> Floats:
    """(H, W, 3) -> (2 * H, 2 * W, 3) in [0, 1]"""
    return restorer.restore(lq).astype(np.float32) / np.float32(255)


def sobel(pixels: Pixels) -> Floats:
    """The Sobel gradient map of each channel, as the gradient loss takes it, about [0, 1].

    (H, W, 3) uint8 RGB -> (H, W, 3)
    """
    planes = torch.from_numpy(to_planes(pixels))
    return image_gradient(planes)[0].permute(1, 2, 0).numpy()


def show_map(gradient: Floats) -> Pixels:
    """Bright edges on black, the mean of the channels, three times as bright.

    (H, W, 3) about [0, 1] -> (H, W, 3) uint8
    """
    grey = (3 * gradient.mean(2)).clip(0, 1)
    return np.repeat((255 * grey).round().astype(np.uint8)[..., None], 3, axis=2)
