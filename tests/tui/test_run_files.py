"""Deleting runs and the activation cache from the runs screen."""

from __future__ import annotations

import errno
from pathlib import Path

import pytest
from runs_desk import WIDE, add_run, runs, two_runs
from triage_samples import (
    load,
    make_app,
    messages,
    report,
    shown_text,
    until,
    write_corpus,
)

from caa_tui.runs.housekeeping import tree_size
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.workspace import TrainingState
from caa_tui.wording import memory


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


async def test_an_older_run_is_deleted_at_once_and_can_be_restored(root: Path, trash: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.press("end", "d")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        assert (trash / "0001" / "flags.json").is_file()
        size = memory(tree_size(trash / "0001"))
        assert messages(app) == [
            f"Run 1 ({size}) is in the trash; restored to {root / '.caa/runs'} it is listed again."
        ]
        assert "The only finished run" in screen.changes.text


async def test_the_run_that_the_flags_come_from_is_asked_about(root: Path, trash: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.press("d")
        await until(pilot, lambda: "Delete run 2, which the flags come from?" in shown_text(app))
        await pilot.press("escape")
        await pilot.pause()
        assert len(screen.table.rows) == 2
        await pilot.press("d", "enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        assert app.workspace.run is not None
        assert app.workspace.run.id == "0001"


async def test_without_a_trash_deleting_for_good_is_asked_about(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def no_trash(path: Path) -> None:
        raise OSError(errno.EXDEV, "no trash")

    monkeypatch.setattr("send2trash.send2trash", no_trash)
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.press("end", "d")
        await until(pilot, lambda: "There is no trash for run 1. Delete it?" in shown_text(app))
        assert len(screen.table.rows) == 2
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        assert not (root / ".caa/runs/0001").exists()


async def test_old_runs_go_together(root: Path, trash: Path) -> None:
    for number in (1, 2, 3):
        add_run(root, number, report([]))
    async with runs(root) as (app, screen, pilot):
        await screen.action_command("delete_old_runs")
        await until(pilot, lambda: screen.prompt.input.has_focus)
        screen.prompt.input.value = "0"
        await pilot.press("enter")
        assert "1 or more" in shown_text(app)
        screen.prompt.input.value = "1"
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.table.rows) == 1)
        assert sorted(folder.name for folder in trash.iterdir()) == ["0001", "0002"]
        size = tree_size(trash)
        assert messages(app) == [f"2 runs are in the trash; emptying it frees {memory(size)}."]
        await screen.action_command("delete_old_runs")
        await pilot.press("enter")
        await until(pilot, lambda: messages(app)[-1] == "There is nothing before the newest 10 finished runs.")


async def test_the_run_that_the_flags_come_from_is_not_among_the_old_ones(root: Path, trash: Path) -> None:
    add_run(root, 1, report([]))
    add_run(root, 2, report([]))
    add_run(root, 3, report([]))
    (root / ".caa/runs/0003/flags.json").unlink()  # as without a quality report
    async with runs(root) as (app, screen, pilot):
        await screen.action_command("delete_old_runs")
        await until(pilot, lambda: screen.prompt.input.has_focus)
        screen.prompt.input.value = "1"
        await pilot.press("enter")
        await until(pilot, lambda: len(screen.table.rows) == 2)
        assert [folder.name for folder in trash.iterdir()] == ["0001"]
        assert app.workspace.run is not None
        assert app.workspace.run.id == "0002"


async def test_the_activation_cache_is_cleared_after_its_price_was_said(root: Path) -> None:
    two_runs(root)
    cache = root / ".caa" / "activations.sqlite"
    cache.write_bytes(b"x" * 3_000_000)
    async with runs(root) as (app, screen, pilot):
        await until(pilot, lambda: "activation cache 3 MB" in shown_text(app))
        app.set_training(TrainingState(status="running"))
        await screen.action_command("clear_cache")
        await until(pilot, lambda: messages(app) and "A training is running" in messages(app)[-1])
        app.set_training(TrainingState())
        await screen.action_command("clear_cache")
        await until(pilot, lambda: "the next run reads all 11 texts" in shown_text(app))
        await pilot.press("escape")
        assert cache.exists()
        await screen.action_command("clear_cache")
        await until(pilot, lambda: screen.prompt.input.has_focus)
        await pilot.press("enter")
        await until(pilot, lambda: messages(app)[-1] == "The activation cache is cleared: 3 MB freed.")
        assert not cache.exists()
        await screen.action_command("clear_cache")
        await until(pilot, lambda: "There is no activation cache" in messages(app)[-1])


async def test_read_only_keeps_every_run(root: Path, trash: Path) -> None:
    two_runs(root)
    app = make_app(root, read_only=True)
    async with app.run_test(size=WIDE) as pilot:
        await load(app)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.workspace.loaded)
        await pilot.press("d")
        await until(pilot, lambda: any("read-only" in message for message in messages(app)))
        assert list(trash.iterdir()) == []
        assert len(app.workspace.runs.history) == 2
