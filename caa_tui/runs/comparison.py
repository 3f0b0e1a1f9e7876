"""What changed between two runs, and in the corpus since one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeAlias

import msgspec

from caa_tui.corpus.model import Corpus
from caa_tui.errors import UserError
from caa_tui.runs.differences import settings_difference
from caa_tui.runs.history import RunRecord
from caa_tui.vectors.flags import ConceptSummary, FlagKind


class CorpusChanges(msgspec.Struct, frozen=True, kw_only=True):
    """Stories that differ between two moments, by path, sorted."""

    added: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()

    @property
    def paths(self) -> tuple[str, ...]:
        return tuple(sorted((*self.added, *self.changed, *self.removed)))


def edited_since(run: RunRecord, corpus: Corpus) -> CorpusChanges:
    """What is different in `corpus` from what the run was made with."""
    return _changes(_hashes(run.request.stories), _hashes(corpus.stories))


def _hashes(stories: Iterable[Any]) -> dict[str, str]:
    return {story.path: story.text_sha256 for story in stories}


def _changes(old: Mapping[str, str], new: Mapping[str, str]) -> CorpusChanges:
    return CorpusChanges(
        added=tuple(sorted(new.keys() - old.keys())),
        changed=tuple(sorted(path for path in new.keys() & old.keys() if new[path] != old[path])),
        removed=tuple(sorted(old.keys() - new.keys())),
    )


Pair: TypeAlias = tuple[float | None, float | None]
"""A number in the old and in the new run; None where a run has none."""


class ConceptChange(msgspec.Struct, frozen=True, kw_only=True):
    """One concept in two runs. Metrics are (old, new) at the new run's flag layer; None where a run has no number."""

    concept: str
    cosine: dict[str, float] = {}
    """str(layer) -> cosine of the old with the new vector; empty when they cannot be compared."""
    first_pc: Pair = (None, None)
    agreement: Pair = (None, None)
    held_out: Pair = (None, None)
    nearest: Pair = (None, None)
    nearest_concept: tuple[str | None, str | None] = (None, None)
    r_squared: Pair = (None, None)
    stories: tuple[int | None, int | None] = (None, None)
    solved: tuple[FlagKind, ...] = ()
    new: tuple[FlagKind, ...] = ()

    @property
    def lowest(self) -> float | None:
        """The cosine at the layer where the vector moved most; None without one."""
        return min(self.cosine.values(), default=None)


class RunComparison(msgspec.Struct, frozen=True, kw_only=True):
    """What moved from run `old` to run `new`."""

    old: str
    new: str
    layer: int | None
    """Where the metrics were taken; None without flags in the new run."""
    concepts: tuple[ConceptChange, ...]
    """Concepts of both runs, the one that moved most (lowest cosine) first."""
    only_old: tuple[str, ...] = ()
    only_new: tuple[str, ...] = ()
    corpus: CorpusChanges = CorpusChanges()
    note: str = ""
    """Why the vectors cannot be compared; empty when they were."""
    settings: tuple[str, ...] = ()
    """What was set up differently, like `pooling last, was mean`."""
    held_out: Pair = (None, None)
    """Mean over the concepts, at `layer`."""
    flags: tuple[int | None, int | None] = (None, None)
    """How many; None without a quality report."""
    stories: tuple[int, int] = (0, 0)
    """Texts of the two corpora, baselines included."""
    solved: tuple[tuple[str, FlagKind], ...] = ()
    """(concept, flag) that the old run had and the new one has not."""
    appeared: tuple[tuple[str, FlagKind], ...] = ()
    """(concept, flag) that only the new run has; none when the old one has no quality report."""


def compare_runs(old: RunRecord, new: RunRecord) -> RunComparison:
    """Vectors, metrics, flags and stories of two runs side by side; reads both runs' files.

    Raises:
        UserError: the request of either run is damaged.
    """
    cosine, note = _cosines(old, new)
    before, after = _summaries(old), _summaries(new)
    were, are = _trained(old), _trained(new)
    layer = new.flags.layer if new.flags else None
    concepts = sorted(before.keys() & after.keys() | cosine.keys())
    changes = [
        _concept_change(concept, cosine.get(concept, {}), before.get(concept), after.get(concept), layer, old, new)
        for concept in concepts
    ]
    changes.sort(key=lambda change: (min(change.cosine.values(), default=1.0), change.concept))
    was, now = _flagged(old), _flagged(new)
    return RunComparison(
        old=old.id,
        new=new.id,
        layer=layer,
        concepts=tuple(changes),
        only_old=tuple(sorted(were - are)),
        only_new=tuple(sorted(are - were)),
        corpus=_changes(_hashes(old.request.stories), _hashes(new.request.stories)),
        note=note,
        settings=settings_difference(old, new),
        held_out=(_held_out(old, layer), _held_out(new, layer)),
        flags=(_flag_count(old), _flag_count(new)),
        stories=(len(old.request.stories), len(new.request.stories)),
        # A concept that is not trained any more is not solved.
        solved=tuple(sorted(flag for flag in was - now if flag[0] in after)),
        # Nor is a flag new when nobody looked for flags before.
        appeared=tuple(sorted(now - was)) if old.flags else (),
    )


def _cosines(old: RunRecord, new: RunRecord) -> tuple[Mapping[str, dict[str, float]], str]:
    """Concept -> layer -> cosine, or why there are none."""
    from caa_tui.vectors.compare import matched_cosine

    try:
        if old.readout is None or new.readout is None:
            return {}, f"Run {int((old if old.readout is None else new).id)} has no vectors."
        if not _same_model(old, new):
            return {}, f"The runs used different models ({old.request.model}, {new.request.model})."
        return matched_cosine(old.readout, new.readout).cosine, ""
    except UserError as error:
        return {}, str(error)


def _same_model(old: RunRecord, new: RunRecord) -> bool:
    """By what the model's files are, where that is known: its folder may have moved."""
    if old.fingerprint and new.fingerprint:
        return old.fingerprint == new.fingerprint
    return old.request.model == new.request.model


def _summaries(run: RunRecord) -> dict[str, ConceptSummary]:
    return {summary.concept: summary for summary in run.flags.concepts} if run.flags else {}


def _trained(run: RunRecord) -> frozenset[str]:
    """The concepts that got a vector: the readout names those of a run without a quality report."""
    if run.flags:
        return frozenset(_summaries(run))
    try:
        return frozenset(run.readout.concepts) if run.readout else frozenset()
    except UserError:  # damaged, which `_cosines` says
        return frozenset()


def _flagged(run: RunRecord) -> set[tuple[str, FlagKind]]:
    return {(flag.concept, flag.kind) for flag in run.flags.flags} if run.flags else set()


def _flag_count(run: RunRecord) -> int | None:
    return len(run.flags.flags) if run.flags else None


def _held_out(run: RunRecord, layer: int | None) -> float | None:
    return run.flags.held_out.get(str(layer)) if run.flags else None


def _kinds(run: RunRecord, concept: str) -> set[FlagKind]:
    return {kind for flagged, kind in _flagged(run) if flagged == concept}


def _concept_change(
    concept: str,
    cosine: dict[str, float],
    before: ConceptSummary | None,
    after: ConceptSummary | None,
    layer: int | None,
    old: RunRecord,
    new: RunRecord,
) -> ConceptChange:
    if before is None or after is None:
        return ConceptChange(concept=concept, cosine=cosine)
    key = str(layer)
    was, now = _kinds(old, concept), _kinds(new, concept)
    nearest_before, nearest_after = before.nearest.get(key), after.nearest.get(key)
    return ConceptChange(
        concept=concept,
        cosine=cosine,
        first_pc=(before.first_pc.get(key), after.first_pc.get(key)),
        agreement=(before.agreement.get(key), after.agreement.get(key)),
        held_out=(before.held_out.get(key), after.held_out.get(key)),
        nearest=(nearest_before and nearest_before[1], nearest_after and nearest_after[1]),
        nearest_concept=(nearest_before and nearest_before[0], nearest_after and nearest_after[0]),
        r_squared=(before.r_squared.get(key), after.r_squared.get(key)),
        stories=(before.stories, after.stories),
        solved=tuple(sorted(was - now)),
        new=tuple(sorted(now - was)),
    )
