"""One training as a person sets it up, checked on this side of the pipe, where there may be no torch.

The worker checks again, together with what only a model can tell.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from caa_tui.activations.local import BUILT_IN
from caa_tui.choices import AUTO as AUTO
from caa_tui.choices import DEFAULT_ESTIMATOR, Layers, check_choices, parse_estimator
from caa_tui.choices import parse_layers as parse_layers
from caa_tui.corpus.settings import SETTINGS_FILE, Settings
from caa_tui.errors import UserError

OUTPUT_FILES = ("readout.safetensors", "readout.json", "quality.json", "provenance.json")
"""What `output_dir` gets; the second to last only with the quality report."""


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """One training as a person sets it up; the meaning of the fields is `TrainRequest`'s."""

    model: str | None = None
    target_layers: Layers = None
    dtype: str | None = None
    device: str = AUTO
    batch_tokens: int | None = None
    max_length: int | None = None
    min_positives: int = 1
    pooling: str = "last"
    estimator: str = DEFAULT_ESTIMATOR
    quality_report: bool = True
    output_dir: Path | None = None
    """Where the result files are written besides the run's folder."""

    @classmethod
    def from_settings(cls, settings: Settings, root: Path | None = None) -> TrainOptions:
        """The defaults of caa.toml; a model path in it that starts with a dot is relative to the corpus, `root`."""
        defaults = settings.training
        model = defaults.model
        if model is not None and root is not None and model.startswith("."):
            model = str((root / model).resolve())
        layers = defaults.target_layers
        return cls(
            model=model,
            target_layers=parse_layers(layers) if isinstance(layers, str) else layers,
            dtype=defaults.dtype,
            device=defaults.device,
            max_length=defaults.max_length,
            min_positives=defaults.min_positives,
            pooling=defaults.pooling,
            estimator=defaults.estimator,
        )

    def with_given(self, given: Mapping[str, Any]) -> TrainOptions:
        """Field -> what the user said; a None leaves the choice as it is."""
        return replace(self, **{name: value for name, value in given.items() if value is not None})

    def checked(self) -> TrainOptions:
        """Itself, when every choice can be right.

        Raises:
            UserError: one cannot; said before anything is loaded.
        """
        if not self.model:
            raise UserError(f"No model was named: pass --model, or set model under [training] in {SETTINGS_FILE}.")
        check_choices(self)
        parse_estimator(self.estimator)
        if self.min_positives < 1:
            raise UserError(f"The minimum of positives must be 1 story or more, not {self.min_positives}.")
        if self.output_dir is not None:
            # Imported here: it brings numpy, which the start of the screens does not wait for.
            from caa_tui.export.readout import check_writable

            check_writable(self.output_dir, OUTPUT_FILES)
        return self


def model_location(model: str) -> str:
    """A folder or file on this machine as an absolute path, so that a run can be repeated from anywhere."""
    if model == BUILT_IN:
        return model
    try:
        path = Path(model).expanduser()
        return str(path.absolute()) if path.exists() else model
    except (OSError, ValueError, RuntimeError):
        # No path at all; the worker says what is wrong with it.
        return model
