"""Remarks on submissions, only against those who did it: what the course has changed is not theirs.

A submission that was started from an earlier release differs from the present one. Of all releases
that are known it belongs to the one that it differs from least.
"""

from __future__ import annotations

from collections.abc import Sequence

from autograder.grading.course import Course, GradedChapter
from autograder.grading.rebuild import rebuild
from autograder.grading.submission import Submission
from autograder.releases import earlier_texts, kept_releases


def fair_remarks(
    course: Course, chapter: GradedChapter, submission: Submission, remarks: Sequence[str]
) -> tuple[str, ...]:
    """Return the remarks on a submission, without those that only the present release calls for."""
    if not remarks:
        return ()
    submitted = submission.parsed()
    texts = earlier_texts(course.classroom, chapter.name, chapter.release)
    present = rebuild(submitted, chapter.release, texts).flags
    earlier = (
        rebuild(submitted, release, texts).flags
        for release in kept_releases(course.classroom, chapter.name)
    )
    fewest = min((present, *earlier), key=len)
    return tuple(fewest) + tuple(remark for remark in remarks if remark not in present)
