"""What is executed, in which environment, and what its end is called; that it runs is in test_client."""

from __future__ import annotations

from pathlib import Path

import pytest

from caa_tui.errors import UserError
from caa_tui.runs.worker_process import death_message, last_line, worker_command, worker_environment


@pytest.mark.parametrize("command", ["", "   ", "ssh 'box"])
def test_a_worker_command_that_cannot_be_read(command: str) -> None:
    with pytest.raises(UserError, match="worker command"):
        worker_command(command)


def test_the_default_command_keeps_the_current_folder_off_the_module_path() -> None:
    assert "-P" in worker_command(None)
    assert worker_command("ssh 'gpu box' caa worker") == ("ssh", "gpu box", "caa", "worker")


def test_the_screens_environment_stays_here(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TEXTUAL_DRIVER", "x")
    monkeypatch.setenv("HF_HOME", "y")
    assert "TEXTUAL_DRIVER" not in worker_environment()
    assert worker_environment()["HF_HOME"] == "y"


def test_every_exit_code_has_one_sentence(tmp_path: Path) -> None:
    for code in (*range(-64, 0), *range(256)):
        message = death_message(code, tmp_path / "worker.log")
        assert message.startswith("The worker")
        assert message.endswith(".")
        assert "worker.log" in message


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", ""),
        (b"one\ntwo\n\n \n", "two"),
        (b"\x1b[2J\xff", "␛[2J\ufffd"),
        (b"x" * 10_000, "x" * 200),
    ],
)
def test_last_line(content: bytes, expected: str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    log.write_bytes(content)
    assert last_line(log) == expected


def test_last_line_without_a_log(tmp_path: Path) -> None:
    assert last_line(tmp_path / "none") == ""
