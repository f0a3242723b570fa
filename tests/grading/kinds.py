"""The kinds of tampering that the tests try, as a table: ``python -m tests.grading.kinds``.

Each line is a test, or one set of its parameters; a kind that is no longer tried leaves the table.
"""

from __future__ import annotations

from pathlib import Path

from tests.grading import (
    test_adversity,
    test_hidden_inputs,
    test_hostile_class,
    test_integrity,
    test_rules,
    test_sandbox,
)

TABLE = Path(__file__).parents[2] / "docs" / "tampering.md"
HEAD = """\
# Kinds of tampering

What the test suite does to the grading, each time: {count} kinds. None of them earns a point that
is not deserved, costs anybody else one, ends a batch, or shows what is hidden. The table is made
from the tests by `python -m tests.grading.kinds`, and a test holds it to them.

"""

ONE_EACH = (
    test_hostile_class.test_the_others_are_graded_whatever_somebody_hands_in,
    test_hostile_class.test_folders_in_each_other_are_read_down_to_a_limit,
    test_hostile_class.test_a_folder_that_cannot_be_read_is_for_a_person,
    test_hostile_class.test_a_full_disk_ends_the_grading_with_one_sentence,
    test_hostile_class.test_names_of_files_and_versions_do_nothing,
    test_hostile_class.test_nothing_steers_the_terminal,
    test_hostile_class.test_ten_bytes_stay_ten_bytes,
    test_hostile_class.test_cells_that_never_end_have_a_limit_together,
    test_hostile_class.test_all_answers_in_one_cell_count_where_the_first_is_due,
    test_adversity.test_jumps_of_the_clock_cost_nothing,
    test_adversity.test_sandboxes_just_under_their_memory_do_not_disturb_each_other,
    test_adversity.test_many_threads_keep_to_one_core,
    test_adversity.test_a_sandbox_that_fails_in_the_middle_loses_nothing,
    test_adversity.test_marks_of_stock_nbgrader_are_taken_over,
    test_adversity.test_a_file_of_short_texts_is_refused_before_it_is_read,
    test_sandbox.test_other_packages_cannot_be_found_anywhere,
    test_sandbox.test_submitted_modules_shadow_nothing,
    test_sandbox.test_nothing_but_the_working_folder_can_be_written,
    test_sandbox.test_threads_of_one_submission_do_not_count_for_another,
    test_sandbox.test_no_other_descriptor_is_open,
    test_sandbox.test_killing_everything_hits_nobody_else,
    test_sandbox.test_sessions_share_nothing,
    test_sandbox.test_memory_is_limited,
    test_sandbox.test_disk_is_limited,
    test_sandbox.test_output_is_limited,
    test_sandbox.test_a_cell_that_ignores_the_interrupt_is_killed,
    test_sandbox.test_sleeping_is_stopped_as_well,
    test_sandbox.test_closing_ends_a_busy_process,
    test_sandbox.test_an_answer_that_drips_is_cut_off,
    test_sandbox.test_pictures_are_kept_and_markup_is_not,
    test_sandbox.test_the_paths_of_mounts_are_not_told,
)

PARAMETERS = "pytestmark"


def kinds() -> dict[str, list[str]]:
    """Return the kinds by what they are after."""
    return {
        "Cells that attack the grader, its process, other tasks": list(test_integrity.CELLS),
        "Notebooks that were edited": list(test_integrity.EDITS),
        "Texts that act in the instructor's browser": test_integrity.ACTIVE,
        "Ways for hidden inputs into the feedback": [
            "arguments kept for a later cell",
            "arguments kept in a file",
            "the inputs of a later task used in an earlier one",
            "the numbers of an earlier attempt",
            *test_hidden_inputs.ACTS,
        ],
        "Loops where the task forbids them": list(test_rules.SLOW),
        "More calls of a network than allowed": list(test_rules.MANY_CALLS),
        "Image libraries in graded functions": list(test_rules.WITH_PILLOW),
        "System calls": parameters(test_sandbox.test_system_calls_are_refused)
        + parameters(test_sandbox.test_namespaces_and_other_processes_are_out_of_reach),
        "Answers that are none": parameters(
            test_sandbox.test_bytes_that_are_no_answer_end_the_session
        ),
        "Notes that were damaged": [
            repr(note)
            for note in parameters(test_hostile_class.test_a_damaged_note_is_as_good_as_none)
        ],
        "Students' names that lead elsewhere": [
            repr(name)
            for name in parameters(test_hostile_class.test_a_students_name_leads_nowhere_else)
        ],
        "Without libseccomp": list(test_adversity.FORKS),
        "Names that are formulas in a spreadsheet": test_adversity.NAMES,
        "One test each": [
            test.__name__.removeprefix("test_").replace("_", " ") for test in ONE_EACH
        ],
    }


def parameters(test: object) -> list[str]:
    """Return what a test is run with."""
    [mark] = [mark for mark in getattr(test, PARAMETERS) if mark.name == "parametrize"]
    return list(mark.args[1])


def table() -> str:
    """Return the table as Markdown."""
    known = kinds()
    lines = [HEAD.format(count=sum(map(len, known.values())))]
    for title, names in known.items():
        lines.append(f"## {title} ({len(names)})\n\n")
        lines += [f"- `{plain(name)}`\n" for name in names]
        lines.append("\n")
    return "".join(lines).rstrip() + "\n"


def plain(name: object) -> str:
    """Return a kind in one line of printable characters, without backquotes."""
    text = " ".join(str(name).split()).replace("`", "'").replace("](", "] (")
    text = "".join(c if c.isprintable() and c.isascii() else f"\\u{ord(c):04x}" for c in text)
    return text if len(text) <= 90 else text[:87] + "..."


if __name__ == "__main__":
    TABLE.write_text(table(), encoding="utf-8")
