"""Accepted flags against a report: which leave the list, and which come back because they got worse."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Literal

from caa_tui.corpus.model import Acceptance
from caa_tui.vectors.flags import Flag, FlagReport
from caa_tui.vectors.sentences import number
from caa_tui.vectors.standing import LOW_IS_BAD

WORSE = 0.05
"""An accepted flag comes back when its number moved by more than this in the bad direction: about the noise between
two trainings of an edited corpus, so rewording a story alone does not bring it back."""

Standing = Literal["accepted", "came back", "not flagged"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One acceptance and the flag it is about."""

    acceptance: Acceptance
    flag: Flag | None
    """None: the report does not flag it."""
    worse: str = ""
    """Why it came back; empty while it stays accepted."""

    @property
    def standing(self) -> Standing:
        if self.flag is None:
            return "not flagged"
        return "came back" if self.worse else "accepted"


def judge(report: FlagReport | None, accepted: Iterable[Acceptance]) -> tuple[Judged, ...]:
    """Every acceptance with its flag, in the order given."""
    flags: dict[tuple[str, str], Flag] = {(flag.concept, flag.kind): flag for flag in (report.flags if report else ())}
    found = []
    for acceptance in accepted:
        flag = flags.get(acceptance.key)
        worse = "" if flag is None or report is None else _worse(flag, report, acceptance)
        found.append(Judged(acceptance, flag, worse))
    return tuple(found)


def open_flags(report: FlagReport | None, judged: Iterable[Judged]) -> tuple[Flag, ...]:
    """The flags of a report without the accepted ones, in its order."""
    settled = {one.acceptance.key for one in judged if one.standing == "accepted"}
    return tuple(flag for flag in (report.flags if report else ()) if (flag.concept, flag.kind) not in settled)


def acceptance_of(flag: Flag, report: FlagReport, texts: Mapping[str, str], reason: str, today: date) -> Acceptance:
    """The entry for a flag; `texts`: path -> text hash of the stories of its run, of which the concerned are kept."""
    told = {evidence.path for evidence in flag.evidence}
    if flag.kind != "mislabelled":  # there the named stories are what is accepted
        told |= {path for path in texts if path.endswith(f"/{flag.concept}.txt")}
    agreement = _agreement(flag, report) if flag.kind == "fragmented" else None
    return Acceptance(
        concept=flag.concept,
        kind=flag.kind,
        reason=reason,
        date=today,
        layer=flag.layer,
        value=round(flag.value, 4),
        agreement=None if agreement is None else round(agreement, 4),
        neighbour=flag.neighbour,
        stories={path: texts[path] for path in sorted(told & texts.keys())},
    )


def _worse(flag: Flag, report: FlagReport, acceptance: Acceptance) -> str:
    """Why the acceptance does not hold any more, as the end of a sentence; empty when it does.

    fragmented: its agreement fell (the flag's own number where that is not known); unreliable: its number fell. The
    others: their number rose; besides, contaminated: the neighbour is another one; mislabelled: another story is named.
    """
    if flag.kind == "mislabelled":
        if another := next((one.path for one in flag.evidence if one.path not in acceptance.stories), None):
            return f"another story is named, {another}"
    elif acceptance.neighbour is not None and flag.neighbour != acceptance.neighbour:
        return f"it is now told like {flag.neighbour}, not like {acceptance.neighbour}"
    if flag.kind not in LOW_IS_BAD:
        return _moved("its number rose", acceptance.value, flag.value, flag.value - acceptance.value)
    agreement = _agreement(flag, report)
    if flag.kind != "fragmented" or agreement is None or acceptance.agreement is None:
        return _moved("its number fell", acceptance.value, flag.value, acceptance.value - flag.value)
    return _moved("its agreement fell", acceptance.agreement, agreement, acceptance.agreement - agreement)


def _moved(what: str, before: float, now: float, by: float) -> str:
    return "" if by <= WORSE else f"{what} from {number(before)} to {number(now)}"  # NaN, by hand, hides nothing


def _agreement(flag: Flag, report: FlagReport) -> float | None:
    summary = next((one for one in report.concepts if one.concept == flag.concept), None)
    return summary.agreement.get(str(flag.layer)) if summary else None
