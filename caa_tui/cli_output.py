"""What `caa` prints: every line safe for a terminal, JSON in one piece."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TYPE_CHECKING

import msgspec
import typer

from caa_tui.text_safety import printable
from caa_tui.wording import count

if TYPE_CHECKING:
    from caa_tui.corpus.coverage import Coverage
    from caa_tui.corpus.model import Corpus


def write_lines(lines: Iterable[str]) -> None:
    """To stdout."""
    for line in lines:
        typer.echo(printable(line))


def tell(line: str) -> None:
    """To stderr."""
    typer.echo(printable(line), err=True)


def write_json(document: object) -> None:
    """One document to stdout, indented."""
    sys.stdout.buffer.write(msgspec.json.format(msgspec.json.encode(document), indent=2) + b"\n")
    sys.stdout.buffer.flush()


def table(rows: Sequence[Sequence[str]], right: Iterable[int] = ()) -> Iterator[str]:
    """Rows as aligned lines, two blanks between columns; `right` names the right-aligned columns."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    to_the_right = frozenset(right)
    for row in rows:
        cells = (
            cell.rjust(width) if index in to_the_right else cell.ljust(width)
            for index, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        yield "  ".join(cells).rstrip()


def check_lines(corpus: Corpus, cells: Coverage) -> Iterator[str]:
    """Findings by severity, then one line about coverage."""
    for severity, findings in groupby(corpus.findings, key=lambda finding: finding.severity):
        group = list(findings)
        yield count(len(group), severity)
        yield from (f"  {finding.message}  [{finding.kind}]" for finding in group)
        yield ""
    missing = [row.concept for row in cells.concepts if row.wanted and not row.stories]
    stories = len(corpus.stories) - len(corpus.baselines)
    yield (
        f"{count(len(corpus.concepts), 'concept')}, {count(len(corpus.scenarios), 'scenario')}, "
        f"{count(stories, 'story', 'stories')}, {count(len(corpus.baselines), 'baseline')}, "
        f"{count(len(corpus.findings), 'finding')}"
    )
    if missing:
        yield f"wanted, without a story: {', '.join(missing)}"
