"""`caa-tui` from the outside: what it imports, and what it says when it cannot open."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from caa_tui.errors import UserError
from caa_tui.launch import open_corpus
from caa_tui.tui.open import open_workspace

FIRST_PAINT = """
import asyncio, sys
from pathlib import Path
from caa_tui.launch import main
from caa_tui.tui.app import CaaApp
from caa_tui.tui.open import open_workspace

async def paint():
    app = CaaApp(open_workspace(Path(sys.argv[1])))
    async with app.run_test(size=(80, 24)) as pilot:
        await pilot.pause()

asyncio.run(paint())
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"torch", "transformers", "accelerate", "sklearn"}))
"""


def test_first_paint_imports_no_torch(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    done = subprocess.run(
        [sys.executable, "-c", FIRST_PAINT, str(tmp_path)], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == []


FIRST_IMPORTS = """
import sys
import caa_tui.launch, caa_tui.tui.app, caa_tui.tui.open, caa_tui.tui.screens.corpus_screen
print(*sorted({name.partition(".")[0] for name in sys.modules} & {"numpy", "pydantic", "scipy", "typer", "watchfiles"}))
"""


def test_what_is_imported_before_the_first_paint_is_quick() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FIRST_IMPORTS], capture_output=True, text=True, timeout=120, check=True
    )
    assert done.stdout.split() == []


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no folder .*check the path\.$"):
        open_workspace(tmp_path / "nowhere")


def test_a_file_is_one_sentence(tmp_path: Path) -> None:
    file = tmp_path / "corpus.txt"
    file.write_text("not a folder", encoding="utf-8")
    with pytest.raises(UserError, match=r"is not a folder.*\.$"):
        open_workspace(file)


def test_a_folder_without_stories_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"neither a stories/ nor a paired/ folder.*\.$"):
        open_workspace(tmp_path)


def test_without_a_terminal_it_points_to_caa(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    with pytest.raises(UserError, match="caa train"):
        open_corpus([str(tmp_path)])


@pytest.mark.parametrize(("word", "said"), [("--version", "caa-tui "), ("--help", "CORPUS")])
def test_version_and_help(word: str, said: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^0$"):
        open_corpus([word])
    assert said in capsys.readouterr().out


@pytest.mark.parametrize("port", ["-1", "65536", "x", "²"])
def test_a_port_that_is_none_is_refused(port: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        open_corpus(["corpus", "--serve", f"--port={port}"])
    assert "is not a number from 0 to 65535" in capsys.readouterr().err


def test_entry_point_prints_the_sentence_without_a_traceback(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "caa_tui.launch", str(tmp_path / "nowhere")],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.startswith("caa-tui: ")
    assert "Traceback" not in done.stderr


def test_broken_settings_do_not_keep_the_corpus_closed(tmp_path: Path) -> None:
    (tmp_path / "stories").mkdir()
    (tmp_path / "caa.toml").write_text("[training\n", encoding="utf-8")
    assert open_workspace(tmp_path).state.settings.training.model is None


COLLECTING = """
import gc, weakref
from caa_tui.launch import collect_garbage

class Screen:
    pass

def shown():
    screen = Screen()
    screen.itself = screen
    return screen

gc.disable()
living = shown()
gone = weakref.ref(living)
collect_garbage()
assert gone() is not None and gc.get_freeze_count() > 0 and gc.isenabled()
del living
gc.collect()
assert gone() is not None, "set aside: no collection looks at it"
collect_garbage()
assert gone() is None, "what was set aside is looked through again"
"""


def test_what_was_set_aside_is_freed_later() -> None:
    """In a process of its own: it changes how Python collects garbage everywhere."""
    subprocess.run([sys.executable, "-c", COLLECTING], timeout=120, check=True)
