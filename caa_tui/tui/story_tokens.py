"""How long a story is for the model that reads it: tokens, counted in a thread, or nothing where that is a guess."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

from caa_tui.activations.tokens import TokenCounter, token_counter
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.runs.options import TrainOptions


@dataclass(frozen=True, slots=True)
class Reader:
    """The model whose tokens count."""

    model: str
    limit: int | None
    """Tokens it reads of one story; None: not known before the first training."""


@dataclass(frozen=True, slots=True)
class Tokens:
    """The length of a text in tokens."""

    text: str
    """What was counted."""
    count: int
    baseline: int | None
    limit: int | None

    @property
    def cut(self) -> bool:
        """Whether the model does not read the end."""
        return self.limit is not None and self.count > self.limit


def reader_of(run: RunRecord | None, choices: TrainOptions, *, remote: bool) -> Reader | None:
    """The newest run's model, before the first run the chosen one; None when it is on another machine."""
    if run is None:
        return None if remote or not choices.model else Reader(choices.model, choices.max_length)
    try:
        request = run.request
    except UserError:
        return None
    limit = run.activations.get("max_length")
    return None if request.worker_command else Reader(request.model, limit if isinstance(limit, int) else None)


class TokenMeter:
    """Counts for one reader at a time; the event loop never waits for it."""

    def __init__(self) -> None:
        self._reader: Reader | None = None
        self._counter: TokenCounter | None = None

    async def use(self, reader: Reader | None) -> None:
        """Count for this reader from now on. One whose tokenizer is not on this machine is looked for every time."""
        if reader is None:
            self._counter = None
        elif self._counter is None or self._counter.model != reader.model:
            self._counter = await asyncio.to_thread(token_counter, reader.model)
        self._reader = reader

    async def count(self, text: str, baseline: str | None) -> Tokens | None:
        """Tokens of a text, and of its baseline if there is one; None without a tokenizer at hand."""
        counter, reader = self._counter, self._reader
        if counter is None or reader is None:
            return None
        return await asyncio.to_thread(_count, counter, text, baseline, reader.limit)


def _count(counter: TokenCounter, text: str, baseline: str | None, limit: int | None) -> Tokens:
    return Tokens(text, counter.count(text), None if baseline is None else counter.count(baseline), limit)
