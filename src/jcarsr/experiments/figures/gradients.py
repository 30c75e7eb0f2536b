"""Figure 10: gradient maps of JCARSR and of its ablations."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import torch

from jcarsr.experiments import table6
from jcarsr.experiments.figures.crops import SETS
from jcarsr.experiments.figures.scene import Scene, choose_picture, load_sample
from jcarsr.experiments.figures.sheet import save_sheet
from jcarsr.experiments.jobs import Scoring
from jcarsr.ops import image_gradient
from jcarsr.pixels import Floats, Pixels, to_planes
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.restorer import NetworkRestorer

_SCALE = 2
_PANELS = (
    ("ISRB + GGB + CARB", "JCARSR: gradient branch"),
    ("ISRB + GGB", "w/o CARB: gradient branch"),
    ("ISRB", "w/o CARB & GGB: Sobel map of sr"),
)


def draw(scene: Scene, path: Path) -> None:
    """Draw Figure 10: HR's Sobel map, then those of the networks that are trained."""
    jobs = scene.jobs(table6.PLAN, _SCALE, SETS)
    there = scene.methods(jobs)
    rows = {label: row for label, row in scene.rows(jobs).items() if label in there}
    sample = load_sample(jobs["ISRB"], choose_picture(rows, scene.picture))
    panels: list[tuple[str, Pixels]] = [(f"{sample.name}: HR", sample.hr)]
    panels.append(("Sobel map of HR", show_map(sobel(sample.hr))))
    for label, title in _PANELS:
        if label not in there:
            continue
        networks = _networks(scene, jobs[label])
        if label == "ISRB":
            picture = sobel(networks.restorer(_SCALE).restore(sample.lq.pixels))
        else:
            picture = _gradient(networks.gradient(_SCALE), sample.lq.pixels)
        panels.append((title, show_map(picture)))
    save_sheet(panels, path, columns=3, side=320)


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
