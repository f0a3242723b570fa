"""SmoothGrad and VarGrad: mean and variance of the gradients of noisy copies.

Smilkov et al. (2017), "SmoothGrad: removing noise by adding noise".
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from laboratory.attribution.gradient import Target, on_device
from laboratory.attribution.many_gradients import fold_gradients


def smoothgrad(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    n_samples: int = 50,
    noise_level: float = 0.2,
    seed: int | torch.Generator = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the mean gradient of noisy copies of the picture, shape (N, C, H, W), signed.

    n_samples: noisy copies per picture.
    noise_level: standard deviation of the noise, in units of the picture's range max - min; see
        ``noise_stdevs``.
    seed: of the noise, which is then drawn on the CPU: it is the same on every device. Or a
        generator, which draws where it is: on a GPU that is quicker.
    dtype: torch.bfloat16 is faster where the hardware has it. On the CPU, chains of layers only go
        backward in it (see ``fast.chain_gradient``): the error is below 1 %. On a GPU they go both
        ways in it, and torch.float16 is more exact.

    Take ``gradient.strongest`` of the result for a map: averaging absolute values instead would
    keep the noise. Other arguments: see ``gradient.gradient``.
    """
    mean, _ = _moments(
        model,
        x,
        target,
        _Noise(n_samples, noise_level, seed),
        batch_size=batch_size,
        device=device,
        dtype=dtype,
        progress=progress,
        squares=False,
    )
    return mean


def vargrad(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    n_samples: int = 50,
    noise_level: float = 0.2,
    seed: int | torch.Generator = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the variance of the gradients of noisy copies, shape (N, C, H, W).

    Divided by n_samples - 1. Adebayo et al. (2018), "Local explanation methods for deep neural
    networks lack sensitivity to parameter values". Arguments: see ``smoothgrad``.
    """
    if n_samples < 2:
        raise ValueError(f"A variance needs at least 2 samples; {n_samples} was given.")
    mean, mean_square = _moments(
        model,
        x,
        target,
        _Noise(n_samples, noise_level, seed),
        batch_size=batch_size,
        device=device,
        dtype=dtype,
        progress=progress,
        squares=True,
    )
    return (mean_square - mean.square()).clamp(min=0) * n_samples / (n_samples - 1)


def noise_stdevs(x: Tensor, noise_level: float) -> Tensor:
    """Return the standard deviation of each picture's noise, shape (N,).

    noise_level: in units of the picture's range max - min.
    """
    return noise_level * (x.amax((1, 2, 3)) - x.amin((1, 2, 3)))


@dataclass(frozen=True)
class _Noise:
    """The noisy copies that ``smoothgrad`` and ``vargrad`` are asked for; see there."""

    n_samples: int
    level: float
    seed: int | torch.Generator

    def __post_init__(self) -> None:
        if self.n_samples < 1 or self.level < 0:
            raise ValueError(
                f"n_samples must be at least 1 and noise_level not negative: {self.n_samples}, "
                f"{self.level} were given."
            )

    def generator(self) -> torch.Generator:
        """Return a generator at its start, or the one that was given, wherever it is."""
        if isinstance(self.seed, torch.Generator):
            return self.seed
        return torch.Generator().manual_seed(self.seed)


def _moments(
    model: nn.Module,
    x: Tensor,
    target: Target,
    noise: _Noise,
    *,
    batch_size: int,
    device: torch.device | str | None,
    dtype: torch.dtype,
    progress: bool,
    squares: bool,
) -> tuple[Tensor, Tensor]:
    """Return the means of the gradients of noisy copies and, if asked for, of their squares."""
    x, targets = on_device(model, x, target, device)
    stdevs = noise_stdevs(x, noise.level)
    random = noise.generator()
    total, total_of_squares = torch.zeros_like(x), torch.zeros_like(x)

    def noisy(pictures: Tensor, _samples: Tensor) -> Tensor:
        # One by one: so the numbers do not depend on the size of the batch.
        drawn = [
            torch.randn(x.shape[1:], generator=random, device=random.device)
            for _ in range(len(pictures))
        ]
        return x[pictures] + stdevs[pictures][:, None, None, None] * torch.stack(drawn).to(x)

    def add(pictures: Tensor, derivatives: Tensor) -> None:
        total.index_add_(0, pictures, derivatives)
        if squares:
            total_of_squares.index_add_(0, pictures, derivatives.square())

    fold_gradients(
        model,
        targets,
        noise.n_samples,
        noisy,
        add,
        batch_size=batch_size,
        dtype=dtype,
        progress=progress,
    )
    return total / noise.n_samples, total_of_squares / noise.n_samples
