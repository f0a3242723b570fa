"""Other right answers: sealed in the exercise, opened by a right function."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import numpy as np
import pytest

from autograder.authoring.generate import write_source
from autograder.authoring.other_styles import sealed_styles
from autograder.chapter import SourceError, chapters, load_chapter, load_problems
from autograder.checks import FILE_NAME, load_checks
from autograder.packages import DEFAULT_PACKAGES
from autograder.problems import Case, Problem, Style, quarters, result_of
from autograder.report_lines import Report
from autograder.sealed import key_of, opened, scale_of, seal, words_of
from autograder.student.check import Check
from autograder.student.other_styles import other_styles
from tests import COURSE

NUMPY_CHAPTERS = [
    name
    for name in chapters(COURSE)
    if tuple(load_chapter(COURSE, name).packages) == DEFAULT_PACKAGES
]


def double(x):
    return 2 * x


def double_by_addition(x):
    return x + x


def cases(rng):
    return [Case(f"{n} numbers", {"x": quarters(rng, n)}) for n in (3, 4)]


STYLE = Style(double_by_addition, "Shorter: `x + x` <needs no number>.")
PROBLEM = Problem(double, cases, (), alternatives=(double_by_addition,), styles=(STYLE,))


def test_a_right_function_opens_them() -> None:
    sealed = sealed_styles(PROBLEM)
    checks = PROBLEM.visible_checks()
    checks = type(checks)(**{**vars(checks), "other_styles": sealed})
    single = [lambda x: (2 * x).astype(np.float32), lambda x: 2 * x + 1e-9]
    for function in (double, double_by_addition, *single):
        _, line = other_styles(checks, function)
        assert line.folded == STYLE.why
        assert line.text.startswith("def double_by_addition(x):")
    known = {str(case.arguments["x"]): case.expected for case in checks.cases}
    wrong = [
        lambda x: 2 * x + 0.25,
        lambda x: (2 * x).tolist()[:-1],
        lambda x: known[str(x)],  # the visible cases by heart
        lambda x: None,
        lambda x: exec("raise KeyboardInterrupt"),
    ]
    assert [other_styles(checks, function) for function in wrong] == [[]] * 5


def test_nothing_can_be_read_without_the_key() -> None:
    sealed = sealed_styles(PROBLEM)
    raw = base64.b64decode(sealed.text)
    assert b"double_by_addition" not in raw
    assert opened(sealed, key_of([], [])) is None
    answers = [double(question["x"]) for question in sealed.questions]
    key = key_of(answers, sealed.scales)
    assert json.loads(opened(sealed, key))[0]["why"] == STYLE.why
    torn = type(sealed)(sealed.questions, sealed.scales, base64.b64encode(raw[:-1]).decode())
    assert opened(torn, key) is None


def test_each_text_has_a_stream_of_its_own() -> None:
    first, second = (seal([], [], key, "a text " * 9).text for key in (b"1" * 32, b"2" * 32))
    assert first != second
    assert opened(seal([], [], b"1" * 32, "ü" * 999), b"1" * 32) == "ü" * 999


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (np.array([[64.0, -1.5]]), ["answer", "(1, 2)", "64", "-2"]),
        ({"b": 1, "a": [True, "word", None]}, None),
        (float("nan"), ["answer", "nan"]),
    ],
)
def test_what_the_key_is_made_from(value, words) -> None:
    made = words_of([value], [scale_of(value)])
    if words is None:
        words = ["answer", "a", "64", "word", "None", "b", "64"]
    assert made == words


def test_problems_that_cannot_be_sealed_are_named() -> None:
    few = Problem(double, lambda rng: [Case("one", {"x": quarters(rng, 1)})], (), styles=(STYLE,))
    with pytest.raises(SourceError, match="too few numbers to seal"):
        sealed_styles(few)
    other = Problem(double, cases, (), alternatives=(lambda x: 3 * x,), styles=(STYLE,))
    with pytest.raises(SourceError, match="does not open the other styles"):
        sealed_styles(other)
    helped = Style(double_with_help, "It calls another function.")
    with pytest.raises(SourceError, match="needs helper"):
        sealed_styles(Problem(double, cases, (), styles=(helped,)))


def helper(x):
    return 2 * x


def double_with_help(x):
    return helper(x)


helper.__module__ = "solutions.toy.pictures"


def test_no_styles_no_seal() -> None:
    assert sealed_styles(Problem(double, cases, ())) is None


# The course's own.


@pytest.mark.parametrize("chapter", NUMPY_CHAPTERS)
def test_styles_of_the_course(chapter: str) -> None:
    """Each is proven right as an alternative, and the exercise opens it for the reference."""
    released = load_checks(COURSE / "exercises" / chapter / FILE_NAME)
    file = (COURSE / "exercises" / chapter / FILE_NAME).read_bytes()
    opened_by_mistake = []
    for task, problem in load_problems(COURSE, chapter).items():
        assert len(problem.styles) <= 3
        assert {style.function for style in problem.styles} <= set(problem.alternatives)
        sealed = released[task].other_styles
        assert (sealed is None) == (not problem.styles), task
        if sealed is None:
            continue
        _, *lines = other_styles(released[task], problem.reference)
        assert [line.folded for line in lines] == [style.why for style in problem.styles]
        for line in lines:
            compile(line.text, task, "exec")
            assert line.text.encode() not in file
        right = words_of(
            [result_of(problem.reference, Case("", q)) for q in sealed.questions], sealed.scales
        )
        for wrong in problem.misconceptions:
            results = [result_of(wrong.wrong, Case("", q)) for q in sealed.questions]
            if words_of(map(str_of_error, results), sealed.scales) == right:
                opened_by_mistake.append(wrong.name)
    # Its misconception shows in a visible case alone, which no number can change.
    assert opened_by_mistake in ([], ["pooling_learns"])


def str_of_error(result):
    return str(result) if type(result).__name__ == "Raised" else result


# In a report.


def test_a_report_folds_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(COURSE / "exercises" / "filters")
    monkeypatch.setattr("autograder.student.progress._append", lambda path, text: False)
    reference = load_problems(COURSE, "filters")["conv2d"].reference
    shown: list[Report] = []
    monkeypatch.setattr("autograder.student.check.show", shown.append)
    Check()(reference)
    (report,) = shown
    assert report._repr_html_().count("<details><summary>") == 3
    assert "<code>einsum</code> are those of the formula" in report._repr_html_()
    assert "\n      def conv2d_einsum(x, w, b):\n          " in report.text


def test_one_line_of_the_settings_leaves_them_out(toy_course: Path) -> None:
    task = toy_course / "solutions" / "toy" / "tasks" / "total.py"
    text = task.read_text()
    text = text.replace("import Case,", "import Style, Case,").replace(
        "PROBLEM = Problem(\n    total,\n    cases,",
        "def by_method(x):\n    return float(x.sum())\n\n\n"
        "PROBLEM = Problem(\n    total,\n    lambda rng: [*cases(rng), *cases(rng), *cases(rng)],",
    )
    end = text.rindex(")")
    task.write_text(
        f"{text[:end]}    alternatives=(by_method,),\n"
        "    styles=(Style(by_method, 'Shorter.'),),\n)\n"
    )
    path = toy_course / "solutions" / "toy" / FILE_NAME
    (toy_course / "course.toml").write_text("other_styles = false")
    write_source(toy_course, "toy")
    assert load_checks(path)["total"].other_styles is None
    (toy_course / "course.toml").unlink()
    write_source(toy_course, "toy")
    assert load_checks(path)["total"].other_styles is not None
