"""Stories that name their feeling: the vector would then mean the word, not the feeling."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.word_forms import roots
from caa_tui.corpus.findings.wording import listed
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Severity, Story
from caa_tui.corpus.text import joined_words, words_of
from caa_tui.wording import count

_ANY_STORY_USES = """
    a an and are as at away be become becoming been being by can cannot did do does doing done down feel feeling feels
    felt for from get gets getting give given giving go goes going gone got had has have having he her him his how i in
    into is it its just left let lets letting make makes making me more most much my new no non not of off old on one
    ones or other others our out over own self she so some someone something still take taken taking that the their
    them there they this through to too toward towards under up us very was we well went what when who with without
    you your
"""
_CARRY_NO_FEELING = frozenset(_ANY_STORY_USES.split())
"""Words of a concept's name that any story may use: letting_go is named by "letting go", not by "go"."""

_SEPARATOR = re.compile(r"[\W_\d]+")
_SHORTEST_WORD = 3


@dataclass(frozen=True, slots=True)
class _Name:
    """A concept's name as numbers of words that occur in the stories."""

    phrase: tuple[int, ...]
    """All its words in order; empty when it is a single word or one of them occurs nowhere."""
    forms: NDArray[np.int64]
    """The words that are forms of its significant words."""
    whole: bool
    """Whether one word is the whole name, so that any form of it names the concept."""


def check_naming(corpus: Corpus, lexicon: Lexicon) -> Iterator[Finding]:
    """Stories with the name of their concept, or a form of a word of it, and how often each occurs."""
    names = _names(corpus.concepts, lexicon)
    for story, row in zip(corpus.stories, lexicon.rows, strict=True):
        if story.concept is not None:
            finding = _check(story, row, names[story.concept], lexicon)
            if finding is not None:
                yield finding


def texts_naming(texts: Sequence[str], concepts: Iterable[str]) -> dict[str, NDArray[np.bool_]]:
    """Concept -> (texts,) whether each of the texts, whoever it belongs to, names it: a form of its one word, or all
    its words together."""
    lexicon = Lexicon.of(texts)
    names = _names(concepts, lexicon)
    return {concept: np.array([_is_named(row, name) for row in lexicon.rows]) for concept, name in names.items()}


def _is_named(row: NDArray[np.int64], name: _Name) -> bool:
    if name.whole:
        return bool(np.isin(row, name.forms).any())
    return bool(name.phrase and _occurrences(row, name.phrase).size)


def _names(concepts: Iterable[str], lexicon: Lexicon) -> dict[str, _Name]:
    numbers = {word: number for number, word in enumerate(lexicon.words)}
    with_root: dict[str, list[int]] = {}
    for number, word in enumerate(lexicon.words):
        for root in roots(word):
            with_root.setdefault(root, []).append(number)
    return {concept: _name(concept, numbers, with_root) for concept in concepts}


def _name(concept: str, numbers: dict[str, int], with_root: dict[str, list[int]]) -> _Name:
    words = [word for word in _SEPARATOR.split(" ".join(words_of(concept))) if word]
    phrase = tuple(numbers.get(word, -1) for word in words)
    significant = [word for word in words if len(word) >= _SHORTEST_WORD and word not in _CARRY_NO_FEELING]
    whole = len(words) == 1
    forms = {
        number
        for word in (words if whole else significant)
        for root in roots(word)
        for number in with_root.get(root, ())
    }
    is_phrase = not whole and phrase and -1 not in phrase
    return _Name(phrase if is_phrase else (), np.array(sorted(forms), dtype=np.int64), whole)


def _check(story: Story, row: NDArray[np.int64], name: _Name, lexicon: Lexicon) -> Finding | None:
    said: dict[str, int] = {}
    in_phrase = np.zeros(row.size, dtype=bool)
    if name.phrase and (starts := _occurrences(row, name.phrase)).size:
        said[joined_words(lexicon.words[number] for number in name.phrase)] = starts.size
        in_phrase[(starts[:, None] + np.arange(len(name.phrase))).ravel()] = True
    phrases = len(said)
    for number, times in zip(*np.unique(row[np.isin(row, name.forms) & ~in_phrase], return_counts=True), strict=True):
        said[lexicon.words[number]] = int(times)
    if not said:
        return None
    words = listed([f"“{word}” ({count(times, 'time')})" for word, times in said.items()])
    # One word of several ("seen" of feeling_seen) may be there in another sense.
    severity = Severity.WARNING if name.whole or phrases else Severity.NOTE
    what = "its concept" if severity is Severity.WARNING else "a part of its concept's name"
    message = f"{story.path} names {what}: {words}; show the feeling without the word."
    return Finding(FindingKind.NAMED_CONCEPT, severity, message, (story.path,), story.concept, story.scenario)


def _occurrences(row: NDArray[np.int64], phrase: tuple[int, ...]) -> NDArray[np.int64]:
    """Where a sequence of words begins."""
    if row.size < len(phrase):
        return np.empty(0, np.int64)
    windows = np.lib.stride_tricks.sliding_window_view(row, len(phrase))
    return np.flatnonzero((windows == np.array(phrase)).all(axis=1))
