"""The same files, the same model; any other byte, another model."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest
from collecting import run
from tiny_models import edit_config, story_texts, tiny_model

from caa_tui.activations.fingerprint import model_fingerprint
from caa_tui.activations.setting import versions


class Memory:
    """The store's table as a dictionary."""

    def __init__(self) -> None:
        self.known: dict[tuple[str, int, int, int], str] = {}

    def remembered_hash(self, path: str, size: int, mtime_ns: int, inode: int) -> str | None:
        return self.known.get((path, size, mtime_ns, inode))

    def remember_hash(self, path: str, size: int, mtime_ns: int, inode: int, digest: str) -> None:
        self.known[path, size, mtime_ns, inode] = digest


def _write(folder: Path, **files: str) -> Path:
    folder.mkdir(exist_ok=True)
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    return folder


def test_content_decides(tmp_path: Path) -> None:
    one = _write(tmp_path / "one", config_json="{}", model_safetensors="abc")
    same = _write(tmp_path / "two", config_json="{}", model_safetensors="abc")
    other = _write(tmp_path / "three", config_json="{}", model_safetensors="abd")
    more = _write(tmp_path / "four", config_json="{}", model_safetensors="abc", tokenizer_json="{}")
    prints = [model_fingerprint(folder, Memory()) for folder in (one, same, other, more)]
    assert prints[0] == prints[1]
    assert len(set(prints)) == 3


def test_a_file_is_read_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, memory = _write(tmp_path / "one", config_json="{}", model_safetensors="abc"), Memory()
    first = model_fingerprint(folder, memory)
    with monkeypatch.context() as patch:
        patch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read again"))
        assert model_fingerprint(folder, memory) == first
    _write(folder, model_safetensors="abcd")
    assert model_fingerprint(folder, memory) != first


def test_hub_blobs_are_not_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, snapshot = tmp_path / "blobs", tmp_path / "snapshots" / "0123"
    blobs.mkdir()
    snapshot.mkdir(parents=True)
    (blobs / "e3b0").write_text("weights")
    (snapshot / "model.safetensors").symlink_to(blobs / "e3b0")
    monkeypatch.setattr(hashlib, "file_digest", lambda *_: pytest.fail("read"))
    assert model_fingerprint(snapshot, Memory())


@pytest.mark.parametrize("what", ["config", "tokenizer", "weights"])
def test_another_model_in_the_same_folder_is_read_again(what: str, tmp_path: Path) -> None:
    folder, texts = tiny_model("llama", tmp_path / "model"), story_texts(2)
    run(texts, folder, tmp_path / "store")
    if what == "config":
        edit_config(folder, rms_norm_eps=1e-3)
    elif what == "tokenizer":
        (folder / "tokenizer_config.json").write_text((folder / "tokenizer_config.json").read_text() + "\n")
    else:
        weights = bytearray((folder / "model.safetensors").read_bytes())
        weights[-1] ^= 1
        (folder / "model.safetensors").write_bytes(weights)
    assert run(texts, folder, tmp_path / "store").forwarded == 2


def test_a_copied_folder_is_the_same_model(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    import shutil

    copied = Path(shutil.copytree(model_folder("llama"), tmp_path / "copy"))
    texts = story_texts(2)
    run(texts, model_folder("llama"), tmp_path / "store")
    assert run(texts, copied, tmp_path / "store").forwarded == 0


def test_every_library_that_decides_the_numbers_is_in_the_key() -> None:
    assert {"torch", "transformers", "tokenizers"} <= versions().keys()
