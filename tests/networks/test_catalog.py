import subprocess
import sys
from importlib import import_module

import pytest
import torch

from jcarsr.networks.catalog import ARCHITECTURES, PRESETS, build, build_preset

PRINTED = {  # in the paper's Table 1, 10^6 parameters
    "jcarsr-x2": "10.10",
    "jcarsr-x4": "10.40",
    "edsr-x2": "40.73",
    "edsr-x4": "43.09",
    "rdn-x2": "22.12",
    "rdn-x4": "22.27",
    "rcan-x2": "15.44",
    "rcan-x4": "15.59",
    "mdcn-x2": "13.12",
    "mdcn-x4": "13.71",
    "swinir-x2": "11.75",
    "swinir-x4": "11.90",
}

PRINTED_BINARY = {"drct-x2": "13.34", "drct-x4": "13.48", "hma-x2": "66.49", "hma-x4": "66.63"}
"""There, too: it divides these by 2^20."""


@pytest.mark.usefixtures("shapes_alone")
@pytest.mark.parametrize("name", list(PRESETS))
def test_preset_has_its_architecture_scale_and_number_of_parameters(name: str) -> None:
    preset = PRESETS[name]
    with torch.device("meta"):
        network = build_preset(name)
    assert network.architecture == preset.architecture
    scale = int(name[-1]) if name[-2:] in ("x2", "x4") else 1
    assert network.facts.scale == preset.scale == scale
    described, entry = network.describe(), ARCHITECTURES[preset.architecture]
    assert described["architecture"] == preset.architecture
    config = getattr(import_module(entry.module), entry.config)
    assert config(**described["config"]) == network.config

    count = sum(parameter.numel() for parameter in network.parameters())
    assert count == entry.parameters[name]
    if name in PRINTED:
        assert f"{count / 1e6:.2f}" == PRINTED[name]
    if name in PRINTED_BINARY:
        assert f"{count / 2**20:.2f}" == PRINTED_BINARY[name]
    if name.startswith("jcarsr-lite"):
        assert count <= 600_000


@pytest.mark.parametrize("scale", [2, 4])
def test_small_networks_that_are_compared_are_of_one_size(scale: int) -> None:
    counts = {
        name: count for entry in ARCHITECTURES.values() for name, count in entry.parameters.items()
    }
    small = {name: counts[name] for name in PRESETS if name.endswith(f"-lite-x{scale}")}
    assert len(small) == 9
    for name, count in small.items():
        assert count == pytest.approx(counts[f"jcarsr-lite-x{scale}"], rel=0.03), name


@pytest.mark.parametrize(
    ("architecture", "config", "message"),
    [
        ("vgg", {"scale": 2}, "'vgg': no such network, there are jcarsr, edsr, "),
        ("edsr", {"scale": 2, "width": 3}, "edsr: .*width"),
        ("edsr", {"scale": 3}, "scale must be 2 or 4, got 3"),
    ],
)
def test_what_cannot_be_built_is_refused(
    architecture: str, config: dict[str, int], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        build(architecture, config)


def test_weights_of_authors_whose_code_differs_from_their_paper_fit_the_papers_size() -> None:
    assert PRESETS["jdec"].config["interleaved"]
    assert all(PRESETS[f"hma-x{scale}"].config["row_windows"] for scale in (2, 4))


def test_catalogue_is_read_without_torch() -> None:
    script = "import sys; sys.modules['torch'] = None; import jcarsr.networks.catalog as c"
    out = subprocess.run(
        [sys.executable, "-c", f"{script}; print(*c.ARCHITECTURES)"], capture_output=True, text=True
    )
    assert out.stdout.split() == list(ARCHITECTURES)
