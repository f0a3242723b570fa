"""SmoothGrad fast enough to follow a slider: on a GPU, a whole map is one launch.

The network is prepared once, and the noise is drawn where it is computed.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from laboratory.batches import batch_starts
from laboratory.chain_gradient import ChainGradient
from laboratory.gradients import noise_deviation
from laboratory.recording import recorded


class LiveSmoothGrad:
    """SmoothGrad of picture after picture, each time with fresh noise.

    What ``gradients.smoothgrad`` estimates, for chains of layers that ``chain_gradient`` knows.
    """

    def __init__(
        self,
        model: nn.Module,
        shape: tuple[int, int, int],
        *,
        samples: int = 50,
        batch_size: int = 64,
        seed: int = 0,
        dtype: torch.dtype = torch.float32,
    ) -> None:
        """Prepare the network and, on a GPU, record the computation.

        shape: of the pictures, (C, H, W).
        seed: of the noise, which is drawn where the network is.
        Other arguments: see ``gradients.smoothgrad``.

        Raises UnsupportedLayerError if the network is no chain of known layers; ValueError if it is
        in training mode, or samples or batch_size are less than 1.
        """
        if samples < 1:
            raise ValueError(f"samples must be at least 1; {samples} was given.")
        batch_starts(samples, batch_size)  # or an error at once
        self._gradients = ChainGradient(model, dtype=dtype)
        device = self._gradients.device
        self._samples, self._batch_size = samples, batch_size
        self._random = torch.Generator(device).manual_seed(seed)
        self._x = torch.zeros(1, *shape, device=device)
        self._deviation = torch.zeros(1, device=device)
        self._label = torch.zeros(1, dtype=torch.long, device=device)
        self._launch = recorded(self._compute, device, self._random)

    def _compute(self) -> tuple[Tensor]:
        total = torch.zeros_like(self._x[0])
        for first in batch_starts(self._samples, self._batch_size):
            count = min(self._batch_size, self._samples - first)
            noise = torch.randn(
                count, *self._x.shape[1:], device=self._x.device, generator=self._random
            )
            noisy = torch.addcmul(self._x, self._deviation, noise)
            total += self._gradients(noisy, self._label.expand(count)).sum(0)
        return (total / self._samples,)

    def __call__(self, x: Tensor, target: int, level: float = 0.2) -> Tensor:
        """Return the mean gradient of noisy copies of a picture, shape (1, C, H, W), signed.

        x: the normalized picture, shape (1, C, H, W).
        target: the class.
        level: standard deviation of the noise, in units of the picture's range max - min.

        Raises ValueError if the picture has another shape than was planned for, or the level is
        negative.
        """
        if x.shape != self._x.shape or level < 0:
            raise ValueError(
                f"This was planned for pictures of shape {tuple(self._x.shape)} and levels of at "
                f"least 0; x has the shape {tuple(x.shape)}, the level is {level}."
            )
        with torch.inference_mode():
            self._x.copy_(x)
            self._label.fill_(target)
            self._deviation.copy_(noise_deviation(self._x, level))
        return (self._launch or self._compute)()[0][None]
