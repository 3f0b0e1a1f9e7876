"""What to know before writing a story that does not exist yet: its scenario, its neighbours, what to avoid.

Pure functions.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from caa_tui.corpus.findings.length import fitting_lengths
from caa_tui.corpus.findings.word_forms import family
from caa_tui.corpus.model import Corpus, Story
from caa_tui.corpus.text import joined_words, words_of
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.vectors.flags import FlagReport
from caa_tui.wording import count

SHOWN = 8
"""Tellings and forms named one by one; the rest is counted."""
CLOSEST = 3
"""Concepts named as close."""

_SEPARATOR = re.compile(r"[\W_\d]+")


@dataclass(frozen=True, slots=True)
class Fact:
    """A heading and what is under it."""

    title: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Close:
    """A concept whose vector points nearly the same way."""

    concept: str
    cosine: float
    contaminated: bool = False
    """Whether the run flags one of the two as told like the other."""
    confirmed: bool = False
    """Whether tests say so too."""


def facts_of(corpus: Corpus, report: FlagReport | None, path: str, glyphs: Glyphs) -> tuple[Fact, ...]:
    """Everything worth knowing before the first word; empty facts are left out."""
    concept, scenario = concept_and_scenario(path)
    facts = [_length(corpus, concept, scenario), _told_here(corpus, concept, scenario)]
    if concept is not None:
        facts += [_told_elsewhere(corpus, concept), _near(report, concept, glyphs), _to_avoid(concept)]
    return tuple(fact for fact in facts if fact.lines)


def close_concepts(report: FlagReport | None, concept: str) -> tuple[Close, ...]:
    """The concepts nearest to one in a run, and those it is nearest to; contaminated pairs first."""
    if report is None:
        return ()
    found: dict[str, Close] = {}
    for summary in report.concepts:
        nearest = summary.nearest.get(str(report.layer))
        if nearest is not None and concept in (summary.concept, nearest[0]):
            other = nearest[0] if summary.concept == concept else summary.concept
            found[other] = Close(other, nearest[1])
    for flag in report.flags:
        pair = (flag.concept, flag.neighbour)
        if flag.kind == "contaminated" and flag.neighbour and concept in pair:
            other = flag.neighbour if flag.concept == concept else flag.concept
            found[other] = Close(other, flag.value, contaminated=True, confirmed=flag.confirmed)
    return tuple(sorted(found.values(), key=lambda close: (not close.contaminated, -close.cosine, close.concept)))


def _length(corpus: Corpus, concept: str | None, scenario: str | None) -> Fact:
    if concept is None or scenario is None:
        return Fact("Length", ())
    baseline = corpus.baseline_of(scenario)
    if baseline is None:
        return Fact("Length", (f"{scenario} has no baseline yet; write its neutral telling first.",))
    low, high = fitting_lengths(baseline)
    return Fact("Length", (f"The baseline has {count(baseline.words, 'word')}; aim for {low} to {high}.",))


def _told_here(corpus: Corpus, concept: str | None, scenario: str | None) -> Fact:
    """The tellings of the scenario with their lengths."""
    stories = [story for story in corpus.stories if story.concept is not None and story.scenario == scenario]
    stories = [story for story in stories if story.concept != concept]
    where = scenario or "stories/"
    if not stories:
        return Fact(f"Told in {where}", ("Nothing yet.",))
    return Fact(f"Told in {where}", (_tellings(stories),))


def _told_elsewhere(corpus: Corpus, concept: str) -> Fact:
    stories = corpus.by_concept.get(concept, ())
    if not stories:
        return Fact(f"{concept} so far", ("This is its first story.",))
    scenarios = {story.scenario for story in stories if story.scenario is not None}
    told = f"{count(len(stories), 'story', 'stories')} in {count(len(scenarios), 'scenario')}"
    return Fact(f"{concept} so far", (f"{told}.",))


def _near(report: FlagReport | None, concept: str, glyphs: Glyphs) -> Fact:
    lines = []
    for close in close_concepts(report, concept)[:CLOSEST]:
        mark = f"{glyphs.flag(confirmed=close.confirmed)} contaminated" if close.contaminated else "close"
        lines.append(f"{close.concept}, {mark} ({decimal(close.cosine, glyphs)})")
    return Fact("Keep it apart from", tuple(lines))


def _to_avoid(concept: str) -> Fact:
    """The name of the concept and its listed forms: the words that the naming check looks for."""
    words = [word for word in _SEPARATOR.split(joined_words(words_of(concept))) if word]
    if len(words) != 1:
        return Fact("Words to avoid", (f"“{' '.join(words)}”, and any form of it.",))
    forms = family(words[0])
    rest = "any other form" if len(forms) > 1 else "any form of it"
    return Fact("Words to avoid", (f"{', '.join(forms[:SHOWN])}, and {rest}.",))


def _tellings(stories: Sequence[Story]) -> str:
    named = [f"{story.concept} {story.words}" for story in stories[:SHOWN]]
    more = f" and {len(stories) - SHOWN} more" if len(stories) > SHOWN else ""
    lengths = sorted(story.words for story in stories)
    return f"{', '.join(named)}{more} (words; {lengths[0]} to {lengths[-1]})"
