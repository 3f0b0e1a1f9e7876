"""The runs screen: what it lists, which two runs it compares, what it opens, and what it deletes."""

from __future__ import annotations

import errno
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import msgspec
import numpy as np
import pytest
from textual.pilot import Pilot
from triage_samples import (
    CONCEPTS,
    HOSTILE,
    LAYERS,
    contaminated,
    fragmented,
    load,
    make_app,
    messages,
    report,
    shown_text,
    summary,
    until,
    write_corpus,
    write_run,
)

from caa_tui.export.readout import readout_files
from caa_tui.runs import housekeeping
from caa_tui.runs.housekeeping import tree_size
from caa_tui.runs.protocol import Failed
from caa_tui.runs.records import RunRequest, RunStatus, StatusFile
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.export_dialog import ExportDialog
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.theme import ASCII, UNICODE
from caa_tui.tui.widgets.concept_rows import MOVED_MOST, pair_text, sorted_by
from caa_tui.tui.widgets.rows import Sort
from caa_tui.tui.widgets.run_rows import next_sort, run_columns
from caa_tui.tui.workspace import TrainingState
from caa_tui.vectors.data import ConceptVectors
from caa_tui.vectors.flags import FlagReport
from caa_tui.wording import memory

WIDE, NARROW = (140, 44), (80, 24)
EDITED = "paired/doorway/anger.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Deleted runs go here instead of the user's trash."""
    folder = tmp_path / "trash"
    folder.mkdir()
    monkeypatch.setattr(housekeeping, "send2trash", lambda path: Path(path).rename(folder / Path(path).name))
    return folder


def add_run(
    root: Path,
    number: int,
    flags: FlagReport,
    *,
    turn: float = 0.0,
    concepts: Sequence[str] = CONCEPTS,
    **choices: object,
) -> None:
    """A finished run with vectors; `turn`: how far anger points away from where it starts."""
    write_run(root, number, flags)
    folder = root / ".caa" / "runs" / f"{number:04}"
    rows = np.eye(len(concepts), 8 + len(concepts))
    rows[0] = np.cos(turn) * rows[0] + np.sin(turn) * np.eye(1, rows.shape[1], rows.shape[1] - 1)[0]
    vectors = ConceptVectors(
        concepts=tuple(concepts), layers=LAYERS, matrix={layer: rows.astype(np.float64) for layer in LAYERS}
    )
    for name, content in readout_files(vectors, rows.shape[1]).items():
        (folder / name).write_bytes(content)
    if choices:
        request = msgspec.json.decode((folder / "request.json").read_bytes(), type=RunRequest)
        changed: RunRequest = msgspec.structs.replace(request, **choices)
        (folder / "request.json").write_bytes(msgspec.json.encode(changed))


def fail_run(root: Path, number: int, message: str, log: str = "") -> None:
    """Turn a run into one that failed."""
    folder = root / ".caa" / "runs" / f"{number:04}"
    failed = Failed(run_id=folder.name, message=message)
    status = StatusFile(id=folder.name, status=RunStatus.FAILED, started=1.0, ended=2.0, summary=failed)
    (folder / "status.json").write_bytes(msgspec.json.encode(status))
    (folder / "flags.json").unlink()
    if log:
        (folder / "worker.log").write_text(log)


def two_runs(root: Path) -> None:
    """Run 1, then anger edited at the doorway, then run 2 with another pooling: grief appeared, tender is solved."""
    add_run(root, 1, report([fragmented()], agreement=0.30), pooling="last")
    (root / EDITED).write_text("He closed the door.\n")
    add_run(root, 2, report([contaminated()], agreement=0.25), turn=0.9, pooling="mean")


def opened(app: CaaApp) -> str | None:
    """Path of the story that is being edited."""
    return app.screen.path if isinstance(app.screen, StoryScreen) else None


@asynccontextmanager
async def runs(root: Path, size: tuple[int, int] = WIDE) -> AsyncIterator[tuple[CaaApp, RunsScreen, Pilot[None]]]:
    """The app on its runs screen."""
    app = make_app(root)
    async with app.run_test(size=size) as pilot:
        await load(app)
        await pilot.press("3")
        await until(pilot, lambda: isinstance(app.screen, RunsScreen) and app.workspace.loaded)
        assert isinstance(app.screen, RunsScreen)
        await until(pilot, lambda: app.screen.changes.text)  # type: ignore[attr-defined]
        yield app, app.screen, pilot


async def test_every_column_is_in_view_on_a_wide_screen(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, _pilot):
        titles = shown_text(app).splitlines()[1].split()
        assert titles == ["run", "when", "outcome", "model", "layers", "pooling", "texts", "read", "flags", "took"]
        concepts = next(line for line in shown_text(app).splitlines() if "agreement " in line)
        assert concepts.partition("│")[2].split() == (
            ["concept", "cosine↑", "agreement", "held", "out", "nearest", "nearest", "concept", "stories"]
        )
        assert [row.key for row in screen.table.rows] == ["0002", "0001"]


def test_pooling_and_dtype_are_listed_where_runs_differ() -> None:
    assert [column.title for column in run_columns(())] == (
        ["run", "when", "outcome", "model", "layers", "texts", "read", "flags", "took"]
    )


async def test_what_changed_since_the_finished_run_before(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (_app, screen, _pilot):
        lines = screen.changes.text.splitlines()
        order = [
            "run 1 → run 2",
            "Set up differently",
            "pooling  last → mean",
            "Texts: 1 edited",
            f"◐ edited  {EDITED}",
        ]
        order += ["Flags: 1 solved, 1 new", "  solved  tender: fragmented", "▲ new     grief: contaminated"]
        assert [line for line in lines if line in order] == order
        assert "flags                  1         1" in lines
        first = screen.concepts.table.rows[0]
        assert [cell.text for cell in first.cells][:3] == ["anger", ".622", ".30 → .25"]
        assert "before" in screen.table.rows[1].cells[0].text


async def test_a_story_that_changed_can_be_opened_by_key_and_by_mouse(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.press("enter", "down", "enter")
        await until(pilot, lambda: opened(app) == EDITED)
        await pilot.press("escape")
        await until(pilot, lambda: app.screen is screen)
        line = next(y for y, text in enumerate(shown_text(app).splitlines()) if EDITED in text)
        await pilot.click(offset=(12, line))
        await until(pilot, lambda: opened(app) == EDITED)


async def test_a_story_that_is_gone_is_named_but_not_opened(root: Path) -> None:
    two_runs(root)
    (root / EDITED).unlink()
    async with runs(root) as (app, screen, pilot):
        assert f"◐ edited  {EDITED}  gone now" in screen.changes.text
        assert screen.changes.paths == []
        await pilot.press("enter", "down", "enter")
        assert app.screen is screen


async def test_any_two_runs_can_be_compared(root: Path) -> None:
    two_runs(root)
    add_run(root, 3, report([contaminated()]), turn=0.9)
    async with runs(root) as (_app, screen, pilot):
        assert screen.changes.text.startswith("run 2 → run 3")
        await pilot.press("end", "c")
        assert "chosen" in screen.table.rows[2].cells[0].text
        assert "The run you chose" in screen.changes.text
        await pilot.press("home")
        await until(pilot, lambda: screen.changes.text.startswith("run 1 → run 3"))
        await pilot.press("c")  # the older run stays the old one
        await pilot.press("end")
        await until(pilot, lambda: screen._marked == "0003" and screen.changes.text.startswith("run 1 → run 3"))
        await pilot.press("home", "c")
        await until(pilot, lambda: screen.changes.text.startswith("run 2 → run 3"))
        assert not any("chosen" in row.cells[0].text for row in screen.table.rows)


async def test_a_failed_run_says_why_and_shows_its_log(root: Path) -> None:
    two_runs(root)
    add_run(root, 3, report([]))
    fail_run(root, 3, f"The disk is full {HOSTILE}.", "first line\n" * 50 + f"Traceback {HOSTILE}\n")
    async with runs(root) as (app, screen, pilot):
        await until(pilot, lambda: "Traceback" in screen.changes.text)
        assert screen.changes.text.startswith("run 3 failed\nThe disk is full [/nope]")
        assert "\x1b" not in screen.changes.text
        assert screen.concepts.table.rows == ()
        await pilot.press("enter", "pagedown", "pagedown", "pagedown")
        assert "Traceback [/nope]" in shown_text(app)
        await pilot.press("E", "c")
        await pilot.pause()
        assert app.screen is screen
        assert messages(app) == [
            "Run 3 failed and has no readout; put the cursor on a finished run.",
            "Only a finished run can be compared; put the cursor on one.",
        ]


async def test_any_finished_run_can_be_exported(root: Path, tmp_path: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        app.workspace.memory.export_folder = str(tmp_path / "out")
        await pilot.press("down", "E")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: app.screen is screen)
        for name in ("readout.safetensors", "readout.json"):
            assert (tmp_path / "out" / name).read_bytes() == (root / ".caa/runs/0001" / name).read_bytes()


async def test_a_damaged_readout_is_not_exported(root: Path, tmp_path: Path) -> None:
    two_runs(root)
    (root / ".caa/runs/0002/readout.json").write_text("{}")
    async with runs(root) as (app, _, pilot):
        app.workspace.memory.export_folder = str(tmp_path / "out")
        await pilot.press("E", "enter")
        await until(pilot, lambda: "not sound" in shown_text(app))
        assert not (tmp_path / "out").exists()


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

    monkeypatch.setattr(housekeeping, "send2trash", no_trash)
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


async def test_every_concept_can_be_reached(root: Path) -> None:
    names = [f"concept_{number:03}" for number in range(120)]
    flags = msgspec.structs.replace(report([]), concepts=tuple(summary(name) for name in names))
    for number in (1, 2):
        add_run(root, number, flags, concepts=names)
    async with runs(root) as (app, screen, pilot):
        assert len(screen.concepts.table.rows) == 120
        screen.concepts.table.focus()
        await pilot.press("G")
        await pilot.pause()
        assert "concept_119" in shown_text(app)
        assert screen.concepts.concept == "concept_119"


async def test_a_concept_of_one_run_only_is_listed_last(root: Path) -> None:
    add_run(root, 1, report([]))
    flags = msgspec.structs.replace(report([]), concepts=tuple(summary(name) for name in ("anger", "grief", "zest")))
    add_run(root, 2, flags, concepts=["anger", "grief", "zest"])
    async with runs(root) as (_, screen, _pilot):
        rows = [[cell.text for cell in row.cells[:2]] for row in screen.concepts.table.rows]
        assert rows == [["anger", "1.000"], ["grief", "1.000"], ["tender", "gone"], ["zest", "new"]]


async def test_tables_are_sorted_by_key_and_by_a_click_on_a_title(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.press("s", "s")
        assert screen._sort == Sort("when")
        x = shown_text(app).splitlines()[1].index("took")
        await pilot.click(offset=(x, 1))
        assert screen._sort == Sort("took")
        screen.concepts.table.focus()
        await pilot.press("s")
        assert screen.concepts.sort == Sort("agreement")
        concepts = shown_text(app).splitlines()
        y = next(y for y, line in enumerate(concepts) if "cosine  " in line)
        await pilot.click(offset=(concepts[y].index("cosine  "), y))
        assert screen.concepts.sort == MOVED_MOST


def test_sorting_starts_with_what_moved_most() -> None:
    assert sorted_by("cosine", Sort("agreement")) == MOVED_MOST
    assert sorted_by("cosine", MOVED_MOST) == Sort("cosine", reverse=False)
    assert sorted_by("agreement", MOVED_MOST) == Sort("agreement")
    columns = run_columns(())
    assert next_sort(columns, Sort()) == Sort("run")
    assert next_sort(columns, Sort(columns[-1].title)) == Sort()


def test_two_numbers_that_look_the_same_are_one() -> None:
    assert pair_text((0.121, 0.119), UNICODE) == ".12"
    assert pair_text((-0.02, 0.1), ASCII) == "-.02 -> .10"
    assert pair_text((None, 0.1), UNICODE) == "– → .10"


async def test_a_concept_opens_its_changed_story_by_mouse(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        await pilot.click(screen.concepts.table, offset=(3, 2))
        assert screen.concepts.concept != "anger"
        assert app.screen is screen
        await pilot.click(screen.concepts.table, offset=(3, 1))
        await pilot.click(screen.concepts.table, offset=(3, 1))
        await until(pilot, lambda: opened(app) == EDITED)


async def test_the_cosine_of_every_layer_is_shown_for_the_concept_under_the_cursor(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, _, _pilot):
        assert "12 .622 · 16 .622 · 20 .622 · 24 .622" in shown_text(app)


async def test_on_a_narrow_screen_each_pane_fills_it(root: Path) -> None:
    two_runs(root)
    async with runs(root, NARROW) as (app, screen, pilot):
        assert "finished" not in shown_text(app)
        assert screen.table.region.width == 80
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen.changes.region.height > 15)
        assert f"◐ edited  {EDITED}" in shown_text(app)
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: screen.concepts.table.region.height > 10)
        assert ".30 → .25" in shown_text(app)
        await pilot.press("left_square_bracket", "left_square_bracket")
        await until(pilot, lambda: screen.table.has_focus)
        assert "outcome" in shown_text(app)


async def test_empty_lists_say_what_to_do(root: Path) -> None:
    async with runs(root) as (app, screen, pilot):
        assert screen.changes.text == "No run yet. Press t to train this corpus."
        await pilot.press("d")
        await until(pilot, lambda: messages(app) == ["There is no run yet: press t to train this corpus."])


async def test_the_filter_hides_runs(root: Path) -> None:
    two_runs(root)
    add_run(root, 3, report([]))
    fail_run(root, 3, "No such model.")
    async with runs(root) as (_app, screen, pilot):
        await pilot.press("slash", *"failed")
        await until(pilot, lambda: [row.key for row in screen.table.rows] == ["0003"])
        await pilot.press(*"x")
        await until(pilot, lambda: "No run contains “failedx”." in screen.changes.text)
        await pilot.press("escape")
        await until(pilot, lambda: len(screen.table.rows) == 3)


async def test_damaged_runs_are_named(root: Path) -> None:
    two_runs(root)
    (root / ".caa/runs/0001/status.json").write_text("{")
    async with runs(root) as (app, _, pilot):
        await until(pilot, lambda: "damaged, not listed: 1" in shown_text(app))


async def test_a_run_whose_request_is_damaged_is_listed_and_not_compared(root: Path) -> None:
    two_runs(root)
    (root / ".caa/runs/0001/request.json").write_text("{")
    async with runs(root) as (_app, screen, pilot):
        assert len(screen.table.rows) == 2
        await until(pilot, lambda: "Run 0001 is damaged" in screen.changes.text)


async def test_in_ascii_nothing_else_is_drawn(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CAA_ASCII", "1")
    two_runs(root)
    async with runs(root) as (_, screen, _pilot):
        cells = [
            cell.text for table in (screen.table, screen.concepts.table) for row in table.rows for cell in row.cells
        ]
        assert (screen.changes.text + "".join(cells)).isascii()
        assert "run 1 -> run 2" in screen.changes.text


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
