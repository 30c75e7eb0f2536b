"""A network before its first step: starting weights, optimiser, average, compilation."""

from __future__ import annotations

import torch
from torch import nn
from torch.optim import Adam, AdamW, Optimizer
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from jcarsr import weights
from jcarsr.errors import TrainingError
from jcarsr.networks.network import Network
from jcarsr.training.muon import Muon
from jcarsr.training.recipes import Recipe


def initialise(model: Network, name_or_path: str) -> str:
    """Take every tensor of a weight file that agrees in name and shape; says how many.

    Raises:
        TrainingError: none does.
        WeightsError: no such weights.
    """
    own = model.state_dict()
    given = weights.read(weights.find(name_or_path)).tensors
    taken = {
        name: torch.from_numpy(value).float()
        for name, value in given.items()
        if name in own and own[name].shape == value.shape
    }
    if not taken:
        raise TrainingError(f"{name_or_path}: no tensor fits the network to be trained")
    model.load_state_dict({**own, **taken})
    return f"{name_or_path}: {len(taken)} of {len(own)} tensors taken"


def make_optimizers(model: Network, recipe: Recipe) -> list[Optimizer]:
    """The recipe's optimisers, which share the parameters; the rate is set anew at every step."""
    rate, betas = recipe.learning_rate, recipe.betas
    trained = [param for param in model.parameters() if param.requires_grad]
    if recipe.optimizer == "adam":
        return [Adam(trained, lr=rate, betas=betas)]
    if recipe.optimizer == "adamw":
        return [AdamW(trained, lr=rate, betas=betas, weight_decay=0.0)]
    matrices = [param for param in trained if _mixes_features(param)]
    others = [param for param in trained if not _mixes_features(param)]
    return [AdamW(others, lr=rate, betas=betas, weight_decay=0.0), Muon(matrices, lr=rate)]


def _mixes_features(param: nn.Parameter) -> bool:
    """From features to features: not a bias, not depthwise, not from or to a picture's colours."""
    return param.ndim == 4 and min(param.shape[:2]) > 3


def make_average(model: Network, recipe: Recipe) -> AveragedModel:
    """The running average of the weights: what is evaluated and kept, never trained.

    Its decay after n steps is (1 + n) / (10 + n), as TensorFlow's ExponentialMovingAverage has it,
    and at most the recipe's: or a short run would keep its random starting weights in it.
    """
    return _RunningAverage(model, recipe.ema_decay).eval()


class _RunningAverage(AveragedModel):
    """PyTorch's own sends its count to the device in every step, and waits for it."""

    def __init__(self, model: Network, decay: float) -> None:
        super().__init__(model)
        self._decay = decay

    def update_parameters(self, model: nn.Module) -> None:
        """Take a step's weights into the average; the first step's are the average."""
        steps = int(self.n_averaged)  # which lies on the CPU
        decay = min(self._decay, (1 + steps) / (10 + steps)) if steps else 0.0
        averaged, current = (
            [param.detach() for param in network.parameters()] for network in (self.module, model)
        )
        with torch.no_grad():
            get_ema_multi_avg_fn(decay)(averaged, current, steps)
            for own, other in zip(self.module.buffers(), model.buffers(), strict=True):
                own.copy_(other)
        self.n_averaged += 1


def compile_blocks(model: Network) -> None:
    """Compile block by block: blocks of a kind share their code, so few compilations serve all."""
    for module in model.compile_units():
        module.compile()
