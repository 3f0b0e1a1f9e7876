"""SIGKILL to the program: its worker is gone within a second, whatever it was doing."""

from __future__ import annotations

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

MAKER = Path(__file__).with_name("orphan_maker.py")
LIMIT_MS = 1000

pytestmark = pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="needs Linux")


@pytest.mark.parametrize(
    "mode",
    [
        pytest.param("idle", id="before-a-run"),
        pytest.param("endless", id="in-a-run"),
        pytest.param("gil", id="inside-C-code-that-holds-the-GIL"),
        pytest.param("piped", id="elsewhere-only-the-pipe-tells"),
    ],
)
def test_no_worker_outlives_the_program(mode: str, tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, str(MAKER), str(tmp_path / "log"), mode], stdout=subprocess.PIPE) as maker:
        assert maker.stdout is not None
        worker = os.pidfd_open(int(maker.stdout.readline()))
        try:
            watch = select.poll()
            watch.register(worker, select.POLLIN)
            assert watch.poll(0) == []
            maker.send_signal(signal.SIGKILL)
            gone = watch.poll(LIMIT_MS)
            if not gone:
                signal.pidfd_send_signal(worker, signal.SIGKILL)
            assert gone
        finally:
            os.close(worker)
