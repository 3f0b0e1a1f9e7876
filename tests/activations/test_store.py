"""The cache gives back the bits it got, or nothing."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from collecting import run
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst
from tiny_models import story_texts

from caa_tui.activations.data import Part
from caa_tui.activations.store import NewText, Store, text_key, widen

CONTEXT, OTHER = b"c" * 32, b"d" * 32
PARTS = (Part("residual", 3), Part("attention", 3))


def _new(text: str, seed: int = 0) -> NewText:
    values = np.random.default_rng(seed).normal(size=(2, 8)).astype(np.float32)
    return NewText(text_key(text), 11, seed % 2 == 1, dict(zip(PARTS, values, strict=True)))


def test_round_trip(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        store.add(CONTEXT, "fp32", [_new("a"), _new("b", 1)])
    with Store(tmp_path / "store") as store:
        assert store.notices == []
        found = store.lookup(CONTEXT, text_key("b"), PARTS)
        assert found is not None
        assert (found.tokens, found.truncated) == (11, True)
        for part, value in _new("b", 1).values.items():
            np.testing.assert_array_equal(found.values[part], value)
        assert store.lookup(CONTEXT, text_key("c"), PARTS) is None
        assert store.lookup(OTHER, text_key("b"), PARTS) is None
        assert store.lookup(CONTEXT, text_key("b"), (*PARTS, Part("residual", 4))) is None


@given(npst.arrays(np.uint16, st.integers(1, 50)))
def test_bfloat16_is_widened_exactly(bits: np.ndarray[Any, np.dtype[np.uint16]]) -> None:
    expected = torch.from_numpy(bits.view(np.int16).copy()).view(torch.bfloat16).float().numpy()
    np.testing.assert_array_equal(widen(bits, "bf16"), expected)


@given(st.text(), st.text())
def test_only_the_same_text_has_the_same_key(first: str, second: str) -> None:
    assert (text_key(first) == text_key(second)) == (first == second)


def test_a_damaged_value_is_computed_again(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    path, texts = tmp_path / "store", story_texts(5)
    first = run(texts, model_folder("llama"), path, target_layers=(1,))
    with sqlite3.connect(path) as database:
        database.execute(
            "UPDATE activation SET data = zeroblob(length(data)) WHERE text = ? AND kind = 'residual'",
            (text_key(texts[3]),),
        )
    database.close()
    second = run(texts, model_folder("llama"), path, target_layers=(1,))
    assert second.forwarded == 1
    np.testing.assert_array_equal(second.residual[1], first.residual[1])
    assert run(texts, model_folder("llama"), path, target_layers=(1,)).forwarded == 0


@pytest.mark.parametrize("damage", ["garbage", "middle", "version"])
def test_a_damaged_file_is_set_aside(damage: str, model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    path, texts = tmp_path / "store", story_texts(4)
    first = run(texts, model_folder("llama"), path)
    if damage == "garbage":
        path.write_bytes(b"this is no database" * 1000)
    elif damage == "middle":
        size = path.stat().st_size
        with path.open("r+b") as stream:
            stream.seek(16384)
            stream.write(os.urandom(size - 16384))
    else:
        with sqlite3.connect(path) as database:
            database.execute("PRAGMA user_version = 99")
        database.close()
    second = run(texts, model_folder("llama"), path)
    assert second.forwarded == 4
    assert any("damaged or of another release" in notice for notice in second.notices)
    assert (tmp_path / "store.unusable-1").exists()
    np.testing.assert_array_equal(second.residual[1], first.residual[1])
    assert run(texts, model_folder("llama"), path).forwarded == 0


def test_no_place_for_a_file(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    collected = run(story_texts(2), model_folder("llama"), tmp_path / "file" / "store")
    assert collected.forwarded == 2
    assert any("cannot be used" in notice for notice in collected.notices)


def test_a_full_disk_does_not_stop_the_run(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as store:
        pages = store._db.execute("PRAGMA page_count").fetchone()[0]
        store._db.execute(f"PRAGMA max_page_count = {pages}")
        values: dict[Part, Any] = {PARTS[0]: np.zeros(1 << 18, dtype=np.float32)}
        store.add(CONTEXT, "fp32", [NewText(text_key("a"), 1, False, values)])
        assert "full" in store.notices[0]
        assert store.lookup(CONTEXT, text_key("a"), PARTS[:1]) is not None


def test_a_fork_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with Store(tmp_path / "store") as store:
        monkeypatch.setattr(os, "getpid", lambda: -1)
        with pytest.raises(RuntimeError, match="fork"):
            store.lookup(CONTEXT, text_key("a"), PARTS)


def test_two_processes_may_have_it_open(tmp_path: Path) -> None:
    with Store(tmp_path / "store") as first, Store(tmp_path / "store") as second:
        first.add(CONTEXT, "fp32", [_new("a")])
        second.add(CONTEXT, "fp32", [_new("b")])
        assert first.lookup(CONTEXT, text_key("b"), PARTS) is not None
        assert second.lookup(CONTEXT, text_key("a"), PARTS) is not None


def test_the_file_is_laid_out_as_promised(tmp_path: Path) -> None:
    with Store(tmp_path / "store"):
        pass
    database = sqlite3.connect(tmp_path / "store")
    assert database.execute("PRAGMA page_size").fetchone() == (16384,)
    assert database.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    database.close()
