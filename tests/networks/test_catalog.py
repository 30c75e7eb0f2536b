import subprocess
import sys

import pytest
import torch

from jcarsr.networks.catalog import ARCHITECTURES, PRESETS, build, build_preset

SIZES = {
    # parameters, of which 24 are fixed mean colours; the paper prints
    # 40.73 M, 43.09 M, 15.44 M and 15.59 M
    "edsr-x2": 40_729_627,
    "edsr-x4": 43_089_947,
    "edsr-lite-x2": 480_675 + 24,
    "rcan-x2": 15_444_667,
    "rcan-x4": 15_592_379,
    "rcan-lite-x2": 470_027,
}


@pytest.mark.parametrize("name", list(PRESETS))
def test_preset_is_its_architecture_and_names_its_scale(name: str) -> None:
    preset = PRESETS[name]
    with torch.device("meta"):
        network = build_preset(name)
    assert network.architecture == preset.architecture
    assert network.facts.scale == preset.scale == int(name[-1])
    described = network.described()
    with torch.device("meta"):
        again = build(described["architecture"], described["config"])
    assert again.config == network.config


@pytest.mark.parametrize("name", SIZES)
def test_size(name: str) -> None:
    with torch.device("meta"):
        count = sum(parameter.numel() for parameter in build_preset(name).parameters())
    assert count == SIZES[name]


@pytest.mark.parametrize(
    ("architecture", "config", "message"),
    [
        ("vgg", {"scale": 2}, "'vgg': no such network, there are jcarsr, edsr, rcan"),
        ("edsr", {"scale": 2, "width": 3}, "edsr: .*width"),
        ("edsr", {"scale": 3}, "scale must be 2 or 4, got 3"),
    ],
)
def test_what_cannot_be_built_is_refused(
    architecture: str, config: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(architecture, config)


def test_catalogue_is_read_without_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; import jcarsr.networks.catalog as c"
    out = subprocess.run(
        [sys.executable, "-c", f"{script}; print(*c.ARCHITECTURES)"], capture_output=True, text=True
    )
    assert out.stdout.split() == list(ARCHITECTURES)
