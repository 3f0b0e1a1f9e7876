"""`caa layers`, and `--target-layers all` and `auto` on the command line."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from command_line import Caa, train_with_stub, write_corpus
from sweep_samples import PEAK, report_with, swept

from caa_tui.corpus.storage import DataFolder, data_folder


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def data(corpus: Path) -> DataFolder:
    return data_folder(corpus)


def test_the_table_of_a_sweep(caa: Caa, corpus: Path, data: DataFolder) -> None:
    scores = {name: {str(layer): 0.8 if layer == PEAK else 0.55 for layer in range(5, 9)} for name in "bcd"}
    swept(data, range(5, 9), depth=4, report=report_with({**scores, "a": dict.fromkeys(scores["b"])}))
    assert caa("layers", corpus).out.splitlines() == [
        "Run 0001: share of held-out pairs told apart, by layer (.50 is chance; * recommended)",
        "concept    best    5    6   7*    8",
        "a             -    -    -    -    -",
        "b             7  .55  .55  .80  .55",
        "c             7  .55  .55  .80  .55",
        "d             7  .55  .55  .80  .55",
        "mean of 3     7  .55  .55  .80  .55",
        "Layer 7 tells held-out stories apart best (.80 on average of 3 concepts), and no other layer comes within the "
        "noise of that.",
    ]


def test_the_document(caa: Caa, corpus: Path, data: DataFolder) -> None:
    swept(data)
    document = caa("layers", corpus, "--json").document
    assert (document["run"], document["model"], document["model_layers"]) == ("0001", "m", 12)
    assert document["layers"] == list(range(12))
    assert document["concepts"]["c1"]["7"] == pytest.approx(0.81)
    assert document["mean"]["7"] == pytest.approx(0.82)
    assert (document["recommended"]["layers"], document["recommended"]["best"]) == ([7], 7)
    assert document["recommended"]["reason"].startswith("Layer 7 tells")


def test_a_few_layers_are_shown_with_how_to_see_all(caa: Caa, corpus: Path, data: DataFolder) -> None:
    swept(data, (6, 7), depth=30)
    assert caa("layers", corpus).out.splitlines()[-1] == (
        "This run looked at 2 layers of 30; train with `--target-layers all` to see every layer."
    )
    swept(data, (6, 7), depth=None)
    assert "looked at 2 layers; train" in caa("layers", corpus).out


def test_which_run_is_shown(caa: Caa, corpus: Path, data: DataFolder) -> None:
    swept(data)
    swept(data, (6, 7))
    assert caa("layers", corpus).out.startswith("Run 0001"), "the sweep, although it is older"
    assert caa("layers", corpus, "--run", "2").out.startswith("Run 0002")


def test_without_scores(caa: Caa, corpus: Path, data: DataFolder) -> None:
    assert "--target-layers all" in caa("layers", corpus).sentence()
    swept(data, report=report_with({"joy": {}}))
    assert "no run with held-out scores yet" in caa("layers", corpus).sentence()
    assert "Run 0001 has no held-out scores" in caa("layers", corpus, "--run", "1").sentence()


def test_all_layers_of_a_training(caa: Caa, corpus: Path) -> None:
    assert "layers 0-29, " in train_with_stub(caa, corpus, "--target-layers", "all").out
    folder = corpus / ".caa/runs/0001"
    assert json.loads((folder / "request.json").read_text())["target_layers"] == "all"
    provenance = json.loads((folder / "provenance.json").read_text())
    assert (provenance["options"]["target_layers"], provenance["layers"]) == ("all", list(range(30)))
    assert json.loads((folder / "readout.json").read_text())["layers"] == list(range(30))
    assert "0-29" in caa("runs", corpus).out
    assert caa("layers", corpus).code == 0


def test_all_layers_of_the_settings(caa: Caa, corpus: Path) -> None:
    (corpus / "caa.toml").write_text('[training]\ntarget_layers = "all"\n')
    assert "layers 0-29, " in train_with_stub(caa, corpus).out


def test_auto_names_the_layers_of_a_sweep(caa: Caa, corpus: Path, data: DataFolder) -> None:
    swept(data, model="stub")
    told = train_with_stub(caa, corpus)
    assert "note: auto: layer 7, as the sweep of run 1 recommends." in told.err
    provenance = json.loads((corpus / ".caa/runs/0002/provenance.json").read_text())
    assert provenance["options"]["target_layers"] == [7]
    asked = train_with_stub(caa, corpus, "--target-layers", "1,2")
    assert "sweep" not in asked.err
    assert json.loads((corpus / ".caa/runs/0003/request.json").read_text())["target_layers"] == [1, 2]
