"""What can be said about a story while it is typed, and what a retraining changed. Pure functions."""

from __future__ import annotations

from caa_tui.corpus.findings.length import check_lengths
from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.naming import check_naming
from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Story
from caa_tui.corpus.text import count_words, odd_characters, sha256
from caa_tui.runs.differences import changed_stories, settings_difference
from caa_tui.runs.history import RunRecord
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.vectors.flags import ConceptSummary, FlagReport
from caa_tui.wording import count

LIVE_KINDS = frozenset({FindingKind.LENGTH_OFF_BASELINE, FindingKind.NAMED_CONCEPT})
"""Findings that need no other story than the baseline."""
COMPARED_KINDS = frozenset({FindingKind.IDENTICAL, FindingKind.NEAR_IDENTICAL, FindingKind.SHARED_LAST_SENTENCE})
"""Findings that need every story: those of the last scan, until the stories are indexed."""


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


def moved(before: FlagReport, after: FlagReport, concept: str, glyphs: Glyphs) -> str | None:
    """What changed for a concept between two reports, at the newer one's layer; None when neither knows it."""
    was, now = _summary(before, concept), _summary(after, concept)
    flagged, flags = _kinds(before, concept), _kinds(after, concept)
    if was is None or now is None:
        return None
    key = str(after.layer)
    parts = [_pair("agreement", was.agreement.get(key), now.agreement.get(key), glyphs)]
    kinds = flagged | flags
    if "fragmented" in kinds:
        parts.append(_pair("first PC", was.first_pc.get(key), now.first_pc.get(key), glyphs))
    if "contaminated" in kinds:
        parts.append(_pair("nearest", _cosine(was, key), _cosine(now, key), glyphs))
    if "redundant" in kinds:
        parts.append(_pair("R²", was.r_squared.get(key), now.r_squared.get(key), glyphs))
    parts += [f"no longer {kind}" for kind in sorted(flagged - flags)]
    parts += [f"now {kind}" for kind in sorted(flags - flagged)]
    parts += [f"still {kind}" for kind in sorted(flags & flagged)]
    return ", ".join(part for part in parts if part) or None


def caution(before: RunRecord, after: RunRecord, path: str) -> str:
    """What moved the numbers between two runs besides the story at `path`: settings, other stories; empty: nothing."""
    settings = settings_difference(before, after)
    others = [other for other in changed_stories(before, after) if other != path]
    parts = [f"the settings differ ({', '.join(settings)})"] if settings else []
    if others:
        parts.append(f"{count(len(others), 'other story', 'other stories')} changed")
    return f"Not only this story moved it: {' and '.join(parts)}." if parts else ""


def _pair(word: str, old: float | None, new: float | None, glyphs: Glyphs) -> str:
    if old is None and new is None:
        return ""
    return f"{word} {decimal(old, glyphs)} to {decimal(new, glyphs)}"


def _cosine(summary: ConceptSummary, key: str) -> float | None:
    nearest = summary.nearest.get(key)
    return nearest[1] if nearest else None


def _summary(report: FlagReport, concept: str) -> ConceptSummary | None:
    return next((summary for summary in report.concepts if summary.concept == concept), None)


def _kinds(report: FlagReport, concept: str) -> set[str]:
    return {flag.kind for flag in report.flags if flag.concept == concept}
