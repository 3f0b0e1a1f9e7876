"""What can be wrong about the options is said before anything is started."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from caa_tui.choices import layers_words, parse_layers
from caa_tui.corpus.settings import Settings, TrainingDefaults
from caa_tui.errors import UserError
from caa_tui.runs.options import TrainOptions, model_location
from caa_tui.wording import layers_in_short

GOOD = TrainOptions(model="m")


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"model": None}, "--model"),
        ({"model": ""}, "--model"),
        ({"target_layers": ()}, "at least one"),
        ({"target_layers": (1, 1)}, "layer 1 is given twice"),
        ({"target_layers": (3, -2)}, "layer -2 is negative"),
        ({"dtype": "fp8"}, "bf16, fp16, fp32"),
        ({"device": "gpu"}, "'gpu'"),
        ({"device": "cuda:x"}, "'cuda:x'"),
        ({"batch_tokens": 0}, "A batch must have at least 1 token"),
        ({"batch_tokens": 2**20 + 1}, "at most 1,048,576 tokens"),
        ({"max_length": -5}, "maximum length must be at least 1 token, not -5"),
        ({"min_positives": 0}, "minimum of positives"),
        ({"pooling": "max"}, "'max'"),
        ({"pooling": "mean:"}, "'mean:'"),
        ({"pooling": "mean:٣"}, "from index K on"),
        ({"pooling": "mean:9", "max_length": 9}, "above 9 tokens"),
        ({"device": "xpu"}, "'xpu'"),
    ],
)
def test_each_wrong_option_has_its_sentence(change: dict[str, Any], words: str) -> None:
    with pytest.raises(UserError) as caught:
        replace(GOOD, **change).checked()
    assert words in str(caught.value)
    assert str(caught.value).endswith(".")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "change",
    [
        {"target_layers": (2, 1)},
        {"device": "cuda:3"},
        {"device": "mps"},
        {"pooling": "mean"},
        {"pooling": "mean:4"},
        {"pooling": "mean:0"},
        {"pooling": "mean[:4]"},
        {"dtype": "bf16"},
        {"batch_tokens": 1, "max_length": 1},
    ],
)
def test_options_that_can_be_right(change: dict[str, Any]) -> None:
    options = replace(GOOD, **change)
    assert options.checked() is options


@pytest.mark.parametrize(
    ("text", "layers"), [("auto", None), ("all", "all"), ("12", (12,)), ("1, 2,3", (1, 2, 3)), ("-1", (-1,))]
)
def test_layers_as_text(text: str, layers: tuple[int, ...] | None) -> None:
    assert parse_layers(text) == layers


@pytest.mark.parametrize("text", ["", "1,2,", "1;2", "one", "1..3", "0x10", "1_2", "٣", "1" * 10])
def test_layers_that_are_none(text: str) -> None:
    with pytest.raises(UserError, match="numbers with commas"):
        parse_layers(text)


@given(st.lists(st.integers(0, 500), min_size=1, unique=True).map(tuple))
def test_layers_round_trip(layers: tuple[int, ...]) -> None:
    assert parse_layers(layers_words(layers)) == layers
    assert replace(GOOD, target_layers=layers).checked().target_layers == layers


def test_named_layers_are_written_as_they_are_read() -> None:
    assert [parse_layers(layers_words(layers)) for layers in (None, "all")] == [None, "all"]
    assert layers_words((1, 2), " ") == "1 2"


@pytest.mark.parametrize(
    ("layers", "words"),
    [((), ""), ((7,), "7"), ((1, 2), "1 2"), ((0, 1, 2, 3), "0-3"), ((3, 5, 6, 7, 9, 8), "3 5-7 9 8")],
)
def test_layers_in_short(layers: tuple[int, ...], words: str) -> None:
    assert layers_in_short(layers) == words


def test_a_model_on_this_machine_is_named_absolutely(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for name in ("m", "smollm2"):
        (tmp_path / name).mkdir()
    assert model_location("m") == model_location("./m") == str(tmp_path / "m")
    for other in ("smollm2", "owner/name", "x" * 5000, "nul\0", "~nobody-of-this-name/m"):
        assert model_location(other) == other


def test_defaults_come_from_caa_toml(tmp_path: Path) -> None:
    defaults = TrainingDefaults(model="../m", target_layers=(1, 2), dtype="fp32", pooling="mean", min_positives=3)
    options = TrainOptions.from_settings(Settings(training=defaults), tmp_path / "corpus")
    assert options == TrainOptions(
        model=str(tmp_path / "m"), target_layers=(1, 2), dtype="fp32", pooling="mean", min_positives=3
    )
    hub = Settings(training=TrainingDefaults(model="org/name", target_layers="4,5"))
    assert TrainOptions.from_settings(hub, tmp_path).model == "org/name"
    assert TrainOptions.from_settings(hub, tmp_path).target_layers == (4, 5)
    assert TrainOptions.from_settings(Settings()) == TrainOptions()


def test_an_output_folder_that_cannot_be(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    for folder in (tmp_path / "file", tmp_path / "file" / "below", tmp_path / ("x" * 5000)):
        with pytest.raises(UserError, match="cannot be written"):
            replace(GOOD, output_dir=folder).checked()


def test_an_output_folder_is_not_made_by_looking(tmp_path: Path) -> None:
    replace(GOOD, output_dir=tmp_path / "a" / "b").checked()
    assert list(tmp_path.iterdir()) == []
