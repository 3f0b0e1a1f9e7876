"""Names that some systems take for one: different only in case or in Unicode form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from caa_tui.corpus.findings.wording import listed
from caa_tui.corpus.model import BASELINE, Corpus, Finding, FindingKind, Severity
from caa_tui.corpus.names import collision_key


def check_collisions(corpus: Corpus) -> Iterator[Finding]:
    """Concepts, and scenarios, whose names a case-insensitive or normalising file system would merge."""
    for group in _alike([*corpus.concepts, BASELINE]):
        concepts = [name for name in group if name != BASELINE]
        if BASELINE in group:
            message = f"{_quoted(concepts)} is read as a concept, not as a baseline; rename it to {BASELINE}."
        else:
            message = f"{_differ(concepts)} and are trained as {len(concepts)} concepts; give them one name."
        paths = tuple(story.path for story in corpus.stories if story.concept in concepts)
        yield Finding(FindingKind.CASE_COLLISION, Severity.ERROR, message, paths, concepts[0])
    for group in _alike(corpus.scenarios):
        message = f"The scenarios {_differ(group)}; merge or rename them."
        paths = tuple(f"paired/{scenario}" for scenario in group)
        yield Finding(FindingKind.CASE_COLLISION, Severity.ERROR, message, paths, scenario=group[0])


def _alike(names: Iterable[str]) -> list[list[str]]:
    groups: dict[str, list[str]] = {}
    for name in names:
        groups.setdefault(collision_key(name), []).append(name)
    return [sorted(group) for group in groups.values() if len(group) > 1]


def _differ(names: list[str]) -> str:
    return f"{_quoted(names)} differ only in capital letters or in how an accent is stored"


def _quoted(names: list[str]) -> str:
    return listed([f"“{name}”" for name in names])
