"""What can be said about a story while it is typed, and what a retraining changed. Pure functions."""

from __future__ import annotations

from collections.abc import Mapping

from caa_tui.corpus.findings.length import check_lengths
from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.naming import check_naming
from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Story
from caa_tui.corpus.text import count_words, odd_characters, sha256
from caa_tui.errors import UserError
from caa_tui.runs.change_noise import Score, change_noise, change_words, scores_of
from caa_tui.runs.differences import settings_difference
from caa_tui.runs.edits import ConceptEdit, stories_between
from caa_tui.runs.history import RunRecord
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import Glyphs, with_minus
from caa_tui.vectors.flags import ConceptSummary, FlagKind, FlagReport
from caa_tui.vectors.standing import KINDS
from caa_tui.wording import count

LIVE_KINDS = frozenset({FindingKind.LENGTH_OFF_BASELINE, FindingKind.NAMED_CONCEPT})
"""Findings that need no other story than the baseline."""
COMPARED_KINDS = frozenset({FindingKind.IDENTICAL, FindingKind.NEAR_IDENTICAL, FindingKind.SHARED_LAST_SENTENCE})
"""Findings that need every story: those of the last scan, until the stories are indexed."""


_FLAG_SCORES: dict[FlagKind, Score] = {"fragmented": "first_pc", "contaminated": "nearest", "redundant": "r_squared"}


def typed_story(path: str, text: str) -> Story:
    """The story as a scan would see it, were the text on disk."""
    concept, scenario = concept_and_scenario(path)
    stripped = text.strip()
    digest = sha256(stripped.encode("utf-8", "replace"))
    return Story(path, concept, scenario, stripped, digest, "", count_words(stripped))


def live_findings(corpus: Corpus, typed: Story) -> tuple[Finding, ...]:
    """The checks of the scan that need this story and its scenario only."""
    scenario = typed.scenario
    if typed.is_baseline:
        stories = [story for story in corpus.stories if story.scenario == scenario and not story.is_baseline]
    else:
        baseline = corpus.baseline_of(scenario) if scenario else None
        stories = [baseline] if baseline else []
    own = Corpus(root=corpus.root, stories=(typed,), scenarios=())
    together = Corpus(root=corpus.root, stories=(typed, *stories), scenarios=())
    return (*check_lengths(together), *check_naming(own, Lexicon.of([typed.text])))


def findings_now(corpus: Corpus, path: str, text: str, index: StoryIndex | None) -> tuple[Finding, ...]:
    """What is wrong with the text as it is typed, then what the last scan had about the file and still holds."""
    typed = typed_story(path, text)
    found = (*live_findings(corpus, typed), *(index.findings(typed) if index else ()))
    checked = LIVE_KINDS | COMPARED_KINDS if index else LIVE_KINDS
    scanned = (finding for finding in corpus.findings_by_path.get(path, ()) if finding.kind not in checked)
    return (*found, *(finding for finding in scanned if _still_holds(finding, text)))


def _still_holds(finding: Finding, text: str) -> bool:
    """False for what the typing has put right."""
    match finding.kind:
        case FindingKind.EMPTY:
            return not text.strip()
        case FindingKind.CONTROL_CHARACTERS:
            return bool(odd_characters(text))
        case _:
            return True


def moved(
    before: FlagReport, after: FlagReport, concept: str, glyphs: Glyphs, edits: Mapping[str, ConceptEdit]
) -> str | None:
    """What changed for a concept between two reports, at the newer one's layer; None when neither knows it.

    Args:
        edits: what became of the concepts' stories (`change_noise.comparable_edits`).
    """
    was, now = _summary(before, concept), _summary(after, concept)
    flagged, flags = _kinds(before, concept), _kinds(after, concept)
    if was is None or now is None:
        return None
    key = str(after.layer)
    old, new, noise = scores_of(was, key), scores_of(now, key), change_noise(was, now, key, edits)
    gone = len(edits[concept].gone) if concept in edits else 0
    told: list[Score] = ["agreement", *(_FLAG_SCORES[kind] for kind in _FLAG_SCORES if kind in {*flagged, *flags})]
    parts = [
        with_minus(change_words(score, (old[score], new[score]), noise.get(score), gone), glyphs)
        for score in told
        if old[score] is not None or new[score] is not None
    ]
    parts += [f"no longer {kind}" for kind in flagged if kind not in flags]
    parts += [f"now {kind}{proven}" for kind, proven in flags.items() if kind not in flagged]
    parts += [f"still {kind}{proven}" for kind, proven in flags.items() if kind in flagged]
    return ", ".join(parts) or None


def caution(before: RunRecord, after: RunRecord, path: str) -> str:
    """What moved the numbers between two runs besides the story at `path`: settings, other stories; empty: nothing."""
    settings = settings_difference(before, after)
    try:
        others = [other for other in stories_between(before, after).paths if other != path]
    except UserError:  # a damaged run, of which nothing can be said
        others = []
    parts = [f"the settings differ ({', '.join(settings)})"] if settings else []
    if others:
        parts.append(f"{count(len(others), 'other story', 'other stories')} changed")
    return f"Not only this story moved it: {' and '.join(parts)}." if parts else ""


def _summary(report: FlagReport, concept: str) -> ConceptSummary | None:
    return next((summary for summary in report.concepts if summary.concept == concept), None)


def _kinds(report: FlagReport, concept: str) -> dict[FlagKind, str]:
    """Kinds of a concept's flags in their order -> words for what tests do not confirm."""
    found = {flag.kind: flag for flag in report.flags if flag.concept == concept}
    return {kind: "" if found[kind].confirmed else " (not proven)" for kind in KINDS if kind in found}
