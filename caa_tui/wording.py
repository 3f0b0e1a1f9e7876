"""Numbers in words, the same on the screen and on the command line."""

from __future__ import annotations

from collections.abc import Sequence


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


def layers_in_short(layers: Sequence[int]) -> str:
    """`12 16 20`, `0-29`, `3 5-8`: in their order, three or more that follow each other as a range."""
    groups: list[list[int]] = []
    for layer in layers:
        if groups and layer == groups[-1][-1] + 1:
            groups[-1].append(layer)
        else:
            groups.append([layer])
    parts = (f"{group[0]}-{group[-1]}" if len(group) > 2 else " ".join(map(str, group)) for group in groups)
    return " ".join(parts)


def listed_paths(paths: Sequence[str], shown: int = 3) -> str:
    """`a.txt, b.txt, c.txt and 7 more`."""
    named = ", ".join(paths[:shown])
    return named if len(paths) <= shown else f"{named} and {len(paths) - shown} more"


def memory(size: int) -> str:
    """Bytes as `38 kB`, `512 MB` or `6.1 GB` (powers of ten)."""
    if size >= 1e9:
        return f"{size / 1e9:.1f} GB"
    return f"{size / 1e6:.0f} MB" if size >= 1e6 else f"{size / 1e3:.0f} kB"


def ago(seconds: float) -> str:
    """A time span in words: `just now`, `4 min ago`, `3 h ago`, `2 days ago`."""
    if seconds < 60:
        return "just now"
    if seconds < 3600:
        return f"{int(seconds // 60)} min ago"
    if seconds < 86400:
        return f"{int(seconds // 3600)} h ago"
    days = int(seconds // 86400)
    return "yesterday" if days == 1 else f"{days} days ago"


def decimal(value: float | None, places: int = 2, *, minus: str = "-", none: str = "-") -> str:
    """A number in the house style: `.14`, `-.02`, `1.00`; never a negative zero."""
    if value is None:
        return none
    text = f"{abs(value):.{places}f}"
    sign = minus if value < 0 and float(text) != 0 else ""
    return sign + (text[1:] if text.startswith("0.") else text)
