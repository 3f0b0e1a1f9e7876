"""A line to type into, as a mouse meets it."""

from __future__ import annotations

from textual.app import App, ComposeResult

from caa_tui.tui.widgets.text_line import TextLine


class OneLine(App[None]):
    """Nothing but a line that is too long for its room."""

    def compose(self) -> ComposeResult:
        yield TextLine("a folder/" * 30, id="folder")


async def test_two_clicks_select_what_is_scrolled_away_as_well() -> None:
    app = OneLine()
    async with app.run_test(size=(40, 3)) as pilot:
        line = app.query_one(TextLine)
        await pilot.click("#folder")
        await pilot.press("end")
        assert line.selected_text != line.value
        await pilot.click("#folder", times=2)
        assert line.selected_text == line.value
        await pilot.press("x")
        assert len(line.value) == 1
