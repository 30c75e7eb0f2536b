"""`jcarsr batch`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path
from typing import Annotated

import typer

from jcarsr import image
from jcarsr.batch.names import DEFAULT_NAME
from jcarsr.batch.shard import WHOLE, parse_shard
from jcarsr.cli.options import (
    FILES,
    DecodeTimeoutOption,
    DeviceOption,
    EngineOption,
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
    WeightsOption,
    WidthOption,
)
from jcarsr.cli.report import Report
from jcarsr.cli.values import (
    as_option,
    check_decode_timeout,
    check_share,
    engine_options,
    make_target,
    parse_bytes,
    parse_format,
    usage_errors,
)
from jcarsr.engines.device_names import NamedDevice
from jcarsr.errors import JCARSRError
from jcarsr.restoring.memory import DEFAULT_MAX_MEMORY
from jcarsr.restoring.networks import Networks
from jcarsr.restoring.reading import DEFAULT_SECONDS
from jcarsr.restoring.settings import Settings
from jcarsr.weights import find

_CLUSTER, _TABLE = "Workers", "Pictures in a table"


def batch(
    source: Annotated[
        str,
        typer.Argument(
            metavar="SOURCE",
            help="Folder or URL (s3://bucket/folder) of pictures; or Parquet files, with --key.",
        ),
    ],
    out: Annotated[
        str, typer.Option("-o", "--out", metavar="PLACE", help="Folder or URL of results.")
    ],
    workers: Annotated[
        int, typer.Option(help="Processes that restore.", rich_help_panel=_CLUSTER)
    ] = 1,
    cpus: Annotated[float, typer.Option(help="Of each worker.", rich_help_panel=_CLUSTER)] = 1,
    gpus: Annotated[
        float,
        typer.Option(help="Of each worker; 0.5 = two share one.", rich_help_panel=_CLUSTER),
    ] = 0,
    address: Annotated[
        str | None,
        typer.Option(
            metavar="ADDRESS",
            help="Of a Ray cluster; auto = the one that this computer belongs to. (default: "
            "workers on this computer)",
            rich_help_panel=_CLUSTER,
        ),
    ] = None,
    shard: ShardOption = None,
    key: Annotated[
        str | None,
        typer.Option(
            metavar="COLUMN",
            help="SOURCE is Parquet, and this column names each picture and its result.",
            rich_help_panel=_TABLE,
        ),
    ] = None,
    column: Annotated[
        str,
        typer.Option(
            metavar="COLUMN", help="That has the bytes of pictures.", rich_help_panel=_TABLE
        ),
    ] = "image",
    scale: ScaleOption = None,
    width: WidthOption = None,
    height: HeightOption = None,
    long_side: LongSideOption = None,
    short_side: ShortSideOption = None,
    weights: WeightsOption = None,
    strength: StrengthOption = 1.0,
    engine: EngineOption = "auto",
    device: DeviceOption = "auto",
    precision: PrecisionOption = "auto",
    name: NameOption = DEFAULT_NAME,
    format: Annotated[
        str,
        typer.Option(metavar="NAME", help=f"{', '.join(image.FORMATS)}.", rich_help_panel=FILES),
    ] = "png",
    quality: QualityOption = image.DEFAULT_QUALITY,
    strip_metadata: StripMetadataOption = False,
    overwrite: OverwriteOption = False,
    max_memory: MaxMemoryOption = as_option(DEFAULT_MAX_MEMORY),
    decode_timeout: DecodeTimeoutOption = DEFAULT_SECONDS,
    as_json: JsonOption = False,
) -> None:
    """Restore pictures of folders, object stores and tables on many workers (Ray Data).

    Every result has a record of what it was made from in .jcarsr-records: run
    the same command again to go on, or to restore only what is new or changed.
    """
    from jcarsr.cluster.ray_data import ClusterOptions, cluster, run_items
    from jcarsr.cluster.sources import find_repeated, pictures_of, plan_items
    from jcarsr.cluster.store import check_places, folder_of, is_url, open_store
    from jcarsr.cluster.table import RowPlace, Table, table_rows
    from jcarsr.cluster.worker import WorkerOptions

    with usage_errors():
        part = WHOLE if shard is None else parse_shard(shard)
        extension = parse_format(format)
        check_share("--strength", strength)
        check_decode_timeout(decode_timeout)
        engine_asked = engine_options(engine, NamedDevice(device), precision, max(1, int(cpus)))
        asked = ClusterOptions(workers=workers, cpus=cpus, gpus=gpus, address=address)
        target = make_target(
            Networks(weights),
            scale,
            width=width,
            height=height,
            long_side=long_side,
            short_side=short_side,
        )
        settings = Settings(
            target=target,
            save=image.SaveOptions(quality=quality, strip_metadata=strip_metadata),
            strength=strength,
        )
        limit = parse_bytes(max_memory)
        if key is None:
            check_places(source, out)
    home = source if is_url(source) else str(Path(source).absolute())
    table = None if key is None else Table(home, key, column)
    options = WorkerOptions(
        settings=settings,
        out=out if is_url(out) else str(Path(out).absolute()),
        source=home if table is None else None,
        table=table,
        weights=weights if weights is None else str(find(weights)),
        engine=engine_asked,
        max_memory=limit,
        decode_seconds=decode_timeout,
        overwrite=overwrite,
    )
    twice: Sequence[str] = ()
    places: dict[str, RowPlace] | None = None
    if table is None:
        keys = pictures_of(open_store(home), folder_of(out))
    else:
        rows = list(table_rows(table))
        places = {name: row for name, row in rows if name is not None}
        keys = dict[str, str | None].fromkeys(places)
        keys |= {str(row): f"has no key in {key}" for name, row in rows if name is None}
        twice = find_repeated(name for name, _ in rows if name is not None)
    keys |= dict.fromkeys(twice, "its key is that of several rows")
    with usage_errors():
        items = plan_items(keys, part, name=name, size=target.label, extension=extension)
    open_store(options.out).check()
    if not keys:
        raise JCARSRError(f"{source}: has no pictures")
    report = Report(len(items), as_json, sys.stdout)
    with redirect_stdout(sys.stderr), report:  # Ray prints of workers that die
        try:
            with cluster(asked):
                for outcome in run_items(items, options, asked, places):
                    report.add(outcome)
        except JCARSRError as error:
            report.stopped(str(error))
    if not report.summary():
        raise typer.Exit(1)
