"""What undo gives back and what it refuses: edits made since, the history and the draft of a story, what was lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from corpus_files import sound
from undoing import files_of, own_trash, tree

from caa_tui.corpus import history
from caa_tui.corpus.drafts import Draft, drafts, keep_draft
from caa_tui.corpus.edit import open_story, previous_versions, save_story
from caa_tui.corpus.moves import NotAsLeft
from caa_tui.corpus.storage import data_folder

TENDER = "paired/doorway/tender.txt"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_trash(monkeypatch, tmp_path / "trash")
    return sound(tmp_path / "corpus")


def test_undo_refuses_what_was_edited_since_until_the_user_says_so(root: Path) -> None:
    files = files_of(root)
    files.move(TENDER, "stories/joy.txt")
    (root / "stories/joy.txt").write_text("Edited.")
    before = tree(root)
    with pytest.raises(NotAsLeft, match="joy was edited since; nothing was changed") as caught:
        files.undo()
    assert caught.value.only_edited
    assert tree(root) == before
    assert files.undo(anyway=True).path == TENDER
    assert (root / TENDER).read_text() == "Edited."
    files.redo()  # the edited text is what the operation has left now
    assert (root / "stories/joy.txt").read_text() == "Edited."


def test_an_edited_story_that_undo_takes_away_is_in_the_history(root: Path) -> None:
    files = files_of(root)
    files.create("stories/joy.txt", "One.\n")
    save_story(root, open_story(root, "stories/joy.txt"), "Two.\n")
    with pytest.raises(NotAsLeft, match="edited since"):
        files.undo()
    files.undo(anyway=True)
    assert not (root / "stories/joy.txt").exists()
    files.redo()
    assert (root / "stories/joy.txt").read_text() == "Two.\n"
    assert [version.read() for version in previous_versions(root, "stories/joy.txt")] == [b"Two.\n", b"One.\n"]


def test_a_file_that_is_no_text_goes_and_comes_back(root: Path) -> None:
    files = files_of(root)
    files.create("stories/joy.txt", "New.")
    (root / "stories/joy.txt").write_bytes("No text.".encode("utf-16"))
    with pytest.raises(NotAsLeft, match="edited since"):
        files.undo()
    files.undo(anyway=True)
    assert not (root / "stories/joy.txt").exists()
    files.redo()
    assert (root / "stories/joy.txt").read_bytes() == "No text.".encode("utf-16")
    files.delete("stories/joy.txt")
    assert not (root / "stories/joy.txt").exists()


def test_an_operation_that_cannot_be_undone_is_given_up_on_the_users_word(root: Path) -> None:
    files = files_of(root)
    files.move("stories/anger.txt", "stories/rage.txt")
    files.delete(TENDER)
    (root / TENDER).write_text("Somebody else's.")
    before = tree(root)
    with pytest.raises(NotAsLeft, match="doorway/tender exists already; nothing was changed") as caught:
        files.undo()
    assert not caught.value.only_edited
    assert files.undo(anyway=True).sentence == "doorway/tender exists already, so it stays: doorway/tender deleted"
    assert tree(root) == before
    assert files.undo().path == "stories/anger.txt"
    assert files.redo().path == "stories/rage.txt"
    assert files.redoable is None


def test_a_new_operation_ends_what_could_be_redone(root: Path) -> None:
    files = files_of(root)
    files.delete(TENDER)
    files.undo()
    files.move(TENDER, "stories/joy.txt")
    assert files.redoable is None
    files.undo()
    assert files.undoable is None
    assert files.redo().path == "stories/joy.txt"


def test_history_and_draft_go_along_and_come_back(root: Path) -> None:
    save_story(root, open_story(root, TENDER), "Second.\n")
    folder = data_folder(root).drafts
    keep_draft(folder, Draft(path=TENDER, text="Typed", base_sha256="", typed_at=1.0))
    old = [version.read() for version in previous_versions(root, TENDER)]
    files = files_of(root)
    files.move(TENDER, "stories/joy.txt")
    save_story(root, open_story(root, "stories/joy.txt"), "Third.\n")
    assert [version.read() for version in previous_versions(root, "stories/joy.txt")] == [b"Second.\n", *old]
    assert [(draft.path, draft.text) for draft in drafts(folder)] == [("stories/joy.txt", "Typed")]
    files.undo(anyway=True)
    files.rename_scenario("doorway", "gate")
    moved = "paired/gate/tender.txt"
    assert [version.read() for version in previous_versions(root, moved)] == [b"Second.\n", *old]
    assert [draft.path for draft in drafts(folder)] == [moved]


def test_a_draft_that_is_there_already_stays(root: Path) -> None:
    folder = data_folder(root).drafts
    for path in (TENDER, "stories/joy.txt"):
        keep_draft(folder, Draft(path=path, text=path, base_sha256="", typed_at=1.0))
    files_of(root).move(TENDER, "stories/joy.txt")
    assert {(draft.path, draft.text) for draft in drafts(folder)} == {
        (TENDER, TENDER),
        ("stories/joy.txt", "stories/joy.txt"),
    }


def test_versions_are_copied_where_there_are_no_hard_links(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_links(*_: object) -> None:
        raise PermissionError(1, "Operation not permitted")

    save_story(root, open_story(root, TENDER), "Second.\n")
    monkeypatch.setattr(Path, "hardlink_to", no_links)
    files_of(root).move(TENDER, "stories/joy.txt")
    assert previous_versions(root, "stories/joy.txt")[0].sha256 == previous_versions(root, TENDER)[0].sha256


def test_the_history_of_both_paths_stays_within_its_limit(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(history, "KEPT_VERSIONS", 3)
    for path in (TENDER, "stories/tender.txt"):
        opened = open_story(root, path)
        for number in range(3):
            opened = save_story(root, opened, f"{path} {number}")
    files = files_of(root)
    files.delete("stories/tender.txt")
    files.move(TENDER, "stories/tender.txt")
    assert len(previous_versions(root, "stories/tender.txt")) == 3


def test_a_deleted_text_that_the_history_lost_is_said(root: Path) -> None:
    files = files_of(root)
    files.delete(TENDER)
    for version in previous_versions(root, TENDER):
        version.file.write_bytes(b"damaged")
    with pytest.raises(NotAsLeft, match="The text of doorway/tender is no longer in the history"):
        files.undo()
