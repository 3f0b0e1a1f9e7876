"""What `auto` layers become once a run has looked at many."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from run_samples import write_corpus, write_run
from sweep_samples import PEAK, peaked, report_with, swept

from caa_tui.corpus.storage import DataFolder, data_folder
from caa_tui.runs.history import list_runs
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Failed
from caa_tui.runs.sweeps import find_sweeps, is_sweep, layer_choice, model_depth, resolved, shown_run

AUTO = TrainOptions(model="m")
TEXTS = {"stories/joy.txt": "one"}


@pytest.fixture
def data(tmp_path: Path) -> DataFolder:
    return data_folder(write_corpus(tmp_path / "corpus", TEXTS))


def layers_of(data: DataFolder, options: TrainOptions = AUTO) -> object:
    return resolved(options, find_sweeps(list_runs(data)))[0].target_layers


def test_auto_takes_what_a_sweep_recommends(data: DataFolder) -> None:
    swept(data)
    options, sweep = resolved(AUTO, find_sweeps(list_runs(data)))
    assert options == replace(AUTO, target_layers=(PEAK,))
    assert sweep is not None
    assert sweep.sentence == (
        "auto: layer 7, as the sweep of run 1 recommends. Layer 7 tells held-out stories apart best (.82 on average of "
        "5 concepts), and no other layer comes within the noise of that."
    )


def test_several_layers_are_named(data: DataFolder) -> None:
    flat = {concept: dict.fromkeys(scores, 0.7) for concept, scores in peaked(range(12)).items()}
    swept(data, report=report_with({**flat, "c0": dict.fromkeys(flat["c0"], 0.72)}))
    (sweep,) = find_sweeps(list_runs(data))
    assert sweep.sentence.startswith("auto: layers 0, 1, 2, 3, as the sweep of run 1 recommends.")


def test_layers_that_were_asked_for_stay(data: DataFolder) -> None:
    swept(data)
    for asked in ((3, 5), "all"):
        options = replace(AUTO, target_layers=asked)
        assert resolved(options, find_sweeps(list_runs(data))) == (options, None)


def test_auto_stays_without_a_sweep(data: DataFolder) -> None:
    assert layers_of(data) is None
    write_run(data, TEXTS)
    assert layers_of(data) is None


@pytest.mark.parametrize(
    "other",
    [
        {"model": "another"},
        {"pooling": "mean"},
        {"dtype": "bf16"},
        {"max_length": 100},
        {"min_positives": 3},
        {"estimator": "scenario-centred"},
    ],
)
def test_a_sweep_that_was_set_up_otherwise_says_nothing(data: DataFolder, other: dict[str, Any]) -> None:
    swept(data, **other)
    assert layers_of(data) is None
    assert layers_of(data, replace(AUTO, **other)) == (PEAK,)


def test_what_moves_no_score_may_differ(data: DataFolder) -> None:
    swept(data, device="cpu", batch_tokens=64, quality_report=True)
    assert layers_of(data, replace(AUTO, device="cuda:0", quality_report=False)) == (PEAK,)


def test_a_model_in_a_folder_is_known_by_its_place(data: DataFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = data.path / "model"
    folder.mkdir()
    monkeypatch.chdir(data.path)
    swept(data, model=str(folder))
    assert layers_of(data, TrainOptions(model="model")) == (PEAK,)
    assert layers_of(data, TrainOptions(model=str(folder))) == (PEAK,)


def test_the_newest_sweep_that_fits_decides(data: DataFolder) -> None:
    swept(data)
    moved = {concept: {str(layer): 0.9 if layer == 2 else 0.6 for layer in range(12)} for concept in "abcd"}
    swept(data, report=report_with(moved))
    swept(data, pooling="mean")
    assert layers_of(data) == (2,)


def test_what_is_a_sweep(data: DataFolder) -> None:
    assert is_sweep(swept(data, range(8), depth=None))
    assert not is_sweep(swept(data, (5, 6, 7), depth=12))
    assert not is_sweep(swept(data, (5, 6, 7), depth=None))
    assert is_sweep(swept(data, range(3), depth=3)), "all there are"
    assert not is_sweep(swept(data, report=report_with({"joy": {}}))), "a report of an older version"
    failed = Failed(run_id="x", message="It stopped.")
    assert not is_sweep(swept(data, summary=failed))


def test_a_run_that_recommends_nothing_or_is_damaged_changes_nothing(data: DataFolder) -> None:
    swept(data, report=report_with({"joy": {str(layer): 0.9 for layer in range(12)}}))
    assert layers_of(data) is None
    damaged = swept(data)
    (damaged.folder / "request.json").write_text("{")
    assert layers_of(data) is None
    assert find_sweeps(list_runs(data)) == ()


def test_the_run_worth_a_look(data: DataFolder) -> None:
    assert shown_run(()) is None
    few = swept(data, (6, 7))
    assert shown_run(list_runs(data)) == few
    sweep = swept(data)
    swept(data, (6, 7))
    swept(data, report=report_with({"joy": {}}))
    assert shown_run(list_runs(data)) == sweep


def test_the_depth_comes_from_the_provenance(data: DataFolder) -> None:
    known, unknown = swept(data, depth=40), swept(data, depth=None)
    assert (model_depth(known), model_depth(unknown)) == (40, None)
    assert known.flags is not None
    assert "6 blocks away" in layer_choice(known, known.flags).reason
