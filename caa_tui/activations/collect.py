"""Texts to pooled activations: the one function the rest of the program calls.

What is in the store is not computed again; when everything is there, the model is not even loaded. Importing this
module loads no torch; calling `collect` does.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from caa_tui.activations.card import check_memory, check_rows, used_memory
from caa_tui.activations.data import (
    CollectCancelled,
    Collected,
    CollectOptions,
    CollectProgress,
    Float32,
    HeadInputs,
    Part,
    Phase,
)
from caa_tui.activations.fingerprint import model_fingerprint
from caa_tui.activations.gpu import gpu_meter
from caa_tui.activations.holder import LoadedModel, ModelHolder
from caa_tui.activations.setting import Setting, context_key, resolve, versions
from caa_tui.activations.store import NewText, Store, text_key, widen
from caa_tui.errors import UserError

if TYPE_CHECKING:
    from caa_tui.activations.batching import Batch, TokenText
    from caa_tui.activations.capture import HostRows
    from caa_tui.activations.structure import Structure

__all__ = [
    "CollectCancelled",
    "CollectOptions",
    "CollectProgress",
    "Collected",
    "HeadInputs",
    "ModelHolder",
    "collect",
]


def collect(
    texts: Sequence[str],
    options: CollectOptions,
    *,
    holder: ModelHolder,
    store: Path,
    report: Callable[[CollectProgress], None],
    cancelled: Callable[[], bool],
) -> Collected:
    """Pooled hidden states of `texts` at the target layers.

    Equal texts are read once and get equal rows. Every finished batch is committed to `store`, so a cancelled or
    killed run loses at most one batch. `cancelled` is asked before the model is loaded and before each batch.

    Raises:
        UserError: an argument, the model or a text is not usable; arguments are judged before anything heavy.
        CollectCancelled: `cancelled` said so.
    """
    if not texts:
        raise UserError("There is no text to read; add a story first.")
    report(CollectProgress(phase="check", detail=options.model))
    setting = resolve(options, lambda detail: report(CollectProgress(phase="check", detail=detail)))
    with Store(store) as cache:
        fingerprint = model_fingerprint(setting.card.folder, cache)
        return _Reader(setting, fingerprint, cache, holder, report, cancelled).read(texts)


@dataclass
class _Reader:
    """One call of `collect` after its arguments are resolved."""

    setting: Setting
    fingerprint: str
    cache: Store
    holder: ModelHolder
    report: Callable[[CollectProgress], None]
    cancelled: Callable[[], bool]
    values: dict[Part, Float32] = field(default_factory=dict)
    """(distinct texts, width) each."""
    truncated: set[int] = field(default_factory=set)
    """Indexes of distinct texts."""
    forwarded: int = 0
    tokens: int = 0
    padded_tokens: int = 0
    notices: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._gpu = gpu_meter(self.setting.device)

    def read(self, texts: Sequence[str]) -> Collected:
        distinct = list(dict.fromkeys(texts))
        check_rows(self.setting.card, len(distinct), self.setting.vectors)
        description = self.setting.description(self.fingerprint)
        context = context_key(description)
        self.cache.describe(context, description)
        missing = self._from_cache(context, distinct)
        if missing:
            self._forward(context, distinct, missing)
        structure = self._structure()
        assert structure is not None
        self.notices += structure.missing_parts(self.setting.layers, self.setting.heads)
        self.notices += self.cache.notices
        return self._collected(texts, distinct, structure)

    def _from_cache(self, context: bytes, distinct: list[str]) -> list[int]:
        """Take what the store has; the indexes of texts it does not have."""
        structure = self._structure()
        if structure is None:
            return list(range(len(distinct)))
        wanted = self.setting.parts(structure)
        missing = []
        for index, text in enumerate(distinct):
            found = self.cache.lookup(context, text_key(text), wanted)
            if found is None:
                missing.append(index)
            else:
                self._keep(index, len(distinct), found.values, found.truncated)
        return missing

    def _structure(self) -> Structure | None:
        """Of the loaded model, else as remembered from an earlier load."""
        loaded = self.holder.get(self._model_key)
        return loaded.structure if loaded is not None else self.cache.structure(self._structure_key)

    @property
    def _model_key(self) -> tuple[str, str, str]:
        return self.fingerprint, self.setting.dtype, self.setting.device

    @property
    def _structure_key(self) -> str:
        return f"{self.fingerprint} transformers {versions()['transformers']}"

    def _keep(self, index: int, count: int, values: dict[Part, Float32], truncated: bool) -> None:
        for part, value in values.items():
            if part not in self.values:
                self.values[part] = np.empty((count, value.shape[0]), dtype=np.float32)
            self.values[part][index] = value
        if truncated:
            self.truncated.add(index)

    def _forward(self, context: bytes, distinct: list[str], missing: list[int]) -> None:
        """Read the missing texts with the model."""
        from caa_tui.activations.batching import tokenise
        from caa_tui.activations.capture import Capture, vocabulary_size
        from caa_tui.activations.forward import run_batches
        from caa_tui.activations.load import load_tokenizer

        self._stop_if_cancelled()
        tokenizer = load_tokenizer(self.setting.card)
        loaded = self._loaded()
        self._stop_if_cancelled()
        texts = tokenise(
            tokenizer, [distinct[index] for index in missing], self.setting.max_length, vocabulary_size(loaded.model)
        )
        self._note_beyond_context(texts)
        parts = self.setting.parts(loaded.structure)
        halvings = loaded.halvings
        self._report("read stories", len(missing), f"{len(distinct) - len(missing)} from the cache")
        with Capture(loaded.model, loaded.structure, parts, self.setting.pooling, masked=loaded.masked) as capture:
            batches = run_batches(
                loaded, capture, texts, self.setting.shape, self.setting.longest_batch, self.cancelled
            )
            for batch, rows in batches:
                self._finish(context, distinct, missing, parts, batch, rows)
                self._report("read stories", len(missing))
        if self.forwarded < len(missing):
            raise CollectCancelled(self.forwarded)
        if loaded.halvings > halvings:
            self.notices.append(
                "Memory ran out, so smaller batches were used; a smaller --batch-tokens avoids the retry."
            )

    def _note_beyond_context(self, texts: Sequence[TokenText]) -> None:
        card = self.setting.card
        beyond = sum(1 for text in texts if card.context is not None and len(text.ids) > card.context)
        if beyond:
            self.notices.append(
                f"{beyond} of the texts read are longer than the {card.context} tokens {card.name} was trained on; "
                "their numbers may be poor."
            )

    def _finish(
        self,
        context: bytes,
        distinct: list[str],
        missing: list[int],
        parts: tuple[Part, ...],
        batch: Batch,
        rows: HostRows,
    ) -> None:
        """Check, keep and commit one batch."""
        arrays, dtype = rows.arrays()
        stored = []
        for row, text in enumerate(batch.texts):
            index = missing[text.index]
            raw = {part: array[row] for part, array in zip(parts, arrays, strict=True)}
            values = {part: widen(value, dtype) for part, value in raw.items()}
            self._check_finite(values)
            self._keep(index, len(distinct), values, text.truncated)
            stored.append(NewText(text_key(distinct[index]), len(text.ids), text.truncated, raw))
        self.cache.add(context, dtype, stored)
        self._count(batch.texts, batch.rows * batch.length)

    def _count(self, texts: tuple[TokenText, ...], padded: int) -> None:
        self.forwarded += len(texts)
        self.tokens += sum(len(text.ids) for text in texts)
        self.padded_tokens += padded

    def _check_finite(self, values: dict[Part, Float32]) -> None:
        for part, value in values.items():
            if not np.isfinite(value).all():
                other = "use --dtype bf16 or fp32" if self.setting.dtype == "fp16" else "its weights may be damaged"
                raise UserError(
                    f"{self.setting.card.name} gives infinite numbers in layer {part.layer} as "
                    f"{self.setting.dtype}; {other}."
                )

    def _stop_if_cancelled(self) -> None:
        if self.cancelled():
            raise CollectCancelled(self.forwarded)

    def _loaded(self) -> LoadedModel:
        """The model, from the holder or loaded and probed now."""
        loaded = self.holder.get(self._model_key)
        if loaded is not None:
            return loaded
        self._report("load model", None, self.setting.card.name)
        loaded = load_and_probe(self.setting, self._model_key, self.holder)
        self.cache.set_structure(self._structure_key, loaded.structure)
        return loaded

    def _report(self, phase: Phase, total: int | None, detail: str = "") -> None:
        device = self.setting.device
        self.report(
            CollectProgress(
                phase=phase,
                done=self.forwarded if phase == "read stories" else 0,
                total=total,
                tokens=self.tokens,
                detail=detail,
                memory_bytes=used_memory(device),
                device=device,
                gpu=self._gpu.read() if self._gpu else None,
            )
        )

    def _collected(self, texts: Sequence[str], distinct: list[str], structure: Structure) -> Collected:
        from caa_tui.activations.down import DownMatrices

        setting, holder, key = self.setting, self.holder, self._model_key
        place = {text: index for index, text in enumerate(distinct)}
        rows = [place[text] for text in texts]
        found = {part: value if len(rows) == len(distinct) else value[rows] for part, value in self.values.items()}
        mean: Literal["mean", "residual"] = "mean" if setting.pooling.kind == "last" else "residual"

        def model() -> Any:
            loaded = holder.get(key)
            return (loaded or load_and_probe(setting, key, holder)).model

        return Collected(
            layers=setting.layers,
            residual={layer: found[Part("residual", layer)] for layer in setting.layers},
            means={layer: found[Part(mean, layer)] for layer in setting.layers} if setting.means else {},
            attention={
                part.layer: HeadInputs(values, structure.blocks[part.layer].heads)
                for part, values in found.items()
                if part.kind == "attention"
            },
            down=DownMatrices(structure, setting.layers, setting.card.folder, setting.dtype, model),
            truncated=tuple(at for at, index in enumerate(rows) if index in self.truncated),
            forwarded=self.forwarded,
            cached=len(distinct) - self.forwarded,
            tokens=self.tokens,
            padded_tokens=self.padded_tokens,
            device=setting.device,
            dtype=setting.dtype,
            hidden_size=structure.hidden_size,
            notices=tuple(self.notices),
            provenance=setting.provenance(self.fingerprint),
        )


def load_and_probe(setting: Setting, key: tuple[str, str, str], holder: ModelHolder) -> LoadedModel:
    """Load into `holder`, find the parts and check the hooks.

    Raises:
        UserError: too big, not loadable, or the probe fails.
    """
    from caa_tui.activations.down import locate_in_files
    from caa_tui.activations.find import find_structure
    from caa_tui.activations.load import load_model
    from caa_tui.activations.probe import check_hooks, needs_mask

    holder.release()
    check_memory(setting.card, setting.parameters, setting.dtype, setting.device)
    model = load_model(setting.card, setting.dtype, setting.device)
    structure = find_structure(model)
    check_hooks(model, structure)
    masked = needs_mask(model, structure)
    loaded = LoadedModel(key, model, locate_in_files(model, structure, setting.card.folder), masked)
    holder.put(loaded)
    return loaded
