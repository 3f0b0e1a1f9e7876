"""Headings of three letters over three for the columns of the matrix: short, and no two alike."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count, pairwise

from caa_tui.tui.content import fit

Heading = tuple[str, str]
"""What stands in the two lines, each three cells wide."""

WIDTH = 3
STORIES: Heading = ("sto", "rie")
"""Over `stories/`, which is no scenario."""

_FILLING = frozenset({"the", "a", "an", "at", "in", "of"})
_WORDS = re.compile(r"[^\W_]+")
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def short_headings(names: Sequence[str]) -> dict[str, Heading]:
    """Name -> heading: `kit` over `3am`; where two would be equal, letters or digits that tell them apart.

    A way of shortening is kept for the names it makes unique; the others are tried with the next way.
    """
    found: dict[str, Heading] = {}
    taken = {STORIES}
    open_names = list(names)
    for shorten in _ways(names):
        candidates = {name: shorten(name) for name in open_names}
        often = Counter(candidates.values())
        unique = {name: heading for name, heading in candidates.items() if often[heading] == 1 and heading not in taken}
        found |= unique
        taken |= set(unique.values())
        open_names = [name for name in open_names if name not in unique]
        if not open_names:
            break
    return found | _numbered(open_names, taken)


def _ways(names: Sequence[str]) -> Iterator[Callable[[str], Heading]]:
    """From the easiest to read to the most telling."""
    differing = _first_difference(names)
    yield _word_and_ending
    yield lambda name: _heading(_words(name)[0], name[differing[name] :].strip("_- "))
    yield lambda name: _heading(_words(name)[0], "".join(word[0] for word in _words(name)[1:]))
    yield lambda name: _heading(name[:-WIDTH][-WIDTH:], name[-WIDTH:])


def _word_and_ending(name: str) -> Heading:
    """The first word over the last one or over a number, whose thousands go up: `sc1` over `100`."""
    words = _words(name)
    number = re.search(r"\d+$", name)
    if number and number[0] != name:
        thousands = number[0][:-WIDTH][-2:]
        return _heading(words[0][: WIDTH - len(thousands)] + thousands, number[0][-WIDTH:])
    return _heading(words[0], words[-1] if len(words) > 1 else words[0][WIDTH:])


def _heading(above: str, below: str) -> Heading:
    return fit(above, WIDTH, ""), fit(below, WIDTH, "")


def _words(name: str) -> list[str]:
    """The words that say something; never empty."""
    words = _WORDS.findall(name)
    return [word for word in words if word not in _FILLING] or words or [name]


def _first_difference(names: Sequence[str]) -> dict[str, int]:
    """Where each name begins to differ from the one most like it."""
    ordered = sorted(names)
    shared = [_shared(*pair) for pair in pairwise(ordered)]
    return {name: max([0, *shared[max(0, place - 1) : place + 1]]) for place, name in enumerate(ordered)}


def _shared(one: str, other: str) -> int:
    """Letters that both begin with."""
    pairs = enumerate(zip(one, other, strict=False))
    return next((place for place, (a, b) in pairs if a != b), min(len(one), len(other)))


def _numbered(names: Sequence[str], taken: set[Heading]) -> dict[str, Heading]:
    """The beginning over a number, for names that nothing short tells apart."""
    found: dict[str, Heading] = {}
    numbers = count(1)
    for name in names:
        heading = next(one for number in numbers if (one := _heading(name, _base36(number))) not in taken)
        found[name] = heading
    return found


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, last = divmod(number, 36)
        digits = _DIGITS[last] + digits
    return digits
