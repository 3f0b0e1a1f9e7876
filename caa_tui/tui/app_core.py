"""What the application knows and keeps up to date: the corpus, the runs, the training, the user's settings."""

from __future__ import annotations

import asyncio
import select
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TextIO

from textual import events, work
from textual.app import App
from textual.filter import LineFilter
from textual.signal import Signal
from textual.timer import Timer

from caa_tui.errors import UserError
from caa_tui.text_safety import printable
from caa_tui.tui.ascii_filter import AsciiFilter
from caa_tui.tui.attention import Attention
from caa_tui.tui.guide_steps import Progress
from caa_tui.tui.line_filter import PrintableFilter
from caa_tui.tui.probe_state import ProbeState
from caa_tui.tui.probing import ProbeController
from caa_tui.tui.theme import ASCII, DARK, LIGHT, THEMES, choose_glyphs
from caa_tui.tui.training import TrainingController
from caa_tui.tui.user_settings import UserSettings
from caa_tui.tui.workspace import TrainingState, Workspace, read_corpus, read_runs

RESCAN_SECONDS = 30
"""The watcher is only a hint (network folders send none), so the files are read again now and then."""
HANGUP_SECONDS = 2.0
"""Between two looks at whether the terminal is still there."""
IDLE_SECONDS = 1.0
"""Without a key, after the corpus was read, before what nobody should wait for."""


class AppCore(App[None]):
    """Reads in threads, changes its state on the event loop, and tells the screens by signals."""

    def __init__(
        self,
        workspace: Workspace,
        *,
        model: str | None = None,
        worker_command: str | None = None,
        settings: UserSettings | None = None,
        guide: bool = False,
        clock: Callable[[], float] = time.time,
        when_idle: Callable[[], None] | None = None,
    ) -> None:
        """`model` and `worker_command` are what the command line gave; they win over remembered choices.
        `guide`: walk through the loop once. `when_idle` is called after each reading that found something new, once
        no key was pressed for `IDLE_SECONDS`.
        """
        super().__init__()
        self.workspace = workspace
        if guide:
            workspace.guide = Progress()
        self.settings = settings or UserSettings()
        self.clock = clock
        self.glyphs = choose_glyphs()
        self._printable_filter, self._ascii_filter = PrintableFilter(), AsciiFilter()
        self.workspace_changed: Signal[Workspace] = Signal(self, "workspace-changed")
        """The corpus, the runs, or what was edited since the last run changed."""
        self.training_changed: Signal[TrainingState] = Signal(self, "training-changed")
        """Progress of the training; at most ten times a second."""
        self.probe_changed: Signal[ProbeState] = Signal(self, "probe-changed")
        """A text is being read for the Probe screen, or was."""
        self.training = TrainingController(self, model=model, worker_command=worker_command)
        self.probing = ProbeController(self)
        self.attention = Attention(self)
        self._stop_watching = asyncio.Event()
        self._has_terminal = asyncio.Event()
        """Not while an editor has it."""
        self._has_terminal.set()
        self._rescan_lock = asyncio.Lock()
        self._rescans_asked = self._rescans_served = 0
        self._when_idle = when_idle
        self._idle_timer: Timer | None = None
        """Runs while there is something to do and keys are pressed."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = LIGHT.name if workspace.memory.theme == LIGHT.name else DARK.name
        self.use_settings(self.settings)

    @property
    def has_terminal(self) -> bool:
        """False while an editor, or the shell after SIGTSTP, has it."""
        return self._has_terminal.is_set()

    def use_settings(self, settings: UserSettings) -> None:
        """Give the commands this user's keys; the settings were checked when they were read."""
        self.settings = settings
        self.workspace.keys = settings.keymap()
        self.set_keymap(dict(self.workspace.keys.overrides))

    def get_line_filters(self) -> Sequence[LineFilter]:
        # Always the same two: Textual keeps a filtered line for as long as its filter is the one it was made with.
        plain = [self._ascii_filter] if self.glyphs == ASCII else []
        return [*super().get_line_filters(), self._printable_filter, *plain]

    def on_mount(self) -> None:
        self.app_suspend_signal.subscribe(self, lambda _: self._has_terminal.clear())
        self.app_resume_signal.subscribe(self, lambda _: self._resume())
        with suppress(NotImplementedError, RuntimeError, ValueError):  # Windows; a loop outside the main thread
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, self._terminate)
        if self.workspace.opening_note:
            self.notify(printable(self.workspace.opening_note), severity="warning", markup=False, timeout=10)
        self.load_everything()
        self.set_interval(RESCAN_SECONDS, self.rescan)
        self.set_interval(HANGUP_SECONDS, self.leave_when_hung_up)

    async def on_unmount(self) -> None:
        self._stop_watching.set()
        self.attention.noticed()
        await self.probing.close()
        await self.training.close()

    async def on_event(self, event: events.Event) -> None:
        """Every key, click and change of focus passes here."""
        if isinstance(event, events.Key | events.MouseDown | events.AppFocus):
            self.attention.noticed()
            if self._idle_timer is not None:
                self._idle_timer.reset()
        await super().on_event(event)

    def leave_when_hung_up(self) -> None:
        """A terminal that is gone and sent no SIGHUP would be read by Textual for ever, with a whole core."""
        if not self.is_headless and not self.is_web and self.has_terminal and is_hung_up(sys.__stdin__):
            self.exit()

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
        # Not before: watching many folders begins with a tenth of a second in which nothing else runs.
        self.watch_files()
        await self.rescan()
        self._await_idleness()

    @work(group="watch", exclusive=True)
    async def watch_files(self) -> None:
        """Read the corpus again whenever a file changed outside."""
        # Imported here: it takes a tenth of the time to the first paint.
        from caa_tui.corpus.watch import watch

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
            self._await_idleness()

    def _await_idleness(self) -> None:
        if self._idle_timer is not None:
            self._idle_timer.stop()
        if self._when_idle is not None:
            self._idle_timer = self.set_timer(IDLE_SECONDS, self._be_idle)

    def _be_idle(self) -> None:
        self._idle_timer = None
        if self._when_idle is not None:
            self._when_idle()

    async def reload_runs(self) -> None:
        """Read the history of runs again, after one ended or was deleted."""
        self.workspace.runs = await asyncio.to_thread(read_runs, self.workspace.data)
        self.workspace.compare_with_run()
        self.workspace_changed.publish(self.workspace)

    def set_training(self, state: TrainingState) -> None:
        """Called by the controller on the event loop."""
        self.workspace.training = state
        self.training_changed.publish(state)

    def set_probe(self, state: ProbeState) -> None:
        """Called by the controller on the event loop."""
        self.workspace.probe = state
        self.probe_changed.publish(state)


def is_hung_up(stream: TextIO | None) -> bool:
    """Whether the other end of a terminal is gone, as far as this system can tell. It is no terminal any more then."""
    if stream is None or not hasattr(select, "poll"):
        return False
    watcher = select.poll()
    watcher.register(stream.fileno(), 0)
    return any(events & select.POLLHUP for _, events in watcher.poll(0))
