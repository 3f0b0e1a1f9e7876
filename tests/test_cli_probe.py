"""`caa probe`: tables for a person, one document for a program, one sentence for everything that cannot be probed."""

from __future__ import annotations

import asyncio
import io
import math
import shlex
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
from command_line import Answer, Caa, train_with_stub, write_corpus
from here_worker import HereWorker
from tiny_models import tiny_model

from caa_tui import cli_probe
from caa_tui.activations.holder import ModelHolder
from caa_tui.cli_probe import Shown, given_text, probe_lines
from caa_tui.corpus.scan import scan
from caa_tui.corpus.settings import Settings
from caa_tui.corpus.storage import data_folder
from caa_tui.errors import UserError
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import load_run
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.probing import ProbeResult
from caa_tui.runs.session import train, worker_log
from caa_tui.vectors.probe import CorpusScale, Probe

HOSTILE = "She [bold]laughed[/bold] \x1b[31mloud\x9b2J,\u202e and\r\nthe \U0001f642 dog slept."


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tiny_model("llama", tmp_path_factory.mktemp("model"))


@dataclass
class Trained:
    """A corpus with a run of a tiny model."""

    caa: Caa
    root: Path

    def probe(self, *arguments: str | Path) -> Answer:
        return self.caa("probe", self.root, *arguments)


@dataclass(frozen=True)
class Shop:
    """A corpus with a run, and the model in memory."""

    root: Path
    holder: ModelHolder


@pytest.fixture(scope="module")
def shop(model: Path, tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """Trained once; read it, do not write to it."""
    root, holder = write_corpus(tmp_path_factory.mktemp("trained")), ModelHolder()
    data = data_folder(root)
    client = cast(WorkerClient, HereWorker(worker_log(data), holder))
    options = TrainOptions(model=str(model), device="cpu", target_layers=(0, 1, 2), max_length=60)
    asyncio.run(train(scan(root), Settings(), options, client=client, data=data, on_event=lambda _: None))
    return Shop(root, holder)


@pytest.fixture
def trained(caa: Caa, shop: Shop, monkeypatch: pytest.MonkeyPatch) -> Trained:
    """Its worker is this process, unless a command names another one."""

    def client(log: Path, command: str | None = None) -> WorkerClient:
        return cast(WorkerClient, HereWorker(log, shop.holder)) if command is None else WorkerClient(log, command)

    monkeypatch.setattr(cli_probe, "WorkerClient", client)
    return Trained(caa, shop.root)


def test_a_program_gets_everything(trained: Trained) -> None:
    answer = trained.probe("--text", HOSTILE, "--json", "--layer", "2")
    assert answer.code == 0, answer.err
    document = answer.document
    assert (document["run"], document["layers"], document["layer"]) == ("0001", [0, 1, 2], 2)
    assert document["concepts"] == ["awe", "calm", "joy"]
    assert (document["device"], document["dtype"], document["pooling"], document["note"]) == (
        "cpu",
        "fp32",
        "last",
        None,
    )
    assert document["corpus"]["texts"] == 11
    tokens = document["tokens"]
    assert "".join(token["text"] for token in tokens) == (
        "She [bold]laughed[/bold] ␛[31mloud\ufffd2J,\ufffd and␊the \U0001f642 dog slept."
    )
    # As a readout server tells it: layers, each a list of concepts; and the last token is what `last` pools.
    readout, z = np.array(tokens[-1]["readout"]), np.array(tokens[-1]["z"])
    np.testing.assert_allclose(document["pooled"]["readout"], readout, rtol=1e-5)
    np.testing.assert_allclose(document["pooled"]["z"], z, rtol=1e-4)
    mean, std = (np.array(document["corpus"][name]) for name in ("mean", "std"))
    np.testing.assert_allclose(z, (readout - mean) / std)
    at_2 = document["pooled"]["z"][2]
    assert document["ranked"] == [document["concepts"][index] for index in np.argsort(-np.array(at_2))]


def test_a_person_gets_tables(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "text.txt").write_bytes(b"\xef\xbb\xbf" + HOSTILE.encode())
    answer = trained.probe("--file", tmp_path / "text.txt", "--tokens", "--layer", "1", "--top", "2")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    document = trained.probe("--text", HOSTILE, "--json", "--layer", "1").document
    assert lines[0].startswith(f"Run 0001 reads {len(document['tokens'])} tokens: ")
    assert lines[2] == "z-scores of the whole text, against the 11 texts of the run; sorted at layer 1"
    assert lines[3].split() == ["concept", "layer", "0", "layer", "1", "layer", "2", "projection", "at", "1"]
    first, second, rest = (line.split() for line in lines[4:7])
    assert [first[0], second[0]] == document["ranked"][:2]
    assert float(first[2]) >= float(second[2])
    assert rest == ["2", "of", "3", "concepts;", "--top", "shows", "more"]
    assert lines[8] == "z-scores of every token at layer 1"
    assert lines[9].split() == ["token", *document["ranked"][:2]]
    for line, (at, token) in zip(lines[10:], enumerate(document["tokens"]), strict=True):
        assert line.lstrip().startswith(f"{at}   {token['text'].rstrip()}")
    assert not any(sign in answer.out for sign in "\x1b\x9b\u202e\r")
    assert all(len(line) <= 80 for line in lines[3:])
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(HOSTILE.encode())))
    assert trained.probe("--layer", "1", "--top", "2").out.splitlines() == lines[:7]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--text", " \n "], "The text is empty; give one with at least a word."),
        (["--text", "a", "--file", "b"], "with --text or with --file, not with both."),
        (["--file", "/no/such\x1b/file"], "/no/such␛/file cannot be read (no such file or directory)"),
        (["--text", "a", "--layer", "7"], "Run 0001 has no vectors at layer 7; choose one of 0, 1, 2."),
        (["--text", "a", "--run", "9"], "There is no run '9'"),
        (["--text", "many words " * 50], "tokens, and the run reads at most 60; shorten it."),
        (["--text", "a", "--worker-command", "/no/such/worker"], "cannot be started"),
        (["--text", "a\udce9"], "The text is not UTF-8"),
    ],
)
def test_what_cannot_be_probed_is_one_sentence(arguments: list[str], words: str, trained: Trained) -> None:
    assert words in trained.probe(*arguments).sentence()


def test_files_that_are_no_text(trained: Trained, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "latin").write_bytes(b"caf\xe9")
    assert "is not UTF-8 (byte 0xE9 in line 1)" in trained.probe("--file", tmp_path / "latin").sentence()
    assert "is a directory" in trained.probe("--file", tmp_path).sentence()
    monkeypatch.setattr(cli_probe, "MAX_TEXT_BYTES", 3)
    assert "longer than any model reads" in trained.probe("--file", tmp_path / "latin").sentence()
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(b"more")))
    with pytest.raises(UserError, match="in stdin is longer"):
        given_text(None, None)
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True, raising=False)
    with pytest.raises(UserError, match="There is no text; give it with --text or --file, or pipe it in"):
        given_text(None, None)


def test_runs_without_vectors_or_model(caa: Caa, tmp_path: Path) -> None:
    root = write_corpus(tmp_path / "corpus")
    assert "no finished run" in caa("probe", root, "--text", "a").sentence()
    train_with_stub(caa, root)
    assert "does not say which model made it" in caa("probe", root, "--text", "a").sentence()
    train_with_stub(caa, root, model="memory")
    assert "Run 0002 (failed) has no vectors" in caa("probe", root, "--text", "a", "--run", "2").sentence()


def test_without_a_cache_there_are_projections_and_a_note(trained: Trained, tmp_path: Path) -> None:
    """The worker of another machine has its own cache, which has never seen this run."""
    away = shlex.join(["env", f"XDG_CACHE_HOME={tmp_path}", sys.executable, "-P", "-m", "caa_tui.runs.worker"])
    answer = trained.probe("--text", "Nobody spoke.", "--worker-command", away, "--json")
    assert answer.code == 0, answer.err
    document = answer.document
    assert document["corpus"] is document["pooled"]["z"] is document["tokens"][0]["z"] is None
    assert "11 of the 11 texts of run 0001 are not in the activation cache" in document["note"]
    assert f"note: {document['note']}" in answer.err
    here = trained.probe("--text", "Nobody spoke.", "--json").document
    assert here["pooled"]["readout"] == document["pooled"]["readout"]


def result(scale: CorpusScale | None) -> ProbeResult:
    probe = Probe(
        concepts=("awe", "joy\x1b"),
        layers=(3, 5),
        tokens=("<bos>", " ", "a" * 40, "\n"),
        token_ids=(1, 2, 3, 4),
        by_token=np.arange(16, dtype=np.float64).reshape(2, 4, 2),
        pooled=np.array([[0.5, -1.25], [2.0, 3.0]]),
        scale=scale,
    )
    return ProbeResult(probe=probe, device="cpu", dtype="fp32", note="" if scale else "No.")


def test_numbers_that_are_not_defined_are_dashes(trained: Trained) -> None:
    run = load_run(data_folder(trained.root), 1)
    flat = CorpusScale(np.ones((2, 2)), np.array([[2.0, 0.0], [1.0, math.nan]]), 2)
    lines = list(probe_lines(run, result(flat), 5, 10, by_token=True))
    assert lines[3:6] == [
        "  concept  layer 3  layer 5  projection at 5",
        "  awe         -.25     1.00             2.00",
        "  joy␛           -        -             3.00",
    ]
    assert lines[7:] == [
        "z-scores of every token at layer 5",
        "      token                       awe  joy␛",
        "  0   <bos>                      7.00     -",
        "  1   ␠                          9.00     -",
        "  2   aaaaaaaaaaaaaaaaaaaaaaa…  11.00     -",
        "  3   ␊                         13.00     -",
    ]
    raw = list(probe_lines(run, result(None), 3, 1, by_token=False))
    assert raw[2:] == [
        "Projections of the whole text; sorted at layer 3",
        "  concept  layer 3  layer 5  projection at 3",
        "  awe          .50     2.00              .50",
        "  1 of 2 concepts; --top shows more",
    ]
    document: Any = cli_probe._document(run, result(flat), 5)
    assert document["pooled"]["z"] == [[-0.25, None], [1.0, None]]


def test_help_says_how_to_give_a_text(caa: Caa) -> None:
    shown = caa("probe", "--help").out
    assert all(option in shown for option in ("--text", "--file", "--layer", "--top", "--tokens", "--json", "stdin"))
    assert caa("probe", "x", "--text", "a", "--top", "0").code == 2
    assert Shown(layer=None, top=10, by_token=False, as_json=False).layer is None
