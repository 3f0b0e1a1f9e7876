"""The line above the editor: which story, whether it is saved, how long it is, where it is in the list."""

from __future__ import annotations

from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.findings.length import TOLERANCE
from caa_tui.corpus.text import count_words
from caa_tui.text_safety import printable
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import Glyphs
from caa_tui.wording import count


class StoryTitle(Static):
    """One line; what is least needed is left out first."""

    DEFAULT_CSS = """
    StoryTitle { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, path: str, text: str, *, state: str, baseline: int | None, place: str, glyphs: Glyphs) -> None:
        """`state`: unsaved, new, read-only or empty; `baseline`: its words; `place`: `2 of 4` or empty."""
        concept, scenario = concept_and_scenario(path)
        name = glyphs.separator.join((concept or "baseline", scenario or "stories/"))
        left = Content.styled(printable(name), "bold")
        if state:
            left += Content.styled(f"  {glyphs.edited} {state}", "bold $accent")
        left += Content("  ") + _length(count_words(text), baseline, glyphs)
        gap = max(2, (self.size.width or 80) - 2 - left.cell_length - len(place))
        self.update(left + Content.styled(" " * gap + place, "$foreground 70%"))


def _length(words: int, baseline: int | None, glyphs: Glyphs) -> Content:
    if not baseline:
        return Content.styled(count(words, "word"), "$foreground 70%")
    off = words / baseline - 1
    sign = glyphs.minus if off < 0 else "+"
    style = "bold $error" if abs(off) > TOLERANCE else "$foreground 70%"
    return Content.styled(f"{count(words, 'word')} (baseline {baseline}, {sign}{abs(round(100 * off))} %)", style)
