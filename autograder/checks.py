"""The checks of a graded function, and the file that holds them.

``checks.npz`` lies beside each exercise notebook. It holds the visible cases: inputs, expected
outputs, and what each misconception would return. It is a plain ``.npz`` archive: every array
is a member of its own, and the member ``index`` is the JSON text that says what they mean.
Nothing in it is pickled and it contains no code of the reference solution.
"""

from __future__ import annotations

import contextlib
import dataclasses
import io
import json
import zipfile
import zlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.lib.npyio import NpzFile

from autograder.comparison import Tolerance
from autograder.packages import DEFAULT_PACKAGES
from autograder.sealed import Sealed
from autograder.sections import Section
from autograder.values import Formula, SequentialNetwork, Tensor, Value, same
from autograder.versions import misfit

FILE_NAME = "checks.npz"
FORMAT = 1

SECONDS_PER_CALL = 5.0
"""How long a call of a graded function may take, unless its problem says otherwise."""


@dataclasses.dataclass(frozen=True)
class Raised:
    """An exception in place of a result: the name of its type and its message."""

    kind: str
    message: str


@dataclasses.dataclass(frozen=True)
class CheckedCase:
    """One call of a graded function, with the result it should have.

    ``wrong`` maps a misconception's name to what it returns (or raises) here; misconceptions
    that happen to be right on this case are absent. ``weight`` is the case's share of the points.
    ``loop_steps``: see :class:`~autograder.problems.Case`.
    """

    name: str
    arguments: Mapping[str, Value]
    expected: Value
    wrong: Mapping[str, Value | Raised]
    weight: float = 1.0
    hidden: bool = False
    loop_steps: int = 0


@dataclasses.dataclass(frozen=True)
class Checks:
    """All cases of one graded function, and the words for what may go wrong.

    ``hints`` maps a misconception's name to the hint the student reads. ``time_limit`` is in
    seconds per call. ``explorer`` configures ``explore()``; None where there is nothing to play.
    ``results`` are what the entries of the result are called, if there are several.

    What the exercise adds: the ``points`` of the task, and the ``sections`` of the book that
    explain it (under ``""``) and some of its misconceptions (under their names), and
    ``other_styles``, right answers that a right function opens.
    """

    function: str
    cases: tuple[CheckedCase, ...]
    hints: Mapping[str, str]
    tolerance: Tolerance = Tolerance()
    time_limit: float = SECONDS_PER_CALL
    explorer: Mapping[str, Value] | None = None
    results: tuple[str, ...] = ()
    points: float = 0.0
    sections: Mapping[str, Section] = dataclasses.field(default_factory=dict)
    other_styles: Sealed | None = None

    def section(self, misconception: str | None = None) -> Section | None:
        """Return the section that explains a misconception or, without one of its own, the task."""
        return self.sections.get(misconception or "") or self.sections.get("")


@dataclasses.dataclass(frozen=True)
class ChapterFacts:
    """What ``checks.npz`` says of its chapter.

    ``number`` is its place in the book, 0 if it has none. ``points_by_hand`` are those of its
    questions. ``version`` is that of the package that has made the file.
    """

    title: str
    number: int = 0
    points_by_hand: float = 0.0
    version: str = ""


class ChecksFileError(Exception):
    """``checks.npz`` is missing or is not one of ours; the message says what to do."""


def save_checks(
    path: Path,
    chapter: str,
    checks: Iterable[Checks],
    packages: Mapping[str, str] | None = None,
    facts: ChapterFacts | None = None,
) -> None:
    """Write the checks of a chapter to ``path``; the same checks give the same bytes.

    ``packages`` are those that the chapter needs beside the default ones, by import name.
    """
    arrays: dict[str, np.ndarray] = {}
    functions = [
        _encode(_fields(function_checks), arrays, function_checks.function)
        for function_checks in checks
    ]
    index = {"format": FORMAT, "chapter": chapter, "functions": functions}
    if facts:
        index["facts"] = _fields(facts)
    if packages:
        index["packages"] = dict(packages)
    text = json.dumps(index, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    arrays["index"] = np.frombuffer(text.encode(), dtype=np.uint8)
    # Not np.savez_compressed: that leaves the archive's dates and order to NumPy's version.
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in sorted(arrays):
            member = io.BytesIO()
            np.save(member, np.asarray(arrays[name], order="C"), allow_pickle=False)
            info = zipfile.ZipInfo(f"{name}.npy", date_time=(1980, 1, 1, 0, 0, 0))
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, member.getvalue())


def load_checks(path: Path) -> dict[str, Checks]:
    """Read the checks at ``path``, keyed by function name.

    Raises :class:`ChecksFileError` where the file is missing, damaged or of another version.
    """
    with _opened(path) as (index, archive):
        arrays = {name: _for_this_machine(archive[name]) for name in archive.files}
        try:
            decoded = [_checks(_decode(fields, arrays)) for fields in index["functions"]]
        except (KeyError, TypeError) as error:  # a newer version may say more
            raise ChecksFileError(
                misfit(_facts(index).version)
                or f"{path} is damaged ({error}). Get the exercise folder once more."
            ) from error
    return {checks.function: checks for checks in decoded}


def load_facts(path: Path) -> ChapterFacts:
    """Read what the file at ``path`` says of its chapter.

    Raises :class:`ChecksFileError` as :func:`load_checks`.
    """
    with _opened(path) as (index, _):
        return _facts(index)


def _facts(index: Mapping[str, Any]) -> ChapterFacts:
    known = {field.name for field in dataclasses.fields(ChapterFacts)}
    facts = {"title": index.get("chapter", ""), **index.get("facts", {})}
    return ChapterFacts(**{name: value for name, value in facts.items() if name in known})


def load_packages(path: Path) -> dict[str, str]:
    """Read which packages the exercise of ``path`` needs, by the names that are imported.

    Raises :class:`ChecksFileError` as :func:`load_checks`.
    """
    with _opened(path) as (index, _):
        return {**{name: name for name in DEFAULT_PACKAGES}, **index.get("packages", {})}


@contextlib.contextmanager
def _opened(path: Path) -> Iterator[tuple[dict[str, Any], NpzFile]]:
    """Open a file of checks: its index, and its arrays, of which each is read when asked for."""
    try:
        # Opened here: NumPy leaves the file of a damaged archive open.
        with path.open("rb") as file, np.load(file, allow_pickle=False) as archive:
            index = json.loads(archive["index"].tobytes().decode())
            if index["format"] != FORMAT:
                raise ChecksFileError(_other_format(path, index))
            yield index, archive
    except FileNotFoundError:
        raise ChecksFileError(
            f"There is no file {path.name!r} in {path.parent.resolve()}. It comes with the "
            "exercise: keep the notebook and the file in the same folder."
        ) from None
    # The last three: a damaged stream, an unknown way of packing, a mark of encryption.
    except (
        *(OSError, ValueError, KeyError, EOFError, TypeError, zipfile.BadZipFile),
        *(zlib.error, NotImplementedError, RuntimeError),
    ) as error:
        raise ChecksFileError(
            f"{path} is damaged ({error}). Get the exercise folder once more; your notebook "
            "can stay as it is."
        ) from error


def _other_format(path: Path, index: Mapping[str, Any]) -> str:
    advice = misfit(_facts(index).version) or "Install the one that belongs to this exercise."
    return (
        f"{path} has format {index['format']}, and this version of autograder reads format "
        f"{FORMAT}. {advice}"
    )


def _for_this_machine(array: np.ndarray) -> np.ndarray:
    """Return whole numbers in NumPy's type of positions, if they fit: it has 32 bits in browsers.

    There, a position that a function computes with and one that a case gives differ in type else.
    """
    if array.dtype != np.int64 or np.intp == np.int64:
        return array
    positions = array.astype(np.intp)
    return positions if np.array_equal(positions, array) else array


def _fields(record: Any) -> dict[str, Any]:
    # Not dataclasses.asdict: it would also take apart the values, such as a Formula.
    return {field.name: getattr(record, field.name) for field in dataclasses.fields(record)}


def _checks(fields: dict[str, Any]) -> Checks:
    cases = tuple(CheckedCase(**case) for case in fields["cases"])
    tolerance = Tolerance(**fields["tolerance"])
    sections = {key: Section(**section) for key, section in fields.get("sections", {}).items()}
    sealed = Sealed(**fields["other_styles"]) if fields.get("other_styles") else None
    made = {"cases": cases, "tolerance": tolerance, "sections": sections, "other_styles": sealed}
    return Checks(**{**fields, **made})


def _encode(  # noqa: C901, PLR0912 (one case per type)
    value: Value, arrays: dict[str, np.ndarray], name: str
) -> Any:
    """Turn a value into JSON, its arrays moved into ``arrays``; see `_decode`."""
    if isinstance(value, np.ndarray):
        # Many misconceptions are right in most of what they return: equal arrays are kept once.
        for known, array in arrays.items():
            if same(value, array):
                return {"array": known}
        # An archive holds each name twice, and uncompressed: numbers keep it small.
        member = str(len(arrays))
        arrays[member] = value
        return {"array": member}
    if isinstance(value, np.generic):
        return _encode(value.item(), arrays, name)
    if isinstance(value, Raised):
        return {"raised": [value.kind, value.message]}
    if isinstance(value, CheckedCase):
        fields = _fields(value)
        if not value.loop_steps:
            del fields["loop_steps"]  # most cases have none
        return _encode(fields, arrays, name)
    if isinstance(value, Tolerance | Section | Sealed):
        return _encode(_fields(value), arrays, name)
    if isinstance(value, Formula):
        return {"formula": value.source, "of": list(value.parameters)}
    if isinstance(value, Tensor):
        return {"tensor": _encode(_fields(value), arrays, name)}
    if isinstance(value, SequentialNetwork):
        return {"network": _encode(_fields(value), arrays, name)}
    if isinstance(value, Mapping):
        items = {key: _encode(item, arrays, f"{name}/{key}") for key, item in value.items()}
        return {"dict": items, "order": list(items)}
    if isinstance(value, tuple):
        return {"tuple": [_encode(item, arrays, f"{name}/{i}") for i, item in enumerate(value)]}
    if isinstance(value, list):
        return [_encode(item, arrays, f"{name}/{i}") for i, item in enumerate(value)]
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise TypeError(f"{name}: {type(value).__name__} cannot be stored in {FILE_NAME}")


def _decode(value: Any, arrays: Mapping[str, np.ndarray]) -> Any:
    if isinstance(value, list):
        return [_decode(item, arrays) for item in value]
    if not isinstance(value, dict):
        return value
    if "array" in value:
        return arrays[value["array"]]
    if "raised" in value:
        return Raised(*value["raised"])
    if "formula" in value:
        return Formula(tuple(value["of"]), value["formula"])
    if "tensor" in value:
        return Tensor(**_decode(value["tensor"], arrays))
    if "network" in value:
        return SequentialNetwork(**_decode(value["network"], arrays))
    if "tuple" in value:
        return tuple(_decode(item, arrays) for item in value["tuple"])
    return {key: _decode(value["dict"][key], arrays) for key in value["order"]}
