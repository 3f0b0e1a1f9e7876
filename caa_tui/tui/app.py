"""The application: its screens, and the commands that are the same on all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import TYPE_CHECKING, Protocol, cast

from textual import work
from textual.screen import Screen

from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.app_core import AppCore
from caa_tui.tui.theme import DARK, LIGHT
from caa_tui.tui.user_settings import load_user_settings, settings_path, write_template
from caa_tui.vectors.flags import Flag

if TYPE_CHECKING:
    from caa_tui.runs.history import RunRecord
    from caa_tui.tui.probe_state import Subject


def _screen(module: str, name: str) -> Callable[[], Screen[None]]:
    """A screen that is imported when it is first shown."""

    def build() -> Screen[None]:
        screen: Screen[None] = getattr(import_module(f"caa_tui.tui.screens.{module}"), name)()
        return screen

    return build


class GoesTo(Protocol):
    """A screen with a place for each concept or scenario."""

    def go_to(self, concept: str | None, scenario: str | None) -> None:
        """Put the cursor there; None: where it is."""


class CaaApp(AppCore):
    """caa-tui on one corpus."""

    TITLE = "caa-tui"
    CSS_PATH = "caa.tcss"
    ENABLE_COMMAND_PALETTE = False
    """The palette is a command of the registry, with a key that can be changed."""
    MODES = {
        "corpus": _screen("corpus_screen", "CorpusScreen"),
        "triage": _screen("triage_screen", "TriageScreen"),
        "runs": _screen("runs_screen", "RunsScreen"),
    }
    DEFAULT_MODE = "corpus"

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

    def cmd_show_probe(self) -> None:
        self.open_probe()

    def open_probe(self, subject: Subject | None = None, run: RunRecord | None = None) -> None:
        """Show the Probe screen as it was left, or have it read a text, or the text that is there with a run."""
        from caa_tui.tui.screens.probe_screen import ProbeScreen

        desk = self.probing.desk
        if subject is not None:
            desk.subject, desk.text = subject, subject.text
        if run is not None:
            desk.run_id = run.id
        if (subject is not None or run is not None) and desk.text.strip():
            self.probing.read(desk.text)
        self.push_screen(ProbeScreen())

    def cmd_export(self) -> None:
        if self.workspace.run is not None:
            self.open_export(self.workspace.run)

    def open_export(self, run: RunRecord) -> None:
        """Ask where the readout of a run goes."""
        from caa_tui.tui.screens.export_dialog import ExportDialog

        self.push_screen(ExportDialog(run))

    def cmd_layers(self) -> None:
        self.open_layers(None)

    def open_layers(self, run: RunRecord | None) -> None:
        """Show the scores of a run at each of its layers; None: of the newest sweep, or else the newest run."""
        from caa_tui.tui.screens.layers_screen import LayersScreen

        self.push_screen(LayersScreen(run))

    def cmd_training_log(self) -> None:
        from caa_tui.tui.screens.training_screen import TrainingScreen

        if not isinstance(self.screen, TrainingScreen):
            self.push_screen(TrainingScreen())

    @work(group="rescan")
    async def cmd_rescan(self) -> None:
        """Beside the screen: keys wait for the command that an awaited one belongs to."""
        await self.rescan()
        self.notify("The corpus was read again.", timeout=2)

    def cmd_theme(self) -> None:
        self.theme = LIGHT.name if self.theme == DARK.name else DARK.name
        self.workspace.memory.theme = self.theme
        self.workspace.keep_memory()

    @work(group="editor", exclusive=True)
    async def cmd_settings(self) -> None:
        """Open the settings file in the user's editor; what it says afterwards holds at once."""
        from caa_tui.tui.external_editor import edit_text_file

        path = settings_path()
        try:
            await asyncio.to_thread(write_template, path)
            if await edit_text_file(self, path):
                self.use_settings(await asyncio.to_thread(load_user_settings, path))
        except UserError as error:
            self.notify(printable(str(error)), severity="error", markup=False, timeout=10)
        self.workspace_changed.publish(self.workspace)

    def go_to_concept(self, name: str) -> None:
        """Put the cursor on a concept: among all concepts where the triage screen lists it, else in the coverage."""
        report = self.workspace.report
        listed = report is not None and (name in report.left_out or any(one.concept == name for one in report.concepts))
        self._go_to("triage" if self.current_mode == "triage" and listed else "corpus", name, None)

    def go_to_scenario(self, name: str) -> None:
        """Put the cursor on a scenario's column of the coverage."""
        self._go_to("corpus", None, name)

    @work(group="navigation", exclusive=True)
    async def _go_to(self, mode: str, concept: str | None, scenario: str | None) -> None:
        if await self._leave_open():
            await self.switch_mode(mode)
            cast("GoesTo", self.screen).go_to(concept, scenario)

    @work(group="navigation", exclusive=True)
    async def leave_for(self, mode: str) -> None:
        """Close what is open over this mode's screen, and go to another mode's."""
        if await self._leave_open():
            await self.switch_mode(mode)

    async def _leave_open(self) -> bool:
        """Close what is open over this mode's screen; a story may ask about unsaved text, and then be kept open."""
        while len(self.screen_stack) > 1:
            may_leave = getattr(self.screen, "may_leave", None)
            if may_leave is not None and not await may_leave():
                return False
            await self.pop_screen()
        return True

    def cmd_palette(self) -> None:
        from caa_tui.tui.palette import CaaPalette

        self.push_screen(CaaPalette())

    def cmd_help(self) -> None:
        from caa_tui.tui.help_text import help_sections
        from caa_tui.tui.screens.help_screen import HelpScreen

        self.push_screen(HelpScreen(help_sections(self.screen, self.workspace, self.glyphs), self.glyphs))

    def cmd_story_help(self) -> None:
        self.cmd_help()

    def cmd_jump(self) -> None:
        from caa_tui.tui.screens.jump_screen import JumpScreen

        self.push_screen(JumpScreen())

    async def action_quit(self) -> None:
        """Textual binds ctrl+q to this before any screen sees the key; unsaved text and trainings are asked about."""
        if getattr(self.screen, "ASKS_WHETHER_TO_LEAVE", False):
            return
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

            # Asking again calls off an earlier "wait": that one's worker ends, because they exclude each other.
            self.training.leave_when_done(False)
            answer = await self.push_screen_wait(QuitDialog())
            if answer == "stay":
                return
            if answer == "wait":
                self.training.leave_when_done(True)
                await self.training.wait()
                # What was typed meanwhile is asked about like at any other time.
                await self.action_quit()
                return
        self.exit()
