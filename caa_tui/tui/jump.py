"""Where jump mode can go from here, which letter leads there, and where the letter stands: no widget of its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Protocol, runtime_checkable

from textual.geometry import Offset, Region
from textual.screen import Screen
from textual.widget import Widget

LETTERS = "asdfghjklqwertyuiopzxcvbnm"
"""The home row first."""
LABEL = 3
"""Columns of a letter with its brackets."""


@dataclass(frozen=True, slots=True)
class Spot:
    """Something on the screen that can be jumped to."""

    region: Region
    """Where it is, in screen coordinates; its letter stands inside."""
    go: Callable[[], object]
    wish: str = ""
    """The letter it would like."""


@runtime_checkable
class HasSpots(Protocol):
    """A widget with several places in it, for example tabs."""

    def jump_spots(self) -> Iterable[Spot]:
        """Its places, left to right."""


@dataclass(frozen=True, slots=True)
class Target:
    """A spot with its letter and the place of the label."""

    letter: str
    offset: Offset
    go: Callable[[], object]


def targets(screen: Screen[object]) -> tuple[Target, ...]:
    """Every part of a screen that is in view, from the top down and from left to right."""
    spots = sorted(_spots(screen), key=lambda spot: (spot.region.y, spot.region.x))
    # What does not fit, or has no letter left, is reached with Tab as ever.
    room = [(spot, offset) for spot, offset in zip(spots, places(spots), strict=True) if offset is not None]
    letters = assign([spot.wish for spot, _ in room])
    return tuple(
        Target(letter, offset, spot.go) for (spot, offset), letter in zip(room, letters, strict=True) if letter
    )


def _spots(screen: Screen[object]) -> Iterator[Spot]:
    for widget in screen.walk_children(Widget):
        seen = screen.find_widget(widget).visible_region if widget.is_on_screen else Region()
        if not seen:
            continue
        if isinstance(widget, HasSpots):
            yield from (replace(spot, region=spot.region.intersection(seen)) for spot in widget.jump_spots())
        elif widget.focusable:
            yield Spot(seen, partial(screen.set_focus, widget), getattr(widget, "JUMP_KEY", ""))


def places(spots: Sequence[Spot]) -> list[Offset | None]:
    """A place inside each spot's region where its label covers no other label; None: there is none."""
    taken: list[Region] = []
    found: list[Offset | None] = []
    for spot in spots:
        place = next((place for place in _corners(spot.region) if not any(map(place.overlaps, taken))), None)
        if place is not None:
            taken.append(place)
        found.append(place.offset if place else None)
    return found


def _corners(region: Region) -> Iterator[Region]:
    """Places for a label in a region, the upper left one first, line by line."""
    for y in range(region.y, region.bottom):
        for x in range(region.x, region.right - LABEL + 1, LABEL):
            yield Region(x, y, LABEL, 1)


def assign(wishes: Sequence[str]) -> list[str]:
    """A letter each: the wish where it is free, else the next letter of the home row; empty when all are used."""
    wished: list[str] = []
    for wish in wishes:
        wished.append(wish if wish in LETTERS and wish not in wished else "")
    free = (letter for letter in LETTERS if letter not in wished)
    return [wish or next(free, "") for wish in wished]


def tab_spots(offset: Offset, words: Iterable[tuple[str, Callable[[], object]]], gap: int) -> Iterator[Spot]:
    """The words of a line of tabs; the label stands in the gap before a word, or on the first word's beginning."""
    x = offset.x
    for word, go in words:
        start = max(0, x - gap)
        yield Spot(Region(start, offset.y, max(LABEL, x + len(word) - start), 1), go)
        x += len(word) + gap
