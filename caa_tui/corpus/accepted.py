"""`caa-accepted.toml`: the flags somebody decided to live with, each with a reason, committed beside the stories.

The file is edited as text, one block an entry: what else stands in it (comments, blocks of other people) stays byte for
byte, so two branches that accept different flags merge.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterable
from itertools import pairwise
from pathlib import Path

import msgspec

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular, resolve_inside
from caa_tui.corpus.model import Acceptance
from caa_tui.corpus.names import shown
from caa_tui.corpus.text import sha256
from caa_tui.errors import UserError

ACCEPTED_FILE = "caa-accepted.toml"

_HEAD = "# Flags that were looked at and accepted; commit this with the stories (docs/formats.md).\nversion = 1\n"
_MAX_BYTES = 16 << 20
_ATTEMPTS = 5
"""How often another program may write the file while we do before we give up."""
_BLOCK = re.compile(r"^(?:[ \t]*#.*\n)*[ \t]*\[\[[ \t]*accepted[ \t]*\]\]", re.MULTILINE)
"""The first line of an entry, with the comments right above it."""
_CONFLICT = re.compile(r"^(<{7}|={7}|>{7})( |$)", re.MULTILINE)
_PLACE = re.compile(r"\$\.accepted\[(\d+)\]")


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    version: int = 1
    accepted: tuple[Acceptance, ...] = ()


def load_accepted(root: Path) -> tuple[Acceptance, ...]:
    """The entries of `root/caa-accepted.toml`, by concept and kind; of two about one flag the later date counts.

    Raises:
        UserError: the file cannot be read or does not fit, with the line named.
    """
    entries = sorted(_decode(_read(root)), key=lambda entry: (*entry.key, entry.date))
    return tuple({entry.key: entry for entry in entries}.values())


def accept(root: Path, acceptance: Acceptance) -> None:
    """Add an entry, in place of one about the same flag; what others wrote meanwhile stays.

    Raises:
        UserError: the file does not fit or cannot be written; nothing was changed.
    """
    _rewrite(root, lambda data: _with(data, acceptance))


def withdraw(root: Path, concept: str, kind: str) -> None:
    """Take the acceptance of a flag back; does nothing when there is none.

    Raises:
        UserError: the file does not fit or cannot be written; nothing was changed.
    """
    _rewrite(root, lambda data: _without(data, (concept, kind)))


def _read(root: Path) -> bytes:
    """The bytes of the file, empty when there is none."""
    path = root / ACCEPTED_FILE
    if not os.path.lexists(path):
        return b""
    try:
        return read_regular(Path(os.path.realpath(path)), _MAX_BYTES)
    except UnusableFile as problem:
        raise UserError(f"{ACCEPTED_FILE} {problem.reason}.") from problem


def _decode(data: bytes) -> tuple[Acceptance, ...]:
    """Entries in the order of the file."""
    try:
        content = msgspec.toml.decode(data, type=_File)
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UserError(_misfit(data.decode(errors="replace"), str(error))) from error
    if content.version != 1:
        raise UserError(f"{ACCEPTED_FILE} was written by a newer caa-tui (version {content.version}); update caa-tui.")
    return content.accepted


def _misfit(text: str, problem: str) -> str:
    """One sentence with the line; TOML errors name theirs, of a wrong entry we know where its block begins."""
    if conflict := _CONFLICT.search(text):
        line = text.count("\n", 0, conflict.start()) + 1
        return f"{ACCEPTED_FILE} has an unresolved merge conflict at line {line}; resolve it there."
    where = ""
    if place := _PLACE.search(problem):
        lines = [text.count("\n", 0, block.end()) + 1 for block in _BLOCK.finditer(text)]
        if int(place[1]) < len(lines):
            where = f" in the entry at line {lines[int(place[1])]}"
    return f"{ACCEPTED_FILE} does not fit{where}: {shown(problem)}; put it right by hand (docs/formats.md)."


def _rewrite(root: Path, change: Callable[[bytes], bytes]) -> None:
    """Change what is on the disk now; when another program was faster, change what it wrote."""
    real = Path(os.path.realpath(root))
    path = real / ACCEPTED_FILE
    for _ in range(_ATTEMPTS):
        old = _read(root)
        new = change(old)
        if new == old:
            return
        try:
            if os.path.lexists(path):
                path = resolve_inside(real, path)
                atomic.replace(path, new, sha256(old))
            else:
                atomic.create(path, new)
            atomic.sweep(path.parent)
            return
        except (atomic.ChangedOnDisk, FileExistsError):
            continue
        except atomic.LeftDamaged as error:
            raise UserError(
                f"{ACCEPTED_FILE} was damaged by a broken disk; restore it from git or a backup."
            ) from error
        except UnusableFile as problem:
            raise UserError(f"{ACCEPTED_FILE} {problem.reason}.") from problem
        except OSError as error:
            reason = (error.strerror or "unknown error").lower()
            raise UserError(f"{ACCEPTED_FILE} cannot be written ({reason}); put that right first.") from error
    raise UserError(f"{ACCEPTED_FILE} is being written by another program; try again.")


def _with(data: bytes, acceptance: Acceptance) -> bytes:
    entries = [entry for entry in _decode(data) if entry.key != acceptance.key]
    head, blocks = _split(_without(data, acceptance.key))
    place = sum(entry.key < acceptance.key for entry in entries)
    blocks.insert(place, _block(acceptance))
    wanted = [*entries[:place], acceptance, *entries[place:]]
    return _checked(_joined(head or _HEAD, blocks), wanted)


def _without(data: bytes, key: tuple[str, str]) -> bytes:
    entries = _decode(data)
    kept = [entry for entry in entries if entry.key != key]
    if len(kept) == len(entries):
        return data
    head, blocks = _split(data)
    if len(blocks) != len(entries):
        return _checked(b"", kept)
    blocks = [block for block, entry in zip(blocks, entries, strict=True) if entry.key != key]
    return _checked(_joined(head, blocks), kept)


def _split(data: bytes) -> tuple[str, list[str]]:
    """What stands above the first entry, and the text of each."""
    text = data.decode("utf-8")
    cuts = [*(block.start() for block in _BLOCK.finditer(text)), len(text)]
    return text[: cuts[0]], [text[start:end] for start, end in pairwise(cuts)]


def _joined(head: str, blocks: Iterable[str]) -> bytes:
    """Parts with one blank line between them, and a newline at the end."""
    return ("\n\n".join(part.strip("\n") for part in (head, *blocks) if part.strip()) + "\n").encode()


def _checked(data: bytes, wanted: list[Acceptance]) -> bytes:
    """`data` if it says what it must; entries written in another style (`accepted = [{…}]`) are all written anew."""
    try:
        if list(_decode(data)) == wanted:
            return data
    except UserError:
        pass
    return _joined(_HEAD, [_block(entry) for entry in wanted])


def _block(entry: Acceptance) -> str:
    lines = ["[[accepted]]"]
    for name in ("concept", "kind", "neighbour", "reason"):
        if (text := getattr(entry, name)) is not None:
            lines.append(f"{name} = {_string(text)}")
    lines.append(f"date = {entry.date.isoformat()}")
    lines.append(f"layer = {entry.layer}")
    lines.append(f"value = {entry.value!r}")
    if entry.agreement is not None:
        lines.append(f"agreement = {entry.agreement!r}")
    if entry.stories:
        lines.append("[accepted.stories]")
        lines += [f"{_string(path)} = {_string(digest)}" for path, digest in sorted(entry.stories.items())]
    return "\n".join(lines)


def _string(text: str) -> str:
    """A TOML basic string: JSON's escapes are TOML's, but TOML does not allow DEL as it is."""
    return msgspec.json.encode(text).decode().replace("\x7f", "\\u007f")
