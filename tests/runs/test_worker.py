"""The worker process: the pipe, the log, and how it ends."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from fake_client import probe_request

from caa_tui.runs.protocol import (
    FINAL_EVENTS,
    Cancelled,
    CancelRequest,
    Described,
    DescribeRequest,
    Event,
    Failed,
    Finished,
    Hello,
    PhaseStarted,
    Progress,
    Request,
    ShutdownRequest,
    StoryText,
    TrainRequest,
    decode_event,
    encode_line,
)

STUB = Path(__file__).with_name("stub_worker.py")
REAL = ("-P", "-m", "caa_tui.runs.worker")
STORIES = tuple(
    StoryText(path=f"stories/{name}.txt", concept=name, scenario=None, text=f"a text on {name}")
    for name in ("joy", "awe", "calm")
)


def request(model: str = "stub", run_id: str = "0001", version: int = 1) -> TrainRequest:
    return TrainRequest(run_id=run_id, model=model, stories=STORIES, version=version)


class Pipe:
    """The near end, by hand."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self.process = process
        self.stdin, self.stdout = process.stdin, process.stdout

    def send(self, *messages: Request) -> None:
        self.stdin.write(b"".join(map(encode_line, messages)))
        self.stdin.flush()

    def next(self) -> Event:
        return decode_event(self.stdout.readline())

    def until_final(self) -> list[Event]:
        events = [self.next()]
        while not isinstance(events[-1], FINAL_EVENTS):
            events.append(self.next())
        return events


@contextmanager
def worker(*command: str, stderr: Path) -> Iterator[Pipe]:
    with stderr.open("wb") as errors:
        process = subprocess.Popen(
            [sys.executable, *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors
        )
    with process:
        try:
            yield Pipe(process)
        finally:
            process.kill()


@pytest.fixture
def errors(tmp_path: Path) -> Path:
    return tmp_path / "stderr"


def test_it_greets_before_it_imports_torch(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        hello = pipe.next()
        assert isinstance(hello, Hello)
        assert hello.pid == pipe.process.pid
        if sys.platform == "linux":
            assert "torch" not in Path(f"/proc/{hello.pid}/maps").read_text()


def test_a_closed_pipe_ends_it(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        pipe.next()
        pipe.stdin.close()
        assert pipe.process.wait(10) == 0
        assert pipe.stdout.read() == b""
    assert errors.read_bytes() == b""


def test_a_closed_pipe_ends_it_in_the_middle_of_a_run(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("endless"))
        while not isinstance(pipe.next(), Progress):
            continue
        pipe.stdin.close()
        assert pipe.process.wait(10) == 0


def test_shutdown_when_idle(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        pipe.next()
        pipe.send(ShutdownRequest())
        assert pipe.process.wait(10) == 0


def test_shutdown_in_a_run_cancels_it_first(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("endless"), ShutdownRequest())
        assert isinstance(pipe.until_final()[-1], Cancelled)
        assert pipe.process.wait(10) == 0


def test_a_request_that_cannot_be_read(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        pipe.next()
        for line in (b"{\n", b"\xff\n", b'{"type":"train"}\n', b"[" * 100_000 + b"\n"):
            pipe.stdin.write(line)
            pipe.stdin.flush()
            answer = pipe.next()
            assert isinstance(answer, Failed)
            assert answer.run_id == ""
            assert "cannot read" in answer.message


def test_another_protocol_version_is_named(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        pipe.next()
        pipe.send(request(version=2))
        answer = pipe.next()
    assert isinstance(answer, Failed)
    assert "same caa-tui version" in answer.message


def test_runs_one_after_the_other(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request(run_id="0001"), request("user", run_id="0002"), request(run_id="0003"))
        finals = [pipe.until_final()[-1] for _ in range(3)]
    assert [type(event) for event in finals] == [Finished, Failed, Finished]
    assert [event.run_id for event in finals if not isinstance(event, Hello)] == ["0001", "0002", "0003"]


def test_cancel_stops_the_run_and_nothing_else(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("endless"))
        while not isinstance(pipe.next(), Progress):
            continue
        pipe.send(CancelRequest())
        assert isinstance(pipe.until_final()[-1], Cancelled)
        pipe.send(request(run_id="0002"))
        assert isinstance(pipe.until_final()[-1], Finished)


def test_a_cancel_right_behind_the_request_is_not_lost(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("endless"), CancelRequest())
        assert pipe.until_final()[-1] == Cancelled(run_id="0001", forwarded_texts=0)


@pytest.mark.parametrize("with_log", [True, False])
def test_nothing_a_library_prints_reaches_the_protocol(with_log: bool, errors: Path, tmp_path: Path) -> None:
    log = tmp_path / "worker.log"
    options = ("--log", str(log)) if with_log else ()
    with worker(str(STUB), *options, stderr=errors) as pipe:
        pipe.send(request("noisy"))
        events = pipe.until_final()
        pipe.stdin.close()
        pipe.process.wait(10)
    assert isinstance(events[-1], Finished)
    printed = (log if with_log else errors).read_text()
    assert all(words in printed for words in ("noise on 1", "noise on 2", "a print"))
    assert not with_log or errors.read_bytes() == b""


def test_a_defect_is_in_the_log_with_its_traceback(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("defect"))
        final = pipe.until_final()[-1]
    assert isinstance(final, Failed)
    assert "Traceback" in final.traceback
    assert "Traceback" in errors.read_text()


def test_it_leaves_when_the_device_is_unusable(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("gpu"), request(run_id="0002"))
        final = pipe.until_final()[-1]
        assert isinstance(final, Failed)
        assert final.worker_leaves
        assert pipe.process.wait(10) == 70


@pytest.mark.skipif(sys.platform == "win32", reason="no parent process ids")
def test_it_leaves_at_once_when_its_parent_is_not_who_started_it(errors: Path) -> None:
    with worker(*REAL, "--parent", str(os.getpid() + 1), stderr=errors) as pipe:
        assert pipe.process.wait(10) == 0
        assert pipe.stdout.read() == b""


def test_it_says_what_its_machine_has_and_why_a_model_cannot_be_used(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        hello = pipe.next()
        assert isinstance(hello, Hello)
        assert "describe" in hello.abilities
        pipe.send(DescribeRequest(run_id="question 1", model="./nowhere"))
        answer = pipe.next()
        assert isinstance(answer, Described)
        assert answer.run_id == "question 1"
        assert answer.devices[-1].name == "cpu"
        assert (answer.devices[-1].total_bytes or 0) >= (answer.devices[-1].free_bytes or 0) > 0
        assert answer.model is not None
        assert "There is no model at './nowhere'" in answer.model.problem
        pipe.send(DescribeRequest(run_id="question 2"), ShutdownRequest())
        without = pipe.next()
        assert isinstance(without, Described)
        assert (without.run_id, without.model, without.models) == ("question 2", None, answer.models)
        assert pipe.process.wait(10) == 0


def test_a_training_refused_at_its_checks_is_told_apart_from_a_failed_one(errors: Path) -> None:
    with worker(str(STUB), stderr=errors) as pipe:
        pipe.send(request("user"), request("late", run_id="0002"))
        first, second = pipe.until_final()[-1], pipe.until_final()[-1]
    assert isinstance(first, Failed)
    assert isinstance(second, Failed)
    assert (first.refused, second.refused) == (True, False)


def test_a_probe_that_cannot_be_read_is_answered_and_the_worker_stays(errors: Path) -> None:
    with worker(*REAL, stderr=errors) as pipe:
        hello = pipe.next()
        assert isinstance(hello, Hello)
        assert "probe" in hello.abilities
        text = probe_request("question 1", model="./nowhere", tensors=b"\0", manifest=b"{}")
        pipe.send(text, CancelRequest(), DescribeRequest(run_id="question 2"))
        begun, answer, described = pipe.next(), pipe.next(), pipe.next()
        assert isinstance(begun, PhaseStarted)
        assert isinstance(answer, Failed)
        assert (answer.run_id, answer.refused, answer.worker_leaves) == ("question 1", True, False)
        assert "The readout is not sound" in answer.message
        assert isinstance(described, Described)
