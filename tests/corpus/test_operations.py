"""Operations on story files: each can be undone and redone, to the byte, and none overwrites or follows a link."""

from __future__ import annotations

import datetime
import errno
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from corpus_files import build, sound
from undoing import files_of, own_trash, tree

from caa_tui.corpus.accepted import ACCEPTED_FILE, accept
from caa_tui.corpus.journal import FileChange, Journal, Operation, OperationKind
from caa_tui.corpus.model import Acceptance
from caa_tui.corpus.moves import NotAsLeft
from caa_tui.corpus.operations import Done, StoryFiles
from caa_tui.corpus.places import taken_by
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError

TENDER = "paired/doorway/tender.txt"
Act = Callable[[StoryFiles], Done]


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    own_trash(monkeypatch, tmp_path / "trash")
    return sound(tmp_path / "corpus")


OPERATIONS: dict[str, tuple[Act, str]] = {
    "create": (lambda f: f.create("paired/garden/joy.txt", "New.\n"), "garden/joy created"),
    "move": (lambda f: f.move(TENDER, "paired/garden/joy.txt"), "doorway/tender moved to garden/joy"),
    "move to stories": (lambda f: f.move(TENDER, "stories/joy.txt"), "doorway/tender moved to joy"),
    "case": (lambda f: f.move(TENDER, "paired/doorway/Tender.txt"), "doorway/tender moved to doorway/Tender"),
    "delete": (lambda f: f.delete(TENDER), "doorway/tender deleted"),
    "concept": (lambda f: f.rename_concept("tender", "gentle"), "tender renamed to gentle in 3 files"),
    "scenario": (
        lambda f: f.rename_scenario("doorway", "gate"),
        "scenario doorway renamed to gate, with 4 stories",
    ),
}


@pytest.mark.parametrize("act", OPERATIONS)
def test_undo_and_redo_give_the_same_tree(root: Path, act: str) -> None:
    (root / TENDER).write_bytes(b"\xef\xbb\xbfone\r\ntwo\r\n ")
    (root / TENDER).chmod(0o640)
    do, sentence = OPERATIONS[act]
    before = tree(root)
    done = do(files_of(root))
    after = tree(root)
    assert done.sentence == sentence
    assert after != before
    assert files_of(root).undo().sentence == f"Undone: {sentence}"  # each as after a restart
    assert tree(root) == before
    assert files_of(root).redo().sentence == f"Done again: {sentence}"
    assert tree(root) == after
    files_of(root).undo()
    assert tree(root) == before


def test_where_the_cursor_goes(root: Path) -> None:
    files = files_of(root)
    renamed = files.rename_concept("tender", "gentle")
    assert renamed.now_at(TENDER) == "paired/doorway/gentle.txt"
    assert renamed.now_at("stories/anger.txt") == "stories/anger.txt"
    assert files.undo().now_at("paired/doorway/gentle.txt") == TENDER
    assert files.delete(TENDER).now_at(TENDER) is None
    assert files.undo().path == TENDER


def test_a_scenario_left_empty_goes_and_comes_back(root: Path) -> None:
    build(root, {"paired/lone/joy.txt": "One."})
    (root / "paired/lone").chmod(0o750)
    before = tree(root)
    files = files_of(root)
    files.move("paired/lone/joy.txt", "stories/joy.txt")
    assert not (root / "paired/lone").exists()
    files.undo()
    assert tree(root) == before
    files.delete("paired/lone/joy.txt")
    assert not (root / "paired/lone").exists()
    files.undo()
    assert tree(root) == before


def test_a_file_system_that_keeps_no_permissions_is_no_obstacle(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    build(root, {"paired/lone/joy.txt": "One."})
    files = files_of(root)
    files.delete("paired/lone/joy.txt")

    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "chmod", refuse)
    assert files.undo().sentence == "Undone: lone/joy deleted"
    assert (root / "paired/lone/joy.txt").read_text() == "One."


def test_a_story_leaves_a_folder_that_cannot_be_listed(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    list_folder = Path.iterdir

    def refuse(folder: Path) -> Iterator[Path]:
        if folder.name == "doorway":
            raise PermissionError(errno.EACCES, "Permission denied")
        return list_folder(folder)

    monkeypatch.setattr(Path, "iterdir", refuse)
    assert files_of(root).move(TENDER, "stories/joy.txt").path == "stories/joy.txt"
    with pytest.raises(UserError, match=r"folder of doorway/joy cannot be read \(permission denied\)"):
        files_of(root).create("paired/doorway/joy.txt", "x")


def test_a_scenario_with_anything_else_in_it_stays(root: Path) -> None:
    build(root, {"paired/lone/joy.txt": "One.", "paired/lone/facts.md": "The door is red."})
    files_of(root).delete("paired/lone/joy.txt")
    assert (root / "paired/lone/facts.md").read_text() == "The door is red."


def test_a_scenario_moves_with_everything_in_it(root: Path) -> None:
    build(root, {"paired/doorway/facts.md": "The door is red.", "paired/doorway/odd.txt": b"\xff\xfe"})
    files_of(root).rename_scenario("doorway", "gate")
    assert not (root / "paired/doorway").exists()
    assert (root / "paired/gate/facts.md").read_text() == "The door is red."
    assert (root / "paired/gate/odd.txt").read_bytes() == b"\xff\xfe"


@pytest.mark.parametrize(
    ("act", "words"),
    [
        (lambda f: f.move(TENDER, "stories/anger.txt"), "anger exists already"),
        (lambda f: f.move(TENDER, "stories/ANGER.txt"), "differs from ANGER.txt only in case"),
        (lambda f: f.move(TENDER, "paired/Kitchen/joy.txt"), "kitchen exists and differs from Kitchen only in case"),
        (lambda f: f.move(TENDER, TENDER), "is there already"),
        (lambda f: f.move(TENDER, "stories/baseline.txt"), "baseline belongs to a scenario"),
        (lambda f: f.move(TENDER, "stories/a:b.txt"), "characters"),
        (lambda f: f.move(TENDER, "elsewhere/joy.txt"), "not a place for a story"),
        (lambda f: f.move("paired/doorway/gone.txt", "stories/joy.txt"), "is not there any more"),
        (lambda f: f.move("stories/../caa.toml", "stories/joy.txt"), "not a place for a story"),
        (lambda f: f.create(TENDER, "x"), "exists already"),
        (lambda f: f.create("stories/joy.txt", "\ud800"), "UTF-8 cannot store"),
        (lambda f: f.rename_concept("tender", "anger"), "exists already"),
        (lambda f: f.rename_concept("tender", "baseline"), "neutral telling"),
        (lambda f: f.rename_concept("baseline", "plain"), "neutral telling"),
        (lambda f: f.rename_concept("tender", "tender"), "is called tender already"),
        (lambda f: f.rename_concept("nobody", "somebody"), "no story of nobody"),
        (lambda f: f.rename_concept("tender", ""), "must not be empty"),
        (lambda f: f.rename_scenario("doorway", "kitchen"), "exists already"),
        (lambda f: f.rename_scenario("doorway", "Kitchen"), "exists already"),
        (lambda f: f.rename_scenario("doorway", "doorway"), "is called doorway already"),
        (lambda f: f.rename_scenario("nowhere", "gate"), "is not there any more"),
        (lambda f: f.create("paired/notes/joy.txt", "x"), r"folder of notes/joy cannot be read \(not a directory\)"),
        (lambda f: f.move(TENDER, "paired/notes/joy.txt"), r"folder of notes/joy cannot be read \(not a directory\)"),
        (lambda f: f.rename_scenario("doorway", "in/gate"), "characters"),
        (lambda f: f.delete(TENDER, "0" * 64), "was changed by another program meanwhile"),
        (lambda f: f.undo(), "nothing to undo"),
        (lambda f: f.redo(), "nothing to redo"),
    ],
)
def test_refusals_change_nothing(root: Path, act: Act, words: str) -> None:
    build(root, {"paired/notes": "A file beside the scenarios."})
    before = tree(root)
    files = files_of(root)
    with pytest.raises(UserError, match=words) as caught:
        act(files)
    assert str(caught.value).count(". ") == 0, "one sentence"
    assert tree(root) == before
    assert files.undoable is None


def test_a_read_only_corpus_is_refused_before_anything(root: Path) -> None:
    files_of(root).delete(TENDER)
    before = tree(root)
    journal = (root / ".caa/journal.jsonl").read_bytes()
    files = files_of(root, read_only=True)
    for act in (*(do for do, _ in OPERATIONS.values()), StoryFiles.undo, StoryFiles.redo):
        with pytest.raises(UserError, match="read-only"):
            act(files)
    assert not (root / ".caa/history/paired%2Fgarden%2Fjoy.txt").exists()
    assert tree(root) == before
    assert (root / ".caa/journal.jsonl").read_bytes() == journal


def test_a_rename_is_refused_whole_when_one_name_is_taken(root: Path) -> None:
    build(root, {"paired/kitchen/gentle.txt": "Here first."})
    before = tree(root)
    with pytest.raises(NotAsLeft, match="kitchen/gentle exists already; nothing was changed"):
        files_of(root).rename_concept("tender", "gentle")
    assert tree(root) == before


def test_links_are_neither_moved_nor_followed(root: Path, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (root / "paired/away").symlink_to(tmp_path / "outside")
    (root / "stories/link.txt").symlink_to("anger.txt")
    files = files_of(root)
    with pytest.raises(UserError, match="leads out of the corpus"):
        files.move(TENDER, "paired/away/tender.txt")
    acts: tuple[Callable[[], Done], ...] = (
        lambda: files.move("stories/link.txt", "stories/joy.txt"),
        lambda: files.delete("stories/link.txt"),
    )
    for act in acts:
        with pytest.raises(UserError, match="is a link"):
            act()
    (root / "stories/tender.txt").unlink()
    (root / "stories/tender.txt").symlink_to("../paired/doorway/tender.txt")
    with pytest.raises(UserError, match="is a link"):
        files.rename_concept("tender", "gentle")
    assert (root / TENDER).exists()
    assert not list((tmp_path / "outside").iterdir())


def test_a_folder_with_two_names_is_renamed_once(root: Path) -> None:
    (root / "paired/entry").symlink_to("doorway")
    assert files_of(root).rename_concept("tender", "gentle").sentence.endswith("in 3 files")
    assert (root / "paired/entry/gentle.txt").exists()


def test_accepted_flags_of_a_renamed_concept_are_left_to_the_curator(root: Path) -> None:
    accept(
        root,
        Acceptance(
            concept="tender", kind="fragmented", reason="so it is", date=datetime.date(2026, 11, 1), layer=1, value=0.2
        ),
    )
    before = (root / ACCEPTED_FILE).read_bytes()
    files = files_of(root)
    note = "caa-accepted.toml still accepts flags of tender; write gentle there."
    assert files.rename_concept("tender", "gentle").note == note
    assert files.rename_concept("anger", "rage").note == ""
    assert (root / ACCEPTED_FILE).read_bytes() == before


def test_caa_toml_is_left_to_the_curator(root: Path) -> None:
    text = '[manifest]\nconcepts = ["tender"]\n[manifest.scenarios]\ndoorway = ["anger"]\n'
    build(root, {"caa.toml": text})
    files = files_of(root)
    assert files.rename_concept("tender", "gentle").note == "caa.toml still wants tender; write gentle there."
    assert files.rename_scenario("doorway", "gate").note == "caa.toml still wants doorway; write gate there."
    assert files.rename_concept("anger", "rage").note == "caa.toml still wants anger; write rage there."
    assert files.rename_concept("trust", "faith").note == ""
    assert (root / "caa.toml").read_text() == text
    build(root, {"caa.toml": "not toml ["})
    assert files.rename_concept("faith", "trust").note == ""


@pytest.mark.parametrize("path", ["../outside.txt", "stories/../../outside.txt", ".caa/state.json", "/etc/passwd"])
def test_a_journal_from_elsewhere_reaches_nothing_outside(root: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside.txt").write_text("x")
    data_folder(root)
    (root / ".caa/journal.jsonl").write_text(
        '{"type":"operation","id":1,"kind":"move","at":0,"before":"a","after":"b","files":'
        f'[{{"before":"{path}","after":"stories/joy.txt","sha256":"0"}}]}}\n{{"type":"mark","id":1,"state":"undone"}}\n'
    )
    before = tree(tmp_path)
    with pytest.raises(UserError):
        files_of(root).redo(anyway=True)
    assert {name: kept for name, kept in tree(tmp_path).items() if ".caa" not in name} == {
        name: kept for name, kept in before.items() if ".caa" not in name
    }


@pytest.mark.parametrize(
    "change",
    [FileChange(None, "paired/garden/joy.txt", "00"), FileChange(TENDER, None, "00")],
    ids=["create", "delete"],
)
def test_what_was_killed_before_it_touched_a_file_was_never_done(root: Path, change: FileChange) -> None:
    kind: OperationKind = "create" if change.before is None else "delete"
    noted = Operation(id=1, kind=kind, at=0.0, before="a", after="b", files=(change,))
    Journal(data_folder(root).journal).begin(noted)
    files = files_of(root)
    assert files.interrupted is None
    assert files.undoable is None


def test_a_folder_that_another_program_makes_meanwhile_is_no_obstacle(
    root: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looks: list[Path] = []

    def taken(place: Path, moving: Path | None) -> str | None:
        (root / "paired/garden").mkdir(exist_ok=True)
        looks.append(place)
        return taken_by(place, moving)

    monkeypatch.setattr("caa_tui.corpus.moves.taken_by", taken)
    files_of(root).create("paired/garden/joy.txt", "New.")
    assert [place.name for place in looks[:2]] == ["garden", "joy.txt"]
    with pytest.raises(NotAsLeft, match="exists already"):
        files_of(root).create("paired/garden/joy.txt", "New.")


def test_two_operations_at_once_have_a_number_each(root: Path) -> None:
    files = files_of(root)
    stories = [f"paired/garden/joy{number}.txt" for number in range(12)]
    with ThreadPoolExecutor(len(stories)) as pool:
        done = list(pool.map(lambda path: files.create(path, "New."), stories))
    assert {one.operation.id for one in done} == set(range(1, 13))
    for _ in stories:
        files_of(root).undo()
    assert not list(root.glob("paired/garden/*"))
