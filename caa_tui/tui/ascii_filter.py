"""ASCII mode's last step: frames, typographic marks and control pictures that no `Glyphs` field covers.

Only what is drawn changes. Letters of any language stay as they are, and files keep every character.
"""

from __future__ import annotations

from rich.segment import Segment
from textual.color import Color
from textual.filter import LineFilter

_SAME_WIDTH = {
    "|": "│▏▎▌▐▕╎╷╵╻╹",
    "#": "┃█▓▒▉▊▋▍▆▇■",
    "-": "─━‐‑–—−╌╴╶▁▂▃▔",
    "=": "═▄▅▀",
    "+": "┌┐└┘├┤┬┴┼╭╮╰╯┏┓┗┛┣┫┳┻╋✓",
    '"': "“”„«»",
    "'": "‘’‚‹›",
    ".": "…·",
    "x": "×✗",
    "2": "²",
    "~": "±",
    "*": "●•◐",
    "o": "○◦",
    "^": "↑▲",
    "v": "↓▼▾",
    ">": "→▶▸",
    "<": "←◀◂",
    " ": "\u00a0░",
    "?": "\ufffd" + "".join(map(chr, range(0x2400, 0x2427))),
}
"""ASCII -> the characters of one cell that it stands for."""
TWINS = str.maketrans({char: twin for twin, chars in _SAME_WIDTH.items() for char in chars})


class AsciiFilter(LineFilter):
    """Replaces one cell by one cell in every rendered line, so nothing moves."""

    def apply(self, segments: list[Segment], background: Color) -> list[Segment]:
        return [self._plain(segment) for segment in segments]

    def _plain(self, segment: Segment) -> Segment:
        if segment.control or segment.text.isascii():
            return segment
        return Segment(segment.text.translate(TWINS), segment.style)
