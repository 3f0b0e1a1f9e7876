"""Moving, renaming, deleting and undoing on the corpus screen: from the matrix, the tree and the findings."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from textual.pilot import Pilot
from triage_samples import load, make_app, messages, story, until, write_corpus

from caa_tui.corpus.scan import scan
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import hold_corpus, open_workspace
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.story_places import name_problem, place_problem, suggested_place
from caa_tui.tui.widgets.coverage_matrix import CoverageMatrix
from caa_tui.tui.widgets.findings_list import FindingsList
from caa_tui.tui.widgets.prompt_line import PromptLine
from caa_tui.tui.widgets.story_tree import StoryTree

SIZES = [(80, 24), (140, 44)]
ANGER = "paired/doorway/anger.txt"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr("send2trash.send2trash", os.unlink)
    return write_corpus(tmp_path)


def pointed(app: CaaApp) -> str | None:
    assert isinstance(app.screen, CorpusScreen)
    return app.screen.pointed


def cell(app: CaaApp) -> tuple[str, str | None] | None:
    return app.screen.query_one(CoverageMatrix).cell


async def said(pilot: Pilot[None], app: CaaApp, words: str) -> None:
    """Wait for a notification, and for the screen that follows it."""
    await until(pilot, lambda: any(words in message for message in messages(app)))
    await until(pilot, lambda: not any(one.group == "story-files" for one in app.workers))


async def in_the_tree(pilot: Pilot[None], app: CaaApp, path: str) -> StoryTree:
    """Put the cursor of the tree on a story."""
    tree = app.screen.query_one(StoryTree)
    tree.focus()
    tree.reveal(path)
    await until(pilot, lambda: pointed(app) == path)
    return tree


async def at_the_finding(pilot: Pilot[None], app: CaaApp, path: str) -> None:
    """Show the findings; the first one is about this file."""
    await pilot.press("f")
    findings = app.screen.query_one(FindingsList)
    await until(pilot, lambda: findings.has_focus and findings.path == pointed(app) == path)


async def answer(pilot: Pilot[None], text: str) -> None:
    """Type into the bottom line, over what it proposes."""
    prompt = pilot.app.screen.query_one(PromptLine)
    await until(pilot, lambda: prompt.has_class("-open"))
    prompt.input.value = text
    await pilot.press("enter")


@pytest.mark.parametrize("size", SIZES)
async def test_move_from_the_matrix_and_back(root: Path, size: tuple[int, int]) -> None:
    text = (root / ANGER).read_bytes()
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("right", "m")
        prompt = app.screen.query_one(PromptLine)
        await until(pilot, lambda: prompt.has_class("-open"))
        assert prompt.input.value == "doorway/anger"
        await answer(pilot, "doorway/rage")
        await said(pilot, app, "doorway/anger moved to doorway/rage; u takes it back.")
        assert (root / "paired/doorway/rage.txt").read_bytes() == text
        assert cell(app) == ("rage", "doorway")
        assert pointed(app) == "paired/doorway/rage.txt"
        await pilot.press("u")
        await said(pilot, app, "Undone: doorway/anger moved to doorway/rage.")
        assert (root / ANGER).read_bytes() == text
        assert (cell(app), pointed(app)) == (("anger", "doorway"), ANGER)
        await pilot.press("U")
        await said(pilot, app, "Done again: doorway/anger moved to doorway/rage.")
        assert pointed(app) == "paired/doorway/rage.txt"


async def test_delete_is_told_and_undone(root: Path) -> None:
    text = (root / ANGER).read_bytes()
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "d")
        await said(pilot, app, "doorway/anger deleted; u brings it back.")
        assert not (root / ANGER).exists()
        assert cell(app) == ("anger", "doorway")
        assert pointed(app) == ANGER, "the cell that is empty now"
        await pilot.press("d")
        await said(pilot, app, "Put the cursor on a story first.")
        await pilot.press("u")
        await said(pilot, app, "Undone: doorway/anger deleted.")
        assert (root / ANGER).read_bytes() == text


async def test_delete_in_the_tree_goes_to_the_next_story(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        tree = await in_the_tree(pilot, app, ANGER)
        await pilot.press("d")
        await said(pilot, app, "doorway/anger deleted")
        await until(pilot, lambda: tree.path == "paired/doorway/baseline.txt")
        await pilot.press("u")
        await said(pilot, app, "Undone")
        await until(pilot, lambda: tree.path == ANGER)


async def test_on_a_folder_of_the_tree_nothing_that_was_pointed_at_before_is_deleted(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        tree = await in_the_tree(pilot, app, ANGER)
        await pilot.press("h")
        await until(pilot, lambda: tree.path is None)
        await pilot.press("d")
        await said(pilot, app, "Put the cursor on a story first.")
        await pilot.press("M")
        await said(pilot, app, "Put the cursor on a story of the concept first.")
        assert (root / ANGER).exists()
        await pilot.press("m")
        await answer(pilot, "gate")
        await said(pilot, app, "scenario doorway renamed to gate, with 4 stories; u takes it back.")
        assert (root / "paired/gate/anger.txt").exists()
        assert not (root / "paired/doorway").exists()


async def test_rename_a_concept_everywhere(root: Path) -> None:
    (root / "caa.toml").write_text('[manifest]\nconcepts = ["anger"]\n', encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "M")
        await answer(pilot, "grief")
        problem = "grief exists already; type another name."
        prompt = app.screen.query_one(PromptLine)
        await until(pilot, lambda: problem in str(prompt.query_one("#prompt-problem").render()))
        await answer(pilot, "rage")
        await said(pilot, app, "anger renamed to rage in 3 files; u takes it back. caa.toml still wants anger")
        assert scan(root).by_concept["rage"][0].path == "stories/rage.txt"
        assert pointed(app) == "paired/doorway/rage.txt"
        await pilot.press("u")
        await said(pilot, app, "Undone: anger renamed to rage in 3 files.")
        assert "rage" not in scan(root).by_concept


async def test_rename_the_scenario_of_the_cell_from_the_palette(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await app.screen.run_action("command('rename_scenario')")
        await said(pilot, app, "Put the cursor on a scenario, or on a story of one, first.")
        await pilot.press("right")
        await app.screen.run_action("command('rename_scenario')")
        await answer(pilot, "gate")
        await said(pilot, app, "scenario doorway renamed to gate")
        assert cell(app) == ("anger", "gate")


async def test_a_finding_names_the_story_to_delete(root: Path) -> None:
    (root / "stories/grief.txt").write_text(story("tender", "alone"), encoding="utf-8")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await at_the_finding(pilot, app, "stories/grief.txt")
        await pilot.press("d")
        await said(pilot, app, "grief deleted; u brings it back.")
        assert not (root / "stories/grief.txt").exists()


async def test_an_empty_file_that_is_no_story_can_be_deleted_where_its_finding_is(root: Path) -> None:
    (root / "paired/doorway/awe.txt").write_bytes(b"")
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await at_the_finding(pilot, app, "paired/doorway/awe.txt")
        await pilot.press("d")
        await said(pilot, app, "doorway/awe deleted; u brings it back.")
        await pilot.press("u")
        await said(pilot, app, "Undone: doorway/awe deleted.")
        assert (root / "paired/doorway/awe.txt").read_bytes() == b""


async def test_escape_and_the_same_place_leave_everything_as_it_is(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "m")
        prompt = app.screen.query_one(PromptLine)
        await until(pilot, lambda: prompt.has_class("-open"))
        await pilot.press("escape")
        await until(pilot, lambda: not prompt.has_class("-open"))
        await pilot.press("m")
        await answer(pilot, "doorway/anger")
        await until(pilot, lambda: not prompt.has_class("-open"))
        assert messages(app) == []
        assert app.workspace.files.undoable is None


async def test_what_changed_since_it_was_shown_is_not_deleted(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        app._stop_watching.set()
        await pilot.press("right")
        (root / ANGER).write_text("Another program's.", encoding="utf-8")
        await pilot.press("d")
        await said(pilot, app, "doorway/anger was changed by another program meanwhile")
        assert (root / ANGER).read_text(encoding="utf-8") == "Another program's."


async def test_undo_of_an_edited_story_asks_for_the_key_again(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "m")
        await answer(pilot, "rage")
        await said(pilot, app, "doorway/anger moved to rage")
        (root / "stories/rage.txt").write_text("Edited.", encoding="utf-8")
        await pilot.press("u")
        await said(pilot, app, "rage was edited since; press u again to undo it all the same.")
        assert (root / "stories/rage.txt").exists()
        await pilot.press("u")
        await said(pilot, app, "Undone: doorway/anger moved to rage.")
        assert (root / ANGER).read_text(encoding="utf-8") == "Edited."


async def test_what_cannot_be_undone_is_left_after_the_second_press(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "d")
        await said(pilot, app, "deleted")
        (root / ANGER).write_text("Somebody else's.", encoding="utf-8")
        await pilot.press("u")
        await said(pilot, app, "doorway/anger exists already; press u again to leave it and reach the one before.")
        await pilot.press("u")
        await said(pilot, app, "doorway/anger exists already, so it stays: doorway/anger deleted.")
        await pilot.press("u")
        await said(pilot, app, "There is nothing to undo")
        assert (root / ANGER).read_text(encoding="utf-8") == "Somebody else's."


async def test_a_new_story_can_be_undone(root: Path) -> None:
    (root / ANGER).unlink()
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", "n")
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        await pilot.press("O", "h", ".", "ctrl+s")
        await until(pilot, lambda: (root / ANGER).exists())
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen) and ANGER in app.workspace.corpus.by_path)
        await pilot.press("u")
        await said(pilot, app, "Undone: doorway/anger created.")
        assert not (root / ANGER).exists()


@pytest.mark.parametrize("key", ["m", "d", "u", "U", "M"])
async def test_read_only_says_so(root: Path, key: str) -> None:
    app = make_app(root, read_only=True)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press("right", key)
        await said(pilot, app, "The corpus was opened read-only.")
        assert not app.screen.query_one(PromptLine).has_class("-open")


@pytest.mark.parametrize(("key", "words"), [("u", "There is nothing to undo"), ("U", "There is nothing to redo")])
async def test_nothing_to_undo_says_so(root: Path, key: str, words: str) -> None:
    app = make_app(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        await pilot.press(key)
        await said(pilot, app, words)


def test_an_interrupted_rename_is_told_on_opening(root: Path) -> None:
    workspace = open_workspace(root)
    with hold_corpus(workspace):
        assert workspace.opening_note == ""
        workspace.files.rename_concept("anger", "rage")
    journal = root / ".caa/journal.jsonl"
    journal.write_bytes(journal.read_bytes().splitlines(keepends=True)[0])
    (root / "stories/rage.txt").rename(root / "stories/anger.txt")
    workspace = open_workspace(root)
    with hold_corpus(workspace):
        assert "A rename was interrupted" in workspace.opening_note
        workspace.files.undo()
    assert len(scan(root).by_concept["anger"]) == 3


@pytest.mark.parametrize(
    ("typed", "suggestion"),
    [
        ("kit", "kitchen_at_3am/rage"),
        ("door", "doorway/"),
        ("doorway/t", "doorway/trust"),
        ("doorway/a", None),
        ("doorway/", "doorway/trust"),
        ("gr", "grief"),
        ("", None),
        ("nowhere/x", None),
    ],
)
def test_suggested_places_are_free(root: Path, typed: str, suggestion: str | None) -> None:
    (root / "stories/rage.txt").write_text("Rage.", encoding="utf-8")
    (root / "stories/trust.txt").write_text("Trust.", encoding="utf-8")
    (root / "stories/grief.txt").unlink()
    (root / "paired/doorway/rage.txt").write_text("Rage at the door.", encoding="utf-8")
    assert suggested_place(scan(root), "stories/rage.txt", typed) == suggestion


@pytest.mark.parametrize(
    ("typed", "problem"),
    [
        ("doorway/anger", None),
        ("kitchen_at_3am/rage", None),
        ("rage in doorway", None),
        ("garden/rage.txt", None),
        ("kitchen_at_3am/anger", "kitchen_at_3am/anger exists already; type another place."),
        ("a/b/c", "a/b/c is no place for a story; type concept or scenario/concept."),
        ("paired/x", "paired/x is no place for a story; type concept or scenario/concept."),
        ("", "A name must not be empty, begin or end with a dot or a space; choose another one."),
    ],
)
def test_where_a_story_can_go(root: Path, typed: str, problem: str | None) -> None:
    assert place_problem(scan(root), ANGER, typed) == problem


def test_names_that_will_do() -> None:
    assert name_problem(("anger", "grief"), "anger", "rage") is None
    assert name_problem(("anger", "grief"), "anger", "anger") is None
    assert name_problem(("anger", "grief"), "anger", "grief") == "grief exists already; type another name."
    assert "characters" in (name_problem((), "anger", "a/b") or "")
