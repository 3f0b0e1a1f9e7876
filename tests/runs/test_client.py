"""The client against workers that misbehave."""

from __future__ import annotations

import asyncio
import os
import signal
import threading
from contextlib import aclosing
from pathlib import Path

import msgspec
import psutil
import pytest
from fake_client import cancel_at_progress, events_of, fake, request

from caa_tui.errors import UserError
from caa_tui.runs import worker_process
from caa_tui.runs.client import NICENESS, WorkerClient
from caa_tui.runs.protocol import (
    Artefact,
    Cancelled,
    Described,
    Event,
    Failed,
    Finished,
    Hello,
    Notice,
    PhaseStarted,
    Progress,
)


async def failure(mode: str, tmp_path: Path) -> Failed:
    async with fake(mode, tmp_path) as client:
        last = (await events_of(client))[-1]
    assert isinstance(last, Failed)
    assert last.run_id == "0001"
    return last


async def test_a_run_ends_with_its_result_and_the_worker_stays(tmp_path: Path) -> None:
    async with fake("good", tmp_path) as client:
        first = await events_of(client)
        assert [type(event) for event in first] == [Hello, PhaseStarted, Finished]
        pid = client.pid
        second = await events_of(client, "0002")
        assert [type(event) for event in second] == [PhaseStarted, Finished]
        assert client.pid == pid is not None


async def test_lines_that_are_no_events_are_skipped_and_logged(tmp_path: Path) -> None:
    async with fake("garbage", tmp_path) as client:
        events = await events_of(client)
        log = client.log_path.read_bytes()
    assert [type(event) for event in events] == [Hello, PhaseStarted, Notice, Finished]
    assert b"nobody knows" in log
    assert b"../../evil" in log


async def test_a_login_banner_does_not_matter(tmp_path: Path) -> None:
    async with fake("banner", tmp_path) as client:
        assert isinstance((await events_of(client))[-1], Finished)


async def test_a_line_of_many_megabytes_arrives_whole(tmp_path: Path) -> None:
    async with fake("huge", tmp_path) as client:
        artefact = next(event for event in await events_of(client) if isinstance(event, Artefact))
    assert len(artefact.data) == 6 * 2**20


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("killed", "memory"),
        ("segfault", "crashed (SIGSEGV)"),
        ("exit", "exit code 3 (the ␛[31mlast␛[0m word)"),
        ("torn", "left before the run was done"),
        ("newer", "protocol 99 (caa-tui 9.9)"),
    ],
)
async def test_a_worker_that_dies_is_told_in_one_sentence(mode: str, words: str, tmp_path: Path) -> None:
    message = (await failure(mode, tmp_path)).message
    assert words in message
    assert "\n" not in message
    assert "\x1b" not in message
    assert mode == "newer" or str(tmp_path) in message


async def test_a_worker_that_this_program_killed_did_not_run_out_of_memory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_process, "GRACE_SECONDS", 0.05)
    hung = (await failure("hangs", tmp_path)).message
    assert hung.startswith("The worker was ended by this program because it closed its pipe and did not leave (")
    async with fake("deaf", tmp_path) as client:
        async with aclosing(client.run(request())) as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    await client.cancel()
                    await client.cancel()
                    break
        with pytest.raises(UserError, match="ended by this program because it was cancelled twice"):
            await client.describe("m")


async def test_the_next_run_starts_another_worker(tmp_path: Path) -> None:
    async with fake("leaves", tmp_path) as client:
        assert isinstance((await events_of(client))[-1], Failed)
        assert client.pid is None
        second = await events_of(client, "0002")
    assert [type(event) for event in second] == [Hello, PhaseStarted, Failed]


async def test_a_worker_that_never_greets_is_ended(tmp_path: Path) -> None:
    async with fake("mute", tmp_path, greeting_seconds=0.2) as client:
        last = (await events_of(client))[-1]
        assert client.pid is None
    assert isinstance(last, Failed)
    assert "did not greet" in last.message


async def test_a_command_that_is_not_there(tmp_path: Path) -> None:
    client = WorkerClient(tmp_path / "log", "/no/such/launcher --flag")
    (only,) = await events_of(client)
    assert isinstance(only, Failed)
    assert "/no/such/launcher" in only.message
    assert only.traceback == ""


async def test_cancel_is_the_workers_word(tmp_path: Path) -> None:
    async with fake("slow", tmp_path) as client:
        last = (await cancel_at_progress(client, times=1))[-1]
        assert last == Cancelled(run_id="0001", forwarded_texts=5)
        assert client.pid is not None
        assert not client.busy


async def test_the_second_cancel_kills(tmp_path: Path) -> None:
    async with fake("deaf", tmp_path) as client:
        last = (await cancel_at_progress(client, times=2))[-1]
        assert last == Cancelled(run_id="0001", forwarded_texts=4)
        assert client.pid is None


async def test_a_cancel_is_over_with_its_run(tmp_path: Path) -> None:
    async with fake("killed", tmp_path) as client:
        async with aclosing(client.run(request())) as stream:
            async for _ in stream:
                await client.cancel()
        with pytest.raises(UserError, match="memory ran out"):
            await client.describe("m")


async def test_cancel_before_the_worker_greeted_is_not_lost(tmp_path: Path) -> None:
    async with fake("slow", tmp_path) as client:
        seen: list[Event] = []
        async with aclosing(client.run(request())) as stream:
            async for event in stream:
                if isinstance(event, Hello):
                    await client.cancel()
                seen.append(event)
    assert isinstance(seen[-1], Cancelled)


async def test_cancel_without_a_run_does_nothing(tmp_path: Path) -> None:
    async with fake("good", tmp_path) as client:
        await client.cancel()
        assert isinstance((await events_of(client))[-1], Finished)
        await client.cancel()
        assert client.pid is not None


async def test_only_one_run_at_a_time(tmp_path: Path) -> None:
    async with fake("slow", tmp_path) as client, aclosing(client.run(request())) as stream:
        await anext(stream)
        with pytest.raises(UserError, match="running already"):
            await events_of(client, "0002")


async def test_a_reader_that_leaves_early_cancels_the_run(tmp_path: Path) -> None:
    async with fake("slow", tmp_path) as client:
        async with aclosing(client.run(request())) as stream:
            async for event in stream:
                if isinstance(event, Progress):
                    break
        assert not client.busy
        seen = []
        async with aclosing(client.run(request("0002"))) as stream:
            async for event in stream:
                seen.append(event)
                if isinstance(event, Progress):
                    await client.cancel()
    assert all(isinstance(event, Hello) or event.run_id == "0002" for event in seen)
    assert isinstance(seen[-1], Cancelled)


async def test_close_ends_a_deaf_worker_while_a_run_waits(tmp_path: Path) -> None:
    async with fake("deaf", tmp_path) as client:
        running = asyncio.create_task(events_of(client))
        while client.forwarded == 0:
            await asyncio.sleep(0)
        await client.close(grace=0.1)
        assert isinstance((await running)[-1], Cancelled)


async def test_a_worker_killed_from_outside(tmp_path: Path) -> None:
    async with fake("deaf", tmp_path) as client:
        last: Event | None = None
        async with aclosing(client.run(request())) as stream:
            async for event in stream:
                last = event
                if isinstance(event, Progress) and client.pid is not None:
                    os.kill(client.pid, signal.SIGKILL)
    assert isinstance(last, Failed)
    assert "was killed" in last.message
    assert last.traceback


def test_a_worker_is_only_started_from_the_main_thread(tmp_path: Path) -> None:
    raised: list[BaseException] = []

    def body() -> None:
        try:
            asyncio.run(events_of(WorkerClient(tmp_path / "log")))
        except RuntimeError as error:
            raised.append(error)

    thread = threading.Thread(target=body)
    thread.start()
    thread.join()
    assert "main thread" in str(raised[0])


async def test_a_question_is_answered_before_during_and_after_a_run(tmp_path: Path) -> None:
    async with fake("good", tmp_path) as client:
        answer = await client.describe("m")
        assert answer.model is not None
        assert (answer.model.name, answer.model.layers, answer.devices[0].name) == ("m", 12, "cpu")
        pid = client.pid
        run, question = await asyncio.gather(events_of(client), client.describe(None))
        assert isinstance(run[-1], Finished)
        assert question.devices
        assert not any(isinstance(event, Described | Hello) for event in run)
        assert client.pid == pid


async def test_a_worker_that_cannot_be_asked_says_why(tmp_path: Path) -> None:
    for mode, words in (("older", "older caa-tui"), ("killed", "memory ran out"), ("newer", "speaks protocol 99")):
        async with fake(mode, tmp_path) as client:
            with pytest.raises(UserError, match=words):
                await client.describe("m")
    client = WorkerClient(tmp_path / "worker.log", "/nowhere/worker")
    with pytest.raises(UserError, match="cannot be started"):
        await client.describe("m")


async def test_a_question_that_is_not_answered_does_not_keep_a_run_waiting_for_ever(tmp_path: Path) -> None:
    async with fake("silent", tmp_path, greeting_seconds=1) as client:
        with pytest.raises(UserError, match="did not answer within 1 seconds"):
            await client.describe("m")
        assert isinstance((await events_of(client))[-1], Finished)


async def test_an_older_worker_still_trains(tmp_path: Path) -> None:
    async with fake("older", tmp_path) as client:
        with pytest.raises(UserError):
            await client.describe("m")
        assert isinstance((await events_of(client))[-1], Finished)


async def test_an_older_worker_does_not_know_all_layers(tmp_path: Path) -> None:
    everything = msgspec.structs.replace(request(), target_layers="all")
    async with fake("good", tmp_path) as client, aclosing(client.run(everything)) as stream:
        last = [event async for event in stream][-1]
    assert isinstance(last, Failed)
    assert last.refused
    assert last.message == (
        "The worker is an older caa-tui, which does not know all layers by name; install the same version on both "
        "sides."
    )


async def test_closing_ends_a_question(tmp_path: Path) -> None:
    async with fake("mute", tmp_path) as client:
        question = asyncio.create_task(client.describe("m"))
        while client.pid is None:
            await asyncio.sleep(0)
        await client.close(grace=0.2)
        with pytest.raises(UserError, match="ended before it answered"):
            await question


async def test_a_run_that_is_cancelled_while_it_waits_for_an_answer_starts_nothing(tmp_path: Path) -> None:
    async with fake("mute", tmp_path, greeting_seconds=30) as client:
        question = asyncio.create_task(client.describe("m"))
        while client.pid is None:
            await asyncio.sleep(0)
        run = asyncio.create_task(events_of(client))
        while not client.busy:
            await asyncio.sleep(0)
        await client.cancel()
        await client.cancel()
        with pytest.raises(UserError):
            await question
        assert await run == [Cancelled(run_id="0001", forwarded_texts=0)]
        assert client.pid is None


@pytest.mark.skipif(not hasattr(os, "nice"), reason="needs POSIX priorities")
async def test_a_worker_that_yields_lets_other_programs_go_first(tmp_path: Path) -> None:
    client = WorkerClient(tmp_path / "worker.log", yields=True)
    try:
        await client.describe(None)
        assert client.pid is not None
        assert psutil.Process(client.pid).nice() == min(19, os.nice(0) + NICENESS)
    finally:
        await client.close()
