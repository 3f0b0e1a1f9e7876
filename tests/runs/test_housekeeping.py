"""Deleting runs and the activation cache: nothing else goes, and what cannot go says why."""

from __future__ import annotations

import errno
import sqlite3
from pathlib import Path

import pytest
from run_samples import report_of, write_corpus, write_run

from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.errors import UserError
from caa_tui.runs.history import list_runs
from caa_tui.runs.housekeeping import (
    NoTrash,
    cache_size,
    clear_cache,
    delete_run,
    old_runs,
    trash_run,
    tree_size,
)
from caa_tui.runs.logs import log_tail
from caa_tui.runs.protocol import Cancelled
from caa_tui.runs.run_folder import training_lock

TEXTS = {"stories/joy.txt": "one"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def test_a_run_goes_to_the_trash_and_comes_back_whole(data: DataFolder, trash: Path) -> None:
    run = write_run(data, TEXTS, {"joy": [1, 0, 0, 0]}, report_of([], joy=0.5))
    size = tree_size(run.folder)
    assert trash_run(data, "1") == size > 0
    assert list_runs(data) == ()
    (trash / "0001").rename(run.folder)
    assert list_runs(data) == (run,)


def test_a_damaged_run_can_go_too(data: DataFolder, trash: Path) -> None:
    run = write_run(data, TEXTS)
    (run.folder / "status.json").write_text("{")
    trash_run(data, "0001")
    assert (trash / "0001").is_dir()


def test_without_a_trash_the_run_stays(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def none(path: Path) -> None:
        raise OSError(errno.EXDEV, "no trash here")

    run = write_run(data, TEXTS)
    monkeypatch.setattr("send2trash.send2trash", none)
    with pytest.raises(NoTrash, match=r"0001 cannot be moved to the trash \(no trash here\)"):
        trash_run(data, 1)
    assert list_runs(data) == (run,)


def test_delete_for_good(data: DataFolder) -> None:
    run = write_run(data, TEXTS)
    size = tree_size(run.folder)
    for left in (".0001.deleted", ".0000.deleted"):  # a program was killed while it deleted these
        (data.runs / left).mkdir()
        (data.runs / left / "left").write_text("x")
    assert delete_run(data, 1) == size
    assert list(data.runs.iterdir()) == []
    with pytest.raises(UserError, match="There is no run"):
        delete_run(data, 1)


def test_a_disk_that_refuses_to_delete_is_one_sentence(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    write_run(data, TEXTS)
    monkeypatch.setattr(Path, "rename", refuse)
    with pytest.raises(UserError, match=r"cannot be deleted \(Permission denied\)"):
        delete_run(data, 1)


def test_old_runs_are_those_before_the_newest_finished_ones(data: DataFolder) -> None:
    for number in range(1, 6):
        cancelled = Cancelled(run_id=f"{number:04}", forwarded_texts=0) if number in {2, 4} else None
        write_run(data, TEXTS, summary=cancelled)
    history = list_runs(data)
    assert [run.id for run in old_runs(history, 1)] == ["0004", "0003", "0002", "0001"]
    assert [run.id for run in old_runs(history, 2)] == ["0002", "0001"]
    assert old_runs(history, 3) == old_runs(history, 4) == old_runs(history, 0) == ()


def test_the_cache_goes_with_its_journal_and_nothing_else(data: DataFolder) -> None:
    names = ["activations.sqlite", "activations.sqlite-wal", "activations.sqlite-shm", "activations.sqlite.unusable-1"]
    for name in names:
        (data.path / name).write_bytes(b"x" * 100)
    data.state.write_text("{}")
    assert cache_size(data) == clear_cache(data) == 400
    assert not any((data.path / name).exists() for name in names)
    assert data.state.exists()
    assert cache_size(data) == clear_cache(data) == 0


def test_a_new_cache_does_not_see_the_old_journal(data: DataFolder) -> None:
    """SQLite would read a write-ahead log that outlived its database."""
    old = sqlite3.connect(data.activations)
    old.execute("PRAGMA journal_mode = WAL")
    old.execute("CREATE TABLE old (x)")
    old.commit()
    clear_cache(data)
    new = sqlite3.connect(data.activations)
    assert new.execute("SELECT count(*) FROM sqlite_master").fetchone() == (0,)
    new.close()
    old.close()


def test_the_cache_stays_while_a_training_runs(data: DataFolder) -> None:
    data.activations.write_bytes(b"x")
    with training_lock(data), pytest.raises(UserError, match="Another training"):
        clear_cache(data)
    assert data.activations.exists()


def test_the_end_of_a_log(tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    assert log_tail(log, 2) == []
    log.write_bytes(b"one\ntwo\n\xff three\n")
    assert log_tail(log, 2) == ["two", "\ufffd three"]
    assert log_tail(tmp_path, 2) == ["The log cannot be read (Is a directory)."]
