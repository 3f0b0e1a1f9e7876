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
    _version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Curate a story corpus and train concept-readout vectors on it."""
    if find_spec("textual") is None:
        raise UserError("The screen needs Textual: pip install 'caa-tui[tui]' (the command caa works without it).")
    from caa_tui.tui.app import CaaApp
    from caa_tui.tui.open import hold_corpus, open_workspace

    workspace = open_workspace(corpus, read_only=read_only)
    # Textual draws on stderr.
    if not all(stream.isatty() for stream in (sys.stdin, sys.stdout, sys.stderr)):
        raise UserError("caa-tui needs a terminal; in scripts use caa check, caa train and caa triage.")
    # Exported, as with `docker exec -e COLUMNS`, they would hide every later change of the window's size.
    for name in ("COLUMNS", "LINES"):
        os.environ.pop(name, None)
    with hold_corpus(workspace):
        screen = CaaApp(workspace, model=model, worker_command=worker_command)
        screen.run()
    raise typer.Exit(screen.return_code or 0)


def main() -> None:
    """Entry point: what the user can put right is one sentence and exit code 2."""
    try:
        app()
    except UserError as error:
        typer.echo(f"caa-tui: {printable(str(error))}", err=True)
        raise SystemExit(2) from None


if __name__ == "__main__":
    main()
