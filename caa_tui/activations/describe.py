"""What there is to train with: the devices, and what a model is, without loading weights and without the network."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from caa_tui.activations.card import ModelCard, check_weights, free_memory, read_card, total_memory
from caa_tui.activations.local import BUILT_IN, local_folder, resolve_source, weight_files
from caa_tui.errors import UserError

MOST_SUGGESTIONS = 20
_GGUF_BROKEN = (ValueError, IndexError, KeyError, OSError, TypeError, AttributeError)
"""What the gguf package raises for files that are damaged or no GGUF files."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A device that `CollectOptions.device` can name."""

    name: str
    label: str
    free_bytes: int | None
    total_bytes: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Model:
    """What the files of a model on this disk say; `on_disk` False: its weights are not all here."""

    on_disk: bool
    layers: int = 0
    hidden_size: int = 0
    context: int | None = None
    extendable: bool = True
    parameters: int | None = None
    size_bytes: int | None = None


def devices() -> tuple[Device, ...]:
    """Every device, the one that `auto` takes first. Imports torch."""
    import torch

    found = [_cuda_device(index) for index in range(torch.cuda.device_count() if torch.cuda.is_available() else 0)]
    free, total = free_memory("cpu"), total_memory()
    if torch.backends.mps.is_available():
        found.append(Device(name="mps", label="Apple GPU", free_bytes=free, total_bytes=total))
    found.append(Device(name="cpu", label="", free_bytes=free, total_bytes=total))
    return tuple(found)


def _cuda_device(index: int) -> Device:
    import torch

    from caa_tui.activations.gpu import gpu_meter

    name = f"cuda:{index}"
    facts = torch.cuda.get_device_properties(index)
    # Not torch.cuda.mem_get_info: it makes a context, which takes memory on every GPU it is asked about.
    reading = meter.read() if (meter := gpu_meter(name)) is not None else None
    free = reading.total_bytes - reading.used_bytes if reading is not None else None
    return Device(name=name, label=facts.name, free_bytes=free, total_bytes=int(facts.total_memory))


def describe_model(name: str) -> Model:
    """The facts of a model as far as they are on this disk. Imports transformers.

    Raises:
        UserError: it cannot be used.
    """
    source = resolve_source(name)
    folder = local_folder(name)
    if folder is None and source.kind == "gguf":
        assert source.path is not None
        return _gguf_model(source.path)
    if folder is not None:
        card = read_card(folder, name)
        size = sum(path.stat().st_size for path in weight_files(folder))
        return _of_card(card, on_disk=True, parameters=check_weights(card), size=size)
    partial = _config_snapshot(source.name)
    if partial is None:
        return Model(on_disk=False)
    return _of_card(read_card(partial, name), on_disk=False)


def _of_card(card: ModelCard, *, on_disk: bool, parameters: int | None = None, size: int | None = None) -> Model:
    return Model(
        on_disk=on_disk,
        layers=card.layers,
        hidden_size=card.hidden_size,
        context=card.context,
        extendable=card.extendable,
        parameters=parameters,
        size_bytes=size,
    )


def _gguf_model(path: Path) -> Model:
    """From the header of a file that is not converted yet.

    Raises:
        UserError: the file is damaged, or its header does not say how many layers there are.
    """
    import gguf

    try:
        reader = gguf.GGUFReader(path)
        kind = reader.fields["general.architecture"].contents()

        def number(key: str) -> int | None:
            field = reader.fields.get(f"{kind}.{key}")
            return int(field.contents()) if field is not None else None

        layers, hidden, context = number("block_count"), number("embedding_length"), number("context_length")
        parameters = sum(int(tensor.n_elements) for tensor in reader.tensors)
    except _GGUF_BROKEN as error:
        raise UserError(f"{path.name!r} is not a readable GGUF file; download it again.") from error
    if not layers or not hidden:
        raise UserError(f"{path.name!r} does not say how many layers it has; use the model's safetensors folder.")
    return Model(
        on_disk=True,
        layers=layers,
        hidden_size=hidden,
        context=context,
        parameters=parameters,
        size_bytes=path.stat().st_size,
    )


def _config_snapshot(repo: str) -> Path | None:
    """The folder of a snapshot in the hub's cache that has at least config.json; an aborted download leaves such."""
    from huggingface_hub import try_to_load_from_cache

    found = try_to_load_from_cache(repo, "config.json")
    return Path(found).parent if isinstance(found, str) else None


def known_models() -> tuple[str, ...]:
    """Names that can be trained with at once: the built-in model where it is installed, then the hub's cache."""
    return (*_built_in(), *_cached_repos())[:MOST_SUGGESTIONS]


def _built_in() -> tuple[str, ...]:
    try:
        resolve_source(BUILT_IN)
    except UserError:
        return ()
    return (BUILT_IN,)


def _cached_repos() -> tuple[str, ...]:
    """Models of the hub's cache by the names of its folders: listing files would take seconds on a network disk."""
    from huggingface_hub.constants import HF_HUB_CACHE

    try:
        folders = sorted(entry.name for entry in Path(HF_HUB_CACHE).iterdir() if entry.name.startswith("models--"))
    except OSError:
        return ()
    return tuple(name.removeprefix("models--").replace("--", "/") for name in folders)
