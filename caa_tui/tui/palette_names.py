"""What the palette finds besides commands, and how it ranks what it found: pure functions of the corpus."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from caa_tui.text_safety import printable
from caa_tui.tui.fuzzy import Fit, Match
from caa_tui.tui.workspace import CorpusState
from caa_tui.wording import count

NameKind = Literal["concept", "scenario", "story"]
_PLACE: dict[NameKind, float] = {"concept": 6.0, "scenario": 3.0, "story": 0.0}
"""Within the same fit: few and general before many and particular."""


@dataclass(frozen=True, slots=True)
class Name:
    """Something of the corpus that can be gone to."""

    kind: NameKind
    text: str
    """As it is shown."""
    lowered: str
    """As it is looked for."""
    detail: str
    """Facts that tell it from others."""
    target: str
    """The concept, the scenario, or the story's path."""


def names_of(state: CorpusState) -> tuple[Name, ...]:
    """Every concept (wanted ones too), scenario and story."""
    return tuple(_names(state))


def _names(state: CorpusState) -> Iterator[Name]:
    for row in state.coverage.concepts:
        told = f"{count(row.stories, 'story', 'stories')} in {count(row.scenarios, 'scenario')}"
        yield _name("concept", row.concept, told if row.stories else "wanted, no story yet", row.concept)
    for column in state.coverage.scenarios:
        yield _name("scenario", column.scenario, count(column.stories, "story", "stories"), column.scenario)
    for story in state.corpus.stories:
        yield _name("story", story.path.removesuffix(".txt"), count(story.words, "word"), story.path)


def _name(kind: NameKind, text: str, detail: str, target: str) -> Name:
    shown = printable(text)
    return Name(kind, shown, shown.lower(), detail, target)


def rank_command(match: Match) -> float:
    """A command whose word was begun is first of all; one that fits by chance stands between the names that fit
    well and those that fit by chance."""
    return (60 if match.fit >= Fit.WORD_START else 20) + match.fit + match.closeness


def rank_name(name: Name, fit: Fit, closeness: float) -> float:
    """At least 30 for a name whose word was begun, below 20 for one that fits by chance."""
    return (10 if fit >= Fit.WORD_START else 3) * fit + _PLACE[name.kind] + closeness
