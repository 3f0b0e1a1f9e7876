"""Which stories differ between two runs, or between a run and the corpus, and how much of each concept that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from caa_tui.corpus.model import Corpus
from caa_tui.runs.history import RunRecord
from caa_tui.runs.records import StoryStamp


class CorpusChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Stories that differ between two moments, by path, sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted((*self.added, *self.changed, *self.removed)))


class ConceptEdit(msgspec.Struct, frozen=True, kw_only=True):
    """What two runs' stories of one concept have in common."""

    old: int
    """Stories of the old run; `new` of the new one."""
    new: int
    kept: int = 0
    """Texts of both, under whatever path."""
    gone: tuple[str, ...] = ()
    """Old paths of the texts that the new run has not."""
    files: CorpusChanges = CorpusChanges()

    @property
    def touched(self) -> bool:
        return self.kept < max(self.old, self.new)

    @property
    def variance(self) -> float:
        """Variance of the difference of the two means, in units of a single story's variance, if all stories are drawn
        alike: 1/n + 1/m - 2 s/(nm) with s texts in both; 2k/n² for k of n replaced."""
        return 1 / self.old + 1 / self.new - 2 * self.kept / (self.old * self.new) if self.old and self.new else 0.0


def edited_since(run: RunRecord, corpus: Corpus) -> CorpusChanges:
    """What is different in `corpus` from what the run was made with."""
    return _changes(_hashes(run.request.stories), _hashes(corpus.stories))


def stories_between(old: RunRecord, new: RunRecord) -> CorpusChanges:
    """What is different in the texts of run `new`.

    Raises:
        UserError: the request of either run is damaged.
    """
    return _changes(_hashes(old.request.stories), _hashes(new.request.stories))


def concept_edits(old: RunRecord, new: RunRecord) -> dict[str, ConceptEdit]:
    """Concept -> what became of its stories.

    Raises:
        UserError: the request of either run is damaged.
    """
    before, after = _by_concept(old.request.stories), _by_concept(new.request.stories)
    return {concept: _edit(before.get(concept, ()), after.get(concept, ())) for concept in before | after}


def _edit(before: Iterable[StoryStamp], after: Iterable[StoryStamp]) -> ConceptEdit:
    was, now = _hashes(before), _hashes(after)
    left = Counter(now.values())
    gone = []
    for path, text in was.items():
        if left[text]:
            left[text] -= 1
        else:
            gone.append(path)
    return ConceptEdit(
        old=len(was), new=len(now), kept=len(was) - len(gone), gone=tuple(gone), files=_changes(was, now)
    )


def _by_concept(stories: Iterable[StoryStamp]) -> dict[str, list[StoryStamp]]:
    found: dict[str, list[StoryStamp]] = {}
    for story in stories:
        if story.concept is not None:
            found.setdefault(story.concept, []).append(story)
    return found


def _hashes(stories: Iterable[Any]) -> dict[str, str]:
    return {story.path: story.text_sha256 for story in stories}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> CorpusChanges:
    return CorpusChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in new.keys() & old.keys() if new[path] != old[path])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )
