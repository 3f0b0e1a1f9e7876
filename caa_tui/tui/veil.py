"""Texts with control characters in an editor: each is replaced by a private character of the same width, and back.

Textual's editor breaks lines at form feeds and U+2028 (a save would turn them into newlines) and counts control
characters as zero columns wide (the cursor would stand beside its character). With `veil` it sees neither.
"""

from __future__ import annotations

from caa_tui.text_safety import printable

_PRIVATE = 0xF0000
"""Supplementary private use area A: a character of the first plane plus this is its veil."""
_KEPT = frozenset("\n\t")


def can_veil(text: str) -> bool:
    """Whether `unveil(veil(text)) == text`: the text has no character that looks like a veil."""
    return not any(_is_veil(character) for character in text)


def veil(text: str) -> str:
    """`text` with a private character for each one a terminal could act on; newlines and tabs stay."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        chr(_PRIVATE + ord(character)) if _unsafe(character) else character for character in text.replace("\r\n", "\n")
    )


def unveil(text: str) -> str:
    """The text that was veiled."""
    if _is_bare(text):
        return text
    return "".join(chr(ord(character) - _PRIVATE) if _is_veil(character) else character for character in text)


def unveiled_picture(text: str) -> str:
    """How a veiled text is drawn: control characters as pictures, of the same length; tabs stay."""
    if _is_bare(text):
        return text
    return "".join(printable(unveil(character)) if _is_veil(character) else character for character in text)


def _unsafe(character: str) -> bool:
    return character not in _KEPT and ord(character) < 0x10000 and printable(character) != character


def _is_bare(text: str) -> bool:
    """Whether nothing is veiled, as in nearly every text; asked several times for every key."""
    return not text or ord(max(text)) < _PRIVATE


def _is_veil(character: str) -> bool:
    return _PRIVATE <= ord(character) <= _PRIVATE + 0xFFFF
