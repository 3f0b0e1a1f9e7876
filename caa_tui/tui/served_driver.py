"""The program in a browser: Textual's web driver, which a vanished server ends instead of leaving a process behind."""

from __future__ import annotations

import asyncio
import os

from textual import messages
from textual.drivers.web_driver import WebDriver


def is_served() -> bool:
    """Whether this process was started by textual-serve (or textual-web) and draws for a browser."""
    return "web_driver" in os.environ.get("TEXTUAL_DRIVER", "")


class ServedDriver(WebDriver):
    """Ends the program when its stdin is closed: the server was killed, and nobody can see the screen any more."""

    def start_application_mode(self) -> None:
        self._home = asyncio.get_running_loop()
        super().start_application_mode()

    def run_input_thread(self) -> None:
        super().run_input_thread()
        if not self.exit_event.is_set():
            asyncio.run_coroutine_threadsafe(self._app._post_message(messages.ExitApp()), loop=self._home)
