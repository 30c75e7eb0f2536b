"""The training loop on Lightning Fabric: the only file that imports the engine.

Fabric owns devices, processes and precision; the recipe owns what is learned.
"""

from __future__ import annotations

import math
import os
import random
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import cast

import torch
from lightning.fabric import Fabric
from lightning.fabric.loggers.csv_logs import CSVLogger
from lightning.fabric.loggers.tensorboard import TensorBoardLogger
from torch import Tensor
from torch.nn.utils import clip_grad_norm_

from jcarsr import weights
from jcarsr.data.bank import Bank
from jcarsr.errors import TrainingError
from jcarsr.inference.devices import find_device
from jcarsr.losses import total_loss
from jcarsr.model.config import PRESETS
from jcarsr.model.jcarsr import JCARSR
from jcarsr.training import checkpoint
from jcarsr.training.checkpoint import Progress
from jcarsr.training.options import RunOptions
from jcarsr.training.pictures import fill_bank, identity, split_entries
from jcarsr.training.prepare import compile_blocks, initialise, make_average, make_optimizers
from jcarsr.training.recipes import Recipe
from jcarsr.training.report import Reporter, Silent, StepReport
from jcarsr.training.stop import StopFlag, stop_on_signals
from jcarsr.training.task import loss_terms
from jcarsr.training.validation import ValidationPair, make_pairs, validate, validation_histories

AGREE_EVERY = 10  # steps between agreements of several processes on clock and stop signals


def train(recipe: Recipe, options: RunOptions, reporter: Reporter | None = None) -> Path:
    """Train a recipe until its budget is spent or a signal asks to stop.

    `options.out` receives `weights.safetensors` (the averaged weights, with their record),
    `checkpoints/`, and in `logs/` a metrics.csv and TensorBoard events for every start. Under
    torchrun every process holds its own share of the pictures. A run that was stopped and resumed
    makes the same steps as one that was not, bit for bit where the device computes
    deterministically and the budget is in steps.

    Returns:
        the path of the weights.

    Raises:
        DataError, WeightsError, TrainingError: with one line that says what to mend.
    """
    fabric = _launch(options)
    reporter = reporter if reporter and fabric.is_global_zero else Silent()
    if options.bfloat16 and not replace(options, precision="auto").bfloat16:
        reporter.message(
            "note: the device is not known to have bfloat16; float32 may be far quicker"
        )
    training, held = split_entries(options)
    pairs: list[ValidationPair] = []
    if fabric.is_global_zero:
        histories = validation_histories(recipe.histories)
        pairs = make_pairs(held, PRESETS[recipe.preset].scale, histories)
    rank, processes = fabric.global_rank, fabric.world_size
    bank = fill_bank(
        recipe, training, reporter, rank=rank, processes=processes, device=fabric.device
    )
    run = _Run(fabric, recipe, options, bank, pairs, identity(recipe, training), reporter)
    for name in options.init:
        reporter.message(initialise(run.model, name))
    if options.resume:
        run.load()
    with stop_on_signals() as stop:
        run.loop(stop)
    return options.out / "weights.safetensors"


class _Run:
    """One training run's state: network, average, optimisers, progress."""

    def __init__(
        self,
        fabric: Fabric,
        recipe: Recipe,
        options: RunOptions,
        bank: Bank,
        pairs: Sequence[ValidationPair],
        identity: str,
        reporter: Reporter,
    ) -> None:
        self.fabric, self.recipe, self.options = fabric, recipe, options
        self.bank, self.pairs, self.identity, self.reporter = bank, pairs, identity, reporter
        self.progress = Progress()
        torch.manual_seed(recipe.seed)
        self.model = JCARSR(PRESETS[recipe.preset])
        self.model.to(fabric.device).to(memory_format=torch.channels_last)  # pyright: ignore[reportCallIssue]
        self.model.merge_tails(final=False)
        self.ema = make_average(self.model, recipe)
        self.optimizers = make_optimizers(self.model, recipe)
        if options.compile if options.compile is not None else fabric.device.type == "cuda":
            compile_blocks(self.model)
        self.wrapped, *self.wrapped_optimizers = fabric.setup(self.model, *self.optimizers)

    @property
    def spent(self) -> float:
        """Share of the budget, steps or minutes, whichever is nearer its end."""
        by_steps = self.progress.step / self.recipe.max_steps
        minutes = self.options.max_minutes
        return max(by_steps, self.progress.seconds / 60 / minutes if minutes else 0.0)

    def loop(self, stop: StopFlag) -> None:
        """Steps, with logs, validation and checkpoints between, until the budget is spent."""
        options = self.options
        resumed_at = time.perf_counter() - self.progress.seconds
        logged = self.progress
        saved_seconds = self.progress.seconds
        sums: dict[str, Tensor] = {}
        stopping = False
        while self.spent < 1 and not stopping:
            for name, value in self._step().items():
                sums[name] = sums.get(name, torch.zeros_like(value)) + value.detach()
            step = self.progress.step + 1
            seconds, stopping = self._agree(step, time.perf_counter() - resumed_at, stop.raised)
            self.progress = Progress(step, seconds)
            last = self.spent >= 1 or stopping
            if last or step % options.log_every == 0:
                self._log(sums, logged)
                logged, sums = self.progress, {}
                if last or seconds - saved_seconds >= options.checkpoint_minutes * 60:
                    self.save(self._validate() if last else {})
                    saved_seconds = seconds
            if not last and step % options.validate_every == 0:
                self._validate()
        if stopping:
            self.reporter.message(f"stopped at step {self.progress.step}; --resume goes on")

    def save(self, scores: dict[str, float]) -> None:
        """Write a checkpoint and the averaged weights; refuses parameters that are not finite."""
        checkpoint.refuse_non_finite(self.model)
        if self.fabric.is_global_zero:
            try:
                self._write(scores)
            except OSError as error:
                raise TrainingError(f"{self.options.out}: cannot be written ({error})") from error
        self.fabric.barrier()

    def _write(self, scores: dict[str, float]) -> None:
        checkpoint.save(
            self.options.out / "checkpoints",
            checkpoint.pack(self.model, self.ema, self.optimizers),
            self.progress,
            self.identity,
            part_bytes=int(self.options.checkpoint_part_mb * 2**20),
        )
        averaged = self.ema.module.state_dict()
        tensors = {name: value.float().cpu().numpy() for name, value in averaged.items()}
        weights.write(self.options.out / "weights.safetensors", tensors, self._record(scores))

    def load(self) -> None:
        """Go on from the newest checkpoint."""
        folder = self.options.out / "checkpoints"
        tensors, self.progress = checkpoint.load_latest(folder, self.identity)
        checkpoint.unpack(tensors, self.model, self.ema, self.optimizers)
        self.reporter.message(f"resumed at step {self.progress.step}")

    def _step(self) -> dict[str, Tensor]:
        recipe, step = self.recipe, self.progress.step
        rate = recipe.learning_rate * recipe.schedule.factor(step, self.spent)
        for optimizer in self.optimizers:
            for group in optimizer.param_groups:
                group["lr"] = rate
        seed = random.Random(f"{recipe.seed}:{self.fabric.global_rank}:{step}").getrandbits(63)
        generator = torch.Generator().manual_seed(seed)
        batch = self.bank.draw(recipe.batch_size // self.fabric.world_size, generator)
        terms = loss_terms(self.wrapped, batch, recipe.pixel_error)
        loss = total_loss(terms, recipe.loss_weights)
        self.fabric.backward(loss)
        if recipe.clip_norm is not None:
            clip_grad_norm_(self.model.parameters(), recipe.clip_norm)
        for optimizer in self.wrapped_optimizers:
            optimizer.step()
            optimizer.zero_grad()
        self.ema.update_parameters(self.model)
        return {"loss": loss, **terms}

    def _agree(self, step: int, seconds: float, stop: bool) -> tuple[float, bool]:
        """All processes follow the slowest clock and anyone's stop signal."""
        if self.fabric.world_size == 1:
            return seconds, stop
        if step % AGREE_EVERY and step < self.recipe.max_steps:
            return self.progress.seconds, False
        mine = torch.tensor([seconds, float(stop)], device=self.fabric.device)
        agreed = cast(Tensor, self.fabric.all_reduce(mine, reduce_op="max"))
        return agreed[0].item(), bool(agreed[1].item())

    def _log(self, sums: dict[str, Tensor], since: Progress) -> None:
        """Write the mean losses since the last log; a loss that is not finite ends the run."""
        steps = self.progress.step - since.step
        means = torch.stack(list(sums.values())) / steps
        means = cast(list[float], cast(Tensor, self.fabric.all_reduce(means)).tolist())
        losses = dict(zip(sums, means, strict=True))
        if not all(map(math.isfinite, means)):
            raise TrainingError(
                f"loss became {losses['loss']} between steps {since.step} and "
                f"{self.progress.step}; the last good checkpoint is kept in "
                f"{self.options.out / 'checkpoints'}"
            )
        elapsed = max(self.progress.seconds - since.seconds, 1e-9)
        report = StepReport(
            step=self.progress.step,
            spent=self.spent,
            seconds=self.progress.seconds,
            samples_per_second=steps * self.recipe.batch_size / elapsed,
            losses=losses,
        )
        rate = self.optimizers[0].param_groups[0]["lr"]
        speed = {"samples_per_second": report.samples_per_second, "learning_rate": rate}
        self.fabric.log_dict({**losses, **speed}, step=self.progress.step)
        self.reporter.step(report)

    def _validate(self) -> dict[str, float]:
        """Score the averaged weights on the validation pictures (first process only)."""
        scores: dict[str, float] = {}
        if self.fabric.is_global_zero:
            with self.fabric.autocast():
                scores = validate(cast(JCARSR, self.ema.module), self.pairs, self.fabric.device)
            self.fabric.log_dict(scores, step=self.progress.step)
            text = ", ".join(f"{name} {value:.3f} dB" for name, value in scores.items())
            self.reporter.message(f"step {self.progress.step}: validation {text}")
        self.fabric.barrier()
        return scores

    def _record(self, scores: dict[str, float]) -> weights.Record:
        device = self.fabric.device
        return weights.Record(
            name=self.options.name or self.recipe.preset,
            config=self.model.config,
            recipe=asdict(self.recipe),
            data=[path.name for path in self.options.data],
            training={
                "pictures": len(self.bank),
                "steps": self.progress.step,
                "minutes": round(self.progress.seconds / 60, 1),
                "device": torch.cuda.get_device_name(device) if device.type == "cuda" else "CPU",
                "processes": self.fabric.world_size,
                "precision": "bfloat16" if self.options.bfloat16 else "float32",
                "init": [Path(name).name for name in self.options.init],
            },
            scores={"validation": scores},
        )


def _launch(options: RunOptions) -> Fabric:
    """Fabric on one device, or on as many as torchrun has started processes for."""
    local = int(os.environ.get("LOCAL_WORLD_SIZE", "1"))
    logs, name = options.out / "logs", f"run-{len(_subfolders(options.out / 'logs')) + 1}"
    fabric = Fabric(
        accelerator=find_device(options.device),
        devices=local,
        num_nodes=int(os.environ.get("WORLD_SIZE", "1")) // local,
        strategy="ddp" if local > 1 else "auto",
        precision="bf16-mixed" if options.bfloat16 else "32-true",
        loggers=[
            CSVLogger(logs, name="", version=name, flush_logs_every_n_steps=1),
            TensorBoardLogger(logs, name="", version=name),
        ],
    )
    fabric.launch()
    return fabric


def _subfolders(path: Path) -> list[Path]:
    return [child for child in path.iterdir() if child.is_dir()] if path.is_dir() else []
