"""What can be said about a story while it is typed, and what a retraining changed. Pure functions."""

from __future__ import annotations

from caa_tui.corpus.findings.length import check_lengths
from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.naming import check_naming
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Story
from caa_tui.corpus.text import count_words, sha256
from caa_tui.tui.story_file import concept_and_scenario
from caa_tui.tui.theme import Glyphs, decimal
from caa_tui.vectors.flags import ConceptSummary, FlagReport

LIVE_KINDS = frozenset({FindingKind.LENGTH_OFF_BASELINE, FindingKind.NAMED_CONCEPT})
"""Findings that follow the typing; the others are those of the last scan."""


def live_findings(corpus: Corpus, path: str, text: str) -> tuple[Finding, ...]:
    """The checks of the scan that need this story and its baseline only, on the text as it is typed."""
    concept, scenario = concept_and_scenario(path)
    stripped = text.strip()
    digest = sha256(stripped.encode("utf-8", "replace"))
    typed = Story(path, concept, scenario, stripped, digest, "", count_words(stripped))
    baseline = corpus.baseline_of(scenario) if scenario else None
    stories = (typed,) if baseline is None or baseline.path == path else (typed, baseline)
    small = Corpus(root=corpus.root, stories=stories, scenarios=(scenario,) if scenario else ())
    lexicon = Lexicon.of(story.text for story in stories)
    return (*check_lengths(small), *check_naming(small, lexicon))


def findings_now(corpus: Corpus, path: str, text: str) -> tuple[Finding, ...]:
    """Live findings, then the others that the last scan had about the file."""
    scanned = corpus.findings_by_path.get(path, ())
    return (*live_findings(corpus, path, text), *(found for found in scanned if found.kind not in LIVE_KINDS))


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
