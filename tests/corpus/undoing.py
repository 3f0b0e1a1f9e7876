"""What the tests of operations share: the bytes of a corpus, and a trash of their own."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from caa_tui.corpus.edit import OpenStory, open_story
from caa_tui.corpus.operations import StoryFiles
from caa_tui.corpus.storage import DATA_FOLDER, data_folder


def files_of(root: Path, *, read_only: bool = False) -> StoryFiles:
    """As a program that was just started has them."""
    return StoryFiles(root, data_folder(root), read_only=read_only, clock=lambda: 100.0)


def create_story(root: Path, path: str, content: str) -> OpenStory:
    """Create a story and open it, as the editor does."""
    files_of(root).create(path, content)
    return open_story(root, path)


def tree(root: Path) -> dict[str, tuple[int, bytes | None]]:
    """Path -> permission bits and bytes (None: a folder) of everything but our own data."""
    found = {}
    for path in sorted(root.rglob("*")):
        name = path.relative_to(root).as_posix()
        if name.split("/")[0] != DATA_FOLDER:
            mode = stat.S_IMODE(path.lstat().st_mode)
            found[name] = (mode, path.read_bytes() if path.is_file() else None)
    return found


def own_trash(monkeypatch: pytest.MonkeyPatch, folder: Path) -> Path:
    """Deleted files go to `folder` instead of the user's trash, each under a name of its own."""
    folder.mkdir()

    def trash(path: Path) -> None:
        Path(path).rename(folder / f"{len(list(folder.iterdir()))}-{Path(path).name}")

    monkeypatch.setattr("send2trash.send2trash", trash)
    return folder
