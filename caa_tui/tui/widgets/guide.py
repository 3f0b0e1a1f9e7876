"""The guided first run: two lines above the bottom ones that say the next step of the loop, until it is done once."""

from __future__ import annotations

from textual import events
from textual.content import Content
from textual.style import Style
from textual.widgets import Static

from caa_tui.tui.guide_steps import LAST, sentence
from caa_tui.tui.theme import Glyphs
from caa_tui.tui.workspace import Workspace


class Guide(Static):
    """Never in the way: it takes no focus, and a click on its last words or a key sends it away for good."""

    DEFAULT_CSS = """
    Guide { display: none; height: auto; max-height: 3; padding: 0 1; background: $boost; }
    Guide.-shown { display: block; }
    """

    _said = ("", "")
    """The sentence and the key that it shows: this is asked ten times a second while a training runs."""

    async def on_click(self, event: events.Click) -> None:
        if event.style.meta.get("command") == "close_guide":
            await self.screen.run_action("command('close_guide')")

    def show(self, workspace: Workspace, glyphs: Glyphs) -> None:
        """Draw the step at hand, or nothing when the guide is over."""
        progress = workspace.guide
        self.set_class(progress is not None, "-shown")
        if progress is None:
            return
        said, key = sentence(progress, workspace, glyphs), workspace.keys.name("close_guide")
        if (said, key) == self._said:
            return
        self._said = said, key
        close = Content.styled(key, "bold $accent") + Content(" close the guide")
        self.update(
            Content.assemble(
                (f"Guide {progress.step} of {LAST}  ", "bold $accent"),
                f"{said}   ",
                close.stylize(Style.from_meta({"command": "close_guide"})),
            )
        )
