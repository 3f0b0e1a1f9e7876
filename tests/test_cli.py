"""`caa`: exit codes, JSON, one sentence for everything a person can put right, and a start without heavy modules."""

from __future__ import annotations

import json
import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from caa_tui import cli

RUNS = Path(__file__).parent / "runs"
STUB = shlex.join([sys.executable, str(RUNS / "stub_worker.py")])
CAA = (sys.executable, "-P", "-m", "caa_tui.cli")
TEXTS = {
    f"{folder}/{concept}.txt": f"{concept} {folder}: {words}"
    for folder, words in (("stories", "the door was open"), ("paired/a", "a table"), ("paired/b", "the last train"))
    for concept in ("joy", "awe", "calm", "baseline")
    if (folder, concept) != ("stories", "baseline")
}


def write_corpus(root: Path) -> Path:
    for path, text in TEXTS.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    return root


@dataclass
class Answer:
    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        return json.loads(self.out)

    @property
    def lines(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]

    def sentence(self) -> str:
        """The error: one line on stderr, nothing on stdout, no traceback, exit code 2."""
        assert self.code == 2, self
        assert self.out == ""
        (line,) = [line for line in self.err.splitlines() if line.startswith("caa: ")]
        assert "Traceback" not in self.err
        assert line.endswith(".")
        return line


Caa = Callable[..., Answer]


@pytest.fixture
def caa(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Caa:
    """Runs the command line in this process."""

    def call(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["caa", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        return Answer(int(left.value.code or 0), printed.out, printed.err)

    return call


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def train(caa: Caa, corpus: Path) -> Caa:
    def call(*options: str | Path, model: str = "stub") -> Answer:
        return caa("train", corpus, "--model", model, "--worker-command", STUB, *options)

    return call


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
    for name in ("check", "train", "triage", "runs", "export", "worker"):
        assert f"\n  {name} " in commands.out
    assert caa("--version").out.startswith("caa ")
    assert caa("train").code == 2


def test_check(caa: Caa, corpus: Path) -> None:
    plain = caa("check", corpus)
    document = caa("check", corpus, "--json").document
    assert plain.code == (1 if document["findings"] else 0)
    assert document["summary"]["concepts"] == 3
    assert "3 concepts, 2 scenarios" in plain.out


def test_check_of_nothing(caa: Caa, tmp_path: Path) -> None:
    assert "missing" in caa("check", tmp_path / "missing").sentence()
    caa("check", tmp_path).sentence()
    caa("check", __file__).sentence()


def test_train_for_a_person(train: Caa, tmp_path: Path) -> None:
    done = train("--output-dir", tmp_path / "out")
    assert done.code == 0, done.err
    assert "Run 0001: 3 concepts, 11 stories, layers 1 2" in done.out
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
    ("options", "words"),
    [
        (["--target-layers", "1,1"], "named twice"),
        (["--target-layers", "1,2,"], "numbers with commas"),
        (["--target-layers=-1"], "no layer -1"),
        (["--dtype", "fp8"], "bf16, fp16, fp32"),
        (["--device", "gpu"], "'gpu'"),
        (["--batch-tokens", "0"], "Batch tokens"),
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
    one = caa("train", tmp_path, "--model", "stub", "--worker-command", STUB)
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
    train(model="user")
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
    train(model="user")
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
