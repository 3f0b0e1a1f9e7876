"""What help says, as data: the part in use with its keys, the screen with its commands, the marks. Then as text."""

from __future__ import annotations

import re
import textwrap
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import zip_longest

from textual.app import App
from textual.binding import ActiveBinding, Binding
from textual.content import Content
from textual.dom import DOMNode
from textual.screen import Screen

from caa_tui.tui.commands import Command, Keymap, commands_of, key_name
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace

KEY_COLUMN = 20
"""Columns of the keys, with the gap behind them."""
KEYS_SHOWN = 4
"""Keys of one action that are named; terminals have more names for some of them."""
WORDS = {
    "app.focus_next": "The next part of the screen",
    "app.focus_previous": "The part before",
    "screen.copy_text": "Copy the text that is selected with the mouse",
}
"""What Textual's own actions do, in a curator's words."""
_KEYS = {"pageup": "page up", "pagedown": "page down"}
_RARE = ("super+", "alt+")
"""Keys most terminals keep for themselves; each action has another."""
_MARKUP = re.compile(r"(\*\*[^*]+\*\*|`[^`]+`)")
_WORD = re.compile(r"[A-Z][a-z]*")
_COMMAND = re.compile(r"`?\{(\w+)\}`?")


@dataclass(frozen=True, slots=True)
class HelpRow:
    """A key, or a mark, and what it means."""

    key: str
    text: str
    note: str = ""
    """Why it cannot be used now."""

    def contains(self, needle: str) -> bool:
        return needle in f"{self.key} {self.text} {self.note}".lower()


@dataclass(frozen=True, slots=True)
class HelpSection:
    """One block of help. `about` may have `**bold**`, `` `keys` `` and a list of lines that start with `- `."""

    title: str
    about: str = ""
    rows: tuple[HelpRow, ...] = ()


MOUSE = (
    HelpRow("click", "a row or a cell to put the cursor there; a second click opens it"),
    HelpRow("click", "a tab, or a hint in the bottom line, to do what its key does"),
    HelpRow("drag", "the line between two panes to make one of them wider"),
)


def help_sections(screen: Screen[object], workspace: Workspace, glyphs: Glyphs) -> tuple[HelpSection, ...]:
    """Everything about a screen as it is now, the part that has the focus first."""
    return (
        *_parts(screen, workspace.keys),
        _about_screen(screen, workspace),
        HelpSection("Mouse", rows=MOUSE),
        HelpSection("Marks", rows=tuple(legend(glyphs))),
    )


def _parts(screen: Screen[object], keys: Keymap) -> Iterator[HelpSection]:
    """The focused widget, then what it stands in: each that has a `HELP`, with the keys of what is inside it."""
    bindings, pending = _by_node(screen.active_bindings), list[Binding]()
    for node in screen.focused.ancestors_with_self if screen.focused else ():
        if isinstance(node, (Screen, App)):
            break
        pending += bindings[node]
        if node.HELP:
            yield HelpSection(part_name(node), name_keys(node.HELP, keys), tuple(_key_rows(pending)))
            pending = []
    if pending:
        yield HelpSection("The part in use", rows=tuple(_key_rows(pending)))


def part_name(node: DOMNode) -> str:
    """What a part of the screen is called: its `HELP_TITLE`, or `StoryTree` in words."""
    words = _WORD.findall(type(node).__name__)
    return getattr(node, "HELP_TITLE", "") or " ".join(words).capitalize()


def _about_screen(screen: Screen[object], workspace: Workspace) -> HelpSection:
    kind = getattr(screen, "KIND", "")
    own = [binding for binding in _by_node(screen.active_bindings)[screen] if not _of_registry(binding)]
    commands = tuple(_command_row(command, workspace) for command in commands_of(kind))
    title = f"{getattr(screen, 'TITLE_WORD', '')} screen".strip()
    return HelpSection(title, name_keys(screen.HELP or "", workspace.keys), (*commands, *_key_rows(own)))


def _by_node(active: Mapping[str, ActiveBinding]) -> defaultdict[DOMNode, list[Binding]]:
    """The bindings in force, under the widget each belongs to."""
    nodes: defaultdict[DOMNode, list[Binding]] = defaultdict(list)
    for one in active.values():
        nodes[one.node].append(one.binding)
    return nodes


def _of_registry(binding: Binding) -> bool:
    return binding.action.startswith("command(")


def _key_rows(bindings: Iterable[Binding]) -> Iterator[HelpRow]:
    """One row an action, with all its keys."""
    actions: dict[str, list[str]] = {}
    words: dict[str, str] = {}
    for binding in bindings:
        word = WORDS.get(binding.action) or binding.description
        if word and not binding.key.startswith(_RARE) and not _selects(binding):
            actions.setdefault(binding.action, []).append(_readable(binding.key))
            words[binding.action] = word[:1].upper() + word[1:].lower() if word.istitle() else word
    for action, keys in actions.items():
        yield HelpRow(", ".join(list(dict.fromkeys(keys))[:KEYS_SHOWN]), words[action])


def _selects(binding: Binding) -> bool:
    """Whether it is a key that moves, with shift: one sentence about the editor says it of all of them."""
    return "shift+" in binding.key and ("True" in binding.action or "select" in binding.action)


def _command_row(command: Command, workspace: Workspace) -> HelpRow:
    keys = [_readable(key) for key in workspace.keys.keys(command.id).split(",") if key]
    return HelpRow(
        ", ".join(keys) or "menu only",
        f"{command.title.rstrip('…')}: {command.help}",
        command.disabled_reason(workspace) or "",
    )


def _readable(key: str) -> str:
    """How a key is written: `ctrl+page up`, `?`."""
    *modifiers, last = key.split("+") if len(key) > 1 else [key]
    return "+".join((*modifiers, _KEYS.get(last, key_name(last))))


def legend(glyphs: Glyphs) -> Iterator[HelpRow]:
    """What the marks in trees and tables mean."""
    yield HelpRow(glyphs.story, "a story")
    yield HelpRow(glyphs.edited, "edited since the last run")
    yield HelpRow(glyphs.missing, "wanted, and not written yet")
    yield HelpRow(glyphs.unwanted, "not asked for")
    yield HelpRow(glyphs.flagged, "flagged by the last run, and confirmed by tests")
    yield HelpRow(glyphs.doubtful, "flagged by the last run, not proven: worth reading")
    yield HelpRow(glyphs.finding, "has a finding, which needs no model to be seen")


def name_keys(about: str, keys: Keymap) -> str:
    """`{train}` in a text about a part becomes the key the user has for that command."""
    return _COMMAND.sub(lambda found: f"`{keys.name(found[1])}`", about)


def filtered(sections: Sequence[HelpSection], needle: str) -> tuple[HelpSection, ...]:
    """The rows that contain a text, under the titles they stand under; everything when it is empty."""
    needle = needle.strip().lower()
    if not needle:
        return tuple(sections)
    kept = (
        replace(section, about="", rows=tuple(row for row in section.rows if row.contains(needle)))
        for section in sections
    )
    return tuple(section for section in kept if section.rows)


def render(sections: Sequence[HelpSection], width: int, glyphs: Glyphs) -> Content:
    """The sections below each other, every row indented behind its key, for `width` columns."""
    blocks = [Content("\n").join(_section_lines(section, max(width, KEY_COLUMN + 20), glyphs)) for section in sections]
    return Content("\n\n").join(blocks)


def _section_lines(section: HelpSection, width: int, glyphs: Glyphs) -> Iterator[Content]:
    yield Content.styled(section.title, "bold $accent")
    for paragraph in _paragraphs(section.about):
        indent = "  " if paragraph.startswith("- ") else ""
        text = "\n".join(textwrap.wrap(paragraph, width, subsequent_indent=indent))
        yield _styled(text)
    for row in section.rows:
        yield from _row_lines(row, width, glyphs)


def _row_lines(row: HelpRow, width: int, glyphs: Glyphs) -> Iterator[Content]:
    keys = textwrap.wrap(row.key, KEY_COLUMN - 2)
    lines = [(line, "") for line in textwrap.wrap(row.text, width - KEY_COLUMN)]
    if row.note:
        # The sign in front says "not now" to whoever sees no dim text.
        notes = textwrap.wrap(f"{glyphs.finding} not now: {row.note}", width - KEY_COLUMN)
        lines = [(line, "dim") for line, _ in lines] + [(line, "italic") for line in notes]
    for key, (text, style) in zip_longest(keys, lines, fillvalue=("", "")):
        left = f"{key if isinstance(key, str) else '':<{KEY_COLUMN}}"
        yield Content.styled(left, "bold $accent") + Content.styled(text, style)


def _paragraphs(about: str) -> list[str]:
    """Lines that belong together, joined; an item of a list stands for itself."""
    found: list[str] = []
    for line in about.strip().split("\n"):
        if not line.strip() or line.startswith("- ") or not found:
            found.append(line.strip())
        else:
            found[-1] = f"{found[-1]} {line.strip()}".strip()
    return [one for one in found if one]


def _styled(text: str) -> Content:
    """`**bold**` and `` `key` ``, which may go on in the next line."""
    parts: list[Content] = []
    for part in _MARKUP.split(text):
        if part.startswith("**"):
            parts.append(Content.styled(part.strip("*"), "bold"))
        elif part.startswith("`"):
            parts.append(Content.styled(part.strip("`"), "bold $accent"))
        else:
            parts.append(Content(part))
    return Content("").join(parts)
