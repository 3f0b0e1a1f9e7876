"""Texts that are probed through the client, against the fake worker."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from fake_client import cancel_at_progress, events_of, fake, probe_request

from caa_tui.errors import UserError
from caa_tui.runs.protocol import Cancelled, Event, Finished, PhaseStarted, Probed


async def test_a_text_is_probed_before_during_and_after_a_run(tmp_path: Path) -> None:
    async with fake("good", tmp_path) as client:
        told: list[Event] = []
        answer = await client.probe(probe_request(), told.append)
        assert (answer.run_id, answer.tokens[0].text, answer.pooled) == ("question 1", "one", ((1.0,),))
        assert told == [PhaseStarted(run_id="question 1", phase="load model", detail="m")]
        pid = client.pid
        run, second = await asyncio.gather(events_of(client), client.probe(probe_request()))
        assert isinstance(run[-1], Finished)
        assert not any(isinstance(event, Probed) for event in run)
        assert second.run_id == "question 2"
        assert (await client.describe("m")).run_id == "question 3"
        assert client.pid == pid


@pytest.mark.parametrize(
    ("mode", "words"),
    [
        ("older", "an older caa-tui, which cannot probe a text; install the same version on both sides."),
        ("old", "an older caa-tui, which cannot probe a text"),
        ("newer", "speaks protocol 99"),
        ("killed", "memory ran out"),
        ("refuses", "It is another model; train again."),
        ("unread", "sent a request it cannot read"),
        ("leaves", "The GPU is gone."),
    ],
)
async def test_a_text_that_cannot_be_probed_is_one_sentence(mode: str, words: str, tmp_path: Path) -> None:
    async with fake(mode, tmp_path) as client:
        with pytest.raises(UserError) as problem:
            await client.probe(probe_request())
        assert (client.pid is None) == (mode in {"newer", "killed", "leaves"})
    assert words in str(problem.value)
    assert "\n" not in str(problem.value)


async def test_a_probe_that_is_given_up_is_cancelled_and_the_worker_stays(tmp_path: Path) -> None:
    async with fake("slow", tmp_path) as client:
        told = asyncio.Event()
        question = asyncio.create_task(client.probe(probe_request(), lambda _: told.set()))
        await told.wait()
        pid = client.pid
        question.cancel()
        with pytest.raises(asyncio.CancelledError):
            await question
        last = (await cancel_at_progress(client, times=1))[-1]
        assert last == Cancelled(run_id="0001", forwarded_texts=5)
        assert client.pid == pid
