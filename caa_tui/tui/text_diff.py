"""Two versions of a text as lines for the screen: what only one has is signed and underlined."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from textual.content import Content

from caa_tui.corpus.word_diff import Spans, WordDiff, word_diff
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs

SIGNS = {"-": "$error", "+": "$success"}
"""`-` only in the first text, `+` only in the second."""
SHOWN_LINES = 400
COMPARED_SENTENCES = 2_000
"""The dialog opens on the event loop, and comparing more would take seconds."""
_SENTENCE_GAP = re.compile(r"(?<=[.!?…])[ ]+|\n")
"""A story is often one long line, so a diff of lines would say nothing."""
_CONTEXT = 1
"""Sentences that are the same, shown beside one that is not."""


@dataclass(frozen=True, slots=True)
class _Version:
    """A text cut into sentences; `spans` is what only it has."""

    text: str
    sentences: tuple[tuple[int, int], ...]
    spans: Spans

    @classmethod
    def of(cls, text: str, spans: Spans) -> _Version:
        starts = [0, *(gap.end() for gap in _SENTENCE_GAP.finditer(text))]
        ends = [*(gap.start() for gap in _SENTENCE_GAP.finditer(text)), len(text)]
        return cls(text, tuple(zip(starts, ends, strict=True)), spans)

    def words(self) -> list[str]:
        return [self.text[start:end] for start, end in self.sentences]

    def line(self, sign: str, sentence: int) -> Content:
        start, end = self.sentences[sentence]
        style = SIGNS.get(sign, "$foreground 70%")
        content = plain(self.text[start:end], style)
        for one, two in self.spans if sign in SIGNS else ():
            if two > start and one < end:
                content = content.stylize("bold underline", max(0, one - start), min(end, two) - start)
        return Content.styled(f"{sign} ", style) + content


def differing(one: str, other: str) -> tuple[Content, Content]:
    """Both texts whole, the words that only one has underlined: to stand side by side."""
    left, right = _spans(word_diff(one, other))
    return _whole(one, left), _whole(other, right)


def unified(one: str, other: str, glyphs: Glyphs) -> Iterator[Content]:
    """The sentences that differ, one below the other, with a little of what is around them."""
    left, right = _spans(word_diff(one, other))
    before, after = _Version.of(one, left), _Version.of(other, right)
    old, new = before.words(), after.words()
    matcher = SequenceMatcher(None, old[:COMPARED_SENTENCES], new[:COMPARED_SENTENCES])
    shown = 0
    for place, group in enumerate(matcher.get_grouped_opcodes(_CONTEXT)):
        for line in _group(before, after, group, gap=plain(glyphs.ellipsis) if place else None):
            if shown == SHOWN_LINES:
                yield Content("and more")
                return
            shown += 1
            yield line
    if max(len(old), len(new)) > COMPARED_SENTENCES:
        yield Content("and what comes later, which is not compared")


def _group(
    before: _Version, after: _Version, group: Sequence[tuple[str, int, int, int, int]], gap: Content | None
) -> Iterator[Content]:
    if gap is not None:
        yield gap
    for tag, i1, i2, j1, j2 in group:
        if tag == "equal":
            yield from (before.line(" ", sentence) for sentence in range(i1, i2))
        else:
            yield from (before.line("-", sentence) for sentence in range(i1, i2))
            yield from (after.line("+", sentence) for sentence in range(j1, j2))


def _spans(diff: WordDiff | None) -> tuple[Spans, Spans]:
    return (diff.only_left, diff.only_right) if diff else ((), ())


def _whole(text: str, spans: Spans) -> Content:
    content = plain(text)
    for start, end in spans:
        content = content.stylize("bold underline", start, end)
    return content
