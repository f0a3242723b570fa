"""Wrong answers to the exercise on visualization."""

import math

import numpy as np
import torch

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "overwritten_by_the_next_relu",
    Kind.OWN,
    "The ReLU that follows overwrites the output that you have kept. Keep a copy.",
)
def layer_outputs(model, x):
    outputs = []
    with torch.no_grad():
        for layer in model:
            x = layer(x)
            outputs.append(x)
    return outputs


@wrong(
    "each_layer_sees_the_picture",
    Kind.STOPS,
    "Every layer is given the picture. It needs what the layer before has made.",
)
def layer_outputs(model, x):
    outputs = []
    with torch.no_grad():
        for layer in model:
            outputs.append(layer(x).clone())
    return outputs


@wrong(
    "input_in_the_list",
    Kind.OWN,
    "The list begins with the picture itself. There is one entry per layer.",
    Form.OTHER,
)
def layer_outputs(model, x):
    with torch.no_grad():
        result = [x.clone()]
        for i in range(len(model)):
            result.append(model[i](result[-1].clone()))
    return result


@wrong(
    "network_up_to_the_layer_before",
    Kind.POSITIONS,
    "`model[:i]` ends before layer i: the first entry is the picture, and the last layer is "
    "missing.",
    Form.OTHER,
)
def layer_outputs(model, x):
    with torch.no_grad():
        return [model[:i](x.clone()) for i in range(len(model))]


@wrong(
    "copy_before_the_layer_of_one_tensor",
    Kind.SEVERAL,
    "`detach` makes no copy, so the next ReLU overwrites what you kept. And the outputs are to be "
    "a list of tensors, not their means.",
    Form.TWO,
)
def layer_outputs(model, x):
    kept = []
    out = x.clone()
    for layer in model:
        out = layer(out)
        kept.append(out.detach())
    return [k.mean(dim=0, keepdim=True) for k in kept]


@wrong(
    "line_behind_every_slice",
    Kind.POSITIONS,
    "Lines lie *between* the slices: there is one less than slices in a row.",
)
def filter_grid(w, channel, columns):
    F, C, HH, WW = w.shape
    rows = math.ceil(F / columns)
    picture = torch.zeros(rows * (HH + 1), columns * (WW + 1))
    for f in range(F):
        s = w[f, channel]
        low, high = s.min(), s.max()
        if high > low:
            r, c = divmod(f, columns)
            picture[r * (HH + 1) : r * (HH + 1) + HH, c * (WW + 1) : c * (WW + 1) + WW] = (
                s - low
            ) / (high - low)
    return picture


@wrong(
    "nan_for_equal_numbers",
    Kind.NUMBERS,
    "A slice whose numbers are all equal gives 0 / 0. It should become 0.",
)
def filter_grid(w, channel, columns):
    F, _, h, k = w.shape
    rows = -(-F // columns)
    grid = torch.zeros((rows * h + rows - 1, columns * k + columns - 1))
    for number in range(F):
        i, j = number // columns, number % columns
        part = w[number, channel]
        part = (part - part.min()) / (part.max() - part.min())
        grid[i * (h + 1) : i * (h + 1) + h, j * (k + 1) : j * (k + 1) + k] = part
    return grid


@wrong(
    "row_that_is_not_full_left_out",
    Kind.POSITIONS,
    "`F // columns` forgets the last row when it is not full. A row that is not full is a row.",
)
def filter_grid(w, channel, columns):
    F, C, HH, WW = w.shape
    rows = F // columns
    out = torch.zeros(rows * HH + rows - 1, columns * WW + columns - 1)
    for r in range(rows):
        for c in range(columns):
            s = w[r * columns + c, channel]
            span = s.max() - s.min()
            tile = (s - s.min()) / span if span > 0 else torch.zeros_like(s)
            out[r * (HH + 1) : r * (HH + 1) + HH, c * (WW + 1) : c * (WW + 1) + WW] = tile
    return out


@wrong(
    "stretched_together",
    Kind.OWN,
    "All slices are stretched by the same numbers. Each has its own smallest and largest.",
    Form.OTHER,
)
def filter_grid(w, channel, columns):
    slices = w[:, channel]
    low, high = slices.min(), slices.max()
    slices = (slices - low) / (high - low) if high > low else slices * 0
    F, HH, WW = slices.shape
    rows = (F + columns - 1) // columns
    out = torch.zeros(rows * (HH + 1) - 1, columns * (WW + 1) - 1)
    for f, s in enumerate(slices):
        top, left = f // columns * (HH + 1), f % columns * (WW + 1)
        out[top : top + HH, left : left + WW] = s
    return out


@wrong(
    "filled_downward_and_square",
    Kind.SEVERAL,
    "The first *row* is filled first; yours fills the first column. And the width of a slice is "
    "taken from its height.",
    Form.TWO,
)
def filter_grid(w, channel, columns):
    F, C, K, _ = w.shape
    rows = -(-F // columns)
    out = torch.zeros(rows * (K + 1) - 1, columns * (K + 1) - 1)
    for f in range(F):
        c, r = divmod(f, rows)
        s = w[f, channel].double()
        s = s - s.min()
        if s.max() > 0:
            s = s / s.max()
        out[r * (K + 1) : r * (K + 1) + K, c * (K + 1) : c * (K + 1) + K] = s
    return out


@wrong(
    "patches_pile_up",
    Kind.OWN,
    "Every picture begins where the one before has ended, with its patches. Begin with a copy of "
    "the picture.",
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    C, H, W = x.shape
    places = [
        (i, j) for i in range(0, H - patch + 1, stride) for j in range(0, W - patch + 1, stride)
    ]
    x = x.clone()
    scores = []
    for start in range(0, len(places), batch_size):
        batch = []
        for i, j in places[start : start + batch_size]:
            x[:, i : i + patch, j : j + patch] = fill
            batch.append(x.clone())
        with torch.no_grad():
            scores.append(model(torch.stack(batch))[:, target])
    return torch.cat(scores).reshape((H - patch) // stride + 1, (W - patch) // stride + 1)


@wrong(
    "one_call_per_position",
    Kind.STOPS,
    "The network is called once per position. Put `batch_size` pictures into each call.",
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    H, W = x.shape[1:]
    rows = (H - patch) // stride + 1
    cols = (W - patch) // stride + 1
    result = torch.zeros(rows, cols)
    with torch.no_grad():
        for i in range(rows):
            for j in range(cols):
                hidden = x.clone()
                hidden[:, i * stride : i * stride + patch, j * stride : j * stride + patch] = fill
                result[i, j] = model(hidden[None])[0, target]
    return result


@wrong(
    "last_batch_forgotten",
    Kind.POSITIONS,
    "The last batch, which is not full, never goes through the network.",
    Form.OTHER,
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    C, H, W = x.shape
    rows, cols = (H - patch) // stride + 1, (W - patch) // stride + 1
    batch, scores = [], []
    for i in range(rows):
        for j in range(cols):
            copy = x.clone()
            copy[:, i * stride : i * stride + patch, j * stride : j * stride + patch] = fill
            batch.append(copy)
            if len(batch) == batch_size:
                with torch.no_grad():
                    scores += model(torch.stack(batch))[:, target].tolist()
                batch = []
    result = torch.zeros(rows * cols)
    result[: len(scores)] = torch.tensor(scores)
    return result.reshape(rows, cols)


@wrong(
    "patch_over_the_border_and_softmax",
    Kind.SEVERAL,
    "The patch hangs over the border at the last places; it has to stay inside. And the score "
    "itself is asked for, without softmax.",
    Form.TWO,
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    C, H, W = x.shape
    pictures = []
    for i in range(0, H, stride):
        for j in range(0, W, stride):
            p = x.clone()
            p[:, i : i + patch, j : j + patch] = fill
            pictures.append(p)
    pictures = torch.stack(pictures)
    with torch.no_grad():
        out = torch.cat([model(part).softmax(1) for part in pictures.split(batch_size)])
    return out[:, target].reshape(len(range(0, H, stride)), len(range(0, W, stride)))


@wrong(
    "first_channel_hidden",
    Kind.ONE_RESULT,
    "The patch covers the first channel only. It hides all channels.",
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    H, W = x.shape[1], x.shape[2]
    tops = list(range(0, H - patch + 1, stride))
    lefts = list(range(0, W - patch + 1, stride))
    batch = x.repeat(len(tops) * len(lefts), 1, 1, 1)
    k = 0
    for t in tops:
        for m in lefts:
            batch[k, 0, t : t + patch, m : m + patch] = fill
            k += 1
    with torch.no_grad():
        scores = torch.cat([model(b)[:, target] for b in torch.split(batch, batch_size)])
    return scores.view(len(tops), len(lefts))


@wrong(
    "width_before_height",
    Kind.SQUARE,
    "`x.shape` is (C, H, W): the height comes before the width.",
    Form.OTHER,
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    C, W, H = x.shape
    rows = (H - patch) // stride + 1
    cols = (W - patch) // stride + 1
    hidden = x.unsqueeze(0).repeat(rows * cols, 1, 1, 1)
    for n in range(rows * cols):
        i, j = n // cols * stride, n % cols * stride
        hidden[n, :, i : i + patch, j : j + patch] = fill
    scores = []
    with torch.no_grad():
        for start in range(0, len(hidden), batch_size):
            scores.append(model(hidden[start : start + batch_size])[:, target])
    return torch.cat(scores).reshape(rows, cols)


@wrong(
    "gradients_of_earlier_calls",
    Kind.OWN,
    "`backward` adds to the gradient that the picture brings along. Work on a copy of your own.",
)
def saliency_map(model, x, targets):
    x.requires_grad_()
    scores = model(x)
    scores[torch.arange(len(x)), targets].sum().backward()
    return x.grad.abs().amax(dim=1)


@wrong(
    "columns_of_all_targets",
    Kind.OWN,
    "`scores[:, targets]` takes the classes of all pictures from every row. Each picture has a "
    "class of its own.",
)
def saliency_map(model, x, targets):
    pictures = x.clone().detach().requires_grad_()
    score = model(pictures)[:, targets].sum()
    (grad,) = torch.autograd.grad(score, pictures)
    return grad.abs().max(dim=1).values


@wrong(
    "sign_lost_too_late",
    Kind.OWN,
    "The largest derivative is taken before the absolute value: a large negative one is lost.",
    Form.OTHER,
)
def saliency_map(model, x, targets):
    x = x.detach().clone().requires_grad_(True)
    picked = model(x).gather(1, targets.view(-1, 1))
    gradient = torch.autograd.grad(picked.sum(), x)[0]
    return gradient.max(dim=1)[0].abs()


@wrong(
    "squeezed_pictures",
    Kind.BATCH,
    "`squeeze` removes the batch axis of a single picture.",
)
def saliency_map(model, x, targets):
    x = x.clone().detach()
    x.requires_grad_()
    out = model(x)
    s = out[range(len(targets)), targets].sum()
    grad = torch.autograd.grad(s, x)[0]
    return grad.abs().amax(dim=1).squeeze()


@wrong(
    "softmax_and_mean_of_the_channels",
    Kind.SEVERAL,
    "Take the scores as they come, without softmax. And of the channels the largest absolute value "
    "is asked for, not the mean.",
    Form.TWO,
)
def saliency_map(model, x, targets):
    inputs = x.clone().detach().requires_grad_()
    probabilities = torch.softmax(model(inputs), dim=1)
    total = sum(probabilities[n, t] for n, t in enumerate(targets))
    grads = torch.autograd.grad(total, inputs)[0]
    return grads.abs().mean(dim=1)


@wrong(
    "several_numbers_differentiated",
    Kind.STOPS,
    "Only a single number can be differentiated. Add the scores up.",
)
def saliency_map(model, x, targets):
    x = x.clone().detach().requires_grad_()
    scores = model(x)
    own = scores[torch.arange(x.shape[0]), targets]
    grad = torch.autograd.grad(own, x)[0]
    return grad.abs().amax(1)


@wrong(
    "mean_of_the_scores",
    Kind.FORMULA,
    "`mean` divides every derivative by the number of pictures. Take the sum.",
)
def saliency_map(model, x, targets):
    x = x.clone().detach().requires_grad_()
    loss = model(x)[torch.arange(len(x)), targets].mean()
    g = torch.autograd.grad(loss, x)[0]
    return torch.max(torch.abs(g), dim=1)[0]


@wrong(
    "steps_pile_up",
    Kind.OWN,
    "Each picture is made from the one before. All are made from `x`: x + t * step.",
    Form.OTHER,
)
def gradient_path(model, x, target, row, column, step, times):
    result = []
    picture = x.clone()
    for t in times:
        picture = picture + t * step
        p = picture.detach().clone().unsqueeze(0).requires_grad_()
        g = torch.autograd.grad(model(p)[0, target], p)[0]
        result.append(g[0, :, row, column])
    return torch.stack(result)


@wrong(
    "row_and_column_exchanged",
    Kind.SQUARE,
    "The row is the first of the two places: `[row, column]`.",
)
def gradient_path(model, x, target, row, column, step, times):
    batch = (x + times[:, None, None, None] * step).detach().requires_grad_()
    grad = torch.autograd.grad(model(batch)[:, target].sum(), batch)[0]
    return grad[:, :, column, row]


@wrong(
    "times_without_axes",
    Kind.STOPS,
    "The times have shape (T,), and NumPy and PyTorch line that up with the width. They need three "
    "more axes.",
)
def gradient_path(model, x, target, row, column, step, times):
    pictures = x + times * step
    pictures = pictures.clone().detach().requires_grad_()
    scores = model(pictures)[:, target]
    grads = torch.autograd.grad(scores.sum(), pictures)[0]
    return grads[:, :, row, column]


@wrong(
    "mean_score_channels_first",
    Kind.SEVERAL,
    "Add the scores up: the mean divides by the number of times. And the result has the times "
    "first, then the channels.",
    Form.TWO,
)
def gradient_path(model, x, target, row, column, step, times):
    batch = torch.stack([x + t * step for t in times]).requires_grad_()
    grad = torch.autograd.grad(model(batch)[:, target].mean(), batch)[0]
    return grad[:, :, row, column].T


@wrong(
    "derivative_along_the_step",
    Kind.FORMULA,
    "You multiply the derivatives by the step, as if t were the variable. They are taken by the "
    "pixel.",
    Form.OTHER,
)
def gradient_path(model, x, target, row, column, step, times):
    rows = []
    for t in times.tolist():
        p = (x + t * step)[None].detach().requires_grad_()
        (g,) = torch.autograd.grad(model(p)[0, target], p)
        rows.append((g * step)[0, :, row, column])
    return torch.stack(rows)


@wrong(
    "absolute_gradients",
    Kind.OWN,
    "The signs are lost before averaging. Opposite gradients are to cancel.",
)
def smoothgrad(model, x, target, noise, level):
    sigma = level * (x.max() - x.min())
    total = torch.zeros_like(x)
    for e in noise:
        p = (x + sigma * e).detach()[None].requires_grad_()
        total += torch.autograd.grad(model(p)[0, target], p)[0][0].abs()
    return total / len(noise)


@wrong(
    "level_as_it_is",
    Kind.FORMULA,
    "The noise is as strong for every picture. It follows the range: level * (max - min).",
)
def smoothgrad(model, x, target, noise, level):
    batch = (x[None] + level * noise).detach().requires_grad_()
    grad = torch.autograd.grad(model(batch)[:, target].sum(), batch)[0]
    return grad.mean(dim=0)


@wrong(
    "gradients_not_divided",
    Kind.FORMULA,
    "The gradients are added up; divide by their number.",
)
def smoothgrad(model, x, target, noise, level):
    std = level * (x.max() - x.min()).item()
    result = torch.zeros(x.shape)
    for k in range(noise.shape[0]):
        noisy = x + std * noise[k]
        noisy = noisy.clone().detach().unsqueeze(0).requires_grad_()
        score = model(noisy)[0][target]
        result = result + torch.autograd.grad(score, noisy)[0].squeeze(0)
    return result


@wrong(
    "divided_twice_and_largest_only",
    Kind.SEVERAL,
    "The mean of the scores and the mean of the gradients: you divide by n twice. And the range is "
    "the largest number minus the smallest.",
    Form.TWO,
)
def smoothgrad(model, x, target, noise, level):
    noisy = x.unsqueeze(0) + level * x.max() * noise
    noisy = noisy.detach().requires_grad_(True)
    out = model(noisy)[:, target].mean()
    g = torch.autograd.grad(out, noisy)[0]
    return torch.mean(g, dim=0)


@wrong(
    "gradient_of_the_mean_picture",
    Kind.OWN,
    "You average the pictures and take one gradient. Average the gradients of the noisy pictures.",
    Form.OTHER,
)
def smoothgrad(model, x, target, noise, level):
    sigma = level * (x.max() - x.min())
    blurred = (x + sigma * noise).mean(dim=0, keepdim=True).detach().requires_grad_()
    score = model(blurred)[0, target]
    return torch.autograd.grad(score, blurred)[0][0]


@wrong(
    "sum_over_the_positions",
    Kind.FORMULA,
    "A weight is the mean over the positions, not the sum.",
)
def grad_cam(model, x, targets, layer):
    a = model[: layer + 1](x).detach().requires_grad_()
    scores = model[layer + 1 :](a.clone())
    own = scores[torch.arange(len(x)), targets].sum()
    d = torch.autograd.grad(own, a)[0]
    weights = d.sum(dim=(2, 3), keepdim=True)
    return torch.relu((weights * a).sum(dim=1)).detach()


@wrong(
    "cut_one_layer_early",
    Kind.POSITIONS,
    "`model[:layer]` ends before the layer: the maps are those of the layer before it.",
    Form.OTHER,
)
def grad_cam(model, x, targets, layer):
    first, second = model[:layer], model[layer:]
    maps = first(x).detach().clone().requires_grad_()
    scores = second(maps.clone())
    total = scores.gather(1, targets[:, None]).sum()
    grads = torch.autograd.grad(total, maps)[0]
    weights = grads.mean(dim=(2, 3))
    cam = torch.einsum("nd,ndij->nij", weights, maps)
    return cam.clamp(min=0).detach()


@wrong(
    "leaf_overwritten",
    Kind.STOPS,
    "The second part begins with a ReLU that overwrites your maps, which want gradients. Give it "
    "a copy.",
)
def grad_cam(model, x, targets, layer):
    A = model[: layer + 1](x).detach().requires_grad_()
    score = model[layer + 1 :](A)[range(len(x)), targets].sum()
    dA = torch.autograd.grad(score, A)[0]
    w = dA.mean((2, 3), keepdim=True)
    return (w * A).sum(1).clamp(0).detach()


@wrong(
    "relu_before_the_sum_and_mean_of_channels",
    Kind.SEVERAL,
    "ReLU comes after the channels are added, so that negative ones can cancel. And the channels "
    "are added, not averaged.",
    Form.TWO,
)
def grad_cam(model, x, targets, layer):
    with torch.no_grad():
        maps = model[: layer + 1](x).clone()
    maps.requires_grad_()
    out = model[layer + 1 :](maps * 1)
    picked = torch.stack([out[n, targets[n]] for n in range(len(targets))])
    gradient = torch.autograd.grad(picked.sum(), maps)[0]
    alpha = gradient.mean(dim=3).mean(dim=2)
    weighted = torch.relu(alpha[:, :, None, None] * maps)
    return weighted.mean(dim=1).detach()


@wrong(
    "weights_of_the_whole_batch",
    Kind.BATCH,
    "The weights are averaged over the pictures, too. Each picture has weights of its own.",
    Form.OTHER,
)
def grad_cam(model, x, targets, layer):
    A = model[: layer + 1](x).detach().clone().requires_grad_()
    scores = model[layer + 1 :](A.clone())
    s = scores[torch.arange(len(targets)), targets].sum()
    (g,) = torch.autograd.grad(s, A)
    weights = g.mean(dim=(0, 2, 3))
    cam = (weights[None, :, None, None] * A).sum(dim=1)
    return torch.nn.functional.relu(cam).detach()


@wrong(
    "negative_sums_kept",
    Kind.FORMULA,
    "Negative sums have to become 0: we look for what speaks for the class.",
)
def grad_cam(model, x, targets, layer):
    a = model[: layer + 1](x).detach().requires_grad_()
    scores = model[layer + 1 :](a.clone())
    d = torch.autograd.grad(scores[torch.arange(len(x)), targets].sum(), a)[0]
    return (d.mean(dim=(2, 3), keepdim=True) * a).sum(dim=1).detach()


@wrong(
    "largest_of_all_maps",
    Kind.OWN,
    "`argmax` without an axis looks through all maps at once. Each map has its own largest number.",
)
def pointing_game(maps, masks):
    place = maps.argmax()
    hits = masks.flatten()[place]
    return float(hits)


@wrong(
    "every_largest_place",
    Kind.OWN,
    "Where a map is largest at several places, only the first counts; you count a hit at any.",
    Form.OTHER,
)
def pointing_game(maps, masks):
    hits = 0
    for m, k in zip(maps, masks):
        if (k & (m == m.max())).any():
            hits += 1
    return hits / len(maps)


@wrong(
    "number_of_hits",
    Kind.FORMULA,
    "The share is asked for: divide the number of hits by the number of maps.",
)
def pointing_game(maps, masks):
    count = 0
    for n in range(maps.shape[0]):
        i = maps[n].flatten().argmax()
        if masks[n].flatten()[i]:
            count += 1
    return count


@wrong(
    "height_for_the_width_and_first_map",
    Kind.SEVERAL,
    "A row holds W numbers: divide the place by the width, not the height. And the mask of the "
    "first picture is used for all.",
    Form.TWO,
)
def pointing_game(maps, masks):
    N, H, W = maps.shape
    hits = []
    for n in range(N):
        k = int(maps[n].argmax())
        row, col = k // H, k % H
        hits.append(bool(masks[0][min(row, H - 1), min(col, W - 1)]))
    return float(np.mean(hits))


@wrong(
    "row_and_column_exchanged",
    Kind.SQUARE,
    "The mask is asked at [column, row]; the row comes first.",
    Form.OTHER,
)
def pointing_game(maps, masks):
    rows = maps.amax(dim=2).argmax(dim=1)
    cols = maps.amax(dim=1).argmax(dim=1)
    hit = masks[torch.arange(len(maps)), cols, rows]
    return hit.float().mean().item()


@wrong(
    "up_to_but_not_with_the_layer",
    Kind.OWN,
    "`model[:i]` ends before layer i; each output is that of the layer before.",
    Form.OTHER,
)
def layer_outputs(model, x):
    with torch.no_grad():
        return [model[:i](x.clone()).clone() for i in range(len(model))]


@wrong(
    "fills_columns_first",
    Kind.OWN,
    "The first row is filled first: row `k // columns`, column `k % columns`.",
)
def filter_grid(w, channel, columns):
    F, _, HH, WW = w.shape
    rows = math.ceil(F / columns)
    grid = torch.zeros(rows * (HH + 1) - 1, columns * (WW + 1) - 1)
    for k in range(F):
        s = w[k, channel]
        low, high = s.min(), s.max()
        s = (s - low) / (high - low) if high > low else torch.zeros_like(s)
        r, c = k % rows, k // rows
        grid[r * (HH + 1) : r * (HH + 1) + HH, c * (WW + 1) : c * (WW + 1) + WW] = s
    return grid


@wrong(
    "adds_the_fill",
    Kind.OWN,
    "The pixels of the patch are set to `fill`; you add it to them.",
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    H, W = x.shape[1:]
    rows, cols = (H - patch) // stride + 1, (W - patch) // stride + 1
    pictures = x.repeat(rows * cols, 1, 1, 1)
    for k in range(rows * cols):
        i, j = k // cols * stride, k % cols * stride
        pictures[k, :, i : i + patch, j : j + patch] += fill
    with torch.no_grad():
        scores = [model(part)[:, target] for part in pictures.split(batch_size)]
    return torch.cat(scores).reshape(rows, cols)


@wrong(
    "absolute_after_the_largest",
    Kind.FORMULA,
    "Take the absolute values before the largest of the channels, not after.",
    Form.OTHER,
)
def saliency_map(model, x, targets):
    x = x.clone().detach().requires_grad_(True)
    scores = model(x)
    s = scores[range(len(x)), targets].sum()
    (g,) = torch.autograd.grad(s, x)
    return g.amax(dim=1).abs()


@wrong(
    "deviation_for_the_range",
    Kind.FORMULA,
    "The noise is a share of the picture's range, its largest minus its smallest number, not of "
    "its standard deviation.",
)
def smoothgrad(model, x, target, noise, level):
    xs = (x + level * x.std() * noise).detach().requires_grad_(True)
    total = model(xs)[:, target].sum()
    return torch.autograd.grad(total, xs)[0].mean(dim=0)


@wrong(
    "sizes_of_weights_and_no_relu",
    Kind.SEVERAL,
    "A channel's weight may be negative: no absolute value; and negative sums become 0 at the end.",
    Form.TWO,
)
def grad_cam(model, x, targets, layer):
    a = model[: layer + 1](x.clone()).detach().clone().requires_grad_(True)
    scores = model[layer + 1 :](a.clone())
    picked = scores.gather(1, torch.as_tensor(targets).view(-1, 1)).sum()
    grads = torch.autograd.grad(picked, a)[0]
    weights = grads.mean(dim=(2, 3), keepdim=True).abs()
    return (weights * a).sum(dim=1).detach()


@wrong(
    "patch_around_the_position",
    Kind.POSITIONS,
    "The patch begins at `i * stride`; you put its middle there.",
    Form.OTHER,
)
def occlusion_map(model, x, target, patch, stride, fill, batch_size):
    C, H, W = x.shape
    rows, cols = (H - patch) // stride + 1, (W - patch) // stride + 1
    half = patch // 2
    batch = []
    for i in range(rows):
        for j in range(cols):
            picture = x.clone()
            top, left = max(i * stride - half, 0), max(j * stride - half, 0)
            picture[:, top : top + patch, left : left + patch] = fill
            batch.append(picture)
    with torch.no_grad():
        scores = [
            model(torch.stack(batch[k : k + batch_size]))[:, target]
            for k in range(0, len(batch), batch_size)
        ]
    return torch.cat(scores).view(rows, cols)


@wrong(
    "mean_of_the_noise",
    Kind.OWN,
    "Take a gradient for each noisy picture, then their mean; you take the mean of the noise.",
    Form.OTHER,
)
def smoothgrad(model, x, target, noise, level):
    spread = (x.max() - x.min()) * level
    noisy = (x + spread * noise.mean(dim=0))[None].detach().requires_grad_(True)
    score = model(noisy)[0, target]
    return torch.autograd.grad(score, noisy)[0][0]


@wrong(
    "row_and_column_of_largest_sums",
    Kind.OWN,
    "The largest number is asked for; you take the row and the column with the largest sums.",
    Form.OTHER,
)
def pointing_game(maps, masks):
    hits = 0
    for m, mask in zip(maps, masks):
        r = m.sum(dim=1).argmax()
        c = m.sum(dim=0).argmax()
        hits += int(mask[r, c])
    return hits / len(maps)
