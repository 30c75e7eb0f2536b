"""JCARSR: the paper's main figure (Fig. 2): three branches and where they exchange features."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.networks.jcarsr.blocks.mscc import MSCCG
from jcarsr.networks.jcarsr.blocks.msnaf import MSNAFB, MSNAFG, ResidualBlock
from jcarsr.networks.jcarsr.blocks.skff import SKFF, TwoWaySKFF
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.jcarsr.fusion import MergedTail
from jcarsr.networks.layers import Upsampler, conv3x3, start_near_zero
from jcarsr.networks.network import Network, Prediction, check_input
from jcarsr.protocols import NetworkFacts, Output


class JCARSR(Network):
    """Joint compression artifact removal and super-resolution (paper Fig. 2).

        lq --+-- conv -- MSCCG ------- MSCCG ------ ... -- upsample -- conv -- gradient
             |             |             |
             +-- conv -- MSNAFG -SKFF- MSNAFG -SKFF- ... -- upsample -- conv -- (+ lq up) sr
             |             |             |
             +-- conv -- MSNAFG ------ MSNAFG ------ ... -------------- conv -- (+ lq) lr

    After every level one SKFF brings the artifact removal features into the SR branch, then one
    the gradient features. Nothing leaves the SR branch (Table 7). The three branches' lists are
    `sr_*`, `jcar_*` and `gradient_*`. The ablations of Tables 5 to 8 are fields of the config.

    Deviation: lq is added to the two predicted pictures (enlarged bilinearly for sr),

        sr = tail(upsample(f)) + bilinear(lq),  lr = tail(f) + lq,

    and with `skip=False` they are the tails' outputs alone. The paper leaves a global skip open;
    it has no parameters, and with tails that begin near zero training starts from a bilinear
    enlargement.

    Raises:
        ValueError: the input is not (N, 3, H, W).
    """

    architecture = "jcarsr"
    capturable = True
    int8_weights = (".conv3.weight", ".conv5.weight")  # of the MSNAFBs, which follow a LayerNorm

    def __init__(self, config: JCARSRConfig) -> None:
        super().__init__(config)
        c, levels = config.channels, range(config.num_groups)

        def groups(depths: Iterable[int]) -> nn.ModuleList:
            block, attention = config.block, config.attention
            return nn.ModuleList(MSNAFG(c, n, block=block, attention=attention) for n in depths)

        self.sr_head = conv3x3(3, c)
        self.sr_groups = groups(config.sr_depths)
        self.sr_upsampler = Upsampler(c, config.scale)
        self.sr_tail = conv3x3(c, 3)

        if config.jcar:
            self.jcar_head = conv3x3(3, c)
            self.jcar_groups = groups(config.jcar_blocks for _ in levels)
            self.jcar_tail = conv3x3(c, 3)

        if config.gradient:
            self.gradient_head = conv3x3(3, c)
            crosses = (MSCCG(c, cross=config.cross, attention=config.attention) for _ in levels)
            self.gradient_groups = nn.ModuleList(crosses)
            self.gradient_upsampler = Upsampler(c, config.scale)
            self.gradient_tail = conv3x3(c, 3)

        self.sr_merged: MergedTail | None = None  # upsampler and tail, see `fuse`
        self.gradient_merged: MergedTail | None = None

        if config.skip:
            for tail in (self.sr_tail, self.jcar_tail) if config.jcar else (self.sr_tail,):
                start_near_zero(tail)

        fusion = TwoWaySKFF if config.two_way else SKFF
        if config.jcar:
            self.fuse_jcar = nn.ModuleList(fusion(c) for _ in levels)
        if config.gradient:
            self.fuse_gradient = nn.ModuleList(fusion(c) for _ in levels)

    @property
    def facts(self) -> NetworkFacts:
        """What engines must know."""
        return self.config.facts

    def describe(self) -> dict[str, Any]:
        """What a weight file's record says of the network."""
        return self.config.describe()

    def fuse(self, *, final: bool) -> None:
        """Make one convolution of every upsampler and its tail: the same results, sooner.

        Args:
            final: for weights that are not trained any more; their changes would not be seen.
        """
        self.sr_merged = MergedTail(self.sr_upsampler, self.sr_tail, final=final)
        if self.config.gradient:
            upsampler, tail = self.gradient_upsampler, self.gradient_tail
            self.gradient_merged = MergedTail(upsampler, tail, final=final)

    def compile_units(self) -> Iterator[nn.Module]:
        """The blocks: so few kinds that their compilations serve the whole network."""
        kinds = MSNAFB | ResidualBlock | MSCCG
        yield from (module for module in self.modules() if isinstance(module, kinds))

    def predict(self, lq: Tensor, output: Output) -> Tensor:
        """One output, without what only the others need."""
        return {"sr": self.restore, "lr": self.clean, "gradient": self.edges}[output](lq)

    def forward(self, lq: Tensor) -> Prediction:
        """All outputs, as training needs them. lq: (N, 3, H, W), RGB in [0, 1]."""
        sr, jcar, gradient = self._features(lq)
        return Prediction(
            sr=self._sr(sr, lq),
            lr=None if jcar is None else self._lr(jcar, lq),
            gradient=None if gradient is None else self._gradient(gradient),
        )

    def restore(self, lq: Tensor) -> Tensor:
        """The restored picture alone: the auxiliary branches stop at their last features.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, scale * H, scale * W), not clamped.
        """
        return self._sr(self._features(lq)[0], lq)

    def clean(self, lq: Tensor) -> Tensor:
        """The input without its JPEG artifacts, from the artifact removal branch alone.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, H, W), not clamped.

        Raises:
            ValueError: this network has no such branch.
        """
        if not self.config.jcar:
            raise ValueError("this network has no artifact removal branch")
        if self.config.two_way:
            jcar = self._features(lq)[1]
            assert jcar is not None
        else:
            jcar = self.jcar_head(check_input(lq))
            for group in self.jcar_groups:
                jcar = group(jcar)
        return self._lr(jcar, lq)

    def edges(self, lq: Tensor) -> Tensor:
        """The gradient map of the restored picture (Fig. 10), from the gradient branch alone.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, scale * H, scale * W), around [0, 1], not clamped.

        Raises:
            ValueError: this network has no such branch.
        """
        if not self.config.gradient:
            raise ValueError("this network has no gradient branch")
        if self.config.two_way:
            gradient = self._features(lq)[2]
            assert gradient is not None
        else:
            gradient = self.gradient_head(check_input(lq))
            for group in self.gradient_groups:
                gradient = group(gradient)
        return self._gradient(gradient)

    def _features(self, lq: Tensor) -> tuple[Tensor, Tensor | None, Tensor | None]:
        """The last features of the SR, artifact removal and gradient branch, (N, C, H, W) each."""
        sr: Tensor = self.sr_head(check_input(lq))
        jcar: Tensor | None = self.jcar_head(lq) if self.config.jcar else None
        gradient: Tensor | None = self.gradient_head(lq) if self.config.gradient else None
        for level in range(self.config.num_groups):
            # groups before fusions: a graph keeps this order, and ONNX Runtime holds a sixth less
            sr = self.sr_groups[level](sr)
            if jcar is not None:
                jcar = self.jcar_groups[level](jcar)
            if gradient is not None:
                gradient = self.gradient_groups[level](gradient)
            if jcar is not None:
                sr, jcar = _fuse(self.fuse_jcar[level], sr, jcar)
            if gradient is not None:
                sr, gradient = _fuse(self.fuse_gradient[level], sr, gradient)
        return sr, jcar, gradient

    def _sr(self, features: Tensor, lq: Tensor) -> Tensor:
        large: Tensor | None = None
        if self.config.skip:  # before the features are enlarged: see `_features` for the order
            large = interpolate(lq, scale_factor=self.config.scale, mode="bilinear")
        if self.sr_merged is not None:
            sr = self.sr_merged(features)
        else:
            sr = self.sr_tail(self.sr_upsampler(features))
        return sr if large is None else large + sr

    def _lr(self, features: Tensor, lq: Tensor) -> Tensor:
        return lq + self.jcar_tail(features) if self.config.skip else self.jcar_tail(features)

    def _gradient(self, features: Tensor) -> Tensor:
        if self.gradient_merged is not None:
            return self.gradient_merged(features)
        return self.gradient_tail(self.gradient_upsampler(features))


def _fuse(fusion: nn.Module, sr: Tensor, other: Tensor) -> tuple[Tensor, Tensor]:
    """The features of the SR branch and of the other one after a SKFF of either kind."""
    return fusion(sr, other) if isinstance(fusion, TwoWaySKFF) else (fusion(sr, other), other)
