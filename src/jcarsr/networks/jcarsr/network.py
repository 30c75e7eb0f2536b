"""JCARSR: the paper's main figure (Fig. 2): three branches and where they exchange features."""

from __future__ import annotations

from collections.abc import Iterator

from torch import Tensor, nn
from torch.nn.functional import interpolate

from jcarsr.networks.jcarsr.blocks.mscc import MSCCG
from jcarsr.networks.jcarsr.blocks.msnaf import MSNAFB, MSNAFG
from jcarsr.networks.jcarsr.blocks.skff import SKFF
from jcarsr.networks.jcarsr.config import JCARSRConfig
from jcarsr.networks.jcarsr.fusion import MergedTail
from jcarsr.networks.layers import Upsampler, conv3x3
from jcarsr.networks.network import Network, Restored, check_input
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
    `sr_*`, `jcar_*` and `gradient_*`.

    Deviation: lq is added to the two predicted pictures (enlarged bilinearly for sr). The paper
    leaves a global skip open; it has no parameters, and with tails that begin near zero training
    starts from a bilinear enlargement.

    Raises:
        ValueError: the input is not (N, 3, H, W).
    """

    architecture = "jcarsr"
    int8_weights = (".conv3.weight", ".conv5.weight")  # of the MSNAFBs, which follow a LayerNorm

    def __init__(self, config: JCARSRConfig) -> None:
        super().__init__(config)
        c, levels = config.channels, range(config.num_groups)

        self.sr_head = conv3x3(3, c)
        self.sr_groups = nn.ModuleList(MSNAFG(c, config.sr_blocks) for _ in levels)
        self.sr_upsampler = Upsampler(c, config.scale)
        self.sr_tail = conv3x3(c, 3)

        self.jcar_head = conv3x3(3, c)
        self.jcar_groups = nn.ModuleList(MSNAFG(c, config.jcar_blocks) for _ in levels)
        self.jcar_tail = conv3x3(c, 3)

        self.gradient_head = conv3x3(3, c)
        self.gradient_groups = nn.ModuleList(MSCCG(c) for _ in levels)
        self.gradient_upsampler = Upsampler(c, config.scale)
        self.gradient_tail = conv3x3(c, 3)

        self.sr_merged: MergedTail | None = None  # upsampler and tail, see `fuse`
        self.gradient_merged: MergedTail | None = None

        for tail in (self.sr_tail, self.jcar_tail):
            nn.init.normal_(tail.weight, std=0.01 * c**-0.5)

        self.fuse_jcar = nn.ModuleList(SKFF(c) for _ in levels)
        self.fuse_gradient = nn.ModuleList(SKFF(c) for _ in levels)

    @property
    def facts(self) -> NetworkFacts:
        """What engines must know."""
        return self.config.facts

    def fuse(self, *, final: bool) -> None:
        """Make one convolution of every upsampler and its tail: the same results, sooner.

        Args:
            final: for weights that are not trained any more; their changes would not be seen.
        """
        self.sr_merged = MergedTail(self.sr_upsampler, self.sr_tail, final=final)
        self.gradient_merged = MergedTail(self.gradient_upsampler, self.gradient_tail, final=final)

    def compile_units(self) -> Iterator[nn.Module]:
        """The blocks: so few kinds that their compilations serve the whole network."""
        yield from (module for module in self.modules() if isinstance(module, MSNAFB | MSCCG))

    def predict(self, lq: Tensor, output: Output) -> Tensor:
        """One output, without what only the others need."""
        return {"sr": self.restore, "lr": self.clean, "gradient": self.edges}[output](lq)

    def forward(self, lq: Tensor) -> Restored:
        """All three outputs, as training needs them. lq: (N, 3, H, W), RGB in [0, 1]."""
        sr, jcar, gradient = self._features(lq)
        return Restored(
            sr=self._sr(sr, lq),
            lr=lq + self.jcar_tail(jcar),
            gradient=self._gradient(gradient),
        )

    def restore(self, lq: Tensor) -> Tensor:
        """The restored picture alone: the auxiliary branches stop at their last features.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, scale * H, scale * W), not clamped.
        """
        return self._sr(self._features(lq)[0], lq)

    def clean(self, lq: Tensor) -> Tensor:
        """The input without its JPEG artifacts, from the artifact removal branch alone.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, H, W), not clamped.
        """
        jcar = self.jcar_head(check_input(lq))
        for group in self.jcar_groups:
            jcar = group(jcar)
        return lq + self.jcar_tail(jcar)

    def edges(self, lq: Tensor) -> Tensor:
        """The gradient map of the restored picture (Fig. 10), from the gradient branch alone.

        (N, 3, H, W), RGB in [0, 1] -> (N, 3, scale * H, scale * W), around [0, 1], not clamped.
        """
        gradient = self.gradient_head(check_input(lq))
        for group in self.gradient_groups:
            gradient = group(gradient)
        return self._gradient(gradient)

    def _features(self, lq: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """The last features of the SR, artifact removal and gradient branch, (N, C, H, W) each."""
        sr, jcar, gradient = (
            self.sr_head(check_input(lq)),
            self.jcar_head(lq),
            self.gradient_head(lq),
        )
        for level in range(self.config.num_groups):
            sr = self.sr_groups[level](sr)
            jcar = self.jcar_groups[level](jcar)
            gradient = self.gradient_groups[level](gradient)
            sr = self.fuse_jcar[level](sr, jcar)
            sr = self.fuse_gradient[level](sr, gradient)
        return sr, jcar, gradient

    def _sr(self, features: Tensor, lq: Tensor) -> Tensor:
        enlarged = interpolate(lq, scale_factor=self.config.scale, mode="bilinear")
        if self.sr_merged is not None:
            return enlarged + self.sr_merged(features)
        return enlarged + self.sr_tail(self.sr_upsampler(features))

    def _gradient(self, features: Tensor) -> Tensor:
        if self.gradient_merged is not None:
            return self.gradient_merged(features)
        return self.gradient_tail(self.gradient_upsampler(features))
