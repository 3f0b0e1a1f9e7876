"""One text with every token's state: the same pass as in a training, whose pooled row it gives to the bit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from caa_tui.activations.card import used_memory
from caa_tui.activations.collect import load_and_probe
from caa_tui.activations.data import CollectCancelled, CollectOptions, CollectProgress, Float32
from caa_tui.activations.fingerprint import model_fingerprint
from caa_tui.activations.setting import Setting, resolve
from caa_tui.activations.store import Store, widen
from caa_tui.errors import UserError

if TYPE_CHECKING:
    import torch

    from caa_tui.activations.batching import TokenText
    from caa_tui.activations.holder import LoadedModel, ModelHolder

Report = Callable[[CollectProgress], None]
Cancelled = Callable[[], bool]


@dataclass(frozen=True)
class TokenStates:
    """A text as the model read it."""

    ids: tuple[int, ...]
    """Special tokens included."""
    pieces: tuple[str, ...]
    """What each token stands for: joined they are the text, but for special tokens, which have their names."""
    states: dict[int, Float32]
    """Layer -> (tokens, hidden): the OUTPUT of the block, before the final norm."""
    pooled: dict[int, Float32]
    """Layer -> (hidden,), as `collect` pools it."""
    device: str
    dtype: str


def read_tokens(
    text: str,
    options: CollectOptions,
    *,
    fingerprint: str,
    holder: ModelHolder,
    store: Path,
    report: Report,
    cancelled: Cancelled,
) -> TokenStates:
    """Read `text` whole with the model whose files have this fingerprint, loading it unless `holder` has it.

    `store` only remembers hashes of files. `cancelled` is asked before the model is loaded and before it reads.

    Raises:
        UserError: an argument, the model or the text is not usable; it is another model, or the text is too long.
        CollectCancelled: `cancelled` said so.
    """
    from caa_tui.activations.load import load_tokenizer

    setting = resolve(options, lambda detail: report(CollectProgress(phase="check", detail=detail)))
    with Store(store) as memory:
        found = model_fingerprint(setting.card.folder, memory)
    if found != fingerprint:
        raise UserError(
            f"The files of {setting.card.name} are not those the run was trained with; put that model back, "
            "or train again."
        )
    tokenizer = load_tokenizer(setting.card)
    _check_length(tokenizer, text, setting.max_length)
    _stop_if(cancelled)
    loaded = _loaded(setting, found, holder, report)
    _stop_if(cancelled)
    report(CollectProgress(phase="read text", detail=setting.card.name, device=setting.device))
    return _read(tokenizer, text, setting, loaded, cancelled)


def _check_length(tokenizer: Any, text: str, longest: int) -> None:
    tokens = len(tokenizer(text, add_special_tokens=True, truncation=False, verbose=False)["input_ids"])
    if tokens > longest:
        raise UserError(f"The text has {tokens:,} tokens, and the run reads at most {longest:,}; shorten it.")


def _stop_if(cancelled: Cancelled) -> None:
    if cancelled():
        raise CollectCancelled(0)


def _loaded(setting: Setting, fingerprint: str, holder: ModelHolder, report: Report) -> LoadedModel:
    key = (fingerprint, setting.dtype, setting.device)
    loaded = holder.get(key)
    if loaded is not None:
        return loaded
    memory = used_memory(setting.device)
    report(CollectProgress(phase="load model", detail=setting.card.name, memory_bytes=memory, device=setting.device))
    return load_and_probe(setting, key, holder)


def _read(tokenizer: Any, text: str, setting: Setting, loaded: LoadedModel, cancelled: Cancelled) -> TokenStates:
    from caa_tui.activations.batching import tokenise
    from caa_tui.activations.capture import Capture, vocabulary_size
    from caa_tui.activations.forward import run_batches

    (tokens,) = tokenise(tokenizer, [text], setting.max_length, vocabulary_size(loaded.model))
    parts = loaded.structure.parts(setting.layers, heads=False)
    with (
        _every_token(loaded, setting.layers, tokens) as states,
        Capture(loaded.model, loaded.structure, parts, setting.pooling, masked=loaded.masked) as capture,
    ):
        done = list(run_batches(loaded, capture, [tokens], setting.shape, setting.longest_batch, cancelled))
    if not done:
        raise CollectCancelled(0)
    arrays, dtype = done[0][1].arrays()
    pooled = {part.layer: widen(array[0], dtype) for part, array in zip(parts, arrays, strict=True)}
    whole = {layer: state.float().numpy() for layer, state in states.items()}
    _check_finite(setting, whole)
    return TokenStates(
        ids=tokens.ids,
        pieces=_pieces(tokenizer, text, tokens.ids),
        states=whole,
        pooled=pooled,
        device=setting.device,
        dtype=setting.dtype,
    )


@contextmanager
def _every_token(loaded: LoadedModel, layers: Sequence[int], text: TokenText) -> Iterator[dict[int, torch.Tensor]]:
    """Layer -> (tokens, hidden) of the first row, filled by a pass. Hooks run in order: open it before `Capture`."""
    kept: dict[int, torch.Tensor] = {}
    length = len(text.ids)

    def hook_of(layer: int) -> Any:
        def hook(_module: object, _inputs: object, output: Any) -> None:
            hidden = output[0] if isinstance(output, tuple) else output
            # A copy: later work may be in place.
            kept[layer] = hidden[0, :length].detach().clone().cpu()

        return hook

    with ExitStack() as hooks:
        for layer in layers:
            block = loaded.model.get_submodule(f"{loaded.structure.blocks_path}.{layer}")
            hooks.callback(block.register_forward_hook(hook_of(layer)).remove)
        yield kept


def _check_finite(setting: Setting, states: dict[int, Float32]) -> None:
    for layer, state in states.items():
        if not np.isfinite(state).all():
            raise UserError(
                f"{setting.card.name} gives infinite numbers in layer {layer} as {setting.dtype} for this text; "
                "probe another text, or train with another dtype."
            )


def _pieces(tokenizer: Any, text: str, ids: tuple[int, ...]) -> tuple[str, ...]:
    """The characters from the end of the token before to the token's own end; its name where it has none.

    Of a character that is several tokens the first one stands for it.
    """
    names = tokenizer.convert_ids_to_tokens(list(ids))
    if not tokenizer.is_fast:
        return tuple(map(str, names))
    offsets = tokenizer(text, add_special_tokens=True, return_offsets_mapping=True, verbose=False)["offset_mapping"]
    special = set(tokenizer.all_special_ids)
    pieces, end = [], 0
    for token, name, (_, stop) in zip(ids, names, offsets, strict=True):
        pieces.append(str(name) if token in special else text[end : max(end, stop)])
        end = max(end, stop)
    return tuple(pieces)
