"""What a concept's texts share beside their feeling: one cause, and what all tests for causes have in common."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

CauseKind = Literal["length", "projection", "ending", "start", "name", "words"]

FALSE_ALARMS = 0.05
"""Chance that any concept of a corpus is named although nothing but its feeling sets it apart."""
LEVEL = FALSE_ALARMS / 6
"""Of one kind of cause in a whole corpus (Bonferroni over the six kinds)."""


@dataclass(frozen=True, slots=True)
class Sign:
    """What the cause is in one story."""

    row: int
    score: float
    """As `flags.Evidence.score` says for confounded."""
    reason: str


@dataclass(frozen=True, slots=True)
class Cause:
    """Something other than the feeling that tells a concept's stories from the rest."""

    kind: CauseKind
    concept: str
    share: float
    """Of (story, other text) pairs that it tells apart, 0.5 to 1; ties count half."""
    least: float
    """The smallest share that is named."""
    p: float
    """Of this one test; it is named when at most `LEVEL` divided by the number of tests of its kind."""
    finding: str
    """What is the matter, a sentence without its full stop."""
    advice: str
    """What to do, a clause without its full stop."""
    signs: tuple[Sign, ...]
    """The concept's stories that show it, the worst first."""


def limit(concepts: int) -> float:
    """The largest p-value at which one of so many concepts is named by a kind of cause."""
    return LEVEL / max(concepts, 1)


def worst_first(signs: Sequence[Sign]) -> tuple[Sign, ...]:
    return tuple(sorted(signs, key=lambda sign: (-sign.score, sign.row)))
