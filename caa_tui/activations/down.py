"""W_down of a layer, from the weight file where possible, so that no model has to be loaded for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import msgspec
import torch
from safetensors import safe_open

from caa_tui.activations.data import Float32
from caa_tui.activations.find import down_matrix
from caa_tui.activations.load import TORCH_DTYPES
from caa_tui.activations.local import weight_files
from caa_tui.activations.structure import Block, DownWeight, Structure


class DownMatrices(Mapping[int, Float32]):
    """Layer -> (hidden, neurons) float32, read at each look-up and not kept: they are large."""

    def __init__(
        self, structure: Structure, layers: tuple[int, ...], folder: Path, dtype: str, model: Callable[[], Any]
    ) -> None:
        """`model` gives the loaded model; it is called only for a weight no file holds as it is."""
        self._blocks = {layer: structure.blocks[layer] for layer in layers if structure.blocks[layer].down}
        self._folder = folder
        self._dtype = TORCH_DTYPES[dtype]
        self._model = model

    def __getitem__(self, layer: int) -> Float32:
        parts = [down_matrix(self._weight(weight), weight.layout) for weight in self._blocks[layer].down]
        matrix: Float32 = torch.cat(parts, dim=1).numpy()
        return matrix

    def __iter__(self) -> Iterator[int]:
        return iter(self._blocks)

    def __len__(self) -> int:
        return len(self._blocks)

    def _weight(self, weight: DownWeight) -> torch.Tensor:
        """The parameter as the model computes with it: in its dtype."""
        if weight.file is None or weight.key is None:
            parameter: torch.Tensor = self._model().get_parameter(weight.parameter)
            return parameter
        with safe_open(self._folder / weight.file, framework="pt") as tensors:
            values: torch.Tensor = tensors.get_tensor(weight.key)
            return values.to(self._dtype)


def locate_in_files(model: Any, structure: Structure, folder: Path) -> Structure:
    """`structure` with file and key of every down weight whose numbers a safetensors file proves to hold.

    Names differ between models and files (a missing or another prefix, experts kept one by one), so a key counts only
    when it is the one key of the right shape that ends like the parameter, and its first row is the parameter's.
    """
    keys: dict[str, tuple[str, tuple[int, ...]]] = {}
    for file in weight_files(folder):
        with safe_open(file, framework="pt") as tensors:
            keys |= {key: (file.name, tuple(tensors.get_slice(key).get_shape())) for key in tensors.keys()}  # noqa: SIM118

    def locate(weight: DownWeight) -> DownWeight:
        parameter = model.get_parameter(weight.parameter)
        shape = tuple(parameter.shape)
        named = [key for key in _same_ending(weight.parameter, keys) if keys[key][1] == shape]
        if len(named) == 1 and _same_first_row(folder / keys[named[0]][0], named[0], parameter):
            return msgspec.structs.replace(weight, file=keys[named[0]][0], key=named[0])
        return weight

    blocks = tuple(Block(block.attention, block.heads, tuple(map(locate, block.down))) for block in structure.blocks)
    return msgspec.structs.replace(structure, blocks=blocks)


def _same_ending(name: str, keys: Mapping[str, object]) -> list[str]:
    """The key `name` itself, else those that end like it from the layer number on."""
    if name in keys:
        return [name]
    parts = name.split(".")
    numbered = next(at for at, part in enumerate(parts) if part.isdigit())
    ending = "." + ".".join(parts[numbered - 1 :])
    return [key for key in keys if f".{key}".endswith(ending)]


def _same_first_row(file: Path, key: str, parameter: torch.Tensor) -> bool:
    with safe_open(file, framework="pt") as tensors:
        row: torch.Tensor = tensors.get_slice(key)[0:1]
    return torch.equal(row.to(parameter.dtype), parameter[0:1].cpu())
