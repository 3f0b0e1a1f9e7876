"""Being here puts this folder on the module path: `from tiny_models import tiny_model` works in every test."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

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
