"""What was done to the story files, newest last, so that it can be undone after a restart as well.

One JSON object a line, appended and synced before a file is touched and again when all are: an `Operation`, then a
`Mark` for each change of its state. A program that is killed in between leaves an operation that is neither done nor
undone, and its files say how far it came.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import msgspec

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular

KEPT_OPERATIONS = 200
KEPT_CHANGES = 10_000
"""Files of all kept operations together; the rename of a concept can have hundreds."""

_MAX_JOURNAL_BYTES = 16 << 20
_REWRITE_BYTES = 4 << 20
_REWRITE_LINES = 4 * KEPT_OPERATIONS

_log = logging.getLogger(__name__)

OperationKind = Literal["create", "move", "delete", "rename concept", "rename scenario"]
State = Literal["doing", "done", "undoing", "undone", "redoing", "gone"]
"""The ones that end in -ing last only while files are moved, unless the program was killed then. An operation that is
gone can be neither undone nor redone."""


class FileChange(msgspec.Struct, frozen=True):
    """One story of an operation."""

    before: str | None
    """Its path before; None: it was made."""
    after: str | None
    """Its path afterwards; None: it was deleted."""
    sha256: str
    """Of its bytes, as the operation left or took them."""
    mode: int = 0
    """Its permission bits; 0: what a new file gets."""

    def turned(self) -> FileChange:
        return FileChange(self.after, self.before, self.sha256, self.mode)


class Operation(msgspec.Struct, frozen=True, kw_only=True, tag="operation"):
    """Something the user did to the story files; all paths are relative to the corpus root."""

    id: int
    kind: OperationKind
    at: float
    """Seconds since the epoch."""
    before: str
    """How the story, the concept or the scenario was called; for a story as `short_name` has it."""
    after: str
    """How it is called since; empty when it was deleted."""
    files: tuple[FileChange, ...]
    folder: tuple[str, str] | None = None
    """The folder that was renamed in one step, with everything in it; None: the files one by one."""
    made: Mapping[str, int] = {}
    """Folders it had to make -> their permission bits, 0 for what a new folder gets; the outer ones first."""
    emptied: Mapping[str, int] = {}
    """Folders that had nothing left in them and were removed -> their permission bits."""

    def turned(self) -> Operation:
        """What takes it back."""
        return msgspec.structs.replace(
            self,
            before=self.after,
            after=self.before,
            files=tuple(change.turned() for change in reversed(self.files)),
            folder=self.folder and (self.folder[1], self.folder[0]),
            made=self.emptied,
            emptied=self.made,
        )


class Mark(msgspec.Struct, frozen=True, tag="mark"):
    """An operation came into another state."""

    id: int
    state: State


@dataclass
class Entry:
    """An operation and where it stands."""

    operation: Operation
    state: State = "doing"


@dataclass
class _Content:
    """What was read of the file, or written to it."""

    entries: dict[int, Entry] = field(default_factory=dict)
    lines: int = 0
    whole: bool = True
    """False: something in it cannot be read, and the next write makes it anew."""


class Journal:
    """The journal in the file at `path`; read again whenever another object wrote to it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: tuple[int, ...] | None = None
        """The file as `_content` has it; None: never looked."""
        self._content = _Content()
        self._lock = threading.Lock()
        """Over these two: the screen asks what can be undone while a thread writes."""

    @property
    def entries(self) -> list[Entry]:
        """Oldest first; those that are gone are left out."""
        copied = list(self._read().entries.values())  # a thread may be adding to it
        return [entry for entry in copied if entry.state != "gone"]

    @property
    def next_id(self) -> int:
        return max(self._read().entries, default=0) + 1

    @property
    def undoable(self) -> Entry | None:
        """The newest operation that is not undone."""
        return next((entry for entry in reversed(self.entries) if entry.state != "undone"), None)

    @property
    def redoable(self) -> Entry | None:
        """The undone operation that was undone last."""
        return next((entry for entry in self.entries if entry.state == "undone"), None)

    def begin(self, operation: Operation) -> None:
        """Note an operation before it touches a file; what was undone can no longer be redone.

        Raises:
            OSError: it could not be noted.
        """
        given_up = [Mark(entry.operation.id, "gone") for entry in self.entries if entry.state == "undone"]
        self._write([*given_up, operation])

    def mark(self, operation: Operation, state: State) -> None:
        """Note where an operation stands, and the operation itself if it is no longer what it was.

        Raises:
            OSError: it could not be noted.
        """
        known = self._read().entries.get(operation.id)
        changed = [operation] if known is None or known.operation != operation else []
        self._write([*changed, Mark(operation.id, state)])

    def _read(self) -> _Content:
        with self._lock:
            seen = _signature(self._path)
            if seen != self._seen:
                self._content, self._seen = _load(self._path), seen
            return self._content

    def _write(self, records: list[Operation | Mark]) -> None:
        content, seen = self._read(), self._seen
        size = seen[0] if seen else 0
        append = content.whole and content.lines < _REWRITE_LINES and size < _REWRITE_BYTES
        try:
            if append:
                atomic.append(self._path, b"".join(_line(record) for record in records))
            with self._lock:
                for record in records:
                    _take(content, record)
                if not append:
                    _bound(content)
                    atomic.write_whole(self._path, b"".join(_lines(content)))
                    content.whole, content.lines = True, 2 * len(content.entries)
                # Not what was read meanwhile, which may lack the end.
                self._content, self._seen = content, _signature(self._path)
        except OSError:
            self._seen = None
            raise


def _signature(path: Path) -> tuple[int, ...]:
    """Differs after every write, by whomever."""
    try:
        status = path.lstat()
    except OSError:
        return ()
    return status.st_size, status.st_mtime_ns, status.st_ino


def _load(path: Path) -> _Content:
    content = _Content()
    try:
        data = read_regular(path, _MAX_JOURNAL_BYTES)
    except UnusableFile as error:
        if not isinstance(error.__cause__, FileNotFoundError):
            _log.warning("%s %s; ignored", path, error.reason)
            content.whole = False
        return content
    *lines, torn = data.split(b"\n")
    if torn:
        _log.warning("the last line of %s is torn; ignored", path)
        content.whole = False
    for line in lines:
        try:
            _take(content, msgspec.json.decode(line, type=Operation | Mark))
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            _log.warning("a line of %s is damaged (%s); ignored", path, error)
            content.whole = False
    return content


def _take(content: _Content, record: Operation | Mark) -> None:
    """A mark of an operation that is not there is left out."""
    content.lines += 1
    entry = content.entries.get(record.id)
    if isinstance(record, Operation):
        content.entries[record.id] = Entry(record, entry.state if entry else "doing")
    elif entry is not None:
        entry.state = record.state


def _bound(content: _Content) -> None:
    """Forget the oldest operations beyond the limits, and those that are gone."""
    kept: dict[int, Entry] = {}
    changes = 0
    for number, entry in sorted(content.entries.items(), reverse=True):
        changes += len(entry.operation.files)
        if len(kept) == KEPT_OPERATIONS or (kept and changes > KEPT_CHANGES):
            break
        if entry.state != "gone" or not kept:  # the newest stays, so that its number is not given twice
            kept[number] = entry
    content.entries = dict(sorted(kept.items()))


def _lines(content: _Content) -> Iterator[bytes]:
    for entry in content.entries.values():
        yield _line(entry.operation)
        yield _line(Mark(entry.operation.id, entry.state))


def _line(record: Operation | Mark) -> bytes:
    return msgspec.json.encode(record) + b"\n"
