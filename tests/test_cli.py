"""`caa`: exit codes, JSON, one sentence for everything a person can put right, and a start without heavy modules."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from command_line import CAA, RUNS, STUB, Caa, train_with_stub, write_corpus

from caa_tui import cli


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def train(caa: Caa, corpus: Path) -> Caa:
    return partial(train_with_stub, caa, corpus)


@pytest.mark.parametrize("arguments", [["--help"], ["--version"], ["train", "--help"], ["check", "CORPUS", "--json"]])
def test_the_start_loads_nothing_heavy(arguments: list[str], corpus: Path) -> None:
    words = [str(corpus) if word == "CORPUS" else word for word in arguments]
    code = (
        "import sys; from caa_tui import cli; sys.argv = ['caa', *sys.argv[1:]]\n"
        "try: cli.main()\n"
        "finally: print('heavy', *{'torch', 'transformers', 'textual', 'numpy', 'scipy'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", code, *words], capture_output=True, text=True, check=False)
    loaded = set(done.stdout.splitlines()[-1].split())
    # The search for near-identical stories is numpy's.
    assert loaded <= ({"heavy", "numpy"} if words[0] == "check" else {"heavy"}), done.stderr


def test_help_and_version(caa: Caa) -> None:
    commands = caa("--help")
    assert commands.code == 0
    for name in ("check", "train", "triage", "probe", "runs", "export", "worker"):
        assert f"\n  {name} " in commands.out
    assert caa("--version").out.startswith("caa ")
    assert caa("train").code == 2


def test_check(caa: Caa, corpus: Path) -> None:
    plain = caa("check", corpus)
    document = caa("check", corpus, "--json").document
    assert plain.code == (1 if document["findings"] else 0)
    assert document["summary"]["concepts"] == 3
    assert "3 concepts, 2 scenarios, 9 stories, 2 baselines" in plain.out


def test_train_for_a_person(train: Caa, tmp_path: Path) -> None:
    done = train("--output-dir", tmp_path / "out")
    assert done.code == 0, done.err
    assert "Run 0001: 3 concepts from 11 texts, layers 1 2" in done.out
    assert f"written to {tmp_path / 'out'}" in done.out
    assert "note: This model has no MLP." in done.err
    names = ["provenance.json", "quality.json", "readout.json", "readout.safetensors"]
    assert sorted(file.name for file in (tmp_path / "out").iterdir()) == names


def test_train_for_a_program(train: Caa, corpus: Path) -> None:
    done = train("--json")
    assert done.code == 0
    assert done.lines[0]["type"] == "hello"
    result = done.lines[-1]
    assert result["type"] == "result"
    for key in ("forwarded_texts", "cached_texts", "tokens", "padded_tokens", "seconds", "peak_memory_bytes"):
        assert key in result
    assert {"check", "read stories", "vectors", "quality", "total"} <= set(result["seconds"])
    artefacts = [line for line in done.lines if line["type"] == "artefact"]
    assert len(artefacts) == 5
    assert all("data" not in line and line["size"] > 0 for line in artefacts)
    kept = (corpus / ".caa/runs/0001/events.jsonl").read_text()
    assert kept == done.out


def test_train_without_a_report(train: Caa, corpus: Path, tmp_path: Path) -> None:
    assert train("--no-quality-report", "--output-dir", tmp_path / "out").code == 0
    run = corpus / ".caa/runs/0001"
    assert not (run / "quality.json").exists()
    assert not (run / "flags.json").exists()
    assert not (tmp_path / "out/quality.json").exists()


def test_settings_are_the_defaults_and_options_win(caa: Caa, corpus: Path) -> None:
    (corpus / "caa.toml").write_text('[training]\nmodel = "stub"\ntarget_layers = [1, 2]\nmin_positives = 2\n')
    assert caa("train", corpus, "--worker-command", STUB, "--target-layers", "auto", "--pooling", "mean:3").code == 0
    request = json.loads((corpus / ".caa/runs/0001/request.json").read_text())
    assert (request["model"], request["target_layers"], request["min_positives"]) == ("stub", None, 2)
    assert request["pooling"] == "mean:3"


@pytest.mark.parametrize(
    ("model", "code", "words"),
    [("user", 2, "choose another one."), ("defect", 1, "unexpectedly"), ("memory", 1, "memory")],
)
def test_a_training_that_fails(train: Caa, tmp_path: Path, model: str, code: int, words: str) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "readout.json").write_text("the old one")
    failed = train("--output-dir", out, model=model)
    assert failed.code == code
    assert words in failed.err
    assert "Traceback" not in failed.err
    assert [file.name for file in out.iterdir()] == ["readout.json"]
    assert (out / "readout.json").read_text() == "the old one"
    machine = train("--json", model=model)
    assert machine.code == code
    assert machine.lines[-1]["type"] == "failed"


def test_an_unexpected_error_is_one_line_without_debug(caa: Caa, corpus: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("deep\x1b inside")

    monkeypatch.setattr("caa_tui.corpus.report.check_exit_code", broken)
    answer = caa("check", corpus)
    assert answer.code == 1
    assert (
        answer.err == "caa: unexpected error (ZeroDivisionError: deep␛ inside); run again with --debug and report it.\n"
    )
    monkeypatch.setattr(sys, "argv", ["caa", "check", str(corpus), "--debug"])
    with pytest.raises(ZeroDivisionError):
        cli.main()


def test_triage(caa: Caa, train: Caa, corpus: Path) -> None:
    assert "no finished run" in caa("triage", corpus).sentence()
    (corpus / "caa.toml").write_text("[thresholds]\nfragmented_below = 1.0\n")
    train()
    (corpus / "stories/joy.txt").write_text("joy told anew")
    train()
    (corpus / "stories/awe.txt").write_text("awe told anew")
    document = caa("triage", corpus, "--json").document
    assert document["run"] == "0002"
    assert document["edited_since"] == {"added": [], "changed": ["stories/awe.txt"], "removed": []}
    assert document["changes"]["old"] == "0001"
    assert document["changes"]["corpus"]["changed"] == ["stories/joy.txt"]
    flags = json.loads((corpus / ".caa/runs/0002/flags.json").read_text())
    assert {key: document[key] for key in flags} == flags
    first = caa("triage", corpus, "--run", "1", "--json").document
    assert (first["run"], first["changes"]) == ("0001", None)
    text = caa("triage", corpus).out
    for words in ("Run 0002", "1 story edited since", "Fragmented", "Contaminated", "Redundant", "Since run 0001"):
        assert words in text
    assert flags["flags"]
    for flag in flags["flags"]:
        assert flag["evidence"][0]["path"] in text
    assert "There is no run" in caa("triage", corpus, "--run", "9").sentence()


def test_triage_of_a_run_without_flags(caa: Caa, train: Caa, corpus: Path) -> None:
    train("--no-quality-report")
    assert "no flags" in caa("triage", corpus).sentence()


def test_runs(caa: Caa, train: Caa, corpus: Path) -> None:
    assert "No runs yet" in caa("runs", corpus).out
    assert caa("runs", corpus, "--json").document == {"runs": [], "damaged": []}
    train()
    train(model="memory")
    (corpus / "stories/joy.txt").write_text("joy told anew")
    train()
    third, second, first = caa("runs", corpus, "--json").document["runs"]
    assert [run["status"] for run in (first, second, third)] == ["done", "failed", "done"]
    assert (first["drift"], second["drift"]) == (None, None)
    assert third["drift"]["old"] == "0001"
    assert third["drift"]["corpus"]["changed"] == ["stories/joy.txt"]
    (corpus / ".caa/runs/0002/status.json").write_text("{")
    text = caa("runs", corpus)
    assert [line.split()[0] for line in text.out.splitlines()] == ["run", "0003", "0001"]
    assert "0002 is damaged" in text.err


def test_export(caa: Caa, train: Caa, corpus: Path, tmp_path: Path) -> None:
    assert "no finished run" in caa("export", corpus, "--to", tmp_path / "x").sentence()
    train()
    train(model="memory")
    target = tmp_path / "deep" / "target"
    assert caa("export", corpus, "--to", target).code == 0
    for name in ("readout.safetensors", "readout.json"):
        assert (target / name).read_bytes() == (corpus / ".caa/runs/0001" / name).read_bytes()
    assert "'ggml' is not known" in caa("export", corpus, "--to", target, "--format", "ggml").sentence()
    assert "no vectors" in caa("export", corpus, "--to", target, "--run", "2").sentence()
    assert "cannot be written" in caa("export", corpus, "--to", "/dev/null/x").sentence()
    (corpus / ".caa/runs/0001/readout.json").write_text("{}")
    assert "not sound" in caa("export", corpus, "--to", target).sentence()


def test_two_trainings_at_once(train: Caa, corpus: Path) -> None:
    with start(corpus, "endless") as first:
        read_until(first, "progress")
        assert "Another training of this corpus is running (run 0001" in train().sentence()
        first.send_signal(signal.SIGINT)
        assert first.wait(20) == 130
    assert train().code == 0


def start(corpus: Path, model: str, worker: str = STUB) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [*CAA, "train", str(corpus), "--model", model, "--worker-command", worker, "--json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )


def read_until(process: subprocess.Popen[bytes], kind: str) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        if json.loads(line)["type"] == kind:
            return
    pytest.fail(f"no {kind}")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_cancels(corpus: Path, number: signal.Signals) -> None:
    with start(corpus, "endless") as process:
        read_until(process, "progress")
        process.send_signal(number)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1])["type"] == "cancelled"
    assert b"press Ctrl+C again" in err
    assert b"Traceback" not in err
    assert json.loads((corpus / ".caa/runs/0001/status.json").read_text())["status"] == "cancelled"


def test_ctrl_c_again_kills_a_worker_that_does_not_listen(corpus: Path) -> None:
    with start(corpus, "any", shlex.join([sys.executable, str(RUNS / "fake_worker.py"), "deaf"])) as process:
        assert process.stderr is not None
        read_until(process, "progress")
        process.send_signal(signal.SIGINT)
        for line in process.stderr:
            if b"again" in line:
                break
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=20)
    assert process.returncode == 130
    assert json.loads(out.splitlines()[-1]) == {"type": "cancelled", "run_id": "0001", "forwarded_texts": 4}
    assert b"Traceback" not in err


def test_a_reader_that_leaves_ends_it_quietly(corpus: Path) -> None:
    with start(corpus, "endless") as process:
        read_until(process, "progress")
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait(20) == 1
        assert process.stderr is not None
        assert b"Traceback" not in process.stderr.read()


def test_caa_worker_is_a_worker(corpus: Path) -> None:
    done = subprocess.run([*CAA, "worker"], input=b'{"type":"shutdown"}\n', capture_output=True, check=True)
    assert json.loads(done.stdout)["type"] == "hello"
    wrong = subprocess.run([*CAA, "worker", "--nonsense"], capture_output=True, check=False)
    assert wrong.returncode == 2


def test_progress_on_a_terminal_is_one_line(corpus: Path) -> None:
    pty = pytest.importorskip("pty")
    near, far = pty.openpty()
    command = [*CAA, "train", str(corpus), "--model", "stub", "--worker-command", STUB]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=far) as process:
        os.close(far)
        shown = b""
        try:
            while chunk := os.read(near, 4096):
                shown += chunk
        except OSError:
            # The far end closed (EIO on Linux).
            pass
        os.close(near)
    assert process.returncode == 0
    assert b"\r\x1b[Kquality" in shown
    assert shown.endswith(b"\r\x1b[K")
    assert shown.count(b"\n") == 1
