"""Replacing a file when things go wrong at every single step."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.text import sha256

OLD, NEW = b"the old text", b"the new text, which is longer"


@pytest.fixture
def story(tmp_path: Path) -> Path:
    path = tmp_path / "joy.txt"
    path.write_bytes(OLD)
    return path


@pytest.fixture(params=["exchange", "rename"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    """With and without `renameat2`, as on macOS or on file systems that do not know it."""
    if request.param == "rename":
        monkeypatch.setattr(atomic, "_renameat2", lambda: None)
    return str(request.param)


def only(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.usefixtures("way")
def test_replaced(story: Path) -> None:
    atomic.replace(story, NEW, sha256(OLD))
    assert story.read_bytes() == NEW
    assert only(story.parent) == ["joy.txt"]


@pytest.mark.usefixtures("way")
def test_not_what_was_expected(story: Path) -> None:
    with pytest.raises(atomic.ChangedOnDisk) as caught:
        atomic.replace(story, NEW, sha256(b"other"))
    assert caught.value.data == OLD
    assert story.read_bytes() == OLD
    assert only(story.parent) == ["joy.txt"]


def test_written_by_another_program_just_before_the_exchange(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = atomic._take_place

    def late_writer(temporary: Path, path: Path, *rest: Any) -> None:
        path.write_bytes(b"theirs")
        real(temporary, path, *rest)

    monkeypatch.setattr(atomic, "_take_place", late_writer)
    with pytest.raises(atomic.ChangedOnDisk) as caught:
        atomic.replace(story, NEW, sha256(OLD))
    assert caught.value.data == story.read_bytes() == b"theirs"
    assert only(story.parent) == ["joy.txt"]


def test_removed_just_before_the_exchange(story: Path, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    real = atomic._take_place

    def late_remover(temporary: Path, path: Path, *rest: Any) -> None:
        path.unlink()
        real(temporary, path, *rest)

    monkeypatch.setattr(atomic, "_take_place", late_remover)
    with pytest.raises(atomic.ChangedOnDisk) as caught:
        atomic.replace(story, NEW, sha256(OLD))
    assert caught.value.data is None
    assert only(story.parent) == []


def test_three_programs_at_once_lose_nothing(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = read_regular
    story.write_bytes(b"theirs")

    def third_writer(path: Path, *rest: int) -> bytes:
        data = real(path, *rest)
        if story.read_bytes() == NEW:
            story.write_bytes(b"a third text")
        return data

    monkeypatch.setattr(atomic, "read_regular", third_writer)
    with pytest.raises(atomic.ChangedOnDisk):
        atomic.replace(story, NEW, sha256(OLD))
    assert {path.read_bytes() for path in story.parent.iterdir()} == {b"theirs", b"a third text"}
    assert not list(story.parent.glob("*conflict*.txt"))


def test_replaced_by_a_pipe_meanwhile(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = atomic._take_place

    def late_pipe(temporary: Path, path: Path, *rest: Any) -> None:
        path.unlink()
        os.mkfifo(path)
        real(temporary, path, *rest)

    monkeypatch.setattr(atomic, "_take_place", late_pipe)
    with pytest.raises(UnusableFile):
        atomic.replace(story, NEW, sha256(OLD))
    assert story.is_fifo()
    assert only(story.parent) == ["joy.txt"]


def failing(real: Callable[..., Any], code: int, at: int) -> Callable[..., Any]:
    calls = 0

    def wrapped(*args: Any, **keywords: Any) -> Any:
        nonlocal calls
        calls += 1
        if calls == at:
            raise OSError(code, os.strerror(code))
        return real(*args, **keywords)

    return wrapped


@pytest.mark.usefixtures("way")
@pytest.mark.parametrize("call", ["open", "write", "fsync", "close", "fchmod", "fstat", "rename", "replace"])
@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EIO, errno.EDQUOT, errno.EACCES])
@pytest.mark.parametrize("at", [1, 2, 3])
def test_any_call_may_fail(story: Path, call: str, code: int, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, call, failing(getattr(os, call), code, at))
    try:
        atomic.replace(story, NEW, sha256(OLD))
    except (OSError, UnusableFile):
        monkeypatch.undo()
        assert story.read_bytes() in (OLD, NEW)
    else:
        monkeypatch.undo()
        assert story.read_bytes() == NEW
    assert only(story.parent) == ["joy.txt"]


@pytest.mark.parametrize("code", [errno.EACCES, errno.EROFS, errno.EPERM])
def test_a_folder_that_takes_no_new_files(story: Path, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.open

    def no_new_files(path: Any, flags: int, *rest: Any) -> int:
        if flags & os.O_CREAT:
            raise OSError(code, os.strerror(code))
        return real(path, flags, *rest)

    monkeypatch.setattr(os, "open", no_new_files)
    inode = story.stat().st_ino
    atomic.replace(story, NEW, sha256(OLD))
    assert (story.read_bytes(), story.stat().st_ino) == (NEW, inode)
    atomic.replace(story, OLD, sha256(NEW))
    assert story.read_bytes() == OLD
    with pytest.raises(atomic.ChangedOnDisk):
        atomic.replace(story, NEW, sha256(NEW))


def in_place(story: Path) -> None:
    (story.parent / "twin").hardlink_to(story)


@pytest.mark.parametrize("at", [1, 2])
def test_a_full_disk_while_writing_in_place(story: Path, at: int, monkeypatch: pytest.MonkeyPatch) -> None:
    in_place(story)
    monkeypatch.setattr(os, "write", failing(os.write, errno.ENOSPC, at) if at == 1 else os.write)
    monkeypatch.setattr(os, "fsync", failing(os.fsync, errno.EIO, 1) if at == 2 else os.fsync)
    with pytest.raises(OSError, match=r"space|error"):
        atomic.replace(story, NEW, sha256(OLD))
    assert story.read_bytes() == OLD


def test_a_full_disk_is_noticed_before_a_byte_is_overwritten(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    in_place(story)
    monkeypatch.setattr(os, "posix_fallocate", failing(os.posix_fallocate, errno.ENOSPC, 1))
    with pytest.raises(OSError, match="space"):
        atomic.replace(story, NEW, sha256(OLD))
    assert story.read_bytes() == OLD


def test_a_broken_disk_while_writing_in_place(story: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: Any) -> int:
        raise OSError(errno.EIO, "Input/output error")

    in_place(story)
    monkeypatch.setattr(os, "write", broken)
    with pytest.raises(atomic.LeftDamaged):
        atomic.replace(story, NEW, sha256(OLD))


@pytest.mark.usefixtures("way")
def test_create_never_replaces(story: Path) -> None:
    with pytest.raises(FileExistsError):
        atomic.create(story, NEW)
    assert story.read_bytes() == OLD
    atomic.create(story.with_name("awe.txt"), NEW)
    assert story.with_name("awe.txt").read_bytes() == NEW
    assert story.with_name("awe.txt").stat().st_nlink == 1
    assert only(story.parent) == ["awe.txt", "joy.txt"]


@pytest.mark.usefixtures("way")
def test_move_never_replaces(story: Path) -> None:
    other = story.with_name("awe.txt")
    other.write_bytes(NEW)
    with pytest.raises(FileExistsError):
        atomic.move(story, other)
    assert (story.read_bytes(), other.read_bytes()) == (OLD, NEW)
    atomic.move(story, story.with_name("Joy.txt"))
    assert only(story.parent) == ["Joy.txt", "awe.txt"]
    assert story.with_name("Joy.txt").stat().st_nlink == 1


@pytest.mark.usefixtures("way")
def test_a_folder_moves_with_what_is_in_it_and_never_replaces_one(story: Path) -> None:
    folder, taken = story.parent / "doorway", story.parent / "taken"
    folder.mkdir()
    taken.mkdir()
    (folder / "joy.txt").write_bytes(NEW)
    with pytest.raises(FileExistsError):
        atomic.move(folder, taken)
    atomic.move(folder, story.parent / "gate")
    assert (story.parent / "gate/joy.txt").read_bytes() == NEW
    assert only(story.parent) == ["gate", "joy.txt", "taken"]


@pytest.mark.usefixtures("way")
def test_two_names_of_one_file_that_differ_in_case_stay_two(story: Path) -> None:
    other = story.with_name("Joy.txt")
    other.hardlink_to(story)
    with pytest.raises(FileExistsError):
        atomic.move(story, other)
    assert only(story.parent) == ["Joy.txt", "joy.txt"]


def test_append_adds_to_a_file_and_makes_it(tmp_path: Path) -> None:
    path = tmp_path / "journal"
    atomic.append(path, OLD)
    atomic.append(path, NEW)
    assert path.read_bytes() == OLD + NEW


def test_append_follows_no_link(story: Path) -> None:
    link = story.with_name("link")
    link.symlink_to(story)
    with pytest.raises(OSError, match=r"symbolic|levels"):
        atomic.append(link, NEW)
    assert story.read_bytes() == OLD
