"""A training run from its options to its weights: builds all parts, then runs the loop."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from jcarsr.degradation.draw import Paired
from jcarsr.networks.catalog import preset_facts
from jcarsr.training.checkpoint import Start
from jcarsr.training.launch import launch
from jcarsr.training.loop import Loop
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import (
    Banks,
    fill_bank,
    former_identity,
    identity,
    split_entries,
)
from jcarsr.training.prepare import initialise
from jcarsr.training.recipes import Recipe, fit_to_network
from jcarsr.training.report import Reporter
from jcarsr.training.state import TrainingState
from jcarsr.training.stop import stop_on_signals
from jcarsr.training.storage import Storage
from jcarsr.training.validation import (
    ValidationPair,
    given_pairs,
    make_pairs,
    validation_histories,
)


def train(
    recipe: Recipe,
    options: RunOptions,
    reporter: Reporter | None = None,
    banks: Banks | None = None,
) -> Path:
    """Train a recipe until its budget is spent or a signal asks to stop.

    `options.out` receives `weights.safetensors` (the averaged weights, with their record),
    `checkpoints/`, and in `logs/` a metrics.csv and TensorBoard events for every start. Under
    torchrun every process holds its own share of the pictures. A run that was stopped and resumed
    makes the same steps as one that was not, bit for bit where the device computes
    deterministically and the budget is in steps. `banks` keeps the pictures for the next run.

    Returns:
        the path of the weights.

    Raises:
        DataError, WeightsError, TrainingError: with one line that says what to mend.
        ValueError: as `fit_to_network`.
    """
    recipe = fit_to_network(recipe)
    tables = "tables" in preset_facts(recipe.preset).reads
    fabric = launch(options)
    reporter = reporter if reporter and fabric.is_global_zero else Reporter()
    if options.bfloat16 and not replace(options, precision="auto").bfloat16:
        reporter.message(
            "note: the device is not known to have bfloat16; float32 may be far quicker"
        )
    training, held = split_entries(options, recipe.picture_scale)
    pairs: list[ValidationPair] = []
    if fabric.is_global_zero:
        if isinstance(recipe.histories, Paired):
            pairs = given_pairs(held, recipe.picture_scale, recipe.network_scale, on_grid=tables)
        else:
            histories = validation_histories(recipe.histories)
            pairs = make_pairs(held, recipe.picture_scale, histories, recipe.network_scale)
    device, rank, processes = fabric.device, fabric.global_rank, fabric.world_size
    bank = fill_bank(
        recipe,
        training,
        reporter,
        rank=rank,
        processes=processes,
        device=device,
        tables=tables,
        banks=banks,
    )
    compile = options.compile if options.compile is not None else device.type == "cuda"
    state = TrainingState(recipe, device, compile=compile)
    storage = Storage(
        recipe=recipe,
        options=options,
        identity=identity(recipe, training),
        former_identity=former_identity(recipe, training),
        pictures=len(bank),
        start=Start(
            init=tuple(Path(name).name for name in options.init),
            processes=processes,
            precision="bfloat16" if options.bfloat16 else "float32",
        ),
        device=device,
    )
    if options.resume:
        for note in storage.load(state):
            reporter.message(note)
        reporter.message(f"resumed at step {state.progress.step}")
    else:
        if fabric.is_global_zero:
            storage.refuse_others()
        for name in options.init:
            reporter.message(initialise(state.model, name))
    with stop_on_signals() as stop:
        Loop(fabric, state, storage, bank, pairs, reporter).run(stop)
    return storage.weights_path
