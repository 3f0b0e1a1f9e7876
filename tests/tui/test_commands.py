"""The registry: every command can be carried out, keys are unique on a screen, and reasons are sentences."""

from __future__ import annotations

from pathlib import Path

import pytest
from triage_samples import make_app, write_corpus

from caa_tui.tui.app import CaaApp
from caa_tui.tui.commands import COMMANDS, EVERYWHERE, commands_of, key_name
from caa_tui.tui.screens.base import CaaScreen
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.layers_screen import LayersScreen
from caa_tui.tui.screens.probe_screen import ProbeScreen
from caa_tui.tui.screens.runs_screen import RunsScreen
from caa_tui.tui.screens.story_screen import StoryScreen
from caa_tui.tui.screens.training_screen import TrainingScreen
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.workspace import TrainingState

SCREENS: dict[str, type[CaaScreen]] = {
    screen.KIND: screen
    for screen in (CorpusScreen, TriageScreen, RunsScreen, StoryScreen, TrainingScreen, LayersScreen, ProbeScreen)
}


def test_every_screen_of_the_registry_exists() -> None:
    assert set(SCREENS) == EVERYWHERE


@pytest.mark.parametrize("kind", sorted(SCREENS))
def test_each_command_has_a_method_on_its_screen_or_the_app(kind: str) -> None:
    for command in commands_of(kind):
        name = f"cmd_{command.id}"
        assert hasattr(SCREENS[kind], name) or hasattr(CaaApp, name), f"{kind}: {name}"


@pytest.mark.parametrize("kind", sorted(SCREENS))
def test_no_two_commands_of_a_screen_share_a_key(kind: str) -> None:
    keys = [key for command in commands_of(kind) for key in command.keys.split(",") if key]
    assert len(keys) == len(set(keys))


def test_help_is_a_sentence_and_ids_are_unique() -> None:
    assert len({command.id for command in COMMANDS}) == len(COMMANDS)
    for command in COMMANDS:
        assert command.help.endswith("."), command.id
        assert command.keys or not command.hint, command.id
        assert key_name(command.keys) or not command.keys


def test_reasons_say_what_to_do(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path), read_only=True)
    reasons = [reason for command in COMMANDS if (reason := command.disabled_reason(app.workspace))]
    app.workspace.training = TrainingState(status="running")
    reasons += [reason for command in COMMANDS if (reason := command.disabled_reason(app.workspace))]
    assert {"Nothing is trained yet: press t to train this corpus.", "The corpus was opened read-only."} <= set(reasons)
    assert all(reason.endswith(".") for reason in reasons)


async def test_a_disabled_command_says_why(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test(size=(120, 30)) as pilot:
        await pilot.press("E")
        await pilot.pause()
        assert [note.message for note in app._notifications] == [
            "Nothing is trained yet: press t to train this corpus."
        ]
