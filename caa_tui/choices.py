"""What a person may choose for a training, and what is wrong with a choice whatever the model.

Below every room: caa.toml, the command line (which never reaches torch) and the worker say the same sentences.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Literal, Protocol, TypeAlias, get_args

from caa_tui.errors import UserError

AUTO = "auto"
ALL: Literal["all"] = "all"
Layers: TypeAlias = tuple[int, ...] | Literal["all"] | None
"""Target layers as they are asked for: by number, every decoder block, or left to the program (`auto`)."""
DTYPES = ("bf16", "fp16", "fp32")
Estimator: TypeAlias = Literal[
    "difference-of-means", "scenario-centred", "class-means", "neutral-projected", "centred-projected"
]
"""How a concept's vector is made of its stories' activations (`vectors.estimators`, docs/method.md)."""
ESTIMATORS: tuple[Estimator, ...] = get_args(Estimator)
DEFAULT_ESTIMATOR: Estimator = "difference-of-means"
"""The reference's."""

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
    def target_layers(self) -> Layers: ...
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


def check_layers(layers: Layers) -> None:
    """Raises UserError for none at all, a negative one, or one that is given twice."""
    if layers is None or layers == ALL:
        return
    if not layers:
        raise UserError("Give at least one target layer, or auto or all.")
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


def check_layer_range(layers: Layers, count: int, model: str) -> None:
    """Against the number of decoder blocks. Raises UserError."""
    for layer in layers if isinstance(layers, tuple) else ():
        if layer >= count:
            raise UserError(f"Target layer {layer} is out of range: {model} has layers 0 to {count - 1}.")


def check_context(length: int, context: int | None, model: str, extendable: bool) -> None:
    """Against the model's longest input; None: it states none. `extendable`: positions go on beyond it.

    Raises:
        UserError: the model cannot read texts of that length.
    """
    if context is not None and length > context and not extendable:
        raise UserError(f"{model} reads at most {context} tokens; set the maximum length to {context} or less.")


def chosen_layers(asked: Layers, count: int) -> tuple[int, ...]:
    """What is asked for, of a model with `count` decoder blocks, in the order it was asked for."""
    if asked is None:
        return auto_layers(count)
    return tuple(range(count)) if asked == ALL else asked


def layers_words(layers: Layers, between: str = ",") -> str:
    """The way back of `parse_layers`: `auto`, `all`, `12,16,20`."""
    if layers is None:
        return AUTO
    return ALL if layers == ALL else between.join(map(str, layers))


def parse_layers(text: str) -> Layers:
    """`auto` -> None; `all` -> `ALL`; `12,16,20` -> (12, 16, 20). Raises UserError for anything else."""
    if text.strip() == AUTO:
        return None
    if text.strip() == ALL:
        return ALL
    found = [_LAYER.fullmatch(part) for part in text.split(",")]
    if None in found:
        raise UserError(f"Target layers are auto, all, or numbers with commas between them, like 12,16; not {text!r}.")
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


def parse_estimator(text: str) -> Estimator:
    """One of `ESTIMATORS`. Raises UserError for anything else."""
    for name in ESTIMATORS:
        if text == name:
            return name
    raise UserError(f"The estimator {text!r} is not known; use one of {', '.join(ESTIMATORS)}.")
