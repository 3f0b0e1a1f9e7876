"""Bytes to story text, and the few things about a text that need no model: words, last sentence, odd characters."""

from __future__ import annotations

import codecs
import hashlib
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

BOM = "\ufeff"

# Patterns stay strings until they are needed: compiling them would take a hundredth of a second at every start.
_ASCII_WORD = r"[a-z0-9]+"
UNSPACED = "\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
"""Kana, Han and compatibility ideographs: written without spaces, so each character counts as a word."""
_ANY_UNSPACED = f"[{UNSPACED}]"
_WORD = rf"[{UNSPACED}]|[^\W_{UNSPACED}]+"
_BLANK_INSIDE = rf"(?<=[{UNSPACED}]) (?=[{UNSPACED}])"

_ODD = (
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and newline, DEL, C1
    # soft hyphen, zero width, bidi, line separators, the replacement character
    "\u00ad\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffd]"
)

_SENTENCE_END = r"""(?x) [.!?…]+ (?<!\bMr\.)(?<!\bMs\.)(?<!\bMrs\.)(?<!\bDr\.)(?<!\bSt\.) ["'”’»)\]]* \s+
      | [。！？]+ [」』”’]*
      | \n\s*\n"""
_TAIL = 2_000
"""Characters searched for the last sentence."""


@dataclass(frozen=True, slots=True)
class Decoded:
    """A text file as the model and the editor see it."""

    text: str
    """Without byte order mark, newlines as `\\n`, not stripped."""
    bom: bool


def decode(data: bytes) -> Decoded:
    """Strict UTF-8 with universal newlines, as `Path.read_text` does it, minus one leading byte order mark.

    Raises:
        UnicodeDecodeError: the bytes are not UTF-8.
    """
    bom = data.startswith(codecs.BOM_UTF8)
    text = data.decode("utf-8").removeprefix(BOM) if bom else data.decode("utf-8")
    return Decoded(normalise_newlines(text), bom)


def normalise_newlines(text: str) -> str:
    """`\\r\\n` and lone `\\r` become `\\n`."""
    return text.replace("\r\n", "\n").replace("\r", "\n") if "\r" in text else text


def not_utf8_reason(data: bytes, error: UnicodeDecodeError) -> str:
    """Why the bytes are not UTF-8, as the rest of a sentence that begins with the path."""
    if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "is UTF-16, not UTF-8; save it again as UTF-8"
    line = data.count(b"\n", 0, error.start) + 1
    return f"is not UTF-8 (byte 0x{data[error.start]:02X} in line {line}); save it again as UTF-8"


def sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def words_of(text: str) -> list[str]:
    """The words in order, case and Unicode form folded, punctuation dropped."""
    if text.isascii():
        return re.findall(_ASCII_WORD, text.lower())
    return re.findall(_WORD, unicodedata.normalize("NFC", text).casefold())


def joined_words(words: Iterable[str]) -> str:
    """Words as they are written: with blanks, but none between characters of scripts without spaces."""
    return re.sub(_BLANK_INSIDE, "", " ".join(words))


def count_words(text: str) -> int:
    """Words between spaces, as `wc -w` counts them; in scripts without spaces, characters."""
    if text.isascii() or not re.search(_ANY_UNSPACED, text):
        return len(text.split())
    return len(words_of(text))


def last_sentence(text: str) -> str:
    """The last sentence that has a word in it, as it is written; empty when there is none."""
    for part in reversed(re.split(_SENTENCE_END, text[-_TAIL:])):
        if words_of(part):
            return " ".join(part.split())
    return ""


def odd_characters(text: str) -> dict[str, int]:
    """Characters that a reader cannot see but the model reads (control, bidi, zero width, U+FFFD) -> how often."""
    counts: dict[str, int] = {}
    for char in re.findall(_ODD, text):
        counts[char] = counts.get(char, 0) + 1
    return counts
