"""The real worker with the stub collector in the model's place."""

from __future__ import annotations

import os
from typing import NoReturn

from stub_collector import StubCollector, stub_described

import caa_tui.runs.describe
import caa_tui.runs.train
from caa_tui.runs import worker
from caa_tui.runs.train import Collector


def serve(collector: type[Collector]) -> NoReturn:
    """Be the worker, with this collector in the model's place."""
    caa_tui.runs.train.ModelCollector = lambda holder: collector()  # type: ignore[assignment, misc, return-value]
    caa_tui.runs.describe.described = stub_described
    os._exit(worker.main())


if __name__ == "__main__":
    serve(StubCollector)
