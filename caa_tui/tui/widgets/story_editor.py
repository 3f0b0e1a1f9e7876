"""The text being edited: soft wrap, undo, and control characters that stay what they are."""

from __future__ import annotations

from rich.text import Text
from textual.widgets import TextArea
from textual.widgets.text_area import Edit, EditResult

from caa_tui.tui.veil import unveil, unveiled_picture, veil


class StoryEditor(TextArea):
    """A TextArea on a veiled text; `story` is the real one. Read-only until a story is loaded."""

    DEFAULT_CSS = """
    StoryEditor { border: none; padding: 0 1; background: $surface; scrollbar-size-vertical: 1; }
    StoryEditor:focus { border: none; }
    StoryEditor .text-area--cursor-line { background: $surface; }
    """

    def __init__(self, *, id: str | None = None) -> None:
        super().__init__(id=id, soft_wrap=True, read_only=True, tab_behavior="focus", highlight_cursor_line=False)

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

    @property
    def selected_text(self) -> str:
        """What is copied: the real characters."""
        return unveil(super().selected_text)

    def get_line(self, line_index: int) -> Text:
        return Text(unveiled_picture(self.document.get_line(line_index)), end="", no_wrap=True)
