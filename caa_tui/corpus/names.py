"""Names on disk: which are safe to print, which are leftovers of other programs, which are too alike."""

from __future__ import annotations

import re
import unicodedata

from caa_tui.corpus.model import BASELINE
from caa_tui.errors import UserError

STORY_SUFFIX = ".txt"
OWN_TEMPORARY = ".caa-save-"
"""How our own half-written files begin; never a `*.txt`, so no scan, ours or the reference's, takes one for a story."""

_LONGEST_NAME = 200
"""Bytes. File systems allow 255; the rest is room for the names of backups."""

_LEFTOVER = re.compile(
    r"""
      \. (.*\.)? txt       # .~joy.txt, ._joy.txt, .#joy.txt: the reference's glob would read them
    | \. .* [.-]sw[a-z]    # vim and kate swap files
    | \.~lock\. .*         # LibreOffice
    | .* ~                 # joy.txt~, vim undo files
    | \# .* \#             # emacs auto-save
    | 4913                 # vim tests whether a folder is writable with this name
    | .* \.(bak|orig|rej|tmp)
    | .* [.~]sync-conflict- .*
    | .* \( .* (conflicted\ copy|case\ conflict) .* \) .*
    | .* \ \(\d+\) \.txt   # joy (1).txt
    | .* \ -\ copy (\ \(\d+\))? \.txt
    """,
    re.VERBOSE | re.IGNORECASE,
)
_FORBIDDEN_IN_NEW_NAME = re.compile(r'[<>:"/\\|?*]')


def is_printable(name: str) -> bool:
    """Whether a name can be shown as it is; a backslash is excluded so that `shown` never makes two names one."""
    return name.isprintable() and "\\" not in name


def shown(name: str) -> str:
    """The name with everything that could move a cursor, hide or mislead written as an escape: always printable."""
    return "".join(char if is_printable(char) else _escape(char) for char in name)


def _escape(char: str) -> str:
    code = ord(char)
    if char == "\\":
        return "\\\\"
    if 0xDC80 <= code <= 0xDCFF:  # a byte that is not UTF-8, as os.fsdecode hands it over
        return f"\\x{code - 0xDC00:02x}"
    if code <= 0xFF:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code <= 0xFFFF else f"\\U{code:08x}"


def is_leftover(name: str) -> bool:
    """Whether an editor, a sync program or a file manager left this file behind."""
    return _LEFTOVER.fullmatch(name) is not None


def collision_key(name: str) -> str:
    """Equal for names that a case-insensitive or normalising file system (macOS, Windows) takes for one."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def check_new_name(name: str) -> None:
    """Refuse a concept or scenario name that some machine, the readout or this program could not carry.

    Raises:
        UserError: with what to change.
    """
    if not name or name != name.strip() or name.startswith(".") or name.endswith("."):
        raise UserError("A name must not be empty, begin or end with a dot or a space; choose another one.")
    if not is_printable(name) or _FORBIDDEN_IN_NEW_NAME.search(name):
        raise UserError(f"The name {shown(name)} has characters that not every system can store; use letters and _.")
    if len(name.encode()) > _LONGEST_NAME or is_leftover(name + STORY_SUFFIX):
        raise UserError(f"The name {shown(name)} is too long or looks like a program's leftover; choose another one.")


def split_story_path(path: str) -> tuple[str | None, str]:
    """`(scenario, stem)` of a story's path; scenario None means `stories/`.

    Raises:
        UserError: the path is not `stories/NAME.txt` or `paired/SCENARIO/NAME.txt`.
    """
    match path.split("/"):
        case ["stories", name] if name.endswith(STORY_SUFFIX):
            return None, name.removesuffix(STORY_SUFFIX)
        case ["paired", scenario, name] if name.endswith(STORY_SUFFIX):
            return scenario, name.removesuffix(STORY_SUFFIX)
        case _:
            raise UserError(
                f"{shown(path)} is not a place for a story; use stories/NAME.txt or paired/SCENARIO/NAME.txt."
            )


def check_new_path(path: str) -> None:
    """Refuse to create a story where the scan would not read it.

    Raises:
        UserError: with what to change.
    """
    scenario, stem = split_story_path(path)
    check_new_name(stem)
    if scenario is not None:
        check_new_name(scenario)
    elif collision_key(stem) == BASELINE:
        raise UserError("A baseline belongs to a scenario; create it as paired/SCENARIO/baseline.txt.")
