"""A class that was taught: graded once for each file of tests."""

from __future__ import annotations

import pytest

from tests.grading.grading_class import SECRET, Grader
from tests.teaching.taught_class import TaughtClass, make_class


@pytest.fixture(scope="module")
def taught(grader: Grader, tmp_path_factory: pytest.TempPathFactory) -> TaughtClass:
    """A graded class."""
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("AUTOGRADER_SECRET", SECRET)
        return make_class(grader, tmp_path_factory.mktemp("class"))
