"""Compact mode: more rows on a small screen, remembered for the corpus."""

from __future__ import annotations

from pathlib import Path

import pytest
from triage_samples import fragmented, load, make_app, report, shown_text, until, write_corpus, write_run

from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace

LISTS = {"1": "#matrix", "2": "#flags", "3": "#runs"}
"""Key of a screen -> its list."""
TABS = {"1": "Stories   Coverage   Story", "2": "Flags   Stories", "3": "Runs   What changed"}


@pytest.fixture
def root(tmp_path: Path) -> Path:
    folder = write_corpus(tmp_path / "corpus")
    write_run(folder, 1, report([fragmented()]))
    return folder


def top(app: CaaApp, selector: str) -> int:
    return app.screen.query_one(selector).region.y


@pytest.mark.parametrize("key", LISTS)
async def test_on_a_small_screen_every_list_gets_the_line_of_the_tabs(root: Path, key: str) -> None:
    app = make_app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press(key)
        await until(pilot, lambda: app.screen.query(LISTS[key]) and top(app, LISTS[key]))
        before = top(app, LISTS[key])
        await pilot.press("f3")
        await until(pilot, lambda: top(app, LISTS[key]) == before - 1)
        first = shown_text(app).splitlines()[0]
        assert TABS[key] in first
        assert "corpus" in first
        assert "run 1, " in first
        await pilot.press("f3")
        await until(pilot, lambda: top(app, LISTS[key]) == before)


async def test_it_is_remembered_and_holds_on_every_screen(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press("f3")
    assert open_workspace(root).memory.compact
    again = make_app(root)
    async with again.run_test(size=(80, 24)) as pilot:
        await load(again)
        await until(pilot, lambda: TABS["1"] in shown_text(again).splitlines()[0])
        await pilot.press("2")
        await until(pilot, lambda: TABS["2"] in shown_text(again).splitlines()[0])
        assert "Triage" in shown_text(again).splitlines()[0]


async def test_dialogs_lose_their_blank_lines(root: Path) -> None:
    app = make_app(root)
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await pilot.press("E")
        await until(pilot, lambda: app.screen.query(".dialog") and app.screen.query_one(".dialog").size.height)
        airy = app.screen.query_one(".dialog").outer_size.height
        await pilot.press("escape", "f3", "E")
        await until(pilot, lambda: app.screen.query(".dialog") and app.screen.query_one(".dialog").size.height)
        assert app.screen.query_one(".dialog").outer_size.height < airy
