"""The claims of the chapter "Filters", and the drawing that its pages use."""

from __future__ import annotations

import base64
import io
import re
from itertools import pairwise

import numpy as np
import pytest
from PIL import Image
from skimage.feature import corner_harris

from book import plots
from book.filters import demo as filters_demo
from book.filters.demo import SOBEL, VERTICAL_EDGE
from solutions.filters.tasks.conv2d import conv2d
from solutions.filters.tasks.convolve2d import convolve2d
from solutions.filters.tasks.corner_map import corner_map
from solutions.filters.tasks.corr2d import corr2d
from solutions.filters.tasks.edge_bank import edge_bank
from solutions.filters.tasks.equivariance_error import equivariance_error

LEFT_BORDER = -VERTICAL_EDGE
TOP_BORDER = -VERTICAL_EDGE.T


def noise(side: int = 16, seed: int = 0) -> filters_demo.Array:
    return np.random.default_rng(seed).standard_normal((side, side))


class TestCounts:
    def test_dense_layer_on_a_color_image(self):
        assert filters_demo.dense_parameters(224 * 224 * 3, 1000) == 150_529_000

    def test_vgg16(self):
        counts = filters_demo.vgg16_parameters()
        convolutional = [counts[name] for name, _, _ in filters_demo.VGG16_CONVOLUTIONS]
        assert counts["conv1_1"] == 1792
        assert len(convolutional) == 13
        assert sum(convolutional) == 14_714_688
        assert sum(counts.values()) == 138_357_544

    def test_count_without_depth_and_bias_is_wrong(self):
        without = [3 * 3 * filters for _, _, filters in filters_demo.VGG16_CONVOLUTIONS]
        assert without[0] == 576
        assert sum(without) == 38_016

    def test_every_layer_is_as_deep_as_the_layer_before_is_wide(self):
        layers = filters_demo.VGG16_CONVOLUTIONS
        for (_, _, filters), (_, channels, _) in pairwise(layers):
            assert filters == channels


class TestDenseLayer:
    def test_plus_meets_its_weights_at_its_own_place_only(self):
        unit = filters_demo.plus_sign(2, 2)
        places = [(2, 2), (2, 3), (4, 4)]
        scores = [np.sum(unit * filters_demo.plus_sign(*place)) for place in places]
        assert scores == [5, 2, 0]

    def test_filter_finds_the_plus_everywhere(self):
        plus = filters_demo.plus_sign(1, 1, size=3)
        for row in range(1, 6):
            for column in range(1, 6):
                response = corr2d(filters_demo.plus_sign(row, column), plus)
                assert np.argwhere(response == 5).tolist() == [[row - 1, column - 1]]


def test_complex_cell_tolerates_places_the_simple_cell_does_not():
    simple, complex_ = filters_demo.bar_responses()
    assert simple.tolist() == [0, 0, 0, 0, 10, 0, 0, 0, 0]
    assert complex_.tolist() == [0, 10, 10, 10, 10, 10, 10, 10, 0]


class TestEdges:
    def test_by_hand(self):
        expected = np.tile([0, 30, 30, 0], (4, 1))
        light_dark = filters_demo.light_dark()
        assert np.array_equal(corr2d(light_dark, VERTICAL_EDGE), expected)
        assert np.array_equal(corr2d(light_dark[:, ::-1], VERTICAL_EDGE), -expected)
        assert np.array_equal(corr2d(light_dark + 100, VERTICAL_EDGE), expected)

    def test_flip_changes_the_sign_of_an_edge_filter(self):
        assert np.array_equal(convolve2d(noise(), SOBEL), -corr2d(noise(), SOBEL))

    def test_single_pixel_shows_the_flip(self):
        impulse = np.zeros((5, 5))
        impulse[2, 2] = 1
        counting = np.arange(1.0, 10.0).reshape(3, 3)
        assert np.array_equal(convolve2d(impulse, counting), counting)
        assert np.array_equal(corr2d(impulse, counting), np.rot90(counting, 2))

    def test_opposite_directions_are_negatives_of_each_other(self):
        bank = edge_bank(noise(), VERTICAL_EDGE)
        assert np.allclose(bank[2:], -bank[:2])

    def test_about_half_of_the_response_to_a_photograph_is_negative(self):
        response = corr2d(filters_demo.photograph("camera", 4), VERTICAL_EDGE)
        assert 0.4 < np.abs(response[response < 0]).sum() / np.abs(response).sum() < 0.6


class TestCorners:
    @pytest.mark.parametrize("turns", range(4))
    def test_each_pair_of_borders_fires_at_one_corner_of_a_square(self, turns):
        square = np.zeros((9, 9))
        square[2:7, 2:7] = 1
        first, second = np.rot90(LEFT_BORDER, turns), np.rot90(TOP_BORDER, turns)
        expected = np.zeros((7, 7))
        expected[:2, :2] = [[1, 1], [1, 2]]
        assert np.array_equal(corner_map(square, first, second), np.rot90(expected, turns))

    def test_a_single_filter_answers_at_the_corners_of_a_square_and_along_a_slant(self):
        """As the exercise says, before it asks for two filters and one more step."""
        square, slant = np.zeros((9, 9)), np.triu(np.ones((9, 9)))
        square[2:7, 2:7] = 1
        corners = np.array([[1.0, -1], [-1, 1]])
        response = corr2d(square, corners)
        assert np.argwhere(response).tolist() == [[1, 1], [1, 6], [6, 1], [6, 6]]
        assert np.array_equal(np.diagonal(corr2d(slant, corners)), np.ones(8))
        upright = np.repeat([np.arange(9) > 3], 9, axis=0).astype(float)
        for edge in (upright, upright.T, -upright, -upright.T):
            assert not corr2d(edge, corners).any()

    def test_two_layers_of_units_fire_at_exactly_one_position(self):
        square = np.zeros((9, 9))
        square[2:7, 2:7] = 1
        response = filters_demo.corner_unit(square, LEFT_BORDER, TOP_BORDER, bias=-3)
        assert np.argwhere(response).tolist() == [[1, 1]]

    def test_slanted_side_fools_the_corner_map_but_not_harris_and_stephens(self):
        shapes = filters_demo.square_and_diamond()
        row, column = 4, 20  # the middle of the upper left side of the diamond
        assert shapes[row, column] == 1
        assert shapes[row - 1, column - 1] == 0
        assert corner_map(shapes, LEFT_BORDER, TOP_BORDER)[row - 1, column - 1] == 2
        harris = corner_harris(shapes, sigma=1)
        assert harris[row, column] < 0 < harris[4, 4]

    def test_peaks(self):
        values = np.zeros((9, 9))
        values[1, 1], values[1, 2], values[8, 8], values[4, 4] = 5, 4, 3, 1
        assert filters_demo.peaks(values, least=2) == [(1, 1), (8, 8)]


class TestChannels:
    def test_border_in_color_only(self):
        maps = conv2d(filters_demo.red_green()[None], filters_demo.color_filters(), np.zeros(3))
        assert np.all(maps[0, :2] == 0)
        assert np.array_equal(maps[0, 2], np.tile([180, 90, 0, -90], (4, 1)))

    def test_red_and_green_have_the_same_sum(self):
        assert np.all(filters_demo.red_green().sum(axis=0) == 10)


class TestEquivariance:
    picture = np.round(10 * noise(24))

    def test_filters_follow_a_shift_and_dense_layers_do_not(self):
        errors = filters_demo.equivariance_errors(self.picture, 3, 5)
        follows = [error == 0 for error in errors.values()]
        assert follows == [True, True, True, False, False]

    def test_padding_breaks_it_at_the_border_only(self):
        shifted = np.roll(self.picture, (3, 5), axis=(0, 1))
        unshifted = filters_demo.zero_padded(self.picture, VERTICAL_EDGE)
        gap = filters_demo.zero_padded(shifted, VERTICAL_EDGE) - np.roll(unshifted, (3, 5), (0, 1))
        assert gap[4:-1, 6:-1].size
        assert np.all(gap[4:-1, 6:-1] == 0)

    def test_subsampling_follows_even_shifts_only(self):
        assert filters_demo.subsampling_error(self.picture, 2) == 0
        assert filters_demo.subsampling_error(self.picture, 1) > 0

    def test_filter_is_not_invariant(self):
        def edge_filter(x):
            return corr2d(x, VERTICAL_EDGE)

        shifted = np.roll(self.picture, (3, 5), axis=(0, 1))
        assert equivariance_error(edge_filter, self.picture, 3, 5) == 0
        assert np.abs(edge_filter(shifted) - edge_filter(self.picture)).max() > 10


class TestLearning:
    start = 0.1 * noise(3, seed=1)

    def learn(self, x, target, steps=300):
        return filters_demo.learn_filter(x, target, self.start, steps, rate=0.1)

    def test_recovers_the_sobel_filter(self):
        learned, losses = self.learn(noise(), corr2d(noise(), SOBEL))
        assert np.allclose(learned, SOBEL, atol=1e-8)
        assert losses[-1] < 1e-16 < losses[0]
        assert np.all(np.diff(losses[:50]) < 0)

    def test_learns_the_flipped_filter_from_true_convolution(self):
        learned, _ = self.learn(noise(), convolve2d(noise(), SOBEL))
        assert np.allclose(learned, SOBEL[::-1, ::-1], atol=1e-8)

    def test_first_step_follows_the_numerical_gradient(self):
        x = noise()
        target = corr2d(x, SOBEL)

        def loss(w):
            return np.mean((corr2d(x, w) - target) ** 2)

        numerical = np.zeros((3, 3))
        for position in np.ndindex(3, 3):
            nudge = np.zeros((3, 3))
            nudge[position] = 1e-5
            numerical[position] = (loss(self.start + nudge) - loss(self.start - nudge)) / 2e-5
        learned, _ = self.learn(x, target, steps=1)
        assert np.allclose((self.start - learned) / 0.1, numerical, rtol=1e-6)

    def test_stripes_cannot_tell_filters_apart(self):
        stripes = np.tile(noise()[0], (16, 1))
        learned, losses = filters_demo.learn_filter(
            stripes, corr2d(stripes, SOBEL), np.zeros((3, 3)), steps=600, rate=0.1
        )
        assert losses[-1] < 1e-12
        assert np.allclose(learned, 4 / 3 * VERTICAL_EDGE, atol=1e-5)

    def test_start_is_not_changed(self):
        start = self.start.copy()
        self.learn(noise(), noise(14), steps=2)
        assert np.array_equal(self.start, start)


class TestPhotographs:
    @pytest.mark.parametrize(
        ("name", "shrink", "shape"),
        [("camera", 2, (256, 256)), ("coffee", 2, (200, 300, 3)), ("coins", 1, (303, 384))],
    )
    def test_size_and_range(self, name, shrink, shape):
        pixels = filters_demo.photograph(name, shrink)
        assert pixels.shape == shape
        assert 0 <= pixels.min() < pixels.max() <= 255

    def test_shrinking_averages_blocks(self):
        whole = filters_demo.photograph("coins")
        assert filters_demo.photograph("coins", 2)[3, 5] == whole[6:8, 10:12].mean()


class TestDrawing:
    def test_figure_carries_its_alternative_text(self):
        drawing = plots.show(plots.numbers(np.eye(2), "a & b"), alt='words "in quotes"')
        html = drawing._repr_html_()
        assert 'role="img" aria-label="words &quot;in quotes&quot;"' in html
        assert "a &amp; b" in html
        assert "words" in repr(drawing)

    def test_figure_without_alternative_text_is_refused(self):
        with pytest.raises(ValueError, match="alternative text"):
            plots.show(plots.picture(np.eye(2)), alt=" ")

    def test_numbers_are_written_as_a_reader_would(self):
        body = plots.numbers(np.array([[-1.5, -0.001, 2.0]]), signed=True, decimals=2).body
        assert re.findall(r">([^<>]+)</text>", body) == ["−1.5", "0", "2"]

    def test_zero_is_transparent_in_a_signed_map(self):
        body = plots.response(np.array([[-2.0, 0.0, 1.0, 2.0]])).body
        data = body.split("base64,")[1].split('"')[0]
        pixels = Image.open(io.BytesIO(base64.b64decode(data))).convert("RGBA")
        colors = [pixels.getpixel((column, 0)) for column in range(4)]
        assert colors[0] == (*plots.NEGATIVE, 255)
        assert colors[1][3] == 0
        assert 0 < colors[2][3] < 255
        assert colors[3] == (*plots.POSITIVE, 255)

    def test_maps_share_one_scale(self):
        html = plots.show_maps(
            [np.eye(2), -3 * np.eye(2)], ["one", "two"], alt="maps"
        )._repr_html_()
        assert "−3" in html
        assert "+3" in html

    def test_chart_takes_the_text_color_of_the_page(self):
        figure, axes = plots.chart()
        axes.plot([0, 1], [0, 1])
        axes.set_xlabel("steps")
        svg = plots.drawn_chart(figure).body
        assert svg.startswith("<svg")
        assert "currentColor" in svg
        assert plots.INK not in svg

    def test_same_chart_same_bytes(self):
        def draw():
            figure, axes = plots.chart()
            axes.plot([0, 1], [0, 1])
            return plots.drawn_chart(figure).body

        assert draw() == draw()

    def test_table(self):
        html = plots.table(["layer", "n"], [("a", 1792), ("b", 0.5)], label="n")._repr_html_()
        assert "1,792" in html
        assert "0.5<" in html
