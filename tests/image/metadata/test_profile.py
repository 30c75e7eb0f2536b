from PIL import ImageCms
from support.metadata import SRGB

from jcarsr.image.metadata.profile import colour_space


def test_colour_space() -> None:
    assert colour_space(SRGB) == "RGB"
    lab = ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB", 5000)).tobytes()
    assert colour_space(lab) == "Lab"
    assert colour_space(b"") is None
