"""The one registry of commands: each entry gives the key, the hint, the palette entry, the help row and the reason
why it cannot be used now. A screen or the app carries it out in a method named `cmd_<id>`."""

from caa_tui.tui.commands.command import EVERYWHERE, LISTS, Command, Requirement
from caa_tui.tui.commands.keymap import Keymap, key_name, read_keymap
from caa_tui.tui.commands.registry import BY_ID, COMMANDS, commands_of

__all__ = [
    "BY_ID",
    "COMMANDS",
    "EVERYWHERE",
    "LISTS",
    "Command",
    "Keymap",
    "Requirement",
    "commands_of",
    "key_name",
    "read_keymap",
]
