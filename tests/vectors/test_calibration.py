"""A few cells of the table in docs/method.md: verdicts on generated corpora are right, or not given."""

from __future__ import annotations

import importlib.util
from collections import Counter
from pathlib import Path
from types import ModuleType

import pytest

SCRIPT = Path(__file__).parents[2] / "scripts" / "calibrate.py"


@pytest.fixture(scope="module")
def calibrate() -> ModuleType:
    found = importlib.util.spec_from_file_location("calibrate", SCRIPT)
    assert found is not None
    assert found.loader is not None
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def counts(calibrate: ModuleType) -> dict[tuple[str, str, int], Counter[tuple[str, str]]]:
    found: dict[bool, dict[tuple[str, str, int], Counter[tuple[str, str]]]] = calibrate.tally((3, 6, 12), 7, 500)
    merged: dict[tuple[str, str, int], Counter[tuple[str, str]]] = {}
    for tallied in found.values():
        for cell, outcomes in tallied.items():
            merged.setdefault(cell, Counter()).update(outcomes)
    return merged


@pytest.mark.parametrize("stories", [3, 6, 12])
@pytest.mark.parametrize("number", range(4))
def test_of_the_given_verdicts_nearly_all_are_right(
    calibrate: ModuleType,
    counts: dict[tuple[str, str, int], Counter[tuple[str, str]]],
    number: int,
    stories: int,
) -> None:
    question = calibrate.QUESTIONS[number]
    cells = [outcomes for (asked, _, size), outcomes in counts.items() if (asked, size) == (question, stories)]
    right, wrong = (sum(cell["ours", mark] for cell in cells) for mark in ("right", "wrong"))
    assert right > 0 or (number, stories) == (1, 3)
    assert wrong <= max(0.05 * (right + wrong), 2)


def test_coherent_concepts_are_not_called_fragmented(
    calibrate: ModuleType, counts: dict[tuple[str, str, int], Counter[tuple[str, str]]]
) -> None:
    for stories in (6, 12):
        cell = counts[calibrate.QUESTIONS[0], "coherent", stories]
        assert cell["ours", "wrong"] <= 0.02 * sum(cell.values())
        assert cell["reference", "wrong"] > 0.5 * sum(cell.values()) / 2


def test_the_table_has_a_line_for_each_truth_and_rule(
    calibrate: ModuleType, counts: dict[tuple[str, str, int], Counter[tuple[str, str]]]
) -> None:
    lines = list(calibrate.table(counts, (3, 6, 12), every_truth=True))
    assert sum(line.startswith("| camps |") for line in lines) == 7
    assert all(line.count("|") == 6 for line in lines if line.startswith("| "))
