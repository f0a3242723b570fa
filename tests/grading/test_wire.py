"""The wire format: what goes over comes back, and what was made to hurt is refused."""

from __future__ import annotations

import contextlib
import math
from collections import Counter, OrderedDict, namedtuple

import msgpack
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.grading import wire
from autograder.grading.wire import (
    HEADER,
    MAX_BULK,
    MAX_STRUCTURE,
    Foreign,
    TooLarge,
    WireError,
    decode,
    encode,
    frame_sizes,
)
from autograder.values import Formula, describe, same

DTYPES = st.sampled_from(list(wire.DTYPES.values()))
ARRAYS = hnp.arrays(DTYPES, hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=5))
NUMBERS = st.one_of(st.booleans(), st.integers(), st.floats(), st.none())
VALUES = st.recursive(
    st.one_of(NUMBERS, st.text(), ARRAYS),
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=4),
    ),
    max_leaves=12,
)


def parts(frame: bytes) -> tuple[bytes, bytes]:
    structure, bulk = frame_sizes(frame[: HEADER.size])
    body = frame[HEADER.size :]
    assert len(body) == structure + bulk
    return body[:structure], body[structure:]


def there_and_back(value: object, lenient: bool = False) -> object:
    return decode(*parts(encode(value, lenient)))


@given(VALUES)
def test_values_come_back_as_they_were(value: object) -> None:
    assert same(there_and_back(value), value)


@given(VALUES)
def test_a_submission_encodes_plain_values_the_same_way(value: object) -> None:
    assert encode(value) == encode(value, lenient=True)


@given(DTYPES, st.integers(0, 1))
def test_numpy_numbers_keep_their_type(dtype: np.dtype, number: int) -> None:
    back = there_and_back(dtype.type(number))
    assert type(back) is dtype.type
    assert back == number


def test_the_order_in_memory_survives() -> None:
    value = np.asfortranarray(np.arange(6.0).reshape(2, 3))
    back = there_and_back(value)
    assert back.flags.f_contiguous
    assert not back.flags.c_contiguous


def test_arrays_that_arrive_can_be_written_to() -> None:
    there_and_back(np.zeros(3))[0] = 1


def test_foreign_byte_order_becomes_native() -> None:
    back = there_and_back(np.arange(3, dtype=">i4"))
    assert back.dtype == np.int32
    assert back.tolist() == [0, 1, 2]


def test_nan_and_infinity_travel() -> None:
    back = there_and_back((math.nan, math.inf, np.array([-np.inf, np.nan])))
    assert math.isnan(back[0])
    assert back[1] == math.inf
    assert np.isnan(back[2][1])


def test_formulas_go_to_the_submission_and_never_come_back() -> None:
    frame = parts(encode(Formula(("x",), "x + 1")))
    assert decode(*frame, formulas=True)(1) == 2
    with pytest.raises(WireError):
        decode(*frame)
    assert isinstance(there_and_back(Formula(("x",), "x"), lenient=True), Foreign)


# What a submission may return


class Sub(np.ndarray):
    pass


class Liar:
    __class__ = np.ndarray  # type: ignore[assignment]


class Hostile:
    def __array__(self, *arguments: object) -> np.ndarray:
        raise AssertionError("nobody may ask")

    __len__ = __eq__ = __iter__ = __index__ = __float__ = __array__  # type: ignore[assignment]
    __hash__ = None  # type: ignore[assignment]


Point = namedtuple("Point", "x y")


@pytest.mark.parametrize(
    ("value", "name"),
    [
        (Hostile(), "Hostile"),
        (np.zeros(2).view(Sub), "Sub"),
        (np.ma.zeros(2), "MaskedArray"),
        ({1: 2}, "dict with keys that are not text"),
        ({1, 2}, "set"),
        (range(3), "range"),
        (1j, "complex"),
        (np.complex128(1j), "NumPy complex128"),
        (lambda x: x, "function"),
        (int, "type"),
        (10**3000, "very long int"),
        ("x" * 1_000_000, "very long text"),
    ],
)
def test_other_things_come_back_as_their_type_name(value: object, name: str) -> None:
    back = there_and_back(value, lenient=True)
    assert isinstance(back, Foreign)
    assert describe(back) == f"object of type {name}"
    with pytest.raises(WireError):
        encode(value)


def test_an_object_that_lies_about_its_class_is_no_array() -> None:
    assert isinstance(there_and_back(Liar(), lenient=True), Foreign)


@pytest.mark.parametrize(
    ("value", "plain"),
    [
        (Point(1, 2), (1, 2)),
        (OrderedDict(a=1), {"a": 1}),
        (Counter("aab"), {"a": 2, "b": 1}),
        (type("MyInt", (int,), {})(3), 3),
        (type("MyFloat", (float,), {})(3.5), 3.5),
        (type("MyText", (str,), {})("hi"), "hi"),
    ],
)
def test_subclasses_of_plain_types_become_plain(value: object, plain: object) -> None:
    back = there_and_back(value, lenient=True)
    assert type(back) is type(plain)
    assert back == plain


@pytest.mark.parametrize(
    "value", [np.array([1j]), np.array([[], [1]], dtype=object), np.array(["a"])]
)
def test_arrays_of_other_things_keep_shape_and_type_alone(value: np.ndarray) -> None:
    back = there_and_back(value, lenient=True)
    assert back.dtype.kind == value.dtype.kind
    assert back.shape == value.shape
    assert not back.any()


def test_a_list_inside_itself_ends() -> None:
    value: list[object] = []
    value.append(value)
    assert isinstance(there_and_back(value, lenient=True), list)


def test_large_results_are_refused_by_their_own_side() -> None:
    for value in (np.zeros(MAX_BULK), np.broadcast_to(1.0, (10**6, 10**6)), [0] * MAX_STRUCTURE):
        with pytest.raises(TooLarge):
            encode(value, lenient=True)


# What an attacker may send


@settings(max_examples=500)
@given(st.binary(max_size=200), st.binary(max_size=64))
def test_random_bytes_are_a_value_or_refused(structure: bytes, bulk: bytes) -> None:
    with contextlib.suppress(WireError):
        decode(structure, bulk)


PACKED = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(-(2**63), 2**64 - 1),
        st.floats(),
        st.sampled_from(["t", "l", "d", "a", "n", "b", "i", "x", "z", "f", "C", "F", "O"]),
        st.sampled_from(sorted(wire.DTYPES)),
        st.binary(max_size=20),
    ),
    lambda inner: st.lists(inner, max_size=6),
    max_leaves=20,
)


@settings(max_examples=1000)
@given(PACKED, st.binary(max_size=64))
def test_structures_of_the_right_kind_are_a_value_or_refused(packed: object, bulk: bytes) -> None:
    try:
        value = decode(msgpack.packb(packed), bulk)
    except WireError:
        return
    describe(value)


@settings(max_examples=300)
@given(VALUES, st.data())
def test_damaged_frames_are_a_value_or_refused(value: object, data: st.DataObject) -> None:
    structure, bulk = parts(encode(value))
    whole = bytearray(structure + bulk)
    for _ in range(data.draw(st.integers(1, 4))):
        if whole:
            whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    cut = data.draw(st.integers(0, len(whole)))
    with contextlib.suppress(WireError):
        describe(decode(bytes(whole[:cut]), bytes(whole[cut:])))


FLOAT = np.dtype(float).str
BOOL = np.dtype(bool).str


@pytest.mark.parametrize(
    ("packed", "bulk"),
    [
        (["a", FLOAT, "C", 2], b"\0" * 15),
        (["a", FLOAT, "C", 2], b"\0" * 17),
        (["a", FLOAT, "C", -1], b""),
        (["a", FLOAT, "C", 2**62, 2**62], b""),
        (["a", FLOAT, "C", 0, 2**39, 2**39, 2**39], b""),
        (["a", FLOAT, "C", *[1] * 33], b"\0" * 8),
        (["a", FLOAT, "C", True], b"\0" * 8),
        (["a", FLOAT, "C", 1.0], b"\0" * 8),
        (["a", FLOAT, "A", 1], b"\0" * 8),
        (["a", "|O", "C", 1], b"\0" * 8),
        (["a", "<U1", "C", 1], b"\0" * 4),
        (["a", "<f8,<f8", "C", 1], b"\0" * 16),
        (["a", "<M8[s]", "C", 1], b"\0" * 8),
        (["a", BOOL, "C", 2], b"\1\2"),
        (["a"], b""),
        (["n", FLOAT, b"1234"], b""),
        (["n", "|O", b"12345678"], b""),
        (["b", -1], b""),
        (["b", 1], b""),
        (["b", 2**63], b""),
        (["i", 5], b""),
        (["x", 5], b""),
        (["z", "O", 2**39, 2**39], b""),
        (["z", "f", 1], b""),
        (["z"], b""),
        (["d", ["a", 1], ["a", 2]], b""),
        (["d", [1, 1]], b""),
        (["d", "ab"], b""),
        (["f", ["x"], "__import__('os')"], b""),
        ([], b""),
        (["?"], b""),
        ([["t"]], b""),
        ({"a": 1}, b""),
        (b"abc", b""),
        (msgpack.ExtType(5, b"x"), b""),
        (msgpack.Timestamp(1), b""),
    ],
)
def test_crafted_structures_are_refused(packed: object, bulk: bytes) -> None:
    with pytest.raises(WireError):
        decode(msgpack.packb(packed), bulk)


def test_a_large_shape_without_data_costs_nothing() -> None:
    array = decode(msgpack.packb(["z", "O", 2**30, 2**20]))
    assert array.shape == (2**30, 2**20)
    assert array.strides == (0, 0)


@pytest.mark.parametrize("depth", [30, 600, 100_000])
def test_deep_nesting_is_refused(depth: int) -> None:
    structure = b"\x92\xa1l" * depth + b"\xc0"
    with pytest.raises(WireError):
        decode(structure)


@pytest.mark.parametrize("leaf", [1, [], {}, (), np.zeros(2)])
def test_what_is_accepted_can_be_sent_again(leaf: object) -> None:
    # Found by fuzzing: one level deeper than is ever sent was accepted.
    for depth in range(wire.MAX_DEPTH + 3):
        value = leaf
        for _ in range(depth):
            value = [value]
        back = there_and_back(value, lenient=True)
        assert same(back, value) == (depth <= wire.MAX_DEPTH)
        assert encode(back, lenient=True) == encode(value, lenient=True)
        if depth > wire.MAX_DEPTH:
            structure = b"\x92\xa1l" * depth + b"\x01"
            with pytest.raises(WireError):
                decode(structure)


@pytest.mark.parametrize(
    "structure",
    [
        b"",
        b"\xc1",
        b"\xdd\xff\xff\xff\xff",
        b"\xdb\xff\xff\xff\xff",
        b"\xc6\xff\xff\xff\xff",
        b"\xdf\xff\xff\xff\xff",
        b"\xa1\xff",
        b"\xc0\xc0",
        msgpack.packb("x" * (wire.MAX_TEXT + 1)),
    ],
)
def test_announced_sizes_without_content_are_refused(structure: bytes) -> None:
    with pytest.raises(WireError):
        decode(structure)


def test_headers_may_not_announce_more_than_is_allowed() -> None:
    for sizes in ((MAX_STRUCTURE + 1, 0), (0, MAX_BULK + 1), (2**32 - 1, 2**32 - 1)):
        with pytest.raises(WireError):
            frame_sizes(HEADER.pack(*sizes))
