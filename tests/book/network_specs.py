"""Networks drawn at random, for the tests that compare what is computed of them."""

from __future__ import annotations

from hypothesis import strategies as st

from solutions import networks
from solutions.networks import Spec
from solutions.pooling.tasks.network_shapes import network_shapes


@st.composite
def specs(draw: st.DrawFn) -> Spec:
    """Draw a network that can be computed."""
    whole = st.integers
    spec = [networks.image(draw(whole(1, 4)), draw(whole(6, 20)), draw(whole(6, 20)))]
    for _ in range(draw(whole(0, 5))):
        sides = network_shapes(spec)[-1][1:]
        size, stride = draw(whole(1, min(sides))), draw(whole(1, 4))
        choices = [
            networks.conv(draw(whole(1, 5)), size, stride, draw(whole(0, 2))),
            networks.max_pool(size, stride),
            networks.avg_pool(size, stride),
            networks.adaptive_avg_pool(draw(whole(1, 4))),
            networks.plain("relu"),
            networks.plain("dropout"),
        ]
        spec.append(draw(st.sampled_from(choices)))
    if draw(st.booleans()):
        spec += [networks.plain("flatten"), networks.linear(draw(whole(1, 9)))]
        spec += [networks.plain("relu"), networks.linear(draw(whole(1, 9)))]
    return spec
