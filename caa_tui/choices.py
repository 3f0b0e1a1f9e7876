"""What a person may choose for a training, and what is wrong with a choice whatever the model.

Below every room: caa.toml, the command line (which never reaches torch) and the worker say the same sentences.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

from caa_tui.errors import UserError

AUTO = "auto"
DTYPES = ("bf16", "fp16", "fp32")

AUTO_DEPTHS = (40, 55, 70, 85)
"""Percent of the depth where `auto` looks: after the vocabulary-bound layers, before the next-token ones."""

MOST_BATCH_TOKENS = 2**20
"""A batch is filled up to its size with dummy rows, so a slip of the keyboard would fill the memory."""

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:[0-9]{1,4})?")
_POOLING = re.compile(r"mean(?::([0-9]{1,9})|\[:([0-9]{1,9})\])?")
_LAYER = re.compile(r"\s*(-?[0-9]{1,9})\s*", re.ASCII)


@dataclass(frozen=True, slots=True)
class Pooling:
    """How one vector is made of a text's token positions."""

    kind: Literal["last", "mean"]
    start: int = 0
    """mean: first token index that counts, from 0; a text that is not longer counts with its last token."""

    def __str__(self) -> str:
        return "last" if self.kind == "last" else f"mean:{self.start}"


class Choices(Protocol):
    """The fields that everything that carries the options of a training shares."""

    @property
    def target_layers(self) -> tuple[int, ...] | None: ...
    @property
    def dtype(self) -> str | None: ...
    @property
    def device(self) -> str: ...
    @property
    def batch_tokens(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def pooling(self) -> str: ...


def check_choices(choices: Choices) -> Pooling:
    """Everything about them that can be said without a model.

    Raises:
        UserError: for the first choice that is out of place.
    """
    pooling = parse_pooling(choices.pooling)
    check_dtype(choices.dtype)
    check_device(choices.device)
    check_layers(choices.target_layers)
    if choices.max_length is not None and choices.max_length < 1:
        raise UserError(f"The maximum length must be at least 1 token, not {choices.max_length}.")
    if choices.batch_tokens is not None and choices.batch_tokens < 1:
        raise UserError(f"A batch must have at least 1 token, not {choices.batch_tokens}.")
    if choices.batch_tokens is not None and choices.batch_tokens > MOST_BATCH_TOKENS:
        raise UserError(f"A batch can have at most {MOST_BATCH_TOKENS:,} tokens, not {choices.batch_tokens:,}.")
    if pooling.kind == "mean" and choices.max_length is not None and pooling.start >= choices.max_length:
        raise UserError(
            f"The mean from token index {pooling.start} on needs a maximum length above {choices.max_length} tokens."
        )
    return pooling


def check_dtype(dtype: str | None) -> None:
    """None: left to the program. Raises UserError."""
    if dtype is not None and dtype not in DTYPES:
        raise UserError(f"The dtype {dtype!r} is not known; use one of {', '.join(DTYPES)}.")


def check_device(device: str) -> None:
    """The form only: whether it is there is the worker's to say. Raises UserError."""
    if _DEVICE.fullmatch(device) is None:
        raise UserError(f"The device {device!r} is not known; use auto, cpu, cuda, cuda:0 or mps.")


def check_layers(layers: Sequence[int] | None) -> None:
    """None: `auto`. Raises UserError for none at all, a negative one, or one that is given twice."""
    if layers is None:
        return
    if not layers:
        raise UserError("Give at least one target layer, or auto.")
    seen: set[int] = set()
    for layer in layers:
        if layer < 0:
            raise UserError(f"Target layer {layer} is negative; layers count from 0.")
        if layer in seen:
            raise UserError(f"Target layer {layer} is given twice; name each layer once.")
        seen.add(layer)


def auto_layers(count: int) -> tuple[int, ...]:
    """Up to four distinct layers at 40, 55, 70 and 85 % of `count` decoder blocks."""
    return tuple(sorted({depth * count // 100 for depth in AUTO_DEPTHS}))


def check_layer_range(layers: Sequence[int], count: int, model: str) -> None:
    """Against the number of decoder blocks. Raises UserError."""
    for layer in layers:
        if layer >= count:
            raise UserError(f"Target layer {layer} is out of range: {model} has layers 0 to {count - 1}.")


def check_context(length: int, context: int | None, model: str, extendable: bool) -> None:
    """Against the model's longest input; None: it states none. `extendable`: positions go on beyond it.

    Raises:
        UserError: the model cannot read texts of that length.
    """
    if context is not None and length > context and not extendable:
        raise UserError(f"{model} reads at most {context} tokens; set the maximum length to {context} or less.")


def parse_layers(text: str) -> tuple[int, ...] | None:
    """`auto` -> None; `12,16,20` -> (12, 16, 20). Raises UserError for anything else."""
    if text.strip() == AUTO:
        return None
    found = [_LAYER.fullmatch(part) for part in text.split(",")]
    if None in found:
        raise UserError(f"Target layers are numbers with commas between them, like 12,16, or auto; not {text!r}.")
    return tuple(int(match[1]) for match in found if match is not None)


def parse_pooling(text: str) -> Pooling:
    """`last`, `mean`, `mean:K` or `mean[:K]`: the mean over the tokens from index K (0 or more) on.

    Raises:
        UserError: anything else.
    """
    if text == "last":
        return Pooling("last")
    match = _POOLING.fullmatch(text)
    if match is None:
        raise UserError(
            f"The pooling {text!r} is not known; use last, mean, or mean:K, the mean over the tokens from index K on."
        )
    return Pooling("mean", int(match[1] or match[2] or 0))
