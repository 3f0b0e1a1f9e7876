"""`caa runs`: how endings are worded, numbers as on the screen, and deleting a run."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from command_line import Caa, train_with_stub, write_corpus

from caa_tui.runs import housekeeping
from caa_tui.runs.protocol import Cancelled
from caa_tui.runs.records import RunStatus, StatusFile
from caa_tui.wording import memory


@pytest.fixture
def corpus(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


def cancel(corpus: Path, run_id: str) -> None:
    """Make a run one that was cancelled."""
    event = Cancelled(run_id=run_id, forwarded_texts=7)
    status = StatusFile(id=run_id, status=RunStatus.CANCELLED, started=1.0, ended=2.0, summary=event)
    (corpus / ".caa/runs" / run_id / "status.json").write_bytes(msgspec.json.encode(status))


def test_an_ending_is_said_once(caa: Caa, corpus: Path) -> None:
    train_with_stub(caa, corpus)
    train_with_stub(caa, corpus, model="defect")
    cancel(corpus, "0001")
    lines = caa("runs", corpus).out.splitlines()
    assert "run 0001: Cancelled; 7 texts were read and kept in the cache." in lines
    assert any(line.startswith("run 0002 failed: ") for line in lines)


def test_numbers_are_written_as_on_the_screen(caa: Caa, corpus: Path) -> None:
    train_with_stub(caa, corpus)
    train_with_stub(caa, corpus)
    assert caa("runs", corpus).out.splitlines()[1].endswith("none")
    (corpus / "stories/joy.txt").write_text("joy told anew, at length, in another way altogether")
    train_with_stub(caa, corpus)
    moved = caa("runs", corpus).out.splitlines()[1].split()
    assert moved[-2] in {"joy", "awe", "calm"}
    assert moved[-1].lstrip("-").startswith(".")


def test_what_was_set_up_differently_is_said(caa: Caa, corpus: Path) -> None:
    train_with_stub(caa, corpus)
    assert train_with_stub(caa, corpus, "--pooling", "mean").code == 0
    assert caa("runs", corpus, "--json").document["runs"][0]["drift"]["settings"] == ["pooling mean, was last"]
    assert "set up differently: pooling mean, was last" in caa("triage", corpus).out


def test_a_run_is_moved_to_the_trash(caa: Caa, corpus: Path, trash: Path) -> None:
    train_with_stub(caa, corpus)
    size = memory(housekeeping.tree_size(corpus / ".caa/runs/0001"))
    answer = caa("runs", corpus, "--delete", "1")
    assert (answer.code, answer.out) == (0, f"Run 0001 ({size}) is in the trash now.\n")
    assert (trash / "0001" / "readout.json").is_file()
    assert "No runs yet" in caa("runs", corpus).out
    assert "There is no run '1'" in caa("runs", corpus, "--delete", "1").sentence()
