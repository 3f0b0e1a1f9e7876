"""One number over the time of a training: its name, now and the most in words, bars, and the time below."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widgets import Static

from caa_tui.tui.theme import Glyphs
from caa_tui.tui.training_history import Point, columns
from caa_tui.wording import duration

FLAT = 0.05
"""Share of its largest value that a curve may move by and still be told in one line of bars."""
Say = Callable[[float], str]
"""A value in words."""


class TimeChart(Static):
    """Empty until it is given points; as high as its pane lets it be."""

    DEFAULT_CSS = """
    TimeChart { height: 1fr; min-height: 3; max-height: 8; text-wrap: nowrap; }
    TimeChart.-flat { height: 3; }
    """

    def __init__(self, title: str, say: Say, *, top: float | None = None, id: str | None = None) -> None:
        """`top`: the value of a full bar; None: the largest there was."""
        super().__init__(id=id)
        self._title = title
        self._say = say
        self._top = top
        self._points: Sequence[Point] = ()
        self._glyphs: Glyphs | None = None

    def show(self, points: Sequence[Point], glyphs: Glyphs) -> None:
        """Draw `points`; a chart without any value takes no room."""
        self._points, self._glyphs = points, glyphs
        values = [value for _, value in points if value is not None]
        self.display = bool(values)
        self.set_class(bool(values) and max(values) - min(values) <= FLAT * max(values), "-flat")
        self._draw()

    def on_resize(self, event: events.Resize) -> None:
        self._draw()

    def _draw(self) -> None:
        if self._glyphs is None or not self.display or self.size.width < 8:
            return
        width, height = self.size.width, max(1, self.size.height - 2)
        shown = columns(self._points, width)
        values = [value for _, value in self._points if value is not None]
        most = max(values)
        head = f"{self._title}   most {self._say(most)}"
        if shown[-1] is not None:
            head = f"{self._title}   now {self._say(shown[-1])}, most {self._say(most)}"
        rows = bars(shown, self._top or most, height, self._glyphs)
        axis = time_axis(self._points[0][0], self._points[-1][0], width)
        lines = [Content.styled(head, "bold"), *(Content.styled(row, "$accent") for row in rows)]
        self.update(Content("\n").join([*lines, Content.styled(axis, "$foreground 60%")]))


def bars(values: Sequence[float | None], top: float, height: int, glyphs: Glyphs) -> list[str]:
    """`height` lines of one character a value, from the top down; a full column stands for `top`."""
    steps = glyphs.spark
    lines = []
    for row in range(height - 1, -1, -1):
        lines.append("".join(_cell(value, top, row, height, steps) for value in values))
    return lines


def _cell(value: float | None, top: float, row: int, height: int, steps: str) -> str:
    if value is None:
        return " "
    share = min(1.0, max(0.0, value / top)) if top > 0 else 0.0
    eighths = round(share * height * len(steps)) - row * len(steps)
    if eighths <= 0:
        # The lowest mark says that there was a value, however small.
        return steps[0] if row == 0 else " "
    return steps[min(eighths, len(steps)) - 1]


def time_axis(begin: float, end: float, width: int) -> str:
    """`0 s … 2 min 05 s` under the first and the last column; only the last where both do not fit."""
    left, right = duration(begin), duration(end)
    gap = width - cell_len(left) - cell_len(right)
    return f"{left}{' ' * gap}{right}" if gap > 1 else right.rjust(width)
