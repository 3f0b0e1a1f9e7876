"""How much is computed: one forward per uncached text, nothing above the last target layer, one copy a batch."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from collecting import close, run
from tiny_models import story_texts

from caa_tui.activations import capture
from caa_tui.activations.batching import Batch
from caa_tui.activations.card import check_rows, read_card
from caa_tui.activations.collect import CollectCancelled, CollectProgress, ModelHolder
from caa_tui.errors import UserError

Folder = Callable[[str], Path]


@pytest.fixture
def loads(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """Every model that is loaded."""
    from caa_tui.activations import load

    models: list[Any] = []
    original = load.load_model

    def counting(*arguments: Any) -> Any:
        models.append(original(*arguments))
        return models[-1]

    monkeypatch.setattr(load, "load_model", counting)
    return models


@contextmanager
def counted(model: Any) -> Iterator[Counter[str]]:
    """How often each module is called."""
    calls: Counter[str] = Counter()
    handles = [
        module.register_forward_pre_hook(lambda *_, name=name: calls.update([name]))
        for name, module in model.named_modules()
    ]
    yield calls
    for handle in handles:
        handle.remove()


def test_one_forward_a_text_and_nothing_above_the_last_layer(
    model_folder: Folder, tmp_path: Path, loads: list[Any]
) -> None:
    holder, store = ModelHolder(), tmp_path / "store"
    run(story_texts(1, seed=9), model_folder("llama"), store, holder=holder, target_layers=(0, 2), batch_tokens=1)
    with counted(loads[0]) as calls:
        collected = run(
            story_texts(7), model_folder("llama"), store, holder=holder, target_layers=(0, 2), batch_tokens=1
        )
    assert collected.forwarded == 7
    assert [calls[f"model.layers.{layer}"] for layer in range(4)] == [7, 7, 7, 0]
    assert calls["lm_head"] == calls["model.norm"] == 0
    assert len(loads) == 1


def test_one_copy_a_batch(model_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    holder, store = ModelHolder(), tmp_path / "store"
    options: dict[str, Any] = {"target_layers": (0, 1, 2, 3), "batch_tokens": 64}
    run(story_texts(1, seed=9), model_folder("qwen3"), store, holder=holder, **options)
    copies: list[tuple[int, ...]] = []
    passes: list[int] = []
    to_host, forward = capture.to_host, capture.Capture.forward

    def counted_copy(values: torch.Tensor) -> tuple[torch.Tensor, torch.cuda.Event | None]:
        copies.append(tuple(values.shape))
        return to_host(values)

    def counted_forward(self: capture.Capture, batch: Batch) -> capture.HostRows:
        passes.append(batch.rows)
        return forward(self, batch)

    monkeypatch.setattr(capture, "to_host", counted_copy)
    monkeypatch.setattr(capture.Capture, "forward", counted_forward)
    collected = run(story_texts(8), model_folder("qwen3"), store, holder=holder, **options)
    assert len(copies) == len(passes) > 1
    assert sum(shape[0] for shape in copies) == 8  # dummy rows stay on the device
    assert {shape[1] for shape in copies} == {4 * 32 + 4 * 64}
    assert collected.attention[0].values.shape == (8, 64)


def test_edited_texts_are_forwarded_and_no_others(model_folder: Folder, tmp_path: Path, loads: list[Any]) -> None:
    store, texts = tmp_path / "store", story_texts(9)
    first = run(texts, model_folder("llama"), store)
    edited = [text + " And so on." if row in (2, 5) else text for row, text in enumerate(texts)]
    second = run(edited, model_folder("llama"), store)
    third = run(edited, model_folder("llama"), store)
    assert (first.forwarded, second.forwarded, third.forwarded) == (9, 2, 0)
    assert (first.cached, second.cached, third.cached) == (0, 7, 9)
    assert (third.tokens, third.padded_tokens) == (0, 0)
    assert len(loads) == 2
    for layer in first.layers:
        same = [row for row in range(9) if row not in (2, 5)]
        np.testing.assert_array_equal(second.residual[layer][same], first.residual[layer][same])
        np.testing.assert_array_equal(third.residual[layer], second.residual[layer])
        np.testing.assert_array_equal(third.attention[layer].values, second.attention[layer].values)


def test_all_cached_loads_no_model_not_even_for_the_down_projection(
    model_folder: Folder, tmp_path: Path, loads: list[Any]
) -> None:
    store, texts = tmp_path / "store", story_texts(3)
    first = run(texts, model_folder("gpt2"), store)
    second = run(texts, model_folder("gpt2"), store)
    for layer in first.layers:
        np.testing.assert_array_equal(second.down[layer], first.down[layer])
    assert len(loads) == 1


def test_a_down_projection_that_no_file_holds_comes_from_the_model(
    model_folder: Folder, tmp_path: Path, loads: list[Any]
) -> None:
    store, texts = tmp_path / "store", story_texts(3)
    first = run(texts, model_folder("mixtral"), store)
    second = run(texts, model_folder("mixtral"), store)
    assert len(loads) == 1
    np.testing.assert_array_equal(second.down[1], first.down[1])
    assert len(loads) == 2


@pytest.mark.parametrize(
    "change",
    [
        {"max_length": 100},
        {"pooling": "mean"},
        {"dtype": "bf16"},
        {"batch_tokens": 64},
        {"target_layers": (0, 1, 2, 3)},
    ],
)
def test_whatever_changes_the_numbers_is_computed_again(
    change: dict[str, Any], model_folder: Folder, tmp_path: Path
) -> None:
    store, texts = tmp_path / "store", story_texts(3)
    run(texts, model_folder("llama"), store)
    assert run(texts, model_folder("llama"), store, **change).forwarded == 3
    assert run(texts, model_folder("llama"), store, **change).forwarded == 0


def test_a_subset_of_the_layers_is_served_from_the_store(model_folder: Folder, tmp_path: Path) -> None:
    store, texts = tmp_path / "store", story_texts(3)
    whole = run(texts, model_folder("llama"), store, target_layers=(3, 0, 1))
    part = run(texts, model_folder("llama"), store, target_layers=(1,), heads=False)
    assert part.forwarded == 0
    assert part.attention == {}
    np.testing.assert_array_equal(part.residual[1], whole.residual[1])


def test_all_layers_are_those_of_the_model(model_folder: Folder, tmp_path: Path) -> None:
    store, texts = tmp_path / "store", story_texts(3)
    named = run(texts, model_folder("llama"), store, target_layers=(0, 1, 2, 3))
    everything = run(texts, model_folder("llama"), store, target_layers="all")
    assert (everything.layers, everything.forwarded) == ((0, 1, 2, 3), 0)
    assert everything.provenance["layers"] == [0, 1, 2, 3]
    for layer in everything.layers:
        np.testing.assert_array_equal(everything.residual[layer], named.residual[layer])
        np.testing.assert_array_equal(everything.attention[layer].values, named.attention[layer].values)


def test_rows_that_do_not_fit_are_refused_before_anything_is_read(
    model_folder: Folder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loads: list[Any]
) -> None:
    hidden = run(["a"], model_folder("llama"), tmp_path / "store", target_layers=(0,)).hidden_size
    need = 3 * 4 * 2 * hidden * 4
    loads.clear()
    monkeypatch.setattr("caa_tui.activations.card.free_memory", lambda device: need - 1)
    with pytest.raises(UserError, match=r"3 texts at these layers needs about .* choose fewer layers\.$"):
        run(story_texts(3), model_folder("llama"), tmp_path / "store", target_layers="all")
    assert loads == []
    card = read_card(model_folder("llama"), "llama")
    check_rows(card, 3, 7)
    with pytest.raises(UserError):
        check_rows(card, 3, 8)


def test_equal_texts_are_read_once(model_folder: Folder, tmp_path: Path) -> None:
    first, second = story_texts(2)
    collected = run([first, second, first, first], model_folder("llama"), tmp_path / "store")
    assert (collected.forwarded, collected.cached) == (2, 0)
    rows = collected.residual[1]
    assert rows.shape == (4, 32)
    np.testing.assert_array_equal(rows[0], rows[2])
    np.testing.assert_array_equal(rows[0], rows[3])
    assert not np.array_equal(rows[0], rows[1])


def test_cancelled_work_is_kept(model_folder: Folder, tmp_path: Path) -> None:
    store, texts, seen = tmp_path / "store", story_texts(6), [0]

    def report(progress: CollectProgress) -> None:
        seen[0] = max(seen[0], progress.done)

    with pytest.raises(CollectCancelled) as stop:
        run(texts, model_folder("llama"), store, batch_tokens=1, report=report, cancelled=lambda: seen[0] >= 2)
    assert stop.value.forwarded == 2
    assert run(texts, model_folder("llama"), store, batch_tokens=1).forwarded == 4


def test_cancelled_before_the_model_is_loaded(model_folder: Folder, tmp_path: Path, loads: list[Any]) -> None:
    with pytest.raises(CollectCancelled):
        run(story_texts(2), model_folder("llama"), tmp_path / "store", cancelled=lambda: True)
    assert loads == []


KILLED = """
import os, signal, sys
from pathlib import Path
sys.path[:0] = sys.argv[1:3]
from collecting import run
from tiny_models import story_texts
def report(progress):
    if progress.done == 3:
        os.kill(os.getpid(), signal.SIGKILL)
run(story_texts(6), sys.argv[3], Path(sys.argv[4]), batch_tokens=1, report=report)
"""


def test_killed_work_is_kept(model_folder: Folder, tmp_path: Path) -> None:
    here, store = Path(__file__).parent, tmp_path / "store"
    arguments = [str(here), str(here.parent), str(model_folder("llama")), str(store)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=os.environ, check=False)
    assert killed.returncode == -signal.SIGKILL
    collected = run(story_texts(6), model_folder("llama"), store, batch_tokens=1)
    assert collected.forwarded == 3
    assert collected.notices == ()


@pytest.mark.parametrize(("family", "dtype"), [("llama", "fp32"), ("llama", "bf16"), ("qwen3_5", "fp32")])
def test_a_row_has_the_same_bits_with_any_neighbours(
    family: str, dtype: str, model_folder: Folder, tmp_path: Path
) -> None:
    texts = story_texts(12)
    options: dict[str, Any] = {"dtype": dtype, "batch_tokens": 512}
    together = run(texts, model_folder(family), tmp_path / "together", **options)
    backwards = run(texts[::-1], model_folder(family), tmp_path / "backwards", **options)
    alone = [run([text], model_folder(family), tmp_path / "alone", **options) for text in texts[:4]]
    for layer in together.layers:
        np.testing.assert_array_equal(backwards.residual[layer][::-1], together.residual[layer])
        for row, single in enumerate(alone):
            np.testing.assert_array_equal(single.residual[layer][0], together.residual[layer][row])
            np.testing.assert_array_equal(single.attention[layer].values[0], together.attention[layer].values[row])


class TestOutOfMemory:
    """A fake allocator that takes batches up to a number of tokens."""

    @pytest.fixture
    def tried(self, monkeypatch: pytest.MonkeyPatch) -> list[int]:
        tokens: list[int] = []
        forward = capture.Capture.forward

        def limited(self: capture.Capture, batch: Batch) -> capture.HostRows:
            tokens.append(batch.rows * batch.length)
            if batch.rows * batch.length > 300:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 20.00 GiB")
            return forward(self, batch)

        monkeypatch.setattr(capture.Capture, "forward", limited)
        return tokens

    def test_batches_are_halved_and_stay_small(self, tried: list[int], model_folder: Folder, tmp_path: Path) -> None:
        holder, texts = ModelHolder(), story_texts(20)
        small = run(texts, model_folder("llama"), tmp_path / "small", batch_tokens=256)
        shrunk = run(texts, model_folder("llama"), tmp_path / "shrunk", holder=holder, batch_tokens=2048)
        assert max(tried) > 300
        assert "Memory ran out" in shrunk.notices[0]
        assert shrunk.forwarded == 20
        for layer in small.layers:
            assert close(shrunk.residual[layer], small.residual[layer])
        tried.clear()
        again = run(story_texts(5, seed=3), model_folder("llama"), tmp_path / "x", holder=holder, batch_tokens=2048)
        assert max(tried) <= 300
        assert again.notices == ()

    def test_a_text_that_never_fits(self, tried: list[int], model_folder: Folder, tmp_path: Path) -> None:
        holder = ModelHolder()
        long = " ".join(story_texts(8))[:900]
        with pytest.raises(UserError, match=r"A text of \d+ tokens does not fit"):
            run([long], model_folder("bloom"), tmp_path / "store", holder=holder, max_length=900)

    def test_other_errors_are_loud(self, monkeypatch: pytest.MonkeyPatch, model_folder: Folder, tmp_path: Path) -> None:
        def broken(self: capture.Capture, batch: Batch) -> capture.HostRows:
            raise RuntimeError("shape mismatch")

        holder = ModelHolder()
        run(story_texts(1), model_folder("llama"), tmp_path / "store", holder=holder)
        monkeypatch.setattr(capture.Capture, "forward", broken)
        with pytest.raises(RuntimeError, match="shape mismatch"):
            run(story_texts(1, seed=2), model_folder("llama"), tmp_path / "store", holder=holder)


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (torch.OutOfMemoryError("CUDA out of memory"), True),
        (MemoryError(), True),
        (RuntimeError("[enforce fail] . DefaultCPUAllocator: can't allocate memory"), True),
        (RuntimeError("MPS backend out of memory (MPS allocated: 9 GB)"), True),
        (RuntimeError("shapes do not match"), False),
    ],
)
def test_running_out_of_memory_is_known_on_every_device(error: Exception, expected: bool) -> None:
    assert capture.out_of_memory(error) is expected
