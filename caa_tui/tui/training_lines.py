"""A training in lines: what it does, how long each phase took, what it was asked for, what it noticed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from textual.content import Content

from caa_tui.choices import AUTO, Choices, layers_words
from caa_tui.text_safety import printable
from caa_tui.tui.content import plain
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import PHASES, TrainingState
from caa_tui.wording import duration, memory

PHASE_WORDS = {
    "check": "checking",
    "load model": "loading the model",
    "read stories": "reading stories",
    "vectors": "vectors",
    "quality": "quality report",
    "write": "writing",
}
BAR_CELLS = 20
_LABEL = 18


class ModelChoices(Choices, Protocol):
    """What `TrainOptions` and the request of a run share."""

    @property
    def model(self) -> str | None: ...
    @property
    def estimator(self) -> str: ...


def progress_bar(done: int, total: int | None, width: int, glyphs: Glyphs) -> str:
    """A bar of `width` characters; empty when the total is not known or there is no room."""
    if not total or width < 5:
        return ""
    full = round(width * min(done, total) / total)
    return glyphs.bar_full * full + glyphs.bar_empty * (width - full)


def device_words(state: TrainingState) -> str:
    """`cuda:0 71.2 of 141.0 GB, 97 % busy`; the program's own memory where the device is not measured."""
    if state.device_used_bytes is not None and state.device_total_bytes:
        used = f"{state.device_used_bytes / 1e9:.1f} of {memory(state.device_total_bytes)}"
        busy = f", {round(100 * state.device_busy)} % busy" if state.device_busy is not None else ""
        return f"{printable(state.device)} {used}{busy}".strip()
    if state.memory_bytes:
        return f"{printable(state.device)} {memory(state.memory_bytes)}".strip()
    return ""


def run_lines(state: TrainingState, choices: ModelChoices | None, glyphs: Glyphs) -> Content:
    """Everything about one training that is not a chart and not the log."""
    lines = [*_head(state), Content(""), *_phases(state, glyphs)]
    if device := device_words(state):
        lines += [Content(""), _pair("device", device)]
    if choices is not None:
        lines += [Content(""), Content.styled("What it was asked for", "bold"), *_choices(choices)]
    if state.notices:
        lines += [Content(""), Content.styled("What it noticed", "bold")]
        lines += [plain(f"{glyphs.finding} {notice}") for notice in state.notices]
    return Content("\n").join(lines)


def _head(state: TrainingState) -> Iterator[Content]:
    run = f"Run {int(state.run_id)}" if state.run_id.isdecimal() else "Training"
    total = sum(state.seconds.values())
    after = f" after {duration(total)}" if total and not state.active else ""
    yield Content.styled(f"{run}: {state.status}{after}", "bold")
    if state.message:
        yield plain(state.message, "$error" if state.status == "failed" else "")


def _phases(state: TrainingState, glyphs: Glyphs) -> Iterator[Content]:
    for phase in PHASES:
        word = PHASE_WORDS[phase]
        current = state.active and phase == state.phase
        if current:
            yield from _current(state, word, glyphs)
        elif phase in state.seconds:
            yield Content(f"  {word:<{_LABEL}}{duration(state.seconds[phase]):>12}")
        else:
            yield Content.styled(f"  {word:<{_LABEL}}{glyphs.gone:>12}", "$foreground 50%")


def _current(state: TrainingState, word: str, glyphs: Glyphs) -> Iterator[Content]:
    amount = f"{state.done:,}/{state.total:,}" if state.total else ""
    left = f"   {duration(state.eta_seconds)} left" if state.eta_seconds is not None else ""
    yield Content.styled(f"{glyphs.pointer} {word:<{_LABEL}}{amount:>12}{left}", "bold $accent")
    bar = progress_bar(state.done, state.total, BAR_CELLS, glyphs)
    rates = []
    if state.stories_per_second:
        rates.append(f"{state.stories_per_second:.1f} stories/s")
    if state.tokens_per_second:
        rates.append(f"{state.tokens_per_second:,.0f} tokens/s")
    if bar or rates:
        yield Content.assemble("  ", (bar, "$accent"), "  " if bar else "", "  ".join(rates))
    if state.detail:
        yield plain(f"  {state.detail}", "$foreground 70%")


def _choices(choices: ModelChoices) -> Iterator[Content]:
    yield _pair("model", choices.model or "")
    yield _pair("layers", layers_words(choices.target_layers, " "))
    yield _pair("device", choices.device)
    yield _pair("precision", choices.dtype or AUTO)
    yield _pair("pooling", choices.pooling)
    yield _pair("estimator", choices.estimator)
    yield _pair("longest story", _tokens(choices.max_length))
    yield _pair("batch", _tokens(choices.batch_tokens))


def _pair(label: str, value: str) -> Content:
    return Content.assemble(f"  {label:<{_LABEL}}", printable(value))


def _tokens(number: int | None) -> str:
    return AUTO if number is None else f"{number:,} tokens"
