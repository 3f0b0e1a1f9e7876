"""Numbers in words, the same on the screen and on the command line."""

from __future__ import annotations


def duration(seconds: float) -> str:
    """`0.4 s`, `18 s`, `2 min 05 s`, `1 h 10 min`."""
    if 0 < seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = max(0, round(seconds))
    if whole < 60:
        return f"{whole} s"
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def count(number: int, noun: str, plural: str | None = None) -> str:
    """`1 story`, `3 stories`: a number with its noun."""
    return f"{number:,} {noun if number == 1 else (plural or noun + 's')}"


def memory(size: int) -> str:
    """Bytes as `512 MB` or `6.1 GB` (powers of ten)."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
