"""`caa` run in this process, on a small corpus, with a worker that needs no model."""

from __future__ import annotations

import json
import shlex
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


def train_with_stub(caa: Caa, corpus: Path, *options: str | Path, model: str = "stub") -> Answer:
    """`caa train` with the stub in the model's place."""
    return caa("train", corpus, "--model", model, "--worker-command", STUB, *options)


def in_this_process(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Caa:
    """A function that runs one command line to its end."""

    def call(*arguments: str | Path) -> Answer:
        monkeypatch.setattr(sys, "argv", ["caa", *map(str, arguments)])
        with pytest.raises(SystemExit) as left:
            cli.main()
        printed = capsys.readouterr()
        return Answer(int(left.value.code or 0), printed.out, printed.err)

    return call
