"""Too few stories, scenarios or baselines to train a trustworthy vector."""

from __future__ import annotations

from collections.abc import Iterator

from caa_tui.corpus.model import NO_STORY, Corpus, Finding, FindingKind, Severity
from caa_tui.corpus.settings import SETTINGS_FILE
from caa_tui.wording import count

MIN_STORIES = 3
MIN_SCENARIOS = 2


def check_counts(corpus: Corpus) -> Iterator[Finding]:
    """No story at all; concepts with too few of them or too few scenarios; wanted ones with none; missing baselines."""
    if not corpus.concepts:
        yield Finding(FindingKind.NO_STORY, Severity.ERROR, NO_STORY)
    yield from _check_concepts(corpus)
    yield from _check_wanted(corpus)
    yield from _check_baselines(corpus)


def _check_concepts(corpus: Corpus) -> Iterator[Finding]:
    for concept, stories in corpus.by_concept.items():
        paths = tuple(story.path for story in stories)
        if len(stories) < MIN_STORIES:
            message = f"{concept} has only {count(len(stories), 'story', 'stories')}; write at least {MIN_STORIES}."
            yield Finding(FindingKind.FEW_STORIES, Severity.WARNING, message, paths, concept)
        scenarios = {story.scenario for story in stories if story.scenario is not None}
        if len(scenarios) < MIN_SCENARIOS:
            told = f"in only one scenario ({scenarios.pop()})" if scenarios else "in no scenario"
            message = (
                f"{concept} is told {told}, so its vector may mean the setting; tell it in at least {MIN_SCENARIOS}."
            )
            yield Finding(FindingKind.FEW_SCENARIOS, Severity.WARNING, message, paths, concept)


def _check_wanted(corpus: Corpus) -> Iterator[Finding]:
    told = set(corpus.concepts)
    wanted = set(corpus.wanted).union(*corpus.wanted_in.values())
    for concept in sorted(wanted - told):
        message = f"{concept} is wanted by {SETTINGS_FILE} and has no story yet; write its first one."
        yield Finding(FindingKind.WANTED_WITHOUT_STORY, Severity.NOTE, message, (), concept)


def _check_baselines(corpus: Corpus) -> Iterator[Finding]:
    for scenario in corpus.scenarios:
        if corpus.baseline_of(scenario) is None:
            path = f"paired/{scenario}/baseline.txt"
            message = f"The scenario {scenario} has no usable baseline; write its neutral telling as {path}."
            yield Finding(FindingKind.NO_BASELINE, Severity.WARNING, message, (path,), scenario=scenario)
