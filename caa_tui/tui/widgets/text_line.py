"""One line that is typed into."""

from __future__ import annotations

from textual.widgets import Input


class TextLine(Input):
    """Without a frame; two clicks select all of it, also what is scrolled out of view."""

    HELP = "Type; two clicks select the whole line, so that the next letter replaces it."

    def __init__(
        self, value: str = "", *, placeholder: str = "", select_on_focus: bool = True, id: str | None = None
    ) -> None:
        super().__init__(value, placeholder=placeholder, select_on_focus=select_on_focus, id=id, compact=True)

    def text_select_all(self) -> None:
        """Textual's own marks what is drawn, to copy it; here it is what the next letter replaces."""
        self.select_all()
