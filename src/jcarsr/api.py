"""The library's front door: an object that restores pictures, files and bytes."""

from __future__ import annotations

import threading
import weakref
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from jcarsr.engines.base import EngineOptions
from jcarsr.engines.device_names import parse_devices
from jcarsr.errors import ImageError
from jcarsr.image import (
    FORMATS,
    Animation,
    Format,
    Picture,
    ReadOptions,
    SaveOptions,
    format_named,
    from_pillow,
    upright,
)
from jcarsr.image.open import MAX_PIXELS
from jcarsr.image.paths import why_no_path
from jcarsr.pixels import Pixels
from jcarsr.protocols import EngineName, Precision
from jcarsr.restoring.devices import Devices
from jcarsr.restoring.file import FileRestorer
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outcome import Outcome
from jcarsr.restoring.picture import restore_picture
from jcarsr.restoring.reading import PlainReader, Reader, TimedReader
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.restoring.settings import Settings
from jcarsr.restoring.target import Target


class Restorer:
    """Restores pictures, from several threads if need be; holds weights and no picture.

    One that computes with PyTorch does not survive a fork: a child makes its own.

    Args:
        weights: bundled weights or a weight file, for its own scale and for 1; None = the bundled
            weights for each scale and picture.
        engine: auto takes PyTorch if it has a GPU, else OpenVINO if it is installed and the CPU
            computes in bfloat16, else ONNX Runtime.
        device: auto, cpu, cuda, mps, or GPUs by number from 0: cuda:1, cuda:0,cuda:1 or cuda:all;
            auto takes a GPU if there is one. Each of several restores one picture at a time:
            call from as many threads.
        precision: auto takes bfloat16 where that is quicker and within a level of float32.
        threads: of the CPU; None = as OMP_NUM_THREADS says, else one a core. With PyTorch they are
            those of the whole process.
        tile: largest side of a tile in input pixels, a multiple of 16; None = the whole picture.
        max_memory: bytes that one picture may take in addition to the weights; None = no limit.
        ensemble: every result is the mean of eight, of the input turned and mirrored: a little
            better, eight times slower.
        crisp_weights: bundled weights or a weight file for crisp pictures; None = the bundled ones.
        decode_timeout: seconds that decoding one file may take, of an animation each frame; a file
            that takes longer, or whose decoder crashes, is refused. Files are then decoded in up
            to two processes of the restorer's own, which `close` ends, but for small JPEGs, PNGs
            and BMPs. None = no limit, in the caller's process.

    Raises:
        WeightsError: no such weights.
        ValueError: the engine or device is not there, `tile` is wrong, or `decode_timeout` is not
            positive.

    >>> import numpy as np
    >>> from jcarsr import Restorer, Target
    >>> restorer = Restorer()
    >>> grey = np.full((20, 30, 3), 128, np.uint8)
    >>> restorer.restore(grey).size
    (60, 40)
    >>> restorer.restore(grey, Target(long_side=75)).size
    (75, 50)
    """

    def __init__(
        self,
        weights: str | None = None,
        *,
        engine: EngineName = "auto",
        device: str = "auto",
        precision: Precision = "auto",
        threads: int | None = None,
        tile: int | None = DEFAULT_TILE,
        max_memory: int | None = DEFAULT_MAX_MEMORY,
        ensemble: bool = False,
        crisp_weights: str | None = None,
        decode_timeout: float | None = None,
    ) -> None:
        self._tile = tile
        options = EngineOptions(engine=engine, precision=precision, threads=threads)
        on_devices = [
            Networks(
                weights,
                replace(options, device=named.kind, gpu=named.gpu),
                tile=tile,
                max_memory=max_memory,
                ensemble=ensemble,
                crisp=crisp_weights,
            )
            for named in parse_devices(device)
        ]
        for networks in on_devices:
            networks.check_device()
        self._networks, self._devices = on_devices[0], Devices(on_devices)
        self._default = Target(scale=self._networks.asked_scale(None))
        self._reader, self._close = _make_reader(decode_timeout)
        self._finalizer = weakref.finalize(self, self._close)

    @classmethod
    def from_pretrained(
        cls, repo: str, revision: str | None = None, *, token: str | None = None, **options: Any
    ) -> Restorer:
        """A restorer with the weights of a repository on the Hugging Face Hub (extra `hub`).

        They are downloaded into the hub's cache; without a connection those in the cache are
        taken. Nothing else is sent than the request for them.

        Args:
            repo: owner/name, as `jcarsr push` made it.
            revision: a branch, tag or commit; None = the main branch.
            token: of the hub; None = that of its login or environment, if there is one.
            options: those of `Restorer`. Graphs are programs that the engine runs: with
                engine="torch" none is fetched.

        Raises:
            WeightsError: no repository of jcarsr, or weights with another hash than it says.
            JCARSRError: the extra is not installed, there is no such repository or revision, or
                neither the hub nor the cache has it.
            ValueError: as `Restorer`.
        """
        from jcarsr.hub.pull import pull

        graphs = options.get("engine") != "torch"
        return cls(str(pull(repo, revision, graphs=graphs, token=token)), **options)

    def __enter__(self) -> Restorer:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()

    def close(self) -> None:
        """End the processes that `decode_timeout` started; without it, this does nothing.

        Files are not restored afterwards. A restorer that is used as a context is closed at its
        end, another one when it is collected or the program ends.
        """
        self._finalizer()

    def restore(
        self,
        picture: str | Path | Image.Image | Pixels,
        target: Target | None = None,
        *,
        strength: float = 1.0,
        crisp: float = 0.0,
    ) -> Image.Image:
        """Remove JPEG artifacts from a picture and enlarge it.

        Args:
            picture: a file, a Pillow image, or (H, W, 3) uint8 RGB pixels.
            target: the size of the result; None = twice the input's, or what `weights` do.
            strength: how much is restored, from 0 (bicubic enlargement alone) to 1; between them
                a mix.
            crisp: from 0 (the faithful picture) to 1 (that of the crisp weights), mixed before
                `strength`.

        Returns:
            an upright 8-bit image, with the colour profile: grey stays grey, transparency stays.

        Raises:
            ImageError: the file cannot be read as a picture, or is an animation.
            MemoryLimitError: it needs more than `max_memory`.
            JCARSRError: the result would be larger than the networks can make it.
            WeightsError: there are no crisp weights, and `crisp` is not 0.
            TypeError: `picture` is of another kind.
            ValueError: `strength` or `crisp` is not from 0 to 1, the pixels are not (H, W, 3)
                uint8, or `target` is a scale that the weights asked for do not do.
        """
        settings = Settings(
            target=self._asked(target), tile=self._tile, strength=strength, crisp=crisp
        )
        decoded = self._decode_still(picture)
        restored = self._devices.use(lambda on: restore_picture(decoded, on, settings))
        result = restored.first
        assert isinstance(result, Picture)  # as the input is
        return upright(result)

    def restore_file(
        self,
        source: str | Path,
        result: str | Path,
        target: Target | None = None,
        *,
        read: ReadOptions = ReadOptions(),
        save: SaveOptions = SaveOptions(),
        overwrite: bool = False,
        strength: float = 1.0,
        crisp: float = 0.0,
    ) -> Outcome:
        """Restore a file into another one, with its metadata, 16 bits, transparency and frames.

        Args:
            source: a picture of any kind that `jcarsr restore` takes.
            result: its extension decides the format; it appears when it is complete.
            target: the size of the result; None = twice the input's, or what `weights` do.
            read: limits and what to do with broken files.
            save: quality and metadata.
            overwrite: `result` may exist, but not be `source`, which is never replaced.
            strength: as `restore`.
            crisp: as `restore`.

        Returns:
            what was done; its `notes` say what could not be kept.

        Raises:
            ImageError: `source` cannot be read or `result` not be written; names the file.
            JCARSRError: as `restore`.
            ValueError: as `restore`.
        """
        files = self._files(target, read, save, strength, crisp)
        try:
            return files.run(Path(source), Path(result), overwrite=overwrite)
        except ImageError as error:
            raise type(error)(f"{source}: {error}") from error

    def restore_bytes(
        self,
        data: bytes | bytearray | memoryview,
        target: Target | None = None,
        *,
        format: Format = "png",
        name: str = "bytes",
        read: ReadOptions = ReadOptions(),
        save: SaveOptions = SaveOptions(),
        strength: float = 1.0,
        crisp: float = 0.0,
    ) -> tuple[bytes, Outcome]:
        """Restore the bytes of a picture file, as `restore_file` does, without any file.

        For pictures in object stores, tables, archives and queues. Animations, 16 bits,
        transparency and metadata are kept as in files.

        Args:
            data: of a picture of any kind that `jcarsr restore` takes.
            target: the size of the result; None = twice the input's, or what `weights` do.
            format: of the result: png, jpg, webp, avif or tiff.
            name: what the outcome and errors call the picture, an object's key for example.
            read: limits and what to do with broken files.
            save: quality and metadata.
            strength: as `restore`.
            crisp: as `restore`.

        Returns:
            the bytes that `restore_file` writes, and what was done; its `source` is `name`, its
            `target` None.

        Raises:
            ImageError: the picture cannot be read, or `format` not hold it; begins with `name`.
            JCARSRError: as `restore`.
            TypeError: `data` is not bytes.
            ValueError: as `restore`, or `format` is another word.

        >>> import io
        >>> from PIL import Image
        >>> from jcarsr import Restorer
        >>> file = io.BytesIO()
        >>> Image.new("RGB", (30, 20), "teal").save(file, "JPEG")
        >>> result, outcome = Restorer().restore_bytes(file.getvalue(), format="webp")
        >>> Image.open(io.BytesIO(result)).size, outcome.size
        ((60, 40), (60, 40))
        """
        known = format_named(str(format))
        if known is None:
            raise ValueError(f"format must be one of {', '.join(FORMATS)}, got {format!r}")
        files = self._files(target, read, save, strength, crisp)
        plain = data if isinstance(data, bytes) else bytes(memoryview(data))
        try:
            return files.run_bytes(plain, known, name)
        except ImageError as error:
            raise type(error)(f"{name}: {error}") from error

    def _asked(self, target: Target | None) -> Target:
        """The target, or what there is without one.

        Raises:
            ValueError: the weights asked for do another scale.
        """
        if target is not None and target.scale is not None:
            self._networks.asked_scale(target.scale)
        return target or self._default

    def _files(
        self,
        target: Target | None,
        read: ReadOptions,
        save: SaveOptions,
        strength: float,
        crisp: float,
    ) -> FileRestorer:
        settings = Settings(
            target=self._asked(target),
            read=read,
            save=save,
            tile=self._tile,
            strength=strength,
            crisp=crisp,
        )
        return FileRestorer(self._networks, settings, self._reader, self._devices)

    def _decode_still(self, picture: str | Path | Image.Image | Pixels) -> Picture:
        if isinstance(picture, Image.Image):
            return from_pillow(picture)
        if isinstance(picture, np.ndarray):
            return Picture(_validate_pixels(picture))
        if not isinstance(picture, str | Path):  # pyright: ignore[reportUnnecessaryIsInstance]
            kind = type(picture).__name__
            raise TypeError(
                f"picture must be a path, a Pillow image or an array, got {kind}: "
                "restore_bytes takes a file's bytes"
            )
        try:
            if reason := why_no_path(str(picture)):
                raise ImageError(reason)
            options = ReadOptions(max_memory=self._networks.max_memory)
            decoded = self._reader.decode(Path(picture), options)
            if isinstance(decoded, Animation):
                raise ImageError("an animation: restore_file restores all its frames")
        except ImageError as error:
            raise type(error)(f"{picture}: {error}") from error
        return decoded


def _make_reader(seconds: float | None) -> tuple[Reader, Callable[[], None]]:
    """A reader, and what ends its processes.

    Raises:
        ValueError: `seconds` is not positive, or more than can be waited for.
    """
    if seconds is None:
        return PlainReader(), lambda: None
    if not 0 < seconds <= threading.TIMEOUT_MAX:
        raise ValueError(f"decode_timeout must be positive and finite, got {seconds}")
    reader = TimedReader(seconds, MAX_PIXELS, option="decode_timeout")
    return reader, reader.close


def _validate_pixels(pixels: Pixels) -> Pixels:
    if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] != 3 or not pixels.size:
        raise ValueError(f"pixels must be (H, W, 3) uint8, got {pixels.shape} {pixels.dtype}")
    return pixels
