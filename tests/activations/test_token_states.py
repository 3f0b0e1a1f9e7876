"""Every token of one text, against an oracle that reads it alone; and the rows of a run found again in the cache."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from collecting import Oracle, close, run
from tiny_models import story_texts, tiny_model

from caa_tui.activations.collect import CollectCancelled, CollectOptions, CollectProgress, ModelHolder
from caa_tui.activations.fingerprint import model_fingerprint
from caa_tui.activations.kept import kept_residual
from caa_tui.activations.setting import described_in
from caa_tui.activations.store import Store, text_key
from caa_tui.activations.token_states import TokenStates, read_tokens
from caa_tui.errors import UserError

Folder = Callable[[str], Path]
TARGETS = (2, 0)


def read(
    text: str,
    model: Path,
    store: Path,
    *,
    holder: ModelHolder | None = None,
    fingerprint: str | None = None,
    report: Callable[[CollectProgress], None] = lambda _: None,
    cancelled: Callable[[], bool] = lambda: False,
    **options: Any,
) -> TokenStates:
    with Store(store) as memory:
        known = fingerprint or model_fingerprint(model, memory)
    settings: dict[str, Any] = {"device": "cpu", "target_layers": TARGETS} | options
    return read_tokens(
        text,
        CollectOptions(model=str(model), heads=False, **settings),
        fingerprint=known,
        holder=holder or ModelHolder(),
        store=store,
        report=report,
        cancelled=cancelled,
    )


@pytest.mark.parametrize("family", ["llama", "gpt2", "gemma3", "mixtral", "bloom", "qwen3_5", "mamba"])
def test_states_are_the_block_outputs_at_every_token(family: str, model_folder: Folder, tmp_path: Path) -> None:
    text = story_texts(3)[2]
    found = read(text, model_folder(family), tmp_path / "store")
    oracle = Oracle(model_folder(family))
    assert list(found.ids) == oracle.ids(text)[0].tolist()
    states, skipped = oracle.hidden_states(text), 0 if family == "mamba" else 1
    for layer in TARGETS:
        assert found.states[layer].shape == (len(found.ids), 32)
        assert close(found.states[layer], states[layer + skipped])


@pytest.mark.parametrize(("pooling", "start"), [("last", None), ("mean:3", 3), ("mean:500", None)])
@pytest.mark.parametrize("dtype", ["fp32", "bf16"])
def test_the_pooled_row_is_that_of_a_training_to_the_bit(
    pooling: str, start: int | None, dtype: str, model_folder: Folder, tmp_path: Path
) -> None:
    texts, store = story_texts(5), tmp_path / "store"
    trained = run(texts, model_folder("llama"), store, target_layers=TARGETS, pooling=pooling, dtype=dtype)
    for row, text in enumerate(texts):
        found = read(text, model_folder("llama"), store, pooling=pooling, dtype=dtype)
        for layer in TARGETS:
            np.testing.assert_array_equal(found.pooled[layer], trained.residual[layer][row])
            states = found.states[layer]
            first = len(states) - 1 if start is None else start
            np.testing.assert_allclose(found.pooled[layer], states[first:].mean(axis=0), rtol=1e-5, atol=1e-6)


def test_the_tokens_joined_are_the_text(tmp_path: Path) -> None:
    model = tiny_model("llama", tmp_path / "model", padding_side="left", bos=True, pad=False)
    text = "She lächelte — 漢字, \U0001f642!\n\nThe\tdog [b]slept[/b] \x1b[31m."
    found = read(text, model, tmp_path / "store")
    assert found.pieces[0] == "<bos>"
    assert "".join(found.pieces[1:]) == text
    assert len(found.pieces) == len(found.ids) == len(found.states[0])
    oracle = Oracle(model)
    assert close(found.states[2], oracle.hidden_states(text)[3])


def test_the_model_is_loaded_once(model_folder: Folder, tmp_path: Path) -> None:
    holder, told = ModelHolder(), list[CollectProgress]()
    trained = run(story_texts(2), model_folder("gpt2"), tmp_path / "store", holder=holder)
    read("Nobody spoke.", model_folder("gpt2"), tmp_path / "store", holder=holder, report=told.append)
    assert [step.phase for step in told] == ["read text"]
    assert trained.device == "cpu"
    read("Nobody spoke.", model_folder("gpt2"), tmp_path / "store", holder=holder, dtype="bf16", report=told.append)
    assert [step.phase for step in told[1:]] == ["load model", "read text"]


def test_what_cannot_be_read_is_one_sentence(model_folder: Folder, tmp_path: Path) -> None:
    model, store = model_folder("llama"), tmp_path / "store"
    for text, options, words in (
        ("one two three four", {"max_length": 2}, r"The text has \d+ tokens, and the run reads at most 2; shorten it"),
        ("", {}, "has no token"),
        ("a text", {"fingerprint": "f" * 64}, "are not those the run was trained with"),
        ("a text", {"target_layers": (9,)}, "Target layer 9 is out of range"),
    ):
        told = list[CollectProgress]()
        with pytest.raises(UserError, match=words):
            read(text, model, store, report=told.append, **options)
        assert text == "" or told == []


def test_a_cancel_comes_before_the_model(model_folder: Folder, tmp_path: Path) -> None:
    told = list[CollectProgress]()
    with pytest.raises(CollectCancelled):
        read("a text", model_folder("llama"), tmp_path / "store", cancelled=lambda: True, report=told.append)
    assert told == []


def test_the_rows_of_a_run_are_found_by_its_provenance(model_folder: Folder, tmp_path: Path) -> None:
    texts, store = story_texts(6), tmp_path / "store"
    trained = run(texts, model_folder("llama"), store, target_layers=(0, 1, 2), pooling="mean:2")
    run(texts, model_folder("llama"), store, target_layers=(0, 1, 2), pooling="last")
    provenance = msgspec.json.decode(msgspec.json.encode(trained.provenance))
    keys = [text_key(text).hex() for text in texts]
    rows, missing = kept_residual(store, provenance, keys, (2, 0))
    assert missing == 0
    assert sorted(rows) == [0, 2]
    for layer, values in rows.items():
        np.testing.assert_array_equal(values, trained.residual[layer])
    assert kept_residual(store, provenance, [*keys, text_key("never read").hex()], (2, 0)) == ({}, 1)
    assert kept_residual(store, provenance | {"dtype": "bf16"}, keys, (0,)) == ({}, 6)
    assert kept_residual(store, {"model": "old"}, keys, (0,)) == ({}, 6)
    assert kept_residual(tmp_path / "no store", provenance, keys, (0,)) == ({}, 6)
    assert not (tmp_path / "no store").exists()


def test_a_device_with_a_number_is_kept_by_its_kind() -> None:
    from caa_tui.activations import setting

    whole: dict[str, object] = dict.fromkeys(setting._DESCRIBED, 1)
    found = described_in(whole | {"device": "cuda:1", "parameters": 5})
    assert found == whole | {"device": "cuda"}
