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
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import torch
from torch import Tensor, nn

from benchmarks.laboratory.occlusion import captum_drop, measured, network_and_picture, use_cpu_time
from benchmarks.laboratory.smoothgrad import captum_smoothgrad
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.layers import find, not_in_place

PACKAGES = {
    "captum": ("captum", "pip install captum"),
    "grad-cam": ("pytorch_grad_cam", "pip install grad-cam"),
    "saliency": ("saliency", "pip install saliency"),
}
"""Import name of each peer, and how to get it."""

STEPS, SAMPLES, LEVEL, PATCH = 50, 16, 0.2, 32

Maker = Callable[[], Tensor]


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
        kept: list[Tensor] = []
        handle = self.layer.register_forward_hook(lambda module, given, result: kept.append(result))
        score = self.model(x)[:, self.target].sum()
        handle.remove()
        if expected_keys == [core.INPUT_OUTPUT_GRADIENTS]:
            (found,) = torch.autograd.grad(score, x)
            return {core.INPUT_OUTPUT_GRADIENTS: found.permute(0, 2, 3, 1).numpy()}
        (found,) = torch.autograd.grad(score, kept[0])
        return {
            core.CONVOLUTION_LAYER_VALUES: kept[0].detach().permute(0, 2, 3, 1).numpy(),
            core.CONVOLUTION_OUTPUT_GRADIENTS: found.permute(0, 2, 3, 1).numpy(),
        }

    def mask(self, method: str, **options: Any) -> Tensor:
        found = getattr(self.core, method)().GetMask(self.picture, self.answer, **options)
        found = torch.from_numpy(np.ascontiguousarray(found))
        return found.permute(2, 0, 1)[None] if found.ndim == 3 else found[None]

    def smoothgrad(self) -> Tensor:
        """PAIR draws from NumPy's global generator; here it gets our noise."""
        random = torch.Generator().manual_seed(0)

        def ours(mean: float, deviation: float, shape: tuple[int, ...]) -> np.ndarray:
            height, width, channels = shape
            noise = torch.randn(channels, height, width, generator=random)
            return mean + deviation * noise.permute(1, 2, 0).numpy()

        with mock.patch.object(np.random, "normal", ours):
            found = self.core.GradientSaliency().GetSmoothedMask(
                self.picture, self.answer, stdev_spread=LEVEL, nsamples=SAMPLES, magnitude=False
            )
        return torch.from_numpy(found).permute(2, 0, 1)[None]


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


def table(model: nn.Module, x: Tensor, target: int) -> dict[str, dict[str, tuple[Maker, Maker]]]:
    """Return method, then peer: our map, and theirs, made comparable."""
    size = x.shape[-1]
    name = "relu5_3"
    layer = find(model, name)
    quiet: dict[str, Any] = {"progress": False}

    def ours_cam(resize: bool) -> Tensor:
        return grad_cam(model, x, target, layer=name, resize=resize)

    def ours_smoothgrad() -> Tensor:
        return smoothgrad(model, x, target, n_samples=SAMPLES, noise_level=LEVEL, **quiet)

    def ours_integrated() -> Tensor:
        return integrated_gradients(model, x, target, n_steps=STEPS, **quiet)

    def ours_occlusion() -> Tensor:
        return occlusion(model, x, patch=PATCH, stride=PATCH, **quiet).pixel_map(target)

    makers: dict[str, dict[str, tuple[Maker, Maker]]] = {
        "gradient": {},
        "integrated gradients": {},
        "guided backprop": {},
        "SmoothGrad": {},
        f"Grad-CAM at {name}": {},
        "occlusion": {},
    }
    grad, integrated, guided, smooth, cam, occluded = makers.values()

    def ours_gradient() -> Tensor:
        return gradient(model, x, target)

    def ours_guided() -> Tensor:
        return guided_backprop(model, x, target)

    if importlib.util.find_spec("captum"):
        from captum import attr

        def leaf() -> Tensor:
            return x.clone().requires_grad_()

        grad["captum"] = (
            ours_gradient,
            lambda: attr.Saliency(model).attribute(leaf(), target=target, abs=False),
        )
        integrated["captum"] = (
            ours_integrated,
            lambda: attr.IntegratedGradients(model).attribute(
                x, target=target, n_steps=STEPS, method="riemann_middle", internal_batch_size=4
            ),
        )
        guided["captum"] = (
            ours_guided,
            lambda: attr.GuidedBackprop(model).attribute(leaf(), target=target),
        )
        smooth["captum"] = (
            ours_smoothgrad,
            lambda: captum_smoothgrad(model, x, target, SAMPLES, LEVEL, 0, 4),
        )
        cam["captum"] = (
            lambda: ours_cam(False),
            lambda: attr.LayerGradCam(model, layer).attribute(
                leaf(), target=target, relu_attributions=True
            )[:, 0],
        )
        occluded[f"captum, stride {PATCH}"] = (
            ours_occlusion,
            lambda: captum_drop(model, x, PATCH, PATCH, target, 4),
        )
    if importlib.util.find_spec("pytorch_grad_cam"):
        from pytorch_grad_cam import GradCAM, GuidedBackpropReLUModel
        from pytorch_grad_cam.utils.model_targets import ClassifierOutputTarget

        def theirs_cam() -> Tensor:
            with GradCAM(model, [layer]) as one:
                return torch.from_numpy(
                    one(x.clone().requires_grad_(), [ClassifierOutputTarget(target)])
                )

        replaceable = copy.deepcopy(model)  # it puts other ReLUs into the network

        def theirs_guided() -> Tensor:
            map_ = GuidedBackpropReLUModel(replaceable, "cpu")(x.clone(), target)
            return torch.from_numpy(map_).permute(2, 0, 1)[None]

        cam["grad-cam, scaled"] = (lambda: scaled(ours_cam(True)), theirs_cam)
        guided["grad-cam"] = (ours_guided, theirs_guided)
    if importlib.util.find_spec("saliency"):
        pair = Pair(model, x, target, layer)
        few = size - 2  # PAIR slides by one pixel: with a patch this large, to 3 x 3 places
        grad["saliency"] = (ours_gradient, lambda: pair.mask("GradientSaliency"))
        integrated["saliency, other points"] = (
            ours_integrated,
            lambda: pair.mask("IntegratedGradients", x_steps=STEPS, batch_size=4),
        )
        smooth["saliency"] = (ours_smoothgrad, pair.smoothgrad)
        cam["saliency"] = (
            lambda: ours_cam(False),
            lambda: pair.mask("GradCam", should_resize=False, three_dims=False),
        )
        occluded[f"saliency, patch {few}, 3 x 3 places"] = (
            lambda: occlusion_sum(model, x, target, few),
            lambda: pair.mask("Occlusion", size=few)[0, 0],
        )
    return makers


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument(
        "--network",
        default="random_vgg16",
        choices=["random_vgg16", "vgg16", "small_vgg", "small_vgg_noise"],
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--cpu-time", action="store_true", help="for a busy machine; one thread")
    options = parser.parse_args(arguments)
    if options.cpu_time:
        use_cpu_time(options.threads)
    torch.set_num_threads(options.threads)
    device = torch.device("cpu")
    caption, model, x = network_and_picture(options.network, device)
    for peer, (package, command) in PACKAGES.items():
        if not importlib.util.find_spec(package):
            print(f"{peer} is not installed: {command}")
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
            for peer, (ours, theirs) in peers.items():
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
                    f"{method:24}{peer:36}{slow:9.3f}{quick:9.3f}{slow / quick:7.2f}"
                    f"{difference:12.1e}"
                )


if __name__ == "__main__":
    main(sys.argv[1:])
