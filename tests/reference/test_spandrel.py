"""Networks against the same ones in spandrel, with the same weights.

They need `pip install --no-deps spandrel einops`; torchvision, which spandrel imports for networks
that are not asked for here, is not needed.
"""

import sys
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
import torch
from torch.nn.functional import pad

from jcarsr.networks.catalog import build
from jcarsr.networks.network import Network

pytestmark = [pytest.mark.reference, pytest.mark.filterwarnings("ignore")]


@pytest.fixture(scope="module", autouse=True)
def _no_torchvision() -> Iterator[None]:
    """Empty modules in place of torchvision, unless it is there; skips without spandrel."""
    pytest.importorskip("einops")
    names = ("torchvision", "torchvision.transforms", "torchvision.transforms.functional")
    with pytest.MonkeyPatch.context() as patch:
        try:
            import torchvision  # noqa: F401  # pyright: ignore
        except ImportError:
            modules = [ModuleType(name) for name in names]
            for name in ("InterpolationMode", "rotate", "normalize"):
                setattr(modules[2], name, None)
            modules[0].transforms, modules[1].functional = modules[1], modules[2]  # pyright: ignore
            for name, module in zip(names, modules, strict=True):
                patch.setitem(sys.modules, name, module)
        pytest.importorskip("spandrel")
        yield


def rcan(scale: int) -> tuple[Any, Network]:
    from spandrel.architectures.RCAN import RCAN

    sizes = {"channels": 16, "num_groups": 2, "num_blocks": 2, "reduction": 4}
    ours = build("rcan", {"scale": scale, **sizes})
    theirs = RCAN(scale=scale, n_resgroups=2, n_resblocks=2, n_feats=16, reduction=4, rgb_range=1)
    return theirs, ours


SWIN = {"img_size": 16, "window_size": 8, "embed_dim": 60, "mlp_ratio": 2, "num_heads": (6, 6)}


def swinir(scale: int) -> tuple[Any, Network]:
    from spandrel.architectures.SwinIR import SwinIR

    ours = build("swinir", {"scale": scale, "channels": 60, "num_groups": 2, "num_layers": 4})
    return SwinIR(**SWIN, depths=[4, 4], upscale=scale, upsampler="pixelshuffle"), ours


def drct(scale: int) -> tuple[Any, Network]:
    from spandrel.architectures.DRCT import DRCT

    sizes = {"channels": 60, "window": 8, "num_groups": 2, "growth": 16}
    ours = build("drct", {"scale": scale, **sizes})
    return DRCT(**SWIN, depths=(6, 6), gc=16, upscale=scale, upsampler="pixelshuffle"), ours


def rrdbnet(scale: int) -> tuple[None, Network]:
    return None, build("rrdbnet", {"scale": scale, "num_blocks": 2})


def converted(ours: Network) -> Any:
    """An RRDBNet of spandrel, which knows the weights by ESRGAN's older names."""
    from spandrel.architectures.ESRGAN import ESRGANArch

    return ESRGANArch().load(dict(ours.state_dict())).model


@pytest.mark.parametrize("networks", [rcan, swinir, drct, rrdbnet])
@pytest.mark.parametrize("scale", [2, 4])
@pytest.mark.parametrize("size", [(24, 32), (17, 23)])
def test_outputs_are_equal(
    networks: Callable[[int], tuple[Any, Network]], scale: int, size: tuple[int, int]
) -> None:
    theirs, ours = networks(scale)
    with torch.no_grad():
        for parameter in ours.parameters():
            if parameter.requires_grad:  # biases and tables begin at or near zero
                parameter.add_(0.02 * torch.randn_like(parameter))
    if theirs is None:
        theirs = converted(ours)
    else:
        loaded = theirs.load_state_dict(ours.state_dict(), strict=False)
        buffers = ("relative_position_index", "attn_mask")  # ours are made when they are needed
        assert loaded.unexpected_keys == []
        assert [name for name in loaded.missing_keys if not name.endswith(buffers)] == []
    lq = torch.rand(1, 3, *size)
    with torch.no_grad():
        actual = ours.eval().restore(lq)
        whole = (0, -size[1] % 8, 0, -size[0] % 8) if networks is drct else (0, 0, 0, 0)
        expected = theirs.eval()(pad(lq, whole, mode="reflect"))  # their DRCT leaves it to others
        expected = expected[:, :, : scale * size[0], : scale * size[1]]
    assert actual.std() > 0.01
    torch.testing.assert_close(actual, expected, atol=1e-5, rtol=0)
