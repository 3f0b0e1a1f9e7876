"""The line above the editor: which story, whether it is saved, how long it is, where it is in the list."""

from __future__ import annotations

from dataclasses import dataclass

from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.findings.length import TOLERANCE
from caa_tui.text_safety import printable
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.story_tokens import Tokens
from caa_tui.tui.theme import Glyphs
from caa_tui.wording import count

QUIET, LOUD = "$foreground 70%", "bold $error"


@dataclass(frozen=True, slots=True)
class TitleFacts:
    """What the line says."""

    path: str
    state: str = ""
    """Unsaved, new, read-only or empty."""
    words: int | None = None
    """None: the text is not read yet."""
    baseline: int | None = None
    """Words of the scenario's baseline."""
    tokens: Tokens | None = None
    """None: no tokenizer is at hand."""
    place: str = ""
    """`2 of 4`, or empty."""


class StoryTitle(Static):
    """One line; what is least needed is left out first."""

    DEFAULT_CSS = """
    StoryTitle { height: 1; padding: 0 1; background: $surface; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    def show(self, facts: TitleFacts, glyphs: Glyphs) -> None:
        """Draw it for the width at hand."""
        concept, scenario = concept_and_scenario(facts.path)
        name = glyphs.separator.join((concept or "baseline", scenario or "stories/"))
        left = Content.styled(printable(name), "bold")
        if facts.state:
            left += Content.styled(f"  {glyphs.edited} {facts.state}", "bold $accent")
        width = (self.size.width or 80) - 2
        room = width - left.cell_length - 2 - (len(facts.place) + 2 if facts.place else 0)
        lines = lengths(facts, glyphs)
        if lines:
            left += Content("  ") + next((line for line in lines if line.cell_length <= room), lines[-1])
        gap = max(2, width - left.cell_length - len(facts.place))
        self.update(left + Content.styled(" " * gap + facts.place, QUIET))


def lengths(facts: TitleFacts, glyphs: Glyphs) -> list[Content]:
    """The same facts in fewer and fewer words."""
    if facts.words is None:
        return []
    if facts.words == 0:
        return [Content.styled("0 words" + (f", baseline {facts.baseline}" if facts.baseline else ""), QUIET)]
    off = _off(facts.words, facts.baseline, glyphs)
    far = facts.baseline and abs(facts.words / facts.baseline - 1) > TOLERANCE
    told = count(facts.words, "word")
    style = LOUD if far else QUIET
    short = Content.styled(f"{told} {off}" if off else told, style)
    long = Content.styled(f"{told}, baseline {facts.baseline} {off}" if off else told, style)
    tokens = facts.tokens
    if tokens is None:
        return [long, short]
    of = f" of {tokens.limit:,}" if tokens.limit is not None else ""
    full = Content.styled(f", {tokens.count:,}{of} tokens", LOUD if tokens.cut else QUIET)
    if tokens.cut:
        end = full + Content.styled(", the end is not read", LOUD)
        return [long + end, short + end, short + full]
    beside = Content.styled(f" (baseline {tokens.baseline:,})" if tokens.baseline is not None else "", QUIET)
    return [long + full + beside, long + full, short + full, short]


def _off(words: int, baseline: int | None, glyphs: Glyphs) -> str:
    """How far that is from the baseline: `(−2 %)`; empty without one."""
    if not baseline:
        return ""
    off = round(100 * (words / baseline - 1))
    return f"({glyphs.minus if off < 0 else '+'}{abs(off)} %)"
