"""Arguments that are wrong are named before anything is loaded."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from collecting import run
from hypothesis import given
from hypothesis import strategies as st
from tiny_models import story_texts

from caa_tui.activations.options import (
    auto_layers,
    resolve_dtype,
    resolve_max_length,
    resolve_shape,
)
from caa_tui.choices import Pooling, parse_pooling
from caa_tui.errors import UserError


@pytest.mark.parametrize(
    ("text", "pooling"),
    [
        ("last", Pooling("last")),
        ("mean", Pooling("mean", 0)),
        ("mean:5", Pooling("mean", 5)),
        ("mean[:5]", Pooling("mean", 5)),
        ("mean[:0]", Pooling("mean", 0)),
    ],
)
def test_pooling_forms(text: str, pooling: Pooling) -> None:
    assert parse_pooling(text) == pooling


@pytest.mark.parametrize("text", ["", "first", "mean:", "mean:-1", "mean[5]", "mean:5]", "last:1", "mean:٣", "Mean"])
def test_other_pooling_is_refused(text: str) -> None:
    with pytest.raises(UserError, match="use last, mean"):
        parse_pooling(text)


@given(st.integers(0, 10**9 - 1))
def test_pooling_reads_what_it_writes(start: int) -> None:
    assert parse_pooling(str(Pooling("mean", start))) == Pooling("mean", start)


@given(st.integers(1, 200))
def test_auto_layers_are_distinct_and_there(count: int) -> None:
    layers = auto_layers(count)
    assert 1 <= len(layers) <= 4
    assert list(layers) == sorted(set(layers))
    assert all(0 <= layer < count for layer in layers)
    if count >= 10:
        assert len(layers) == 4
        assert layers[0] >= 0.4 * count - 1
        assert layers[-1] <= 0.85 * count


def test_auto_layers_of_known_depths() -> None:
    assert auto_layers(30) == (12, 16, 21, 25)
    assert auto_layers(64) == (25, 35, 44, 54)
    assert auto_layers(1) == (0,)


def test_longest_text() -> None:
    assert resolve_max_length(None, 8192, "m") == 2048
    assert resolve_max_length(None, 512, "m") == 512
    assert resolve_max_length(None, None, "m") == 2048
    assert resolve_max_length(4096, 8192, "m") == 4096
    assert resolve_max_length(4096, None, "m") == 4096
    with pytest.raises(UserError, match="512 or less"):
        resolve_max_length(513, 512, "m")


def test_defaults_by_device() -> None:
    assert resolve_dtype(None, "cpu") == resolve_dtype(None, "mps") == "fp32"
    assert resolve_dtype("fp16", "cpu") == "fp16"
    assert resolve_shape(None, "cuda:1").tokens > resolve_shape(None, "cpu").tokens
    assert resolve_shape(77, "cpu").tokens == 77


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"target_layers": (4,)}, "out of range: .* has layers 0 to 3"),
        ({"target_layers": (1, -1)}, "negative"),
        ({"target_layers": (2, 1, 2)}, "given twice"),
        ({"target_layers": ()}, "at least one target layer"),
        ({"dtype": "float32"}, "bf16, fp16, fp32"),
        ({"device": "gpu"}, "use auto, cpu, cuda"),
        ({"device": "cuda:99"}, "is not there"),
        ({"device": "cuda:"}, "not known"),
        ({"max_length": 0}, "at least 1 token"),
        ({"batch_tokens": 0}, "at least 1 token"),
        ({"pooling": "max"}, "use last, mean"),
        ({"pooling": "mean:9", "max_length": 9}, "above 9 tokens"),
    ],
)
def test_wrong_arguments_are_one_sentence_and_load_nothing(
    options: dict[str, Any],
    message: str,
    model_folder: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from caa_tui.activations import load

    monkeypatch.setattr(load, "load_model", lambda *_: pytest.fail("loaded"))
    with pytest.raises(UserError, match=message) as refused:
        run(["A story."], model_folder("llama"), tmp_path / "store", **options)
    assert str(refused.value).endswith(".")
    assert "\n" not in str(refused.value)
    assert not (tmp_path / "store").exists()


def test_learned_positions_end_at_the_context(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"reads at most 256 tokens.*\.$"):
        run(["A story."], model_folder("gpt2"), tmp_path / "store", max_length=257)


def test_rotary_positions_go_on_and_the_run_says_so(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    long = " ".join(story_texts(40))
    found = run([long, "A short one."], model_folder("llama"), tmp_path / "store", max_length=400)
    assert found.truncated == (0,)
    assert found.tokens > 400
    assert any("longer than the 256 tokens" in notice for notice in found.notices)


def test_no_text_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no text"):
        run([], "nowhere", tmp_path / "store")


def test_what_a_client_may_import_loads_no_torch() -> None:
    light = "card collect data fingerprint gguf holder options setting source store structure"
    imports = "; ".join(f"import caa_tui.activations.{module}" for module in light.split())
    check = "import sys; assert not {'torch', 'transformers'} & set(sys.modules)"
    subprocess.run([sys.executable, "-c", f"{imports}; {check}"], check=True)
