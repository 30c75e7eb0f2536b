"""The training loop. Fabric owns devices, processes and precision; the recipe what is learnt."""

from __future__ import annotations

import math
import random
import time
from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING, cast

import torch
from torch import Tensor, nn
from torch.nn.utils import clip_grad_norm_

from jcarsr.data.bank import Bank, Batch
from jcarsr.errors import TrainingError
from jcarsr.training.checkpoint import Progress
from jcarsr.training.clock import processor_seconds
from jcarsr.training.graphed import Gradients, GraphedGradients
from jcarsr.training.meter import Meter, peak_memory, step_flops
from jcarsr.training.recipes import Recipe
from jcarsr.training.report import Reporter, StepReport
from jcarsr.training.state import TrainingState
from jcarsr.training.stop import StopFlag
from jcarsr.training.storage import Storage
from jcarsr.training.task import loss_terms
from jcarsr.training.validation import ValidationPair, validate

if TYPE_CHECKING:
    from lightning_fabric import Fabric

AGREE_EVERY = 10  # steps between agreements of several processes on clock and stop signals


class Loop:
    """Steps, with logs, validation and checkpoints between, until the budget is spent."""

    def __init__(
        self,
        fabric: Fabric,
        state: TrainingState,
        storage: Storage,
        bank: Bank,
        pairs: Sequence[ValidationPair],
        reporter: Reporter,
    ) -> None:
        self.fabric, self.state, self.storage, self.bank = fabric, state, storage, bank
        self.pairs, self.reporter = pairs, reporter
        self.recipe, self.options = storage.recipe, storage.options
        self.flops = step_flops(self.recipe)
        self.wrapped, *self.optimizers = fabric.setup(state.model, *state.optimizers)
        self._gradients: Gradients = partial(compute_gradients, fabric, self.wrapped, self.recipe)
        alone_on_cuda = fabric.device.type == "cuda" and fabric.world_size == 1
        if alone_on_cuda and self.options.graph and state.model.capturable:
            self._gradients = GraphedGradients(state.model, self._gradients)

    @property
    def spent(self) -> float:
        """Share of the budget, steps or minutes, whichever is nearer its end."""
        progress, minutes = self.state.progress, self.options.max_minutes
        by_steps = progress.step / self.recipe.max_steps
        return max(by_steps, 0.0 if minutes is None else progress.seconds / 60 / minutes)

    def run(self, stop: StopFlag) -> None:
        """Train until the budget is spent or `stop` is raised."""
        state, options = self.state, self.options
        resumed_at = self._clock() - state.progress.seconds
        saved = self._waited(state.progress.seconds)
        meter, stopping = Meter(state.progress), False
        while self.spent < 1 and not stopping:
            meter.add(self._step())
            step = state.progress.step + 1
            seconds, stopping = self._agree(step, self._clock() - resumed_at, stop.raised)
            state.progress = Progress(step, seconds)
            last = self.spent >= 1 or stopping
            due = self._waited(seconds) - saved >= options.checkpoint_minutes * 60
            if last or due or step % options.log_every == 0:  # what is stored was finite
                self._log(meter)
            if due and not last:
                self._save_checkpoint()
                self._save_weights({})
                saved = self._waited(seconds)
            if not last and step % options.validate_every == 0:
                self._validate()
        self._finish()  # also what was resumed, and killed before its weights were there
        if stopping or stop.raised:
            self.reporter.stopped(state.progress.step)

    def _clock(self) -> float:
        """Seconds, of which differences count."""
        if self.options.processor_minutes:
            return processor_seconds()
        return time.perf_counter()

    def _waited(self, seconds: float) -> float:
        """Seconds by which checkpoints are due: work that is lost by a kill is lost in real time.

        Several processes go by those on which they agree, or they would wait for each other.
        """
        alone = self.fabric.world_size == 1
        return time.perf_counter() if self.options.processor_minutes and alone else seconds

    def _step(self) -> dict[str, Tensor]:
        recipe, state = self.recipe, self.state
        factor = recipe.schedule.factor(state.progress.step, self.spent)
        state.set_rate(recipe.learning_rate * factor)
        terms = self._gradients(self._draw())
        if recipe.clip_norm is not None:
            clip_grad_norm_(state.model.parameters(), recipe.clip_norm)
        for optimizer in self.optimizers:
            optimizer.step()
        state.average.update_parameters(state.model)
        return terms

    def _draw(self) -> Batch:
        """This process's share of the batch of the next step, decided by the recipe's seed.

        It decides what the network draws in this step, too (stochastic depth).
        """
        step, rank = self.state.progress.step, self.fabric.global_rank
        seed = random.Random(f"{self.recipe.seed}:{rank}:{step}").getrandbits(63)
        torch.manual_seed(seed)
        generator = torch.Generator().manual_seed(seed)
        return self.bank.draw(self.recipe.batch_size // self.fabric.world_size, generator)

    def _agree(self, step: int, seconds: float, stop: bool) -> tuple[float, bool]:
        """All processes follow the slowest clock and anyone's stop signal."""
        if self.fabric.world_size == 1:
            return seconds, stop
        if step % AGREE_EVERY and step < self.recipe.max_steps:
            return self.state.progress.seconds, False
        mine = torch.tensor([seconds, float(stop)], device=self.fabric.device)
        agreed = cast(Tensor, self.fabric.all_reduce(mine, reduce_op="max"))
        return agreed[0].item(), bool(agreed[1].item())

    def _log(self, meter: Meter) -> None:
        """Report the means since the last log; a loss that is not finite ends the run."""
        progress, since = self.state.progress, meter.since
        means, seconds = meter.take(progress)
        reduced = cast(Tensor, self.fabric.all_reduce(torch.stack(list(means.values()))))
        losses = dict(zip(means, cast(list[float], reduced.tolist()), strict=True))
        if not all(map(math.isfinite, losses.values())):
            raise TrainingError(
                f"loss became {losses['loss']} between steps {since} and {progress.step}; "
                f"the last good checkpoint is kept in {self.storage.checkpoints}"
            )
        report = StepReport(
            step=progress.step,
            spent=self.spent,
            seconds=progress.seconds,
            samples_per_second=self.recipe.batch_size / seconds,
            tflops=self.flops / seconds / 1e12,
            peak_memory=peak_memory(self.fabric.device),
            learning_rate=self.state.optimizers[0].param_groups[0]["lr"],
            losses=losses,
        )
        self.fabric.log_dict(report.figures, step=progress.step)
        self.reporter.step(report)

    def _validate(self) -> dict[str, float]:
        """Score the averaged weights on the validation pictures (first process only)."""
        scores: dict[str, float] = {}
        if self.fabric.is_global_zero:
            with self.fabric.autocast():
                scores = validate(self.state.averaged_network, self.pairs, self.fabric.device)
            self.fabric.log_dict(scores, step=self.state.progress.step)
            text = ", ".join(f"{name} {value:.3f} dB" for name, value in scores.items())
            self.reporter.message(f"step {self.state.progress.step}: validation {text}")
        self.fabric.barrier()
        return scores

    def _finish(self) -> None:
        """Store the last state, then score it: a validation that ends early loses no step."""
        self._save_checkpoint()
        self._save_weights(self._validate())

    def _save_checkpoint(self) -> None:
        if self.fabric.is_global_zero:
            self.storage.save_checkpoint(self.state)
        self.fabric.barrier()

    def _save_weights(self, scores: dict[str, float]) -> None:
        if self.fabric.is_global_zero:
            self.storage.save_weights(self.state, scores)
        self.fabric.barrier()


def compute_gradients(
    fabric: Fabric, model: nn.Module, recipe: Recipe, batch: Batch
) -> dict[str, Tensor]:
    """Leave a batch's gradients, and no others, at the parameters; the terms of its loss."""
    model.zero_grad()
    terms = loss_terms(model, batch, recipe.pixel_error, recipe.loss_weights)
    fabric.backward(terms["loss"])
    return terms
