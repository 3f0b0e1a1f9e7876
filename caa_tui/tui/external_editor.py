"""Editing a story in the user's own editor, over the suspended app or beside it.

Textual freezes for good when `suspend()` is left by an exception or when frames pile up for the stopped writer, and
Ctrl+C typed in the editor reaches this process too. `_run_in_terminal` is the one place that knows how to avoid all
three.
"""

from __future__ import annotations

import asyncio
import os
import shlex
import shutil
import signal
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Literal

from textual.app import SuspendNotSupported

from caa_tui.text_safety import printable

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp

POLL_SECONDS = 0.25
"""How often the end of an editor with a window of its own is looked for."""


@dataclass(frozen=True, slots=True)
class EditOutcome:
    """How an external edit ended."""

    status: Literal["edited", "unchanged", "failed", "in-app"]
    """in-app: there is no usable editor, so the built-in one was opened instead."""
    message: str
    """What the user was told, one sentence."""


@dataclass(frozen=True, slots=True)
class Preset:
    """How an editor is told the line, and whether it needs the terminal."""

    arguments: tuple[str, ...]
    """`{file}` and `{line}` are filled in."""
    terminal: bool = True
    wait_flags: tuple[str, ...] = ()
    """For editors that return at once: the first is added unless one of them is there already."""


_PLUS_LINE = Preset(("+{line}", "{file}"))
_COLON_LINE = Preset(("{file}:{line}",))
_CODE = Preset(("--goto", "{file}:{line}"), terminal=False, wait_flags=("--wait", "-w"))
_WINDOW_COLON = Preset(("{file}:{line}",), terminal=False, wait_flags=("--wait", "-w"))
_WINDOW_VIM = Preset(("+{line}", "{file}"), terminal=False, wait_flags=("--nofork", "-f"))
_PLAIN = Preset(("{file}",))

PRESETS: dict[str, Preset] = {
    **dict.fromkeys(("vim", "nvim", "vi", "nano", "emacs", "emacsclient", "kak", "micro", "ne", "joe"), _PLUS_LINE),
    **dict.fromkeys(("hx", "helix"), _COLON_LINE),
    **dict.fromkeys(("code", "code-insiders", "codium", "cursor", "windsurf"), _CODE),
    **dict.fromkeys(("subl", "zed"), _WINDOW_COLON),
    **dict.fromkeys(("gvim", "mvim"), _WINDOW_VIM),
}


@dataclass(frozen=True, slots=True)
class EditorCommand:
    """What to run."""

    argv: tuple[str, ...]
    terminal: bool
    """It draws in this terminal; otherwise it has a window of its own."""

    @property
    def name(self) -> str:
        return PurePath(self.argv[0]).name


class NoEditor(Exception):
    """There is no editor to run; the text says what to do."""


def editor_command(path: Path, line: int = 1) -> EditorCommand:
    """The command for `$VISUAL`, else `$EDITOR`, at a line.

    Raises:
        NoEditor: neither is set, cannot be parsed, or names a program that is not there.
    """
    name, value = _chosen()
    try:
        argv = shlex.split(value)
    except ValueError as error:
        raise NoEditor(f"${name} cannot be read ({error}); check its quotes.") from error
    if not argv or shutil.which(argv[0]) is None:
        raise NoEditor(f"${name} names {argv[0] if argv else 'nothing'}, which is not on the PATH.")
    preset = PRESETS.get(PurePath(argv[0]).name.lower().removesuffix(".exe"), _PLAIN)
    waits = list(preset.wait_flags[:1]) if not set(preset.wait_flags) & set(argv) else []
    filled = [part.format(file=path, line=line) for part in preset.arguments]
    return EditorCommand((*argv, *waits, *filled), preset.terminal)


def _chosen() -> tuple[str, str]:
    for name in ("VISUAL", "EDITOR"):
        value = os.environ.get(name, "").strip()
        if value:
            return name, value
    raise NoEditor("Neither $VISUAL nor $EDITOR is set, for example EDITOR=vim.")


async def edit_file(app: CaaApp, path: Path, line: int = 1) -> EditOutcome:
    """Open a file of the corpus in the user's editor, wait until it is closed, and tell how it went.

    Without a usable editor or terminal the built-in editor opens instead. `path` is absolute.
    """
    before = _read(path)
    try:
        command = editor_command(path, line)
        code = await (_run_in_terminal(app, command.argv) if command.terminal else _run_beside(app, command))
    except NoEditor as problem:
        return _open_inside(app, path, str(problem))
    except SuspendNotSupported:
        return _open_inside(app, path, "This terminal cannot be handed to another program.")
    outcome = _outcome(command, code, changed=_read(path) != before, name=path.name)
    app.notify(
        printable(outcome.message), severity="error" if outcome.status == "failed" else "information", markup=False
    )
    return outcome


async def edit_text_file(app: CaaApp, path: Path) -> bool:
    """Open a file that is no story in the user's editor and wait until it is closed; False when there is none."""
    try:
        command = editor_command(path)
        code = await (_run_in_terminal(app, command.argv) if command.terminal else _run_beside(app, command))
    except (NoEditor, SuspendNotSupported) as problem:
        why = str(problem)
    else:
        if code is not None:
            return True
        why = f"{command.name} could not be started."
    said = printable(f"{why} Edit {path} yourself; it is read at the next start.")
    app.notify(said, severity="warning", markup=False)
    return False


def _outcome(command: EditorCommand, code: int | None, *, changed: bool, name: str) -> EditOutcome:
    if code is None:
        return EditOutcome("failed", f"{command.name} could not be started; check $VISUAL and $EDITOR.")
    if changed:
        return EditOutcome("edited", f"{name} was edited in {command.name}.")
    if code != 0:
        return EditOutcome("failed", f"{command.name} ended with code {code}; {name} is unchanged.")
    return EditOutcome("unchanged", f"{name} is unchanged.")


def _open_inside(app: CaaApp, path: Path, reason: str) -> EditOutcome:
    """The built-in editor, with the reason; nothing more when it already shows the file."""
    message = f"{reason} The built-in editor is used instead."
    app.notify(printable(message), severity="warning", markup=False, timeout=8)
    relative = path.relative_to(app.workspace.root).as_posix()
    if getattr(app.screen, "path", None) != relative:
        app.open_story(relative)
    return EditOutcome("in-app", message)


async def _run_in_terminal(app: CaaApp, argv: Sequence[str]) -> int | None:
    """Run a terminal editor over the suspended app while the event loop keeps running; None: it did not start.

    Raises:
        SuspendNotSupported: there is no terminal to hand over.
    """
    cancelled = False
    # batch_update: no frames for the writer that is stopped meanwhile.
    with app.batch_update(), app.suspend(), _interrupts_held():
        running = asyncio.ensure_future(asyncio.to_thread(_call, argv))
        while not running.done():
            try:
                await asyncio.shield(running)
            except asyncio.CancelledError:
                # Leaving now would leave the app suspended under an editor that still owns the terminal.
                cancelled = True
    app.refresh(layout=True)
    if cancelled:
        raise asyncio.CancelledError
    return running.result()


def _call(argv: Sequence[str]) -> int | None:
    """The editor's exit code; None when it cannot be started. Never raises: see `_run_in_terminal`."""
    try:
        return subprocess.call(argv)
    except (OSError, ValueError, subprocess.SubprocessError):
        return None


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Ctrl+C belongs to the editor: this process ignores it, the child does not."""
    try:
        # A function rather than SIG_IGN, which the editor would inherit.
        previous = signal.signal(signal.SIGINT, lambda _number, _frame: None)
    except ValueError:  # not the main thread, which alone gets the signal
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)


async def _run_beside(app: CaaApp, command: EditorCommand) -> int | None:
    """Run an editor that has its own window; the app stays usable and survives it, and it survives the app."""
    try:
        process = subprocess.Popen(
            command.argv,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError):
        return None
    app.notify(printable(f"Opened in {command.name}; what you save there shows up here."), markup=False)
    while (code := process.poll()) is None:
        await asyncio.sleep(POLL_SECONDS)
    return code


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
