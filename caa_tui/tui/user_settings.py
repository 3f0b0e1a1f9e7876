"""The user's own settings file: keys, and what the terminal may do. Few on purpose; every default is written in it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec
import platformdirs

from caa_tui.corpus import atomic
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.commands import COMMANDS, Keymap, key_name, read_keymap

PATH_VARIABLE = "CAA_SETTINGS"
"""Environment variable that names another file."""
MAX_BYTES = 1 << 20


class UserSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """The whole of `settings.toml`."""

    bell: bool = True
    """Ring when a training ends while you are elsewhere."""
    keys: dict[str, str] = {}
    """Command -> keys, with blanks between."""

    def keymap(self) -> Keymap:
        """The registry's keys with these changes.

        Raises:
            UserError: a command or key is unknown, or two commands of a screen would share a key.
        """
        return read_keymap(self.keys)


def settings_path() -> Path:
    """Where the file is, whether it exists or not."""
    named = os.environ.get(PATH_VARIABLE)
    return Path(named) if named else platformdirs.user_config_path("caa-tui") / "settings.toml"


def load_user_settings(path: Path) -> UserSettings:
    """Read the file; a missing one gives the defaults.

    Raises:
        UserError: it cannot be read or does not fit, with the place named.
    """
    if not os.path.lexists(path):
        return UserSettings()
    name = printable(str(path))
    try:
        settings = msgspec.toml.decode(read_regular(path, MAX_BYTES), type=UserSettings)
        settings.keymap()
    except UnusableFile as problem:
        raise UserError(f"{name} {problem.reason}; the file is not used.") from problem
    except (msgspec.DecodeError, ValueError, RecursionError) as error:
        raise UserError(f"{name} does not fit ({printable(str(error))}); the file is not used.") from error
    except UserError as error:
        raise UserError(f"{name}: {printable(str(error))} The file is not used.") from error
    return settings


def write_template(path: Path) -> None:
    """Create the file with every default as a comment; an existing one is left alone.

    Raises:
        UserError: it cannot be written.
    """
    if os.path.lexists(path):
        return
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        atomic.write_whole(path, "\n".join((*_template(), "")).encode())
    except OSError as error:
        reason = (error.strerror or "unknown error").lower()
        raise UserError(f"{printable(str(path))} cannot be written ({reason}); make its folder writable.") from error


def _template() -> Iterator[str]:
    yield "# Settings of caa-tui. Take the # away from a line to change it."
    yield ""
    yield "# bell = true    # ring when a training ends while you are elsewhere"
    yield ""
    yield "[keys]"
    yield "# Write a key as T, ctrl+k, f4 or escape, several with blanks between;"
    yield "# no two commands of a screen share one."
    for command in COMMANDS:
        keys = " ".join(key_name(key) for key in command.keys.split(","))
        screens = " ".join(sorted(command.screens))
        yield f'# {command.id} = "{keys}"    # {command.title.rstrip("…")} ({screens})'
