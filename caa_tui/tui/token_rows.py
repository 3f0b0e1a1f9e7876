"""Tokens as lines of running text, and each token's number as one of seven levels: pure functions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray
from rich.cells import cell_len, chop_cells

from caa_tui.text_safety import printable
from caa_tui.tui.theme import Glyphs

STEEPEST = 3
"""Levels on each side of the middle."""
USUAL_SHARE = 95
"""Percent of the tokens that lie within the scale; beyond it every token has the outermost level."""

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Piece:
    """A token, or the part of it that fits a line, where it is drawn."""

    token: int
    text: str
    """As it is drawn, without the blanks before it."""
    column: int
    """Of its first cell."""

    @property
    def end(self) -> int:
        return self.column + cell_len(self.text)


Line = tuple[Piece, ...]


def laid_out(tokens: Sequence[str], width: int, glyphs: Glyphs) -> tuple[Line, ...]:
    """The tokens as text of at most `width` cells a line, broken between words and after a newline."""
    lines: list[list[Piece]] = [[]]
    column = 0
    for word in _words(tokens):
        needed = sum(cell_len(_drawn(tokens[token], glyphs)) for token in word)
        if column and column + needed > width and needed <= width:
            lines.append([])
            column = 0
        for token in word:
            text = _drawn(tokens[token], glyphs)
            bare = text.lstrip(" ")
            column += len(text) - len(bare) if column else 0
            for part in chop_cells(bare, width):
                if column + cell_len(part) > width:
                    lines.append([])
                    column = 0
                lines[-1].append(Piece(token, part, column))
                column += cell_len(part)
            if "\n" in tokens[token]:
                lines.append([])
                column = 0
    return tuple(tuple(line) for line in lines if line)


def _words(tokens: Sequence[str]) -> Iterator[list[int]]:
    """Runs of tokens that are not to be torn apart."""
    word: list[int] = []
    for token, text in enumerate(tokens):
        if word and (text[:1].isspace() or tokens[token - 1].endswith("\n")):
            yield word
            word = []
        word.append(token)
    if word:
        yield word


def _drawn(text: str, glyphs: Glyphs) -> str:
    """A token's own signs; what would not be seen has a sign of its own."""
    if not text.strip(" "):
        return glyphs.blank * max(1, len(text))
    return printable(text.replace("\n", glyphs.newline))


def token_name(text: str, glyphs: Glyphs, longest: int = 24) -> str:
    """A token on its own, quoted, its blanks in view as they are."""
    seen = _drawn(text, glyphs)
    return f"“{seen if len(seen) <= longest else seen[: longest - len(glyphs.ellipsis)] + glyphs.ellipsis}”"


def middle(values: Numbers, apart: Sequence[int]) -> float:
    """The median of the tokens that are not `apart`; 0 when none has a number."""
    usual = _usual(values, apart)
    return float(np.median(usual)) if usual.size else 0.0


def step_of(values: Numbers, apart: Sequence[int]) -> float:
    """The width of a level: the smallest of 1, 2, 5, 10, 20, … with which three of them reach as far from 0 as
    `USUAL_SHARE` percent of the tokens that are not `apart`."""
    usual = np.abs(_usual(values, apart))
    reach = float(np.percentile(usual, USUAL_SHARE)) if usual.size else 0.0
    steps = (digit * 10**power for power in count() for digit in (1, 2, 5))
    return float(next(step for step in steps if STEEPEST * step >= reach))


def level_of(value: float, step: float) -> int:
    """-3 to 3: how many whole steps from 0, the outermost for all that is further; 0 for no number."""
    if not np.isfinite(value):
        return 0
    steps = min(STEEPEST, int(abs(value) / step))
    return steps if value > 0 else -steps


def strongest(values: Numbers, apart: Sequence[int]) -> tuple[int, ...]:
    """The tokens that are not `apart`, the highest first; those without a number come last."""
    order = np.argsort(-values, kind="stable")
    return tuple(int(token) for token in order if int(token) not in set(apart))


def _usual(values: Numbers, apart: Sequence[int]) -> Numbers:
    kept = np.delete(values, list(apart))
    found: Numbers = kept[np.isfinite(kept)]
    return found
