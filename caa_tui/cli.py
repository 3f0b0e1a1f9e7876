"""`caa`: the functions of the core without a screen.

Modules that need numpy are imported inside the commands: `caa --help` and `caa check` start without them.
"""

from __future__ import annotations

import os
import runpy
import sys
from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from caa_tui import __version__, cli_output
from caa_tui.choices import ESTIMATORS
from caa_tui.errors import UserError
from caa_tui.text_safety import printable

EXIT_FAILED = 1
EXIT_USER_ERROR = 2
EXIT_CANCELLED = 130
EXPORT_FORMATS = ("readout",)

app = typer.Typer(
    name="caa",
    help="Train concept-readout vectors on a corpus of short stories, and find the stories that spoil them.",
    epilog="With --debug, anywhere, an error shows its traceback.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
    context_settings={"help_option_names": ["-h", "--help"]},
)

LAYERS_HELP = (
    "Layers counted from 0, like 12,16; all: every one, in the same pass; or auto: those that a run at many layers "
    "recommends (see caa layers), else four at 40 to 85 % of the depth."
)
ESTIMATOR_HELP = f"How vectors are made: {', '.join(ESTIMATORS)}; caa triage says which tells stories apart best."
CorpusArgument = Annotated[Path, typer.Argument(metavar="CORPUS", help="The folder with stories/ and paired/.")]
JsonOption = Annotated[bool, typer.Option("--json", help="JSON on stdout, everything else on stderr.")]
RunOption = Annotated[str | None, typer.Option("--run", metavar="ID", help="A run's number; default: the newest done.")]


def _show_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"caa {__version__}")
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options that come before the command."""


@app.command()
def check(corpus: CorpusArgument, as_json: JsonOption = False) -> None:
    """Findings and coverage, without a model. Exit code 0: clean, 1: findings, 2: unusable."""
    from caa_tui.corpus.coverage import coverage
    from caa_tui.corpus.report import check_exit_code, check_report
    from caa_tui.corpus.scan import scan

    found = scan(corpus)
    cells = coverage(found)
    if as_json:
        cli_output.write_json(check_report(found, cells))
    else:
        cli_output.write_lines(cli_output.check_lines(found, cells))
    raise typer.Exit(check_exit_code(found))


@app.command()
def train(
    corpus: CorpusArgument,
    model: Annotated[
        str | None, typer.Option(help="A hub id, a local folder, a GGUF file, or smollm2; default: caa.toml's.")
    ] = None,
    target_layers: Annotated[str | None, typer.Option(help=LAYERS_HELP)] = None,
    output_dir: Annotated[
        Path | None, typer.Option(help="Also write the readout, quality.json and provenance.json here.")
    ] = None,
    dtype: Annotated[str | None, typer.Option(help="bf16, fp16 or fp32; default: by device.")] = None,
    device: Annotated[str | None, typer.Option(help="auto, cpu, cuda:0 or mps.")] = None,
    batch_tokens: Annotated[int | None, typer.Option(help="Tokens of one forward pass, padding included.")] = None,
    max_length: Annotated[
        int | None, typer.Option(help="Tokens read of a story; default: the model's context, at most 2,048.")
    ] = None,
    min_positives: Annotated[int | None, typer.Option(help="Leave out concepts with fewer stories than this.")] = None,
    pooling: Annotated[
        str | None, typer.Option(help="last (token), mean, or mean:K: the mean over the tokens from index K on.")
    ] = None,
    estimator: Annotated[str | None, typer.Option(help=ESTIMATOR_HELP)] = None,
    quality_report: Annotated[bool, typer.Option(help="Compute quality.json and the flags.")] = True,
    worker_command: Annotated[
        str | None, typer.Option(help='Start the worker with this, like "ssh gpu-box caa worker".')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Train vectors. Ctrl+C cancels after the current batch, again it kills. Exit code 1: failed, 130: cancelled."""
    from caa_tui import cli_train
    from caa_tui.corpus.scan import scan
    from caa_tui.corpus.settings import load_settings
    from caa_tui.runs.options import TrainOptions, parse_layers

    found = scan(corpus)
    settings = load_settings(found.root)
    given = {
        "model": model,
        "output_dir": output_dir,
        "dtype": dtype,
        "device": device,
        "batch_tokens": batch_tokens,
        "max_length": max_length,
        "min_positives": min_positives,
        "pooling": pooling,
        "estimator": estimator,
        "quality_report": quality_report,
    }
    options = TrainOptions.from_settings(settings, found.root).with_given(given)
    if target_layers is not None:
        options = replace(options, target_layers=parse_layers(target_layers))
    raise typer.Exit(cli_train.train_in_terminal(found, settings, options.checked(), worker_command, as_json))


@app.command()
def triage(corpus: CorpusArgument, run: RunOption = None, as_json: JsonOption = False) -> None:
    """Flags and the story files behind them."""
    from caa_tui import cli_triage

    cli_triage.show_triage(corpus, run, as_json)


@app.command()
def layers(
    corpus: CorpusArgument,
    run: Annotated[
        str | None,
        typer.Option("--run", metavar="ID", help="A run's number; default: the newest at eight layers or more."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """How well each layer of a run tells each concept's stories apart, and which layers that recommends."""
    from caa_tui import cli_layers

    cli_layers.show_layers(corpus, run, as_json)


@app.command()
def probe(
    corpus: CorpusArgument,
    run: RunOption = None,
    text: Annotated[str | None, typer.Option(help="The text; without it and --file, it is read from stdin.")] = None,
    file: Annotated[Path | None, typer.Option(help="Read the text from this file.")] = None,
    layer: Annotated[
        int | None, typer.Option(help="Sort by this layer; default: the one that tells the run's stories apart best.")
    ] = None,
    top: Annotated[int, typer.Option(metavar="K", min=1, help="Show so many concepts.")] = 10,
    tokens: Annotated[bool, typer.Option("--tokens", help="Also a line for every token.")] = False,
    worker_command: Annotated[
        str | None, typer.Option(help='Start the worker with this, like "ssh gpu-box caa worker".')
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """What the vectors of a run read in any text, as z-scores against the corpus."""
    from caa_tui import cli_probe

    shown = cli_probe.Shown(layer=layer, top=top, by_token=tokens, as_json=as_json)
    cli_probe.probe_in_terminal(corpus, run, cli_probe.given_text(text, file), worker_command, shown)


@app.command()
def runs(
    corpus: CorpusArgument,
    as_json: JsonOption = False,
    delete: Annotated[str | None, typer.Option(metavar="ID", help="Move this run to the system's trash.")] = None,
) -> None:
    """History, and how far vectors moved from run to run."""
    from caa_tui import cli_history

    if delete is not None:
        cli_history.delete_run(corpus, delete)
    else:
        cli_history.show_runs(corpus, as_json)


@app.command()
def export(
    corpus: CorpusArgument,
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Where to write the files.")],
    run: RunOption = None,
    file_format: Annotated[str, typer.Option("--format", help=f"One of: {', '.join(EXPORT_FORMATS)}.")] = "readout",
) -> None:
    """Write a run's vectors to a folder: all files or none."""
    from caa_tui import cli_history

    if file_format not in EXPORT_FORMATS:
        raise UserError(f"The format {file_format!r} is not known; choose one of: {', '.join(EXPORT_FORMATS)}.")
    cli_history.export_readout(corpus, run, to)


@app.command(
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []},
    add_help_option=False,
)
def worker(context: typer.Context) -> None:
    """The process that holds the model, for --worker-command."""
    sys.argv = ["caa worker", *context.args]
    # By name: the command line has no import that leads to torch, not even an unused one.
    runpy.run_module("caa_tui.runs.worker", run_name="__main__", alter_sys=True)


def main() -> NoReturn:
    """Run `caa`; every ending is an exit code, and a traceback is only shown with --debug."""
    for stream in (sys.stdout, sys.stderr):
        # A terminal that cannot show a character shows a substitute.
        stream.reconfigure(errors="replace")  # type: ignore[union-attr]
    debug = "--debug" in sys.argv[1:]
    try:
        app(args=[argument for argument in sys.argv[1:] if argument != "--debug"], prog_name="caa")
    except Exception as error:
        if debug:
            raise
        _leave(error)
    except KeyboardInterrupt:
        sys.exit(EXIT_CANCELLED)
    sys.exit(0)


def _leave(error: Exception) -> NoReturn:
    if isinstance(error, BrokenPipeError):
        # The reader of our output left (`caa runs | head`); the interpreter must not flush into the closed pipe again.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(EXIT_FAILED)
    if isinstance(error, UserError):
        typer.echo(f"caa: {printable(str(error))}", err=True)
        sys.exit(EXIT_USER_ERROR)
    what = f"{type(error).__name__}: {error}" if str(error) else type(error).__name__
    typer.echo(f"caa: unexpected error ({printable(what)}); run again with --debug and report it.", err=True)
    sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
