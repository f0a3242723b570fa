"""Attribution by gradients: how the score of a class depends on every pixel.

All functions take normalized pictures (N, C, H, W) and one class per picture, and differentiate
the class's *score* before the softmax: the derivative of a probability has the factor p(1 - p),
and vanishes just where the network is sure. None of them changes the network, and gradients do
not pile up when one is called twice.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeAlias

import torch
from torch import Tensor, nn
from torch.nn import functional

from laboratory.batches import batch_starts
from laboratory.chain_gradient import ChainGradient
from laboratory.layers import (
    UnsupportedLayerError,
    autocast,
    device_of,
    find,
    must_be_ready,
    not_in_place,
)
from laboratory.progress import track

Target: TypeAlias = int | Sequence[int] | Tensor
Fold: TypeAlias = Callable[[Tensor, Tensor], None]


def gradient(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
) -> Tensor:
    """Return the derivatives of the score with respect to the pixels, shape (N, C, H, W).

    model: gives scores (N, K); in evaluation mode.
    x: normalized pictures, shape (N, C, H, W).
    target: the class, for all pictures or one for each.
    batch_size: pictures that are computed together; bounds the memory.
    device: where to compute; by default where the network is.
    dtype: with torch.bfloat16 the network runs under autocast, which is faster where the hardware
        has it. Single gradients get visibly rougher: use it for averages over many.

    Raises ValueError if shapes do not fit or the network is in training mode.
    """
    x, labels, where = _ready(model, x, target, device)
    parts = [
        _gradient(model, x[i : i + batch_size], labels[i : i + batch_size], where, dtype)
        for i in batch_starts(len(x), batch_size)
    ]
    return torch.cat(parts)


def saliency(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the largest absolute derivative over the channels, shape (N, H, W).

    Simonyan, Vedaldi, Zisserman (2014), "Deep inside convolutional networks". Arguments: see
    ``gradient``.
    """
    return strongest(gradient(model, x, target, batch_size=batch_size, device=device))


def strongest(derivatives: Tensor) -> Tensor:
    """Return the largest absolute value over the channels, (N, C, H, W) -> (N, H, W).

    First the absolute value, then the maximum: a strong negative derivative counts as much.
    """
    return derivatives.abs().amax(1)


def gradient_times_input(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return derivative times pixel, shape (N, C, H, W), signed; arguments: see ``gradient``.

    The first-order estimate of how much of the score each pixel gives, compared with the mean
    color, which is zero after normalization.
    """
    derivatives = gradient(model, x, target, batch_size=batch_size, device=device)
    return derivatives * x.to(derivatives)


def integrated_gradients(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    baseline: Tensor | float = 0.0,
    steps: int = 50,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the gradient averaged on the way from a baseline, times the way, (N, C, H, W).

    The sum over all pixels is the difference of the scores of picture and baseline, up to the
    error of the sum over ``steps`` midpoints.

    baseline: where the way begins: a picture, or a number in normalized units (0: mean color).

    Sundararajan, Taly, Yan (2017), "Axiomatic attribution for deep networks". Other arguments: see
    ``gradient``.
    """
    if steps < 1:
        raise ValueError(f"steps must be at least 1; {steps} was given.")
    x, labels, where = _ready(model, x, target, device)
    begin = torch.as_tensor(baseline, dtype=x.dtype, device=where).expand_as(x)
    total = torch.zeros_like(x)

    def along(which: Tensor, step: Tensor) -> Tensor:
        share = (step.to(x.dtype) + 0.5)[:, None, None, None] / steps
        return begin[which] + share * (x[which] - begin[which])

    def fold(which: Tensor, derivatives: Tensor) -> None:
        total.index_add_(0, which, derivatives)

    _many(model, labels, steps, along, fold, where, batch_size, dtype, progress)
    return (x - begin) * total / steps


def smoothgrad(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    samples: int = 50,
    level: float = 0.2,
    seed: int | torch.Generator = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the mean gradient of noisy copies of the picture, shape (N, C, H, W), signed.

    samples: noisy copies per picture.
    level: standard deviation of the noise, in units of the picture's range max - min.
    seed: of the noise, which is then drawn on the CPU: it is the same on every device. Or a
        generator, which draws where it is: on a GPU that is quicker.
    dtype: torch.bfloat16 is faster where the hardware has it. On the CPU, chains of layers only go
        backward in it (see ``chain_gradient``): the error is below 1 %. On a GPU they go both ways
        in it, and torch.float16 is more exact. Else see ``gradient``.

    Smilkov et al. (2017), "SmoothGrad: removing noise by adding noise". Take ``strongest`` of the
    result for a map: averaging absolute values instead would keep the noise. Other arguments: see
    ``gradient``.
    """
    mean, _ = _noisy_moments(
        model, x, target, samples, level, seed, batch_size, device, dtype, progress, squares=False
    )
    return mean


def noise_deviation(x: Tensor, level: float) -> Tensor:
    """Return the standard deviation of each picture's noise, shape (N,).

    level: in units of the picture's range max - min.
    """
    return level * (x.amax((1, 2, 3)) - x.amin((1, 2, 3)))


def vargrad(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    samples: int = 50,
    level: float = 0.2,
    seed: int | torch.Generator = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    dtype: torch.dtype = torch.float32,
    progress: bool = True,
) -> Tensor:
    """Return the variance of the gradients of noisy copies, shape (N, C, H, W).

    Divided by samples - 1. Adebayo et al. (2018), "Local explanation methods for deep neural
    networks lack sensitivity to parameter values". Arguments: see ``smoothgrad``.
    """
    if samples < 2:
        raise ValueError(f"A variance needs at least 2 samples; {samples} was given.")
    mean, square = _noisy_moments(
        model, x, target, samples, level, seed, batch_size, device, dtype, progress, squares=True
    )
    return (square - mean.square()).clamp(min=0) * samples / (samples - 1)


def _noisy_moments(
    model: nn.Module,
    x: Tensor,
    target: Target,
    samples: int,
    level: float,
    seed: int | torch.Generator,
    batch_size: int,
    device: torch.device | str | None,
    dtype: torch.dtype,
    progress: bool,
    *,
    squares: bool,
) -> tuple[Tensor, Tensor]:
    """Return the means of the gradients of noisy copies and, if wanted, of their squares."""
    if samples < 1 or level < 0:
        raise ValueError(
            f"samples must be at least 1 and level not negative: {samples}, {level} were given."
        )
    x, labels, where = _ready(model, x, target, device)
    deviation = noise_deviation(x, level)
    random = seed if isinstance(seed, torch.Generator) else torch.Generator().manual_seed(seed)
    total, total_of_squares = torch.zeros_like(x), torch.zeros_like(x)

    def disturbed(which: Tensor, step: Tensor) -> Tensor:
        # One by one: so the numbers do not depend on the size of the batch.
        drawn = [
            torch.randn(x.shape[1:], generator=random, device=random.device)
            for _ in range(len(which))
        ]
        noise = torch.stack(drawn).to(x)
        return x[which] + deviation[which][:, None, None, None] * noise

    def fold(which: Tensor, derivatives: Tensor) -> None:
        total.index_add_(0, which, derivatives)
        if squares:
            total_of_squares.index_add_(0, which, derivatives.square())

    _many(model, labels, samples, disturbed, fold, where, batch_size, dtype, progress)
    return total / samples, total_of_squares / samples


@dataclass(frozen=True)
class Fluctuation:
    """The derivatives at one pixel along x + t * eps, for one fixed direction eps of noise.

    t: shape (T,); one is the whole noise.
    derivatives: shape (T, C), one column per channel of the pixel.
    """

    t: Tensor
    derivatives: Tensor

    def scaled(self) -> Tensor:
        """Return the derivatives divided by the largest absolute value of the three channels.

        As in the figure of Smilkov et al.: at each t, the largest entry has the absolute value 1.
        """
        largest = self.derivatives.abs().amax(1, keepdim=True)
        return self.derivatives / largest.clamp(min=torch.finfo(largest.dtype).tiny)


def fluctuation(
    model: nn.Module,
    x: Tensor,
    target: int,
    *,
    pixel: tuple[int, int],
    level: float = 0.2,
    points: int = 100,
    seed: int = 0,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Fluctuation:
    """Return how the gradient at one pixel changes along a straight line away from the picture.

    x: one normalized picture, shape (1, C, H, W).
    pixel: its row and column.
    level: standard deviation of the noise eps at t = 1, in units of the picture's range. It is one
        draw, the same for all t: this t is not the noise level of SmoothGrad.

    Smilkov et al. (2017), figure 2.
    """
    x, labels, where = _ready(model, x, target, device)
    if len(x) != 1:
        raise ValueError(f"x must be one picture; these are {len(x)}.")
    random = torch.Generator().manual_seed(seed)
    noise = noise_deviation(x, level) * torch.randn(x.shape, generator=random).to(x)
    t = torch.linspace(0, 1, points, dtype=x.dtype, device=where)
    found = []
    for first in batch_starts(points, batch_size):
        part = t[first : first + batch_size, None, None, None]
        derivatives = _gradient(
            model, x + part * noise, labels.expand(len(part)), where, torch.float32
        )
        found.append(derivatives[:, :, pixel[0], pixel[1]])
    return Fluctuation(t, torch.cat(found))


def guided_backprop(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    batch_size: int = 32,
    device: torch.device | str | None = None,
) -> Tensor:
    """Return the gradient when every ReLU stops negative upstream gradients, (N, C, H, W).

    Not a derivative of the score any more: it draws edges of the picture, and hardly depends on
    the class (Adebayo et al. 2018).

    Springenberg et al. (2015), "Striving for simplicity: the all convolutional net". Arguments:
    see ``gradient``.

    Raises ValueError if the network has no nn.ReLU.
    """
    relus = [module for module in model.modules() if isinstance(module, nn.ReLU)]
    if not relus:
        raise ValueError("Guided backpropagation needs a network with nn.ReLU layers.")
    hooks = [module.register_full_backward_hook(_stop_negative) for module in relus]
    try:
        return gradient(model, x, target, batch_size=batch_size, device=device)
    finally:
        for hook in hooks:
            hook.remove()


def _stop_negative(
    module: nn.Module, downstream: tuple[Tensor, ...] | Tensor, upstream: object
) -> tuple[Tensor, ...]:
    return tuple(one.clamp(min=0) for one in downstream)


def grad_cam(
    model: nn.Module,
    x: Tensor,
    target: Target,
    *,
    layer: str,
    batch_size: int = 32,
    device: torch.device | str | None = None,
    resize: bool = True,
) -> Tensor:
    """Return where a layer's channels speak for the class, shape (N, H, W), nothing negative.

    Each channel is weighted by the mean of its gradient over all places; what is left of the sum
    after ReLU is enlarged to the size of the picture.

    layer: name or path of a layer with maps, see ``layers.find``. For VGG16, "relu5_3" or earlier.
    resize: False to get the map at the layer's own size.

    Selvaraju et al. (2017), "Grad-CAM". Other arguments: see ``gradient``.

    Raises KeyError if there is no such layer, ValueError if it gives no maps.
    """
    x, labels, _ = _ready(model, x, target, device)
    module = find(model, layer)
    cam = torch.cat(
        [
            _channels_for(model, module, layer, x[i : i + batch_size], labels[i : i + batch_size])
            for i in batch_starts(len(x), batch_size)
        ]
    )
    if resize:
        cam = functional.interpolate(
            cam[:, None], x.shape[2:], mode="bilinear", align_corners=False
        )[:, 0]
    return cam


def _channels_for(
    model: nn.Module, module: nn.Module, layer: str, x: Tensor, labels: Tensor
) -> Tensor:
    """Return Grad-CAM's maps at the size of the layer; all else is forgotten on the way out."""
    with _kept_output(module) as kept, not_in_place(model), torch.enable_grad():
        score = _score(model, x.detach().requires_grad_(), labels)
        maps = kept[0]
        if maps.ndim != 4:
            raise ValueError(
                f'The layer "{layer}" gives no maps: its output has the shape {tuple(maps.shape)}.'
            )
        (derivatives,) = torch.autograd.grad(score, maps)
    weights = derivatives.mean((2, 3), keepdim=True)
    return (weights * maps.detach()).sum(1).relu()


@contextmanager
def _kept_output(module: nn.Module) -> Iterator[list[Tensor]]:
    kept: list[Tensor] = []

    def hook(module: nn.Module, given: tuple[Tensor, ...], result: Tensor) -> None:
        kept.append(result)

    handle = module.register_forward_hook(hook)
    try:
        yield kept
    finally:
        handle.remove()


def _ready(
    model: nn.Module, x: Tensor, target: Target, device: torch.device | str | None
) -> tuple[Tensor, Tensor, torch.device]:
    """Return the pictures and one label each, on the device that the network is moved to."""
    must_be_ready(model)
    where = torch.device(device) if device is not None else device_of(model)
    model.to(where)
    if x.ndim != 4:
        raise ValueError(f"x must have the shape (N, C, H, W); it has {tuple(x.shape)}.")
    labels = torch.as_tensor(target, device=where)
    if labels.ndim == 0:
        labels = labels.expand(len(x))
    if labels.shape != (len(x),):
        raise ValueError(
            f"target must be one class, or one for each of the {len(x)} pictures; its shape is "
            f"{tuple(labels.shape)}."
        )
    return x.detach().to(where), labels, where


def _score(model: nn.Module, x: Tensor, labels: Tensor) -> Tensor:
    """Return the sum of the pictures' scores: no picture's score depends on another picture."""
    scores: Tensor = model(x)
    return scores.gather(1, labels[:, None]).sum()


def _gradient(
    model: nn.Module, x: Tensor, labels: Tensor, where: torch.device, dtype: torch.dtype
) -> Tensor:
    x = x.detach().contiguous(memory_format=torch.channels_last).requires_grad_()
    with torch.enable_grad(), not_in_place(model):
        with autocast(where, dtype):
            score = _score(model, x, labels)
        # With respect to the picture alone: the weights' gradients stay as they are.
        (derivatives,) = torch.autograd.grad(score, x)
    return derivatives.contiguous()


def _many(
    model: nn.Module,
    labels: Tensor,
    steps: int,
    make: Callable[[Tensor, Tensor], Tensor],
    fold: Fold,
    where: torch.device,
    batch_size: int,
    dtype: torch.dtype,
    progress: bool,
) -> None:
    """Go through ``steps`` versions of each picture, in batches across pictures and steps.

    make: gives the versions for pictures ``which`` and their steps.
    fold: gets the pictures' numbers and the gradients.
    """
    compute = _for_many(model, where, dtype)
    total = len(labels) * steps
    for first in track(batch_starts(total, batch_size), "gradients", progress):
        numbers = torch.arange(first, min(first + batch_size, total), device=where)
        which, step = numbers // steps, numbers % steps
        fold(which, compute(make(which, step), labels[which]))


def _for_many(
    model: nn.Module, where: torch.device, dtype: torch.dtype
) -> Callable[[Tensor, Tensor], Tensor]:
    """Return what computes the gradients of pictures and their labels fastest.

    Preparing it takes as long as a few gradients.
    """

    def automatic(x: Tensor, labels: Tensor) -> Tensor:
        return _gradient(model, x, labels, where, dtype)

    known = {
        "cpu": (torch.float32, torch.bfloat16),
        "cuda": (torch.bfloat16, torch.float16),  # in float32, nothing is gained there
    }
    if dtype not in known.get(where.type, ()) or _has_hooks(model):
        return automatic
    try:
        return ChainGradient(model, dtype=dtype)
    except UnsupportedLayerError:
        return automatic


def _has_hooks(model: nn.Module) -> bool:
    """Return whether somebody else has a say in what the layers compute."""
    return any(
        hooks
        for module in model.modules()
        for name, hooks in vars(module).items()
        if name.endswith("_hooks") and "state_dict" not in name
    )
