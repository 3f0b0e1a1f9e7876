"""`caa-tui --serve` from the command line: what it needs, what it starts, and what it says when it cannot."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path

import pytest

from caa_tui import launch
from caa_tui.corpus.storage import CorpusLock
from caa_tui.errors import UserError
from caa_tui.tui.commands import BY_ID
from caa_tui.tui.open import hold_corpus, open_workspace
from caa_tui.tui.serve import HOST, BrowserServer, listen
from caa_tui.tui.served_driver import is_served


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "my corpus" / "stories").mkdir(parents=True)
    return tmp_path / "my corpus"


@pytest.fixture
def served(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[BrowserServer]]:
    """Servers that would have waited for browsers."""
    servers: list[BrowserServer] = []
    monkeypatch.setattr(BrowserServer, "serve", lambda server: servers.append(server))
    yield servers
    for server in servers:
        server._listener.close()


def run(*words: str) -> int:
    return launch.open_corpus(words)


def test_each_window_starts_the_same_program(root: Path, served: list[BrowserServer]) -> None:
    assert not run(str(root), "--serve", "--port", "0", "--model", "a b", "--worker-command", "ssh box", "--read-only")
    (server,) = served
    assert server.arguments == (str(root), "--model", "a b", "--worker-command", "ssh box", "--read-only")


def test_one_line_says_where_it_is_and_nobody_else_can_reach_it(
    root: Path, served: list[BrowserServer], capsys: pytest.CaptureFixture[str]
) -> None:
    run(str(root), "--serve", "--port", "0")
    (server,) = served
    assert server._listener.getsockname()[0] == HOST
    assert capsys.readouterr().out == f"my corpus is at http://{HOST}:{server.port} on this machine; Ctrl+C ends it.\n"


def test_help_says_that_there_is_no_password(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        run("--help")
    assert "no password" in " ".join(capsys.readouterr().out.split())


def test_a_port_that_is_taken_is_one_sentence(root: Path) -> None:
    with socket.create_server((HOST, 0)) as taken, pytest.raises(UserError, match=r"choose another with --port\.$"):
        run(str(root), "--serve", "--port", str(taken.getsockname()[1]))


def test_a_port_without_a_server_is_one_sentence(root: Path) -> None:
    with pytest.raises(UserError, match="add --serve"):
        run(str(root), "--port", "8000")


def test_without_the_extra_it_says_what_to_install(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("caa_tui.launch.find_spec", lambda name: None if name == "textual_serve" else find_spec(name))
    with pytest.raises(UserError, match=r"caa-tui\[serve\]"):
        run(str(root), "--serve")


def test_a_folder_that_is_no_corpus_is_told_before_anything_listens(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="no folder"):
        run(str(tmp_path / "nowhere"), "--serve")


def test_a_port_below_1024_that_needs_rights_is_told_too(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket, "create_server", refuse)
    with pytest.raises(UserError, match=r"Port 80 cannot be used \(permission denied\)"):
        listen(80)


def test_a_served_program_is_known_by_its_driver(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TEXTUAL_DRIVER", raising=False)
    assert not is_served()
    monkeypatch.setenv("TEXTUAL_DRIVER", "textual.drivers.web_driver:WebDriver")
    assert is_served()


def test_the_second_window_is_told_how_to_write(root: Path) -> None:
    first = CorpusLock(open_workspace(root).data)
    assert first.acquire() is None
    workspace = open_workspace(root)
    workspace.in_browser = True
    with hold_corpus(workspace):
        assert workspace.read_only
        assert workspace.opening_note.endswith("close it, then load this page again.")
    first.release()


@pytest.mark.parametrize("command", ["edit_external", "story_external", "settings"])
def test_a_browser_is_told_why_no_other_program_opens(root: Path, command: str) -> None:
    workspace = open_workspace(root)
    assert BY_ID[command].disabled_reason(workspace) is None
    workspace.in_browser = True
    assert "in a terminal" in str(BY_ID[command].disabled_reason(workspace))
