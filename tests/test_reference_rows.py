"""The fifteen rows of the reference's table of faults: for each, what ours does instead, through the real worker."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
import transformers
from reference_rows import (
    Desk,
    Oracle,
    cosine,
    done,
    flags_of,
    judged,
    noise,
    refused,
    split,
    strict_json,
    tellings,
    write,
)
from safetensors.torch import load_file, save_file
from tiny_models import CONTEXT, LAYERS, story_texts, tiny_model

from caa_tui import cli
from caa_tui.corpus.model import FindingKind, Severity
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.protocol import Event, Failed, Progress
from caa_tui.runs.session import worker_log
from caa_tui.vectors.stories import variance_ratios

ModelFolder = Callable[[str], Path]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    loop = asyncio.new_event_loop()
    place = Desk(WorkerClient(tmp_path_factory.mktemp("log") / "worker.log"), loop)
    yield place
    loop.run_until_complete(place.client.close())
    loop.close()


def test_row_01_a_left_padding_tokenizer_changes_nothing(desk: Desk, tmp_path: Path) -> None:
    """Texts of many lengths share batches, and every last token is the right one."""
    model = tiny_model("llama", tmp_path / "model", padding_side="left")
    texts = tellings()
    run = desk.train(write(tmp_path / "corpus", texts), model, target_layers=(1,), batch_tokens=512)
    for concept in ("awe", "calm", "joy"):
        assert cosine(run, concept, 1, Oracle(model).vector(*split(texts, concept), 1)) > 0.99999


def test_row_02_one_story_gives_null_not_nan(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    texts = tellings() | {"stories/hope.txt": "Somebody had left the light on in the hall."}
    run = desk.train(write(tmp_path, texts), model_folder("llama"), target_layers=(1, 2))
    quality = strict_json(run.folder / "quality.json")
    hope = quality["hope"]
    assert hope["too_few_stories"] is True
    assert quality["joy"]["too_few_stories"] is False
    for layer in ("1", "2"):
        assert hope["per_layer"][layer]["story_projection_std"] is None
        assert hope["per_layer"][layer]["story_alignment_std"] is None
        assert hope["agreement"][layer] is None
    strict_json(run.folder / "flags.json")


@pytest.mark.parametrize("family", ["gpt2", "gpt_neox", "opt", "mpt", "mamba", "falcon", "phi", "bloom", "qwen3_5"])
def test_row_03_every_family_trains_whole_or_says_what_it_lacks(
    desk: Desk, model_folder: ModelFolder, tmp_path: Path, family: str
) -> None:
    """tests/activations/test_families.py holds the numbers against an oracle."""
    run = desk.train(write(tmp_path, tellings()), model_folder(family), target_layers=(1, 2))
    assert done(run).concepts == 3
    quality = strict_json(run.folder / "quality.json")["joy"]
    lacking = [note for note in desk.notes if "has no" in note]
    if family == "mamba":
        assert "per_head" not in quality
        assert quality["per_layer"]["1"]["best_neuron_idx"] is None
        assert len(lacking) == len(set(lacking)) > 0
    else:
        assert set(quality["per_head"]) == {"1", "2"}
        assert quality["per_layer"]["1"]["best_neuron_idx"] is not None
        assert lacking == []


def test_row_04_a_text_of_two_concepts_is_found_and_never_its_own_negative(
    desk: Desk, model_folder: ModelFolder, tmp_path: Path
) -> None:
    texts = tellings()
    texts["stories/joy.txt"] = texts["paired/s00/awe.txt"]
    corpus = scan(write(tmp_path / "corpus", texts))
    (finding,) = [one for one in corpus.findings if one.kind is FindingKind.IDENTICAL]
    assert finding.severity is Severity.ERROR
    assert set(finding.paths) == {"stories/joy.txt", "paired/s00/awe.txt"}
    run = desk.train(tmp_path / "corpus", model_folder("llama"), target_layers=(1,))
    oracle = Oracle(model_folder("llama"))
    for concept in ("awe", "joy"):
        own, others = split(texts, concept)
        expected = oracle.vector(own, [text for text in others if text not in own], 1)
        assert cosine(run, concept, 1, expected) > 0.99999
    same = write(tmp_path / "same", {"stories/joy.txt": "One text.", "stories/awe.txt": "One text."})
    assert "stories/awe.txt" in refused(desk, same, model_folder("llama"))
    assert "load model" not in desk.phases


def test_row_05_truncated_stories_are_named(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    texts = tellings() | {"stories/joy.txt": " ".join(story_texts(12))}
    run = desk.train(write(tmp_path, texts), model_folder("opt"), target_layers=(1,))
    assert done(run).truncated == ("stories/joy.txt",)
    assert any("stories/joy.txt" in note for note in desk.notes)
    provenance = strict_json(run.folder / "provenance.json")
    assert provenance["activations"]["max_length"] == CONTEXT
    assert len(done(desk.train(tmp_path, model_folder("opt"), target_layers=(1,), max_length=8)).truncated) > 5


def test_row_06_a_corpus_that_says_nothing_is_refused_before_the_model(
    desk: Desk, model_folder: ModelFolder, tmp_path: Path
) -> None:
    one = write(tmp_path / "one", {"stories/joy.txt": "First.", "paired/a/joy.txt": "Second."})
    assert "nothing to compare" in refused(desk, one, model_folder("llama"))
    assert desk.phases == ["check"]
    two = write(tmp_path / "two", {"stories/joy.txt": "First.", "stories/awe.txt": "Second."})
    done(desk.train(two, model_folder("llama")))
    assert any("exact opposites by construction" in note for note in desk.notes)


def test_row_07_files_that_are_no_stories_are_findings(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    strange: dict[str, bytes] = {
        "stories/latin.txt": b"caf\xe9",
        "stories/.~joy.txt": b"a leftover",
        "stories/joy.sync-conflict-1.txt": b"another",
        "stories/baseline.txt": b"no scenario",
        "stories/hope.txt": b"\xef\xbb\xbfThe light was on.",
    }
    files: dict[str, str | bytes] = {**tellings(), **strange}
    corpus = scan(write(tmp_path, files))
    assert corpus.concepts == ("awe", "calm", "hope", "joy")
    assert corpus.by_path["stories/hope.txt"].text == "The light was on."
    for path in strange:
        assert corpus.findings_by_path[path]
    run = desk.train(tmp_path, model_folder("llama"), target_layers=(1,))
    assert run.readout is not None
    assert run.readout.concepts == corpus.concepts


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target-layers", "1,1"], "given twice"),
        (["--target-layers", "1,2,"], "numbers with commas"),
        (["--target-layers", str(LAYERS)], "out of range"),
        (["--batch-tokens", "0"], "at least 1 token"),
        (["--output-dir", f"{__file__}/out"], "cannot be written"),
    ],
)
def test_row_08_every_argument_is_checked_before_the_model_is_loaded(
    model_folder: ModelFolder,
    tmp_path: Path,
    options: list[str],
    words: str,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    write(tmp_path, tellings())
    monkeypatch.setattr(sys, "argv", ["caa", "train", str(tmp_path), "--model", str(model_folder("llama")), *options])
    with pytest.raises(SystemExit) as left:
        cli.main()
    printed = capsys.readouterr()
    assert left.value.code == 2
    (sentence,) = [line for line in printed.err.splitlines() if line.startswith("caa: ")]
    assert words in sentence
    assert "load model" not in printed.err


def test_row_08_layers_keep_the_order_they_were_asked_in(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    run = desk.train(write(tmp_path, tellings()), model_folder("llama"), target_layers=(2, 1))
    assert strict_json(run.folder / "readout.json")["layers"] == [2, 1]
    assert run.flags is not None
    assert run.flags.layer == 1


def test_row_09_a_killed_run_keeps_its_batches_and_writes_nothing_by_halves(
    model_folder: ModelFolder, tmp_path: Path
) -> None:
    root, output = write(tmp_path / "corpus", tellings(30)), tmp_path / "out"
    loop = asyncio.new_event_loop()
    desk = Desk(WorkerClient(worker_log(data_folder(root))), loop)

    def kill(event: Event) -> None:
        if isinstance(event, Progress) and event.phase == "read stories" and event.done and desk.client.pid:
            os.kill(desk.client.pid, signal.SIGKILL)

    try:
        killed = desk.train(root, model_folder("llama"), kill, batch_tokens=32, output_dir=output)
        assert isinstance(killed.summary, Failed)
        assert not output.exists()
        result = done(desk.train(root, model_folder("llama"), batch_tokens=32, output_dir=output))
    finally:
        loop.run_until_complete(desk.client.close())
        loop.close()
    assert 0 < result.forwarded_texts < 120
    assert result.forwarded_texts + result.cached_texts == 120
    names = {"readout.safetensors", "readout.json", "quality.json", "provenance.json"}
    assert {file.name for file in output.iterdir()} == names


def test_row_10_one_pass_without_vocabulary_and_nothing_above_the_last_layer(
    desk: Desk, model_folder: ModelFolder, tmp_path: Path
) -> None:
    """What is not run cannot break: the upper layers and the vocabulary projection are NaN. The per-head part costs
    no second pass: each token is read once. tests/activations/test_exact_work.py counts the calls."""
    model = tmp_path / "model"
    model.mkdir()
    for file in model_folder("llama").iterdir():
        (model / file.name).write_bytes(file.read_bytes())
    weights = load_file(model / "model.safetensors")
    for name, values in weights.items():
        if "layers.3." in name or "lm_head" in name:
            values.fill_(float("nan"))
    save_file(weights, model / "model.safetensors", {"format": "pt"})
    texts = tellings()
    run = desk.train(write(tmp_path / "corpus", texts), model, target_layers=(1,))
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    assert done(run).tokens == sum(len(tokenizer(text)["input_ids"]) for text in texts.values())
    assert "per_head" in strict_json(run.folder / "quality.json")["joy"]


def test_row_11_fragmented_is_not_decided_by_the_story_count() -> None:
    """The reference's ratio measures n; a coherent concept and noise get the same one, but not the same verdict."""
    known = {1: 1.00, 2: 1.00, 3: 0.53, 4: 0.36, 5: 0.28, 8: 0.17, 16: 0.09}
    for stories, ratio in known.items():
        assert variance_ratios(noise(stories, stories))[0] == pytest.approx(ratio, abs=0.02)
    direction = np.zeros(576)
    direction[0] = 60.0
    groups = {"coherent": noise(16, 1) + direction, "noise": noise(16, 2), "other": noise(16, 3) - direction}
    flags = flags_of(judged(groups, noise(16, 4)), "fragmented")
    assert abs(flags["coherent"].value - flags["noise"].value) < 0.05
    assert flags["noise"].confirmed
    assert not flags["coherent"].confirmed
    assert flags["coherent"].caveat is not None
    assert "pure noise" in flags["coherent"].caveat


def test_row_12_redundant_without_baselines_is_said_to_be_by_construction() -> None:
    """All four are flagged by the rule; none is confirmed, because their stories are told apart."""
    axes = np.eye(4, 576) * 60.0
    groups = {name: noise(6, seed) + axes[seed] for seed, name in enumerate(("awe", "calm", "fear", "joy"))}
    report = judged(groups)
    flags = flags_of(report, "redundant")
    assert set(flags) == set(groups)
    assert not any(flag.confirmed for flag in flags.values())
    assert all(flag.caveat and "by construction" in flag.caveat for flag in flags.values())
    assert any("no baselines" in note for note in report.notes)
    assert flags_of(judged(groups, noise(6, 9)), "redundant") == {}


def test_row_13_every_layer_is_scored_and_the_best_comes_first(
    desk: Desk,
    model_folder: ModelFolder,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    run = desk.train(write(tmp_path, tellings()), model_folder("llama"), target_layers=(0, 1, 2, 3))
    flags = run.flags
    assert flags is not None
    assert set(flags.held_out) == {"0", "1", "2", "3"}
    scores = {layer: score for layer, score in flags.held_out.items() if score is not None}
    assert flags.best_layer == int(max(scores, key=lambda layer: scores[layer]))
    for summary in flags.concepts:
        for measure in (summary.first_pc, summary.agreement, summary.held_out, summary.nearest, summary.r_squared):
            assert set(measure) == {"0", "1", "2", "3"}
    monkeypatch.setattr(sys, "argv", ["caa", "triage", str(tmp_path)])
    with pytest.raises(SystemExit):
        cli.main()
    assert f"best layer first: layer {flags.best_layer} " in capsys.readouterr().out


def test_row_14_outliers_are_files(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    texts = tellings()
    run = desk.train(write(tmp_path, texts), model_folder("llama"), target_layers=(1,))
    report = strict_json(run.folder / "quality.json")
    assert run.readout is not None
    assert tuple(report) == run.readout.concepts
    for concept, quality in report.items():
        assert [Path(path).stem for path, _ in quality["outlier_paths"]] == [concept] * 2
        by_text = [[texts[path], score] for path, score in quality["outlier_paths"]]
        assert by_text == quality["outlier_stories"]


def test_row_15_what_made_the_file_is_beside_it(desk: Desk, model_folder: ModelFolder, tmp_path: Path) -> None:
    texts, output = tellings(), tmp_path / "out"
    root = write(tmp_path / "corpus", texts)
    run = desk.train(root, model_folder("llama"), target_layers=(1,), pooling="mean:2", output_dir=output)
    provenance = strict_json(output / "provenance.json")
    assert (output / "provenance.json").read_bytes() == (run.folder / "provenance.json").read_bytes()
    assert provenance["options"]["pooling"] == provenance["activations"]["pooling"] == "mean:2"
    assert provenance["options"]["model"] == str(model_folder("llama"))
    assert set(provenance["stories"]) == set(texts)
    assert {"fingerprint", "model_type", "padding", "max_length", "versions"} <= set(provenance["activations"])
    assert set(provenance["files_sha256"]) == {"readout.safetensors", "readout.json", "quality.json", "flags.json"}
