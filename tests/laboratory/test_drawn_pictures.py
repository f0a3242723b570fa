"""The drawn pictures: the same again, balanced, and with masks that are right."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from laboratory.drawn_pictures import (
    CLASSES,
    SHARE,
    SIZE,
    TEXTURES,
    Array,
    Pictures,
    draw,
)


@pytest.fixture(scope="module")
def pictures() -> Pictures:
    return draw(200, seed=11)


def test_shapes_and_types(pictures):
    assert pictures.images.shape == (200, 3, SIZE, SIZE)
    assert pictures.images.dtype == np.uint8
    assert pictures.masks.shape == (200, SIZE, SIZE)
    assert pictures.masks.dtype == bool
    assert len(pictures) == 200


def test_same_seed_same_bytes_whatever_the_batch():
    together = draw(150, seed=3)
    later = draw(30, seed=3, first=100)
    assert np.array_equal(together.images[100:130], later.images)
    assert np.array_equal(together.masks[100:130], later.masks)
    assert np.array_equal(together.labels[100:130], later.labels)


def test_other_seed_other_pictures():
    first, second = draw(10, seed=3), draw(10, seed=4)
    differs = (first.images != second.images).any((1, 2, 3))
    assert differs.all()


def test_none_is_drawn_twice(pictures):
    assert len({image.tobytes() for image in pictures.images}) == len(pictures)


def test_classes_take_turns(pictures):
    assert np.bincount(pictures.labels).tolist() == [20] * len(CLASSES)


def test_object_has_its_share(pictures):
    shares = pictures.masks.mean((1, 2))
    # Blobs vary around their average, and corners may leave the picture.
    assert shares.min() > 0.8 * SHARE[0]
    assert shares.max() < 1.2 * SHARE[1]
    assert 0.09 < shares.mean() < 0.12


def whole(
    pictures: Pictures,
) -> list[tuple[str, Array, Array]]:
    """Class, picture and mask of the objects that do not touch the border of the picture."""
    inside = ~(pictures.masks[:, [0, -1]].any((1, 2)) | pictures.masks[:, :, [0, -1]].any((1, 2)))
    assert inside.sum() > 100
    return [
        (CLASSES[pictures.labels[i]], pictures.images[i], pictures.masks[i])
        for i in np.flatnonzero(inside)
    ]


def test_object_is_in_one_piece(pictures):
    for _, _, mask in whole(pictures):
        pieces, _ = ndimage.label(mask, np.ones((3, 3)))
        # Of the thinnest tips, a pixel may stand apart.
        assert np.bincount(pieces.ravel())[1:].max() >= mask.sum() - 3


def test_only_rings_have_a_hole(pictures):
    for name, _, mask in whole(pictures):
        holes = ndimage.binary_fill_holes(mask).sum() - mask.sum()
        assert (holes > 0) == (name == "ring")


def test_masks_have_the_geometry_of_their_class(pictures):
    """Area divided by that of the smallest disk around the middle: each shape has its own."""
    ratios: dict[str, list[float]] = {name: [] for name in CLASSES}
    for name, _, mask in whole(pictures):
        places = np.argwhere(mask)
        reach = np.linalg.norm(places - places.mean(0), axis=1).max() + 0.5
        ratios[name].append(mask.sum() / (np.pi * reach**2))
    expected = {"disk": 1, "ring": 0.75, "square": 0.637, "triangle": 0.413, "star": 0.357}
    for name, ratio in expected.items():
        assert np.mean(ratios[name]) == pytest.approx(ratio, rel=0.06), name


def test_object_differs_from_what_is_around_it(pictures):
    """The mask lies on the object: colors change at its border more than elsewhere."""
    for image, mask, label in zip(pictures.images, pictures.masks, pictures.labels, strict=True):
        if CLASSES[label] in TEXTURES:
            continue
        core = ndimage.binary_erosion(mask, iterations=2)
        around = ndimage.binary_dilation(mask, iterations=4) & ~ndimage.binary_dilation(
            mask, iterations=2
        )
        # Plain objects: color varies little inside, and differs from most of what is around.
        inside = image[:, core].astype(float)
        middle = inside.mean(1)
        spread = np.linalg.norm(inside - middle[:, None], axis=0)
        away = np.linalg.norm(image[:, around] - middle[:, None], axis=0)
        assert np.median(away) > 2.5 * np.median(spread)


def test_textures_have_two_colors_in_the_mask(pictures):
    for image, mask, label in zip(pictures.images, pictures.masks, pictures.labels, strict=True):
        if CLASSES[label] in TEXTURES:
            inside = image[:, ndimage.binary_erosion(mask, iterations=2)].astype(float)
            spread = np.linalg.norm(inside - inside.mean(1)[:, None], axis=0)
            assert np.median(spread) > 15


@pytest.mark.parametrize("wrong", [{"count": -1}, {"seed": -2}, {"first": -3}])
def test_negative_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match="must not be negative"):
        draw(**({"count": 1, "seed": 0} | wrong))
