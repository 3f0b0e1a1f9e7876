"""Stands in for a worker, written against the lines of the protocol and nothing else: `python fake_worker.py MODE`."""

from __future__ import annotations

import json
import os
import signal
import sys
from typing import Any

RESULT = {
    "type": "result",
    "concepts": 2,
    "stories": 2,
    "layers": [1],
    "hidden_size": 4,
    "device": "cpu",
    "dtype": "fp32",
    "forwarded_texts": 2,
    "cached_texts": 0,
    "tokens": 10,
    "padded_tokens": 12,
    "seconds": {"total": 0.1},
    "peak_memory_bytes": 1,
}
MIB = 2**20
ABILITIES: dict[str, tuple[str, ...]] = {"older": (), "old": ("describe",)}


def send(event: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(event) + "\n")
    sys.stdout.flush()


def hello(version: int = 1, abilities: tuple[str, ...] = ("describe", "probe")) -> None:
    greeting = {"type": "hello", "pid": os.getpid(), "host": "far", "package": "9.9", "version": version}
    send(greeting | ({"abilities": abilities} if abilities else {}))


def receive() -> dict[str, Any]:
    line = sys.stdin.readline()
    if not line:
        os._exit(0)
    request: dict[str, Any] = json.loads(line)
    return request


def progress(run: str, done: int) -> None:
    send({"type": "progress", "run_id": run, "phase": "read stories", "done": done, "total": 9, "seconds": 0.5})


def run_one(mode: str, request: dict[str, Any]) -> None:
    run = request["run_id"]
    send({"type": "phase", "run_id": run, "phase": "check"})
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "segfault":
        os.kill(os.getpid(), signal.SIGSEGV)
    if mode == "exit":
        sys.stderr.write("the \x1b[31mlast\x1b[0m word\n\n")
        sys.stderr.flush()
        os._exit(3)
    if mode == "garbage":
        for line in (b"\xff\xfe\n", b"{\n", b"\n", b'{"type":"nobody knows"}\n', b"[" * 100_000 + b"\n", b"null\n"):
            sys.stdout.buffer.write(line)
        sys.stdout.buffer.flush()
        send({"type": "artefact", "run_id": run, "name": "../../evil", "data": "eA=="})
        send({"type": "notice", "run_id": "0000", "message": "of another run"})
        send({"type": "notice", "run_id": run, "message": "a newer side says more", "new_field": [1]})
    if mode == "huge":
        send({"type": "artefact", "run_id": run, "name": "readout.safetensors", "data": "AAAA" * (2 * MIB)})
    if mode in {"slow", "deaf"}:
        progress(run, 4)
        while True:
            request = receive()
            if mode == "slow" and request["type"] == "cancel":
                send({"type": "cancelled", "run_id": run, "forwarded_texts": 5})
                return
            if mode == "slow":
                os._exit(0)
    if mode == "leaves":
        send({"type": "failed", "run_id": run, "message": "The GPU is gone.", "traceback": "x", "worker_leaves": True})
        os._exit(70)
    if mode == "refuses":
        send({"type": "failed", "run_id": run, "message": "There is no such model; choose another.", "refused": True})
        return
    if mode == "hangs":
        os.close(1)
        while True:
            signal.pause()
    if mode == "torn":
        sys.stdout.write('{"type":"notice","run_id":"')
        sys.stdout.flush()
        os._exit(0)
    send(RESULT | {"run_id": run})


def describe(mode: str, request: dict[str, Any]) -> None:
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "silent":
        return
    answer = {"type": "described", "run_id": request["run_id"], "devices": [{"name": "cpu", "new_field": 1}]}
    send(answer | {"run_id": "question 0"})
    send(answer | {"model": {"name": request["model"] or "", "layers": 12}})
    send(answer | {"run_id": "question 99"})


def probe(mode: str, request: dict[str, Any]) -> None:
    run = request["run_id"]
    answer = {
        "type": "probed",
        "run_id": run,
        "tokens": [{"id": 5, "text": "one"}],
        "by_token": "AACAPw==",
        "pooled": [[1.0]],
    }
    send({"type": "phase", "run_id": run, "phase": "load model", "detail": request["model"]})
    if mode == "killed":
        os.kill(os.getpid(), signal.SIGKILL)
    if mode == "unread":
        send({"type": "failed", "run_id": "", "message": "The worker was sent a request it cannot read (x)."})
        return
    if mode == "refuses":
        send({"type": "failed", "run_id": run, "message": "It is another model; train again.", "refused": True})
        return
    if mode == "leaves":
        send({"type": "failed", "run_id": run, "message": "The GPU is gone.", "traceback": "x", "worker_leaves": True})
        os._exit(70)
    if mode == "slow":
        while receive()["type"] != "cancel":
            continue
        send({"type": "cancelled", "run_id": run, "forwarded_texts": 0})
        return
    send(answer | {"run_id": "question 0"})
    send(answer | {"text": request["text"], "new_field": 1})


def main() -> None:
    mode = sys.argv[1]
    if mode == "mute":
        while receive():
            continue
    if mode == "banner":
        sys.stdout.write("Welcome to gpu-box!\nLast login: yesterday\n")
    hello(version=99 if mode == "newer" else 1, abilities=ABILITIES.get(mode, ("describe", "probe")))
    while True:
        request = receive()
        if request["type"] == "shutdown":
            return
        if request["type"] == "describe":
            describe(mode, request)
        if request["type"] == "probe":
            probe(mode, request)
        if request["type"] == "train":
            run_one(mode, request)


if __name__ == "__main__":
    main()
