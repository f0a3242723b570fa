"""What an exception usually means, in a beginner's words, and how to mend it."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

from autograder.exception_texts import ADVICE, NEW_NAMES, Advice
from autograder.failures import Failed


def advice(
    failed: Failed, function: str, parameters: Sequence[str], secret: bool = False
) -> str | None:
    """Return a sentence that helps with an exception, or None where we have none to give.

    ``function`` and ``parameters`` are those that the task asks for. Of a ``secret`` case nothing
    is quoted from the message.
    """
    call = _wrong_call(failed)
    if call == function and not failed.line:
        return (
            f"The task gives {function} the parameters ({', '.join(parameters)}). "
            "Keep the `def` line as it was."
        )
    if call:
        return f"Look at the call of `{call}`: it gives too many or too few values."
    old = _old_name(failed)
    if old in NEW_NAMES:
        return f"NumPy 2 has no `np.{old}`. Write `{NEW_NAMES[old]}` instead."
    if old:
        return f"NumPy has no `np.{old}`. Look for a typing error in the name."
    known = _known(failed)
    if known is None or (secret and "{" in known[0].text):
        return None
    return _filled(*known)


def speaks_for_itself(failed: Failed) -> bool:
    """Whether the advice on an exception names the mistake, whatever the cases are."""
    known = _known(failed)
    return bool(_wrong_call(failed) or _old_name(failed) or (known and known[0].certain))


def _wrong_call(failed: Failed) -> str:
    """Return the function that was called with too many or too few values, or nothing."""
    call = re.match(r"(?:\w+\.)*(\w+)\(\) (?:takes \d+|takes from|missing \d+)", failed.message)
    return call[1] if call and failed.kind == "TypeError" else ""


def _old_name(failed: Failed) -> str:
    """Return the name that NumPy does not have, or nothing."""
    if failed.kind != "AttributeError":
        return ""
    name = re.search(
        r"np\.(\w+)` was removed|module 'numpy((?:\.\w+)?)' has no attribute '(\w+)'",
        failed.message,
    )
    if name is None:
        return ""
    return name[1] or f"{name[2]}.{name[3]}".lstrip(".")


def _known(failed: Failed) -> tuple[Advice, re.Match[str]] | None:
    for entry in ADVICE:
        found = re.search(entry.message, failed.message)
        if found and re.fullmatch(entry.kind.replace(".*", r"\w*"), failed.kind):
            return entry, found
    return None


def _filled(entry: Advice, message: re.Match[str]) -> str:
    """Put the numbers of a message into the words about it."""
    groups = [group or "" for group in message.groups()]
    text = entry.text
    if "{last}" in text:
        text = text.replace("{last}", str(int(groups[2]) - 1))
    if "{product}" in text:
        lengths = re.findall(r"\d+", groups[1])
        text = text.replace("{product}", str(math.prod(map(int, lengths))))
    for number, group in enumerate(groups):
        text = text.replace(f"{{{number}}}", group)
    return text


def first_line(failed: Failed, longest: int = 300) -> str:
    """Return the exception as one line, such as ``IndexError: index 5 is out of bounds``."""
    message = failed.message.strip().split("\n")[0]
    if len(message) > longest:
        message = message[: longest - 3] + "..."
    return f"{failed.kind}: {message}" if message else failed.kind
