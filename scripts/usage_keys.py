"""Write the table of commands in docs/usage.md from the registry; with `--check`, only say whether it is up to date."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from itertools import groupby
from pathlib import Path

from caa_tui.tui.commands import COMMANDS, Command, key_name

PAGE = Path(__file__).parent.parent / "docs" / "usage.md"
BEGIN, END = "<!-- keys: written by scripts/usage_keys.py -->", "<!-- end of keys -->"
ORDER = ("corpus", "triage", "runs", "story", "training", "layers", "probe")
NAMES = {
    "corpus": "Corpus",
    "triage": "Triage",
    "runs": "Runs",
    "story": "Story",
    "training": "Training details",
    "layers": "Layers",
    "probe": "Probe",
}


def keys_of(command: Command) -> str:
    """`` `?` or `f1` ``, as on the screen; a command without a key is in the palette."""
    keys = [f"`{key_name(key)}`" for key in command.keys.split(",") if key]
    return " or ".join(keys) or "in the palette"


def screens_of(command: Command) -> tuple[str, ...]:
    return tuple(name for name in ORDER if name in command.screens)


def heading(screens: tuple[str, ...]) -> str:
    """`Corpus, triage and runs`."""
    if screens == ORDER:
        return "Everywhere"
    first, *rest = (NAMES[name] for name in screens)
    names = [first, *(name.lower() for name in rest)]
    return " and ".join((", ".join(names[:-1]), names[-1])) if rest else first


def table() -> Iterator[str]:
    """A block for each set of screens, what works on most of them first."""
    ranked = sorted(COMMANDS, key=lambda one: (-len(one.screens), [ORDER.index(name) for name in screens_of(one)]))
    for screens, commands in groupby(ranked, screens_of):
        yield from (f"### {heading(screens)}", "", "| key | command | what it does |", "|---|---|---|")
        yield from (f"| {keys_of(one)} | {one.title.rstrip('…')} | {one.help} |" for one in commands)
        yield ""


def updated(page: str) -> str:
    """The page with the table as the registry has it.

    Raises:
        ValueError: a marker is missing.
    """
    before, found, rest = page.partition(BEGIN)
    _, ended, after = rest.partition(END)
    if not (found and ended):
        raise ValueError(f"the page needs the lines {BEGIN} and {END}")
    return "\n".join((f"{before}{BEGIN}", "", *table(), f"{END}{after}"))


def main(arguments: list[str]) -> int:
    """0, or 1 where `--check` finds another table."""
    names = [argument for argument in arguments if argument != "--check"]
    path = Path(names[0]) if names else PAGE
    page = path.read_text(encoding="utf-8")
    if "--check" in arguments:
        return int(page != updated(page))
    path.write_text(updated(page), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
