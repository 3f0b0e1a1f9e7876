"""The look: two themes of one visual language, and the glyphs with their ASCII fallback."""

from __future__ import annotations

import locale
import os
import re
from dataclasses import dataclass

from textual.theme import Theme

from caa_tui import wording

DARK = Theme(
    name="caa-dark",
    primary="#d7a65f",
    secondary="#8fa6b8",
    accent="#d7a65f",
    warning="#d7a65f",
    error="#e5696f",
    success="#8fb573",
    foreground="#d8dce2",
    background="#14171b",
    surface="#14171b",
    panel="#1e2329",
    boost="#262c34",
    dark=True,
    variables={
        "border": "#39414b",
        "border-blurred": "#2a3038",
        "block-cursor-background": "#d7a65f",
        "block-cursor-foreground": "#14171b",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#2c333c",
        "block-cursor-blurred-foreground": "#d8dce2",
        "input-cursor-background": "#d7a65f",
        "input-selection-background": "#d7a65f 30%",
        "footer-background": "#14171b",
        "scrollbar": "#39414b",
        "scrollbar-background": "#14171b",
        "scrollbar-corner-color": "#14171b",
    },
)

LIGHT = Theme(
    name="caa-light",
    primary="#8a5a00",
    secondary="#4c6272",
    accent="#8a5a00",
    warning="#8a5a00",
    error="#b3261e",
    success="#3f6b2a",
    foreground="#22262b",
    background="#fbfaf7",
    surface="#fbfaf7",
    panel="#efece5",
    boost="#e6e2d9",
    dark=False,
    variables={
        "border": "#c9c3b6",
        "border-blurred": "#ddd8cd",
        "block-cursor-background": "#8a5a00",
        "block-cursor-foreground": "#fbfaf7",
        "block-cursor-text-style": "bold",
        "block-cursor-blurred-background": "#e0dbd0",
        "block-cursor-blurred-foreground": "#22262b",
        "input-cursor-background": "#8a5a00",
        "input-selection-background": "#8a5a00 25%",
        "footer-background": "#fbfaf7",
        "scrollbar": "#c9c3b6",
        "scrollbar-background": "#fbfaf7",
        "scrollbar-corner-color": "#fbfaf7",
    },
)

THEMES = (DARK, LIGHT)

_NEGATIVE = re.compile(r"(?<![\w.])-(?=\.?\d)")


@dataclass(frozen=True, slots=True)
class Glyphs:
    """One character per meaning, always shown beside a word or in a column that is named."""

    story: str = "●"
    edited: str = "◐"
    missing: str = "○"
    unwanted: str = "·"
    flagged: str = "▲"
    doubtful: str = "△"
    """Flagged, and tests do not confirm it."""
    finding: str = "!"
    separator: str = " · "
    ellipsis: str = "…"
    minus: str = "−"
    bar_full: str = "█"
    bar_empty: str = "░"
    pointer: str = "▸"
    opened: str = "▾"
    spark: str = "▁▂▃▄▅▆▇█"
    gone: str = "–"
    times: str = "×"
    """Between a concept and a scenario."""
    arrow: str = "→"
    solved: str = "✓"
    below: str = "·"
    """Under the lowest mark of `spark`."""
    rising: str = "↑"
    falling: str = "↓"
    levels: str = "≡═─·▃▆█"
    """Of a token, from the lowest to the highest: lines for below, bars for above, a dot between."""
    sink: str = "×"
    newline: str = "↵"
    blank: str = "␣"
    """Where a token is nothing but blanks, or has no character of its own."""

    def flag(self, *, confirmed: bool) -> str:
        """The mark of a flag."""
        return self.flagged if confirmed else self.doubtful


UNICODE = Glyphs()
ASCII = Glyphs(
    story="#",
    edited="~",
    missing="o",
    unwanted=".",
    flagged="^",
    doubtful="?",
    separator=" | ",
    ellipsis="...",
    minus="-",
    bar_full="#",
    bar_empty="-",
    pointer=">",
    opened="v",
    spark="_.-=+*%#",
    gone="-",
    times="x",
    arrow="->",
    solved="+",
    below=",",
    rising="^",
    falling="v",
    levels="%=-.+*#",
    sink="x",
    newline="$",
    blank="_",
)


def choose_glyphs() -> Glyphs:
    """ASCII when `CAA_ASCII` is set or the locale cannot show the others."""
    if os.environ.get("CAA_ASCII"):
        return ASCII
    encoding = locale.getpreferredencoding(False).lower().replace("-", "")
    return UNICODE if encoding in {"utf8", "cp65001"} else ASCII


def sparkline(values: list[float | None], low: float, high: float, glyphs: Glyphs) -> str:
    """One character per value between `low` and `high`; a gap where there is none."""
    steps = len(glyphs.spark) - 1
    span = (high - low) or 1.0

    def bar(value: float | None) -> str:
        if value is None:
            return " "
        return glyphs.spark[round(steps * min(1.0, max(0.0, (value - low) / span)))]

    return "".join(bar(value) for value in values)


def decimal(value: float | None, glyphs: Glyphs, places: int = 2) -> str:
    """A number in the house style: `.14`, `−.02`, `1.00`; a dash for none."""
    return wording.decimal(value, places, minus=glyphs.minus, none=glyphs.gone)


def with_minus(sentence: str, glyphs: Glyphs) -> str:
    """A sentence of the worker, its negative numbers written as on the rest of the screen."""
    return _NEGATIVE.sub(glyphs.minus, sentence)
