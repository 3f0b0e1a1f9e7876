"""Foreign text on its way to a terminal: stories, file names, model output and logs can carry escape sequences."""

from __future__ import annotations

import unicodedata

_KEPT_FORMATS = frozenset("\u00ad\u200c\u200d")
"""Soft hyphen and the zero-width (non-)joiners: part of ordinary writing and of emoji, harmless to a terminal."""

_REPLACEMENT = 0xFFFD


class _Pictures(dict[int, int]):
    """Code point -> what is shown for it, worked out once per code point."""

    def __missing__(self, code: int) -> int:
        shown = _picture(code)
        self[code] = shown
        return shown


def _picture(code: int) -> int:
    if code < 0x20:
        return 0x2400 + code
    if code == 0x7F:
        return 0x2421
    character = chr(code)
    unsafe = unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return _REPLACEMENT if unsafe and character not in _KEPT_FORMATS else code


_PICTURES = _Pictures()


def printable(text: str) -> str:
    """`text` as one line that no terminal can act on, of the same length.

    C0 controls and DEL become their pictures (newline `␊`, escape `␛`); C1 controls, bidirectional and other format
    characters, line separators and lone surrogates become U+FFFD. To show text of several lines, split it first.
    """
    return text if text.isprintable() else text.translate(_PICTURES)
