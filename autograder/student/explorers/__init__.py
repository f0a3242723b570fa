"""The kinds of explorers that ``explore(fn)`` opens, and their options.

A problem chooses its explorer with the mapping ``Problem.explorer``, which travels in
``checks.npz``. ``kind`` is required, everything else has a default that fits most problems::

    explorer={"kind": "filter", "pictures": ("house", "letter F"), "try": ("Slide ...",)}

Options of every kind:

``try``
    Sentences that say what to try; they stand above the controls. They replace the kind's own.

Options of every kind that has a picture:

``pictures``
    Names from :data:`~autograder.student.explorers.pictures.PICTURES`; the first is shown first.
``size``
    Height and width of the picture in pixels (default 56, for "layer" 40).

The kinds:

``filter``
    ``fn(x, w)`` returns one map. Picture, editable filter with presets, brightness, noise,
    shift, ReLU. ``presets``: filters by name, each a square array or nested lists.
``bank``
    ``fn(x, w)`` returns several maps, shape (K, H', W'). As "filter"; ``titles`` names the maps.
``corner``
    ``fn(x, w1, w2)`` returns one map. Two filters; a slider marks the strongest answers in the
    picture. ``presets`` as in "filter"; ``first`` gives the names of the two filters shown first.
``layer``
    ``fn(x, w, b)`` for images (1, 3, H, W), filters (F, 3, HH, WW) and biases (F,). A color
    picture; every filter is chosen from ``presets`` (arrays (3, HH, WW)) and has a bias.
    ``filters``: how many filters (default 3).
``strided layer``
    ``fn(x, w, b, stride, padding)``. As "layer", with sliders for stride and padding.
``padding``
    ``fn(x, padding)`` for images (1, 1, H, W) returns them with a frame.
``stack``
    ``fn(layers)`` takes (kernel, stride, padding) for each layer and returns (size, jump, start)
    of a receptive field. ``stacks``: layers by the network's name.
``field``
    ``fn(f, x, i, j, h)`` returns a map of the picture's shape. Chooses f among ``functions`` (a
    :class:`autograder.values.Formula` by name, which must keep the picture's size) and a unit.
``values``
    ``fn`` takes and returns numbers. A slider for each parameter, the result, and the last
    tries as a table. ``ranges``: (lowest, highest) for each parameter by name; whole numbers
    give whole steps. Without it the slider goes from 1 to 64.
``shift``
    ``fn(f, x, dy, dx)`` returns a number. Chooses f among ``functions`` (a
    :class:`autograder.values.Formula` by name, which must keep the picture's size); shows the
    picture before and after the shift, f of both, and the number.
``slope``
    ``fn(f, x, h)`` returns the gradient of f at x. Chooses f among ``functions`` of one number
    (a Formula by name); shows the curve and a line with the slope.
``pool backward``
    ``fn(dout, x, size, stride)`` returns the gradient of x, (1, 1, H, W). A picture, the window,
    a choice of upstream gradients. ``size``: of the picture (default 24).
``conv backward``
    ``fn(dout, x, w, stride, padding)`` returns the gradients of picture, filter and bias. As
    "pool backward", with an editable filter; ``presets`` as in "filter", ``size`` (default 16).
``scores``
    ``fn(scores, y)`` returns a loss and the gradient of the scores, (1, K). A slider for each of
    ``classes`` scores (default 4), and the right class.

``pool``
    ``fn(x, size, stride)`` for a batch of one gray picture (1, 1, H, W). Picture, size and stride
    of the window.
``activation``
    ``fn(x)`` returns an array of the shape of x. A map of edges with a bias, before and after.
``network``
    ``fn(spec)`` returns one shape per entry of a small network. Image, filters, padding, stride
    and pooling of the network; the shapes and how many numbers each has.

``columns``
    ``fn(x, height, width, stride, padding)`` returns a matrix. Picture, window, stride, padding.
``uses``
    ``fn(columns, shape, height, width, stride, padding)`` returns a batch. A matrix of ones is
    sent back; the picture shows how often each pixel is used.
``descent``
    ``fn(parameters, gradients, velocities, learning_rate, momentum)`` returns new parameters and
    velocities. Forty steps in a valley, with sliders for learning rate and momentum.

Kinds over a trained network; their options ``network`` and ``pictures`` name files beside
``checks.npz`` (weights of a VGG under torchvision's names; images, masks, labels, classes), and
``mean`` and ``std`` say how a picture from 0 to 1 is normalized:

``layer outputs``
    ``fn(model, x)`` returns a list with one tensor per layer. Picture, layer, channel.
``filter grid``
    ``fn(w, channel, columns)`` returns a picture (H, W) from 0 to 1. Layer, channel, columns.
``occlusion``
    ``fn(model, x, target, patch, stride, fill, batch_size)`` returns a map. Picture, class, patch.
``saliency``
    ``fn(model, x, targets)`` returns maps (N, H, W). Picture, class.
``gradient path``
    ``fn(model, x, target, row, column, step, times)`` returns derivatives (T, 3). Pixel, change.
``smoothgrad``
    ``fn(model, x, target, noise, level)`` returns a gradient (3, H, W). Copies and level of noise.
``grad-cam``
    ``fn(model, x, targets, layer)`` returns maps (N, H', W'). Picture, class, layer.

A kind is a subclass of :class:`~autograder.student.explorers.base.Explorer`. Nothing in this
package knows the answer to a task: every number comes from the student's own function.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from autograder.checks import Checks
from autograder.values import Value

if TYPE_CHECKING:
    from autograder.student.explorers.base import Explorer


def open_explorer(function: Callable[..., Value], checks: Checks) -> Explorer:
    """Return the explorer of a task over ``function``; its ``widget`` can be displayed.

    Loads ipywidgets. Raises KeyError for a kind that does not exist.
    """
    from autograder.student.explorers.kinds import KINDS

    options = dict(checks.explorer or {})
    return KINDS[str(options.pop("kind"))](function, checks, options)
