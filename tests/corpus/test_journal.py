"""The journal of operations: outlives the program, damage and its own limits."""

from __future__ import annotations

import logging
import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import msgspec
import pytest

from caa_tui.corpus import atomic, journal
from caa_tui.corpus.journal import Entry, FileChange, Journal, Operation

CHANGE = FileChange("stories/joy.txt", "stories/glee.txt", "0" * 64, 0o644)


def operation(number: int, files: int = 1) -> Operation:
    return Operation(
        id=number,
        kind="move",
        at=float(number),
        before="joy",
        after="glee",
        files=(CHANGE,) * files,
        made={"paired": 0},
    )


def filled(path: Path, count: int) -> Journal:
    """A journal of `count` operations that were carried out."""
    book = Journal(path)
    for _ in range(count):
        one = operation(book.next_id)
        book.begin(one)
        book.mark(one, "done")
    return book


def states(path: Path) -> list[tuple[int, str]]:
    """As another program reads them."""
    return [(entry.operation.id, entry.state) for entry in Journal(path).entries]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "journal.jsonl"


def test_it_is_read_back_as_it_was_written(path: Path) -> None:
    book = filled(path, 3)
    book.mark(operation(3), "undone")
    assert states(path) == [(1, "done"), (2, "done"), (3, "undone")]
    again = Journal(path)
    assert again.undoable is not None
    assert again.undoable.operation == operation(2)
    assert again.redoable is not None
    assert again.redoable.operation == operation(3)
    assert again.next_id == 4


def test_no_journal_is_an_empty_one(path: Path) -> None:
    book = Journal(path)
    assert (book.entries, book.undoable, book.redoable, book.next_id) == ([], None, None, 1)
    assert not path.exists()


def test_a_new_operation_gives_up_what_was_undone(path: Path) -> None:
    book = filled(path, 2)
    book.mark(operation(2), "undone")
    book.begin(operation(3))
    assert states(path) == [(1, "done"), (3, "doing")]


def test_an_operation_is_noted_again_when_it_changed(path: Path) -> None:
    book = filled(path, 1)
    changed = msgspec.structs.replace(operation(1), files=(FileChange("a", "b", "1" * 64),))
    book.mark(changed, "undone")
    assert [entry.operation for entry in Journal(path).entries] == [changed]
    assert states(path) == [(1, "undone")]


def test_turned_twice_is_the_same() -> None:
    one = msgspec.structs.replace(operation(1), folder=("paired/a", "paired/b"), emptied={"paired/c": 0o750})
    assert one.turned().folder == ("paired/b", "paired/a")
    assert one.turned().made == {"paired/c": 0o750}
    assert one.turned().turned() == one


def test_a_torn_last_line_costs_only_itself(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    filled(path, 2)
    whole = path.read_bytes()
    for cut in range(1, len(whole)):
        path.write_bytes(whole[:-cut])
        book = Journal(path)
        assert len(book.entries) <= 2
        if cut < 10:
            assert [entry.state for entry in book.entries] == ["done", "doing"]
            assert "torn" in caplog.text
    path.write_bytes(whole[:-5])
    book = Journal(path)
    book.begin(operation(book.next_id))
    assert states(path) == [(1, "done"), (2, "doing"), (3, "doing")], "the next line does not join the torn one"


@pytest.mark.parametrize(
    "damage", [b"\xff\xfe\n", b"{}\n", b"[" * 5000 + b"\n", b'{"type":"mark","id":99,"state":"done"}\n']
)
def test_a_damaged_line_costs_only_itself(path: Path, damage: bytes, caplog: pytest.LogCaptureFixture) -> None:
    filled(path, 2)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(b"".join([*lines[:2], damage, *lines[2:]]))
    with caplog.at_level(logging.WARNING):
        book = Journal(path)
        assert [(entry.operation.id, entry.state) for entry in book.entries] == [(1, "done"), (2, "done")]
    assert ("damaged" in caplog.text) == (b"mark" not in damage)
    book.begin(operation(3))
    assert states(path) == [(1, "done"), (2, "done"), (3, "doing")]


def test_what_is_no_file_is_ignored_and_replaced(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    os.mkfifo(path)
    book = Journal(path)
    assert book.entries == []
    assert "named pipe" in caplog.text
    book.begin(operation(1))
    assert states(path) == [(1, "doing")]


def test_a_folder_in_its_place_is_an_error_not_a_crash(path: Path) -> None:
    path.mkdir()
    with pytest.raises(OSError, match="directory"):
        Journal(path).begin(operation(1))


def test_the_oldest_operations_are_forgotten(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_OPERATIONS", 5)
    monkeypatch.setattr(journal, "_REWRITE_LINES", 20)
    filled(path, 40)
    kept = [number for number, _ in states(path)]
    assert kept[-5:] == [36, 37, 38, 39, 40]
    assert len(kept) < 20
    assert Journal(path).next_id == 41


def test_large_operations_are_forgotten_sooner(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "KEPT_CHANGES", 100)
    monkeypatch.setattr(journal, "_REWRITE_BYTES", 1)
    book = Journal(path)
    for number in range(1, 6):
        book.begin(operation(number, files=40))
        book.mark(operation(number, files=40), "done")
    assert states(path) == [(4, "done"), (5, "done")]
    book.begin(operation(6, files=400))
    assert states(path) == [(6, "doing")], "the newest stays, however large"


def test_two_objects_see_each_other(path: Path) -> None:
    one, other = filled(path, 1), Journal(path)
    assert len(other.entries) == 1
    one.mark(operation(1), "undone")
    assert other.redoable is not None
    other.begin(operation(2))
    assert [entry.operation.id for entry in one.entries] == [2]


def test_a_full_disk_leaves_the_journal_as_it_was(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    book = filled(path, 2)

    def half(file: Path, data: bytes) -> None:
        with file.open("ab") as stream:
            stream.write(data[: len(data) // 2])
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(atomic, "append", half)
        with pytest.raises(OSError, match="No space"):
            book.begin(operation(3))
    assert [entry.operation.id for entry in book.entries] == [1, 2]
    book.begin(operation(3))
    assert states(path) == [(1, "done"), (2, "done"), (3, "doing")]


def test_the_screen_may_ask_while_a_thread_writes(path: Path) -> None:
    book, over = Journal(path), threading.Event()

    def ask() -> None:
        while not over.is_set():
            _ = book.undoable, book.redoable

    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-5)
    try:
        with ThreadPoolExecutor() as pool:
            asked = [pool.submit(ask) for _ in range(2)]
            for number in range(1, 200):
                book.begin(operation(number))
                book.mark(operation(number), "done")
                forgotten = book.entries[-1] != Entry(operation(number), "done")
                if forgotten:
                    break
            over.set()
        assert [one.exception() for one in asked] == [None, None]
        assert not forgotten
    finally:
        sys.setswitchinterval(before)
