"""The bottom lines: what is said in passing stands above them, and does not pile up."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets._toast import Toast
from triage_samples import load, make_app, messages, until, write_corpus

from caa_tui.tui.widgets.foot import Foot
from caa_tui.tui.widgets.header_bar import HeaderBar


@pytest.mark.parametrize("size", [(80, 24), (140, 44)])
async def test_a_notification_hides_no_question(tmp_path: Path, size: tuple[int, int]) -> None:
    app = make_app(write_corpus(tmp_path / "corpus"))
    async with app.run_test(size=size, notifications=True) as pilot:
        await load(app)
        await pilot.press("slash")
        app.notify("one")
        app.notify("two")
        await until(pilot, lambda: len(app.screen.query(Toast)) == 2)
        foot = app.screen.query_one(Foot)
        assert foot.region.height == 2  # the filter and the hints
        await until(pilot, lambda: all(toast.region.bottom <= foot.region.y for toast in app.screen.query(Toast)))


async def test_what_was_done_to_files_is_said_once(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path / "corpus"))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        await app.run_action("command('show_triage')")
        await pilot.press("1")
        app.workspace.files.delete("stories/anger.txt", None)
        await pilot.press("u")
        await until(pilot, lambda: len(messages(app)) == 1)
        first = messages(app)
        await pilot.press("U")
        await until(pilot, lambda: messages(app) != first)
        assert len(messages(app)) == 1


async def test_the_header_is_drawn_again_when_its_own_width_changes(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path / "corpus"))
    async with app.run_test(size=(80, 24)) as pilot:
        await load(app)
        header = app.screen.query_one(HeaderBar)
        header.styles.margin = (0, 0, 0, 40)
        await until(pilot, lambda: header.size.width < 40)
        assert str(header.visual).rstrip().endswith("not trained yet")
        assert len(str(header.visual)) <= header.size.width
