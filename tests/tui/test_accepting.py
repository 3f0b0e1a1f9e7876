"""Accepting a flag with a reason, the view of accepted flags, and flags that come back."""

from __future__ import annotations

import datetime
from pathlib import Path

import msgspec
import pytest
from triage_desk import NARROW, WIDE, triage
from triage_samples import (
    HOSTILE,
    contaminated,
    fragmented,
    messages,
    report,
    shown_text,
    until,
    write_corpus,
)

from caa_tui.corpus.accepted import ACCEPTED_FILE, accept, load_accepted
from caa_tui.corpus.model import Acceptance
from caa_tui.tui.app import CaaApp
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.widgets.list_options import ListOptions

ENTRY = Acceptance(
    concept="tender",
    kind="fragmented",
    reason="two tellings, on purpose",
    date=datetime.date(2026, 11, 20),
    layer=20,
    value=0.31,
    agreement=0.3,
    stories={"stories/tender.txt": "another text", "stories/gone.txt": "x"},
)


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def words(app: CaaApp) -> str:
    return " ".join(shown_text(app).split())


def keys(screen: TriageScreen) -> list[str]:
    return [row.key for row in screen.table.rows]


@pytest.mark.parametrize("size", [WIDE, NARROW])
async def test_an_accepted_flag_leaves_the_list_and_the_marks(root: Path, size: tuple[int, int]) -> None:
    async with triage(root, report([fragmented(), contaminated()]), size=size) as (app, screen, pilot):
        assert app.workspace.is_flagged("stories/tender.txt")
        await pilot.press("a")
        assert "Accept tender, fragmented, because" in shown_text(app)
        await pilot.press(*"on purpose", "enter")
        await until(pilot, lambda: keys(screen) == [])
        (entry,) = load_accepted(root)
        assert (entry.key, entry.reason, entry.value, entry.agreement) == (
            ("tender", "fragmented"),
            "on purpose",
            0.31,
            0.31,
        )
        assert set(entry.stories) == {
            *(f"paired/{place}/tender.txt" for place in ("doorway", "kitchen_at_3am")),
            "stories/tender.txt",
        }
        assert ("Frag 0" if size == NARROW else "Fragmented 0") in shown_text(app)
        assert ("Acc 1" if size == NARROW else "Accepted 1") in shown_text(app)
        assert "Press f for contaminated." in words(app)
        assert not app.workspace.is_flagged("stories/tender.txt")
        assert "tender" not in app.workspace.runs.flags_by_concept
        assert "is accepted and leaves the list; A shows" in messages(app)[-1]


async def test_escape_and_an_empty_reason_accept_nothing(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        await pilot.press("a", "enter")
        assert "Say in a few words why it is fine" in shown_text(app)
        await pilot.press("escape")
        assert not (root / ACCEPTED_FILE).exists()
        assert keys(screen) == ["fragmented:tender"]
        assert app.focused is screen.table


async def test_a_hostile_reason_is_kept_and_shown_as_text(root: Path) -> None:
    accept(root, msgspec.structs.replace(ENTRY, reason=HOSTILE))
    async with triage(root, report([fragmented(0.2)], agreement=0.1)) as (app, _, pilot):
        for key in ("A", "A", "a"):
            await pilot.press(key)
            text = shown_text(app)
            assert "[@click=app.quit]" in text
            assert "\x1b" not in text
            assert "\u202e" not in text


async def test_the_view_of_accepted_flags_has_reason_and_date(root: Path) -> None:
    accept(root, ENTRY)
    async with triage(root, report([fragmented(), contaminated()])) as (app, screen, pilot):
        await pilot.press("f", "A")
        assert [cell.text for cell in screen.table.rows[0].cells] == [
            *("tender", "fragmented", "accepted", ".30", "2026-11-20", "two tellings, on purpose"),
        ]
        text = words(app)
        assert "judged on 2 stories, 1 edited and 1 gone since" in text
        assert screen.evidence.paths[0] == "paired/kitchen_at_3am/tender.txt"
        await pilot.press("A")
        assert screen.view == "contaminated"


async def test_taking_back_and_putting_back(root: Path) -> None:
    accept(root, ENTRY)
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        await pilot.press("A", "a")
        await until(pilot, lambda: load_accepted(root) == () and "Fragmented 1" in shown_text(app))
        assert screen.table.rows[0].cells[2].text == "taken back"
        assert "press a again" in messages(app)[-1]
        await pilot.press("a")
        await until(pilot, lambda: load_accepted(root) == (ENTRY,) and "Fragmented 0" in shown_text(app))
        await pilot.press("a")
        await until(pilot, lambda: "Fragmented 1" in shown_text(app))
        await pilot.press("A", "A")
        assert keys(screen) == []
        assert "press a to say why" in words(app)


async def test_taking_back_with_the_mouse(root: Path) -> None:
    accept(root, ENTRY)
    async with triage(root, report([fragmented()]), size=NARROW) as (app, _, pilot):
        tabs = shown_text(app).splitlines()
        line = next(y for y, text in enumerate(tabs) if "Acc 1" in text)
        await pilot.click(offset=(tabs[line].index("Acc 1"), line))
        await pilot.click(ListOptions, offset=(14, 0))
        await until(pilot, lambda: load_accepted(root) == ())


async def test_a_flag_that_got_worse_comes_back_with_its_reason(root: Path) -> None:
    accept(root, ENTRY)
    async with triage(root, report([fragmented(0.2)], agreement=0.1)) as (app, screen, pilot):
        assert screen.table.rows[0].cells[-1].text == "came back"
        text = words(app)
        assert "accepted before: two tellings, on purpose (2026-11-20)" in text
        assert "because its agreement fell from .30 to .10" in text
        await pilot.press("a")
        assert "two tellings, on purpose" in shown_text(app).splitlines()[-2]
        await pilot.press("enter")
        await until(pilot, lambda: keys(screen) == [])
        assert load_accepted(root)[0].agreement == 0.1


async def test_an_acceptance_without_its_flag_says_so(root: Path) -> None:
    accept(root, msgspec.structs.replace(ENTRY, kind="redundant"))
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        assert keys(screen) == ["fragmented:tender"]
        await pilot.press("A")
        assert screen.table.rows[0].cells[2].text == "not flagged"
        assert "This run does not flag it." in shown_text(app)
        assert screen.evidence.paths == ("stories/tender.txt",)


async def test_what_somebody_else_accepts_shows_up(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        accept(root, ENTRY)
        await app.rescan()
        await until(pilot, lambda: keys(screen) == [])
        assert "Accepted 1" in shown_text(app)


async def test_a_bad_file_is_said_and_not_overwritten(root: Path) -> None:
    bad = "version = 1\n<<<<<<< ours\n"
    (root / ACCEPTED_FILE).write_text(bad)
    async with triage(root, report([fragmented()])) as (app, screen, pilot):
        assert keys(screen) == ["fragmented:tender"]
        await pilot.press("a", *"fine", "enter")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["caa-accepted.toml has an unresolved merge conflict at line 2; resolve it there."]
        await pilot.press("A")
        assert "unresolved merge conflict at line 2" in words(app)
        assert (root / ACCEPTED_FILE).read_text() == bad


async def test_a_read_only_corpus_says_why_not(root: Path) -> None:
    async with triage(root, report([fragmented()]), read_only=True) as (app, _, pilot):
        assert "accept with a reason" not in shown_text(app)
        await pilot.press("a")
        assert messages(app) == ["The corpus was opened read-only."]


async def test_a_concept_is_no_flag(root: Path) -> None:
    async with triage(root, report([fragmented()])) as (app, _, pilot):
        await pilot.press("F", "F", "a")
        await until(pilot, lambda: messages(app))
        assert messages(app) == ["Put the cursor on a flag first."]
