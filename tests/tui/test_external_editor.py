"""$VISUAL and $EDITOR: what is run, how the app is suspended, and what is said when there is no editor."""

from __future__ import annotations

import asyncio
import signal
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from triage_samples import load, make_app, messages, until, write_corpus

from caa_tui.tui import external_editor
from caa_tui.tui.app import CaaApp
from caa_tui.tui.external_editor import NoEditor, edit_file, edit_text_file, editor_command
from caa_tui.tui.screens.story_screen import StoryScreen

PATH = "stories/tender.txt"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return write_corpus(tmp_path / "corpus")


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is all of PATH, for fake editors."""
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.delenv("EDITOR", raising=False)
    return folder


def program(folder: Path, name: str, body: str = "pass") -> Path:
    """An executable that runs Python; `sys.argv` are its arguments."""
    path = folder / name
    path.write_text(f"#!{sys.executable}\nimport sys, time, pathlib\n{body}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return path


@pytest.mark.parametrize(
    ("editor", "arguments", "terminal"),
    [
        ("vim", ("+3", "F"), True),
        ("nvim -p", ("-p", "+3", "F"), True),
        ("nano", ("+3", "F"), True),
        ("emacs -nw", ("-nw", "+3", "F"), True),
        ("kak", ("+3", "F"), True),
        ("micro", ("+3", "F"), True),
        ("hx", ("F:3",), True),
        ("code", ("--wait", "--goto", "F:3"), False),
        ("code --wait", ("--wait", "--goto", "F:3"), False),
        ("code -w", ("-w", "--goto", "F:3"), False),
        ("gvim", ("--nofork", "+3", "F"), False),
        ("subl", ("--wait", "F:3"), False),
        ("'my ed' -x 'a b'", ("-x", "a b", "F"), True),
    ],
)
def test_each_editor_gets_the_line_in_its_own_way(
    programs: Path, monkeypatch: pytest.MonkeyPatch, editor: str, arguments: tuple[str, ...], terminal: bool
) -> None:
    program(programs, "my ed" if "'" in editor else editor.split()[0])
    monkeypatch.setenv("EDITOR", editor)
    command = editor_command(Path("F"), 3)
    assert command.argv[1:] == arguments
    assert command.terminal is terminal


def test_visual_comes_before_editor_and_blanks_do_not_count(programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "first")
    program(programs, "second")
    monkeypatch.setenv("EDITOR", "second")
    monkeypatch.setenv("VISUAL", "  ")
    assert editor_command(Path("F")).name == "second"
    monkeypatch.setenv("VISUAL", "first")
    assert editor_command(Path("F")).name == "first"


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "Neither $VISUAL nor $EDITOR is set"),
        ("nowhere", "$EDITOR names nowhere, which is not on the PATH."),
        ("'unclosed", "$EDITOR cannot be read"),
        ("''", "$EDITOR names , which is not"),
    ],
)
def test_no_editor_says_what_to_do(
    programs: Path, monkeypatch: pytest.MonkeyPatch, value: str | None, reason: str
) -> None:
    if value is not None:
        monkeypatch.setenv("EDITOR", value)
    with pytest.raises(NoEditor) as caught:
        editor_command(Path("F"))
    assert str(caught.value).startswith(reason)


async def test_without_an_editor_the_built_in_one_opens(root: Path, programs: Path) -> None:
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        outcome = await edit_file(app, app.workspace.root / PATH)
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert isinstance(app.screen, StoryScreen)
        assert app.screen.path == PATH
        assert outcome.status == "in-app"
        assert "Neither $VISUAL nor $EDITOR is set" in messages(app)[0]
        await edit_file(app, app.workspace.root / PATH)
        await pilot.pause()
        assert len([screen for screen in app.screen_stack if isinstance(screen, StoryScreen)]) == 1


async def test_a_terminal_that_cannot_be_suspended_gives_the_built_in_editor(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(programs, "vim")
    monkeypatch.setenv("EDITOR", "vim")
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        outcome = await edit_file(app, app.workspace.root / PATH)
        await until(pilot, lambda: isinstance(app.screen, StoryScreen))
        assert outcome.status == "in-app"
        assert messages(app) == [
            "This terminal cannot be handed to another program. The built-in editor is used instead."
        ]


@contextmanager
def suspended(app: CaaApp, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Lets the headless app be suspended; lists when it was."""
    seen: list[str] = []

    @contextmanager
    def suspend() -> Iterator[None]:
        seen.append("suspend")
        yield
        seen.append("resume")

    monkeypatch.setattr(app, "suspend", suspend)
    yield seen


@pytest.mark.parametrize(
    ("body", "status", "message"),
    [
        ("pathlib.Path(sys.argv[-1]).write_text('new')", "edited", "tender.txt was edited in vim."),
        ("pass", "unchanged", "tender.txt is unchanged."),
        ("sys.exit(3)", "failed", "vim ended with code 3; tender.txt is unchanged."),
    ],
)
async def test_a_terminal_editor_runs_over_the_suspended_app(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch, body: str, status: str, message: str
) -> None:
    program(programs, "vim", body)
    monkeypatch.setenv("EDITOR", "vim")
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        with suspended(app, monkeypatch) as seen:
            outcome = await edit_file(app, app.workspace.root / PATH, 2)
        await until(pilot, lambda: messages(app))
        assert seen == ["suspend", "resume"]
        assert (outcome.status, outcome.message) == (status, message)
        assert messages(app) == [message]


async def test_a_program_that_cannot_start_never_leaves_the_app_suspended(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken = programs / "vim"
    broken.write_text("#!/nowhere/at/all\n")
    broken.chmod(0o755)
    monkeypatch.setenv("EDITOR", "vim")
    app = make_app(root)
    async with app.run_test():
        await load(app)
        with suspended(app, monkeypatch) as seen:
            outcome = await edit_file(app, app.workspace.root / PATH)
        assert seen == ["suspend", "resume"]
        assert outcome.status == "failed"


async def test_cancelled_while_the_editor_runs_it_resumes_first(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = programs / "gate"
    program(programs, "vim", f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)")
    monkeypatch.setenv("EDITOR", "vim")
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        with suspended(app, monkeypatch) as seen:
            task = asyncio.create_task(edit_file(app, app.workspace.root / PATH))
            await until(pilot, lambda: seen)
            task.cancel()
            await pilot.pause()
            assert seen == ["suspend"]
            gate.touch()
            with pytest.raises(asyncio.CancelledError):
                await task
        assert seen == ["suspend", "resume"]


async def test_an_editor_of_the_settings_that_does_not_start_is_told(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program(programs, "code")
    monkeypatch.setattr("subprocess.Popen", _refused)
    monkeypatch.setenv("EDITOR", "code")
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        assert not await edit_text_file(app, root / "settings.toml")
        await until(pilot, lambda: any("code could not be started. Edit " in said for said in messages(app)))


def _refused(*_: object, **__: object) -> None:
    raise OSError("exec format error")


async def test_ctrl_c_in_the_editor_is_not_ours(root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program(programs, "vim", "import os, signal; os.kill(os.getppid(), signal.SIGINT)")
    monkeypatch.setenv("EDITOR", "vim")
    app = make_app(root)
    async with app.run_test():
        await load(app)
        before = signal.getsignal(signal.SIGINT)
        with suspended(app, monkeypatch):
            outcome = await edit_file(app, app.workspace.root / PATH)
        assert outcome.status == "unchanged"
        assert app.is_running
        assert signal.getsignal(signal.SIGINT) is before


async def test_an_editor_with_a_window_leaves_the_app_usable(
    root: Path, programs: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = programs / "gate"
    program(
        programs,
        "code",
        f"while not pathlib.Path({str(gate)!r}).exists(): time.sleep(0.01)\n"
        "pathlib.Path(sys.argv[-1].removesuffix(':1')).write_text('from code')",
    )
    monkeypatch.setenv("EDITOR", "code")
    monkeypatch.setattr(external_editor, "POLL_SECONDS", 0.01)
    app = make_app(root)
    async with app.run_test() as pilot:
        await load(app)
        task = asyncio.create_task(edit_file(app, app.workspace.root / PATH))
        await until(pilot, lambda: messages(app))
        await pilot.press("2")
        assert app.current_mode == "triage"
        assert messages(app) == ["Opened in code; what you save there shows up here."]
        gate.touch()
        outcome = await task
        assert outcome.status == "edited"
