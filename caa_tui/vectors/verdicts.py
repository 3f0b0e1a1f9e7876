"""What may be said about a concept, and when nothing may.

Every question has a few possible truths. An answer is given only when the tests exclude the other truths, each at
`ALPHA`; so when an answer is wrong, a true hypothesis was excluded, which happens at most that often whatever the
number of stories. When they cannot be excluded, the answer is "cannot tell". docs/method.md has the measured rates.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from caa_tui.vectors.agreement import LEAST_AGREEMENT, Agreement
from caa_tui.vectors.data import StoryRow
from caa_tui.vectors.pairs import OWN_SHARE, SAME_COSINE, Mix, Pair
from caa_tui.vectors.sentences import number
from caa_tui.wording import count

ALPHA = 0.05
AGREES = 0.02
UNDIVIDED = 0.02
"""Random groups pass for an agreeing concept, and two camps for one direction, this often at most by the nulls. Real
stories are stronger or weaker than those the nulls are made of; at .05 each, generated camps passed for coherent up to
14 times in a hundred."""
SPLITS = 0.01
"""Random groups of texts pass for two camps this often."""

CohesionAnswer = Literal["coherent", "two camps", "no agreement", "cannot tell"]
TwinAnswer = Literal["one concept", "told apart", "cannot tell"]
MixAnswer = Literal["a mix", "of its own", "cannot tell"]
FRAGMENTED: tuple[CohesionAnswer, ...] = ("two camps", "no agreement")


@dataclass(frozen=True, slots=True)
class Cohesion:
    """Do the stories of one concept tell one thing?"""

    concept: str
    answer: CohesionAnswer
    reason: str
    camps: tuple[tuple[str, ...], ...] = ()
    """Story paths of each camp, the larger first; only for "two camps"."""


@dataclass(frozen=True, slots=True)
class Twin:
    """Are a concept and its nearest one two? "one concept" is what contaminated means held out."""

    concept: str
    other: str
    answer: TwinAnswer
    reason: str


@dataclass(frozen=True, slots=True)
class Redundancy:
    """Does a concept hold anything beside the mix of two others?"""

    concept: str
    parts: tuple[str, ...]
    answer: MixAnswer
    reason: str


def cohesion(found: Agreement, rows: Sequence[StoryRow]) -> Cohesion:
    """Coherent: more agreement than random groups have, and two unrelated camps excluded. Two camps: a split that
    random groups and a single direction do not have. No agreement: `LEAST_AGREEMENT` excluded."""
    if found.value is None or found.p is None or found.absent_p is None:
        return Cohesion(found.concept, "cannot tell", f"{_texts(found)} and what there is to compare with are too few.")
    value, split = _interval(found.value, found), found.split
    divided = split is not None and found.texts > 3 and _at_most(split.coherent_p, ALPHA)
    if split is not None and divided and _at_most(split.random_p, SPLITS) and not _at_most(split.camps_p, ALPHA):
        camps = tuple(tuple(rows[row].path for row in camp) for camp in split.camps)
        sizes = " and ".join(str(len(camp)) for camp in camps)
        reason = f"The stories fall into camps of {sizes}: {number(split.gain)} more alike within than across."
        return Cohesion(found.concept, "two camps", reason, camps)
    if _agrees(found) and not divided and (split is None or _at_most(split.camps_p, UNDIVIDED)):
        return Cohesion(found.concept, "coherent", f"The {_texts(found)} agree by {value} and show no camps.")
    if found.absent_p <= ALPHA and not _agrees(found) and not divided:
        limit = number(LEAST_AGREEMENT)
        return Cohesion(found.concept, "no agreement", f"The {_texts(found)} agree by {value}; {limit} is excluded.")
    return Cohesion(found.concept, "cannot tell", f"Agreement {value} at {_texts(found)} fits more than one answer.")


def twin(pair: Pair, own: Agreement, other: Agreement) -> Twin:
    """One concept: a true cosine of `SAME_COSINE` or less is excluded and both show a direction at all. Told apart: a
    common direction is excluded."""
    measured = f"The directions of {pair.concept} and {pair.other} are {number(min(pair.cosine, 1.0))} alike, noise out"
    same, apart = _agrees(own) and _agrees(other) and pair.distinct_p <= ALPHA, pair.one_p <= ALPHA
    if apart:
        close = f", so they are close but two: over {number(SAME_COSINE)}" if same else ": two concepts"
        return Twin(pair.concept, pair.other, "told apart", f"{measured}{close}.")
    if same:
        return Twin(pair.concept, pair.other, "one concept", f"{measured}: nothing tells their stories apart.")
    return Twin(pair.concept, pair.other, "cannot tell", f"{measured}: one concept and two both fit.")


def redundancy(mix: Mix, own: Agreement) -> Redundancy:
    """A mix: a share of its own of `OWN_SHARE` or more is excluded. Of its own: being nothing but the mix is."""
    parts = tuple(name for name, _ in mix.parts)
    share = f"{100 * min(max(mix.own, 0.0), 1.0):.0f} % of {mix.concept} is not {' and '.join(parts)}"
    if not _agrees(own):
        return Redundancy(mix.concept, parts, "cannot tell", f"{mix.concept} shows no direction of its own yet.")
    if mix.mixed_p <= ALPHA:
        return Redundancy(mix.concept, parts, "of its own", f"{share}.")
    if mix.own_p <= ALPHA:
        return Redundancy(mix.concept, parts, "a mix", f"{share}; {100 * OWN_SHARE:.0f} % or more is excluded.")
    return Redundancy(mix.concept, parts, "cannot tell", f"{share}, or anything from none to a lot.")


def _agrees(found: Agreement) -> bool:
    """More than random groups do, and enough to be called agreement."""
    return found.value is not None and found.value >= LEAST_AGREEMENT and _at_most(found.p, AGREES)


def _at_most(p: float | None, limit: float) -> bool:
    return p is not None and p <= limit


def _interval(value: float, found: Agreement) -> str:
    """`.21 (.05 to .33)`."""
    if found.low is None or found.high is None:
        return number(value)
    return f"{number(value)} ({number(found.low)} to {number(found.high)})"


def _texts(found: Agreement) -> str:
    return count(found.texts, "different text")
