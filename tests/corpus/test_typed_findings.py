"""A text against the indexed corpus: the same verdicts as a scan with that text on disk."""

from __future__ import annotations

import random
import time
from pathlib import Path

import pytest

from caa_tui.corpus.findings.checks import check_stories
from caa_tui.corpus.findings.typed import StoryIndex
from caa_tui.corpus.model import Corpus, Finding, FindingKind, Story
from caa_tui.corpus.text import count_words, sha256

KINDS = {FindingKind.IDENTICAL, FindingKind.NEAR_IDENTICAL, FindingKind.SHARED_LAST_SENTENCE}
WORDS = [f"w{number}" for number in range(400)]


def told(path: str, text: str) -> Story:
    _, scenario, name = path.split("/")
    concept = None if name == "baseline.txt" else name.removesuffix(".txt")
    return Story(path, concept, scenario, text, sha256(text.encode()), "", count_words(text))


def corpus_of(count: int, words: int = 60) -> Corpus:
    source = random.Random(5)
    stories = [
        told(f"paired/s{number % 5}/c{number // 5:03}.txt", " ".join(source.choices(WORDS, k=words)) + ".")
        for number in range(count)
    ]
    return Corpus(root=Path("/"), stories=tuple(sorted(stories, key=lambda story: story.path)), scenarios=())


def scanned(corpus: Corpus, typed: Story) -> list[Finding]:
    """What a scan would say about the file, were the text on disk."""
    stories = [*(story for story in corpus.stories if story.path != typed.path), typed]
    whole = Corpus(root=corpus.root, stories=tuple(sorted(stories, key=lambda story: story.path)), scenarios=())
    return [found for found in check_stories(whole) if found.kind in KINDS and typed.path in found.paths]


def typed_over(corpus: Corpus, place: int, text: str) -> tuple[list[Finding], list[Finding]]:
    typed = told(corpus.stories[place].path, text)
    return list(StoryIndex.of(corpus).findings(typed)), scanned(corpus, typed)


@pytest.mark.parametrize(
    ("change", "kinds"),
    [
        (lambda text: text, {FindingKind.IDENTICAL}),
        (lambda text: text.upper(), {FindingKind.NEAR_IDENTICAL, FindingKind.SHARED_LAST_SENTENCE}),
        (lambda text: "Rain. " + text, {FindingKind.NEAR_IDENTICAL, FindingKind.SHARED_LAST_SENTENCE}),
        (lambda text: text + " Rain.", {FindingKind.NEAR_IDENTICAL}),
        (lambda text: " ".join(text.split()[:40]) + ".", {FindingKind.NEAR_IDENTICAL}),
        (lambda text: " ".join(text.split()[:4]) + ".", set()),
        (lambda text: "Snow fell on unknown roofs.", set()),
    ],
    ids=["copy", "capitals", "longer", "other end", "part", "four words", "own"],
)
def test_it_says_what_a_scan_would_say(change: object, kinds: set[FindingKind]) -> None:
    assert callable(change)
    corpus = corpus_of(40)
    live, later = typed_over(corpus, 3, change(corpus.stories[20].text))
    assert {found.kind for found in live} == {found.kind for found in later} == kinds
    for one, other in zip(sorted(live, key=lambda f: f.kind), sorted(later, key=lambda f: f.kind), strict=True):
        assert set(one.paths) == set(other.paths)
        assert one.paths[0] == corpus.stories[3].path
        assert one.severity is other.severity


def test_the_text_on_disk_is_not_its_own_copy() -> None:
    corpus = corpus_of(10)
    assert typed_over(corpus, 3, corpus.stories[3].text) == ([], [])


def test_an_index_made_from_an_earlier_one_is_the_same() -> None:
    before = StoryIndex.of(corpus_of(20))
    corpus = corpus_of(30)
    typed = told("paired/s0/new.txt", corpus.stories[25].text + " Rain.")
    fresh, grown = StoryIndex.of(corpus), StoryIndex.of(corpus, before)
    assert grown.findings(typed) == fresh.findings(typed)
    assert grown.findings(typed)
    assert grown.shingles.keys() == fresh.shingles.keys()


def test_a_look_costs_less_than_a_key_may() -> None:
    corpus = corpus_of(1000, words=120)
    index = StoryIndex.of(corpus)
    typed = told("paired/s0/new.txt", corpus.stories[500].text + " Rain.")
    spent = []
    for _ in range(9):
        began = time.perf_counter()
        assert index.findings(typed)
        spent.append(time.perf_counter() - began)
    assert min(spent) < 0.005
