"""`caa-tui`: parse the command line, check what can be checked, then open the screen."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from caa_tui import __version__
from caa_tui.errors import UserError
from caa_tui.text_safety import printable

DEFAULT_PORT = 8000

app = typer.Typer(add_completion=False, context_settings={"help_option_names": ["-h", "--help"]})


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"caa-tui {__version__}")
        raise typer.Exit


@app.command()
def open_corpus(
    corpus: Annotated[Path, typer.Argument(metavar="CORPUS", help="The folder that holds stories/ and paired/.")],
    model: Annotated[
        str | None, typer.Option(help="Hub id, folder, GGUF file or smollm2; wins over the remembered choice.")
    ] = None,
    worker_command: Annotated[
        str | None, typer.Option(help='Start the worker with this command, for example "ssh gpu-box caa worker".')
    ] = None,
    read_only: Annotated[bool, typer.Option("--read-only", help="Look and train, but change no story.")] = False,
    serve: Annotated[
        bool,
        typer.Option(
            "--serve",
            help="Show it in a browser on this machine. There is no password: every user of this machine can open it.",
        ),
    ] = False,
    port: Annotated[
        int | None, typer.Option(min=0, max=65535, help=f"Of --serve; {DEFAULT_PORT} without it, 0 takes a free one.")
    ] = None,
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Curate a story corpus and train concept-readout vectors on it."""
    if find_spec("textual") is None:
        raise UserError("The screen needs Textual: pip install 'caa-tui[tui]' (the command caa works without it).")
    if port is not None and not serve:
        raise UserError("--port is the port of --serve; add --serve.")
    if serve:
        _serve(corpus, model, worker_command, read_only=read_only, port=DEFAULT_PORT if port is None else port)
    else:
        _open_screen(corpus, model, worker_command, read_only=read_only)


def _open_screen(corpus: Path, model: str | None, worker_command: str | None, *, read_only: bool) -> None:
    """The program itself, in this terminal or behind a window of a browser."""
    from caa_tui.tui.app import CaaApp
    from caa_tui.tui.first_start import is_first_start
    from caa_tui.tui.open import hold_corpus, open_workspace, read_user_settings
    from caa_tui.tui.served_driver import ServedDriver, is_served

    workspace = open_workspace(corpus, read_only=read_only)
    workspace.in_browser = is_served()
    if not workspace.in_browser:
        _take_terminal()
    with hold_corpus(workspace):
        screen = CaaApp(
            workspace,
            model=model,
            worker_command=worker_command,
            settings=read_user_settings(workspace),
            guide=is_first_start(),
        )
        if workspace.in_browser:
            screen.driver_class = ServedDriver
        screen.run()
    raise typer.Exit(screen.return_code or 0)


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


def _serve(corpus: Path, model: str | None, worker_command: str | None, *, read_only: bool, port: int) -> None:
    """Wait for browsers; each window gets a process of its own, started with the same options."""
    if find_spec("textual_serve") is None:
        raise UserError("--serve needs textual-serve: pip install 'caa-tui[serve]'.")
    from caa_tui.tui.open import open_workspace
    from caa_tui.tui.serve import BrowserServer, listen

    root = open_workspace(corpus, read_only=read_only).root
    options = {"--model": model, "--worker-command": worker_command}
    given = [word for name, value in options.items() if value is not None for word in (name, value)]
    arguments = [str(root), *given, *(["--read-only"] if read_only else [])]
    server = BrowserServer(arguments, listen(port), title=f"caa-tui {printable(root.name)}")
    typer.echo(f"{printable(root.name)} is at {server.public_url} on this machine; Ctrl+C ends it.")
    server.serve()


def main() -> None:
    """Entry point: what the user can put right is one sentence and exit code 2."""
    try:
        app()
    except UserError as error:
        typer.echo(f"caa-tui: {printable(str(error))}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
