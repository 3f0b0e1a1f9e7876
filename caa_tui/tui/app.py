"""The application: owns the workspace, reads the corpus in threads, and hands commands to their places."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from importlib import import_module

from textual import work
from textual.app import App
from textual.filter import LineFilter
from textual.screen import Screen
from textual.signal import Signal

from caa_tui.corpus.watch import watch
from caa_tui.errors import UserError
from caa_tui.runs.history import RunRecord
from caa_tui.text_safety import printable
from caa_tui.tui.line_filter import PrintableFilter
from caa_tui.tui.palette import CaaCommands
from caa_tui.tui.theme import DARK, LIGHT, THEMES, choose_glyphs
from caa_tui.tui.training import TrainingController
from caa_tui.tui.workspace import TrainingState, Workspace, read_corpus, read_runs
from caa_tui.vectors.flags import Flag

RESCAN_SECONDS = 30
"""The watcher is only a hint (network folders send none), so the files are read again now and then."""


def _screen(module: str, name: str) -> Callable[[], Screen[None]]:
    """A screen that is imported when it is first shown."""

    def build() -> Screen[None]:
        screen: Screen[None] = getattr(import_module(f"caa_tui.tui.screens.{module}"), name)()
        return screen

    return build


class CaaApp(App[None]):
    """caa-tui on one corpus."""

    TITLE = "caa-tui"
    CSS_PATH = "caa.tcss"
    COMMANDS = {CaaCommands}
    MODES = {
        "corpus": _screen("corpus_screen", "CorpusScreen"),
        "triage": _screen("triage_screen", "TriageScreen"),
        "runs": _screen("runs_screen", "RunsScreen"),
    }
    DEFAULT_MODE = "corpus"

    def __init__(
        self,
        workspace: Workspace,
        *,
        model: str | None = None,
        worker_command: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        """`model` and `worker_command` are what the command line gave; they win over remembered choices."""
        super().__init__()
        self.workspace = workspace
        self.clock = clock
        self.glyphs = choose_glyphs()
        self.workspace_changed: Signal[Workspace] = Signal(self, "workspace-changed")
        """The corpus, the runs, or what was edited since the last run changed."""
        self.training_changed: Signal[TrainingState] = Signal(self, "training-changed")
        """Progress of the training; at most ten times a second."""
        self.training = TrainingController(self, model=model, worker_command=worker_command)
        self._stop_watching = asyncio.Event()
        self._has_terminal = asyncio.Event()
        """Not while an editor has it."""
        self._has_terminal.set()
        self._rescan_lock = asyncio.Lock()
        self._rescans_asked = self._rescans_served = 0
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = LIGHT.name if workspace.memory.theme == LIGHT.name else DARK.name

    def get_line_filters(self) -> Sequence[LineFilter]:
        return [*super().get_line_filters(), PrintableFilter()]

    def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, lambda _: self._has_terminal.clear())
        self.app_resume_signal.subscribe(self, lambda _: self._resume())
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; a loop outside the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._terminate)
        if self.workspace.opening_note:
            self.notify(printable(self.workspace.opening_note), severity="warning", markup=False, timeout=10)
        self.load_everything()
        self.watch_files()
        self.set_interval(RESCAN_SECONDS, self.rescan)

    async def on_unmount(self) -> None:
        self._stop_watching.set()
        await self.training.close()

    def _resume(self) -> None:
        """Back from an editor or SIGTSTP, where Textual draws only what has changed meanwhile."""
        self._has_terminal.set()
        self.refresh(layout=True)

    @work(group="quit")
    async def _terminate(self) -> None:
        """SIGTERM: leave the terminal as it was, but do not take it away from an editor."""
        await self._has_terminal.wait()
        self.exit()

    @work(group="load", exit_on_error=True)
    async def load_everything(self) -> None:
        """First read, after the first paint."""
        await self.reload_runs()
        await self.rescan()

    @work(group="watch", exclusive=True)
    async def watch_files(self) -> None:
        """Read the corpus again whenever a file changed outside."""
        try:
            async for _ in watch(self.workspace.root, self._stop_watching):
                await self.rescan()
        except (UserError, OSError) as error:
            why = f"Files cannot be watched ({error}); changes show up within {RESCAN_SECONDS} seconds."
            self.notify(printable(why), severity="warning", markup=False)

    async def rescan(self) -> None:
        """Read every story again in a thread; screens are told when anything differs.

        Afterwards the workspace shows what was on disk when this was called; one reading can serve several callers.
        """
        self._rescans_asked += 1
        mine = self._rescans_asked
        async with self._rescan_lock:
            if self._rescans_served >= mine:
                return
            serves = self._rescans_asked
            try:
                state = await asyncio.to_thread(read_corpus, self.workspace.root)
            except UserError as error:
                self.notify(printable(str(error)), severity="error", markup=False)
                return
            self._rescans_served = serves
            if self.workspace.loaded and state == self.workspace.state:
                return
            self.workspace.state, self.workspace.loaded = state, True
            self.workspace.compare_with_run()
            self.workspace_changed.publish(self.workspace)

    async def reload_runs(self) -> None:
        """Read the history of runs again, after one ended or was deleted."""
        self.workspace.runs = await asyncio.to_thread(read_runs, self.workspace.data)
        self.workspace.compare_with_run()
        self.workspace_changed.publish(self.workspace)

    def set_training(self, state: TrainingState) -> None:
        """Called by the controller on the event loop."""
        self.workspace.training = state
        self.training_changed.publish(state)

    def retrain(self) -> None:
        """Train again with the choices of the last run."""
        self.training.retrain()

    def open_story(self, path: str, siblings: Sequence[str] = (), flag: Flag | None = None) -> None:
        """Open a story in the editor; `siblings` is what next and previous go through."""
        from caa_tui.tui.screens.story_screen import StoryScreen

        self.push_screen(StoryScreen(path=path, siblings=list(siblings), flag=flag))

    def open_new_story(self, concept: str, scenario: str | None) -> None:
        """Open the editor on a story that does not exist yet."""
        from caa_tui.tui.screens.story_screen import StoryScreen

        self.push_screen(StoryScreen.new(concept, scenario))

    async def edit_external(self, path: str) -> None:
        """Open a story in $VISUAL or $EDITOR, then read the corpus again."""
        self._edit_external(path)

    @work(group="editor", exclusive=True)
    async def _edit_external(self, path: str) -> None:
        from caa_tui.tui.external_editor import edit_file

        await edit_file(self, self.workspace.root / path)
        await self.rescan()

    def cmd_train(self) -> None:
        from caa_tui.tui.screens.train_dialog import TrainDialog

        self.push_screen(TrainDialog(self.training.choices()), self.training.start)

    def cmd_retrain(self) -> None:
        self.retrain()

    async def cmd_cancel(self) -> None:
        await self.training.cancel()

    def cmd_show_corpus(self) -> None:
        self.switch_mode("corpus")

    def cmd_show_triage(self) -> None:
        self.switch_mode("triage")

    def cmd_show_runs(self) -> None:
        self.switch_mode("runs")

    def cmd_export(self) -> None:
        if self.workspace.run is not None:
            self.open_export(self.workspace.run)

    def open_export(self, run: RunRecord) -> None:
        """Ask where the readout of a run goes."""
        from caa_tui.tui.screens.export_dialog import ExportDialog

        self.push_screen(ExportDialog(run))

    def cmd_training_log(self) -> None:
        from caa_tui.tui.screens.training_log import TrainingLog

        self.push_screen(TrainingLog())

    @work(group="rescan")
    async def cmd_rescan(self) -> None:
        """Beside the screen: keys wait for the command that an awaited one belongs to."""
        await self.rescan()
        self.notify("The corpus was read again.", timeout=2)

    def cmd_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
        self.workspace.memory.theme = self.theme
        self.workspace.keep_memory()

    def cmd_palette(self) -> None:
        self.action_command_palette()

    def cmd_help(self) -> None:
        from caa_tui.tui.screens.help_screen import HelpScreen

        self.push_screen(HelpScreen(getattr(self.screen, "KIND", "corpus"), self.screen.HELP or "", self.glyphs))

    async def action_quit(self) -> None:
        """Textual binds ctrl+q to this before any screen sees the key; unsaved text and trainings are asked about."""
        asking = (getattr(screen, "cmd_quit_now", None) for screen in reversed(self.screen_stack))
        quit_screen = next((ask for ask in asking if ask is not None), self.cmd_quit_now)
        quit_screen()

    def cmd_quit(self) -> None:
        self._quit()

    def cmd_quit_now(self) -> None:
        self._quit()

    @work(group="quit", exclusive=True)
    async def _quit(self) -> None:
        """Leave; while a training runs the user decides what becomes of it."""
        if self.workspace.training.active:
            from caa_tui.tui.screens.quit_dialog import QuitDialog

            answer = await self.push_screen_wait(QuitDialog())
            if answer == "stay":
                return
            if answer == "wait":
                await self.training.wait()
                # What was typed meanwhile is asked about like at any other time.
                await self.action_quit()
                return
        self.exit()
