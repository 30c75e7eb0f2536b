"""Put trained weights into the package, with graphs: stamp data, licence and scores, never worse.

    python tools/bundle_weights.py RUN/weights.safetensors --rows results/x2.jsonl \
        --manifest DATA/manifest.csv --calibration JPEGS

`--rows` are the file's own scores (jcarsr evaluate --json), found by its hash. `--manifest` is a
table of the training pictures with columns `source` and `licence`. `--calibration` is a folder of
small JPEGs of many qualities, of training pictures, for the 8-bit graphs; without it there are
none. `--output` names the outputs that get graphs: crisp weights are asked for no gradient map.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import get_args

from jcarsr.errors import JCARSRError, WeightsError
from jcarsr.evaluation.rows import Row, read_rows
from jcarsr.export.int8 import patches
from jcarsr.export.write import export
from jcarsr.protocols import Output
from jcarsr.weights import PRETRAINED, Record, read, read_record, write

LICENCE = "Apache-2.0, as the package; the training pictures keep their own licences, see data"


def main() -> int:
    """Bundle one weight file; gives the exit code."""
    parser = argparse.ArgumentParser(description="Put trained weights into the package.")
    parser.add_argument("weights", type=Path)
    parser.add_argument("--rows", type=Path, required=True)
    parser.add_argument("--manifest", type=Path, required=True)
    parser.add_argument("--calibration", type=Path)
    parser.add_argument("--output", action="append", choices=get_args(Output))
    parser.add_argument("--teacher", help="whose pictures were the targets, with its licence")
    parser.add_argument("--into", type=Path, default=PRETRAINED)
    arguments = parser.parse_args()
    try:
        target = bundle(
            arguments.weights,
            arguments.rows,
            arguments.manifest,
            arguments.into,
            teacher=arguments.teacher,
        )
        calibration = patches(arguments.calibration) if arguments.calibration else []
        graphs = export(target, calibration=calibration, outputs=arguments.output)
        print(target, *graphs, sep="\n")
    except JCARSRError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


def bundle(
    path: Path, rows_file: Path, manifest: Path, into: Path, *, teacher: str | None = None
) -> Path:
    """Write the stamped file into the folder `into`, under the name of its preset.

    `teacher` says whose pictures were the targets; None = the training pictures were.

    Raises:
        WeightsError: no rows for these weights, or those they would replace score better.
    """
    weights = read(path)
    rows = read_rows([rows_file])
    own = scores(rows, weights.record)
    if not own:
        raise WeightsError(f"{rows_file}: no scores of {path}, run jcarsr evaluate --json first")
    target = into / f"{weights.record.name}.safetensors"
    if target.exists():
        refuse_worse(own, read_record(target).scores, target)
    data = training_data(manifest)
    if teacher:
        data.append(f"targets: what {teacher} makes of the degraded pictures")
    record = replace(weights.record, data=data, scores=own, licence=LICENCE)
    write(target, weights.tensors, record)
    return target


def scores(rows: list[Row], record: Record) -> dict[str, list[float]]:
    """'Set5 x2 QF 10' and so on -> [PSNR in dB, SSIM] of these weights, run once a picture.

    Rows of an ensemble have the weights' hash, too, but another restorer's name.
    """
    return {
        row.condition: [row.psnr, row.ssim]
        for row in rows
        if row.sha256 == record.sha256 and row.restorer == record.name
    }


def refuse_worse(new: dict[str, list[float]], old: dict[str, list[float]], target: Path) -> None:
    """Raise unless the new weights beat the old ones in the mean over all their common scores."""
    common = sorted(set(new) & set(old))
    gain = sum(new[key][0] - old[key][0] for key in common)
    if not common or gain < 0:
        mean = gain / max(len(common), 1)
        raise WeightsError(f"{target}: not replaced, the new ones score {mean:+.3f} dB")


def training_data(manifest: Path) -> list[str]:
    """One line a source: its name, number of pictures and licence."""
    with manifest.open(encoding="utf-8") as file:
        counts = Counter((line["source"], line["licence"]) for line in csv.DictReader(file))
    return [
        f"{source}: {count} pictures, {licence}"
        for (source, licence), count in counts.most_common()
    ]


if __name__ == "__main__":
    sys.exit(main())
