"""What stands of a flag and of a concept once flags and tests are put together, in the words of every screen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import get_args

from caa_tui.vectors.flags import RULED, ConceptSummary, Flag, FlagKind, FlagReport, Verdict
from caa_tui.wording import count

KINDS: tuple[FlagKind, ...] = get_args(FlagKind)
"""In the order in which they are shown everywhere."""
LOW_IS_BAD: frozenset[FlagKind] = frozenset({"fragmented", "unreliable"})
"""Whose number is flagged when it is low; of the others when it is high."""
WORTH_READING = "worth reading"
"""A flag that tests do not confirm."""
_SOUND = {"stories": "coherent", "neighbour": "told apart", "mix": "of its own"}
"""What a verdict is about -> the answer of a concept that there is nothing to do about."""


@dataclass(frozen=True, slots=True)
class Measure:
    """The number of a flag (`flags.MEASURED`) and what it is held against."""

    value: float
    limit: float | None
    """fragmented: what chance gives; None where that is not known."""
    by_layer: Mapping[str, float | None]
    """The number at every target layer; empty where it does not depend on one."""


@dataclass(frozen=True, slots=True)
class Standing:
    """What can be said of a concept as a whole."""

    kinds: tuple[FlagKind, ...] = ()
    """Of its confirmed flags, in the order of `KINDS`."""
    clean: bool = False
    more: int | None = None
    """About how many more stories would settle what cannot be told; None: not known, or no number would."""

    @property
    def words(self) -> str:
        """`fragmented, unreliable`, `clean`, `cannot tell`, `cannot tell, about 7 more stories`."""
        if self.kinds:
            return ", ".join(self.kinds)
        if self.clean:
            return "clean"
        more = count(self.more, "more story", "more stories") if self.more else ""
        return f"cannot tell, about {more}" if more else "cannot tell"

    @property
    def brief(self) -> str:
        """In a column: `fragmented +1`, `clean`, `cannot tell`, `cannot tell, +7`."""
        if self.kinds:
            return self.kinds[0] + (f" +{len(self.kinds) - 1}" if len(self.kinds) > 1 else "")
        return f"cannot tell, +{self.more}" if self.more and not self.clean else self.words


def measure(flag: Flag, report: FlagReport | None) -> Measure:
    """The number a flag is about. A fragmented one of an older version has the first-PC share; its concept has both."""
    summary = summary_of(report, flag.concept) if flag.kind == "fragmented" else None
    key = str(flag.layer)
    agreement = summary.agreement.get(key) if summary else None
    if summary is None or agreement is None:
        return Measure(flag.value, flag.threshold, flag.by_layer)
    return Measure(agreement, summary.chance.get(key), summary.agreement)


def summary_of(report: FlagReport | None, concept: str) -> ConceptSummary | None:
    """The numbers of a concept; None when it has no vector."""
    return next((one for one in report.concepts if one.concept == concept), None) if report else None


def sureness(flag: Flag) -> str:
    """`confirmed`, or that it is worth reading."""
    return "confirmed" if flag.confirmed else WORTH_READING


def sureness_sentence(flag: Flag) -> str:
    """By the reference's rule, by tests, by both."""
    if flag.confirmed and flag.kind not in RULED:
        return "Confirmed by tests."
    if flag.confirmed:
        rule = "the reference's rule says so too" if flag.by_rule else "the reference's rule does not see it"
        return f"Confirmed by tests; {rule}."
    if flag.kind in RULED and flag.by_rule:
        return "Worth reading, not proven: the reference's rule says so, tests do not confirm it."
    return "Worth reading, not proven: tests cannot be sure of it."


def standings(report: FlagReport) -> dict[str, Standing]:
    """Of every concept with a vector.

    Confirmed flags speak first. Clean: tests say that its stories are coherent, that it is told apart from its nearest
    and that it is no mix, and no flag asks to be read that those tests do not answer. Otherwise it cannot be told.
    """
    verdicts: dict[str, list[Verdict]] = {}
    for verdict in report.verdicts:
        verdicts.setdefault(verdict.concept, []).append(verdict)
    flags: dict[str, list[Flag]] = {}
    for flag in report.flags:
        flags.setdefault(flag.concept, []).append(flag)
    concepts = (summary.concept for summary in report.concepts)
    return {concept: _standing(flags.get(concept, []), verdicts.get(concept, [])) for concept in concepts}


def _standing(flags: list[Flag], verdicts: list[Verdict]) -> Standing:
    confirmed = {flag.kind for flag in flags if flag.confirmed}
    if confirmed:
        return Standing(tuple(kind for kind in KINDS if kind in confirmed))
    sound = [verdict.answer == _SOUND[verdict.about] for verdict in verdicts]
    # An unconfirmed flag of the reference's rules is a question that the sound verdicts have answered.
    if sound and all(sound) and all(flag.kind in RULED for flag in flags):
        return Standing(clean=True)
    open_questions = [verdict for verdict in verdicts if verdict.answer == "cannot tell" and verdict.plan is not None]
    counts = [verdict.more for verdict in open_questions]
    known = [number for number in counts if number is not None]
    return Standing(more=max(known) if known and len(known) == len(counts) else None)
