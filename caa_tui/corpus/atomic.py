"""Writing a file so that it always holds all of the old bytes or all of the new ones.

New bytes go to a temporary file in the same folder and reach the disk before they take the name. On Linux the two files
are exchanged in one step, so what was really replaced can be looked at afterwards, and put back when it was not what
the user had seen (`renameat2(2)`, RENAME_EXCHANGE).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import logging
import os
import secrets
import stat
import sys
import time
from functools import lru_cache
from pathlib import Path
from typing import Any

from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.names import OWN_TEMPORARY
from caa_tui.corpus.text import sha256

_log = logging.getLogger(__name__)

_AT_FDCWD = -100
_NOREPLACE = 1
_EXCHANGE = 2
_UNSUPPORTED = frozenset({errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP})
_NO_NEW_FILE_HERE = frozenset({errno.EACCES, errno.EPERM, errno.EROFS, errno.EXDEV, errno.EBUSY})
"""A folder we may not write to, or a file that is a mount point: the file itself may still be writable."""
_ABANDONED_SECONDS = 3600


class ChangedOnDisk(Exception):
    """The file was not what the caller expected; nothing was lost. `data` is None when it is gone."""

    def __init__(self, data: bytes | None) -> None:
        super().__init__("the file changed on disk")
        self.data = data


class LeftDamaged(Exception):
    """Writing in place failed, and so did putting the old bytes back: the disk is broken or full."""


def write_whole(path: Path, data: bytes) -> None:
    """Write a file of our own (state, history): whole or not at all; replaces what was there.

    Raises:
        OSError: nothing was changed.
    """
    temporary = _temporary(path.parent, data)
    try:
        temporary.replace(path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def create(path: Path, data: bytes) -> None:
    """Create a file whole; never replaces one.

    Raises:
        FileExistsError: the name is taken.
        OSError: nothing was changed.
    """
    temporary = _temporary(path.parent, data)
    try:
        if not _renamed(temporary, path, _NOREPLACE):
            os.link(temporary, path)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def append(path: Path, data: bytes) -> None:
    """Add to a file of our own, which is made if need be; a crash or a full disk can leave a part of `data`.

    Raises:
        OSError: it could not be added whole.
    """
    flags = os.O_WRONLY | os.O_CREAT | os.O_APPEND
    for name in ("O_NOFOLLOW", "O_NONBLOCK", "O_CLOEXEC", "O_BINARY"):
        flags |= getattr(os, name, 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        _write_all(descriptor, data)
        _sync(descriptor)
    finally:
        os.close(descriptor)


def move(source: Path, target: Path) -> None:
    """Give a file or folder another name; never replaces anything, and at no moment has it no name.

    Raises:
        FileExistsError: the name is taken.
        OSError: nothing was changed.
    """
    if not _renamed(source, target, _NOREPLACE):
        _move_without_renameat2(source, target)
    for folder in {source.parent, target.parent}:
        _sync_folder(folder)


def _move_without_renameat2(source: Path, target: Path) -> None:
    """Windows refuses to replace by itself; elsewhere a second name comes first, and only files can have one."""
    if sys.platform == "win32":
        source.rename(target)
    elif source.is_dir() or _is_same_name(source, target):
        if os.path.lexists(target) and not _is_same_name(source, target):
            raise FileExistsError(errno.EEXIST, os.strerror(errno.EEXIST), str(target))
        source.rename(target)
    else:
        os.link(source, target, follow_symlinks=False)
        source.unlink()


def _is_same_name(source: Path, target: Path) -> bool:
    """Whether `target` is only another spelling of `source`, in a folder that ignores case."""
    if source.parent != target.parent or not os.path.lexists(target):
        return False
    return target not in target.parent.iterdir() and target.samefile(source)


def replace(path: Path, data: bytes, expected_sha256: str) -> None:
    """Replace the content of a regular file, if that is still what the caller saw; mode and owner stay.

    A file with several hard links, or in a folder that takes no new files, is written in place: a crash in the middle
    of that can tear it, which is why callers keep the previous version elsewhere first.

    Raises:
        ChangedOnDisk: the content was another one; it is still there.
        UnusableFile: it is no longer a regular file.
        LeftDamaged: it was written in place and has neither content now.
        OSError: it could not be written; the content is the old one.
    """
    status = os.lstat(path)
    if status.st_nlink > 1:
        _write_in_place(path, data, expected_sha256)
        return
    try:
        temporary = _temporary(path.parent, data, status)
    except OSError as error:
        if error.errno not in _NO_NEW_FILE_HERE:
            raise
        _write_in_place(path, data, expected_sha256)
        return
    try:
        _take_place(temporary, path, data, expected_sha256)
        _sync_folder(path.parent)
    finally:
        temporary.unlink(missing_ok=True)


def sweep(folder: Path) -> None:
    """Delete temporary files that killed processes left in a folder more than an hour ago."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if not entry.name.startswith(OWN_TEMPORARY):
                continue
            # ctime, because an exchange gives the temporary file the old story's mtime.
            with contextlib.suppress(OSError):
                if time.time() - entry.stat(follow_symlinks=False).st_ctime > _ABANDONED_SECONDS:
                    Path(entry.path).unlink()


def _temporary(folder: Path, data: bytes, like: os.stat_result | None = None) -> Path:
    """A new file with `data`, safely on the disk, with mode and owner of `like`."""
    path = folder / f"{OWN_TEMPORARY}{os.getpid()}-{secrets.token_hex(6)}"
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    descriptor = os.open(path, flags, 0o666)
    try:
        try:
            if like is not None:
                _copy_owner_and_mode(descriptor, like)
            _write_all(descriptor, data)
            _sync(descriptor)
        finally:
            os.close(descriptor)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _copy_owner_and_mode(descriptor: int, like: os.stat_result) -> None:
    if sys.platform == "win32":
        return
    own = os.fstat(descriptor)
    if (own.st_uid, own.st_gid) != (like.st_uid, like.st_gid):
        with contextlib.suppress(PermissionError):  # only root may give files away
            os.fchown(descriptor, like.st_uid, like.st_gid)
    os.fchmod(descriptor, stat.S_IMODE(like.st_mode))


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _sync(descriptor: int) -> None:
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _sync_folder(folder: Path) -> None:
    """Make the new name durable, not only the content."""
    if sys.platform == "win32":
        return
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        _sync(descriptor)
    finally:
        os.close(descriptor)


def _take_place(temporary: Path, path: Path, data: bytes, expected_sha256: str) -> None:
    try:
        exchanged = _renamed(temporary, path, _EXCHANGE)
    except FileNotFoundError as error:
        raise ChangedOnDisk(None) from error
    if exchanged:
        _check_displaced(temporary, path, data, expected_sha256)
        return
    _current(path, expected_sha256)
    temporary.replace(path)


def _check_displaced(temporary: Path, path: Path, data: bytes, expected_sha256: str) -> None:
    """After the exchange `temporary` is what stood at `path`: let it go only if the user has seen it."""
    displaced: bytes | None = None
    try:
        displaced = read_regular(temporary)
    finally:
        if displaced is None or sha256(displaced) != expected_sha256:
            _renamed(temporary, path, _EXCHANGE)
            _keep_third_version(temporary, path, data)
    if sha256(displaced) != expected_sha256:
        raise ChangedOnDisk(displaced)


def _keep_third_version(temporary: Path, path: Path, data: bytes) -> None:
    """If someone else wrote `path` while we put the old version back, their text must not go with our temporary."""
    try:
        ours = read_regular(temporary, len(data)) == data
    except UnusableFile:
        ours = False
    if not ours:
        rescued = path.with_name(f"{path.name}.conflict-{secrets.token_hex(4)}")
        temporary.rename(rescued)
        _log.warning("%s was written by two programs at once; the third version is in %s", path, rescued)


def _current(path: Path, expected_sha256: str) -> bytes:
    try:
        current = read_regular(path)
    except UnusableFile as error:
        if isinstance(error.__cause__, FileNotFoundError):
            raise ChangedOnDisk(None) from error
        raise
    if sha256(current) != expected_sha256:
        raise ChangedOnDisk(current)
    return current


def _write_in_place(path: Path, data: bytes, expected_sha256: str) -> None:
    flags = os.O_RDWR | getattr(os, "O_NOFOLLOW", 0) | getattr(os, "O_CLOEXEC", 0) | getattr(os, "O_BINARY", 0)
    old = _current(path, expected_sha256)
    descriptor = os.open(path, flags)
    try:
        _reserve(descriptor, len(data))
        _overwrite(descriptor, data)
    except OSError:
        try:
            _overwrite(descriptor, old)
        except OSError as error:
            raise LeftDamaged(path) from error
        raise
    finally:
        os.close(descriptor)


def _reserve(descriptor: int, size: int) -> None:
    """Let a full disk say so before a byte is overwritten."""
    if not hasattr(os, "posix_fallocate") or not size:
        return
    try:
        os.posix_fallocate(descriptor, 0, size)
    except OSError as error:
        if error.errno not in _UNSUPPORTED:
            raise


def _overwrite(descriptor: int, data: bytes) -> None:
    os.lseek(descriptor, 0, os.SEEK_SET)
    _write_all(descriptor, data)
    os.ftruncate(descriptor, len(data))
    _sync(descriptor)


def _renamed(source: Path, target: Path, flags: int) -> bool:
    """`renameat2` with `flags`; False when this system or file system has no such call."""
    function = _renameat2()
    if function is None:
        return False
    if function(_AT_FDCWD, os.fsencode(source), _AT_FDCWD, os.fsencode(target), flags) == 0:
        return True
    code = ctypes.get_errno()
    if code in _UNSUPPORTED:
        return False
    raise OSError(code, os.strerror(code), str(source), None, str(target))


@lru_cache(maxsize=1)
def _renameat2() -> Any:
    """The C library's function; Python has no binding for it."""
    if not sys.platform.startswith("linux"):
        return None
    function = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if function is not None:
        function.argtypes = [ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_uint]
    return function
