"""Which key a command has for this user: the registry's defaults under what the settings file changes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from textual.keys import KEY_NAME_REPLACEMENTS, Keys, _character_to_key, key_to_character

from caa_tui.errors import UserError
from caa_tui.tui.commands.registry import BY_ID, COMMANDS, commands_of

MOVING = frozenset(
    {"up", "down", "left", "right", "home", "end", "pageup", "pagedown", "tab", "shift+tab"}
) | frozenset({"j", "k", "h", "l", "g", "G", "ctrl+u", "ctrl+d", "left_square_bracket", "right_square_bracket"})
"""Keys that move in lists; a command on one of them would never be reached."""
TAKEN = {
    "triage": (frozenset({"F", "shift+down", "shift+up", "ctrl+e", "ctrl+y"}), "moves in the triage"),
    "story": (
        frozenset(
            {f"ctrl+{key}" for key in ("a", "c", "k", "v", "w", "x", "y", "z", "home", "end", "left", "right")}
            | {f"ctrl+{key}" for key in ("backspace", "pageup", "pagedown")}
            | {f"ctrl+shift+{key}" for key in ("home", "end", "left", "right", "k")}
            | {f"shift+{key}" for key in ("up", "down", "left", "right", "home", "end")}
            | {f"super+{key}" for key in ("c", "x", "y", "z", "backspace")}
            | {"alt+backspace", "alt+delete", "backspace", "delete", "f6", "f7"}
        ),
        "edits the text of a story",
    ),
}
"""Screen -> keys of its own that a command on it would take away or never get, and what they do."""
_MODIFIERS = frozenset({"ctrl", "alt", "shift", "super", "meta"})
_UNICODE_NAMES = {short: name for name, short in KEY_NAME_REPLACEMENTS.items()}
_ALIASES = {"esc": "escape", "return": "enter"}
_NAMED = frozenset(key.value for key in Keys)


def key_name(keys: str) -> str:
    """How the first of some comma-separated keys is written on screen; empty for no key."""
    *modifiers, last = keys.split(",")[0].split("+")
    character = key_to_character(_UNICODE_NAMES.get(last, last))
    word = "esc" if last == "escape" else character if character and character.isprintable() else last
    return "+".join((*modifiers, "space" if word == " " else word))


@dataclass(frozen=True)
class Keymap:
    """Keys by command."""

    overrides: Mapping[str, str] = field(default_factory=dict)
    """Command id -> Textual key names, comma separated."""

    def keys(self, command_id: str) -> str:
        """Every key of a command, comma separated; empty when it has none."""
        return self.overrides.get(command_id, BY_ID[command_id].keys)

    def name(self, command_id: str) -> str:
        """How the first key of a command is written on screen."""
        return key_name(self.keys(command_id))


def read_keymap(table: Mapping[str, str]) -> Keymap:
    """The keymap of a `[keys]` table: command id -> keys as a person writes them (`T`, `ctrl+k`, `? f1`).

    Raises:
        UserError: an unknown command or key, a key that moves, a letter on a screen where text is typed, or one key
            for two commands of a screen.
    """
    overrides = {}
    for command_id, text in table.items():
        if command_id not in BY_ID:
            raise UserError(f"keys.{command_id} is no command; the names are in the file's comments.")
        if not text and not BY_ID[command_id].keys:
            continue  # as the file's comment has it
        overrides[command_id] = ",".join(_key(command_id, key) for key in text.split() or [""])
    keymap = Keymap(overrides)
    for screen in sorted({name for command in COMMANDS for name in command.screens}):
        _refuse_clashes(keymap, screen)
    return keymap


def _key(command_id: str, text: str) -> str:
    """Textual's name of a key.

    Raises:
        UserError: there is no such key, or it is not free for commands.
    """
    *modifiers, last = text.lower().split("+") if len(text) > 1 else [text]
    last = _ALIASES.get(last, last)
    name = "+".join((*modifiers, _character_to_key(last) if len(last) == 1 else last))
    if (len(last) != 1 and last not in _NAMED) or not set(modifiers) <= _MODIFIERS:
        raise UserError(f"keys.{command_id}: there is no key {text!r}; write for example T, ctrl+k, f4 or escape.")
    if name in MOVING:
        raise UserError(f"keys.{command_id}: {text} moves the cursor; choose another key.")
    for screen in sorted(BY_ID[command_id].screens & TAKEN.keys()):
        keys, what = TAKEN[screen]
        if name in keys and name not in BY_ID[command_id].keys.split(","):
            raise UserError(f"keys.{command_id}: {text} {what}; choose another key.")
    if "story" in BY_ID[command_id].screens and len(last) == 1 and not set(modifiers) - {"shift"}:
        raise UserError(f"keys.{command_id}: {text} is typed into stories; choose one with ctrl or alt, or an f key.")
    return name


def _refuse_clashes(keymap: Keymap, screen: str) -> None:
    taken: dict[str, str] = {}
    for command_id, key in _pairs(keymap, screen):
        other = taken.setdefault(key, command_id)
        if other != command_id:
            raise UserError(f"keys.{command_id} and keys.{other} are both {key_name(key)} on the {screen} screen.")


def _pairs(keymap: Keymap, screen: str) -> Iterator[tuple[str, str]]:
    for command in commands_of(screen):
        for key in keymap.keys(command.id).split(","):
            if key:
                yield command.id, key
