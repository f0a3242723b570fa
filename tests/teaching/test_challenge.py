"""The challenge: the right entries are scored, the others refused in words, and nobody sees more.

The class has one student for each way of handing something in; it is scored once.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import os
import re
import shutil
import struct
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from autograder.authoring.archive import make_archive
from autograder.authoring.book_sections import CHALLENGE_PAGE, pages_in_use, pages_left_out
from autograder.challenge.declaration import NAME, Challenge, load_challenge
from autograder.challenge.entry import MAX_ARRAYS, Entry, Refused, Rules, read_entry, read_weights
from autograder.challenge.handout import HANDOUT, load_handout
from autograder.challenge.judging import Score, interval
from autograder.grading.course import Course
from autograder.teaching.challenge_class import Attempt, Scoring, Standing, score_class
from autograder.teaching.leaderboard import ranked, write_leaderboard
from tests import COURSE
from tests.book.barriers import violations
from tests.grading.grading_class import SECRET
from tests.teaching.test_guide import block_below
from tests.teaching.test_term import autograder

HEAD = "import numpy as np\ndef predict(pictures, weights):\n    "
ZEROS = HEAD + "return np.zeros(len(pictures), int)"
SECONDS, COUNT = 0.5, 300

SEARCHER = """\
import gc, os, sys
import numpy as np


def predict(pictures, weights):
    finds = [name for name in os.environ if "SECRET" in name]
    for top, folders, names in os.walk("/"):
        folders[:] = [name for name in folders if name not in ("lib", "proc", "site", "sys", "usr")]
        finds += {"digits.py", "declared.py", "challenge.npz", ".course_secret"}.intersection(names)
    places, frame = [vars(module) for module in list(sys.modules.values())], sys._getframe()
    while frame is not None:
        places.append(frame.f_locals)
        frame = frame.f_back
    places += [thing for thing in gc.get_objects() if isinstance(thing, dict)]
    for place in places:
        for value in list(place.values()):
            if isinstance(value, np.ndarray) and value.shape == (len(pictures),):
                finds.append("labels")
    return np.full(len(pictures), len(finds))
"""
"""It looks for labels, for what draws the pictures, and for the secret, wherever it can."""

REFUSED = {
    "names": (
        HEAD + "import os; return os.listdir('/') + os.listdir('.')",
        "array of 300 whole numbers",
    ),
    "objects": (HEAD + "return np.array([object()] * len(pictures))", "array of 300 whole numbers"),
    "nan": (HEAD + "return np.full(len(pictures), np.nan)", "array of 300 whole numbers"),
    "column": (HEAD + "return np.zeros((len(pictures), 1), int)", "array of 300 whole numbers"),
    "flood": (HEAD + "return np.zeros(10**8, int)", "array of 300 whole numbers"),
    "subclass": (
        "import numpy as np\nclass Sly(np.ndarray):\n    __eq__ = lambda self, other: True\n"
        + HEAD
        + "return np.zeros(len(pictures), int).view(Sly)",
        "array of 300 whole numbers",
    ),
    "sleeper": (HEAD + "import time; time.sleep(1000)", "longer than the 0.5 s of CPU time"),
    "stubborn": (
        HEAD + "while True:\n        try:\n            while True: pass\n"
        "        except BaseException: pass",
        "longer than the 0.5 s of CPU time",
    ),
    "beginning": ("while True: pass", "longer than the 0.5 s of CPU time"),
    "exit": (HEAD + "import os; os._exit(0)", "It ended Python"),
    "forger": (
        HEAD
        + "import os\n    for number in range(3, 64):\n        try: os.write(number, b'9' * 99)\n"
        "        except OSError: pass\n    return np.zeros(len(pictures), int)",
        "It ended Python",
    ),
    "nothing": ("x = 1", "The code defines no function predict."),
    "syntax": ("def predict(:", "The code stopped: SyntaxError"),
    "torch": (
        "import torch\n" + HEAD + "return torch.zeros(3)",
        "predict stopped: ImportError (line 4 of predict: return torch.zeros(3))",
    ),
    "words": (
        HEAD + "raise ValueError('\\x1b[31m<script>' + 'x' * 9999)",
        "predict stopped: ValueError (line 3",
    ),
    "memory": (HEAD + "return np.ones(10**11)", "predict stopped: MemoryError (line 3"),
    # A function may not say what it has seen, in any place of its own choice.
    "teller": (
        HEAD + "raise type(f'seen{pictures.sum()}', (Exception,), {})(str(pictures.tobytes()))",
        "predict stopped: an exception of its own (line 3",
    ),
    "big_shape": (HEAD + "return np.zeros((0, int(pictures.sum())), int)", "300 whole numbers"),
    "number": (HEAD + "return int(pictures.sum())", "300 whole numbers"),
    "begins": ("raise ValueError('\\x1b[31m<script>' + 'x' * 9999)", "code stopped: ValueError: "),
    "long": (ZEROS + "  # " + "x" * 19_990, "code may have 20,000"),
}


def packed(**arrays: np.ndarray) -> bytes:
    file = io.BytesIO()
    np.savez_compressed(file, **arrays)
    return file.getvalue()


def hand_in(course: Course, student: str, **files: bytes | str) -> Path:
    """Put an entry where a student's is expected; ``challenge_py`` stands for challenge.py."""
    folder = course.submitted(student, NAME)
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files.items():
        data = content.encode() if isinstance(content, str) else content
        (folder / ".".join(name.rsplit("_", 1))).write_bytes(data)
    return folder


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A course with nothing but the challenge: fewer pictures, and less time for them."""
    root = tmp_path_factory.mktemp("challenge") / "course"
    for name in ("__init__.py", "arrays.py", NAME):
        source, target = COURSE / "solutions" / name, root / "solutions" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        (shutil.copytree if source.is_dir() else shutil.copy)(source, target)
    declared = root / "solutions" / NAME / "declared.py"
    text = declared.read_text()
    for setting, other in (
        ("seconds=10.0", f"seconds={SECONDS}"),
        ("pictures=2000", f"pictures={COUNT}"),
    ):
        assert setting in text
        text = text.replace(setting, other)
    declared.write_text(text)
    shutil.copy(COURSE / "nbgrader_config.py", root)
    (root / "course.toml").write_text("[challenge]\nattempts = 2\n")
    return root


@pytest.fixture(scope="module")
def challenge(root: Path) -> Challenge:
    return load_challenge(root)


@pytest.fixture(scope="module")
def course(root: Path, challenge: Challenge) -> Course:
    """A class in which everybody has handed something in."""
    course = Course.at(root)
    for name in challenge.baselines:
        place = challenge.folder / "baselines" / name
        shutil.copytree(place, course.submitted(f"good-{name}", NAME))
    hand_in(course, "good-linear", nickname_txt="<b>Ada</b> \u202e=1+1\nLovelace")
    hand_in(course, "good-small_cnn", nickname_txt="ada")
    hand_in(course, "=cmd", challenge_py=ZEROS, nickname_txt="Ada")
    hand_in(course, "id-searcher", challenge_py=SEARCHER)
    for name, (code, _) in REFUSED.items():
        hand_in(course, f"id-{name}", challenge_py=code)
    hand_in(
        course, "id-large", challenge_py=ZEROS, weights_npz=packed(a=np.zeros(40_000, np.uint8))
    )
    hand_in(course, "id-bomb", challenge_py=ZEROS, weights_npz=packed(a=np.zeros(10**8, np.uint8)))
    pickled = packed(a=np.array([{"a": 1}], dtype=object))
    hand_in(course, "id-pickle", challenge_py=ZEROS, weights_npz=pickled)
    hand_in(course, "id-absent", readme_md="I have nothing.")
    folder = hand_in(course, "id-link")
    (folder / "challenge.py").symlink_to("/etc/passwd")
    return course


@pytest.fixture(scope="module")
def scored(course: Course) -> dict[str, Standing]:
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", SECRET)
        return {standing.student: standing for standing in score_class(course)}


@pytest.fixture
def _secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)


# Scores


@pytest.mark.sandbox
@pytest.mark.usefixtures("_secret")
def test_right_entries_have_the_score_that_they_have_outside(
    course: Course, challenge: Challenge, scored: dict[str, Standing]
) -> None:
    held_out = challenge.held_out(course.seed(NAME, "", "held-out test"))
    for name in challenge.baselines:
        attempt = scored[f"good-{name}"].attempt
        assert attempt is not None
        assert attempt.score is not None
        entry, names = challenge.baseline(name), {}
        exec(entry.code, names)
        answers = names["predict"](held_out.pictures, entry.weights)
        assert attempt.score.right == (answers == held_out.labels).sum()
        assert (attempt.size, attempt.parameters) == (entry.size, entry.parameters)
        assert 0 <= attempt.score.seconds < SECONDS


@pytest.mark.sandbox
def test_whoever_breaks_the_rules_is_refused_in_words(scored: dict[str, Standing]) -> None:
    for name, (_, words) in REFUSED.items():
        assert scored[f"id-{name}"].attempt is None, name
        assert words in scored[f"id-{name}"].remark, name
        assert len(scored[f"id-{name}"].remark) < 400
        assert scored[f"id-{name}"].remark.isprintable()
    assert "It has 40,0" in scored["id-large"].remark
    assert "more than the 40,000 allowed" in scored["id-large"].remark
    assert scored["id-bomb"].remark == "weights.npz unpacks to more than 1,000,000 bytes."
    assert "'a' in weights.npz is no array of numbers" in scored["id-pickle"].remark
    assert scored["id-absent"].remark == "There is no file challenge.py."
    assert scored["id-link"].remark == "challenge.py is a symbolic link, not a file."


@pytest.mark.sandbox
@pytest.mark.usefixtures("_secret")
def test_a_lookup_table_of_what_students_have_earns_what_guessing_earns(
    course: Course, challenge: Challenge, scored: dict[str, Standing]
) -> None:
    handout = challenge.handout()
    pictures = np.concatenate([handout.training_pictures, handout.validation_pictures])
    labels = np.concatenate([handout.training_labels, handout.validation_labels])
    table = {
        picture.tobytes(): label for picture, label in zip(pictures, labels.tolist(), strict=True)
    }
    assert len(table) == challenge.training + challenge.validation
    held_out = challenge.held_out(course.seed(NAME, "", "held-out test"))
    answers = [table.get(picture.tobytes(), 0) for picture in held_out.pictures]
    always_zero = scored["=cmd"].attempt
    assert always_zero is not None
    assert always_zero.score is not None
    assert always_zero.score.right == sum(np.array(answers) == held_out.labels)
    assert always_zero.score.interval[0] < 0.1 < always_zero.score.interval[1]
    # Who looks for the labels finds nothing, and so answers 0 as well.
    searcher = scored["id-searcher"].attempt
    assert searcher is not None
    assert searcher.score is not None
    assert searcher.score.right == always_zero.score.right


@pytest.mark.filterwarnings("ignore::FutureWarning")  # it looks at what PyTorch gives up, too
def test_the_searcher_would_find_labels_that_are_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "walk", lambda top: [("/", [], ["digits.py"])])
    names: dict[str, Any] = {}
    exec(SEARCHER, names)
    pictures, labels = np.zeros((7, 20, 20)), np.ones(7, int)
    assert min(names["predict"](pictures, {})) >= 2
    assert len(labels) == 7  # it has lain in this frame


@pytest.mark.sandbox
@pytest.mark.usefixtures("_secret")
def test_a_second_run_scores_nothing_and_changes_nothing(
    course: Course, scored: dict[str, Standing], monkeypatch: pytest.MonkeyPatch
) -> None:
    notes = {path: path.read_bytes() for path in course.notes.rglob("*.json")}
    pages = [path.read_bytes() for path in write_leaderboard(course)]

    def refuse(*arguments: object) -> Score:
        raise AssertionError("an entry was run again")

    monkeypatch.setattr("autograder.teaching.challenge_class.run_entry", refuse)
    assert {standing.student: standing for standing in score_class(course)} == scored
    assert [path.read_bytes() for path in write_leaderboard(course)] == pages
    assert {path: path.read_bytes() for path in course.notes.rglob("*.json")} == notes


@pytest.mark.usefixtures("_secret")
def test_so_many_attempts_are_scored_and_the_last_counts(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    course = Course.at(root, tmp_path)
    rights = iter((200, 100, 150))

    def score(*arguments: object) -> Score:
        return Score(next(rights), COUNT, 0.1)

    monkeypatch.setattr("autograder.teaching.challenge_class.run_entry", score)

    def stand(code: str) -> tuple[int, int, str]:
        hand_in(course, "ada", challenge_py=code)
        with Scoring.of(course) as scoring:
            scoring._sandbox = object()  # type: ignore[assignment]  (nothing is run)
            [standing] = scoring.standings(["ada"])
            scoring._sandbox = None
        assert standing.attempt is not None
        assert standing.attempt.score is not None
        return standing.attempt.score.right, standing.used, standing.remark

    assert stand("first = 1") == (200, 1, "")
    assert stand("second = 1") == (100, 2, "")
    used = "All 2 attempts are used: the last one that was scored counts."
    assert stand("third = 1") == (100, 2, used)
    assert stand("first = 1") == (200, 2, "")  # known: no attempt, and it is what lies there now
    monkeypatch.setenv("AUTOGRADER_SECRET", "another secret, another test")
    assert stand("third = 1") == (150, 1, "")


# The leaderboard


@pytest.mark.sandbox
@pytest.mark.usefixtures("_secret")
def test_the_leaderboard_is_anonymous_and_nothing_in_it_acts(
    course: Course, scored: dict[str, Standing]
) -> None:
    page, scores = write_leaderboard(course)
    text = page.read_text(encoding="utf-8")
    # Of a nickname, letters and digits are left; equal ones are told apart.
    assert "<bdi>bAdab 11</bdi>" in text
    assert "<bdi>Ada</bdi>" in text
    assert "<bdi>ada (2)</bdi>" in text
    assert "<script>" not in text.replace("&lt;script&gt;", "")
    assert "<i>course: small CNN</i>" in text
    for student in scored:
        assert student not in text
    assert text.count("<bdi>anonymous ") == len(scored) - 3
    lines = list(csv.DictReader(io.StringIO(scores.read_text(encoding="utf-8"))))
    by_student = {line["student"]: line for line in lines if line["rank"] != "baseline"}
    assert set(by_student) == set(scored) - {"=cmd"} | {"'=cmd"}
    assert by_student["good-small_cnn"]["rank"] == "1"
    assert by_student["id-torch"]["remark"].startswith("predict stopped: ImportError")
    assert sum(line["rank"] == "baseline" for line in lines) == 3


@pytest.mark.sandbox
@pytest.mark.usefixtures("_secret", "scored")
def test_everybody_can_read_the_leaderboard(course: Course, browser: Browser) -> None:
    page, _ = write_leaderboard(course)
    for scheme in ("light", "dark"):
        for width in (360, 1100):
            context = browser.new_context(
                color_scheme=scheme, viewport={"width": width, "height": 800}
            )
            tab = context.new_page()
            tab.goto(page.as_uri())
            assert violations(tab) == []
            wide = "document.documentElement.scrollWidth <= innerWidth"
            assert tab.evaluate(wide), f"{width} pixels, {scheme}"
            context.close()


def standing(name: str, right: int, size: int = 100, count: int = 100) -> Standing:
    attempt = Attempt(name, size, 1, Score(right, count, 0.1))
    return Standing(name, name, attempt, 1)


def test_entries_that_the_test_cannot_tell_apart_share_a_rank() -> None:
    rows = ranked(
        [standing("d", 20), standing("c", 80), standing("b", 90, 200), standing("a", 90, 100)],
        [standing("baseline", 85)],
    )
    assert [(row.name, row.rank) for row in rows] == [
        *(("a", 1), ("b", 1), ("baseline", None), ("c", 1), ("d", 4)),
    ]
    tall = ranked(
        [standing(name, right, count=10_000) for name, right in (("x", 9000), ("y", 8000))]
    )
    assert [row.rank for row in tall] == [1, 2]


def test_the_interval_is_wilsons() -> None:
    low, high = interval(50, 100)
    assert low == pytest.approx(0.4038, abs=1e-4)
    assert high == pytest.approx(0.5962, abs=1e-4)
    assert interval(0, 10)[0] == 0
    assert interval(10, 10)[1] == pytest.approx(1)
    # It holds the true share about as often as it says.
    rng = np.random.default_rng(0)
    ends = np.array([interval(right, 500) for right in rng.binomial(500, 0.7, 2000)])
    assert 0.94 < np.mean((ends[:, 0] <= 0.7) & (ends[:, 1] >= 0.7)) < 0.965


# What an entry is


def test_every_byte_of_an_entry_counts() -> None:
    weights = {"w": np.zeros((10, 10), np.float32), "half": np.zeros(10, np.float16)}
    entry = read_entry({"challenge.py": ZEROS.encode(), "weights.npz": packed(**weights)})
    assert entry.parameters == 110
    assert entry.size == len(ZEROS) + len("w") + 400 + len("half") + 20
    entry.require(Rules(entry.size, 1.0, 1))
    with pytest.raises(Refused, match=rf"^It has {entry.size} bytes, 1 more than the "):
        entry.require(Rules(entry.size - 1, 1.0, 1))
    # A name is a place for numbers, too; and another name, or shape, is another entry.
    longer = Entry(entry.code, {"w" * 50: weights["w"], "half": weights["half"]})
    assert longer.size == entry.size + 49
    turned = Entry(entry.code, {"w": weights["w"].reshape(4, 25), "half": weights["half"]})
    assert len({entry.digest, longer.digest, turned.digest}) == 3
    assert entry.digest == Entry(entry.code, entry.weights, "Ada").digest


def archive(name: str, data: bytes, packing: int = zipfile.ZIP_DEFLATED) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", packing) as members:
        members.writestr(name, data)
    return file.getvalue()


def npy(descr: str, shape: str, data: bytes = b"") -> bytes:
    header = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header + data


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"no archive", "cannot be read: BadZipFile"),
        (archive("../../x.txt", b"1"), "is no array of its own"),
        (archive("a.npy", b"no array"), "is no array of numbers"),
        (archive("a.npy", npy("'|O'", "(1,)", b"cos\nsystem\n")), "is no array of numbers"),
        (archive("a.npy", npy("'<f4'", f"({10**8},)", b"1234")), "not as many numbers as it says"),
        (archive("a.npy", npy("'<f4'", "(-1,)", b"1234")), "is no array of numbers"),
        (archive("a.npy", npy("'<f4'", "()", b"12345")), "not as many numbers as it says"),
        (archive("a.npy", npy("'<f4'", "exit()")), "is no array of numbers"),
        (archive("a.npy", npy("'<f1'", "(1,)", b"1")), "is no array of numbers"),
        (archive("a.npy", npy("'<U1'", "(1,)", b"1234")), "is no array of numbers"),
        (archive("a.npy", npy("[('a', '<f4')]", "(1,)", b"1234")), "is no array of numbers"),
        (archive("a.npy", npy("'<f4'", "((((1", b"1234")), "is no array of numbers"),
        (archive("a.npy", bytes(2_000_000), zipfile.ZIP_BZIP2), "that np.savez does not use"),
        (packed(**{f"a{i}": np.zeros(1) for i in range(MAX_ARRAYS + 1)}), "more than 200 arrays"),
    ],
)
def test_weights_that_are_no_arrays_of_numbers_are_refused(content: bytes, words: str) -> None:
    with pytest.raises(Refused, match=words):
        read_weights(content)


def test_arrays_of_all_types_and_shapes_are_read() -> None:
    arrays = {
        "empty": np.zeros((0, 4), np.float16),
        "number": np.float64(3.5),
        "row": np.arange(3, dtype=np.int8),
        "other_order": np.asfortranarray(np.arange(6.0).reshape(2, 3)),
        "big_endian": np.arange(4, dtype=">u2"),
        "many_axes": np.ones((1, 2, 1, 3, 1, 2), np.float32),
    }
    for kind in (np.savez, np.savez_compressed):
        file = io.BytesIO()
        kind(file, **arrays)
        weights = read_weights(file.getvalue())
        assert set(weights) == set(arrays)
        for name, array in arrays.items():
            assert np.array_equal(weights[name], array)
            assert weights[name].dtype == array.dtype
            assert weights[name].shape == array.shape


def test_damaged_files_are_refused_and_raise_nothing_else() -> None:
    rng = np.random.default_rng(3)
    whole, header = packed(w=np.ones((3, 4))), npy("'<f4'", "(1,)", b"1234")
    read, refusals = 0, []
    for number in range(1500):
        damaged = bytearray(whole if number % 2 else header)
        for place in rng.integers(len(damaged), size=1 + number % 3):
            damaged[place] = rng.choice([rng.integers(256), *b"'{}()[],:-09<>|fiuO\n"])
        try:
            read_weights(bytes(damaged) if number % 2 else archive("a.npy", bytes(damaged)))
            read += 1
        except Refused as refusal:
            refusals.append(str(refusal))
    assert 0 < read < 500
    assert len(refusals) == 1500 - read
    assert max(map(len, refusals)) < 200


def test_an_archive_that_lies_about_its_sizes_is_not_unpacked() -> None:
    bomb = bytearray(archive("a.npy", bytes(50_000_000)))
    for place in (bomb.find(b"PK\x03\x04") + 22, bomb.find(b"PK\x01\x02") + 24):
        bomb[place : place + 4] = struct.pack("<I", 900_000)
    with pytest.raises(Refused, match="cannot be read"):
        read_weights(bytes(bomb))


# The commands


@pytest.mark.sandbox
def test_the_commands_of_the_guide_take_an_entry_from_download_to_leaderboard(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AUTOGRADER_SECRET", SECRET)
    shutil.copytree(root, tmp_path / "course", ignore=shutil.ignore_patterns("submitted", ".*"))
    monkeypatch.chdir(tmp_path / "course")
    autograder("generate", NAME)
    # As browsers and platforms call files; Ben has not read what to hand in.
    ada, ben = (Path("downloads", "entries", name) for name in ("ada", "ben"))
    shutil.copytree(COURSE / "solutions" / NAME / "baselines" / "linear", ada)
    (ada / "challenge.py").rename(ada / "Challenge (1).py")
    (ada / "weights.npz").rename(ada / "weights-1.npz")
    ben.mkdir()
    (ben / "notes.txt").write_text("no entry")
    odd = Path("submitted", "e\x1b[2Jve", NAME)  # no way of collecting makes such a folder
    odd.mkdir(parents=True)
    (odd / "challenge.py").write_text(ZEROS)
    said = [
        autograder(*line.split()[1:])
        for line in block_below("The challenge").splitlines()
        if line.startswith("autograder ")
    ]
    assert len(said) == 4
    with zipfile.ZipFile(Path("_build", "release", f"course-{NAME}.zip")) as archive:
        names = {name.partition("/")[2] for name in archive.namelist()}
        readme = archive.read(min(archive.namelist())).decode()
    assert f"exercises/{NAME}/challenge.npz" in names
    assert f"check exercises/{NAME}/challenge.py`" in readme
    assert "2 handed in" in said[1]
    assert "ada: Challenge (1).py" in said[1]
    assert "ben: no challenge.py; there is notes.txt" in said[1]
    assert re.search(r"1 +anonymous \w{4} +ada +\d\d\.\d%", said[2])
    assert "ben: There is no file challenge.py." in said[2]
    assert "e?[2Jve" in said[2]
    assert "\x1b" not in said[2]
    assert "3 entries." in said[2]
    assert Path("reports", NAME, f"{NAME}.html").exists()
    assert "there is no folder submitted/'cleo'" in autograder(
        "grade", NAME, "--student", "cleo", fails=1
    )
    assert "one by one" in autograder("grade", NAME, "--workers", "2", fails=2)
    Path("course.toml").write_text("[challenge]\nnames = true\n")
    autograder("report", NAME)
    assert "<bdi>ada</bdi>" in Path("reports", NAME, f"{NAME}.html").read_text()
    autograder("forget", "ada", "--yes")
    left = [
        path for path in Path().rglob("*") if "ada" in path.parts and "downloads" not in path.parts
    ]
    assert left == []
    assert not list(Path(".grading", NAME).glob(f"{hashlib.sha256(b'ada').hexdigest()[:32]}*"))
    Path("course.toml").write_text("[challenge]\nuse = false\n")
    for command in ("grade", "report"):
        assert "This course has no challenge" in autograder(command, NAME, fails=1)
    assert make_archive(Path(), Path("all.zip")).exists()
    with zipfile.ZipFile("all.zip") as archive:
        assert not [name for name in archive.namelist() if NAME in name]


def test_a_chapter_is_released_without_the_challenge(tmp_path: Path) -> None:
    archive = make_archive(COURSE, tmp_path / "filters.zip", ["filters"])
    with zipfile.ZipFile(archive) as members:
        assert not [name for name in members.namelist() if f"/exercises/{NAME}/" in name]
    everything = make_archive(COURSE, tmp_path / "all.zip")
    with zipfile.ZipFile(everything) as members:
        names = {name.rpartition("/")[2] for name in members.namelist() if f"/{NAME}/" in name}
    assert {"challenge.npz", "challenge.py", "train.py"} <= names


def test_the_page_is_left_out_with_the_challenge(tmp_path: Path) -> None:
    shutil.copy(COURSE / "_toc.yml", tmp_path)
    assert pages_left_out(tmp_path) == [CHALLENGE_PAGE]
    assert CHALLENGE_PAGE not in pages_in_use(tmp_path)
    assert CHALLENGE_PAGE in pages_in_use(COURSE)


# What students get


@pytest.fixture
def starter(tmp_path: Path) -> Path:
    """The folder that students begin with, and their weights."""
    folder = tmp_path / "mine"
    shutil.copytree(COURSE / "exercises" / NAME, folder)
    subprocess.run([sys.executable, "train.py"], cwd=folder, check=True)
    return folder


def test_students_measure_their_entry_and_the_budget_that_it_uses(starter: Path) -> None:
    said = autograder("check", starter / "challenge.py")
    assert re.search(r"Validation: \d+ of 500 pictures, 3\d\.\d% \(95 % interval: ", said)
    code = len((starter / "challenge.py").read_bytes())
    size = (
        f"{16_009 + code:,} of 40,000 bytes: {code} of code, 16,009 of weights (4,000 parameters)"
    )
    assert size in said
    assert "of 10 s for the 2,000 pictures of the test" in said
    assert "refused" not in said
    document = json.loads(autograder("check", starter / "challenge.py", "--json"))
    assert document["passed"] is True
    assert (document["bytes"], document["parameters"]) == (16_009 + code, 4000)
    low, high = document["interval"]
    assert low < document["right"] / document["pictures"] < high


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("def predict(pictures, weights):\n    return open('weights.npz')", "line 2 of predict"),
        ("x = 1", "The code defines no function predict."),
        (HEAD + "return pictures", "It returned: uint8 array of shape (500, 20, 20)."),
        ("import rich\n" + HEAD + "rich.get_console()\n    return 1", "It uses rich; only NumPy"),
        (ZEROS + " #" + "x" * 30_000, "code may have 20,000"),
        (ZEROS + " #" + "x" * 19_800 + "\n" * 20, ""),
    ],
)
def test_students_read_why_an_entry_would_be_refused(starter: Path, code: str, words: str) -> None:
    before = Path.cwd()
    (starter / "challenge.py").write_text(code)
    said = autograder("check", starter / "challenge.py", fails=int(bool(words)))
    assert words in said
    assert ("It would be refused: " in said) is bool(words)
    assert Path.cwd() == before


def test_an_entry_that_is_too_large_is_measured_and_would_be_refused(starter: Path) -> None:
    with np.load(starter / "weights.npz") as arrays:
        np.savez(
            starter / "weights.npz", centroids=arrays["centroids"].astype(float), more=np.ones(999)
        )
    said = autograder("check", starter / "challenge.py", fails=1)
    assert "Validation: " in said
    assert "It would be refused: It has 40,7" in said


def test_what_helps_was_measured_on_other_pictures_than_any_test(challenge: Challenge) -> None:
    outcomes = json.loads((challenge.folder / "study.json").read_text())
    assert {outcome["count"] for outcome in outcomes.values()} == {5000}
    for outcome in outcomes.values():
        assert 0.85 < outcome["right"] / outcome["count"] < 1


def test_what_students_get_is_up_to_date() -> None:
    challenge = load_challenge(COURSE)
    place, expected = COURSE / "exercises" / NAME, challenge.handout()
    there = load_handout(place / HANDOUT)
    assert there.rules == expected.rules
    for name in ("training", "validation"):
        for kind in ("pictures", "labels"):
            assert np.array_equal(
                getattr(there, f"{name}_{kind}"), getattr(expected, f"{name}_{kind}")
            )
    starter = {path.name: path.read_bytes() for path in (challenge.folder / "starter").glob("*.py")}
    assert {path.name: path.read_bytes() for path in place.glob("*.py")} == starter
    assert (
        starter["challenge.py"]
        == (challenge.folder / "baselines" / "nearest_centroid" / "challenge.py").read_bytes()
    )
