"""Words that the texts of a concept share and others do not have: how they end, how they start, the concept's name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, comb

import numpy as np

from caa_tui.corpus.findings.naming import texts_naming
from caa_tui.corpus.text import joined_words, words_of
from caa_tui.vectors.causes import LEVEL, Cause, CauseKind, Sign
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.groups import Group, Grouping, Indexes
from caa_tui.wording import count

LEAST_OWN = 0.5
"""Of the concept's different texts; at least 3 of them, or both of 2."""
MOST_OTHERS = 0.05
"""Of all other texts."""
LEAST_SHARE = 0.5 + (LEAST_OWN - MOST_OTHERS) / 2
LONGEST = 8
"""Words of an ending or a start."""
PHRASE = 3
"""From so many words on a start is looked at, and an ending is hardly chance."""
COMMON = 0.25
"""A word that stands in so many of the texts belongs to the syntax of a start."""
_BLANK = "…"


@dataclass(frozen=True, slots=True)
class Shared:
    """What some texts share, and a limit for its p-value."""

    words: tuple[str, ...]
    texts: frozenset[int]
    """Numbers of the text (`Grouping.text_ids`)."""
    limit: float


def shared_causes(rows: Sequence[StoryRow], grouping: Grouping, *, mean_pooling: bool = False) -> Iterator[Cause]:
    """Concepts whose texts end or start the same way, or name their concept, where the others do not.

    Fisher's exact test (1935), one-sided, of every shared ending against the concepts. Tests that no assignment of
    texts to concepts could make a finding of, because too few texts share the words, do not count as tests (Tarone
    1990, A modified Bonferroni method for discrete data).
    """
    texts = _different_texts(grouping)
    words = {text: words_of(rows[row].text) for text, row in texts.items()}
    sizes = [len(group.unique) for group in grouping.groups]
    endings, starts = _endings(words, sizes), _starts(words, sizes)
    names = _names(rows, texts, grouping, sizes)
    for group in grouping.groups:
        own, others = _sides(grouping, group)
        kinds: dict[CauseKind, Sequence[Shared]] = {
            "ending": endings,
            "start": starts,
            "name": names.get(group.concept, ()),
        }
        for kind, shared in kinds.items():
            found = _strongest(shared, own, others)
            if found is not None:
                yield _cause(kind, group, grouping, *found, (own, others), mean_pooling)


def needed(texts: int) -> int:
    """How many of a concept's different texts have to share the words."""
    return 2 if texts == 2 else max(3, ceil(texts * LEAST_OWN))


def upper_tail(found: int, own: int, having: int, texts: int) -> float:
    """Chance that at least `found` of the `having` texts are among `own` texts drawn from all (hypergeometric)."""
    ways = sum(comb(having, k) * comb(texts - having, own - k) for k in range(found, min(own, having) + 1))
    return ways / comb(texts, own)


def _different_texts(grouping: Grouping) -> dict[int, int]:
    """Number of the text -> its first row."""
    everything = np.concatenate([grouping.stories, grouping.baselines])
    return {int(grouping.text_ids[row]): int(row) for row in everything[::-1]}


def _sides(grouping: Grouping, group: Group) -> tuple[frozenset[int], frozenset[int]]:
    """Numbers of the concept's texts and of those it is compared with."""
    ids = grouping.text_ids
    return frozenset(ids[group.unique].tolist()), frozenset(ids[group.negatives].tolist())


def _endings(words: Mapping[int, list[str]], sizes: Sequence[int]) -> list[Shared]:
    """Short endings and phrases share the level, so that common last words do not drown a sentence."""
    short = ((found[-size:], text) for text, found in words.items() for size in range(1, min(PHRASE, len(found) + 1)))
    return [*_collected(short, sizes, LEVEL / 2), *_collected(_phrases(words, ends=True), sizes, LEVEL / 2)]


def _starts(words: Mapping[int, list[str]], sizes: Sequence[int]) -> list[Shared]:
    """The same first words, or the same syntax: the first words with all but the common ones left blank."""
    spread: dict[str, int] = {}
    for found in words.values():
        for word in set(found):
            spread[word] = spread.get(word, 0) + 1
    common = {word for word, texts in spread.items() if texts >= COMMON * len(words)}
    patterns = (
        ([word if word in common else _BLANK for word in found[:size]], text)
        for text, found in words.items()
        for size in range(PHRASE + 1, min(LONGEST, len(found)) + 1)
        if sum(word in common for word in found[:size]) >= PHRASE
    )
    level = LEVEL / 2
    return [*_collected(_phrases(words, ends=False), sizes, level), *_collected(patterns, sizes, level)]


def _phrases(words: Mapping[int, list[str]], *, ends: bool) -> Iterator[tuple[list[str], int]]:
    for text, found in words.items():
        for size in range(PHRASE, min(LONGEST, len(found)) + 1):
            yield (found[-size:] if ends else found[:size]), text


def _names(
    rows: Sequence[StoryRow], texts: Mapping[int, int], grouping: Grouping, sizes: Sequence[int]
) -> dict[str, list[Shared]]:
    """Concept -> its name with the texts that have it, whoever they belong to."""
    numbers = list(texts)
    naming = texts_naming([rows[row].text for row in texts.values()], [group.concept for group in grouping.groups])
    found = {
        group.concept: frozenset(numbers[place] for place in np.flatnonzero(naming[group.concept]))
        for group, size in zip(grouping.groups, sizes, strict=True)
        if naming[group.concept].sum() >= needed(size)
    }
    return {name: [Shared(tuple(words_of(name)), texts, LEVEL / len(found))] for name, texts in found.items()}


def _collected(found: Iterable[tuple[list[str], int]], sizes: Sequence[int], level: float) -> list[Shared]:
    """Words -> their texts; of words that stand in the same texts the longest. Bonferroni over all pairs of words and
    concepts that could be a finding."""
    texts: dict[tuple[str, ...], set[int]] = {}
    for words, text in found:
        texts.setdefault(tuple(words), set()).add(text)
    longest: dict[frozenset[int], tuple[str, ...]] = {}
    for key, members in texts.items():
        having = frozenset(members)
        if len(having) > 1 and len(key) > len(longest.get(having, ())):
            longest[having] = key
    tests = sum(len(having) >= needed(size) for having in longest for size in sizes if size > 1)
    return [Shared(key, having, level / max(tests, 1)) for having, key in longest.items()]


def _strongest(shared: Iterable[Shared], own: frozenset[int], others: frozenset[int]) -> tuple[Shared, float] | None:
    """The words with the smallest p-value among those that pass."""
    best: tuple[Shared, float] | None = None
    for one in shared:
        inside, outside = len(one.texts & own), len(one.texts & others)
        if len(own) < 2 or inside < needed(len(own)) or outside > MOST_OTHERS * len(others):
            continue
        p = upper_tail(inside, len(own), inside + outside, len(own) + len(others))
        if p <= one.limit and (best is None or (p, -len(one.words)) < (best[1], -len(best[0].words))):
            best = one, p
    return best


def _cause(
    kind: CauseKind,
    group: Group,
    grouping: Grouping,
    shared: Shared,
    p: float,
    sides: tuple[frozenset[int], frozenset[int]],
    mean_pooling: bool,
) -> Cause:
    own, others = sides
    inside, outside = len(shared.texts & own), len(shared.texts & others)
    quoted = f"“{joined_words(shared.words)}”"
    does = {"ending": "end with", "start": "start with", "name": "say"}[kind]
    beside = f"{outside} of the {len(others):,} others" if outside else f"none of the {len(others):,} others"
    finding = f"{inside} of its {count(len(own), 'different text')} {does} {quoted} and {beside}"
    having: Indexes = group.positives[np.isin(grouping.text_ids[group.positives], sorted(shared.texts))]
    reason = {"ending": "ends with", "start": "starts with", "name": "names its concept,"}[kind]
    return Cause(
        kind=kind,
        concept=group.concept,
        share=0.5 + (inside / len(own) - outside / max(len(others), 1)) / 2,
        least=LEAST_SHARE,
        p=p,
        finding=finding,
        advice=_advice(kind, mean_pooling),
        signs=tuple(Sign(int(row), 1.0, f"{reason} {quoted}") for row in having),
    )


def _advice(kind: CauseKind, mean_pooling: bool) -> str:
    if kind == "name":
        return "show the feeling without the word"
    if kind == "start":
        return "start each story differently"
    if mean_pooling:
        return "end each story differently, though with mean pooling the last words weigh little"
    return "end each story differently, since training looks at the last token"
