"""The guided first run: it follows what the user does, and never comes back by itself."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from triage_samples import fragmented, load, make_app, messages, report, shown_text, until, write_corpus, write_run

from caa_tui.corpus.storage import APP_NAME
from caa_tui.runs.history import list_runs
from caa_tui.tui.app import CaaApp
from caa_tui.tui.first_start import is_first_start
from caa_tui.tui.guide_steps import Progress, Step, follow, sentence
from caa_tui.tui.open import open_workspace
from caa_tui.tui.theme import UNICODE
from caa_tui.tui.user_settings import UserSettings
from caa_tui.tui.widgets.guide import Guide
from caa_tui.tui.workspace import TrainingState, Workspace, read_corpus, read_runs


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def workspace(root: Path) -> Workspace:
    """The corpus read, nothing trained."""
    opened = open_workspace(root)
    opened.state, opened.loaded = read_corpus(root), True
    return opened


def train(workspace: Workspace, number: int) -> None:
    """A run ends."""
    write_run(workspace.root, number, report([fragmented()]))
    workspace.runs = read_runs(workspace.data)
    workspace.training = TrainingState(status="done", run_id=f"{number:04}")


def guided(root: Path) -> CaaApp:
    return CaaApp(open_workspace(root), guide=True, clock=lambda: 100.0)


def test_the_whole_loop_in_order(workspace: Workspace) -> None:
    seen: list[Progress] = []

    def do(screen: str) -> None:
        seen.append(follow(seen[-1] if seen else Progress(), workspace, screen))

    do("corpus")
    workspace.training = TrainingState(status="running", run_id="0001")
    do("corpus")
    train(workspace, 1)
    do("corpus")
    do("triage")
    do("story")
    train(workspace, 2)
    do("story")
    do("triage")
    do("export")
    assert [progress.step for progress in seen] == list(Step)


def test_a_training_that_failed_is_asked_for_again(workspace: Workspace) -> None:
    workspace.training = TrainingState(status="failed", run_id="0001")
    assert follow(Progress(Step.WAIT), workspace, "corpus").step is Step.TRAIN


def test_leaving_the_story_unchanged_asks_to_open_one_again(workspace: Workspace) -> None:
    train(workspace, 1)
    assert follow(Progress(Step.CHANGE, "0001"), workspace, "corpus").step is Step.OPEN
    workspace.training = TrainingState(status="running", run_id="0002")
    assert follow(Progress(Step.CHANGE, "0001"), workspace, "corpus").step is Step.CHANGE


def test_a_corpus_that_cannot_be_written_skips_the_change(workspace: Workspace) -> None:
    train(workspace, 1)
    workspace.read_only = True
    assert follow(Progress(Step.OPEN, "0001"), workspace, "story").step is Step.EXPORT


def test_sentences_name_the_keys_of_this_user(workspace: Workspace) -> None:
    workspace.keys = replace(workspace.keys, overrides={"train": "T"})
    assert "Press T," in sentence(Progress(Step.TRAIN), workspace, UNICODE)


def test_without_flags_any_story_will_do(workspace: Workspace) -> None:
    write_run(workspace.root, 1, report([]))
    workspace.runs = read_runs(workspace.data)
    assert "Nothing is flagged" in sentence(Progress(Step.OPEN, "0001"), workspace, UNICODE)
    assert list_runs(workspace.data)


async def test_without_being_asked_it_is_not_shown(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(80, 24)):
        await load(app)
        assert not app.screen.query_one(Guide).display


async def test_it_follows_across_screens_at_the_smallest_size(root: Path) -> None:
    write_run(root, 1, report([fragmented()]))
    app = guided(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await until(pilot, lambda: "Guide 3 of 7" in shown_text(app))
        await pilot.press("2")
        await until(pilot, lambda: "Guide 4 of 7" in shown_text(app))
        await pilot.press("enter")
        await until(pilot, lambda: "Guide 5 of 7" in shown_text(app))
        assert "close the guide" in " ".join(shown_text(app).split())
        assert app.screen.query_one(Guide).size.height <= 3
        await pilot.press("escape")
        await until(pilot, lambda: "Guide 4 of 7" in shown_text(app))


async def test_the_export_ends_it(root: Path) -> None:
    write_run(root, 1, report([fragmented()]))
    app = guided(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        app.workspace.guide = Progress(Step.EXPORT, "0001")
        await pilot.press("E")
        await until(pilot, lambda: app.workspace.guide is None)
        assert any("whole loop" in message for message in messages(app))


async def test_a_key_or_a_click_sends_it_away(root: Path) -> None:
    app = guided(root)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await until(pilot, lambda: "Guide 1 of 7" in shown_text(app))
        await pilot.press("ctrl+g")
        assert "Guide" not in shown_text(app)
        app.screen.cmd_guide()  # type: ignore[attr-defined]
        await until(pilot, lambda: "Guide 1 of 7" in shown_text(app))
        rows = shown_text(app).splitlines()
        y = next(place for place, row in enumerate(rows) if "the guide" in row)
        await pilot.click(offset=(rows[y].index("the guide"), y))
        await until(pilot, lambda: app.workspace.guide is None)
        assert "Guide" not in shown_text(app)


async def test_it_names_a_key_that_was_changed_meanwhile(root: Path) -> None:
    app = guided(root)
    async with app.run_test(size=(140, 44)) as pilot:
        await load(app)
        app.use_settings(UserSettings(keys={"close_guide": "f9"}))
        app.workspace_changed.publish(app.workspace)
        await pilot.pause()
        assert "f9 close the guide" in " ".join(shown_text(app).split())


def test_only_the_very_first_start_is_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "state" / name)
    assert is_first_start()
    assert not is_first_start()
    assert (tmp_path / "state" / APP_NAME / "starts.json").is_file()


def test_where_nothing_can_be_remembered_there_is_no_guide(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setattr("platformdirs.user_state_path", lambda name: tmp_path / "file" / name)
    assert not is_first_start()
