"""Keys of one's own: what the settings file may say, what it may not, and that the whole screen follows."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from textual.binding import Binding
from textual.widgets import TextArea
from triage_samples import load, make_app, messages, shown_text, until, write_corpus

from caa_tui.errors import UserError
from caa_tui.tui.app import CaaApp
from caa_tui.tui.commands import COMMANDS, commands_of, read_keymap
from caa_tui.tui.commands.keymap import MOVING, TAKEN
from caa_tui.tui.open import open_workspace, read_user_settings
from caa_tui.tui.screens.corpus_screen import CorpusScreen
from caa_tui.tui.screens.quit_dialog import QuitDialog
from caa_tui.tui.screens.triage_screen import TriageScreen
from caa_tui.tui.user_settings import UserSettings, load_user_settings, write_template
from caa_tui.tui.widgets.story_editor import StoryEditor
from caa_tui.tui.workspace import TrainingState


@pytest.mark.parametrize(
    ("written", "keys", "shown"),
    [
        ("T", "T", "T"),
        ("ctrl+k", "ctrl+k", "ctrl+k"),
        ("CTRL+K", "ctrl+k", "ctrl+k"),
        (".", "full_stop", "."),
        ("+", "plus", "+"),
        ("f9 T", "f9,T", "f9"),
        ("; f8", "semicolon,f8", ";"),
        ("space", "space", "space"),
        ("alt+=", "alt+equals_sign", "alt+="),
    ],
)
def test_keys_are_written_as_a_person_would(written: str, keys: str, shown: str) -> None:
    keymap = read_keymap({"train": written})
    assert (keymap.keys("train"), keymap.name("train")) == (keys, shown)


def test_a_key_that_is_not_changed_is_the_default() -> None:
    keymap = read_keymap({"train": "T"})
    assert (keymap.keys("help"), keymap.name("help")) == ("question_mark,f1", "?")


@pytest.mark.parametrize(
    ("table", "reason"),
    [
        ({"trian": "T"}, "keys.trian is no command"),
        ({"train": "ctrl+enormous"}, "there is no key"),
        ({"train": "hyper+k"}, "there is no key"),
        ({"train": ""}, "there is no key"),
        ({"train": "j"}, "moves the cursor"),
        ({"train": "["}, "moves the cursor"),
        ({"save": "s"}, "is typed into stories"),
        ({"theme": "T"}, "is typed into stories"),
        ({"train": "q"}, "are both q on the"),
        ({"train": "T", "export": "T"}, "are both T on the"),
    ],
)
def test_what_cannot_be_is_one_sentence(table: dict[str, str], reason: str) -> None:
    with pytest.raises(UserError, match=re.escape(reason)) as caught:
        read_keymap(table)
    assert str(caught.value).endswith(".")


def test_two_keys_can_change_places() -> None:
    keymap = read_keymap({"train": "r", "retrain": "t"})
    assert (keymap.keys("train"), keymap.keys("retrain")) == ("r", "t")


def test_the_template_names_every_command_and_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "settings.toml"
    write_template(path)
    text = path.read_text(encoding="utf-8")
    assert load_user_settings(path) == UserSettings()
    assert all(f"# {command.id} = " in text for command in COMMANDS)
    path.write_text("bell = false\n", encoding="utf-8")
    write_template(path)
    assert load_user_settings(path).bell is False


def test_every_line_of_the_template_can_be_taken_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "settings.toml"
    write_template(path)
    lines = path.read_text(encoding="utf-8").splitlines()
    taken = [line.removeprefix("# ") for line in lines if re.match(r'# \w+ = "[^"]*"', line)]
    path.write_text("[keys]\n" + "\n".join(taken) + "\n", encoding="utf-8")
    settings = load_user_settings(path)
    assert settings.keys.keys() == {command.id for command in COMMANDS}
    keymap = settings.keymap()
    for command in COMMANDS:
        assert keymap.keys(command.id) == command.keys, command.id


@pytest.mark.parametrize(
    "text", ["keys = 3", "[keys]\ntrain = 7", "colour = 1", "\xff", "[keys", '[keys]\ntrain = "j"']
)
def test_a_file_that_does_not_fit_costs_its_changes_only(
    tmp_path: Path, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    path.write_bytes(text.encode("latin-1"))
    monkeypatch.setenv("CAA_SETTINGS", str(path))
    (tmp_path / "corpus").mkdir()
    workspace = open_workspace(write_corpus(tmp_path / "corpus"))
    assert read_user_settings(workspace) == UserSettings()
    assert "settings.toml" in workspace.opening_note
    assert "file is not used." in workspace.opening_note


async def test_the_screen_follows_the_keys(tmp_path: Path) -> None:
    settings = UserSettings(keys={"show_triage": "T", "filter": "ctrl+f", "train": "ctrl+l"})
    app = CaaApp(open_workspace(write_corpus(tmp_path)), settings=settings)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await pilot.press("2")
        assert app.current_mode == "corpus"
        await pilot.press("T")
        await pilot.pause()
        assert app.current_mode == "triage"
        assert "press ctrl+l to train" in shown_text(app).lower()
        await pilot.press("E")
        assert messages(app) == ["Nothing is trained yet: press ctrl+l to train this corpus."]


async def test_the_settings_file_opens_in_the_editor_and_holds_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "settings.toml"
    monkeypatch.setenv("CAA_SETTINGS", str(path))
    (tmp_path / "corpus").mkdir()
    app = make_app(write_corpus(tmp_path / "corpus"))

    async def edit(_app: object, edited: Path) -> bool:
        assert edited == path
        assert path.exists()
        path.write_text('[keys]\nshow_triage = "T"\n', encoding="utf-8")
        return True

    monkeypatch.setattr("caa_tui.tui.external_editor.edit_text_file", edit)
    async with app.run_test(size=(140, 40)) as pilot:
        await load(app)
        await pilot.press("comma")
        await until(pilot, lambda: app.workspace.keys.name("show_triage") == "T")
        await pilot.press("T")
        await pilot.pause()
        assert app.current_mode == "triage"


@pytest.mark.parametrize(("screen", "owner"), [("triage", TriageScreen), ("story", StoryEditor)])
def test_no_command_takes_a_key_that_a_part_of_the_screen_has_for_itself(
    screen: str, owner: type[TriageScreen | StoryEditor]
) -> None:
    kinds = [kind for kind in owner.__mro__ if kind.__module__.startswith("caa_tui.tui") or kind is TextArea]
    bound = [Binding.make_bindings(kind.__dict__.get("BINDINGS", ())) for kind in kinds]
    own = {binding.key for bindings in bound for binding in bindings} - MOVING - {"escape"}
    assert len(own) >= 5
    commands = {key for command in commands_of(screen) for key in command.keys.split(",")}
    keys, what = TAKEN[screen]
    assert own - commands <= keys
    command = next(command.id for command in commands_of(screen) if not own & {*command.keys.split(",")})
    for key in sorted(own - commands):
        with pytest.raises(UserError, match=what):
            read_keymap({command: key})


async def test_leaving_is_asked_about_once(tmp_path: Path) -> None:
    app = make_app(write_corpus(tmp_path))
    async with app.run_test() as pilot:
        await load(app)
        app.set_training(TrainingState(status="running", run_id="0001", phase="load model"))
        await pilot.press("ctrl+q", "ctrl+q")
        await until(pilot, lambda: isinstance(app.screen, QuitDialog))
        await pilot.press("escape")
        await until(pilot, lambda: isinstance(app.screen, CorpusScreen))
