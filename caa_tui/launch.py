"""`caa-tui`: parse the command line, check what can be checked, then open the screen."""

from __future__ import annotations

import argparse
import gc
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from pathlib import Path

from caa_tui import __version__
from caa_tui.errors import UserError
from caa_tui.text_safety import printable

DEFAULT_PORT = 8000
LAST_PORT = 65_535


def open_corpus(words: Sequence[str] | None = None) -> int:
    """Do what the command line says; returns the exit code.

    Raises:
        UserError: it cannot be done; says what to do.
    """
    options = _parser().parse_args(words)
    if find_spec("textual") is None:
        raise UserError("The screen needs Textual: pip install 'caa-tui[tui]' (the command caa works without it).")
    if options.port is not None and not options.serve:
        raise UserError("--port is the port of --serve; add --serve.")
    return _serve(options) if options.serve else _open_screen(options)


def _parser() -> argparse.ArgumentParser:
    """Not typer's: what that imports takes as long as a third of the whole first paint."""
    parser = argparse.ArgumentParser(
        prog="caa-tui", description="Curate a story corpus and train concept-readout vectors on it.", allow_abbrev=False
    )
    add = parser.add_argument
    add("corpus", metavar="CORPUS", type=Path, help="The folder that holds stories/ and paired/.")
    add("--model", help="Hub id, folder, GGUF file or smollm2; wins over the remembered choice.")
    add("--worker-command", help='Start the worker with this command, for example "ssh gpu-box caa worker".')
    add("--read-only", action="store_true", help="Look and train, but change no story.")
    add(
        "--serve",
        action="store_true",
        help="Show it in a browser on this machine. There is no password: every user of this machine can open it.",
    )
    add("--port", type=_port, help=f"Of --serve; {DEFAULT_PORT} without it, 0 takes a free one.")
    add("--version", action="version", version=f"caa-tui {__version__}", help="Print the version.")
    return parser


def _port(text: str) -> int:
    """A number from 0 to 65535."""
    if not text.isascii() or not text.isdigit() or int(text) > LAST_PORT:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number from 0 to {LAST_PORT}")
    return int(text)


def _open_screen(options: argparse.Namespace) -> int:
    """The program itself, in this terminal or behind a window of a browser."""
    # Nothing of a start is garbage; `collect_garbage` looks again once the corpus is shown.
    gc.disable()
    from caa_tui.tui.app import CaaApp
    from caa_tui.tui.first_start import is_first_start
    from caa_tui.tui.open import hold_corpus, open_workspace, read_user_settings
    from caa_tui.tui.served_driver import ServedDriver, is_served

    workspace = open_workspace(options.corpus, read_only=options.read_only)
    workspace.in_browser = is_served()
    if not workspace.in_browser:
        _take_terminal()
    with hold_corpus(workspace):
        screen = CaaApp(
            workspace,
            model=options.model,
            worker_command=options.worker_command,
            settings=read_user_settings(workspace),
            guide=is_first_start(),
            when_idle=collect_garbage,
        )
        if workspace.in_browser:
            screen.driver_class = ServedDriver
        screen.run()
    return screen.return_code or 0


def collect_garbage() -> None:
    """Free what nothing refers to, and take what is alive out of the collections that come with any allocation.

    Looking through a corpus of 10,000 stories takes longer than a key may, and Python would do it at any key.
    What was set aside earlier is looked through again first, or the screens' old rows would never be freed.
    """
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    gc.enable()


def _take_terminal() -> None:
    """Be sure that there is one.

    Raises:
        UserError: there is none.
    """
    # Textual draws on stderr.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError("caa-tui needs a terminal; in scripts use caa check, caa train and caa triage.")
    # Exported, as with `docker exec -e COLUMNS`, they would hide every later change of the window's size.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)


def _serve(options: argparse.Namespace) -> int:
    """Wait for browsers; each window gets a process of its own, started with the same options."""
    if find_spec("textual_serve") is None:
        raise UserError("--serve needs textual-serve: pip install 'caa-tui[serve]'.")
    from caa_tui.tui.open import open_workspace
    from caa_tui.tui.serve import BrowserServer, listen

    root = open_workspace(options.corpus, read_only=options.read_only).root
    values = {"--model": options.model, "--worker-command": options.worker_command}
    given = [word for name, value in values.items() if value is not None for word in (name, value)]
    arguments = [str(root), *given, *(["--read-only"] if options.read_only else [])]
    port = DEFAULT_PORT if options.port is None else options.port
    server = BrowserServer(arguments, listen(port), title=f"caa-tui {printable(root.name)}")
    sys.stdout.write(f"{printable(root.name)} is at {server.public_url} on this machine; Ctrl+C ends it.\n")
    sys.stdout.flush()
    server.serve()
    return 0


def main() -> None:
    """Entry point: what the user can put right is one sentence and exit code 2."""
    try:
        code = open_corpus()
    except UserError as error:
        sys.stderr.write(f"caa-tui: {printable(str(error))}\n")
        code = 2
    raise SystemExit(code)


if __name__ == "__main__":
    main()
