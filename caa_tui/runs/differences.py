"""Which settings two runs differ in: numbers of runs that were set up differently move without any edit."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from caa_tui.choices import ALL, Layers
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.wording import layers_in_short

AUTOMATIC = "automatic"
"""Left to the program, in a run that did not come far enough to say what was taken."""
THRESHOLD_WORDS = {
    "fragmented_below": "fragmented below",
    "clean_above": "clean above",
    "single_neuron_above": "single neuron above",
    "contaminated_above": "contaminated above",
    "redundant_above": "redundant above",
}


@dataclass(frozen=True, slots=True)
class SettingDifference:
    """One setting that two runs do not share, in words."""

    name: str
    old: str
    new: str
    decides: bool = True
    """Whether it moves numbers; False: where and how fast the same ones were computed."""

    @property
    def sentence(self) -> str:
        """`pooling last, was mean`."""
        return f"{self.name} {self.new}, was {self.old}"


def settings_difference(old: RunRecord, new: RunRecord) -> tuple[str, ...]:
    """What the runs' numbers differ in besides the stories, like `pooling last, was mean`; nothing for damaged runs."""
    try:
        differing = differing_settings(old, new)
    except UserError:
        return ()
    return tuple(difference.sentence for difference in differing if difference.decides)


def differing_settings(old: RunRecord, new: RunRecord) -> tuple[SettingDifference, ...]:
    """Every setting that differs, those that move numbers first.

    Raises:
        UserError: the request of either run is damaged.
    """
    before, after = _settings(old), _settings(new)
    found = [
        SettingDifference(name, value, after[name][0], decides)
        for name, (value, decides) in before.items()
        if value != after[name][0]
    ]
    known = old.fingerprint is not None and new.fingerprint is not None
    if known and old.fingerprint == new.fingerprint:
        # One model that was found in two places.
        found = [replace(one, decides=False) if one.name == "model" else one for one in found]
    elif known and old.request.model == new.request.model:
        found.insert(0, SettingDifference("model files", f"those of run {int(old.id)}", "others of the same name"))
    return tuple(sorted(found, key=lambda difference: not difference.decides))


def _settings(run: RunRecord) -> dict[str, tuple[str, bool]]:
    """Name -> (what was in force, whether it moves numbers); what the program chose comes from the result."""
    request, result = run.request, run.result
    values: dict[str, tuple[Any, bool]] = {
        "model": (request.model, True),
        "layers": (_layers(result.layers if result else request.target_layers), True),
        "pooling": (request.pooling, True),
        "estimator": (request.estimator, True),
        "dtype": ((result.dtype if result else request.dtype) or AUTOMATIC, True),
        "longest story": (f"{request.max_length} tokens" if request.max_length else AUTOMATIC, True),
        "fewest stories": (request.min_positives, True),
        "quality report": ("yes" if request.quality_report else "no", True),
        "device": (result.device if result else request.device, False),
        "batch": (f"{request.batch_tokens} tokens" if request.batch_tokens else AUTOMATIC, False),
        "worker": (request.worker_command or "this machine", False),
    }
    values |= {words: (getattr(request.thresholds, name), True) for name, words in THRESHOLD_WORDS.items()}
    return {name: (str(value), decides) for name, (value, decides) in values.items()}


def _layers(layers: Layers) -> str:
    if layers is None:
        return AUTOMATIC
    return ALL if layers == ALL else layers_in_short(layers)
