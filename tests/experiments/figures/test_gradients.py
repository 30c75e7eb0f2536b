import numpy as np
import skimage.filters

from jcarsr.experiments.figures.gradients import show_map, sobel


def test_map_is_scikit_images() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (12, 14, 3)).astype(np.uint8)
    expected = np.stack([skimage.filters.sobel(pixels[..., c] / 255) for c in range(3)], -1)
    np.testing.assert_allclose(sobel(pixels), expected, atol=1e-5)


def test_edges_are_bright() -> None:
    assert show_map(np.full((1, 1, 3), 0.2, np.float32)).tolist() == [[[153] * 3]]
    assert show_map(np.full((1, 1, 3), 0.9, np.float32)).tolist() == [[[255] * 3]]
