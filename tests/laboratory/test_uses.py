"""Layers that are used several times, and steps that overwrite what a layer gave."""

from __future__ import annotations

import pytest
import torch
import torchvision
from torch import Tensor, nn
from torch.nn import functional

from laboratory import layers
from laboratory.activations import layer_outputs
from laboratory.attribution.fluctuation import fluctuation
from laboratory.attribution.grad_cam import grad_cam
from laboratory.attribution.gradient import gradient
from laboratory.attribution.guided_backprop import guided_backprop
from laboratory.attribution.integrated_gradients import integrated_gradients
from laboratory.attribution.occlusion import occlusion
from laboratory.attribution.smoothgrad import smoothgrad
from laboratory.evaluation import randomized, removal_curve
from tests.laboratory import lab_networks

DOUBLE = torch.float64


def resnet18() -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.resnet18(num_classes=4).to(DOUBLE).eval().requires_grad_(False)


def densenet121() -> nn.Module:
    torch.manual_seed(0)
    return torchvision.models.densenet121(num_classes=4).to(DOUBLE).eval().requires_grad_(False)


def pictures(count: int = 2) -> Tensor:
    return torch.randn(count, 3, 48, 48, generator=torch.Generator().manual_seed(1)).to(DOUBLE)


def by_hand(maps: Tensor, rest: nn.Module, target: int) -> Tensor:
    """Grad-CAM of maps (N, C, H, W), given what comes after them."""
    maps = maps.detach().requires_grad_()
    (slopes,) = torch.autograd.grad(rest(maps.clone())[:, target].sum(), maps)
    return (slopes.mean((2, 3), keepdim=True) * maps.detach()).sum(1).clamp(min=0)


def block_rest(model: nn.Module, given: Tensor, use: int):
    """What follows one use of the ReLU, or the last batch norm (0), of resnet18's last block."""
    block = model.layer4[1]

    def rest(maps: Tensor) -> Tensor:
        if use == 1:
            maps = block.bn2(block.conv2(maps))
        if use < 2:
            maps = (maps + given).relu()
        return model.fc(maps.mean((2, 3)))

    return rest


def before_last_block(model: nn.Module, x: Tensor) -> Tensor:
    x = model.maxpool(model.bn1(model.conv1(x)).relu())
    return model.layer4[0](model.layer3(model.layer2(model.layer1(x)))).detach()


class TestResNet:
    """Blocks use one ReLU twice, and add in place: ``out += identity``."""

    def test_outputs_of_both_uses(self):
        model, x = resnet18(), pictures()
        given = before_last_block(model, x)
        block = model.layer4[1]
        normed = block.bn1(block.conv1(given))
        summed = block.bn2(block.conv2(normed.relu()))
        got = layer_outputs(model, x, batch_size=1)
        for name, expected in (
            ("layer4.1.bn1", normed),
            ("layer4.1.relu#1", normed.relu()),
            ("layer4.1.bn2", summed),
            ("layer4.1.relu#2", (summed + given).relu()),
            ("fc", model(x)),
        ):
            lab_networks.agree(got[name], expected)
        assert "layer4.1.relu" not in got
        assert len(got) == 20 + 20 + 17 + 3  # convolutions, norms, ReLUs, and two poolings and fc
        asked = layer_outputs(model, x, ["layer4.1.relu#2", "layer4.1.bn2"])
        assert torch.equal(asked["layer4.1.relu#2"], got["layer4.1.relu#2"])

    @pytest.mark.parametrize(
        ("layer", "use"), [("layer4.1.bn2", 0), ("layer4.1.relu#1", 1), ("layer4.1.relu#2", 2)]
    )
    def test_grad_cam(self, layer, use):
        model, x = resnet18(), pictures()
        outputs = layer_outputs(model, x, [layer])
        rest = block_rest(model, before_last_block(model, x), use)
        got = grad_cam(model, x, 3, layer=layer, resize=False)
        lab_networks.agree(got, by_hand(outputs[layer], rest, 3))
        assert got.max() > 0

    def test_which_use_has_to_be_said(self):
        model, x = resnet18(), pictures(1)
        for ask in (
            lambda name: grad_cam(model, x, 0, layer=name),
            lambda name: layer_outputs(model, x, [name]),
        ):
            with pytest.raises(ValueError, match=r'several times in a run.*"layer4\.1\.relu#1"'):
                ask("layer4.1.relu")
            with pytest.raises(ValueError, match=r'"layer4\.1\.relu" 2 times in a run'):
                ask("layer4.1.relu#3")
            with pytest.raises(KeyError, match=r'no layer "layer4\.1\.relu#x"'):
                ask("layer4.1.relu#x")
        assert not layers.has_hooks(model)

    def test_against_captum_where_captum_is_right(self):
        from captum.attr import GuidedBackprop, LayerGradCam, Saliency

        model, x = resnet18(), pictures()
        plain = torchvision.models.resnet18(num_classes=4).to(DOUBLE).eval().requires_grad_(False)
        plain.load_state_dict(model.state_dict())
        with layers.not_in_place(plain):
            expected = LayerGradCam(plain, plain.layer3).attribute(x, 1, relu_attributions=True)
            lab_networks.agree(
                grad_cam(model, x, 1, layer="layer3", resize=False), expected[:, 0].detach()
            )
            given = x.clone().requires_grad_()
            expected = Saliency(plain).attribute(given, 1, abs=False)
            lab_networks.agree(gradient(model, x, 1), expected)
            for block in plain.modules():  # Captum guides a module's last use only
                if isinstance(block, torchvision.models.resnet.BasicBlock):
                    separate_relus(block)
            expected = GuidedBackprop(plain).attribute(given, 1)
            lab_networks.agree(guided_backprop(model, x, 1), expected)


def separate_relus(block: nn.Module) -> None:
    """Give a block of resnet18 a module for each ReLU, and let it add out of place."""
    block.first, block.second = nn.ReLU(), nn.ReLU()

    def forward(x: Tensor) -> Tensor:
        shortcut = x if block.downsample is None else block.downsample(x)
        maps = block.bn2(block.conv2(block.first(block.bn1(block.conv1(x)))))
        return block.second(maps + shortcut)

    block.forward = forward


class TestDenseNet:
    """The last ReLU is a function that overwrites what "features" gave."""

    def test_features(self):
        model, x = densenet121(), pictures()
        features = model.features(x).detach()
        assert features.min() < 0
        lab_networks.agree(layer_outputs(model, x, ["features"])["features"], features)

        def rest(maps: Tensor) -> Tensor:
            return model.classifier(maps.relu().mean((2, 3)))

        for name in ("features", "features.norm5"):
            got = grad_cam(model, x, 2, layer=name, resize=False)
            lab_networks.agree(got, by_hand(features, rest, 2))

    def test_guided_backprop_guides_the_function_too(self, monkeypatch):
        model, x = densenet121(), pictures(1)
        got = guided_backprop(model, x, 2)
        # The same network with nothing but layers, of which each guides itself.
        relu = lab_networks.GuidedReLU()
        for name, module in list(model.named_modules()):
            if isinstance(module, nn.ReLU):
                parent, _, child = name.rpartition(".")
                setattr(model.get_submodule(parent), child, relu)
        whole = nn.Sequential(
            model.features, relu, nn.AdaptiveAvgPool2d(1), nn.Flatten(), model.classifier
        )
        lab_networks.agree(got, gradient(whole.eval(), x, 2))
        assert lab_networks.relative(got, gradient(densenet121(), x, 2)) > 0.1


class Mixed(nn.Module):
    """nn.ReLU, and every function that does the same, some in place."""

    def __init__(self, relu: nn.Module | None = None) -> None:
        super().__init__()
        self.convolutions = nn.ModuleList(nn.Conv2d(3, 3, 3, padding=1) for _ in range(6))
        self.layer = nn.ReLU(inplace=True)
        self.last = nn.Linear(3, 5)
        self.relus = (
            [relu] * 6
            if relu
            else [
                self.layer,
                lambda x: functional.relu(x, inplace=True),
                torch.relu,
                lambda x: x.relu(),
                lambda x: x.relu_(),
                functional.relu_,
            ]
        )

    def forward(self, x: Tensor) -> Tensor:
        for convolve, relu in zip(self.convolutions, self.relus, strict=True):
            y = convolve(x)
            relu_of_y = relu(y)
            x = x + relu_of_y
        return self.last(x.mean((2, 3)))


def mixed(relu: nn.Module | None = None) -> Mixed:
    torch.manual_seed(3)
    model = Mixed(relu).to(DOUBLE).eval().requires_grad_(False)
    with torch.no_grad():
        for weights in model.parameters():
            weights.mul_(3)
    return model


class TestFunctions:
    def test_guided_backprop_guides_every_relu(self):
        x = lab_networks.tiny_pictures(2, DOUBLE)
        got = guided_backprop(mixed(), x, 4)
        lab_networks.agree(got, gradient(mixed(lab_networks.GuidedReLU()), x, 4))
        assert lab_networks.relative(got, gradient(mixed(), x, 4)) > 0.1

    @pytest.mark.parametrize("number", range(6))
    def test_what_a_layer_gave_is_not_what_comes_next(self, number):
        x, model = lab_networks.tiny_pictures(2, DOUBLE), mixed()
        name = f"convolutions.{number}"
        maps = before = x
        for step in range(number + 1):
            before = maps
            maps = before + model.convolutions[step](before).relu()
        output = model.convolutions[number](before).detach()
        assert output.min() < 0
        lab_networks.agree(layer_outputs(model, x, [name])[name], output)

        def rest(y: Tensor) -> Tensor:
            y = before.detach() + y.relu()
            for step in range(number + 1, 6):
                y = y + model.convolutions[step](y).relu()
            return model.last(y.mean((2, 3)))

        got = grad_cam(model, x, 1, layer=name, resize=False)
        lab_networks.agree(got, by_hand(output, rest, 1))


class OneReLU(nn.Module):
    """A chain of which all ReLUs are one module."""

    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Conv2d(3, 4, 3, padding=1)
        self.again = nn.Conv2d(4, 4, 3, padding=1)
        self.relu = nn.ReLU(inplace=True)
        self.never = nn.Identity()
        self.last = nn.Linear(4 * 20 * 24, 3)

    def forward(self, x: Tensor) -> Tensor:
        x = self.relu(self.first(x))
        x = self.relu(self.again(self.relu(self.again(x))))
        return self.last(torch.flatten(x, 1))


def one_relu(dtype: torch.dtype = DOUBLE) -> OneReLU:
    torch.manual_seed(0)
    return OneReLU().to(dtype).eval().requires_grad_(False)


class TestChain:
    def test_names_stand_for_uses(self):
        model, x = one_relu(), lab_networks.tiny_pictures(2, DOUBLE)
        got = layer_outputs(model, x)
        assert [*got] == [layer.name for layer in layers.chain(model) if layer.path]
        maps = model.first(x)
        for convolution, relu in (("1_1", "1_1"), ("1_2", "1_2"), ("1_3", "1_3")):
            lab_networks.agree(got[f"conv{convolution}"], maps)
            lab_networks.agree(got[f"relu{relu}"], maps.relu())
            maps = model.again(maps.relu())
        by_path = layer_outputs(model, x, ["relu#2", "again#2"])
        assert torch.equal(by_path["relu#2"], got["relu1_2"])
        assert torch.equal(by_path["again#2"], got["conv1_3"])

    def test_grad_cam(self):
        model, x = one_relu(), lab_networks.tiny_pictures(2, DOUBLE)

        def rest(maps: Tensor) -> Tensor:
            return model.last(model.again(maps).relu().flatten(1))

        maps = layer_outputs(model, x, ["relu1_2"])["relu1_2"]
        got = grad_cam(model, x, 1, layer="relu1_2", resize=False)
        lab_networks.agree(got, by_hand(maps, rest, 1))

    def test_a_layer_that_is_not_used(self):
        model, x = one_relu(), lab_networks.tiny_pictures(1, DOUBLE)
        with pytest.raises(ValueError, match='"never" 0 times'):
            grad_cam(model, x, 1, layer="never")
        with pytest.raises(ValueError, match='"never" 0 times'):
            layer_outputs(model, x, ["never"])

    def test_a_shared_layer_is_made_random_once(self):
        model = one_relu()
        steps = [
            (
                name,
                {
                    key
                    for key, value in changed.state_dict().items()
                    if key.endswith("weight") and not torch.equal(value, model.state_dict()[key])
                },
            )
            for name, changed in randomized(model)
        ]
        assert steps == [
            ("fc1", {"last.weight"}),
            ("conv1_3", {"last.weight", "again.weight"}),
            ("conv1_1", {"last.weight", "again.weight", "first.weight"}),
        ]

    def test_a_layer_that_gives_no_tensor(self):
        class Split(nn.Module):
            def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
                return x, -x

        class Whole(nn.Module):
            def __init__(self) -> None:
                super().__init__()
                self.split = Split()

            def forward(self, x: Tensor) -> Tensor:
                x, y = self.split(x)
                return (x * y).mean((2, 3))

        x = lab_networks.tiny_pictures(1)
        with pytest.raises(ValueError, match='"split" gives a tuple'):
            layer_outputs(Whole().eval(), x, ["split"])
        assert layer_outputs(Whole().eval(), x[:1]) == {}


METHODS = {
    "gradient": lambda model, x: gradient(model, x, 1),
    "guided_backprop": lambda model, x: guided_backprop(model, x, 1),
    "grad_cam": lambda model, x: grad_cam(model, x, 1, layer=list_convolutions(model)[1]),
    "integrated_gradients": lambda model, x: integrated_gradients(
        model, x, 1, n_steps=3, progress=False
    ),
    "fluctuation": lambda model, x: fluctuation(model, x, 1, pixel=(3, 4), points=5).derivatives,
    "removal_curve": lambda model, x: removal_curve(model, x, 1, x[0, 0], steps=5),
    "smoothgrad": lambda model, x: smoothgrad(model, x, 1, n_samples=3, progress=False),
    "occlusion": lambda model, x: occlusion(model, x, patch=10, stride=7, progress=False).logits,
    "layer_outputs": lambda model, x: [*layer_outputs(model, x).values()][1],
}


def list_convolutions(model: nn.Module) -> list[str]:
    return [path for path, module in model.named_modules() if isinstance(module, nn.Conv2d)]


class Overwriting(nn.Module):
    """Overwrites the picture that it is given, or not."""

    def __init__(self, in_place: bool) -> None:
        super().__init__()
        self.rest = mixed()
        self.in_place = in_place

    def forward(self, x: Tensor) -> Tensor:
        return self.rest(x.sub_(0.5) if self.in_place else x - 0.5)


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
class TestAllMethods:
    @pytest.mark.parametrize("make", [lambda: lab_networks.tiny(DOUBLE), mixed])
    def test_pictures_made_under_inference_mode(self, method, make):
        model, x = make(), lab_networks.tiny_pictures(1, DOUBLE)
        expected = method(model, x)
        with torch.inference_mode():
            made_there = x.clone()
            called_there = method(model, made_there)
        assert made_there.is_inference()
        lab_networks.agree(method(model, made_there), expected)
        lab_networks.agree(called_there, expected)

    def test_a_network_that_overwrites_its_picture(self, method):
        x = lab_networks.tiny_pictures(1, DOUBLE)
        before = x.clone()
        got = method(Overwriting(True).eval(), x)
        assert torch.equal(x, before)
        lab_networks.agree(got, method(Overwriting(False).eval(), x))


def test_networks_made_under_inference_mode():
    with torch.inference_mode():
        model = mixed()
    with pytest.raises(ValueError, match=r"made under torch\.inference_mode"):
        gradient(model, lab_networks.tiny_pictures(1, DOUBLE), 1)
