"""Texts that occur twice, word for word or nearly so."""

from __future__ import annotations

from collections.abc import Iterator

from caa_tui.corpus.findings.lexicon import Lexicon
from caa_tui.corpus.findings.wording import common_concept, common_scenario, listed
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Severity, Story
from caa_tui.corpus.similarity import SimilarPair, similar_pairs

RESEMBLANCE = 0.5
"""Share of common five-word phrases from which two texts are near-identical. Tellings of one scenario share facts and
dialogue and reach about 0.1; a text with one word in ten replaced still reaches 0.4, with one in fifteen 0.55."""
CONTAINMENT = 0.8
"""Share of the shorter text's phrases found in the longer one from which it counts as pasted in."""
CONTAINED_SHINGLES = 20
"""Shorter texts are not judged by containment: a quoted line would do."""


def check_identical(corpus: Corpus) -> Iterator[Finding]:
    """Groups of stories with the same text."""
    groups: dict[str, list[Story]] = {}
    for story in corpus.stories:
        groups.setdefault(story.text_sha256, []).append(story)
    for stories in groups.values():
        if len(stories) > 1:
            yield identical(stories)


def identical(stories: list[Story]) -> Finding:
    """What is wrong with stories of one text."""
    concept = common_concept(stories)
    which = listed([story.path for story in stories])
    if concept is not None:
        severity, effect = Severity.WARNING, f"so it counts {len(stories)} times for {concept}; keep one"
    elif all(story.is_baseline for story in stories):
        severity, effect = Severity.WARNING, "so one setting counts more than others; rewrite or remove one"
    else:
        severity, effect = Severity.ERROR, "so it counts for and against the same concept; rewrite or remove one"
    return Finding(
        FindingKind.IDENTICAL,
        severity,
        f"{which} have the same text, {effect}.",
        tuple(story.path for story in stories),
        concept,
        common_scenario(stories),
    )


def check_near_identical(corpus: Corpus, lexicon: Lexicon) -> Iterator[Finding]:
    """Groups of stories that share most of their five-word phrases; equal texts take part once."""
    first_with: dict[str, int] = {}
    for index, story in enumerate(corpus.stories):
        first_with.setdefault(story.text_sha256, index)
    kept = list(first_with.values())
    pairs = similar_pairs([lexicon.rows[index] for index in kept], RESEMBLANCE, CONTAINMENT, CONTAINED_SHINGLES)
    for members, linked in _groups(pairs):
        yield near_identical([corpus.stories[kept[member]] for member in members], linked)


def _groups(pairs: list[SimilarPair]) -> list[tuple[list[int], list[SimilarPair]]]:
    """Texts connected by pairs, with these pairs: connected components by union-find."""
    leader: dict[int, int] = {}

    def find(index: int) -> int:
        while (above := leader.setdefault(index, index)) != index:
            leader[index] = leader[above]
            index = above
        return index

    for pair in pairs:
        leader[find(pair.second)] = find(pair.first)
    members: dict[int, list[int]] = {}
    linked: dict[int, list[SimilarPair]] = {}
    for index in sorted(leader):
        members.setdefault(find(index), []).append(index)
    for pair in pairs:
        linked.setdefault(find(pair.first), []).append(pair)
    return [(members[top], linked[top]) for top in members]


def near_identical(stories: list[Story], pairs: list[SimilarPair]) -> Finding:
    """What is wrong with stories that `pairs` connect."""
    which = listed([story.path for story in stories])
    message = f"{which} {_how_alike(pairs)}; rewrite {'one' if len(stories) == 2 else 'all but one'}."
    return Finding(
        FindingKind.NEAR_IDENTICAL,
        Severity.WARNING,
        message,
        tuple(story.path for story in stories),
        common_concept(stories),
        common_scenario(stories),
    )


def _how_alike(pairs: list[SimilarPair]) -> str:
    lowest, highest = min(pair.resemblance for pair in pairs), max(pair.resemblance for pair in pairs)
    if lowest == 1:
        return "differ only in punctuation, spacing or capital letters"
    if highest < RESEMBLANCE:
        share = max(pair.containment for pair in pairs)
        return f"overlap: {100 * share:.0f} % of the shorter text stands in the longer one"
    low, high = f"{100 * lowest:.0f}", f"{100 * highest:.0f}"
    return f"share {high if low == high else f'{low} to {high}'} % of their phrases of five words"
