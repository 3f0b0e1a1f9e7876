"""The real worker with the stub collector in the model's place."""

from __future__ import annotations

import os

from stub_collector import StubCollector, stub_described

import caa_tui.runs.describe
import caa_tui.runs.train
from caa_tui.runs import worker

if __name__ == "__main__":
    caa_tui.runs.train.ModelCollector = StubCollector  # type: ignore[assignment, misc]
    caa_tui.runs.describe.described = stub_described
    os._exit(worker.main())
