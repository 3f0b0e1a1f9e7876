"""The coverage matrix and the report of `caa check`."""

from __future__ import annotations

import json
import time
from pathlib import Path

from corpus_files import build, prose, sound

from caa_tui.corpus.coverage import CellState, coverage
from caa_tui.corpus.model import Corpus, Story
from caa_tui.corpus.report import check_exit_code, check_report
from caa_tui.corpus.scan import scan

MANIFEST = """
[manifest]
concepts = ["anger", "wistful"]
[manifest.scenarios]
doorway = ["trust", "smug"]
"""


def test_cells(tmp_path: Path) -> None:
    root = build(sound(tmp_path), {"caa.toml": MANIFEST})
    (root / "paired/doorway/trust.txt").unlink()
    (root / "paired/kitchen/anger.txt").unlink()
    cells = coverage(scan(root))
    assert cells.cell("anger", "doorway") is CellState.PRESENT
    assert cells.cell("anger", None) is CellState.PRESENT
    assert cells.cell("trust", "doorway") is CellState.MISSING
    assert cells.cell("anger", "kitchen") is CellState.UNWANTED  # wanted somewhere, and it has stories
    assert cells.cell("wistful", "kitchen") is CellState.MISSING
    assert cells.cell("wistful", None) is CellState.MISSING
    assert cells.cell("smug", "doorway") is CellState.MISSING
    assert cells.cell("smug", "kitchen") is CellState.UNWANTED
    assert cells.cell("nobody", "nowhere") is CellState.UNWANTED


def test_rows_and_columns(tmp_path: Path) -> None:
    root = build(sound(tmp_path), {"caa.toml": MANIFEST, "paired/doorway/anger.txt": "Anger."})
    (root / "paired/kitchen/baseline.txt").unlink()
    counted = coverage(scan(root))
    rows = {row.concept: row for row in counted.concepts}
    assert list(rows) == ["anger", "smug", "tender", "trust", "wistful"]
    assert (rows["anger"].stories, rows["anger"].scenarios, rows["anger"].wanted) == (3, 2, True)
    assert rows["anger"].findings == 2  # its name, its length
    assert (rows["tender"].wanted, rows["smug"].wanted, rows["wistful"].findings) == (False, True, 1)
    columns = {column.scenario: column for column in counted.scenarios}
    assert (columns["doorway"].stories, columns["doorway"].has_baseline, columns["doorway"].findings) == (3, True, 2)
    assert (columns["kitchen"].has_baseline, columns["kitchen"].findings) == (False, 1)


def test_two_hundred_by_three_hundred_is_fast() -> None:
    stories = tuple(
        Story(f"paired/s{s:03}/c{c:03}.txt", f"c{c:03}", f"s{s:03}", "x", "", "", 1)
        for s in range(300)
        for c in range(200)
        if (s + c) % 2
    )
    corpus = Corpus(Path("/x"), stories, tuple(f"s{s:03}" for s in range(300)))
    start = time.perf_counter()
    cells = coverage(corpus)
    states = [cells.cell(row.concept, column.scenario) for row in cells.concepts for column in cells.scenarios]
    assert time.perf_counter() - start < 3  # takes 0.1 s; the bound is for a busy machine
    assert states.count(CellState.PRESENT) == 30_000


def test_report_is_plain_json(tmp_path: Path) -> None:
    root = build(sound(tmp_path), {"caa.toml": MANIFEST, "stories/joy.txt": prose(9), "stories/x\x1b.txt": "x"})
    corpus = scan(root)
    report = check_report(corpus, coverage(corpus))
    assert json.loads(json.dumps(report, allow_nan=False)) == report
    assert report["summary"]["stories"] == 10
    assert report["summary"]["baselines"] == 2
    assert report["summary"]["findings"] == len(report["findings"]) == sum(report["summary"]["by_kind"].values())
    assert {"concept": "wistful", "scenario": None} in report["missing"]
    assert all(finding["message"].isprintable() for finding in report["findings"])
    assert check_exit_code(corpus) == 1


def test_exit_code_of_a_clean_corpus(tmp_path: Path) -> None:
    assert check_exit_code(scan(sound(tmp_path))) == 0
