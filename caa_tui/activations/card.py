"""What a model is, read from config.json and the headers of its weight files; nothing is loaded."""

from __future__ import annotations

import json
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any, Literal

from caa_tui.activations.local import weight_files
from caa_tui.activations.options import DTYPE_BYTES
from caa_tui.errors import UserError

_PICKLES = ("*.bin", "*.pt", "*.pth", "*.ckpt")
_CONTEXT_NAMES = ("max_position_embeddings", "n_positions", "max_seq_len", "seq_length", "max_sequence_length")


@dataclass(frozen=True, slots=True)
class ModelCard:
    """The facts that arguments are checked against."""

    name: str
    """As the user gave it; the one to use in messages."""
    folder: Path
    architecture: str
    """model_type of config.json."""
    loader: Literal["causal", "image-text"]
    """Which transformers Auto class loads it; image-text for multimodal models without a text-only class."""
    layers: int
    """Decoder blocks of the text part."""
    hidden_size: int
    context: int | None
    """Longest input in tokens; None when the model states none (recurrent or ALiBi models)."""
    extendable: bool
    """Whether longer texts can be read at all: rotary positions go on beyond the context, learned ones end there."""


def read_card(folder: Path, name: str) -> ModelCard:
    """Read and judge `folder/config.json`. Imports transformers.

    Raises:
        UserError: not readable, needs its own code, or is no causal language model.
    """
    raw = _raw_config(folder, name)
    loader = _loader(raw, name)
    text = _text_config(folder, name)
    layers = getattr(text, "num_hidden_layers", None)
    hidden = getattr(text, "hidden_size", None)
    if not isinstance(layers, int) or not isinstance(hidden, int) or layers < 1:
        raise UserError(f"config.json of {name} does not say how many layers the model has; choose another model.")
    contexts = [getattr(text, key, None) for key in _CONTEXT_NAMES]
    context = next((value for value in contexts if isinstance(value, int) and value > 0), None)
    extendable = bool(getattr(text, "rope_parameters", None))
    return ModelCard(name, folder, str(raw["model_type"]), loader, layers, hidden, context, extendable)


def _raw_config(folder: Path, name: str) -> dict[str, Any]:
    try:
        raw = json.loads((folder / "config.json").read_bytes())
    except (OSError, ValueError) as error:
        raise UserError(f"config.json of {name} cannot be read; download the model again.") from error
    if not isinstance(raw, dict) or not isinstance(raw.get("model_type"), str):
        raise UserError(f"config.json of {name} names no model_type; give the folder of a transformers model.")
    return raw


def _loader(raw: dict[str, Any], name: str) -> Literal["causal", "image-text"]:
    from transformers.models.auto.modeling_auto import (
        MODEL_FOR_CAUSAL_LM_MAPPING_NAMES,
        MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES,
    )

    kind = raw["model_type"]
    if raw.get("is_encoder_decoder"):
        raise UserError(f"{name} is an encoder-decoder ({kind}); choose a causal language model.")
    if kind in MODEL_FOR_CAUSAL_LM_MAPPING_NAMES:
        return "causal"
    if kind in MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING_NAMES:
        return "image-text"
    if "auto_map" in raw:
        raise UserError(f"{name} needs code of its own, which is never run; choose a model transformers has built in.")
    raise UserError(f"{name} ({kind}) is not a causal language model that transformers knows; choose another model.")


def _text_config(folder: Path, name: str) -> Any:
    from transformers import AutoConfig

    try:
        config = AutoConfig.from_pretrained(folder, trust_remote_code=False, local_files_only=True)
    except (ValueError, TypeError, KeyError, OSError) as error:
        raise UserError(f"config.json of {name} does not fit its model_type; download the model again.") from error
    return config.get_text_config()


def check_weights(card: ModelCard) -> int:
    """Number of parameters, from the headers of the safetensors files.

    Raises:
        UserError: no safetensors, or a damaged file.
    """
    from safetensors import SafetensorError, safe_open

    files = weight_files(card.folder)
    if not files:
        if any(any(card.folder.glob(pattern)) for pattern in _PICKLES):
            raise UserError(
                f"{card.name} has only pickled weights, which can run code; convert it to safetensors first."
            )
        raise UserError(f"{card.name} has no complete safetensors weights; download the model again.")
    total = 0
    for file in files:
        try:
            with safe_open(file, framework="np") as tensors:
                total += sum(prod(tensors.get_slice(key).get_shape()) for key in tensors.keys())  # noqa: SIM118
        except (SafetensorError, OSError) as error:
            raise UserError(f"{file.name} of {card.name} is damaged ({error}); download the model again.") from error
    return total


def check_memory(card: ModelCard, parameters: int, dtype: str, device: str) -> None:
    """Compare the weights at `dtype` with the memory that is free on `device`.

    Raises:
        UserError: the weights alone do not fit.
    """
    need = parameters * DTYPE_BYTES[dtype]
    free = free_memory(device)
    if need > free:
        raise UserError(
            f"{card.name} needs about {_gigabytes(need)} as {dtype}, but {device} has {_gigabytes(free)} free; "
            "choose a smaller model, a 2-byte dtype or another device."
        )


def check_rows(card: ModelCard, texts: int, vectors: int) -> None:
    """Compare what is kept of the texts, float32, with the free memory of this machine, before anything is read.

    Args:
        vectors: of each text; attention inputs count as being as wide as the residual stream, as they mostly are.

    Raises:
        UserError: the rows alone do not fit; with every layer of a deep model and many texts they may not.
    """
    need = texts * vectors * card.hidden_size * 4
    free = free_memory("cpu")
    if need > free:
        raise UserError(
            f"What is kept of {texts:,} texts at these layers needs about {_gigabytes(need)} of memory, but "
            f"{_gigabytes(free)} are free; choose fewer layers."
        )


def free_memory(device: str) -> int:
    """Bytes a process can still take on `device`; on a CPU not more than its control group allows."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.mem_get_info(device)[0])
    import psutil

    return min(int(psutil.virtual_memory().available), _group_memory())


def total_memory() -> int:
    """Bytes this machine has, or the part its control group may take."""
    import psutil

    return min(int(psutil.virtual_memory().total), _group_limit())


_GROUP = Path("/sys/fs/cgroup")
_NO_LIMIT = 1 << 62


def _group_limit() -> int:
    """A container's limit (cgroup v2)."""
    try:
        return int((_GROUP / "memory.max").read_text())
    except (OSError, ValueError):
        return _NO_LIMIT


def _group_memory() -> int:
    """What a container's limit leaves; no limit is a very large number."""
    limit = _group_limit()
    try:
        used = int((_GROUP / "memory.current").read_text())
        reclaimable = dict(line.split() for line in (_GROUP / "memory.stat").read_text().splitlines())
        return limit - used + int(reclaimable.get("file", 0)) if limit < _NO_LIMIT else limit
    except (OSError, ValueError):
        return _NO_LIMIT


def used_memory(device: str) -> int:
    """Resident bytes of this process, or bytes reserved on its GPU."""
    if device.startswith("cuda"):
        import torch

        return int(torch.cuda.memory_reserved(device))
    import psutil

    return int(psutil.Process().memory_info().rss)


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.1f} GB"
