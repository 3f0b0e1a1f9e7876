"""The fields of the training dialog as data: what they show, what they mean, and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from caa_tui.choices import ALL, check_context, check_layer_range, chosen_layers, layers_words, parse_pooling
from caa_tui.errors import UserError
from caa_tui.runs.options import AUTO, TrainOptions, parse_layers
from caa_tui.runs.protocol import Described, DeviceFacts, ModelFacts
from caa_tui.runs.sweeps import Sweep, resolved
from caa_tui.wording import layers_in_short, memory

NO_FACTS = Described(run_id="", devices=())
"""Before the worker has answered."""
MEAN_FROM = "mean from token"
"""The choice of pooling that needs a number."""
_DEVICES = (AUTO, "cpu", "cuda", "mps")
"""To choose from while the machine is not known."""


@dataclass(frozen=True, slots=True)
class Form:
    """What stands in the fields, as typed."""

    model: str
    layers: str
    device: str
    dtype: str
    pooling: str
    """`last`, `mean` or `MEAN_FROM`."""
    pooling_from: str
    """Token index for `MEAN_FROM`."""
    estimator: str
    max_length: str
    batch_tokens: str
    output: str

    @classmethod
    def of(cls, options: TrainOptions) -> Form:
        """The fields for some options."""
        pooling, start = _pooling_texts(options.pooling)
        return cls(
            model=options.model or "",
            layers=layers_words(options.target_layers),
            device=options.device,
            dtype=options.dtype or AUTO,
            pooling=pooling,
            pooling_from=start,
            estimator=options.estimator,
            max_length=_number_text(options.max_length),
            batch_tokens=_number_text(options.batch_tokens),
            output=str(options.output_dir or ""),
        )

    def options(self, base: TrainOptions, facts: Described) -> TrainOptions:
        """`base` with what was typed, checked as far as it can be here.

        Raises:
            UserError: for the first field that cannot be right.
        """
        options = self.typed(base).checked()
        _against_facts(options, facts)
        return options

    def typed(self, base: TrainOptions) -> TrainOptions:
        """`base` with what was typed, as far as it can be read.

        Raises:
            UserError: for the first field that cannot be.
        """
        if not self.model:
            raise UserError("No model was named: give a hub id, a folder, a GGUF file, or smollm2.")
        return replace(
            base,
            model=self.model,
            target_layers=parse_layers(self.layers or AUTO),
            device=self.device or AUTO,
            dtype=None if self.dtype in {"", AUTO} else self.dtype,
            pooling=f"mean:{self.pooling_from or '0'}" if self.pooling == MEAN_FROM else self.pooling,
            estimator=self.estimator,
            max_length=_number("Longest story", self.max_length),
            batch_tokens=_number("Batch tokens", self.batch_tokens),
            output_dir=_folder(self.output),
        )


def _against_facts(options: TrainOptions, facts: Described) -> None:
    """Raises UserError for what the worker has said cannot be."""
    model = facts.model
    if model is not None and model.name == options.model:
        if model.problem:
            raise UserError(model.problem)
        if model.layers:
            check_layer_range(options.target_layers, model.layers, model.name)
        if model.layers and options.max_length is not None:
            check_context(options.max_length, model.context, model.name, model.extendable)
    if facts.devices and device_facts(options.device, facts) is None:
        there = ", ".join(device.name for device in facts.devices)
        raise UserError(f"Device {options.device} is not there: the worker's machine has {there}.")


def device_facts(name: str, facts: Described) -> DeviceFacts | None:
    """The device that a choice leads to."""
    if name == AUTO:
        return facts.devices[0] if facts.devices else None
    wanted = "cuda:0" if name == "cuda" else name
    return next((device for device in facts.devices if device.name == wanted), None)


def device_choices(facts: Described, chosen: str) -> tuple[str, ...]:
    """`auto`, then what is there; the chosen one also when it is not."""
    there = (AUTO, *(device.name for device in facts.devices)) if facts.devices else _DEVICES
    return there if chosen in there else (*there, chosen)


def model_choices(facts: Described, remembered: str) -> tuple[str, ...]:
    """Names worth offering: the remembered one first."""
    return tuple(dict.fromkeys(name for name in (remembered, "smollm2", *facts.models) if name))


def other_models(models: tuple[str, ...], chosen: str) -> tuple[str, ...]:
    """Without the one that stands in the field; those after it first, so that stepping goes through all of them."""
    place = models.index(chosen) + 1 if chosen in models else 0
    return tuple(name for name in (*models[place:], *models[:place]) if name != chosen)


def model_note(facts: Described, name: str, waiting: bool) -> str:
    """One line: what the model is, or why it cannot be used."""
    model = facts.model
    if not name:
        return "a hub id, a folder, a GGUF file, or smollm2 (small, built in)"
    if model is None or model.name != name:
        return "asking the worker what it is" if waiting else "hub id, folder, GGUF file, or smollm2"
    if model.problem:
        return model.problem
    if not model.layers:
        return "not on the worker's disk: the training downloads it first"
    parts = [f"{model.layers} layers, {model.hidden_size:,} wide"]
    if model.parameters:
        parts.append(f"{_parameters(model.parameters)} parameters")
    if model.size_bytes:
        parts.append(f"{memory(model.size_bytes)} on disk")
    return ", ".join(parts) if model.on_disk else f"{parts[0]}; the training downloads it first"


def sweep_for(sweeps: Sequence[Sweep], form: Form, base: TrainOptions) -> Sweep | None:
    """The sweep that decides what `auto` layers are for what was typed."""
    try:
        return resolved(replace(form.typed(base), target_layers=None), sweeps)[1]
    except UserError:
        return None


def layers_note(facts: Described, form: Form, texts: int = 0, sweep: Sweep | None = None) -> str:
    """What `auto` means for this model, what `all` costs for so many texts, or how deep the typed layers are."""
    try:
        asked = parse_layers(form.layers.strip() or AUTO)
        if asked is None and sweep is not None:
            listed = " ".join(map(str, sweep.choice.layers))
            return f"auto: {listed}, as the sweep of run {int(sweep.run_id)} recommends"
        model = facts.model
        if model is None or model.name != form.model or not model.layers:
            return "auto: four at 40 to 85 % depth; all; or like 12,16,20"
        check_layer_range(asked, model.layers, "the model")
    except UserError as error:
        return str(error)
    if asked == ALL:
        return f"all {model.layers} in one pass, about {memory(_kept_bytes(model, texts, form, facts))} of cache"
    chosen = chosen_layers(asked, model.layers)
    listed = layers_in_short(chosen)
    return f"{'auto: ' if asked is None else ''}{listed} of {model.layers}, {_depths(chosen, model)} depth"


def _kept_bytes(model: ModelFacts, texts: int, form: Form, facts: Described) -> int:
    """About what the cache keeps of the texts at every layer: the pooled output and, unless that is a mean, its mean;
    and the attention inputs, which are mostly as wide."""
    device, vectors = device_facts(form.device, facts), 3 if form.pooling == "last" else 2
    two = form.dtype in {"bf16", "fp16"} or (form.dtype == AUTO and device is not None and "cuda" in device.name)
    return texts * model.layers * vectors * model.hidden_size * (2 if two else 4)


def _depths(layers: tuple[int, ...], model: ModelFacts) -> str:
    percents = sorted(round(100 * layer / model.layers) for layer in layers)
    return f"{percents[0]} %" if percents[0] == percents[-1] else f"{percents[0]} to {percents[-1]} %"


def device_note(facts: Described, chosen: str) -> str:
    """One line: which device it is, and what is free there."""
    device = device_facts(chosen, facts)
    if not facts.devices:
        return "auto: cuda, else mps, else cpu"
    if device is None:
        return f"{chosen} is not on the worker's machine"
    head = f"auto: {device.name}" if chosen == AUTO else device.name
    label = f" {device.label}" if device.label else ""
    if device.total_bytes is None:
        return f"{head}{label}"
    if device.free_bytes is None:
        return f"{head}{label}, {memory(device.total_bytes)}"
    return f"{head}{label}, {memory(device.free_bytes)} of {memory(device.total_bytes)} free"


def dtype_note(chosen: str) -> str:
    return {
        "bf16": "half the memory; slow on most CPUs",
        "fp16": "half the memory; some models overflow in it",
        "fp32": "exact and slow on a GPU; the right one on a CPU",
    }.get(chosen, "auto: bf16 on a GPU that computes in it, else fp32")


def pooling_note(chosen: str) -> str:
    return {
        "last": "state at the last token, as a readout server reads it",
        "mean": "the mean of the states over all tokens",
        MEAN_FROM: "mean from that token on; the first ones tell little",
    }.get(chosen, "")


def estimator_note(chosen: str) -> str:
    return {
        "difference-of-means": "mean of the concept's stories minus the mean of all other texts",
        "scenario-centred": "the same after taking each scenario's mean out of its texts",
        "class-means": "minus the mean of the other concepts' means, however many stories",
        "neutral-projected": "without the baselines' leading directions (half their variance)",
        "centred-projected": "scenario-centred, then without the baselines' directions",
    }.get(chosen, "")


def length_note(facts: Described, name: str) -> str:
    model = facts.model
    if model is not None and model.name == name and model.context:
        return f"tokens; auto: {min(2048, model.context):,} (the model reads {model.context:,})"
    return "tokens; auto: what the model reads, at most 2,048"


def notes(facts: Described, form: Form, waiting: bool, *, texts: int = 0, sweep: Sweep | None = None) -> dict[str, str]:
    """The line below each field; `texts`: how many the corpus has."""
    return {
        "model": model_note(facts, form.model, waiting),
        "layers": layers_note(facts, form, texts, sweep),
        "device": device_note(facts, form.device),
        "dtype": dtype_note(form.dtype),
        "pooling": pooling_note(form.pooling),
        "estimator": estimator_note(form.estimator),
        "max_length": length_note(facts, form.model),
        "batch_tokens": "of one forward pass; auto: what suits the device",
        "output": "the readout also goes there; empty: only into the run",
    }


def _parameters(number: int) -> str:
    return f"{number / 1e9:.1f} B" if number >= 1e9 else f"{number / 1e6:.0f} M"


def _pooling_texts(pooling: str) -> tuple[str, str]:
    try:
        parsed = parse_pooling(pooling)
    except UserError:
        return "last", ""
    if parsed.kind == "last":
        return "last", ""
    return (MEAN_FROM, str(parsed.start)) if parsed.start else ("mean", "")


def _number_text(number: int | None) -> str:
    return AUTO if number is None else str(number)


def _number(label: str, text: str) -> int | None:
    """`auto` or nothing -> None.

    Raises:
        UserError: neither that nor a whole number.
    """
    if text in {"", AUTO}:
        return None
    try:
        return int(text.replace(",", "").replace("_", ""))
    except ValueError:
        raise UserError(f"{label} is a whole number of tokens, or auto; not {text!r}.") from None


def _folder(text: str) -> Path | None:
    """Raises UserError for a home folder that nobody has."""
    try:
        return Path(text).expanduser().absolute() if text else None
    except (RuntimeError, ValueError) as error:
        raise UserError(f"The output folder {text!r} cannot be used ({error}).") from error
