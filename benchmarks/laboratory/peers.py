"""The laboratory's maps beside those of other libraries: same network, same picture, same class.

    python -m benchmarks.laboratory.peers  # VGG16 at 224, about three minutes
    python -m benchmarks.laboratory.peers --network small_vgg --rounds 5

The peers are optional; what is missing is named with the command that installs it: Captum,
pytorch-grad-cam ("grad-cam") and PAIR's saliency. They take turns, round by round; the median of
the times is shown, and the ratio of the medians.

Maps are made comparable before their difference is taken: signed derivatives, without absolute
values or squares; the same noise, number by number; Grad-CAM at the layer's own size, or scaled to
0 ... 1 where a peer gives nothing else. The difference is the largest one, as a share of the
largest absolute value of our map. Peers get a network whose weights need no gradients, and layers
that do not overwrite what they get, as some of them ask for.
"""

from __future__ import annotations

import argparse
import copy
import importlib.util
import statistics
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.laboratory.occlusion import (
    NETWORKS,
    captum_drop,
    measured,
    network_and_picture,
    use_cpu_time,
)
from benchmarks.laboratory.smoothgrad import captum_smoothgrad
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.layers import find, not_in_place

STEPS, SAMPLES, LEVEL, PATCH = 50, 16, 0.2, 32

LAYER = "relu5_3"
GRAD_CAM = f"Grad-CAM at {LAYER}"
METHODS = (
    "gradient",
    "integrated gradients",
    "guided backprop",
    "SmoothGrad",
    GRAD_CAM,
    "occlusion",
)

Maker = Callable[[], Tensor]


class Comparison(NamedTuple):
    """Our map and a peer's, made comparable."""

    method: str
    peer: str
    ours: Maker
    theirs: Maker


class Pair:
    """The network as PAIR's saliency wants it: a function of pictures (N, H, W, C) in NumPy."""

    def __init__(self, model: nn.Module, x: Tensor, target: int, layer: nn.Module) -> None:
        from saliency import core

        self.core, self.model, self.target, self.layer = core, model, target, layer
        self.picture = x[0].permute(1, 2, 0).numpy()

    def answer(self, batch: np.ndarray, call_model_args: Any, expected_keys: list[str]) -> Any:
        x = torch.from_numpy(np.asarray(batch, dtype=np.float32)).permute(0, 3, 1, 2)
        core = self.core
        if expected_keys == [core.OUTPUT_LAYER_VALUES]:
            with torch.inference_mode():
                return {core.OUTPUT_LAYER_VALUES: self.model(x)[:, self.target].numpy()}
        x.requires_grad_()
        outputs: list[Tensor] = []
        handle = self.layer.register_forward_hook(
            lambda module, given, output: outputs.append(output)
        )
        score = self.model(x)[:, self.target].sum()
        handle.remove()
        if expected_keys == [core.INPUT_OUTPUT_GRADIENTS]:
            (derivatives,) = torch.autograd.grad(score, x)
            return {core.INPUT_OUTPUT_GRADIENTS: derivatives.permute(0, 2, 3, 1).numpy()}
        (derivatives,) = torch.autograd.grad(score, outputs[0])
        return {
            core.CONVOLUTION_LAYER_VALUES: outputs[0].detach().permute(0, 2, 3, 1).numpy(),
            core.CONVOLUTION_OUTPUT_GRADIENTS: derivatives.permute(0, 2, 3, 1).numpy(),
        }

    def mask(self, method: str, **options: Any) -> Tensor:
        values = getattr(self.core, method)().GetMask(self.picture, self.answer, **options)
        mask = torch.from_numpy(np.ascontiguousarray(values))
        return mask.permute(2, 0, 1)[None] if mask.ndim == 3 else mask[None]

    def smoothgrad(self) -> Tensor:
        """PAIR draws from NumPy's global generator; here it gets our noise."""
        random = torch.Generator().manual_seed(0)

        def ours(mean: float, deviation: float, shape: tuple[int, ...]) -> np.ndarray:
            height, width, channels = shape
            noise = torch.randn(channels, height, width, generator=random)
            return mean + deviation * noise.permute(1, 2, 0).numpy()

        with mock.patch.object(np.random, "normal", ours):
            mask = self.core.GradientSaliency().GetSmoothedMask(
                self.picture, self.answer, stdev_spread=LEVEL, nsamples=SAMPLES, magnitude=False
            )
        return torch.from_numpy(mask).permute(2, 0, 1)[None]


def scaled(cam: Tensor) -> Tensor:
    """Return maps that go from 0 to 1."""
    return (cam - cam.min()) / (cam.max() - cam.min())


def occlusion_sum(model: nn.Module, x: Tensor, target: int, patch: int) -> Tensor:
    """Return the sum of the drops over all places that cover a pixel, at stride 1, as PAIR's."""
    swept = occlusion(model, x, patch=patch, stride=1, progress=False)
    drop, total = swept.drop(target), torch.zeros_like(x[0, 0])
    for i, top in enumerate(swept.tops):
        for j, left in enumerate(swept.lefts):
            total[top : top + patch, left : left + patch] += drop[i, j]
    return total


@dataclass(frozen=True)
class Laboratory:
    """Our maps of one picture."""

    model: nn.Module
    x: Tensor
    target: int

    def gradient(self) -> Tensor:
        return gradient(self.model, self.x, self.target)

    def integrated_gradients(self) -> Tensor:
        return integrated_gradients(self.model, self.x, self.target, n_steps=STEPS, progress=False)

    def guided_backprop(self) -> Tensor:
        return guided_backprop(self.model, self.x, self.target)

    def smoothgrad(self) -> Tensor:
        return smoothgrad(
            self.model,
            self.x,
            self.target,
            n_samples=SAMPLES,
            noise_level=LEVEL,
            progress=False,
        )

    def grad_cam(self) -> Tensor:
        return grad_cam(self.model, self.x, self.target, layer=LAYER, resize=False)

    def scaled_grad_cam(self) -> Tensor:
        return scaled(grad_cam(self.model, self.x, self.target, layer=LAYER, resize=True))

    def occlusion(self) -> Tensor:
        swept = occlusion(self.model, self.x, patch=PATCH, stride=PATCH, progress=False)
        return swept.pixel_map(self.target)


def beside_captum(ours: Laboratory) -> Iterator[Comparison]:
    from captum import attr

    model, x, target = ours.model, ours.x, ours.target

    def leaf() -> Tensor:
        return x.clone().requires_grad_()

    def integrated() -> Tensor:
        return attr.IntegratedGradients(model).attribute(
            x, target=target, n_steps=STEPS, method="riemann_middle", internal_batch_size=4
        )

    def cam() -> Tensor:
        maps = attr.LayerGradCam(model, find(model, LAYER)).attribute(
            leaf(), target=target, relu_attributions=True
        )
        return maps[:, 0]

    yield Comparison(
        "gradient",
        "captum",
        ours.gradient,
        lambda: attr.Saliency(model).attribute(leaf(), target=target, abs=False),
    )
    yield Comparison("integrated gradients", "captum", ours.integrated_gradients, integrated)
    yield Comparison(
        "guided backprop",
        "captum",
        ours.guided_backprop,
        lambda: attr.GuidedBackprop(model).attribute(leaf(), target=target),
    )
    yield Comparison(
        "SmoothGrad",
        "captum",
        ours.smoothgrad,
        lambda: captum_smoothgrad(model, x, target, SAMPLES, LEVEL, 0, 4),
    )
    yield Comparison(GRAD_CAM, "captum", ours.grad_cam, cam)
    yield Comparison(
        "occlusion",
        f"captum, stride {PATCH}",
        ours.occlusion,
        lambda: captum_drop(model, x, PATCH, PATCH, target, 4),
    )


def beside_grad_cam(ours: Laboratory) -> Iterator[Comparison]:
    from pytorch_grad_cam import GradCAM, GuidedBackpropReLUModel
    from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

    x, target = ours.x, ours.target
    replaceable = copy.deepcopy(ours.model)  # it puts other ReLUs into the network

    def guided() -> Tensor:
        map_ = GuidedBackpropReLUModel(replaceable, "cpu")(x.clone(), target)
        return torch.from_numpy(map_).permute(2, 0, 1)[None]

    def cam() -> Tensor:
        with GradCAM(ours.model, [find(ours.model, LAYER)]) as method:
            maps = method(x.clone().requires_grad_(), [ClassifierOutputTarget(target)])
        return torch.from_numpy(maps)

    yield Comparison("guided backprop", "grad-cam", ours.guided_backprop, guided)
    yield Comparison(GRAD_CAM, "grad-cam, scaled", ours.scaled_grad_cam, cam)


def beside_saliency(ours: Laboratory) -> Iterator[Comparison]:
    model, x, target = ours.model, ours.x, ours.target
    pair = Pair(model, x, target, find(model, LAYER))
    large = x.shape[-1] - 2  # PAIR slides by one pixel: with a patch this large, to 3 x 3 places
    yield Comparison("gradient", "saliency", ours.gradient, lambda: pair.mask("GradientSaliency"))
    yield Comparison(
        "integrated gradients",
        "saliency, other points",
        ours.integrated_gradients,
        lambda: pair.mask("IntegratedGradients", x_steps=STEPS, batch_size=4),
    )
    yield Comparison("SmoothGrad", "saliency", ours.smoothgrad, pair.smoothgrad)
    yield Comparison(
        GRAD_CAM,
        "saliency",
        ours.grad_cam,
        lambda: pair.mask("GradCam", should_resize=False, three_dims=False),
    )
    yield Comparison(
        "occlusion",
        f"saliency, patch {large}, 3 x 3 places",
        lambda: occlusion_sum(model, x, target, large),
        lambda: pair.mask("Occlusion", size=large)[0, 0],
    )


@dataclass(frozen=True)
class Peer:
    """A library that makes such maps too.

    package: its name for ``import``.
    command: how to get it.
    """

    package: str
    command: str
    comparisons: Callable[[Laboratory], Iterator[Comparison]]

    def is_installed(self) -> bool:
        return importlib.util.find_spec(self.package) is not None


PEERS = {
    "captum": Peer("captum", "pip install captum", beside_captum),
    "grad-cam": Peer("pytorch_grad_cam", "pip install grad-cam", beside_grad_cam),
    "saliency": Peer("saliency", "pip install saliency", beside_saliency),
}


def table(model: nn.Module, x: Tensor, target: int) -> dict[str, dict[str, tuple[Maker, Maker]]]:
    """Return method, then peer: our map, and theirs, made comparable."""
    makers: dict[str, dict[str, tuple[Maker, Maker]]] = {method: {} for method in METHODS}
    for peer in PEERS.values():
        if peer.is_installed():
            for comparison in peer.comparisons(Laboratory(model, x, target)):
                makers[comparison.method][comparison.peer] = comparison.ours, comparison.theirs
    return makers


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--network", default="random_vgg16", choices=NETWORKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu-time", action="store_true", help="for a busy machine; one thread")
    options = parser.parse_args(arguments)
    if options.cpu_time:
        use_cpu_time(options.threads)
    torch.set_num_threads(options.threads)
    device = torch.device("cpu")
    caption, model, x = network_and_picture(options.network, device)
    for name, peer in PEERS.items():
        if not peer.is_installed():
            print(f"{name} is not installed: {peer.command}")
    model.requires_grad_(False)
    with torch.inference_mode():
        target = int(model(x).argmax())
    print(
        f"{caption} CPU, {options.threads} threads, torch {torch.__version__}; {STEPS} steps, "
        f"{SAMPLES} samples, patch {PATCH}."
    )
    print(f"{'method':24}{'peer':36}{'peer, s':>9}{'ours, s':>9}{'ratio':>7}{'difference':>12}")
    with not_in_place(model):
        for method, peers in table(model, x, target).items():
            for name, (ours, theirs) in peers.items():
                spent: list[tuple[float, float]] = []
                for _ in range(options.rounds):
                    slow, expected = measured(theirs, device)
                    quick, got = measured(ours, device)
                    spent.append((slow, quick))
                slow, quick = (statistics.median(both) for both in zip(*spent, strict=True))
                if got.shape != expected.shape:
                    raise AssertionError(f"{method}: {got.shape} is not {expected.shape}")
                difference = float((got - expected.detach()).abs().max() / got.abs().max())
                print(
                    f"{method:24}{name:36}{slow:9.3f}{quick:9.3f}{slow / quick:7.2f}"
                    f"{difference:12.1e}"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
