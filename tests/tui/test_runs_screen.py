"""The runs screen: what it lists, which two runs it compares, and what it opens."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from runs_desk import EDITED, NARROW, add_run, fail_run, opened, runs, two_runs
from textual.widgets import Static
from triage_samples import (
    HOSTILE,
    contaminated,
    messages,
    report,
    shown_text,
    summary,
    until,
    write_corpus,
)

from caa_tui.runs.comparison import ConceptChange, RunComparison
from caa_tui.tui.screens.export_dialog import ExportDialog
from caa_tui.tui.theme import ASCII, UNICODE
from caa_tui.tui.widgets.concept_rows import MOVED_MOST, concept_columns, concept_rows, pair_text, sorted_by
from caa_tui.tui.widgets.rows import Sort, sorted_rows
from caa_tui.tui.widgets.run_rows import next_sort, run_columns
from caa_tui.vectors.flags import FlagReport


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


async def test_every_column_is_in_view_on_a_wide_screen(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, _pilot):
        titles = shown_text(app).splitlines()[1].split()
        assert titles == ["run", "when", "outcome", "model", "layers", "pooling", "texts", "read", "flags", "took"]
        concepts = next(line for line in shown_text(app).splitlines() if "agreement " in line)
        assert concepts.partition("│")[2].split() == (
            ["concept", "cosine", "agreement", "held", "out", "nearest", "nearest", "concept", "stories"]
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
        rows = screen.concepts.table.rows
        assert [row.key for row in rows] == ["grief", "tender", "anger"]  # flags that changed before what moved
        assert [cell.text for cell in rows[2].cells][:3] == ["anger", ".622", ".30 → .25"]
        assert "before" in screen.table.rows[1].cells[0].text


async def test_what_an_edit_moved_is_held_against_its_noise(root: Path) -> None:
    add_run(root, 1, noisy(report([contaminated()], agreement=0.30)))
    (root / EDITED).write_text("He closed the door.\n")
    add_run(root, 2, noisy(report([contaminated()], agreement=0.44)), turn=0.9)
    async with runs(root) as (app, screen, pilot):
        lines = screen.changes.text.splitlines()
        heading = lines.index("What the edits moved")
        assert lines[heading + 1] == "anger: agreement .30 to .44 (more than the noise of ±.05)"
        assert lines.index("Texts: 1 edited") < heading < lines.index("The same flags")
        assert screen.changes.paths == [EDITED]
        await until(pilot, lambda: screen.concepts.concept == "anger")
        shown = str(screen.query_one("#concept-detail", Static).content)
        assert "held out .66 to .66 (too few stories to know the noise)" in shown
        assert f"edited: {EDITED}" in shown
        assert "noise of ±.05" in " ".join(shown_text(app).split())


def noisy(found: FlagReport) -> FlagReport:
    """With the noise of every concept's agreement, and too few stories for that of held out."""
    noise = {"agreement": 0.05, "held_out": None}
    concepts = tuple(msgspec.structs.replace(one, noise=noise) for one in found.concepts)
    return msgspec.structs.replace(found, concepts=concepts)


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
        await pilot.press("E")
        await until(pilot, lambda: isinstance(app.screen, ExportDialog))
        await pilot.press("enter")
        await until(pilot, lambda: "not sound" in str(app.screen.query_one("#problem", Static).visual))
        assert not (tmp_path / "out").exists()


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
        assert screen.concepts.sort == Sort("concept")
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
        await pilot.click(screen.concepts.table, offset=(3, 3))
        await pilot.click(screen.concepts.table, offset=(3, 3))
        await until(pilot, lambda: opened(app) == EDITED)


async def test_the_cosine_of_every_layer_is_shown_for_the_concept_under_the_cursor(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        screen.concepts.table.focus()
        await pilot.press("G")
        await pilot.pause()
        assert "12 .622 · 16 .622 · 20 .622 · 24 .622" in shown_text(app)


def test_equal_shown_cosines_are_not_sorted_by_hidden_decimals() -> None:
    still = [
        ConceptChange(concept="anger", cosine={"1": 0.99971}),
        ConceptChange(concept="grief", cosine={"1": 0.99962}),
    ]
    moved = ConceptChange(concept="zest", cosine={"1": 0.9})
    solved = ConceptChange(concept="tender", cosine={"1": 0.99999}, solved=("fragmented",))
    both = RunComparison(old="0001", new="0002", layer=1, concepts=(moved, *reversed(still), solved))
    rows = concept_rows(both, ASCII)
    assert [row.key for row in rows] == ["tender", "zest", "anger", "grief"]
    by_cosine = sorted_rows(concept_columns(ASCII), rows, MOVED_MOST)
    assert [row.key for row in by_cosine] == ["zest", "tender", "anger", "grief"]


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


async def test_without_a_run_a_narrow_screen_says_what_to_do(root: Path) -> None:
    async with runs(root, NARROW) as (app, _, _pilot):
        assert "No run yet: t trains this corpus" in shown_text(app)


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
        assert len(cells) > 10
        assert (screen.changes.text + "".join(cells)).isascii()
        assert "run 1 -> run 2" in screen.changes.text


async def test_a_cursor_on_the_newest_run_goes_on_to_the_next(root: Path) -> None:
    two_runs(root)
    async with runs(root) as (app, screen, pilot):
        add_run(root, 3, report([]))
        await app.reload_runs()
        await until(pilot, lambda: screen.table.key == "0003")
        await pilot.press("down")
        add_run(root, 4, report([]))
        await app.reload_runs()
        await until(pilot, lambda: len(screen.table.rows) == 4)
        assert screen.table.key == "0002"
