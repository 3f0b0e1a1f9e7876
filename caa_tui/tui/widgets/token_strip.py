"""The tokens of a probed text as running text, a line of signs below each line: how strong a concept is at each."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding
from textual.geometry import Region, Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from caa_tui.tui.theme import UNICODE, Glyphs
from caa_tui.tui.token_rows import STEEPEST, Line, Piece, laid_out

HEIGHT = 2
"""Rows of the screen for one line of text: the words, and the signs below them."""
_NAMES = {-3: "down3", -2: "down2", -1: "down1", 1: "up1", 2: "up2", 3: "up3"}


@dataclass(frozen=True, slots=True)
class Levels:
    """What is drawn under the tokens."""

    of_token: tuple[int, ...]
    """-3 to 3."""
    apart: frozenset[int]
    """Tokens without a level: attention sinks."""


class TokenStrip(ScrollView, can_focus=True):
    """Arrows or h j k l, or a click, put the cursor on a token."""

    COMPONENT_CLASSES = {f"strip--{name}" for name in _NAMES.values()} | {"strip--quiet", "strip--cursor"}
    DEFAULT_CSS = """
    TokenStrip { background: $surface; height: 1fr; scrollbar-size: 1 1; overflow-x: hidden; padding: 0 1; }
    TokenStrip > .strip--up1 { background: $accent 16%; }
    TokenStrip > .strip--up2 { background: $accent 32%; }
    TokenStrip > .strip--up3 { background: $accent 55%; text-style: bold; }
    TokenStrip > .strip--down1 { background: $secondary 14%; }
    TokenStrip > .strip--down2 { background: $secondary 28%; }
    TokenStrip > .strip--down3 { background: $secondary 48%; text-style: bold; }
    TokenStrip > .strip--quiet { text-style: dim; }
    TokenStrip > .strip--cursor { background: $block-cursor-blurred-background; text-style: bold underline; }
    TokenStrip:focus > .strip--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    """
    HELP_TITLE = "Tokens"
    HELP = (
        "The text as the model's tokens. The signs below say how strong the concept under the table's cursor is at "
        "each: bars for above the corpus's middle, lines for below, more of them for further; the line on top says how "
        "far. `{next_token}` goes to the strongest, then to the next. An attention sink, often the first token, has a "
        "state unlike any other's: it is marked, and kept out of the scale. `{probe_centre}` measures from the middle "
        "of this text instead."
    )
    BINDINGS = [
        Binding("left,h", "move(-1)", "Token before", show=False),
        Binding("right,l", "move(1)", "Next token", show=False),
        Binding("up,k", "lines(-1)", "Line above", show=False),
        Binding("down,j", "lines(1)", "Line below", show=False),
        Binding("pageup,ctrl+u", "lines(-5)", "Page up", show=False),
        Binding("pagedown,ctrl+d", "lines(5)", "Page down", show=False),
        Binding("home,g", "move(-99999)", "First token", show=False),
        Binding("end,G", "move(99999)", "Last token", show=False),
    ]

    cursor: reactive[int] = reactive(0)

    @dataclass
    class Pointed(Message):
        """The cursor came to a token."""

        token: int

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id)
        self._tokens: tuple[str, ...] = ()
        self._levels = Levels((), frozenset())
        self._glyphs = UNICODE
        self._lines: tuple[Line, ...] = ()

    def show(self, tokens: Sequence[str], levels: Levels, glyphs: Glyphs, cursor: int) -> None:
        """Draw the tokens of a text, `levels` below them."""
        self._tokens, self._levels, self._glyphs = tuple(tokens), levels, glyphs
        self._lay_out()
        self.cursor = max(0, min(cursor, len(tokens) - 1))

    def _lay_out(self) -> None:
        width = max(10, self.content_size.width or self.size.width)
        self._lines = laid_out(self._tokens, width, self._glyphs)
        self.virtual_size = Size(width, HEIGHT * len(self._lines))
        self._keep_in_view()
        self.refresh()

    def on_resize(self, event: events.Resize) -> None:
        self._lay_out()

    def action_move(self, by: int) -> None:
        self.cursor = max(0, min(len(self._tokens) - 1, self.cursor + by))

    def action_lines(self, by: int) -> None:
        """To the token nearest to the cursor's column so many lines away."""
        place = self._place()
        if place is None:
            return
        line, piece = place
        target = self._lines[max(0, min(len(self._lines) - 1, line + by))]
        self.cursor = min(target, key=lambda one: abs(one.column - piece.column)).token

    def on_click(self, event: events.Click) -> None:
        at = event.get_content_offset(self)
        if at is None:
            return
        line = (at.y + int(self.scroll_y)) // HEIGHT
        if line < len(self._lines):
            before = [piece for piece in self._lines[line] if piece.column <= at.x]
            self.cursor = (before or self._lines[line])[-1 if before else 0].token

    def watch_cursor(self) -> None:
        self._keep_in_view()
        self.refresh()
        if self._tokens and self.is_mounted:
            self.post_message(self.Pointed(self.cursor))

    def _place(self) -> tuple[int, Piece] | None:
        """The line and the first piece of the token under the cursor."""
        found = ((at, piece) for at, line in enumerate(self._lines) for piece in line if piece.token == self.cursor)
        return next(found, None)

    def _keep_in_view(self) -> None:
        place = self._place()
        if place is not None:
            self.scroll_to_region(Region(0, HEIGHT * place[0], 1, HEIGHT), animate=False)

    def render_line(self, y: int) -> Strip:
        width, base = self.size.width, self.rich_style
        line, row = divmod(y + int(self.scroll_y), HEIGHT)
        if line >= len(self._lines):
            return Strip.blank(width, base)
        segments: list[Segment] = []
        column = 0
        for piece in self._lines[line]:
            segments.append(Segment(" " * (piece.column - column)))
            segments.append(self._signs(piece) if row else Segment(piece.text, self._style(piece)))
            column = piece.end
        return Strip(segments).crop_extend(0, width, base).apply_style(base)

    def _signs(self, piece: Piece) -> Segment:
        """The token's level, drawn as wide as the token; where there is none, once."""
        cells = piece.end - piece.column
        if piece.token in self._levels.apart:
            return Segment(self._glyphs.sink * cells, self._component("quiet"))
        level = self._levels.of_token[piece.token]
        sign = self._glyphs.levels[STEEPEST + level]
        text = sign * cells if level else sign + " " * (cells - 1)
        return Segment(text, self._component("quiet") if not level else self._style(piece))

    def _style(self, piece: Piece) -> Style:
        if piece.token == self.cursor:
            return self._component("cursor")
        if piece.token in self._levels.apart:
            return self._component("quiet")
        level = self._levels.of_token[piece.token]
        return self._component(_NAMES[level]) if level else Style.null()

    def _component(self, name: str) -> Style:
        return self.get_component_rich_style(f"strip--{name}", partial=True)
