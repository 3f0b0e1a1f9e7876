"""Where a model keeps its decoder blocks, attention output projections and MLP down projections.

Found by structure, not by a list of names: one tiny forward pass records the order in which the linear maps of each
block are called. In an attention module the last one that writes to the residual width is its output projection;
outside of attention, the maps that lead back to the residual width are the down projections.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import count
from typing import Any

import msgspec
import torch
from torch import nn
from transformers.pytorch_utils import Conv1D

from caa_tui.activations.structure import Block, DownWeight, Layout, Structure
from caa_tui.errors import UserError

_ATTENTION = re.compile(r"attn|attention|deltanet", re.IGNORECASE)
_STACKED_DOWN = re.compile(r"down|w2|output_linear", re.IGNORECASE)
_HEAD_COUNTS = ("num_v_heads", "num_heads", "num_attention_heads", "n_heads", "n_head")
_HEAD_SIZES = ("head_v_dim", "v_head_dim", "head_dim", "attention_head_size", "head_size")


class Linear(msgspec.Struct, frozen=True):
    """A linear map inside a block."""

    name: str
    """Path relative to the block."""
    width_in: int
    width_out: int
    layout: Layout
    order: int
    """When the tiny forward pass called it; maps it did not call (idle experts) come first, in registration order."""

    @property
    def parent(self) -> str:
        return self.name.rpartition(".")[0]


def find_structure(model: Any) -> Structure:
    """Look at `model` and run four tokens through it.

    Raises:
        UserError: the list of decoder blocks cannot be told.
    """
    path, blocks = find_blocks(model)
    text_config = model.config.get_text_config()
    hidden = int(text_config.hidden_size)
    calls = _call_order(model, path, blocks)
    found = tuple(_describe(block, f"{path}.{index}", hidden, calls, text_config) for index, block in enumerate(blocks))
    return Structure(type(model).__name__, path, hidden, found)


def find_blocks(model: Any) -> tuple[str, nn.ModuleList]:
    """The ModuleList of decoder blocks: as long as the text configuration says, in the decoder, the largest."""
    depth = model.config.get_text_config().num_hidden_layers
    lists = [(name, module) for name, module in model.named_modules() if isinstance(module, nn.ModuleList)]
    lists = [(name, module) for name, module in lists if len(module) == depth]
    inside = {id(module) for module in model.get_decoder().modules()}
    candidates = [(name, module) for name, module in lists if id(module) in inside] or lists
    if not candidates:
        raise UserError(f"The {depth} decoder layers of {type(model).__name__} were not found; choose another model.")
    return max(candidates, key=lambda found: sum(parameter.numel() for parameter in found[1].parameters()))


def _call_order(model: Any, path: str, blocks: nn.ModuleList) -> dict[str, int]:
    """Full name of each linear map in the blocks -> position of its last call in a forward pass of four tokens."""
    order: dict[str, int] = {}
    clock = count()

    def note(name: str) -> Any:
        def hook(*_: object) -> None:
            order[name] = next(clock)

        return hook

    with ExitStack() as hooks:
        for name, module in blocks.named_modules(prefix=path):
            if isinstance(module, (nn.Linear, Conv1D)):
                handle = module.register_forward_pre_hook(note(name))
                hooks.callback(handle.remove)
        with torch.inference_mode():
            model(input_ids=torch.ones((1, 4), dtype=torch.long, device=model.device), use_cache=False)
    return order


def _describe(block: nn.Module, prefix: str, hidden: int, calls: dict[str, int], text_config: Any) -> Block:
    linears = [
        linear
        for name, module in block.named_modules()
        if (linear := _linear(name, module, calls.get(f"{prefix}.{name}", -1))) is not None
    ]
    attention_paths = _attention_paths(block, linears, hidden)
    inside = [linear for linear in linears if _under(linear.name, attention_paths[:1]) and linear.width_out == hidden]
    projection = max(inside, key=lambda linear: linear.order, default=None)
    mixers = attention_paths + _sequence_mixers(block)
    heads = 0 if projection is None else _heads(block, projection, attention_paths[0], text_config)
    return Block(
        attention=f"{prefix}.{projection.name}" if projection is not None and heads else None,
        heads=heads,
        down=tuple(_down_weights(block, prefix, [x for x in linears if not _under(x.name, mixers)], mixers, hidden)),
    )


def _linear(name: str, module: nn.Module, order: int) -> Linear | None:
    """A plain linear map; packed (quantised) weights are not plain."""
    if isinstance(module, nn.Linear):
        linear = Linear(name, module.in_features, module.out_features, "out_in", order)
        shape = (linear.width_out, linear.width_in)
    elif isinstance(module, Conv1D):
        linear = Linear(name, module.nx, module.nf, "in_out", order)
        shape = (linear.width_in, linear.width_out)
    else:
        return None
    return linear if tuple(module.weight.shape) == shape else None


def _under(name: str, paths: list[str]) -> bool:
    return any(name.startswith(path + ".") for path in paths)


def _attention_paths(block: nn.Module, linears: list[Linear], hidden: int) -> list[str]:
    """Outermost modules that are called attention and write to the residual width, the first called first."""
    found: list[str] = []
    for name, module in block.named_modules():
        if not name or _under(name, found) or not _is_attention(name.rpartition(".")[2], type(module).__name__):
            continue
        if any(linear.name.startswith(name + ".") and linear.width_out == hidden for linear in linears):
            found.append(name)
    return sorted(found, key=lambda path: min(x.order for x in linears if x.name.startswith(path + ".")))


def _is_attention(name: str, class_name: str) -> bool:
    """By name or class; a whole layer that has attention in its name also holds an MLP (Zamba2)."""
    return _ATTENTION.search(f"{name} {class_name}") is not None and not class_name.endswith(("Layer", "Block"))


def _sequence_mixers(block: nn.Module) -> list[str]:
    """Modules that mix positions without attention (state space, convolution): their way out is no MLP."""
    return [
        name
        for name, module in block.named_modules()
        if name and (any(isinstance(x, nn.Conv1d) for x in module.modules()) or hasattr(module, "A_log"))
    ]


def _heads(block: nn.Module, projection: Linear, attention: str, text_config: Any) -> int:
    """Heads behind `projection`: by the attention module's own count, its head size, or the configuration's count."""
    owners = [block.get_submodule(projection.parent), block.get_submodule(attention)]
    for owner in owners:
        for name in _HEAD_COUNTS:
            if (heads := _divisor(owner, name, projection.width_in)) is not None:
                return heads
        for name in _HEAD_SIZES:
            if (size := _divisor(owner, name, projection.width_in)) is not None:
                return projection.width_in // size
    return _divisor(text_config, "num_attention_heads", projection.width_in) or 0


def _divisor(owner: Any, name: str, width: int) -> int | None:
    value = getattr(owner, name, None)
    return value if isinstance(value, int) and value > 0 and width % value == 0 else None


def _down_weights(
    block: nn.Module, prefix: str, linears: list[Linear], mixers: list[str], hidden: int
) -> Iterator[DownWeight]:
    """Dense or shared-expert maps first, then experts as their own modules, then experts stacked in one parameter."""
    back = [linear for linear in linears if linear.width_out == hidden and _is_way_back(linear, linears, hidden)]
    # Beside an MLP module, a small map directly in the block is something else (per-layer embeddings of Gemma 3n).
    for linear in [x for x in back if x.parent] or back:
        yield DownWeight(f"{prefix}.{linear.name}.weight", linear.layout)
    for name, parameter in block.named_parameters():
        if parameter.dim() == 3 and _STACKED_DOWN.search(name) and not _under(name, mixers):
            layout = _stacked_layout(block, name, tuple(parameter.shape), hidden)
            if layout is not None:
                yield DownWeight(f"{prefix}.{name}", layout)


def _is_way_back(linear: Linear, linears: list[Linear], hidden: int) -> bool:
    """From the inner to the residual width; where no sibling does that, the last of several that are called."""
    if linear.width_in != hidden:
        return True
    siblings = [other for other in linears if other.parent == linear.parent]
    if any(other.width_in != hidden and other.width_out == hidden for other in siblings):
        return False
    return len(siblings) > 1 and linear is max(siblings, key=lambda other: other.order)


def _stacked_layout(block: nn.Module, name: str, shape: tuple[int, ...], hidden: int) -> Layout | None:
    """Axes of an (experts, ., .) parameter."""
    owner = block.get_submodule(name.rpartition(".")[0])
    if shape[1] == hidden and (shape[2] != hidden or not getattr(owner, "is_transposed", False)):
        return "expert_out_in"
    return "expert_in_out" if shape[2] == hidden else None


def down_matrix(weight: torch.Tensor, layout: Layout) -> torch.Tensor:
    """`weight` as (hidden, neurons) float32 on the CPU; experts side by side."""
    values = weight.detach().to("cpu", torch.float32)
    if layout == "out_in":
        return values
    if layout == "in_out":
        return values.T
    experts_first = values if layout == "expert_in_out" else values.transpose(1, 2)
    return experts_first.reshape(-1, experts_first.shape[-1]).T
