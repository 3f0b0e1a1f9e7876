"""The data folder, small state files, drafts, and the lock."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import msgspec
import pytest

from caa_tui.corpus.drafts import Draft, drafts, drop_draft, keep_draft
from caa_tui.corpus.storage import CorpusLock, StateFile, data_folder
from caa_tui.errors import UserError


class Settings(msgspec.Struct):
    name: str = "default"
    count: int = 0


def test_beside_the_corpus(tmp_path: Path) -> None:
    folder = data_folder(tmp_path)
    assert folder.path == tmp_path / ".caa"
    assert folder.beside_corpus
    assert (folder.path / ".gitignore").read_text() == "*\n"
    assert folder.runs.is_dir()
    assert folder.history.is_dir()
    assert folder.drafts.is_dir()
    assert folder.activations.parent == folder.path
    assert data_folder(tmp_path) == folder


def test_a_gitignore_of_the_user_is_left_alone(tmp_path: Path) -> None:
    (data_folder(tmp_path).path / ".gitignore").write_text("*\n!runs\n")
    assert (data_folder(tmp_path).path / ".gitignore").read_text() == "*\n!runs\n"


def test_read_only_corpus(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    corpus = tmp_path / "my corpus"
    corpus.mkdir()
    (tmp_path / "link").symlink_to(corpus)
    real = tempfile.TemporaryFile

    def read_only(dir: Path) -> object:
        if dir.is_relative_to(corpus):
            raise OSError(30, "Read-only file system")
        return real(dir=dir)

    monkeypatch.setattr(tempfile, "TemporaryFile", read_only)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    folder = data_folder(corpus)
    assert not folder.beside_corpus
    assert folder.path.is_relative_to(tmp_path / "data/caa-tui/corpora")
    assert folder.path.name.startswith("mycorpus-")
    assert data_folder(tmp_path / "link") == folder
    (corpus / "other").mkdir()
    assert data_folder(corpus / "other") != folder


def test_a_full_disk_does_not_move_the_data_elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(dir: Path) -> object:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(tempfile, "TemporaryFile", full)
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    with pytest.raises(UserError, match="no space left"):
        data_folder(tmp_path)
    assert not (tmp_path / "data").exists()


def test_a_file_in_the_place_of_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".caa").write_text("x")
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    assert not data_folder(tmp_path).beside_corpus


def test_state_round_trip(tmp_path: Path) -> None:
    file = StateFile(tmp_path / "state.json", Settings)
    assert file.load() == Settings()
    file.save(Settings("x", 3))
    assert file.load() == Settings("x", 3)
    assert StateFile(file.path, Settings, version=2).load() == Settings()


@pytest.mark.parametrize(
    "content", [b"", b"{", b"\xff", b"[]", b'{"version": 1, "state": {"count": "x"}}', b"[" * 9999]
)
def test_damaged_state_is_ignored_and_logged(tmp_path: Path, content: bytes, caplog: pytest.LogCaptureFixture) -> None:
    path = tmp_path / "state.json"
    path.write_bytes(content)
    assert StateFile(path, Settings).load() == Settings()
    assert "ignored" in caplog.text
    assert path.read_bytes() == content


def test_drafts(tmp_path: Path) -> None:
    first = Draft(path="stories/joy.txt", text="typ", base_sha256="ab", typed_at=1.0)
    newer = Draft(path="stories/joy.txt", text="typed", base_sha256="ab", typed_at=2.0)
    other = Draft(path="stories/awe.txt", text="é\0", base_sha256="", typed_at=3.0)
    for draft in (first, newer, other):
        keep_draft(tmp_path, draft)
    (tmp_path / "damaged.json").write_bytes(b"{")
    assert drafts(tmp_path) == [other, newer]
    drop_draft(tmp_path, "stories/awe.txt")
    drop_draft(tmp_path, "stories/awe.txt")
    assert drafts(tmp_path) == [newer]


HOLD = """
import sys
from pathlib import Path
from caa_tui.corpus.storage import CorpusLock, data_folder
lock = CorpusLock(data_folder(Path(sys.argv[1])))
sys.stdout.write(repr(lock.acquire()) + "\\n")
sys.stdout.flush()
sys.stdin.read()
"""


def test_the_lock_says_who_has_it_and_dies_with_its_holder(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as holder:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"None\n"
        lock = CorpusLock(data_folder(tmp_path))
        other = lock.acquire()
        assert other is not None
        assert other.pid == holder.pid
        assert f"process {holder.pid} on " in other.describe()
        holder.kill()
        holder.wait()
    assert lock.acquire() is None
    lock.release()
    lock.release()
    assert CorpusLock(data_folder(tmp_path)).acquire() is None
