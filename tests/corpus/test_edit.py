"""Opening, saving, creating, deleting: nothing lost, nothing overwritten unseen, the file's style kept."""

from __future__ import annotations

import dataclasses
import os
import stat
from pathlib import Path

import pytest
from corpus_files import build, sound
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from undoing import create_story, tree

from caa_tui.corpus import edit
from caa_tui.corpus.edit import (
    SaveConflict,
    delete_story,
    open_story,
    previous_versions,
    save_story,
    sweep_temporaries,
)
from caa_tui.corpus.history import KEPT_VERSIONS
from caa_tui.corpus.scan import scan
from caa_tui.errors import UserError

JOY = "stories/joy.txt"


def corpus_with(root: Path, data: bytes) -> Path:
    return build(root, {JOY: data, "paired/doorway/baseline.txt": "Neutral."})


def test_open_shows_text_as_an_editor_wants_it(tmp_path: Path) -> None:
    opened = open_story(corpus_with(tmp_path, b"\xef\xbb\xbfone\r\ntwo\r\n "), JOY)
    assert (opened.text, opened.bom, opened.newline) == ("one\ntwo\n ", True, "\r\n")


@pytest.mark.parametrize(
    ("before", "edited", "after"),
    [
        (b"\xef\xbb\xbfone\r\ntwo\r\n", "one\n2\n", b"\xef\xbb\xbfone\r\n2\r\n"),
        (b"one\ntwo", "one\ntwo\nthree", b"one\ntwo\nthree"),
        (b"one\rtwo\r", "two\r\nthree", b"two\rthree"),
        (b"one\r\ntwo\nthree\r\n", "one\ntwo\n3\n", b"one\r\ntwo\n3\r\n"),
        (b"", "caf\u00e9", "caf\u00e9".encode()),
        (b"one", "", b""),
    ],
)
def test_style_is_kept(tmp_path: Path, before: bytes, edited: str, after: bytes) -> None:
    root = corpus_with(tmp_path, before)
    saved = save_story(root, open_story(root, JOY), edited)
    assert (root / JOY).read_bytes() == after
    assert saved == open_story(root, JOY)


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    data=st.one_of(st.binary(max_size=80), st.text(alphabet="ab\ufeff\r\n \0é", max_size=40).map(str.encode)),
    typed=st.text(alphabet="xy\n\r", max_size=10),
)
def test_open_and_save_gives_the_same_bytes(tmp_path: Path, data: bytes, typed: str) -> None:
    root = corpus_with(tmp_path, data)
    try:
        opened = open_story(root, JOY)
    except UserError:
        with pytest.raises(UnicodeDecodeError):
            data.decode()
        assert (root / JOY).read_bytes() == data
        return
    assert edit._encoded(opened, opened.text) == data
    again = edit._opened(JOY, edit._encoded(opened, opened.text + typed), opened.mode)
    assert again.text == opened.text + typed.replace("\r\n", "\n").replace("\r", "\n")
    assert edit._encoded(dataclasses.replace(again, disk=edit._encoded(opened, again.text)), opened.text) is not None
    save_story(root, opened, opened.text)
    assert (root / JOY).read_bytes() == data


@pytest.mark.parametrize("mode", [0o600, 0o640, 0o664, 0o755])
def test_mode_is_kept(tmp_path: Path, mode: int) -> None:
    root = corpus_with(tmp_path, b"one")
    (root / JOY).chmod(mode)
    save_story(root, open_story(root, JOY), "two")
    assert stat.S_IMODE((root / JOY).stat().st_mode) == mode


def test_saving_leaves_no_other_file(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    save_story(root, open_story(root, JOY), "two")
    assert [path.name for path in (root / "stories").iterdir()] == ["joy.txt"]
    assert (root / ".caa/.gitignore").read_text() == "*\n"


def test_a_change_on_disk_is_a_conflict_whatever_its_date(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = open_story(root, JOY)
    times = (root / JOY).stat()
    (root / JOY).write_bytes(b"1ne")
    os.utime(root / JOY, ns=(times.st_atime_ns, times.st_mtime_ns))
    with pytest.raises(SaveConflict) as caught:
        save_story(root, opened, "mine")
    assert caught.value.disk_text == "1ne"
    assert (root / JOY).read_bytes() == b"1ne"
    assert caught.value.disk is not None
    save_story(root, caught.value.disk, "mine")  # keep mine
    assert (root / JOY).read_bytes() == b"mine"
    assert previous_versions(root, JOY)[0].read() == b"1ne"


def test_touching_or_writing_the_same_bytes_is_no_conflict(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = open_story(root, JOY)
    (root / JOY).unlink()
    (root / JOY).write_bytes(b"one")
    os.utime(root / JOY, (1, 1))
    save_story(root, opened, "two")
    assert (root / JOY).read_bytes() == b"two"


def test_somebody_else_wrote_what_we_want_to_save(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = open_story(root, JOY)
    (root / JOY).write_bytes(b"two")
    assert save_story(root, opened, "two") == open_story(root, JOY)


def test_a_deleted_file_is_a_conflict(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = open_story(root, JOY)
    (root / JOY).unlink()
    with pytest.raises(SaveConflict, match="deleted") as caught:
        save_story(root, opened, "two")
    assert caught.value.disk is None
    assert not (root / JOY).exists()


@pytest.mark.parametrize("data", [b"\xff\xfe", b"x" * (2 << 20)])
def test_a_file_that_is_no_text_any_more_is_left_alone(tmp_path: Path, data: bytes) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = open_story(root, JOY)
    (root / JOY).write_bytes(data)
    with pytest.raises(UserError):
        save_story(root, opened, "two")
    assert (root / JOY).read_bytes() == data


def test_links_inside_the_corpus_are_kept(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    (root / "stories/link.txt").symlink_to("joy.txt")
    save_story(root, open_story(root, "stories/link.txt"), "two")
    assert (root / "stories/link.txt").is_symlink()
    assert (root / JOY).read_bytes() == b"two"


def test_hard_links_stay_one_file(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"a longer text")
    (root / "twin.md").hardlink_to(root / JOY)
    opened = save_story(root, open_story(root, JOY), "short")
    assert (root / "twin.md").read_bytes() == b"short"
    save_story(root, opened, "longer than before")
    assert (root / "twin.md").read_bytes() == b"longer than before"
    assert (root / "twin.md").samefile(root / JOY)


@pytest.mark.parametrize(
    "path",
    [
        "../outside.txt",
        "/etc/hostname",
        "stories/../../x",
        "stories//joy.txt",
        ".caa/state.json",
        "",
        "a\0b",
        "stories/out.txt",
    ],
)
def test_paths_outside_the_corpus_are_refused(tmp_path: Path, path: str) -> None:
    root = corpus_with(tmp_path / "corpus", b"one")
    (tmp_path / "outside.txt").write_text("secret")
    (root / "stories/out.txt").symlink_to(tmp_path / "outside.txt")
    with pytest.raises(UserError):
        open_story(root, path)


def test_a_pipe_does_not_hang(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    os.mkfifo(root / "stories/pipe.txt")
    with pytest.raises(UserError, match="named pipe"):
        open_story(root, "stories/pipe.txt")


def test_what_utf8_cannot_store_is_refused(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    for text in ("\ud800", "x" * (2 << 20)):
        with pytest.raises(UserError):
            save_story(root, open_story(root, JOY), text)
    assert (root / JOY).read_bytes() == b"one"


def test_create_a_story_in_a_new_scenario(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"one")
    opened = create_story(root, "paired/kitchen/joy.txt", "a\r\nb\n")
    assert opened.text == "a\nb\n"
    assert scan(root).by_path["paired/kitchen/joy.txt"].text == "a\nb"
    assert [path.name for path in (root / "paired/kitchen").iterdir()] == ["joy.txt"]


@pytest.mark.parametrize(
    "path",
    [
        "stories/joy.txt",
        "stories/JOY.txt",
        "paired/Doorway/joy.txt",
        "stories/baseline.txt",
        "stories/Baseline.txt",
        "stories/.hidden.txt",
        "stories/joy (1).txt",
        "stories/a:b.txt",
        "stories/a\nb.txt",
        "stories/ joy.txt",
        "stories/deep/joy.txt",
        "joy.txt",
        "stories/joy.md",
        "paired/../joy.txt",
        "stories/" + "x" * 201 + ".txt",
    ],
)
def test_create_refuses(tmp_path: Path, path: str) -> None:
    root = corpus_with(tmp_path, b"one")
    before = tree(root)
    with pytest.raises(UserError):
        create_story(root, path, "x")
    assert tree(root) == before
    assert not list((root / ".caa/history").glob("*")), "a text that was refused is no earlier version"


def test_create_never_follows_a_link_out_of_the_corpus(tmp_path: Path) -> None:
    root = corpus_with(tmp_path / "corpus", b"one")
    (tmp_path / "outside").mkdir()
    (root / "paired/away").symlink_to(tmp_path / "outside")
    with pytest.raises(UserError, match="leads out"):
        create_story(root, "paired/away/joy.txt", "x")
    assert not list((tmp_path / "outside").iterdir())


def test_create_where_there_is_no_stories_folder_yet(tmp_path: Path) -> None:
    root = build(tmp_path, {"paired/doorway/baseline.txt": "x"})
    assert create_story(root, JOY, "x").path == JOY


def test_delete_goes_to_trash_and_history(tmp_path: Path, trash: Path) -> None:
    root = corpus_with(tmp_path / "corpus", b"one")
    delete_story(root, JOY)
    assert not (root / JOY).exists()
    assert (trash / "joy.txt").read_bytes() == b"one"
    assert previous_versions(root, JOY)[0].read() == b"one"


def test_delete_where_there_is_no_trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_trash(path: Path) -> None:
        raise PermissionError(13, "no trash on this volume")

    monkeypatch.setattr("send2trash.send2trash", no_trash)
    root = corpus_with(tmp_path, b"one")
    delete_story(root, JOY)
    assert not (root / JOY).exists()
    assert previous_versions(root, JOY)[0].read() == b"one"


def test_where_there_is_no_trash_nothing_unseen_is_deleted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another_program_is_faster(path: Path) -> None:
        path.write_text("Somebody's new text.")
        raise OSError("no trash here")

    root = corpus_with(tmp_path, b"Old.")
    monkeypatch.setattr("send2trash.send2trash", another_program_is_faster)
    with pytest.raises(SaveConflict):
        delete_story(root, JOY)
    assert (root / JOY).read_text() == "Somebody's new text."


def test_what_takes_the_name_of_a_story_in_the_trash_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = corpus_with(tmp_path, b"Old.")
    monkeypatch.setattr("send2trash.send2trash", lambda path: Path(path).write_text("Checked out anew."))
    delete_story(root, JOY)
    assert (root / JOY).read_text() == "Checked out anew."


def test_delete_refuses_what_was_not_seen(tmp_path: Path, trash: Path) -> None:
    root = corpus_with(tmp_path / "corpus", b"one")
    opened = open_story(root, JOY)
    (root / JOY).write_bytes(b"two")
    with pytest.raises(SaveConflict):
        delete_story(root, JOY, opened.file_sha256)
    assert (root / JOY).read_bytes() == b"two"


def test_deleting_a_link_keeps_its_target(tmp_path: Path, trash: Path) -> None:
    root = corpus_with(tmp_path / "corpus", b"one")
    (root / "stories/link.txt").symlink_to("joy.txt")
    delete_story(root, "stories/link.txt")
    assert not (root / "stories/link.txt").is_symlink()
    assert (root / JOY).read_bytes() == b"one"


def test_history_keeps_each_version_once_and_is_capped(tmp_path: Path) -> None:
    root = corpus_with(tmp_path, b"0")
    opened = open_story(root, JOY)
    for number in range(1, KEPT_VERSIONS + 5):
        opened = save_story(root, opened, str(number))
        opened = save_story(root, opened, str(number))
    kept = previous_versions(root, JOY)
    assert len(kept) == KEPT_VERSIONS
    assert [version.read() for version in kept[:3]] == [b"53", b"52", b"51"]


def test_history_of_a_name_too_long_for_a_folder(tmp_path: Path) -> None:
    path = f"stories/{'é' * 60}.txt"
    root = build(tmp_path, {path: "one"})
    save_story(root, open_story(root, path), "two")
    assert previous_versions(root, path)[0].read() == b"one"


def test_abandoned_temporaries_are_swept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = build(sound(tmp_path), {"stories/.caa-save-1-aa": "half", "paired/doorway/.caa-save-1-bb": "half"})
    sweep_temporaries(root)
    assert (root / "stories/.caa-save-1-aa").exists()  # may be in use
    monkeypatch.setattr("caa_tui.corpus.atomic._ABANDONED_SECONDS", -1)
    sweep_temporaries(root)
    assert not list(root.rglob(".caa-save-*"))
    assert len(scan(root).stories) == 11
