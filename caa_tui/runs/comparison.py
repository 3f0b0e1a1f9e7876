"""What changed between two runs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import msgspec

from caa_tui.errors import UserError
from caa_tui.runs.change_noise import (
    Pair,
    Score,
    ScoreNoise,
    change_noise,
    change_words,
    comparable_edits,
    scores_of,
)
from caa_tui.runs.differences import settings_difference
from caa_tui.runs.edits import ConceptEdit, CorpusChanges, concept_edits, stories_between
from caa_tui.runs.history import RunRecord
from caa_tui.vectors.flags import ConceptSummary, FlagKind


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
    noise: dict[Score, ScoreNoise] = {}
    """What each change is to be held against; empty where no story was edited or the runs were set up differently."""
    edit: ConceptEdit | None = None
    """What became of its stories; None where none was edited."""
    solved: tuple[FlagKind, ...] = ()
    new: tuple[FlagKind, ...] = ()

    @property
    def lowest(self) -> float | None:
        """The cosine at the layer where the vector moved most; None without one."""
        return min(self.cosine.values(), default=None)

    def words(self, score: Score) -> str | None:
        """`agreement .31 to .44 (more than the noise of ±.05)`; None where a run has no such number."""
        pair: Pair = getattr(self, score)
        gone = len(self.edit.gone) if self.edit else 0
        return None if None in pair else change_words(score, pair, self.noise.get(score), gone)

    @property
    def sentences(self) -> tuple[str, ...]:
        """Of a concept whose stories were edited: the agreement, and every other number that moved by more than its
        noise."""
        told = [score for score, noise in self.noise.items() if score == "agreement" or noise.is_more]
        return tuple(words for score in told if (words := self.words(score)) is not None) if self.edit else ()


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
    was, now = _flagged(old, new), _flagged(new, old)
    frame = _Frame(str(layer), was, now, concept_edits(old, new), comparable_edits(old, new))
    concepts = sorted(before.keys() & after.keys() | cosine.keys())
    changes = [
        _concept_change(concept, cosine.get(concept, {}), before.get(concept), after.get(concept), frame)
        for concept in concepts
    ]
    changes.sort(key=lambda change: (min(change.cosine.values(), default=1.0), change.concept))
    return RunComparison(
        old=old.id,
        new=new.id,
        layer=layer,
        concepts=tuple(changes),
        only_old=tuple(sorted(were - are)),
        only_new=tuple(sorted(are - were)),
        corpus=stories_between(old, new),
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


def _flagged(run: RunRecord, other: RunRecord) -> frozenset[tuple[str, FlagKind]]:
    return run.flags.work(other.flags) if run.flags else frozenset()


def _flag_count(run: RunRecord) -> int | None:
    return len(run.flags.flags) if run.flags else None


def _held_out(run: RunRecord, layer: int | None) -> float | None:
    return run.flags.held_out.get(str(layer)) if run.flags else None


@dataclass(frozen=True, slots=True)
class _Frame:
    """What the changes of all concepts are seen in."""

    key: str
    flagged_before: frozenset[tuple[str, FlagKind]]
    flagged_after: frozenset[tuple[str, FlagKind]]
    edits: Mapping[str, ConceptEdit]
    comparable: Mapping[str, ConceptEdit]
    """The same where the stories are all that differs, else empty."""


def _concept_change(
    concept: str,
    cosine: dict[str, float],
    before: ConceptSummary | None,
    after: ConceptSummary | None,
    frame: _Frame,
) -> ConceptChange:
    edit = frame.edits.get(concept)
    edit = edit if edit is not None and edit.touched else None
    if before is None or after is None:
        return ConceptChange(concept=concept, cosine=cosine, edit=edit)
    key = frame.key
    was, now = (
        {kind for flagged, kind in flags if flagged == concept} for flags in (frame.flagged_before, frame.flagged_after)
    )
    nearest_before, nearest_after = before.nearest.get(key), after.nearest.get(key)
    old, new = scores_of(before, key), scores_of(after, key)
    return ConceptChange(
        concept=concept,
        cosine=cosine,
        **{score: (old[score], new[score]) for score in old},
        nearest_concept=(nearest_before and nearest_before[0], nearest_after and nearest_after[0]),
        stories=(before.stories, after.stories),
        noise=change_noise(before, after, key, frame.comparable),
        edit=edit,
        solved=tuple(sorted(was - now)),
        new=tuple(sorted(now - was)),
    )
