"""Where caa keeps what it makes for a corpus: runs, activations, history, drafts, state, and who has it open."""

from __future__ import annotations

import errno
import hashlib
import logging
import os
import socket
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Generic, TypeVar

import filelock
import msgspec
import platformdirs

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.names import shown
from caa_tui.errors import UserError

DATA_FOLDER = ".caa"
APP_NAME = "caa-tui"

_READ_ONLY = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EEXIST, errno.ENOTDIR})
"""Reasons to keep data elsewhere. A full disk is none: the history of a corpus would be in two places."""
_MAX_STATE_BYTES = 16 << 20

_log = logging.getLogger(__name__)

State = TypeVar("State")


@dataclass(frozen=True)
class DataFolder:
    """The folder and the places in it. Made by `data_folder`; only `history`, `drafts` and `runs` are created."""

    path: Path
    beside_corpus: bool
    """False: the corpus is read-only and this is in the user's data folder."""

    @property
    def activations(self) -> Path:
        return self.path / "activations.sqlite"

    @property
    def state(self) -> Path:
        return self.path / "state.json"

    @property
    def journal(self) -> Path:
        """What was done to the story files, to undo it."""
        return self.path / "journal.jsonl"

    @property
    def lock(self) -> Path:
        return self.path / "caa.lock"

    @cached_property
    def runs(self) -> Path:
        return self._folder("runs")

    @cached_property
    def history(self) -> Path:
        """Previous versions of edited stories."""
        return self._folder("history")

    @cached_property
    def drafts(self) -> Path:
        """Texts that were typed but not saved."""
        return self._folder("drafts")

    def _folder(self, name: str) -> Path:
        folder = self.path / name
        folder.mkdir(exist_ok=True)
        return folder


def data_folder(root: Path) -> DataFolder:
    """The data folder of the corpus at `root`, created if need be.

    `root/.caa` with its own .gitignore; for a corpus that cannot be written to, a folder under the user's data, named
    by the corpus' real path.

    Raises:
        UserError: neither can be written to, or the disk is full.
    """
    real = Path(os.path.realpath(root))
    beside = real / DATA_FOLDER
    if _usable(beside):
        return DataFolder(beside, beside_corpus=True)
    key = hashlib.sha256(os.fsencode(real)).hexdigest()[:16]
    elsewhere = platformdirs.user_data_path(APP_NAME) / "corpora" / f"{_tame(real.name)}-{key}"
    if _usable(elsewhere, parents=True):
        return DataFolder(elsewhere, beside_corpus=False)
    raise UserError(
        f"Neither {shown(str(beside))} nor {shown(str(elsewhere))} can be written to; make one of them writable."
    )


def _tame(name: str) -> str:
    """A part of the corpus' name that any file system takes; only for people who look into the folder."""
    return "".join(char for char in name if char.isascii() and (char.isalnum() or char in "-_"))[:40] or "corpus"


def _usable(folder: Path, parents: bool = False) -> bool:
    """Create the folder and its .gitignore; whether files can be made in it."""
    try:
        folder.mkdir(parents=parents, exist_ok=True)
        with tempfile.TemporaryFile(dir=folder):
            pass
        ignore = folder / ".gitignore"
        if not ignore.exists():
            atomic.write_whole(ignore, b"*\n")
    except OSError as error:
        if error.errno not in _READ_ONLY:
            reason = (error.strerror or "unknown error").lower()
            raise UserError(f"{shown(str(folder))} cannot be written to ({reason}); put that right first.") from error
        _log.info("%s is not usable for data: %s", folder, error)
        return False
    return True


class _Envelope(msgspec.Struct):
    version: int
    state: msgspec.Raw


@dataclass(frozen=True)
class StateFile(Generic[State]):
    """A small JSON file that may be lost without harm: whatever is wrong with it, `load` gives the defaults."""

    path: Path
    kind: type[State]
    """A msgspec struct or dataclass whose fields all have defaults."""
    version: int = 1
    """Raise it when old content must not be read as new."""

    def load(self) -> State:
        """The saved state, or the defaults when there is none, it is damaged, or of another version."""
        try:
            envelope = msgspec.json.decode(read_regular(self.path, _MAX_STATE_BYTES), type=_Envelope)
            if envelope.version == self.version:
                return msgspec.json.decode(envelope.state, type=self.kind)
            _log.info("%s has version %s, not %s; ignored", self.path, envelope.version, self.version)
        except UnusableFile as error:
            if not isinstance(error.__cause__, FileNotFoundError):
                _log.warning("%s %s; ignored", self.path, error.reason)
        except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
            _log.warning("%s is damaged (%s); ignored", self.path, error)
        return self.kind()

    def save(self, state: State) -> None:
        """Write the state whole.

        Raises:
            OSError: the previous state is kept.
        """
        raw = msgspec.Raw(msgspec.json.encode(state))
        atomic.write_whole(self.path, msgspec.json.encode(_Envelope(self.version, raw)))


class LockHolder(msgspec.Struct, frozen=True):
    """Who has the corpus open; for a message only, the lock itself is the kernel's."""

    pid: int = 0
    host: str = ""
    since: str = ""
    """Local time, `2026-11-23 14:02`."""

    def describe(self) -> str:
        """`process 4711 on lab-3 since 2026-11-23 14:02`."""
        if not self.pid:
            return "another process"
        return shown(f"process {self.pid} on {self.host} since {self.since}")


class CorpusLock:
    """One writer for a corpus. The kernel drops the lock when the process dies, so it never goes stale."""

    def __init__(self, folder: DataFolder) -> None:
        # Kept beside the lock, because taking a lock may truncate its file.
        self._note = StateFile(folder.path / "caa.lock.json", LockHolder)
        self._lock = filelock.FileLock(folder.lock, timeout=0, thread_local=False)

    def acquire(self) -> LockHolder | None:
        """Take the lock; None when it is ours now, otherwise who has it. Does not wait."""
        try:
            self._lock.acquire()
        except filelock.Timeout:
            return self._note.load()
        except (OSError, NotImplementedError) as error:
            _log.warning("this file system has no locks (%s); two programs may use the corpus at once", error)
            return None
        now = datetime.now(UTC).astimezone()
        try:
            self._note.save(LockHolder(os.getpid(), socket.gethostname(), f"{now:%Y-%m-%d %H:%M}"))
        except OSError as error:
            _log.warning("others will not be told who has the corpus open: %s", error)
        return None

    def release(self) -> None:
        """Give the lock back; does nothing when it is not ours."""
        self._lock.release()
