"""What goes through the pipe comes out the same, and nothing else gets through."""

from __future__ import annotations

import json
import string

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.corpus.settings import Thresholds
from caa_tui.runs.protocol import (
    Artefact,
    Cancelled,
    CancelRequest,
    Described,
    DescribeRequest,
    DeviceFacts,
    Event,
    Failed,
    Finished,
    Hello,
    ModelFacts,
    Notice,
    PhaseStarted,
    Probed,
    ProbedToken,
    ProbeRequest,
    Progress,
    Request,
    ShutdownRequest,
    StoryText,
    TrainRequest,
    decode_event,
    decode_request,
    encode_line,
    without_data,
)

words = st.text(max_size=20)
counts = st.integers(0, 2**53)
numbers = st.floats(0, 1e12)
stories = st.builds(StoryText, path=words, concept=st.none() | words, scenario=st.none() | words, text=words)
layers = st.tuples(st.integers(0, 200), st.integers(0, 200))
trainings = st.builds(
    TrainRequest,
    run_id=words,
    model=words,
    stories=st.lists(stories, max_size=3).map(tuple),
    target_layers=st.none() | layers,
    dtype=st.none() | words,
    batch_tokens=st.none() | counts,
    max_length=st.none() | counts,
    quality_report=st.booleans(),
    thresholds=st.builds(Thresholds, fragmented_below=st.floats(0, 1)),
    cache_path=st.none() | words,
)
questions = st.builds(DescribeRequest, run_id=words, model=st.none() | words)
texts = st.builds(
    ProbeRequest,
    run_id=words,
    text=words,
    model=words,
    fingerprint=words,
    tensors=st.binary(max_size=50),
    manifest=st.binary(max_size=50),
    dtype=words,
    max_length=counts,
    pooling=words,
    activations=st.dictionaries(words, st.none() | counts | words, max_size=2),
    stories=st.lists(words, max_size=2).map(tuple),
    cache_path=st.none() | words,
)
requests: st.SearchStrategy[Request] = (
    trainings | questions | texts | st.just(CancelRequest()) | st.just(ShutdownRequest())
)
layer_rows = st.lists(st.lists(st.none() | numbers, max_size=2).map(tuple), max_size=2).map(tuple)
devices = st.builds(DeviceFacts, name=words, label=words, free_bytes=st.none() | counts, total_bytes=st.none() | counts)
models = st.builds(
    ModelFacts, name=words, problem=words, on_disk=st.booleans(), layers=counts, context=st.none() | counts
)
events: st.SearchStrategy[Event] = st.one_of(
    st.builds(Hello, pid=counts, host=words, package=words, abilities=st.lists(words, max_size=2).map(tuple)),
    st.builds(
        Described,
        run_id=words,
        devices=st.lists(devices, max_size=2).map(tuple),
        models=st.lists(words, max_size=2).map(tuple),
        model=st.none() | models,
    ),
    st.builds(
        Probed,
        run_id=words,
        tokens=st.lists(st.builds(ProbedToken, id=counts, text=words), max_size=2).map(tuple),
        by_token=st.binary(max_size=50),
        pooled=layer_rows,
        mean=layer_rows,
        std=layer_rows,
        missing=counts,
    ),
    st.builds(PhaseStarted, run_id=words, phase=words, total=st.none() | counts, detail=words),
    st.builds(Progress, run_id=words, phase=words, done=counts, total=st.none() | counts, seconds=numbers),
    st.builds(Notice, run_id=words, message=words, paths=st.lists(words, max_size=3).map(tuple)),
    st.builds(Artefact, run_id=words, name=words, data=st.binary(max_size=100)),
    st.builds(
        Finished,
        run_id=words,
        concepts=counts,
        stories=counts,
        layers=layers,
        hidden_size=counts,
        device=words,
        dtype=words,
        forwarded_texts=counts,
        cached_texts=counts,
        tokens=counts,
        padded_tokens=counts,
        seconds=st.dictionaries(words, numbers, max_size=3),
        peak_memory_bytes=counts,
        buckets=st.dictionaries(words, st.lists(words, max_size=2).map(tuple), max_size=2),
        truncated=st.lists(words, max_size=2).map(tuple),
        left_out=st.dictionaries(words, words, max_size=2),
    ),
    st.builds(Failed, run_id=words, message=words, traceback=words, worker_leaves=st.booleans(), refused=st.booleans()),
    st.builds(Cancelled, run_id=words, forwarded_texts=counts),
)


@given(requests)
def test_requests_round_trip_as_one_line(request_: Request) -> None:
    line = encode_line(request_)
    assert line.endswith(b"\n")
    assert line.count(b"\n") == 1
    assert decode_request(line) == request_


@given(events)
def test_events_round_trip_as_one_line(event: Event) -> None:
    line = encode_line(event)
    assert line.count(b"\n") == 1
    assert line.endswith(b"\n")
    assert decode_event(line) == event


@given(events)
def test_a_newer_side_may_say_more(event: Event) -> None:
    more = json.loads(encode_line(event)) | {"not known yet": {"deep": [1, 2]}}
    assert decode_event(json.dumps(more).encode()) == event


@given(st.binary() | st.text(string.printable).map(str.encode))
def test_other_lines_raise_only_value_errors(line: bytes) -> None:
    for decode in (decode_event, decode_request):
        with pytest.raises(ValueError):  # noqa: PT011 - the contract is the type
            decode(line)


@given(events)
def test_kept_events_carry_no_data(event: Event) -> None:
    kept = without_data(event)
    if isinstance(event, Artefact):
        assert json.loads(encode_line(kept)) == {
            "type": "artefact",
            "run_id": event.run_id,
            "name": event.name,
            "size": len(event.data),
        }
        assert without_data(decode_event(encode_line(kept))) == kept
    else:
        assert kept is event


def test_a_wrong_shape_is_named() -> None:
    with pytest.raises(msgspec.ValidationError, match="run_id"):
        decode_request(b'{"type":"train","model":"m"}')
