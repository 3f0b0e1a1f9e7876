"""Bad input is one clear sentence, or a finding; never a traceback, never a hang, and nothing is loaded for it."""

from __future__ import annotations

import os
from functools import partial
from pathlib import Path

import pytest
from command_line import Caa, train_with_stub, write_corpus

pytestmark = pytest.mark.timeout(60)


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def train(caa: Caa, corpus: Path) -> Caa:
    return partial(train_with_stub, caa, corpus)


def test_check_of_nothing(caa: Caa, tmp_path: Path) -> None:
    assert "missing" in caa("check", tmp_path / "missing").sentence()
    caa("check", tmp_path).sentence()
    caa("check", __file__).sentence()


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--target-layers", "1,1"], "given twice"),
        (["--target-layers", "1,2,"], "numbers with commas"),
        (["--target-layers=-1"], "layer -1 is negative"),
        (["--dtype", "fp8"], "bf16, fp16, fp32"),
        (["--device", "gpu"], "'gpu'"),
        (["--batch-tokens", "0"], "A batch must have"),
        (["--max-length", "0"], "maximum length"),
        (["--min-positives", "0"], "minimum of positives"),
        (["--pooling", "max"], "pooling"),
        (["--worker-command", "ssh 'x"], "worker command"),
        (["--worker-command", "/no/such/program"], "/no/such/program"),
        (["--output-dir", "/dev/null/x"], "cannot be written"),
        (["--output-dir", __file__], "cannot be written"),
    ],
)
def test_bad_options_are_said_before_anything_is_loaded(
    train: Caa, corpus: Path, options: list[str], words: str
) -> None:
    assert words in train(*options).sentence()
    assert not list((corpus / ".caa").glob("runs/*/readout.json"))


def test_no_model(caa: Caa, corpus: Path) -> None:
    assert "--model" in caa("train", corpus).sentence()


def test_bad_settings(caa: Caa, corpus: Path) -> None:
    (corpus / "caa.toml").write_text("[training]\nmodle = 'x'\n")
    assert "caa.toml" in caa("train", corpus, "--model", "stub").sentence()
    assert caa("check", corpus).code == 1


def test_corpora_that_cannot_be_trained(caa: Caa, tmp_path: Path) -> None:
    assert "missing" in caa("train", tmp_path / "missing", "--model", "stub").sentence()
    (tmp_path / "stories").mkdir()
    assert "no stories" in caa("train", tmp_path, "--model", "stub").sentence()
    (tmp_path / "stories/joy.txt").write_text("only joy")
    one = train_with_stub(caa, tmp_path)
    assert one.code == 2
    assert "nothing to compare" in one.err


def test_hostile_files_are_findings_and_training_goes_on(caa: Caa, train: Caa, corpus: Path) -> None:
    stories = corpus / "stories"
    (stories / "folder.txt").mkdir()
    os.mkfifo(stories / "pipe.txt")
    (stories / "new\nline\x1b[31m.txt").write_text("x")
    with (stories / "huge.txt").open("wb") as huge:
        huge.truncate(50 * 2**20)
    (stories / "latin.txt").write_bytes(b"caf\xe9")
    checked = caa("check", corpus)
    assert checked.code == 1
    assert "\x1b" not in checked.out
    for name in ("folder.txt", "pipe.txt", "huge.txt", "latin.txt", "line"):
        assert name in checked.out
    kinds = {finding["kind"] for finding in caa("check", corpus, "--json").document["findings"]}
    assert {"not-a-file", "too-large", "not-utf8", "bad-name"} <= kinds
    done = train("--json")
    assert done.lines[-1]["concepts"] == 3


def test_an_empty_corpus_is_a_finding(caa: Caa, tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    checked = caa("check", tmp_path)
    assert checked.code == 1
    assert "There are no stories to train on" in checked.out
    assert [one["kind"] for one in caa("check", tmp_path, "--json").document["findings"]] == ["no-story"]
    for command in ("triage", "export"):
        options = ["--to", str(tmp_path / "out")] if command == "export" else []
        assert "no finished run" in caa(command, tmp_path, *options).sentence()


def test_baselines_alone_cannot_be_trained(caa: Caa, tmp_path: Path) -> None:
    (tmp_path / "paired/a").mkdir(parents=True)
    (tmp_path / "paired/a/baseline.txt").write_text("A table and a chair.")
    assert "no stories" in train_with_stub(caa, tmp_path).sentence()


def test_links_and_nul_in_a_story(caa: Caa, train: Caa, corpus: Path) -> None:
    stories = corpus / "stories"
    (stories / "dangling.txt").symlink_to("nowhere.txt")
    (stories / "loop.txt").symlink_to("loop.txt")
    (stories / "out.txt").symlink_to("/etc/passwd")
    (corpus / "paired/loop").symlink_to("loop")
    (stories / "nul.txt").write_bytes(b"The door \0 was open.")
    kinds = {
        path: finding["kind"]
        for finding in caa("check", corpus, "--json").document["findings"]
        for path in finding["paths"]
    }
    assert kinds["stories/dangling.txt"] == kinds["stories/loop.txt"] == kinds["paired/loop"] == "not-a-file"
    assert kinds["stories/out.txt"] == "leaves-corpus"
    assert "U+0000" in caa("check", corpus).out
    assert train("--json").lines[-1]["concepts"] == 4


@pytest.mark.parametrize("name", ["two words", "[bold]x[/bold]", "new\nline", "$(touch x) `id`", "\x1b[31m"])
def test_folders_with_any_name(caa: Caa, tmp_path: Path, name: str) -> None:
    corpus, out = write_corpus(tmp_path / name / "corpus"), tmp_path / name / "out"
    done = train_with_stub(caa, corpus, "--output-dir", out)
    assert done.code == 0, done.err
    exported = caa("export", corpus, "--to", out)
    assert exported.code == 0
    assert "\x1b" not in done.out + done.err + exported.out
    assert len(exported.out.splitlines()) == 1
    missing = caa("check", tmp_path / name / "missing")
    assert "\x1b" not in missing.sentence()


def test_a_folder_in_the_place_of_a_result_is_said_before_training(train: Caa, corpus: Path, tmp_path: Path) -> None:
    for name in ("readout.json", "quality.json", "provenance.json"):
        (tmp_path / name / "out" / name).mkdir(parents=True)
        assert f"{name} there is a folder" in train("--output-dir", tmp_path / name / "out").sentence()
    assert not list((corpus / ".caa").glob("runs/*"))


def test_a_damaged_run_does_not_hide_the_others(caa: Caa, train: Caa, corpus: Path) -> None:
    train()
    train()
    (corpus / ".caa/runs/0001/readout.safetensors").write_bytes(b"torn")
    shown = caa("triage", corpus)
    assert shown.code == 0
    assert "not sound" in shown.out
    (corpus / ".caa/runs/0001/request.json").write_bytes(b"{")
    shown = caa("triage", corpus)
    assert shown.code == 0
    assert "cannot be compared" in shown.err
    assert caa("runs", corpus).code == 0
    assert [run["model"] for run in caa("runs", corpus, "--json").document["runs"]] == ["stub", None]
