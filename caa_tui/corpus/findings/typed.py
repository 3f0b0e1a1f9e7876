"""What the checks of stories against each other say of one text while it is typed.

The scan compares every text with every other. Here the others are indexed once per snapshot of the corpus, in a
thread, and each look at the typed text then costs about a millisecond.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from caa_tui.corpus.findings.duplicates import (
    CONTAINED_SHINGLES,
    CONTAINMENT,
    RESEMBLANCE,
    identical,
    near_identical,
)
from caa_tui.corpus.findings.endings import ending_key, shared_ending
from caa_tui.corpus.model import Corpus, Finding, Story
from caa_tui.corpus.similarity import PhraseIndex, Shingles, shingles_of
from caa_tui.corpus.text import last_sentence, words_of


@dataclass(frozen=True)
class StoryIndex:
    """The stories of one snapshot, ready to be compared with a text. Read-only, so any thread may ask it."""

    corpus: Corpus
    numbers: dict[str, int]
    """Word -> its number; grows from one snapshot to the next, a number never changes."""
    shingles: dict[str, Shingles]
    """By `text_sha256`: each distinct text once."""
    phrases: PhraseIndex
    """Over the values of `shingles`, in their order."""
    with_text: dict[str, list[Story]]
    """By `text_sha256`, in the order of `shingles`."""
    with_ending: dict[str, list[Story]]
    """By the key of the last sentence."""

    @classmethod
    def of(cls, corpus: Corpus, before: StoryIndex | None = None) -> StoryIndex:
        """Index a snapshot; texts that `before` knew are taken from there."""
        numbers = dict(before.numbers) if before else {}
        known = before.shingles if before else {}
        with_text: dict[str, list[Story]] = {}
        with_ending: dict[str, list[Story]] = {}
        for story in corpus.stories:
            with_text.setdefault(story.text_sha256, []).append(story)
            with_ending.setdefault(ending_key(last_sentence(story.text)), []).append(story)
        shingles = {
            digest: known[digest] if digest in known else shingles_of(_numbered(stories[0].text, numbers))
            for digest, stories in with_text.items()
        }
        return cls(corpus, numbers, shingles, PhraseIndex.of(list(shingles.values())), with_text, with_ending)

    def findings(self, typed: Story) -> tuple[Finding, ...]:
        """What a text, not yet on disk, shares with the other stories; it comes first in every finding."""
        same = _others(self.with_text.get(typed.text_sha256, ()), typed)
        found = [identical([typed, *same])] if same else []
        found += self._near(typed)
        sentence = last_sentence(typed.text)
        key = ending_key(sentence)
        ending = _others(self.with_ending.get(key, ()), typed)
        ending = [story for story in ending if story.text_sha256 != typed.text_sha256]
        if ending and key:
            found.append(shared_ending([typed, *ending], sentence))
        return tuple(found)

    def _near(self, typed: Story) -> Iterator[Finding]:
        row = [self.numbers.get(word, -1 - place) for place, word in enumerate(words_of(typed.text))]
        pairs = self.phrases.similar_to(
            shingles_of(np.array(row, np.int64)), RESEMBLANCE, CONTAINMENT, CONTAINED_SHINGLES
        )
        digests = list(self.with_text)
        alike = {digests[pair.second]: pair for pair in pairs if digests[pair.second] != typed.text_sha256}
        others = {digest: _others(self.with_text[digest], typed) for digest in alike}
        stories = [story for found in others.values() for story in found]
        if stories:
            yield near_identical([typed, *stories], [alike[digest] for digest, found in others.items() if found])


def _others(stories: Iterable[Story], typed: Story) -> list[Story]:
    return [story for story in stories if story.path != typed.path]


def _numbered(text: str, numbers: dict[str, int]) -> NDArray[np.int64]:
    return np.array([numbers.setdefault(word, len(numbers)) for word in words_of(text)], np.int64)
