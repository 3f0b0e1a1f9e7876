"""What is said of models and devices before anything is loaded, and without the network."""

from __future__ import annotations

import socket
from pathlib import Path
from types import SimpleNamespace

import gguf as gguf_library
import huggingface_hub.constants
import numpy as np
import pytest
import torch
from tiny_models import tiny_model

from caa_tui.activations import describe, gpu
from caa_tui.activations.data import GpuReading
from caa_tui.activations.describe import Device, Model, describe_model, devices, known_models
from caa_tui.errors import UserError
from caa_tui.runs.describe import described
from caa_tui.runs.protocol import DescribeRequest


@pytest.fixture(autouse=True)
def _no_network(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the network was used")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def test_a_folder(tmp_path: Path) -> None:
    folder = tiny_model("llama", tmp_path / "m")
    model = describe_model(str(folder))
    size = sum(path.stat().st_size for path in folder.glob("*.safetensors"))
    assert (model.on_disk, model.size_bytes) == (True, size)
    assert model.layers >= 2
    assert model.hidden_size > 0
    assert model.parameters is not None
    assert model.parameters * 4 <= size
    assert model.extendable


def test_a_gguf_file_that_is_not_converted_yet(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    path = tmp_path / "m.gguf"
    write_gguf(path, layers=12)
    assert describe_model(str(path)) == Model(
        on_disk=True, layers=12, hidden_size=64, context=4096, parameters=128, size_bytes=path.stat().st_size
    )
    assert not (tmp_path / "cache").exists(), "looking does not convert"
    write_gguf(path, layers=None)
    with pytest.raises(UserError, match="does not say how many layers"):
        describe_model(str(path))
    path.write_bytes(b"GGUF and then nothing")
    with pytest.raises(UserError, match="not a readable GGUF file"):
        describe_model(str(path))


def test_a_hub_id_that_is_not_here(hub: Path) -> None:
    assert describe_model("owner/name") == Model(on_disk=False)


def test_a_download_that_was_broken_off_tells_the_layers(hub: Path, tmp_path: Path) -> None:
    whole = tiny_model("llama", tmp_path / "m")
    snapshot = hub / "models--owner--name" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    refs = hub / "models--owner--name" / "refs"
    refs.mkdir()
    (refs / "main").write_text("abc")
    (snapshot / "config.json").write_bytes((whole / "config.json").read_bytes())
    model = describe_model("owner/name")
    assert not model.on_disk
    assert model.layers == describe_model(str(whole)).layers
    assert (model.parameters, model.size_bytes) == (None, None)
    for file in whole.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    assert describe_model("owner/name") == describe_model(str(whole))
    assert known_models()[-1] == "owner/name"


def test_what_cannot_be_used_says_why(tmp_path: Path) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "t5", "is_encoder_decoder": true}')
    for name, words in (("./nowhere", "There is no model"), (str(tmp_path), "encoder-decoder")):
        with pytest.raises(UserError, match=words):
            describe_model(name)
        answer = described(DescribeRequest(run_id="question 1", model=name))
        assert answer.model is not None
        assert words in answer.model.problem


def test_the_cpu_is_always_there() -> None:
    *_, cpu = devices()
    assert cpu.name == "cpu"
    assert cpu.free_bytes is not None
    assert cpu.total_bytes is not None
    assert 0 < cpu.free_bytes <= cpu.total_bytes


def test_gpus_come_first_and_no_context_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    def context(*_: object) -> None:
        raise AssertionError("a CUDA context takes memory on the GPU")

    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 2)
    monkeypatch.setattr(torch.cuda, "mem_get_info", context)
    facts = SimpleNamespace(name="Imagined GPU", total_memory=80, uuid="1")
    monkeypatch.setattr(torch.cuda, "get_device_properties", lambda _: facts)
    readings = iter((GpuReading(busy=0.0, used_bytes=10, total_bytes=80), None))
    monkeypatch.setattr(gpu, "gpu_meter", lambda _: SimpleNamespace(read=lambda: next(readings)))
    first, second, _ = devices()
    assert first == Device(name="cuda:0", label="Imagined GPU", free_bytes=70, total_bytes=80)
    assert second == Device(name="cuda:1", label="Imagined GPU", free_bytes=None, total_bytes=80)


def test_nothing_that_goes_wrong_ends_the_worker(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the driver is of another version")

    monkeypatch.setattr(describe, "devices", broken)
    monkeypatch.setattr(describe, "describe_model", broken)
    answer = described(DescribeRequest(run_id="question 1", model="m"))
    assert answer.devices == ()
    assert answer.model is not None
    assert "RuntimeError" in answer.model.problem


@pytest.fixture
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty hub cache."""
    folder = tmp_path / "hub"
    folder.mkdir()
    monkeypatch.setattr(huggingface_hub.constants, "HF_HUB_CACHE", str(folder))
    return folder


def write_gguf(path: Path, layers: int | None) -> None:
    writer = gguf_library.GGUFWriter(str(path), "llama")
    if layers is not None:
        writer.add_block_count(layers)
    writer.add_embedding_length(64)
    writer.add_context_length(4096)
    writer.add_tensor("x", np.zeros((4, 32), dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()
