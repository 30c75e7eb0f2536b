"""`jcarsr restore`."""

from __future__ import annotations

import os
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated, Literal

import typer

from jcarsr import image
from jcarsr.batch.ledgers import read_sources
from jcarsr.batch.names import DEFAULT_NAME
from jcarsr.batch.plan import plan_jobs, plan_piped, take_shard
from jcarsr.batch.shard import WHOLE, parse_shard
from jcarsr.cli.inputs import FilesFromOption, Inputs, InputsArgument, NullOption, gather_inputs
from jcarsr.cli.interrupt import announce_interrupt
from jcarsr.cli.options import (
    FILES,
    LIMITS,
    CrispOption,
    CrispWeightsOption,
    DecodeTimeoutOption,
    DevicesOption,
    EngineOption,
    EnsembleOption,
    HeightOption,
    JsonOption,
    LongSideOption,
    MaxMemoryOption,
    NameOption,
    OverwriteOption,
    PrecisionOption,
    QualityOption,
    ScaleOption,
    ShardOption,
    ShortSideOption,
    StrengthOption,
    StripMetadataOption,
    ThreadsOption,
    WeightsOption,
    WidthOption,
)
from jcarsr.cli.pipes import STANDARD, picture_output, read_picture
from jcarsr.cli.report import Report
from jcarsr.cli.run import run_plan
from jcarsr.cli.shell import exit_on_signals
from jcarsr.cli.text import on_one_line
from jcarsr.cli.values import (
    as_option,
    check_decode_timeout,
    check_share,
    engine_options,
    make_target,
    parse_bytes,
    parse_format,
    typed_options,
    usage_errors,
)
from jcarsr.engines.device_names import parse_devices
from jcarsr.image.paths import why_no_path
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.outputs import Kind
from jcarsr.restoring.reading import DEFAULT_SECONDS
from jcarsr.restoring.restorer import DEFAULT_TILE
from jcarsr.restoring.settings import Settings

_OPTIONS: dict[Kind, str] = {
    "gradient": "--save-gradient",
    "detail": "--save-detail-map",
    "side": "--compare",
    "html": "--compare",
}


def restore(
    ctx: typer.Context,
    inputs: InputsArgument = None,
    out: Annotated[
        str | None,
        typer.Option(
            "-o",
            "--out",
            metavar="PATH",
            help="Folder, or file name for a single input, or - for standard output. "
            "(default: next to each picture)",
        ),
    ] = None,
    files_from: FilesFromOption = None,
    null: NullOption = False,
    shard: ShardOption = None,
    scale: ScaleOption = None,
    width: WidthOption = None,
    height: HeightOption = None,
    long_side: LongSideOption = None,
    short_side: ShortSideOption = None,
    weights: WeightsOption = None,
    strength: StrengthOption = 1.0,
    crisp: CrispOption = 0.0,
    crisp_weights: CrispWeightsOption = None,
    engine: EngineOption = "auto",
    device: DevicesOption = "auto",
    precision: PrecisionOption = "auto",
    threads: ThreadsOption = None,
    ensemble: EnsembleOption = False,
    name: NameOption = DEFAULT_NAME,
    format: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help=f"{', '.join(image.FORMATS)}. (default: what --out ends in, or png)",
            rich_help_panel=FILES,
        ),
    ] = None,
    quality: QualityOption = image.DEFAULT_QUALITY,
    strip_metadata: StripMetadataOption = False,
    mark: Annotated[
        bool,
        typer.Option(
            "--mark",
            help="Let the metadata say that the picture was enhanced (IPTC's digital source type).",
            rich_help_panel=FILES,
        ),
    ] = False,
    overwrite: OverwriteOption = False,
    adopt: Annotated[
        bool,
        typer.Option(
            "--adopt",
            help="Enter results that are there and that the ledger does not know, if they fit.",
            rich_help_panel=FILES,
        ),
    ] = False,
    no_lock: Annotated[
        bool,
        typer.Option(
            "--no-lock",
            help="Do not lock the ledger, for shares without locks: start no second run there.",
            rich_help_panel=FILES,
        ),
    ] = False,
    save_gradient: Annotated[
        bool,
        typer.Option(
            "--save-gradient",
            help="Also write the gradient branch's map, as NAME.gradient.png.",
            rich_help_panel=FILES,
        ),
    ] = False,
    save_detail_map: Annotated[
        bool,
        typer.Option(
            "--save-detail-map",
            help="Also write where the result departs from the JPEG and from the "
            "faithful picture, as NAME.detail.png.",
            rich_help_panel=FILES,
        ),
    ] = False,
    compare: Annotated[
        Literal["side", "html"] | None,
        typer.Option(
            metavar="KIND",
            help="Also write a comparison with the enlarged input: side (NAME.side.png, two "
            "halves) or html (NAME.compare.html, a page with a slider that opens offline).",
            rich_help_panel=FILES,
        ),
    ] = None,
    salvage: Annotated[
        bool,
        typer.Option(
            "--salvage",
            help="Restore what decodes of truncated files.",
            rich_help_panel=LIMITS,
        ),
    ] = False,
    first_frame: Annotated[
        bool,
        typer.Option(
            "--first-frame",
            help="Of animations and files of several pages, restore only the first.",
            rich_help_panel=LIMITS,
        ),
    ] = False,
    max_pixels: Annotated[
        int,
        typer.Option(
            help="Refuse inputs with more, all frames together, as bombs.",
            rich_help_panel=LIMITS,
        ),
    ] = image.MAX_PIXELS,
    max_memory: MaxMemoryOption = as_option(DEFAULT_MAX_MEMORY),
    decode_timeout: DecodeTimeoutOption = DEFAULT_SECONDS,
    tile: Annotated[
        int,
        typer.Option(
            help="Input pixels seen at once along each side; 0 = the whole picture.",
            rich_help_panel=LIMITS,
        ),
    ] = DEFAULT_TILE,
    as_json: JsonOption = False,
    config: Annotated[
        str | None,
        typer.Option(
            metavar="FILE", help="Defaults of these options. (default: jcarsr.toml, if there)"
        ),
    ] = None,
    profile: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help=r"Of that file: \[profile.NAME.restore] before \[restore]."
        ),
    ] = None,
) -> None:
    """Remove JPEG artifacts from pictures and enlarge them.

    Results in a folder are entered in its ledger (jcarsr-ledger.sqlite3): run
    the same command again to go on, or to restore only what is new or changed.
    """
    del config, profile  # what they say are the other parameters' defaults
    typed = typed_options(ctx)
    with usage_errors():
        if format is not None:
            format = parse_format(format)
        default_format = "png"
        if format is not None and "format" in (ctx.default_map or {}):
            default_format, format = format, None  # a result's name goes before it
        if max_pixels < 1:
            raise ValueError(f"--max-pixels {max_pixels}: at least 1")
        check_share("--strength", strength)
        check_share("--crisp", crisp)
        if mark and strip_metadata:
            raise ValueError("--mark: is metadata, of which --strip-metadata keeps none")
        if crisp_weights is not None and not crisp:
            if "--crisp-weights" in typed:
                raise ValueError("--crisp-weights: have no share without --crisp")
            crisp_weights = None
        check_decode_timeout(decode_timeout)
        image.limit_pillow(max_pixels)
        on_devices = [
            Networks(
                weights,
                engine_options(engine, named, precision, threads),
                tile=tile or None,
                max_memory=parse_bytes(max_memory),
                ensemble=ensemble,
                crisp=crisp_weights,
            )
            for named in parse_devices(device)
        ]
        networks = on_devices[0]
        target = make_target(
            networks,
            scale,
            width=width,
            height=height,
            long_side=long_side,
            short_side=short_side,
        )
        outputs: list[Kind] = ["picture"]
        wanted: dict[Kind, bool] = {"gradient": save_gradient, "detail": save_detail_map}
        outputs.extend(kind for kind, asked in wanted.items() if asked)
        if compare is not None:
            outputs.append(compare)
        settings = Settings(
            target=target,
            read=image.ReadOptions(max_pixels=max_pixels, salvage=salvage, first_frame=first_frame),
            save=image.SaveOptions(quality=quality, strip_metadata=strip_metadata),
            tile=tile or None,
            outputs=tuple(outputs),
            ensemble=ensemble,
            strength=strength,
            crisp=crisp,
            mark=mark,
        )
        if crisp:
            networks.crisp_hashes(target)
        part = WHOLE if shard is None else parse_shard(shard)
        given = gather_inputs(inputs, files_from, null)
        to_output = out == STANDARD or (given.piped and out is None)
        if shard is not None and (to_output or out is None):
            raise ValueError(f"--shard {part}: results of shards go to a folder: --out FOLDER")
        if to_output:
            _check_output(given, outputs, as_json=as_json)
        elif out is not None and why_no_path(out):
            raise ValueError(f"--out {on_one_line(out)}: is a URL: name a file or a folder")
        elif out is not None and not Path(out).is_dir():
            _check_name(out, typed)
        if adopt and (out is None or to_output):
            raise ValueError("--adopt: enters results in the ledger of a folder: --out FOLDER")
        for one in on_devices:
            one.check_device()
    with ExitStack() as stack:
        stack.enter_context(exit_on_signals())
        with usage_errors():
            result, send = None if out is None else Path(out), None
            if to_output:
                result, send = stack.enter_context(picture_output(format or default_format))
            if given.piped:
                assert result is not None
                plan = plan_piped(read_picture, result, format)
            else:
                with read_sources(result, lock=not no_lock) as source_of:
                    plan = plan_jobs(
                        given.inputs,
                        result,
                        size=target.label,
                        format=format,
                        default_format=default_format,
                        name=name,
                        outputs=settings.outputs,
                        source_of=source_of,
                    )
            if shard is not None:
                plan = take_shard(plan, part)
        report = Report(len(plan.jobs), as_json)
        stack.enter_context(announce_interrupt(report.note))
        done = run_plan(
            plan,
            on_devices,
            settings,
            report,
            overwrite=overwrite,
            adopt=adopt,
            lock=not no_lock,
            shard=part,
            decode_seconds=decode_timeout,
            send=send,
        )
    if not done:
        raise typer.Exit(1)


def _check_name(out: str, typed: Sequence[str]) -> None:
    """See whether the name of a result, or of a folder that is not there, is one beyond doubt.

    Raises:
        ValueError: it is not, or options of folders come with a result's.
    """
    if image.format_of(Path(out)) is None:
        return
    if out.endswith(("/", os.sep)):
        raise ValueError(
            f"--out {on_one_line(out)}: a folder with the name of a picture: make it before"
        )
    for option in {"--name", "--adopt"} & set(typed):
        raise ValueError(f"{option}: is for results in a folder, --out names one")


def _check_output(given: Inputs, outputs: Sequence[Kind], *, as_json: bool) -> None:
    """See whether the results can go to standard output.

    Raises:
        ValueError: they cannot.
    """
    if not given.only_file:
        raise ValueError("--out -: standard output takes the result of one picture")
    for kind, option in _OPTIONS.items():
        if kind in outputs:
            raise ValueError(f"{option}: standard output has no place for a second picture")
    if as_json:
        raise ValueError("--json: standard output takes the picture alone")
