"""What a person chooses for a training, checked on this side of the pipe, where there may be no torch.

The worker checks again (`activations.options`), together with what only a model can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from caa_tui.corpus.settings import SETTINGS_FILE, Settings
from caa_tui.errors import UserError

AUTO = "auto"
BUILT_IN_MODEL = "smollm2"
DTYPES = ("bf16", "fp16", "fp32")

_DEVICE = re.compile(r"auto|cpu|mps|cuda(:\d+)?|xpu(:\d+)?")
_POOLING = re.compile(r"last|mean(:\d{1,9}|\[:\d{1,9}\])?")


class CheckedOptions(Protocol):
    """The fields that `TrainOptions` and `TrainRequest` share."""

    @property
    def target_layers(self) -> tuple[int, ...] | None: ...
    @property
    def dtype(self) -> str | None: ...
    @property
    def device(self) -> str: ...
    @property
    def batch_tokens(self) -> int | None: ...
    @property
    def max_length(self) -> int | None: ...
    @property
    def min_positives(self) -> int: ...
    @property
    def pooling(self) -> str: ...


@dataclass(frozen=True, slots=True)
class TrainOptions:
    """One training as a person sets it up; the meaning of the fields is `TrainRequest`'s."""

    model: str | None = None
    target_layers: tuple[int, ...] | None = None
    dtype: str | None = None
    device: str = AUTO
    batch_tokens: int | None = None
    max_length: int | None = None
    min_positives: int = 1
    pooling: str = "last"
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
        )

    def checked(self) -> TrainOptions:
        """Itself, when every choice can be right.

        Raises:
            UserError: one cannot; said before anything is loaded.
        """
        if not self.model:
            raise UserError(f"No model was named: pass --model, or set model under [training] in {SETTINGS_FILE}.")
        check_options(self)
        if self.output_dir is not None:
            # Imported here: it brings numpy, which the start of the screens does not wait for.
            from caa_tui.export.readout import check_writable

            check_writable(self.output_dir)
        return self


def model_location(model: str) -> str:
    """A folder or file on this machine as an absolute path, so that a run can be repeated from anywhere."""
    if model == BUILT_IN_MODEL:
        return model
    try:
        path = Path(model).expanduser()
        return str(path.absolute()) if path.exists() else model
    except (OSError, ValueError, RuntimeError):
        # No path at all; the worker says what is wrong with it.
        return model


def parse_layers(text: str) -> tuple[int, ...] | None:
    """`auto` -> None; `12,16,20` -> (12, 16, 20).

    Raises:
        UserError: anything else.
    """
    if text.strip() == AUTO:
        return None
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError:
        raise UserError(
            f"Target layers are numbers with commas between them, like 12,16, or auto; not {text!r}."
        ) from None


def check_options(options: CheckedOptions) -> None:
    """Everything about the options that can be wrong whatever the model.

    Raises:
        UserError: the first thing that is.
    """
    _check_layers(options.target_layers)
    if options.dtype is not None and options.dtype not in DTYPES:
        raise UserError(f"The dtype is one of {', '.join(DTYPES)}; not {options.dtype!r}.")
    if not _DEVICE.fullmatch(options.device):
        raise UserError(f"The device is auto, cpu, cuda, cuda:<number> or mps; not {options.device!r}.")
    if not _POOLING.fullmatch(options.pooling):
        raise UserError(
            f"The pooling is last, mean, or mean:<k> for the mean from token k on; not {options.pooling!r}."
        )
    _check_at_least_one("Batch tokens", options.batch_tokens)
    _check_at_least_one("The maximum length", options.max_length)
    _check_at_least_one("The minimum of positives", options.min_positives)


def _check_layers(layers: tuple[int, ...] | None) -> None:
    if layers is None:
        return
    if not layers:
        raise UserError("Name at least one target layer, or auto.")
    if min(layers) < 0:
        raise UserError(f"Target layers count from 0; there is no layer {min(layers)}.")
    repeated = sorted({layer for layer in layers if layers.count(layer) > 1})
    if repeated:
        raise UserError(f"Target layer {repeated[0]} is named twice; name each layer once.")


def _check_at_least_one(name: str, value: int | None) -> None:
    if value is not None and value < 1:
        raise UserError(f"{name} must be 1 or more; not {value}.")
