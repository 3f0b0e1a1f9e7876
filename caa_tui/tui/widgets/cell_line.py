"""The line under the matrix: what the cell under the cursor is, in words; with room left, what the glyphs mean."""

from __future__ import annotations

from collections.abc import Iterator

from textual.content import Content
from textual.widgets import Static

from caa_tui.corpus.coverage import CellState
from caa_tui.corpus.model import BASELINE, story_path
from caa_tui.text_safety import printable
from caa_tui.tui.content import fit
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.widgets.next_list import place_words
from caa_tui.tui.workspace import Workspace
from caa_tui.wording import count

_SHORTEST_NAME = 6
"""Letters a concept keeps when its scenario needs the room; the row of the matrix has the rest."""


class CellLine(Static):
    """One line; the place comes first and in full, what does not fit is left out."""

    DEFAULT_CSS = """
    CellLine { height: 1; width: 1fr; padding: 0 1; color: $foreground 70%; text-wrap: nowrap; }
    """

    def show(self, workspace: Workspace, stem: str, scenario: str | None, glyphs: Glyphs) -> None:
        """Describe a cell."""
        room = max(10, self.size.width - 2)
        facts = list(cell_facts(workspace, stem, scenario, glyphs))
        line = Content.styled(_place(stem, scenario, glyphs, room), "bold $foreground")
        for position, fact in enumerate(facts):
            part = (": " if position == 0 else glyphs.separator) + printable(fact)
            if line.cell_length + len(part) > room:
                break
            line += Content(part)
        gap = "   "
        for entry in _legend(glyphs, trained=workspace.run is not None):
            if entry not in facts and line.cell_length + len(gap + entry) <= room:
                line += Content.styled(gap + entry, "$foreground 50%")
                gap = "  "
        self.update(line, layout=False)

    def say(self, words: str) -> None:
        """Show a sentence instead of a cell."""
        self.update(Content.styled(printable(words), "bold $foreground"), layout=False)


def cell_facts(workspace: Workspace, stem: str, scenario: str | None, glyphs: Glyphs) -> Iterator[str]:
    """What is to be known about a cell, the state first."""
    path = story_path(stem, scenario)
    corpus = workspace.corpus
    story, baseline = corpus.by_path.get(path), corpus.baseline_of(scenario) if scenario else None
    if story is None:
        wanted = workspace.coverage.cell(stem, scenario) is CellState.MISSING or stem == BASELINE
        yield "wanted, not written" if wanted else "not asked for"
        if baseline is not None:
            yield f"baseline {count(baseline.words, 'word')}"
        elif scenario is not None and stem != BASELINE:
            yield "no baseline"
    else:
        yield "told"
        beside = f" (baseline {baseline.words:,})" if baseline is not None and baseline is not story else ""
        yield count(story.words, "word") + beside
        if path in workspace.edited:
            yield f"{glyphs.edited} edited"
        if kinds := _flags(workspace, path):
            yield f"{glyphs.flag(confirmed=workspace.is_confirmed(path))} {', '.join(kinds)}"
    for finding in corpus.findings_by_path.get(path, ())[:1]:
        yield f"{glyphs.finding} {finding.message}"


def _flags(workspace: Workspace, path: str) -> list[str]:
    """Kinds of flags that this story is among the worst of, confirmed ones first."""
    return list(dict.fromkeys(flag.kind for flag in workspace.flags_of_story(path)))


def _place(stem: str, scenario: str | None, glyphs: Glyphs, room: int) -> str:
    """Concept and scenario; where both do not fit, the concept is cut first."""
    place = place_words(stem, scenario, glyphs)
    over = len(place) - room
    if over > 0 and scenario is not None:
        shorter = fit(stem, max(_SHORTEST_NAME, len(stem) - over), glyphs.ellipsis)
        return fit(place_words(shorter, scenario, glyphs), room, glyphs.ellipsis)
    return place


def _legend(glyphs: Glyphs, *, trained: bool) -> Iterator[str]:
    """What the glyphs of the matrix mean, the most needed first; flags and edits exist once something is trained."""
    yield f"{glyphs.missing} wanted"
    if trained:
        yield f"{glyphs.flagged} flagged"
        yield f"{glyphs.edited} edited"
        yield f"{glyphs.doubtful} not proven"
    yield f"{glyphs.story} told"
    yield f"{glyphs.unwanted} not asked for"
