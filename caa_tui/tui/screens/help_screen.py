"""Help for what is in use: the part that has the focus, then the screen with every command, then the marks."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.style import Style
from textual.widgets import Input, Static

from caa_tui.tui.content import plain
from caa_tui.tui.help_text import HelpSection, filtered, render
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.text_line import TextLine


class HelpScreen(ModalScreen[None]):
    """Escape, `q` or a key of help closes it; `/` finds a word in it."""

    CSS = """
    HelpScreen .dialog { height: 92%; width: 96; padding: 0 2; }
    HelpScreen VerticalScroll { height: 1fr; scrollbar-size-vertical: 1; }
    HelpScreen #help-text { height: auto; }
    HelpScreen #help-filter { display: none; }
    HelpScreen #help-filter.-open { display: block; }
    HelpScreen #help-foot { height: 1; margin-top: 1; link-style: none; link-color: $foreground 65%; }
    HelpScreen #help-foot { link-background-hover: $boost; link-color-hover: $foreground; }
    """
    BINDINGS = [
        Binding("escape,q", "close", "Close", show=False),
        # The ids make them the keys the user has for these commands.
        Binding("question_mark,f1", "close", "Close", show=False, id="help"),
        Binding("f1", "close", "Close", show=False, id="story_help"),
        Binding("slash", "filter", "Find a word", show=False),
        Binding("j", "scroll_text('down')", "Down", show=False),
        Binding("k", "scroll_text('up')", "Up", show=False),
        Binding("g", "scroll_text('home')", "First", show=False),
        Binding("G", "scroll_text('end')", "Last", show=False),
        Binding("ctrl+d", "scroll_text('page_down')", "Page down", show=False),
        Binding("ctrl+u", "scroll_text('page_up')", "Page up", show=False),
    ]

    def __init__(self, sections: Sequence[HelpSection], glyphs: Glyphs) -> None:
        super().__init__()
        self._sections, self._glyphs = tuple(sections), glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Help"
            yield TextLine(placeholder="a key or a word", id="help-filter")
            with VerticalScroll(id="help-scroll"):
                yield Static(id="help-text")
            yield Static(_foot(), id="help-foot")

    def on_mount(self) -> None:
        self.scroller.focus()

    def on_resize(self) -> None:
        self.call_after_refresh(self._draw)

    @property
    def scroller(self) -> VerticalScroll:
        return self.query_one("#help-scroll", VerticalScroll)

    @property
    def needle(self) -> Input:
        return self.query_one("#help-filter", Input)

    def action_close(self) -> None:
        """Escape first gives up what is looked for."""
        if self.needle.value:
            self.needle.value = ""
            self._leave_filter()
        else:
            self.dismiss()

    def action_filter(self) -> None:
        self.needle.add_class("-open")
        self.needle.focus()

    def action_scroll_text(self, where: str) -> None:
        getattr(self.scroller, f"scroll_{where}")(animate=False)

    def on_input_changed(self) -> None:
        self._draw()
        self.scroller.scroll_home(animate=False)

    def on_input_submitted(self) -> None:
        self._leave_filter()

    def _leave_filter(self) -> None:
        self.needle.set_class(bool(self.needle.value), "-open")
        self.scroller.focus()

    def _draw(self) -> None:
        sections = filtered(self._sections, self.needle.value)
        # The scrollbar may come with the text, so its column is never used.
        width = self.scroller.container_size.width - 1
        nothing = plain(f"Nothing here mentions {self.needle.value!r}.")
        self.query_one("#help-text", Static).update(render(sections, width, self._glyphs) if sections else nothing)


def _foot() -> Content:
    """The keys of this dialog, each of which can be clicked."""
    words = (("/", "find a word", "filter"), ("esc", "close", "close"))
    parts = [
        (Content.styled(key, "bold $accent") + Content(f" {word}")).stylize(
            Style.from_meta({"@click": f"screen.{action}"})
        )
        for key, word, action in words
    ]
    return Content("   ").join(parts)
