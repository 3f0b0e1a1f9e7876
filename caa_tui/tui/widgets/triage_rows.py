"""What the views of one kind of flag list, as rows of text: pure functions of the newest and the previous report."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from caa_tui.tui.theme import Glyphs, decimal, sparkline
from caa_tui.tui.widgets.rows import Cell, Column, Parting, Row
from caa_tui.tui.workspace import RunState
from caa_tui.vectors.flags import ConceptSummary, Flag, FlagKind
from caa_tui.vectors.standing import KINDS, LOW_IS_BAD, WORTH_READING, measure, summary_of, sureness

View = Literal[
    "fragmented",
    "contaminated",
    "redundant",
    "mislabelled",
    "confounded",
    "scenario-bound",
    "unreliable",
    "all",
    "accepted",
]
VIEWS: dict[View, str] = {**{kind: kind.capitalize() for kind in KINDS}, "all": "All", "accepted": "Accepted"}
SHORT: dict[View, str] = {
    "fragmented": "Frag",
    "contaminated": "Contam",
    "redundant": "Redun",
    "mislabelled": "Mislab",
    "confounded": "Conf",
    "scenario-bound": "Bound",
    "unreliable": "Unrel",
    "all": "All",
    "accepted": "Acc",
}
"""Where there is not room for the words: nine of them with two digits each in 80 columns."""
NUMBER: dict[FlagKind, str] = {
    "fragmented": "agree",
    "contaminated": "cosine",
    "redundant": "R²",
    "mislabelled": "margin",
    "confounded": "share",
    "scenario-bound": "lost",
    "unreliable": "expected",
}
"""Title of the column of each kind's number (`flags.MEASURED`); method.md has the formulas."""
NOT_PROVEN = "not proven, worth reading"
LAYERS_SHOWN = 12
"""A sparkline of more layers skips some."""

_CONCEPT = Column("concept", 14)
_RULE = Column("rule", 4, drop=6)
_HELD_OUT = Column("held out", 8, right=True, drop=8)
_OWN_COLUMNS: dict[FlagKind, tuple[Column, ...]] = {
    "fragmented": (
        Column("chance", 6, right=True, drop=2),
        _HELD_OUT,
        Column("first PC", 8, right=True, drop=7),
        _RULE,
    ),
    "contaminated": (Column("limit", 6, right=True), Column("close to", 14), _RULE),
    "redundant": (Column("limit", 6, right=True), Column("a mix of", 18, drop=4), _RULE),
    "mislabelled": (Column("looks like", 12), Column("worst story", 14, stretch=True)),
    "confounded": (Column("limit", 6, right=True, drop=2), Column("because", 12, stretch=True)),
    "scenario-bound": (
        Column("limit", 6, right=True, drop=2),
        _HELD_OUT,
        Column("elsewhere", 9, right=True, drop=6),
        Column("scen", 4, right=True, drop=7),
    ),
    "unreliable": (Column("limit", 6, right=True, drop=2), _HELD_OUT),
}
"""What stands between the number and the story count."""


@dataclass(frozen=True, slots=True)
class Listing:
    """What a view shows."""

    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    parting: Parting | None = None
    """Above the first row that is not proven."""


def flag_key(flag: Flag) -> str:
    """Names the row of a flag; stays the same from run to run."""
    return f"{flag.kind}:{flag.concept}"


def flags_of(flags: Iterable[Flag], kind: FlagKind, needle: str = "") -> list[Flag]:
    """The flags of a kind whose concept or neighbour contains the filter, in the order given: confirmed first."""
    return [flag for flag in flags if flag.kind == kind and _fits(flag, needle.lower())]


def _fits(flag: Flag, needle: str) -> bool:
    names = [flag.concept, flag.neighbour or "", *(name for name, _ in flag.contributors)]
    return any(needle in name.lower() for name in names)


def sort_titles(view: View) -> tuple[str, ...]:
    """Columns that the sort key goes through, `""` for the order as judged; a click takes any."""
    match view:
        case "all":
            return ("", "verdict", "n", "agree", "held out", "nearest", "R²")
        case "accepted":
            return ("", "concept", "date")
        case _:
            return ("", "concept", NUMBER[view], "change")


def flag_listing(kind: FlagKind, runs: RunState, needle: str, glyphs: Glyphs) -> Listing:
    """Columns and rows of the flags of a kind, and where those begin that tests do not confirm."""
    flags = flags_of(runs.flags, kind, needle)
    layers = max((len(measure(flag, runs.report).by_layer) for flag in flags), default=0)
    columns = (
        _CONCEPT,
        Column(NUMBER[kind], max(6, len(NUMBER[kind])), right=True),
        *_OWN_COLUMNS[kind],
        Column("n", 3, right=True, drop=3),
        *((Column("layers", max(6, min(layers, LAYERS_SHOWN)), drop=5),) if layers else ()),
        Column("change", 6, right=True, drop=1),
        Column("status", len(WORTH_READING)),
    )
    rows = tuple(_flag_row(flag, runs, glyphs, layers=bool(layers)) for flag in flags)
    return Listing(columns, rows, _parting(flags))


def _parting(flags: Sequence[Flag]) -> Parting | None:
    """None where all are confirmed."""
    first = next((place for place, flag in enumerate(flags) if not flag.confirmed), None)
    return None if first is None else Parting(first, NOT_PROVEN)


def _flag_row(flag: Flag, runs: RunState, glyphs: Glyphs, *, layers: bool) -> Row:
    """Dim where it is not confirmed, besides what the row says in words."""
    found = measure(flag, runs.report)
    cells = [
        Cell(flag.concept),
        Cell(judged(flag, runs, glyphs), "accent", found.value),
        *_own_cells(flag, runs, glyphs),
        Cell(str(flag.stories), value=flag.stories),
        *((Cell(_spark(list(found.by_layer.values()), glyphs), "dim"),) if layers else ()),
        change(flag, runs, glyphs),
    ]
    if not flag.confirmed:
        cells = [replace(cell, tone="dim") for cell in cells]
    return Row(flag_key(flag), (*cells, _status(flag, runs)))


def _spark(values: list[float | None], glyphs: Glyphs) -> str:
    """At most `LAYERS_SHOWN` of them, evenly spread, the first and the last among them."""
    if len(values) > LAYERS_SHOWN:
        steps = LAYERS_SHOWN - 1
        values = [values[round(place * (len(values) - 1) / steps)] for place in range(LAYERS_SHOWN)]
    return sparkline(values, 0.0, 1.0, glyphs)


def _status(flag: Flag, runs: RunState) -> Cell:
    if (flag.concept, flag.kind) in runs.came_back:
        return Cell("came back", "accent")
    return Cell(sureness(flag), "" if flag.confirmed else "dim")


def _own_cells(flag: Flag, runs: RunState, glyphs: Glyphs) -> tuple[Cell, ...]:
    """The cells of `_OWN_COLUMNS`."""
    summary, key, rule = summary_of(runs.report, flag.concept), str(flag.layer), Cell("yes" if flag.by_rule else "no")
    held_out = number(summary.held_out.get(key) if summary else None, glyphs)
    limited = Cell(limit(flag, glyphs), "dim", flag.threshold)
    match flag.kind:
        case "fragmented":
            return (_chance(summary, key, glyphs), held_out, _first_pc(summary, key, glyphs), rule)
        case "contaminated":
            return (limited, Cell(flag.neighbour or glyphs.gone), rule)
        case "redundant":
            return (limited, Cell(", ".join(name for name, _ in flag.contributors) or glyphs.gone), rule)
        case "mislabelled":
            return (Cell(flag.neighbour or glyphs.gone), Cell(_place_of_worst(flag, glyphs)))
        case "confounded":
            return (limited, Cell(_cause(flag.verdict)))
        case "scenario-bound":
            elsewhere = number(summary.scenario_out if summary else None, glyphs)
            scenarios = Cell(str(summary.scenarios), value=summary.scenarios) if summary else number(None, glyphs)
            return (limited, held_out, elsewhere, scenarios)
        case "unreliable":
            return (limited, held_out)


def _chance(summary: ConceptSummary | None, key: str, glyphs: Glyphs) -> Cell:
    return number(summary.chance.get(key) if summary else None, glyphs, "dim")


def _first_pc(summary: ConceptSummary | None, key: str, glyphs: Glyphs) -> Cell:
    return number(summary.first_pc.get(key) if summary else None, glyphs, "dim")


def _cause(verdict: str) -> str:
    """What a verdict names behind its colon: the row has no room for the sentence before."""
    head, _, cause = verdict.partition(": ")
    return cause or head


def _place_of_worst(flag: Flag, glyphs: Glyphs) -> str:
    """Where the worst story is told, with how many more there are: the concept stands in the row already."""
    if not flag.evidence:
        return glyphs.gone
    more = f" +{len(flag.evidence) - 1}" if len(flag.evidence) > 1 else ""
    return f"{flag.evidence[0].scenario or 'stories/'}{more}"


def number(value: float | None, glyphs: Glyphs, tone: Literal["", "dim"] = "") -> Cell:
    """A number that can be sorted; a dash for none."""
    return Cell(decimal(value, glyphs), tone, value)


def judged(flag: Flag, runs: RunState, glyphs: Glyphs) -> str:
    """The number of a flag, with a third place where two would read the same as what it is held against."""
    found = measure(flag, runs.report)
    places = 3 if decimal(found.value, glyphs) == decimal(found.limit, glyphs) else 2
    return decimal(found.value, glyphs, places)


def limit(flag: Flag, glyphs: Glyphs) -> str:
    """The threshold with the side that is flagged: `< .40`, `> .80`."""
    return f"{'<' if flag.kind in LOW_IS_BAD else '>'} {decimal(flag.threshold, glyphs)}"


def change(flag: Flag, runs: RunState, glyphs: Glyphs) -> Cell:
    """Against the previous run: the difference, `new` when it was not flagged there, nothing without one."""
    if runs.previous_report is None:
        return Cell("")
    before = next((old for old in runs.previous_report.flags if flag_key(old) == flag_key(flag)), None)
    if before is None:
        return Cell("new", "accent", math.inf)
    old, new = measure(before, runs.previous_report).value, measure(flag, runs.report).value
    difference = round(new - old, 2)
    if difference == 0:
        return Cell("same", "dim", 0.0)
    return Cell(("+" if difference > 0 else "") + decimal(difference, glyphs), value=difference)
