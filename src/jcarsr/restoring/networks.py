"""Which weights do what is asked, loaded when they are first needed."""

from __future__ import annotations

import threading

from jcarsr.engines.base import Engine, EngineOptions
from jcarsr.engines.ensemble import Ensemble
from jcarsr.engines.select import Engines
from jcarsr.errors import WeightsError
from jcarsr.image import Animation, Picture
from jcarsr.protocols import NETWORK_SCALES, Output
from jcarsr.restoring.choice import choose_for
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.restorer import DEFAULT_TILE, NetworkRestorer
from jcarsr.restoring.target import Target
from jcarsr.restoring.tiling import GRID, MIN_TILE, plan
from jcarsr.weights import (
    Record,
    crisp_name,
    default_name,
    find,
    lasting_name,
    read_record,
    web_name,
    weights_name,
)


class Networks:
    """A network for each scale and kind of picture; may be used from several threads.

    Args:
        name: bundled weights or a weight file; None = the bundled weights for each scale and
            picture.
        options: engine, device, precision and threads.
        tile: largest side of a tile in input pixels, a multiple of 16; None = the whole picture.
        max_memory: bytes that one picture may take in addition to the weights; None = no limit.
        ensemble: every result is the mean of eight, of the input turned and mirrored.
        crisp: bundled weights or a weight file for crisp pictures; None = the bundled ones.

    Raises:
        WeightsError: no such weights.
        ValueError: `tile` is wrong, or `options` ask for what is not installed.
    """

    def __init__(
        self,
        name: str | None = None,
        options: EngineOptions = EngineOptions(),  # noqa: B008
        *,
        tile: int | None = DEFAULT_TILE,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
        ensemble: bool = False,
        crisp: str | None = None,
    ) -> None:
        if tile is not None:
            plan(1, tile)  # a wrong tile is refused here
        self._tile, self.max_memory, self._ensemble = tile, max_memory, ensemble
        self._name, self._crisp = (one and lasting_name(one) for one in (name, crisp))
        self._backend = Engines(options)
        self._int8 = options.precision == "int8"
        self.scales: tuple[int, ...] = NETWORK_SCALES
        if name is not None:
            self.scales = (read_record(find(name)).facts.scale,)
        self._engines: dict[tuple[str, Output], Engine] = {}
        self._records: dict[str, Record] = {}
        self._lock = threading.Lock()

    def asked_scale(self, scale: int | None) -> int:
        """Return the scale asked for; without one, 2 or what the weights asked for enlarge by.

        Raises:
            ValueError: the weights asked for have another.
        """
        if scale is None:
            return 2 if self._name is None else self.scales[-1]
        if scale != 1 and scale not in self.scales:
            raise ValueError(f"scale={scale}: {self._name} {_does(self.scales[-1])}")
        return scale

    def network_scale(self, scale: int) -> int:
        """What the network for results `scale` times as large enlarges by.

        For 1 it is the least there is, and its result is shrunk: the branch that enlarges is the
        deeper one, and what it makes is cleaner at the input's size, too.
        """
        return self.scales[0] if scale == 1 else scale

    def network_scales(self, target: Target) -> tuple[int, ...]:
        """The scales of the networks that pictures may be restored with."""
        return self.scales if target.scale is None else (self.network_scale(target.scale),)

    def check_device(self) -> None:
        """Raises ValueError if the device is not there."""
        self._backend.check_device()

    @property
    def chooses(self) -> bool:
        """Whether the weights depend on the picture."""
        return self._name is None and any(web_name(scale) for scale in NETWORK_SCALES)

    def choose(self, picture: Picture | Animation, scale: int) -> str:
        """The name of the weights for a picture, for the other methods.

        Raises:
            WeightsError: none for this scale.
        """
        return choose_for(picture, scale).name if self.chooses else self._weights(scale)

    def record(self, scale: int, name: str | None = None) -> Record:
        """What weights say of themselves, without loading them.

        Args:
            scale: what they shall do.
            name: as `choose` gives it; None = those for pictures saved once.

        Raises:
            WeightsError: none for this scale.
        """
        name = name or self._weights(scale)
        with self._lock:
            if name not in self._records:
                self._records[name] = read_record(find(name))
            return self._records[name]

    def hashes(self, scale: int) -> tuple[str, ...]:
        """Those of all weights that a picture may be restored with at `scale`.

        Raises:
            WeightsError: none for this scale.
        """
        web = web_name(scale) if self.chooses else None
        names = (None,) if web is None else (None, web)
        return tuple(self.record(scale, name).sha256 for name in names)

    def crisp(self, scale: int) -> str:
        """Return the name of the weights for crisp pictures, for the other methods.

        Raises:
            WeightsError: none for this scale, or the bundled ones are asked for with 8 bits.
        """
        if self._crisp is None:
            name = crisp_name(scale)
            if name is None:
                wanted = weights_name("small", scale, "crisp")
                raise WeightsError(
                    f"crisp: {wanted} is not bundled: crisp_weights=FILE names such weights"
                )
            if self._int8:
                raise WeightsError(
                    f"crisp: {name} has no 8-bit graphs: choose precision=float32 or auto"
                )
            return name
        own = self.record(scale, self._crisp).facts.scale
        if scale != own:
            raise WeightsError(f"{self._crisp}: {_does(own)}, and {scale} is needed")
        return self._crisp

    def crisp_hashes(self, target: Target) -> tuple[str, ...]:
        """Those of the crisp weights that pictures of a run may be restored with.

        Raises:
            WeightsError: there are none.
        """
        if self._crisp is not None:
            return (self.record(self.scales[-1], self._crisp).sha256,)
        names = dict.fromkeys(self.crisp(scale) for scale in self.network_scales(target))
        return tuple(self.record(self.scales[-1], name).sha256 for name in names)

    def library(self, scale: int) -> str:
        """The package that will compute for `scale`, by the name under which it is installed.

        Raises:
            WeightsError: no weights for this scale, or none that can run them.
        """
        return self._backend.library(find(self._weights(scale)))

    def restorer(self, scale: int, name: str | None = None) -> NetworkRestorer:
        """The network that enlarges by `scale`; 1 = one that only removes artifacts.

        Args:
            scale: output size over input size.
            name: as `choose` gives it; None = the weights for pictures saved once.

        Raises:
            WeightsError: none for this scale, or they are damaged.
            ValueError: the device is not there.
        """
        output = self.record(scale, name).facts.picture_output
        return self._restorer(scale, output, name, keep_mean=True)

    def tile(self, scale: int, name: str | None = None) -> int | None:
        """The largest side of a tile, None for whole pictures.

        Where memory is limited it is not larger than that for which the network's need is known.

        Raises:
            WeightsError: no weights for this scale, or they need tiles that are too small.
        """
        record = self.record(scale, name)
        most = record.facts.largest_tile
        if self.max_memory is None or most is None:
            return self._tile
        if most < MIN_TILE or most % GRID:
            raise WeightsError(
                f"{record.name}: largest_tile must be a multiple of {GRID} from {MIN_TILE} on, "
                f"got {most}"
            )
        return most if self._tile is None else min(self._tile, most)

    def gradient(self, scale: int, name: str | None = None) -> NetworkRestorer:
        """The gradient branch of the network for `scale`.

        Raises:
            WeightsError, ValueError: as `restorer`.
        """
        return self._restorer(scale, "gradient", name, keep_mean=False)

    def _restorer(
        self, scale: int, output: Output, name: str | None, *, keep_mean: bool
    ) -> NetworkRestorer:
        return NetworkRestorer(
            self._engine(scale, output, name),
            self.tile(scale, name),
            self.max_memory,
            keep_mean=keep_mean,
            reads_tables="tables" in self.record(scale, name).facts.reads,
        )

    def _weights(self, scale: int) -> str:
        if scale not in self.scales:
            raise WeightsError(f"{self._name}: {_does(self.scales[-1])}, and {scale} is needed")
        return self._name or default_name(scale)

    def _engine(self, scale: int, output: Output, name: str | None) -> Engine:
        key = name or self._weights(scale), output
        with self._lock:
            if key not in self._engines:
                engine = self._backend.open(find(key[0]), output)
                self._engines[key] = Ensemble(engine) if self._ensemble else engine
            return self._engines[key]


def _does(scale: int) -> str:
    return f"enlarges by {scale}" if scale > 1 else "keeps the size"
