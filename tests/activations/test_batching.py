"""Fixed shapes, exact token ids, and pooling against a naive one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from collecting import Oracle, close, run
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import story_texts, tiny_model

from caa_tui.activations.batching import TokenText, padded_length, plan_batches, tokenise
from caa_tui.activations.capture import pool
from caa_tui.activations.options import BatchShape
from caa_tui.choices import Pooling
from caa_tui.errors import UserError

LENGTHS = st.lists(st.integers(1, 300), min_size=1, max_size=60)


def _texts(lengths: list[int]) -> list[TokenText]:
    return [TokenText(index, tuple(range(length)), False) for index, length in enumerate(lengths)]


@given(LENGTHS, st.integers(1, 2000), st.integers(1, 64), st.sampled_from([None, 300, 301, 1000]))
def test_every_text_is_in_one_batch_of_its_own_shape(
    lengths: list[int], tokens: int, step: int, context: int | None
) -> None:
    batches = plan_batches(_texts(lengths), BatchShape(tokens, step), context)
    assert sorted(text.index for batch in batches for text in batch.texts) == list(range(len(lengths)))
    for batch in batches:
        assert 1 <= len(batch.texts) <= batch.rows
        assert batch.rows == 1 or batch.rows * batch.length <= tokens
        assert context is None or batch.length <= context
        for text in batch.texts:
            alone = plan_batches([text], BatchShape(tokens, step), context)
            assert [(one.rows, one.length) for one in alone] == [(batch.rows, batch.length)]
    assert [batch.length for batch in batches] == sorted((batch.length for batch in batches), reverse=True)


@given(st.integers(1, 1000), st.integers(1, 64), st.sampled_from([None, 1000, 1024]))
def test_padded_length(tokens: int, step: int, context: int | None) -> None:
    padded = padded_length(tokens, step, context)
    assert tokens <= padded < tokens + step
    assert padded % step == 0 or padded == context


@given(LENGTHS)
def test_ids_are_padded_on_the_right(lengths: list[int]) -> None:
    for batch in plan_batches(_texts(lengths), BatchShape(1000, 16), None):
        ids, real = batch.ids(pad=-7), batch.lengths()
        for row, text in enumerate(batch.texts):
            assert tuple(ids[row, : real[row]]) == text.ids
            assert (ids[row, real[row] :] == -7).all()
        assert (real[len(batch.texts) :] == 1).all()


def test_padding_stays_small_on_a_corpus_of_stories() -> None:
    lengths = [int(length) for length in np.random.default_rng(0).lognormal(5.2, 0.35, 1000).clip(40, 900)]
    batches = plan_batches(_texts(lengths), BatchShape(256, 8), None)
    assert sum(batch.rows * batch.length for batch in batches) <= 1.06 * sum(lengths)


@given(
    st.lists(st.integers(1, 9), min_size=1, max_size=5),
    st.sampled_from([Pooling("last"), Pooling("mean"), Pooling("mean", 2), Pooling("mean", 50)]),
)
def test_pooling_is_the_naive_one(lengths: list[int], pooling: Pooling) -> None:
    generator = torch.Generator().manual_seed(len(lengths))
    hidden = torch.randn((len(lengths), 9, 4), generator=generator)
    pooled = pool(hidden, torch.tensor(lengths), pooling)
    for row, length in enumerate(lengths):
        start = length - 1 if pooling.kind == "last" else min(pooling.start, length - 1)
        np.testing.assert_allclose(pooled[row], hidden[row, start:length].mean(dim=0), rtol=1e-5, atol=1e-6)


def test_padding_with_infinities_does_not_reach_the_mean() -> None:
    hidden = torch.tensor([[[1.0], [3.0], [float("inf")]]])
    assert pool(hidden, torch.tensor([2]), Pooling("mean")).item() == 2.0


@pytest.mark.parametrize("pooling", ["mean", "mean:3", "mean[:40]"])
def test_mean_pooling_end_to_end(pooling: str, model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    texts = story_texts(4)
    collected = run(texts, model_folder("llama"), tmp_path / "store", target_layers=(1,), pooling=pooling)
    oracle, start = Oracle(model_folder("llama")), {"mean": 0, "mean:3": 3, "mean[:40]": 40}[pooling]
    for row, text in enumerate(texts):
        states = oracle.hidden_states(text)[2]
        assert close(collected.residual[1][row], states[min(start, len(states) - 1) :].mean(axis=0))


@pytest.mark.parametrize("bos", [False, True])
def test_long_texts_are_cut_on_the_right_and_named(bos: bool, tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "model", bos=bos, padding_side="left")
    texts = ["Short.", " ".join(story_texts(3)), "Also short.", " ".join(story_texts(4))]
    collected = run(texts, folder, tmp_path / "store", target_layers=(1,), max_length=20)
    assert collected.truncated == (1, 3)
    assert run(texts, folder, tmp_path / "store", target_layers=(1,), max_length=20).truncated == (1, 3)
    oracle = Oracle(folder)
    for row, text in enumerate(texts):
        assert close(collected.residual[1][row], oracle.hidden_states(text)[2][:20][-1])


def test_default_length_is_the_context(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    collected = run([" ".join(story_texts(12))], model_folder("opt"), tmp_path / "store")
    assert collected.truncated == (0,)
    assert collected.tokens == 256
    assert collected.provenance["max_length"] == 256


def test_texts_without_tokens_and_foreign_tokenizers(model_folder: Callable[[str], Path]) -> None:
    tokenizer = Oracle(model_folder("llama")).tokenizer
    with pytest.raises(UserError, match="Text 2 has no token"):
        tokenise(tokenizer, ["Fine.", ""], 100, 1000)
    with pytest.raises(UserError, match="does not belong to this model"):
        tokenise(tokenizer, ["Fine."], 100, 5)


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen2"])
def test_the_mean_over_the_text_comes_beside_the_last_token(
    family: str, model_folder: Callable[[str], Path], tmp_path: Path
) -> None:
    texts, folder = [*story_texts(4), "I"], model_folder(family)
    collected = run(texts, folder, tmp_path / "store", target_layers=(1, 0), means=True)
    oracle = Oracle(folder)
    for row, text in enumerate(texts):
        states = oracle.hidden_states(text)
        for layer in (0, 1):
            counted = states[layer + 1][1:] if len(states[layer + 1]) > 1 else states[layer + 1]
            assert close(collected.means[layer][row], counted.mean(axis=0))
            assert close(collected.residual[layer][row], states[layer + 1][-1])
    again = run(texts, folder, tmp_path / "store", target_layers=(1, 0), means=True)
    assert (again.forwarded, again.cached) == (0, len(texts))
    assert all(np.array_equal(again.means[layer], collected.means[layer]) for layer in (0, 1))


def test_means_are_read_only_when_they_are_asked_for(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    texts, folder = story_texts(3), model_folder("llama")
    assert run(texts, folder, tmp_path / "store", target_layers=(1,)).means == {}
    asked = run(texts, folder, tmp_path / "store", target_layers=(1,), means=True)
    assert asked.forwarded == len(texts), "the cache had only the last tokens"
    pooled = run(texts, folder, tmp_path / "store", target_layers=(1,), means=True, pooling="mean:2")
    assert pooled.means[1] is pooled.residual[1]
    half = run(texts, folder, tmp_path / "store", target_layers=(1,), means=True, dtype="bf16")
    assert close(half.means[1], asked.means[1], tolerance=0.05)
