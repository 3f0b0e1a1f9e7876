"""Being here puts this folder on the module path: `from tiny_models import tiny_model` works in every test."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from textual._styles_cache import StylesCache

if TYPE_CHECKING:
    from command_line import Caa

# Before torch is imported anywhere: parallel test processes must not fight for cores, and no test asks the network.
os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ["HF_HUB_OFFLINE"] = "1"
# What is remembered for the user has no place to be, so no test meets the guide of the first start or uses it up.
os.environ["XDG_STATE_HOME"] = os.devnull

ModelFolder = Callable[[str], Path]


@pytest.fixture(scope="session")
def model_folder(tmp_path_factory: pytest.TempPathFactory) -> ModelFolder:
    """Family name -> the folder of its tiny model, built once a session; read it, do not write to it."""
    built: dict[str, Path] = {}

    def get(family: str) -> Path:
        from tiny_models import tiny_model

        if family not in built:
            built[family] = tiny_model(family, tmp_path_factory.mktemp(family))
        return built[family]

    return get


@pytest.fixture
def caa(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Caa:
    """Runs a command line of `caa` to its end."""
    from command_line import in_this_process

    return in_this_process(capsys, monkeypatch)


@pytest.fixture
def trash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Deleted stories and runs go here instead of the user's trash."""
    folder = tmp_path / "trash"
    folder.mkdir()
    monkeypatch.setattr("send2trash.send2trash", lambda path: Path(path).rename(folder / Path(path).name))
    return folder


@pytest.fixture(autouse=True)
def no_tokenizer(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The story screen counts tokens where the model of a run lies on this machine; tests must not depend on that."""
    if request.path.parent.name == "tui":
        monkeypatch.setattr("caa_tui.tui.story_tokens.token_counter", lambda model: None)


@pytest.fixture(autouse=True)
def working_folder(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where relative paths of a test lead, such as the export's default: not into the clone."""
    folder = tmp_path_factory.mktemp("cwd")
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture(autouse=True)
def no_lines_of_earlier_apps(request: pytest.FixtureRequest) -> Iterator[None]:
    """Textual keeps the drawn lines of a thousand widgets in a cache of the class; a hundred apps fill gigabytes."""
    yield
    if request.path.parent.name == "tui":
        StylesCache.get_inner_outer.cache_clear()
