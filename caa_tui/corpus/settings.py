"""`caa.toml`: what a curator commits next to the stories. Every field is optional."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import msgspec
from msgspec import Meta

from caa_tui.choices import (
    DEFAULT_ESTIMATOR,
    check_device,
    check_dtype,
    check_layers,
    parse_estimator,
    parse_layers,
    parse_pooling,
)
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.names import shown
from caa_tui.errors import UserError

SETTINGS_FILE = "caa.toml"

_MAX_SETTINGS_BYTES = 1 << 20

Share = Annotated[float, Meta(ge=-1.0, le=1.0)]
"""A cosine, a variance ratio or an R²; at the end of its range a limit never speaks."""
Count = Annotated[int, Meta(ge=1)]


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The reference's bucket limits; all are compared with the middle target layer."""

    fragmented_below: Share = 0.4
    """First-PC variance ratio under this: fragmented."""
    clean_above: Share = 0.7
    """First-PC variance ratio over this: clean."""
    single_neuron_above: Share = 0.6
    """|cosine| to the nearest W_down column over this: a clean single-neuron concept."""
    contaminated_above: Share = 0.8
    """Cosine to the nearest concept over this: contaminated."""
    redundant_above: Share = 0.9
    """R² of the ridge regression on the other concepts over this: redundant."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Which concepts the corpus is meant to have."""

    concepts: tuple[str, ...] = ()
    scenarios: dict[str, tuple[str, ...]] = {}
    """Scenario -> concepts that should be told there."""


class TrainingDefaults(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """What `caa train` and the training dialog start from."""

    model: str | None = None
    target_layers: str | tuple[int, ...] = "auto"
    """Layers counted from 0, `auto`, or `all`."""
    dtype: str | None = None
    device: str = "auto"
    pooling: str = "last"
    estimator: str = DEFAULT_ESTIMATOR
    max_length: Count | None = None
    min_positives: Count = 1


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of `caa.toml`: tables `[training]`, `[manifest]`, `[thresholds]`."""

    training: TrainingDefaults = TrainingDefaults()
    manifest: Manifest = Manifest()
    thresholds: Thresholds = Thresholds()


def load_settings(root: Path) -> Settings:
    """Read `root/caa.toml`; a missing file gives the defaults.

    Raises:
        UserError: the file cannot be read or does not fit, with the place named.
    """
    path = root / SETTINGS_FILE
    if not os.path.lexists(path):
        return Settings()
    try:
        data = read_regular(Path(os.path.realpath(path)), _MAX_SETTINGS_BYTES)
        settings = msgspec.toml.decode(data, type=Settings)
        _check_training(settings.training)
        return settings
    except UnusableFile as problem:
        raise UserError(f"{SETTINGS_FILE} {problem.reason}.") from problem
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UserError(f"{SETTINGS_FILE} does not fit: {shown(str(error))}; see docs/formats.md.") from error
    except UserError as error:
        raise UserError(f"{SETTINGS_FILE} does not fit: {shown(str(error))}") from error


def _check_training(defaults: TrainingDefaults) -> None:
    check_dtype(defaults.dtype)
    check_device(defaults.device)
    parse_pooling(defaults.pooling)
    parse_estimator(defaults.estimator)
    layers = defaults.target_layers
    check_layers(parse_layers(layers) if isinstance(layers, str) else layers)
