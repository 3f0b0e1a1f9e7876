"""Reading files that may be anything: links, pipes, devices, gigabytes, or gone."""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from caa_tui.corpus.model import FindingKind

MAX_STORY_BYTES = 1 << 20
"""A story is a page of text; a megabyte is a thousand times that."""

# Regular files ignore O_NONBLOCK; a pipe put in place between lstat and open would hang without it.
_OPEN_FLAGS = (
    os.O_RDONLY
    | getattr(os, "O_NONBLOCK", 0)
    | getattr(os, "O_NOFOLLOW", 0)
    | getattr(os, "O_NOCTTY", 0)
    | getattr(os, "O_CLOEXEC", 0)
    | getattr(os, "O_BINARY", 0)
)


class UnusableFile(Exception):
    """A file that cannot be a story. `reason` completes a sentence that begins with its path."""

    def __init__(self, kind: FindingKind, reason: str) -> None:
        super().__init__(reason)
        self.kind = kind
        self.reason = reason


def read_regular(path: Path, limit: int = MAX_STORY_BYTES) -> bytes:
    """The bytes of a regular file, never of anything else; does not follow a link at the end of `path`.

    Raises:
        UnusableFile: it is not a regular file, larger than `limit` bytes, or cannot be read.
    """
    try:
        _check_regular(os.lstat(path), limit)
        descriptor = os.open(path, _OPEN_FLAGS)
        try:
            _check_regular(os.fstat(descriptor), limit)
            return _read_all(descriptor, limit)
        finally:
            os.close(descriptor)
    except OSError as error:
        raise unreadable(error) from error


def _read_all(descriptor: int, limit: int) -> bytes:
    chunks: list[bytes] = []
    size = 0
    while chunk := os.read(descriptor, limit + 1):
        chunks.append(chunk)
        size += len(chunk)
        if size > limit:  # it grew while we read, or the file system does not know its size
            raise _too_large(size, limit)
    return b"".join(chunks)


def _check_regular(status: os.stat_result, limit: int) -> None:
    if not stat.S_ISREG(status.st_mode):
        raise UnusableFile(FindingKind.NOT_A_FILE, f"is {_what(status.st_mode)}, not a text file; remove or rename it")
    if status.st_size > limit:
        raise _too_large(status.st_size, limit)


def _too_large(size: int, limit: int) -> UnusableFile:
    return UnusableFile(
        FindingKind.TOO_LARGE,
        f"has {size / 1e6:,.1f} MB, more than the {limit / 1e6:,.1f} MB that are read; shorten it or move it elsewhere",
    )


def _what(mode: int) -> str:
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a named pipe",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
        stat.S_IFLNK: "a link",
    }
    return kinds.get(stat.S_IFMT(mode), "something special")


def unreadable(error: OSError) -> UnusableFile:
    """The finding for an error of the operating system."""
    reason = error.strerror or "unknown error"
    return UnusableFile(
        FindingKind.UNREADABLE, f"cannot be read ({reason.lower()}); check its permissions and the disk"
    )


def resolve_inside(root: Path, path: Path) -> Path:
    """Where `path` really lies, links followed; `root` must be resolved already.

    Raises:
        UnusableFile: the link is broken, runs in a circle, or leads out of the corpus.
    """
    try:
        real = Path(os.path.realpath(path, strict=True))
    except OSError as error:
        raise _broken_link(error) from error
    if not real.is_relative_to(root):
        raise UnusableFile(
            FindingKind.LEAVES_CORPUS, "leads out of the corpus and is not followed; copy what it points to here"
        )
    return real


def _broken_link(error: OSError) -> UnusableFile:
    if error.errno == errno.ELOOP:
        return UnusableFile(FindingKind.NOT_A_FILE, "is a link that leads back to itself; remove it")
    if error.errno in (errno.ENOENT, errno.ENOTDIR):
        return UnusableFile(FindingKind.NOT_A_FILE, "is a link to a file that does not exist; remove or repair it")
    return unreadable(error)
