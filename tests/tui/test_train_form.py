"""The fields of the training dialog as data: what they give back, what they refuse, and the lines about them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from training_app import FACTS

from caa_tui.errors import UserError
from caa_tui.runs.options import TrainOptions
from caa_tui.runs.protocol import Described, ModelFacts
from caa_tui.runs.records import RunRequest
from caa_tui.runs.sweeps import Sweep
from caa_tui.tui.train_form import (
    NO_FACTS,
    Form,
    device_choices,
    device_note,
    layers_note,
    length_note,
    model_choices,
    model_note,
    other_models,
    sweep_for,
)
from caa_tui.vectors.layer_choice import LayerChoice


@pytest.mark.parametrize(
    "options",
    [
        TrainOptions(model="m"),
        TrainOptions(model="m", target_layers=(3, 1), dtype="fp16", device="cuda:1", pooling="mean:50"),
        TrainOptions(model="m", max_length=512, batch_tokens=64, pooling="mean", min_positives=3, quality_report=False),
    ],
)
def test_the_fields_give_back_the_options_they_were_filled_with(options: TrainOptions) -> None:
    assert Form.of(options).options(options, NO_FACTS) == options


def test_mean_in_its_two_spellings_is_one_choice() -> None:
    assert Form.of(TrainOptions(model="m", pooling="mean[:7]")).pooling_from == "7"
    assert Form.of(TrainOptions(model="m", pooling="mean:0")).pooling == "mean"


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (TrainOptions(model="m", target_layers=(12, 30)), "Target layer 30 is out of range: m has layers 0 to 29"),
        (TrainOptions(model="m", max_length=4096), "m reads at most 2048 tokens"),
        (TrainOptions(model="m", device="cuda:3"), "Device cuda:3 is not there: the worker's machine has cuda:0, cpu"),
        (TrainOptions(model="m", device="mps"), "Device mps is not there"),
    ],
)
def test_what_the_worker_said_cannot_be_is_refused(options: TrainOptions, words: str) -> None:
    with pytest.raises(UserError, match=words):
        Form.of(options).options(options, FACTS)
    assert Form.of(options).options(options, NO_FACTS) == options, "not known: the worker decides"


def test_facts_of_another_model_refuse_nothing() -> None:
    options = TrainOptions(model="larger", target_layers=(60,))
    assert Form.of(options).options(options, FACTS) == options


def test_lines_about_the_model() -> None:
    assert model_note(FACTS, "m", waiting=False) == "30 layers, 576 wide, 135 M parameters, 1.0 GB on disk"
    assert model_note(FACTS, "n", waiting=True) == "asking the worker what it is"
    far = Described(run_id="", devices=(), model=ModelFacts(name="o/n", on_disk=False))
    assert "downloads it first" in model_note(far, "o/n", waiting=False)
    assert length_note(FACTS, "m") == "tokens; auto: 2,048 (the model reads 2,048)"
    assert model_choices(FACTS, "mine") == ("mine", "smollm2", "owner/known")


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("auto", "auto: 12 16 21 25 of 30, 40 to 83 % depth"),
        ("", "auto: 12 16 21 25 of 30, 40 to 83 % depth"),
        ("15", "15 of 30, 50 % depth"),
        ("29,3", "29 3 of 30, 10 to 97 % depth"),
        ("31", "Target layer 31 is out of range: the model has layers 0 to 29."),
        ("4,5,6,12", "4-6 12 of 30, 13 to 40 % depth"),
        ("all", "all 30 in one pass, about 10 MB of cache"),
    ],
)
def test_lines_about_layers(text: str, line: str) -> None:
    assert layers_note(FACTS, form_with(text), texts=100) == line


def form_with(layers: str, **fields: str) -> Form:
    return replace(Form.of(TrainOptions(model="m")), layers=layers, **fields)


@pytest.mark.parametrize(
    ("fields", "cost"),
    [({"device": "cpu"}, "21 MB"), ({"dtype": "fp32"}, "21 MB"), ({"pooling": "mean"}, "7 MB"), ({}, "10 MB")],
)
def test_what_all_layers_cost(fields: dict[str, str], cost: str) -> None:
    """Layers x width x (pooled output, its mean, attention input) x bytes; the GPU of the facts computes in bf16."""
    assert layers_note(FACTS, form_with("all", **fields), texts=100) == f"all 30 in one pass, about {cost} of cache"


def test_layers_of_an_unknown_model() -> None:
    for text in ("auto", "all", "3"):
        assert layers_note(NO_FACTS, form_with(text)) == "auto: four at 40 to 85 % depth; all; or like 12,16,20"
    assert "numbers with commas" in layers_note(NO_FACTS, form_with("x"))


def test_auto_says_which_sweep_decides() -> None:
    request = RunRequest(run_id="0003", model="m", stories=())
    sweeps = (Sweep("0003", request, LayerChoice((12, 22), 22, "Because.")),)
    auto, base = form_with("auto"), TrainOptions(model="m")
    assert sweep_for(sweeps, auto, base) == sweeps[0]
    assert sweep_for(sweeps, form_with("3"), base) == sweeps[0], "what auto would be, whatever is typed"
    for other in (replace(auto, pooling="mean"), replace(auto, model="n"), replace(auto, max_length="x")):
        assert sweep_for(sweeps, other, base) is None
    for facts in (FACTS, NO_FACTS):
        assert layers_note(facts, auto, sweep=sweeps[0]) == "auto: 12 22, as the sweep of run 3 recommends"
    assert layers_note(FACTS, form_with("3"), sweep=sweeps[0]) == "3 of 30, 10 % depth"


def test_lines_about_devices() -> None:
    assert device_note(FACTS, "auto") == "auto: cuda:0 Imagined GPU, 70.0 GB of 80.0 GB free"
    assert device_note(FACTS, "cuda") == "cuda:0 Imagined GPU, 70.0 GB of 80.0 GB free"
    assert device_note(FACTS, "cpu") == "cpu, 5.0 GB of 16.0 GB free"
    assert device_note(FACTS, "mps") == "mps is not on the worker's machine"
    assert device_note(NO_FACTS, "auto") == "auto: cuda, else mps, else cpu"
    assert device_choices(FACTS, "auto") == ("auto", "cuda:0", "cpu")
    assert device_choices(FACTS, "cuda:7") == ("auto", "cuda:0", "cpu", "cuda:7")


def test_the_model_in_the_field_is_not_offered_again() -> None:
    models = ("a", "b", "c")
    assert other_models(models, "b") == ("c", "a")
    assert other_models(models, "typed") == models
    assert other_models(("a",), "a") == ()
