"""The text being edited: soft wrap, undo, and control characters that stay what they are."""

from __future__ import annotations

import re

from rich.text import Text
from textual import events
from textual.binding import Binding
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult, Selection

from caa_tui.corpus.word_diff import Spans
from caa_tui.tui.veil import unveil, unveiled_picture, veil

_WORD = re.compile(r"\w+(?:['’]\w+)*")


class StoryEditor(TextArea):
    """A TextArea on a veiled text; `story` is the real one. Read-only until a story is loaded."""

    HELP_TITLE = "Text"
    HELP = (
        "Lines are wrapped on the screen only. Shift with a key that moves selects, and so does the mouse: a double "
        "click takes the word, a third click the paragraph. Tab leaves the text for the next pane."
    )
    DEFAULT_CSS = """
    StoryEditor { border: none; max-width: 94; padding: 0 1; background: $surface; scrollbar-size-vertical: 1; }
    StoryEditor:focus { border: none; }
    StoryEditor .text-area--cursor-line { background: $surface; }
    """

    BINDINGS = [
        Binding("ctrl+a", "select_all", "Select all", show=False),
        Binding("ctrl+home", "go('start')", "Start of the story", show=False),
        Binding("ctrl+end", "go('end')", "End of the story", show=False),
        Binding("ctrl+shift+home", "go('start', True)", "Select to the start", show=False),
        Binding("ctrl+shift+end", "go('end', True)", "Select to the end", show=False),
    ]

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, soft_wrap=True, read_only=True, tab_behavior="focus", highlight_cursor_line=False)
        self._marks: Spans = ()
        self._marked = ""
        """The text that `_marks` belong to."""
        self._rows: dict[int, list[tuple[int, int]]] = {}

    @property
    def story(self) -> str:
        """The text as it will be saved."""
        return unveil(self.text)

    def load_story(self, text: str, *, keep_cursor: bool = False) -> None:
        """Show another text and forget the undo history; the cursor goes to the start unless it is kept."""
        cursor, scroll = self.cursor_location, self.scroll_offset
        self.load_text(veil(text))
        if keep_cursor:
            row = min(cursor[0], self.document.line_count - 1)
            self.move_cursor((row, min(cursor[1], len(self.document.get_line(row)))))
            self.scroll_to(y=scroll.y, animate=False)

    def take_story(self, text: str) -> None:
        """Show another text as one edit, so that undo brings the present one back."""
        self.replace(text, (0, 0), self.document.end)

    def edit(self, edit: Edit) -> EditResult:
        """Every insertion, typed or pasted, comes through here."""
        edit.text = veil(edit.text)
        return super().edit(edit)

    def mark(self, spans: Spans) -> None:
        """Underline passages of `story` until the next call; while it is typed on they stay with their words."""
        if spans == self._marks and (not spans or self.text == self._marked):
            return
        self._marks, self._marked = spans, self.text
        self._rows = by_row(spans, self._marked)
        self._line_cache.clear()
        self.refresh()

    def on_text_area_changed(self) -> None:
        if self._marks:
            self.mark(shifted(self._marks, self._marked, self.text))

    def action_go(self, where: str, select: bool = False) -> None:
        """Put the cursor at the start or the end of the story."""
        self.move_cursor((0, 0) if where == "start" else self.document.end, select=select)

    def find(self, needle: str) -> bool:
        """Select the next place of a text, from the cursor on and around; capital letters do not count."""
        pattern = re.compile(re.escape(veil(needle)), re.IGNORECASE)
        lines = (self.document.get_line(row) for row in range(self.document.line_count))
        matches = ((row, found) for row, line in enumerate(lines) for found in pattern.finditer(line))
        places = [((row, found.start()), (row, found.end())) for row, found in matches]
        if places:
            start, end = next((place for place in places if place[0] >= max(self.selection)), places[0])
            self.selection = Selection(start, end)
        return bool(places)

    def on_click(self, event: events.Click) -> None:
        row, column = self.cursor_location
        if event.chain == 3:
            self.select_line(row)
        elif event.chain == 2:
            words = (word.span() for word in _WORD.finditer(self.document.get_line(row)))
            for start, end in words:
                if start <= column <= end:
                    self.selection = Selection((row, start), (row, end))

    @property
    def selected_text(self) -> str:
        """What is copied: the real characters."""
        return unveil(super().selected_text)

    def get_line(self, line_index: int) -> Text:
        line = Text(unveiled_picture(self.document.get_line(line_index)), end="", no_wrap=True)
        for start, end in self._rows.get(line_index, ()):
            line.stylize("underline", start, end)
        return line


def by_row(spans: Spans, text: str) -> dict[int, list[tuple[int, int]]]:
    """Passages of a text as (start, end) columns of its lines."""
    rows: dict[int, list[tuple[int, int]]] = {}
    offset = 0
    for row, line in enumerate(text.split("\n") if spans else ()):
        within = ((start - offset, end - offset) for start, end in spans)
        found = [(max(0, start), min(len(line), end)) for start, end in within if end > 0 and start < len(line)]
        if found:
            rows[row] = found
        offset += len(line) + 1
    return rows


def shifted(spans: Spans, before: str, after: str) -> Spans:
    """Where passages of a text are after one edit of it; those that the edit touched are left out."""
    if before == after:
        return spans
    start = _common(before, after)
    tail = _common(before[start:][::-1], after[start:][::-1])
    kept, by = len(before) - tail, len(after) - len(before)
    return tuple(
        (one + by, two + by) if one >= kept else (one, two) for one, two in spans if two <= start or one >= kept
    )


def _common(one: str, other: str) -> int:
    """Characters that both texts begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))
