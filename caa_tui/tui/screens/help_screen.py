"""What a screen shows, and every key that works on it: rows of the command registry."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Markdown, Static

from caa_tui.tui.commands import commands_of
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.hint_bar import key_name

LIST_KEYS = (
    ("↑ ↓ ← →", "h j k l move as well; g and G go to the first and the last"),
    ("tab", "the next part of the screen; [ and ] change the pane on a narrow screen"),
)


class HelpScreen(ModalScreen[None]):
    """Any of Escape, `?`, `q` closes it."""

    CSS = """
    HelpScreen .dialog { height: 90%; width: 90; }
    HelpScreen Markdown { margin: 0; padding: 0; background: $panel; height: auto; }
    HelpScreen .help-row { height: auto; }
    HelpScreen .help-key { width: 10; color: $accent; text-style: bold; }
    HelpScreen .help-text { width: 1fr; height: auto; }
    HelpScreen #help-legend { height: auto; margin-top: 1; }
    """
    BINDINGS = [Binding("escape,q,question_mark,f1", "dismiss", "Close", show=False)]

    def __init__(self, kind: str, about: str, glyphs: Glyphs) -> None:
        super().__init__()
        self._kind, self._about, self._glyphs = kind, about, glyphs

    def compose(self) -> ComposeResult:
        with Vertical(classes="dialog") as box:
            box.border_title = "Help"
            box.border_subtitle = "esc closes"
            with VerticalScroll():
                yield Markdown(self._about)
                for key, text in self._keys():
                    with Horizontal(classes="help-row"):
                        yield Static(Content(f"{key:>8}"), classes="help-key")
                        yield Static(Content(text), classes="help-text")
                yield Static(Content(self._legend()), id="help-legend")

    def _keys(self) -> tuple[tuple[str, str], ...]:
        rows = ((key_name(command.keys), f"{command.title}: {command.help}") for command in commands_of(self._kind))
        return (*rows, *LIST_KEYS)

    def _legend(self) -> str:
        glyphs = self._glyphs
        return (
            f"{glyphs.story} story   {glyphs.edited} edited since the last run   {glyphs.missing} wanted, missing\n"
            f"{glyphs.unwanted} not asked for   {glyphs.flagged} flagged   {glyphs.finding} finding"
        )
