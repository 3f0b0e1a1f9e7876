"""`caa.toml`: what a curator commits next to the stories. Every field is optional."""

from __future__ import annotations

from pathlib import Path

import msgspec

from caa_tui.errors import UserError

SETTINGS_FILE = "caa.toml"


class Thresholds(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The reference's bucket limits; all are compared with the middle target layer."""

    fragmented_below: float = 0.4
    """First-PC variance ratio under this: fragmented."""
    clean_above: float = 0.7
    """First-PC variance ratio over this: clean."""
    single_neuron_above: float = 0.6
    """|cosine| to the nearest W_down column over this: a clean single-neuron concept."""
    contaminated_above: float = 0.8
    """Cosine to the nearest concept over this: contaminated."""
    redundant_above: float = 0.9
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
    dtype: str | None = None
    device: str = "auto"
    pooling: str = "last"
    max_length: int | None = None
    min_positives: int = 1


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
    try:
        data = path.read_bytes()
    except FileNotFoundError:
        return Settings()
    except OSError as error:
        raise UserError(f"{SETTINGS_FILE} cannot be read ({error.strerror}); check its permissions.") from error
    try:
        return msgspec.toml.decode(data, type=Settings)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise UserError(f"{SETTINGS_FILE} does not fit: {error}; see docs/formats.md for its fields.") from error
