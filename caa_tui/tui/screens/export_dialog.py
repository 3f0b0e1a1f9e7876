"""Where the readout files go; the folder is remembered per corpus."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import TYPE_CHECKING, cast

from textual.app import ComposeResult
from textual.binding import Binding
from textual.containers import Horizontal, Vertical
from textual.screen import ModalScreen
from textual.widgets import Button, Input, Static

from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.text_safety import printable
from caa_tui.tui.widgets.text_line import TextLine
from caa_tui.wording import layers_in_short

if TYPE_CHECKING:
    from caa_tui.tui.app import CaaApp

READOUT_FILES = ("readout.safetensors", "readout.json")


class ExportDialog(ModalScreen[None]):
    """Asks for a folder, writes the pair of files whole or not at all, and says where they are."""

    KIND = "export"
    """Its name for the guide."""
    CSS = """
    ExportDialog .dialog .note { padding: 0 1 0 17; }
    ExportDialog .dialog .problem { padding: 0 1 0 17; display: none; }
    ExportDialog .dialog .problem.-shown { display: block; }
    """
    AUTO_FOCUS = "#folder"
    BINDINGS = [Binding("escape", "dismiss", "Close", show=False)]

    def __init__(self, run: RunRecord) -> None:
        super().__init__()
        self._run = run

    @property
    def caa(self) -> CaaApp:
        return cast("CaaApp", self.app)

    def compose(self) -> ComposeResult:
        workspace = self.caa.workspace
        folder = workspace.memory.export_folder or str(Path.cwd() / "readout")
        result = self._run.result
        assert result is not None, "only a finished run is exported"
        with Vertical(classes="dialog") as box:
            box.border_title = f"Export the readout of run {int(self._run.id)}"
            with Horizontal(classes="row"):
                yield Static("Folder", classes="label")
                yield TextLine(folder, id="folder")
            layers = layers_in_short(result.layers)
            yield Static(
                f"readout.safetensors and readout.json: {result.concepts} concepts at layers {layers}; "
                "files of the same name are replaced together.",
                classes="note",
                markup=False,
            )
            yield Static("", id="problem", classes="problem", markup=False)
            with Horizontal(classes="buttons"):
                yield Button("Export", id="export", variant="primary")
                yield Button("Close (esc)", id="close")

    async def on_input_submitted(self) -> None:
        await self._export()

    async def on_button_pressed(self, event: Button.Pressed) -> None:
        if event.button.id == "export":
            await self._export()
        else:
            self.dismiss()

    def _say(self, problem: str) -> None:
        said = self.query_one("#problem", Static)
        said.update(problem)
        said.add_class("-shown")

    async def _export(self) -> None:
        if not self.is_current:  # a second Enter, pressed while the first was writing
            return
        text = self.query_one(Input).value.strip()
        if not text:
            self._say("Name a folder.")
            return
        try:
            folder = Path(text).expanduser().absolute()
            written = await asyncio.to_thread(write_readout, self._run, folder)
        except UserError as error:
            self._say(printable(str(error)))
            return
        except RuntimeError:  # `~name` of nobody on this machine
            self._say(f"There is no home folder for {printable(text.split('/')[0])}; name another folder.")
            return
        self.caa.workspace.memory.export_folder = str(folder)
        self.caa.workspace.keep_memory()
        names = " and ".join(path.name for path in written)
        self.caa.notify(f"{names} written to {printable(str(folder))}", markup=False)
        self.dismiss()


def write_readout(run: RunRecord, folder: Path) -> tuple[Path, ...]:
    """Write the pair of files, whole or not at all.

    Raises:
        UserError: the folder cannot be written to, or the run's files are damaged.
    """
    # Imported here: numpy and safetensors, which the first paint does not wait for.
    from caa_tui.export.readout import check_readout, write_files

    try:
        files = {name: (run.folder / name).read_bytes() for name in READOUT_FILES}
    except OSError as error:
        raise UserError(f"Run {int(run.id)} has no readout ({error.strerror}); train again.") from error
    check_readout(files)
    write_files(folder, files)
    return tuple(folder / name for name in files)
