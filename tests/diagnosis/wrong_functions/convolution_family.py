"""Wrong answers to the exercise on the family of convolutions, and on boxes."""

import numpy as np

from tests.diagnosis.wrong_functions import Form, Kind, wrong


@wrong(
    "filters_before_channels",
    Kind.OWN,
    "First come all maps of channel 0, then those of channel 1: number `c * M + m`.",
)
def depthwise_conv2d(x, filters, stride, padding, dilation):
    N, C, H, W = x.shape
    _, M, HH, WW = filters.shape
    xp = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    sh, sw = dilation * (HH - 1) + 1, dilation * (WW - 1) + 1
    Ho = (H + 2 * padding - sh) // stride + 1
    Wo = (W + 2 * padding - sw) // stride + 1
    out = np.zeros((N, C * M, Ho, Wo))
    for c in range(C):
        for m in range(M):
            for i in range(Ho):
                for j in range(Wo):
                    r, s = i * stride, j * stride
                    win = xp[:, c, r : r + sh : dilation, s : s + sw : dilation]
                    out[:, m * C + c, i, j] = (win * filters[c, m]).sum(axis=(1, 2))
    return out


@wrong(
    "window_as_long_as_the_filter",
    Kind.STOPS,
    "With a dilation the window spans `dilation * (HH - 1) + 1` rows; yours ends after HH.",
    Form.OTHER,
)
def depthwise_conv2d(x, filters, stride, padding, dilation):
    N, C = x.shape[:2]
    M, HH, WW = filters.shape[1:]
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (padding, padding)))
    Ho = (x.shape[2] - dilation * (HH - 1) - 1) // stride + 1
    Wo = (x.shape[3] - dilation * (WW - 1) - 1) // stride + 1
    out = np.zeros((N, C, M, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            a, b = i * stride, j * stride
            piece = x[:, :, a : a + HH : dilation, b : b + WW : dilation]
            out[:, :, :, i, j] = np.einsum("nckl,cmkl->ncm", piece, filters)
    return out.reshape(N, C * M, Ho, Wo)


@wrong(
    "dilated_step_and_half_the_frame",
    Kind.SEVERAL,
    "Windows lie a stride apart, not stride times dilation; and the zeros lie on each side, not "
    "only above and to the left.",
    Form.TWO,
)
def depthwise_conv2d(x, filters, stride, padding, dilation):
    N, C, H, W = x.shape
    C, M, HH, WW = filters.shape
    big = np.zeros((N, C, H + padding, W + padding))
    big[:, :, padding:, padding:] = x
    tall, wide = dilation * (HH - 1) + 1, dilation * (WW - 1) + 1
    step = stride * dilation
    maps = []
    for c in range(C):
        for m in range(M):
            rows = []
            for top in range(0, H + padding - tall + 1, step):
                row = []
                for left in range(0, W + padding - wide + 1, step):
                    part = big[:, c, top : top + tall : dilation, left : left + wide : dilation]
                    row.append(np.sum(part * filters[c, m], axis=(1, 2)))
                rows.append(row)
            maps.append(rows)
    return np.array(maps).transpose(3, 0, 1, 2)


@wrong(
    "written_over",
    Kind.OVERLAP,
    "Where windows overlap, their numbers add up: `+=`.",
)
def conv_transpose2d(y, w, stride, padding):
    N, F, H, W = y.shape
    _, C, HH, WW = w.shape
    full = np.zeros((N, C, (H - 1) * stride + HH, (W - 1) * stride + WW))
    for i in range(H):
        for j in range(W):
            piece = np.einsum("nf,fcab->ncab", y[:, :, i, j], w)
            full[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW] = piece
    return full[:, :, padding : full.shape[2] - padding, padding : full.shape[3] - padding]


@wrong(
    "cut_up_to_minus_nothing",
    Kind.CROP,
    "With a padding of 0 the slice up to `-0` is empty.",
    Form.OTHER,
)
def conv_transpose2d(y, w, stride, padding):
    N, F, H, W = y.shape
    _, C, HH, WW = w.shape
    out = np.zeros((N, C, (H - 1) * stride + HH, (W - 1) * stride + WW))
    for n in range(N):
        for f in range(F):
            for i in range(H):
                for j in range(W):
                    r, s = i * stride, j * stride
                    out[n, :, r : r + HH, s : s + WW] += y[n, f, i, j] * w[f]
    return out[:, :, padding:-padding, padding:-padding]


@wrong(
    "filter_turned_and_frame_left",
    Kind.SEVERAL,
    "The filter is laid down as it is, not turned; and the rows and columns of padding have to "
    "be cut off on each side.",
    Form.TWO,
)
def conv_transpose2d(y, w, stride, padding):
    N, F, H, W = y.shape
    C, HH, WW = w.shape[1:]
    flipped = w[:, :, ::-1, ::-1]
    out = np.zeros((N, C, (H - 1) * stride + HH, (W - 1) * stride + WW))
    for i, j in np.ndindex(H, W):
        window = out[:, :, i * stride : i * stride + HH, j * stride : j * stride + WW]
        window += np.tensordot(y[:, :, i, j], flipped, axes=1)
    return out


@wrong(
    "nearest_pixel",
    Kind.OWN,
    "Each new pixel copies one old pixel; mix the two before and behind, by their distance.",
)
def upsample_bilinear(x, new_height, new_width, align_corners):
    H, W = x.shape[2:]

    def places(old, new):
        k = np.arange(new)
        at = k * (old - 1) / (new - 1) if align_corners else (k + 0.5) * old / new - 0.5
        return np.clip(np.round(at).astype(int), 0, old - 1)

    return x[:, :, places(H, new_height)][:, :, :, places(W, new_width)].astype(float)


@wrong(
    "corners_always_aligned",
    Kind.OWN,
    "`align_corners` is not read: without it, the edges lie upon each other.",
    Form.OTHER,
)
def upsample_bilinear(x, new_height, new_width, align_corners):
    H, W = x.shape[2:]
    ys = np.linspace(0, H - 1, new_height)
    xs = np.linspace(0, W - 1, new_width)
    y0 = np.minimum(ys.astype(int), max(H - 2, 0))
    x0 = np.minimum(xs.astype(int), max(W - 2, 0))
    y1, x1 = np.minimum(y0 + 1, H - 1), np.minimum(x0 + 1, W - 1)
    fy, fx = (ys - y0)[:, None], xs - x0
    rows = x[:, :, y0] * (1 - fy) + x[:, :, y1] * fy
    return rows[:, :, :, x0] * (1 - fx) + rows[:, :, :, x1] * fx


@wrong(
    "half_pixel_forgotten_and_shares_exchanged",
    Kind.SEVERAL,
    "Without aligned corners the middle of pixel j lies at (j + 1/2) W / W' - 1/2; and the nearer "
    "pixel has the larger share.",
    Form.TWO,
)
def upsample_bilinear(x, new_height, new_width, align_corners):
    N, C, H, W = x.shape
    out = np.zeros((N, C, new_height, new_width))
    for i in range(new_height):
        for j in range(new_width):
            if align_corners:
                r, c = i * (H - 1) / (new_height - 1), j * (W - 1) / (new_width - 1)
            else:
                r, c = i * H / new_height, j * W / new_width
            r0, c0 = int(r), int(c)
            r1, c1 = min(r0 + 1, H - 1), min(c0 + 1, W - 1)
            a, b = r - r0, c - c0
            top = a * x[:, :, r0] + (1 - a) * x[:, :, r1]
            out[:, :, i, j] = b * top[:, :, c0] + (1 - b) * top[:, :, c1]
    return out


@wrong(
    "ends_counted_as_pixels",
    Kind.FORMULA,
    "A box from 0 to 6 is 6 pixels wide: no + 1.",
)
def iou(boxes, others):
    result = np.zeros((len(boxes), len(others)))
    for n, a in enumerate(boxes):
        for m, b in enumerate(others):
            w = max(0, min(a[2], b[2]) - max(a[0], b[0]) + 1)
            h = max(0, min(a[3], b[3]) - max(a[1], b[1]) + 1)
            both = w * h
            area_a = (a[2] - a[0] + 1) * (a[3] - a[1] + 1)
            area_b = (b[2] - b[0] + 1) * (b[3] - b[1] + 1)
            result[n, m] = both / (area_a + area_b - both)
    return result


@wrong(
    "negative_sides",
    Kind.NUMBERS,
    "Boxes that do not meet have negative sides of their intersection: set them to 0.",
    Form.OTHER,
)
def iou(boxes, others):
    a, b = boxes[:, None, :], others[None, :, :]
    sides = np.minimum(a[..., 2:], b[..., 2:]) - np.maximum(a[..., :2], b[..., :2])
    both = sides[..., 0] * sides[..., 1]

    def area(v):
        return (v[..., 2] - v[..., 0]) * (v[..., 3] - v[..., 1])

    return both / (area(a) + area(b) - both)


@wrong(
    "hull_for_the_union_and_turned",
    Kind.SEVERAL,
    "The union is the sum of both areas less the intersection, not the box around both; and a "
    "row stands for a box of the first argument.",
    Form.TWO,
)
def iou(boxes, others):
    rows = []
    for o in others:
        w = np.clip(np.minimum(boxes[:, 2], o[2]) - np.maximum(boxes[:, 0], o[0]), 0, None)
        h = np.clip(np.minimum(boxes[:, 3], o[3]) - np.maximum(boxes[:, 1], o[1]), 0, None)
        around_w = np.maximum(boxes[:, 2], o[2]) - np.minimum(boxes[:, 0], o[0])
        around_h = np.maximum(boxes[:, 3], o[3]) - np.minimum(boxes[:, 1], o[1])
        rows.append(w * h / (around_w * around_h))
    return np.array(rows)


@wrong(
    "worst_first",
    Kind.OWN,
    "`argsort` begins with the smallest confidence; the best box comes first.",
)
def nms(boxes, confidences, threshold):
    order = list(np.argsort(confidences))
    keep = []
    while order:
        best = order.pop(0)
        keep.append(int(best))
        order = [k for k in order if _iou(boxes[best], boxes[k]) <= threshold]
    return keep


@wrong(
    "boxes_that_went_still_count",
    Kind.OWN,
    "A box goes only because of a better box that stays; you also count those that went.",
    Form.OTHER,
)
def nms(boxes, confidences, threshold):
    ranked = np.argsort(confidences)[::-1]
    return [
        int(k)
        for place, k in enumerate(ranked)
        if all(_iou(boxes[k], boxes[j]) <= threshold for j in ranked[:place])
    ]


@wrong(
    "equal_goes_and_sorted_by_place",
    Kind.SEVERAL,
    "A box whose IoU equals the threshold stays; and the answer names the best box first, not in "
    "the order of the boxes.",
    Form.TWO,
)
def nms(boxes, confidences, threshold):
    keep = []
    for k in np.argsort(-confidences):
        good = True
        for j in keep:
            if _iou(boxes[k], boxes[j]) >= threshold:
                good = False
        if good:
            keep.append(int(k))
    return sorted(keep)


@wrong(
    "frame_above_and_below_only_and_filters_added",
    Kind.SEVERAL,
    "The zeros also lie to the left and to the right; and the filters of a channel give a map "
    "each, they are not added.",
    Form.TWO,
)
def depthwise_conv2d(x, filters, stride, padding, dilation):
    x = np.pad(x, ((0, 0), (0, 0), (padding, padding), (0, 0)))
    N, C, H, W = x.shape
    M, HH, WW = filters.shape[1:]
    Ho = (H - dilation * (HH - 1) - 1) // stride + 1
    Wo = (W - dilation * (WW - 1) - 1) // stride + 1
    out = np.zeros((N, C, Ho, Wo))
    for i in range(Ho):
        for j in range(Wo):
            for a in range(HH):
                for b in range(WW):
                    pixel = x[:, :, i * stride + a * dilation, j * stride + b * dilation]
                    out[:, :, i, j] += pixel * filters[:, :, a, b].sum(axis=1)
    return out


@wrong(
    "as_large_as_the_steps",
    Kind.POSITIONS,
    "The last window begins at (H - 1) * stride and has HH rows; the result is too small for it.",
    Form.OTHER,
)
def conv_transpose2d(y, w, stride, padding):
    N, F, H, W = y.shape
    C, HH, WW = w.shape[1:]
    big = np.zeros((N, C, H * stride, W * stride))
    for i in range(H):
        for j in range(W):
            for a in range(HH):
                for b in range(WW):
                    r, s = i * stride + a, j * stride + b
                    if r < H * stride and s < W * stride:
                        big[:, :, r, s] += y[:, :, i, j] @ w[:, :, a, b]
    return big[:, :, padding : H * stride - padding, padding : W * stride - padding]


@wrong(
    "shares_of_the_rows_for_the_columns",
    Kind.OWN,
    "Along the columns the shares come from the place in the row; you take those of the rows.",
    Form.OTHER,
)
def upsample_bilinear(x, new_height, new_width, align_corners):
    N, C, H, W = x.shape

    def place(k, old, new):
        at = k * (old - 1) / (new - 1) if align_corners else (k + 0.5) * old / new - 0.5
        at = min(max(at, 0), old - 1)
        low = int(np.floor(at))
        return low, min(low + 1, old - 1), at - low

    out = np.zeros((N, C, new_height, new_width))
    for i in range(new_height):
        r0, r1, t = place(i, H, new_height)
        for j in range(new_width):
            c0, c1, _ = place(j, W, new_width)
            top = (1 - t) * x[:, :, r0, c0] + t * x[:, :, r0, c1]
            bottom = (1 - t) * x[:, :, r1, c0] + t * x[:, :, r1, c1]
            out[:, :, i, j] = (1 - t) * top + t * bottom
    return out


@wrong(
    "overlap_of_the_widths_only",
    Kind.SEVERAL,
    "The intersection has a width and a height; and the union counts it once, not twice.",
    Form.TWO,
)
def iou(boxes, others):
    b, o = boxes[:, None], others[None]
    w = np.maximum(np.minimum(b[..., 2], o[..., 2]) - np.maximum(b[..., 0], o[..., 0]), 0)
    area_b = (b[..., 2] - b[..., 0]) * (b[..., 3] - b[..., 1])
    area_o = (o[..., 2] - o[..., 0]) * (o[..., 3] - o[..., 1])
    return w / (area_b + area_o)


@wrong(
    "threshold_for_the_scores",
    Kind.SEVERAL,
    "The threshold is about the IoU; you drop boxes whose confidence is below it. And a box goes "
    "if the IoU is larger, not at least as large.",
    Form.TWO,
)
def nms(boxes, confidences, threshold):
    left = [k for k in np.argsort(confidences)[::-1] if confidences[k] >= threshold]
    keep = []
    while left:
        keep.append(int(left[0]))
        left = [k for k in left[1:] if _iou(boxes[left[0]], boxes[k]) < threshold]
    return keep


def _iou(a, b):
    """Do right for two boxes what task 4 does."""
    width = max(0.0, min(a[2], b[2]) - max(a[0], b[0]))
    height = max(0.0, min(a[3], b[3]) - max(a[1], b[1]))
    both = width * height
    return both / ((a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both)
