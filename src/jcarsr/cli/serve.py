"""`jcarsr serve`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from jcarsr.cli.options import DevicesOption, EngineOption, PrecisionOption, ThreadsOption
from jcarsr.cli.values import DAY, as_option, engine_options, parse_bytes, usage_errors
from jcarsr.web.limits import Limits

_LIMITS = "Limits"
_DEFAULTS = Limits()


def serve(
    host: Annotated[
        str, typer.Option(help="Address to listen at; 0.0.0.0 = for other computers, too.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="0 = any that is free.", min=0, max=65535)] = 8000,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(help="One more name under which the server is asked; may be repeated."),
    ] = None,
    token_file: Annotated[
        Path | None,
        typer.Option(
            help="Holds a secret that clients must send (Authorization: Bearer); mode 600.",
            show_default=False,
        ),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(
            help="Pictures restored at once, each in its process; several GPUs are shared out. "
            "(default: 1, or as many as GPUs)",
            min=1,
            show_default=False,
        ),
    ] = None,
    engine: EngineOption = "auto",
    device: DevicesOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    max_upload: Annotated[
        str,
        typer.Option(help="Of an upload, with the form around its file.", rich_help_panel=_LIMITS),
    ] = as_option(_DEFAULTS.upload_bytes),
    max_pixels: Annotated[
        int,
        typer.Option(
            help="Refuse inputs with more, all frames together.", min=1, rich_help_panel=_LIMITS
        ),
    ] = _DEFAULTS.pixels,
    max_memory: Annotated[
        str,
        typer.Option(help="For one picture, without the weights.", rich_help_panel=_LIMITS),
    ] = as_option(_DEFAULTS.memory),
    time_limit: Annotated[
        float,
        typer.Option(help="Seconds for one picture.", min=1, max=DAY, rich_help_panel=_LIMITS),
    ] = round(_DEFAULTS.seconds),
    queue: Annotated[
        int, typer.Option(help="Pictures that may wait.", min=1, rich_help_panel=_LIMITS)
    ] = _DEFAULTS.queue,
    keep: Annotated[
        str,
        typer.Option(
            help="Of results at most; the oldest are deleted first.", rich_help_panel=_LIMITS
        ),
    ] = as_option(_DEFAULTS.keep_bytes),
    keep_minutes: Annotated[
        float,
        typer.Option(
            help="After that a result is deleted.", min=0.1, max=DAY, rich_help_panel=_LIMITS
        ),
    ] = round(_DEFAULTS.keep_seconds / 60),
) -> None:
    """Serve a page to drop pictures on, and an HTTP API for programs.

    Pictures are held in a temporary folder for a while, and nowhere else.
    """
    from jcarsr.engines.device_names import parse_devices
    from jcarsr.restoring.networks import Networks
    from jcarsr.web.serve import is_loopback
    from jcarsr.web.serve import serve as run
    from jcarsr.web.service import ServerSettings
    from jcarsr.web.token import read_token

    with usage_errors():
        limits = Limits(
            upload_bytes=parse_bytes(max_upload),
            pixels=max_pixels,
            memory=parse_bytes(max_memory),
            queue=queue,
            seconds=time_limit,
            keep_seconds=60 * keep_minutes,
            keep_bytes=parse_bytes(keep),
        )
        devices = parse_devices(device)
        workers = workers or len(devices)
        if workers < len(devices):
            raise ValueError(f"--workers {workers}: {len(devices)} devices need one each")
        options = engine_options(engine, devices[0], precision, threads)
        Networks(options=options)  # loads nothing, refuses what cannot be
        token = None if token_file is None else read_token(token_file)
        settings = ServerSettings(
            workers=workers,
            engine=options,
            gpus=tuple(named.gpu for named in devices if named.gpu is not None),
            limits=limits,
            token=token,
        )

    def on_start(url: str) -> None:
        typer.echo(f"jcarsr serves at {url} (Ctrl-C ends it)")
        if not is_loopback(host) and token is None:
            typer.echo("note: everybody who reaches this address may use it", err=True)

    run(host, port, settings, allow_host or (), on_start)
