"""The pipe between a screen (or `caa train`) and the worker: one JSON object a line, both ways.

Requests go to the worker's stdin, events come from its stdout. Unknown fields are ignored, so a newer side can talk
to an older one; `PROTOCOL_VERSION` changes when that is no longer true.
"""

from __future__ import annotations

from typing import Any

import msgspec

from caa_tui.choices import DEFAULT_ESTIMATOR, Layers
from caa_tui.corpus.settings import Thresholds

PROTOCOL_VERSION = 1

CHECKING = "check"
"""The phase before anything is loaded or read."""
READING = "read stories"
"""The phase whose progress counts texts that went through the model."""
COMPARING = "compare"
"""The phase in which a probed text is held against the run's own texts."""


class StoryText(msgspec.Struct, frozen=True, kw_only=True):
    """A story as it travels: the far side needs no corpus."""

    path: str
    concept: str | None
    scenario: str | None
    text: str


class RunChoices(msgspec.Struct, frozen=True, kw_only=True):
    """Every choice of a run, defaults included."""

    run_id: str
    model: str
    """A hub id, a local folder, a GGUF file, or `smollm2`."""
    target_layers: Layers = None
    """`all`: every decoder block, only for workers with the ability `ALL_LAYERS`; None: `auto`."""
    dtype: str | None = None
    """bf16, fp16, fp32; None: chosen by device."""
    device: str = "auto"
    batch_tokens: int | None = None
    """Tokens of one forward pass, padding included; None: chosen by device."""
    max_length: int | None = None
    """Tokens of one story; None: the model's context, at most 2,048."""
    min_positives: int = 1
    pooling: str = "last"
    """`last`, or `mean`, `mean:K`, `mean[:K]`: the mean over the tokens from index K on."""
    estimator: str = DEFAULT_ESTIMATOR
    """One of `choices.ESTIMATORS`; others than the default only for workers with the ability `ESTIMATE`."""
    quality_report: bool = True
    thresholds: Thresholds = Thresholds()


class TrainRequest(RunChoices, frozen=True, kw_only=True, tag="train"):
    """Everything that decides the result of a run. Written to request.json without the texts (`RunRequest`)."""

    stories: tuple[StoryText, ...] = ()
    cache_path: str | None = None
    """The activation cache to use; None: the worker's own, in the user's cache folder (a remote worker)."""
    version: int = PROTOCOL_VERSION


class DescribeRequest(msgspec.Struct, frozen=True, kw_only=True, tag="describe"):
    """What is there to train with? Answered by `Described`, between trainings, without loading weights or the network.

    Only for workers whose `Hello.abilities` name it: older ones take it for a broken request.
    """

    run_id: str
    """Comes back in the answer."""
    model: str | None = None
    """Also say what this model is."""


class ProbeRequest(msgspec.Struct, frozen=True, kw_only=True, tag="probe"):
    """What do these vectors read in this text? Answered by `Probed`, or by `Failed` with the same `run_id`; phases may
    come before it.

    Only for workers whose `Hello.abilities` name it. The vectors travel in it: the far side needs no run folder.
    """

    run_id: str
    """Of this question; comes back in the answer."""
    text: str
    """As a story is read: newlines as `\\n`, stripped."""
    model: str
    fingerprint: str
    """Of the files of the model that made the vectors: another model is refused."""
    tensors: bytes
    """readout.safetensors of the run."""
    manifest: bytes
    """readout.json of the run."""
    dtype: str
    """As it was used, like `max_length` and `pooling`; device and batch size as they were chosen."""
    max_length: int
    pooling: str
    device: str = "auto"
    batch_tokens: int | None = None
    activations: dict[str, Any] = {}
    """Of the run's provenance.json: where the cache has the rows of its texts."""
    stories: tuple[str, ...] = ()
    """SHA-256 of each different text of the run: what the numbers are compared with."""
    cache_path: str | None = None
    """As in `TrainRequest`."""


class CancelRequest(msgspec.Struct, frozen=True, tag="cancel"):
    """Stop the current run within one batch; what is finished stays in the cache."""


class ShutdownRequest(msgspec.Struct, frozen=True, tag="shutdown"):
    """Leave at once when idle; same as closing the pipe."""


Request = TrainRequest | DescribeRequest | ProbeRequest | CancelRequest | ShutdownRequest

DESCRIBE = "describe"
"""The ability to answer `DescribeRequest`."""
PROBE = "probe"
"""The ability to answer `ProbeRequest`."""
ESTIMATE = "estimators"
"""The ability to make vectors with other estimators than the difference of means."""
ALL_LAYERS = "all layers"
"""The ability to train at `all` layers, whatever their number."""


class Hello(msgspec.Struct, frozen=True, kw_only=True, tag="hello"):
    """First event of a worker."""

    pid: int
    host: str
    package: str = ""
    """Version of caa-tui on that side."""
    version: int = PROTOCOL_VERSION
    abilities: tuple[str, ...] = ()
    """Requests it understands besides those of the first version."""


class DeviceFacts(msgspec.Struct, frozen=True, kw_only=True):
    """A device of the worker's machine."""

    name: str
    """As in `RunChoices.device`."""
    label: str = ""
    """What it is called by its maker."""
    free_bytes: int | None = None
    total_bytes: int | None = None


class ModelFacts(msgspec.Struct, frozen=True, kw_only=True):
    """What a model is, as far as its files on the worker's disk say."""

    name: str
    """As it was asked for."""
    problem: str = ""
    """Why it cannot be used, one sentence; the numbers are 0 or None then."""
    on_disk: bool = True
    """False: its weights are downloaded by the first training."""
    layers: int = 0
    """Decoder blocks; 0: not known before the download."""
    hidden_size: int = 0
    context: int | None = None
    """Tokens it was trained to read."""
    extendable: bool = True
    """It can read longer texts than that."""
    parameters: int | None = None
    size_bytes: int | None = None
    """Of its weights on disk."""


class Described(msgspec.Struct, frozen=True, kw_only=True, tag="described"):
    """The answer to a `DescribeRequest`."""

    run_id: str
    devices: tuple[DeviceFacts, ...]
    """The one that `auto` takes first."""
    models: tuple[str, ...] = ()
    """Names of models on the worker's disk."""
    model: ModelFacts | None = None
    """None: none was asked for."""


class ProbedToken(msgspec.Struct, frozen=True):
    """A token of a probed text."""

    id: int
    text: str
    """What it stands for: joined the tokens are the text, but for special ones, which have their names."""


LayerRows = tuple[tuple[float | None, ...], ...]
"""(layers, concepts), in the readout's order; None: not defined."""


class Probed(msgspec.Struct, frozen=True, kw_only=True, tag="probed"):
    """The answer to a `ProbeRequest`: projections of the residual stream on the readout's unit vectors."""

    run_id: str
    tokens: tuple[ProbedToken, ...]
    by_token: bytes
    """float32, little-endian, (layers, tokens, concepts): at 1,000 concepts a list of numbers would be 150 MB."""
    pooled: LayerRows
    mean: LayerRows = ()
    """Of the projections of the run's own pooled texts; empty when they are not in the cache."""
    std: LayerRows = ()
    """Sample standard deviation, as `mean`."""
    missing: int = 0
    """Texts of the run that are not in the cache."""
    norms: bytes = b""
    """float32, little-endian, (layers, tokens): the length of each token's state; empty from an older worker."""
    device: str = ""
    dtype: str = ""


class PhaseStarted(msgspec.Struct, frozen=True, kw_only=True, tag="phase"):
    """A named stage begins: `check`, `load model`, `read stories`, `vectors`, `quality`, `write`; for a probed text
    `check`, `load model`, `read text`, `compare`."""

    run_id: str
    phase: str
    total: int | None = None
    """Units to do, or None when it cannot be known."""
    detail: str = ""


class Progress(msgspec.Struct, frozen=True, kw_only=True, tag="progress"):
    """Where the current phase is; at most ten a second."""

    run_id: str
    phase: str
    done: int
    """`read stories`: texts forwarded and kept; texts from the cache are not counted."""
    total: int | None
    seconds: float
    """Since the phase began."""
    stories_per_second: float | None = None
    tokens_per_second: float | None = None
    eta_seconds: float | None = None
    memory_bytes: int | None = None
    """Resident memory of the worker, or memory in use on its GPU."""
    device: str = ""
    """Where it computes, once that is decided."""
    device_busy: float | None = None
    """Share of the last moments in which the GPU computed, 0 to 1; None: not measured. Whoever uses it, as below."""
    device_used_bytes: int | None = None
    device_total_bytes: int | None = None
    detail: str = ""


class Notice(msgspec.Struct, frozen=True, kw_only=True, tag="notice"):
    """Something to tell the user that does not stop the run (a truncated story, a part the model does not have)."""

    run_id: str
    message: str
    paths: tuple[str, ...] = ()


class Artefact(msgspec.Struct, frozen=True, kw_only=True, tag="artefact", omit_defaults=True):
    """A result file, whole. The client writes it; a remote worker needs no shared disk."""

    run_id: str
    name: str
    """One of `ARTEFACT_NAMES`."""
    data: bytes = b""
    """Base64 on the line; left out where events are kept or printed (`without_data`)."""
    size: int | None = None
    """Bytes of the file, where `data` was left out."""


class Finished(msgspec.Struct, frozen=True, kw_only=True, tag="result"):
    """The run is complete; all artefacts were sent before."""

    run_id: str
    concepts: int
    stories: int
    layers: tuple[int, ...]
    hidden_size: int
    device: str
    dtype: str
    forwarded_texts: int
    cached_texts: int
    tokens: int
    padded_tokens: int
    seconds: dict[str, float]
    """Phase -> wall seconds, and `total`."""
    peak_memory_bytes: int
    buckets: dict[str, tuple[str, ...]] = {}
    truncated: tuple[str, ...] = ()
    """Paths of stories longer than max_length."""
    left_out: dict[str, str] = {}


class Failed(msgspec.Struct, frozen=True, kw_only=True, tag="failed"):
    """The run ended without result."""

    run_id: str
    message: str
    """One sentence that says what to do."""
    traceback: str = ""
    """Empty when the user caused it."""
    worker_leaves: bool = False
    """The worker ends after this line (its device is unusable); the next run starts another one."""
    refused: bool = False
    """The request was turned down at its checks: nothing was loaded or read, so there is no run to keep."""


class Cancelled(msgspec.Struct, frozen=True, kw_only=True, tag="cancelled"):
    run_id: str
    forwarded_texts: int
    """Texts whose activations were kept before the stop; the last count it told when the worker was killed."""


Event = Hello | Described | Probed | PhaseStarted | Progress | Notice | Artefact | Finished | Failed | Cancelled
FinalEvent = Finished | Failed | Cancelled
FINAL_EVENTS = (Finished, Failed, Cancelled)

ARTEFACT_NAMES = ("readout.safetensors", "readout.json", "quality.json", "flags.json", "provenance.json")
"""The only file names an artefact may have: a worker is another machine, its names are not trusted as paths."""

_ENCODER = msgspec.json.Encoder()
_REQUESTS: msgspec.json.Decoder[Request] = msgspec.json.Decoder(Request)
_EVENTS: msgspec.json.Decoder[Event] = msgspec.json.Decoder(Event)


def without_data(event: Event) -> Event:
    """The event as it is kept in events.jsonl and printed by `caa train --json`: artefacts by name and size only."""
    if isinstance(event, Artefact) and event.size is None:
        return Artefact(run_id=event.run_id, name=event.name, size=len(event.data))
    return event


def encode_line(message: Request | Event) -> bytes:
    """One line, newline included."""
    return _ENCODER.encode(message) + b"\n"


def decode_request(line: bytes) -> Request:
    """Raises msgspec.DecodeError (also for a wrong shape) and UnicodeDecodeError."""
    return _REQUESTS.decode(line)


def decode_event(line: bytes) -> Event:
    """Raises msgspec.DecodeError (also for a wrong shape) and UnicodeDecodeError."""
    return _EVENTS.decode(line)
