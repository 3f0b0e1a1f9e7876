"""A disk that fails in the middle of an operation on several files: everything is put back, or can be undone later."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

from caa_tui.corpus import atomic
from caa_tui.corpus.moves import HalfDone
from caa_tui.corpus.operations import StoryFiles
from caa_tui.corpus.storage import DATA_FOLDER, data_folder
from caa_tui.errors import UserError

TENDER = "paired/doorway/tender.txt"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("send2trash.send2trash", os.unlink)
    for path in (TENDER, "paired/kitchen/tender.txt", "stories/tender.txt", "stories/anger.txt"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(f"{path}\n")
    return tmp_path


def files_of(root: Path) -> StoryFiles:
    return StoryFiles(root, data_folder(root))


def tree(root: Path) -> dict[str, str | None]:
    """Path -> text (None: a folder) of everything but our own data."""
    inside = ((path.relative_to(root).as_posix(), path) for path in root.rglob("*"))
    return {
        name: path.read_text() if path.is_file() else None for name, path in inside if not name.startswith(DATA_FOLDER)
    }


def failing_move(monkeypatch: pytest.MonkeyPatch, fails: Callable[[Path, Path], bool]) -> None:
    real = atomic.move

    def move(source: Path, target: Path) -> None:
        if fails(source, target):
            raise OSError(5, "Input/output error")
        real(source, target)

    monkeypatch.setattr(atomic, "move", move)


def test_a_failure_half_way_puts_everything_back(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    files = files_of(root)
    with monkeypatch.context() as patch:
        failing_move(patch, lambda source, _: source.parent.name == "stories")
        with pytest.raises(UserError, match=r"tender stays as it was \(input/output error\)"):
            files.rename_concept("tender", "gentle")
    assert tree(root) == before
    assert files.undoable is None
    with monkeypatch.context() as patch:
        failing_move(patch, lambda *_: True)
        with pytest.raises(UserError, match="stays as it was"):
            files.move(TENDER, "paired/garden/joy.txt")
    assert tree(root) == before, "not even the new folder is left"


def test_what_can_not_be_put_back_can_be_undone_later(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    files = files_of(root)
    with monkeypatch.context() as patch:
        failing_move(patch, lambda source, target: source.parent.name == "stories" or "tender" in target.name)
        with pytest.raises(HalfDone, match="stopped half way"):
            files.rename_concept("tender", "gentle")
    assert tree(root) != before
    again = files_of(root)
    assert again.interrupted is not None
    again.undo()
    assert tree(root) == before


def test_nothing_moves_when_it_cannot_be_noted(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = tree(root)
    files = files_of(root)
    with monkeypatch.context() as patch:
        failing = OSError(28, "No space left on device")

        def full(*_: object) -> None:
            raise failing

        patch.setattr(atomic, "append", full)
        with pytest.raises(UserError, match="no space left on device"):
            files.move(TENDER, "stories/joy.txt")
    assert tree(root) == before
    files.move(TENDER, "stories/joy.txt")
    assert (root / "stories/joy.txt").exists()
