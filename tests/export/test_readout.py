"""The exported pair: the reference's bytes, sound or refused, written whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from safetensors.numpy import load, save

from caa_tui.errors import UserError
from caa_tui.export.load import read_readout
from caa_tui.export.readout import (
    MANIFEST_FILE,
    TENSORS_FILE,
    check_readout,
    check_writable,
    readout_files,
    write_files,
)
from caa_tui.vectors.data import ConceptVectors

OLD = {TENSORS_FILE: b"old tensors", MANIFEST_FILE: b"old manifest"}


def unit_vectors(
    layers: tuple[int, ...] = (12, 4), concepts: int = 3, hidden: int = 64, seed: int = 0
) -> ConceptVectors:
    rng = np.random.default_rng(seed)
    matrix = {}
    for layer in layers:
        rows = rng.standard_normal((concepts, hidden))
        matrix[layer] = rows / np.linalg.norm(rows, axis=1, keepdims=True)
    return ConceptVectors(concepts=tuple(f"c{i}" for i in range(concepts)), layers=layers, matrix=matrix)


def names_in(folder: Path) -> list[str]:
    return sorted(entry.name for entry in folder.iterdir())


def content(folder: Path) -> dict[str, bytes]:
    return {entry.name: entry.read_bytes() for entry in folder.iterdir()}


def test_the_files_are_the_references() -> None:
    vectors = unit_vectors()
    files = readout_files(vectors, 64)
    assert list(files) == [TENSORS_FILE, MANIFEST_FILE]
    expected = {"concepts": ["c0", "c1", "c2"], "layers": [12, 4], "hidden_size": 64, "dtype": "float16"}
    assert files[MANIFEST_FILE] == (json.dumps(expected, indent=2) + "\n").encode()
    tensors = load(files[TENSORS_FILE])
    assert sorted(tensors) == ["layer_12.vectors", "layer_4.vectors"]
    np.testing.assert_array_equal(tensors["layer_4.vectors"], vectors.matrix[4].astype(np.float16))


def test_the_bytes_are_those_torch_would_write() -> None:
    torch = pytest.importorskip("torch")
    safetensors_torch = pytest.importorskip("safetensors.torch")
    vectors = unit_vectors(layers=(16, 2, 9))
    tensors = {f"layer_{layer}.vectors": torch.tensor(rows).to(torch.float16) for layer, rows in vectors.matrix.items()}
    assert readout_files(vectors, 64)[TENSORS_FILE] == safetensors_torch.save(tensors)


def test_names_outside_ascii_are_escaped_as_json_does() -> None:
    vectors = unit_vectors(layers=(1,), concepts=1)
    named = ConceptVectors(concepts=("préoccupé",), layers=(1,), matrix=vectors.matrix)
    assert b'"pr\\u00e9occup\\u00e9"' in readout_files(named, 64)[MANIFEST_FILE]


@given(st.integers(1, 9), st.sampled_from([16, 64, 576, 5120]), st.integers(0, 99))
def test_rounding_to_float16_always_passes_the_check(concepts: int, hidden: int, seed: int) -> None:
    files = readout_files(unit_vectors(concepts=concepts, hidden=hidden, seed=seed), hidden)
    assert files == readout_files(unit_vectors(concepts=concepts, hidden=hidden, seed=seed), hidden)


def test_what_was_written_is_read_back(tmp_path: Path) -> None:
    vectors = unit_vectors()
    write_files(tmp_path / "new" / "folder", readout_files(vectors, 64))
    found = read_readout(tmp_path / "new" / "folder")
    assert (found.concepts, found.layers, found.raw_norms) == (vectors.concepts, vectors.layers, {})
    for layer in vectors.layers:
        np.testing.assert_allclose(found.matrix[layer], vectors.matrix[layer], atol=1e-3)
        np.testing.assert_allclose(np.linalg.norm(found.matrix[layer], axis=1), 1.0)


def broken(change: Callable[[dict[str, object], dict[str, np.ndarray]], None]) -> dict[str, bytes]:
    files = readout_files(unit_vectors(), 64)
    manifest, tensors = json.loads(files[MANIFEST_FILE]), load(files[TENSORS_FILE])
    change(manifest, tensors)
    return {TENSORS_FILE: save(tensors), MANIFEST_FILE: json.dumps(manifest).encode()}


def _row(tensors: dict[str, np.ndarray], value: float) -> None:
    tensors["layer_4.vectors"][1] = value


BROKEN: dict[str, tuple[Callable[[dict[str, object], dict[str, np.ndarray]], object], str]] = {
    "missing layer": (lambda m, t: t.pop("layer_4.vectors"), "tensors of readout.safetensors are not"),
    "extra tensor": (lambda m, t: t.update(more=np.zeros(1, np.float16)), "tensors of readout.safetensors are not"),
    "concept twice": (lambda m, t: m.update(concepts=["c0", "c1", "c0"]), "names a concept twice"),
    "layer twice": (lambda m, t: m.update(layers=[12, 12]), "names a layer twice"),
    "layer below 0": (lambda m, t: m.update(layers=[12, -1]), "names a layer twice or one below 0"),
    "no concept": (lambda m, t: m.update(concepts=[]), "names no concept"),
    "more concepts": (lambda m, t: m.update(concepts=["a", "b", "c", "d"]), r"layer_12.vectors is float16 \(3, 64\)"),
    "other width": (lambda m, t: m.update(hidden_size=65), r"not float16 \(3, 65\)"),
    "other type": (lambda m, t: m.update(dtype="float32"), "says dtype float32"),
    "float32": (lambda m, t: t.update({"layer_4.vectors": np.ones((3, 64), np.float32)}), "is float32"),
    "extra key": (lambda m, t: m.update(extra=1), "readout.json does not fit"),
    "not finite": (lambda m, t: _row(t, np.nan), "not finite"),
    "zero row": (lambda m, t: _row(t, 0.0), "vector of c1 in layer_4.vectors has length 0.0000"),
    "long row": (lambda m, t: _row(t, 0.126), "has length 1.00"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_an_unsound_pair_is_refused(name: str) -> None:
    change, says = BROKEN[name]

    def apply(manifest: dict[str, object], tensors: dict[str, np.ndarray]) -> None:
        change(manifest, tensors)

    with pytest.raises(UserError, match=says):
        check_readout(broken(apply))


@pytest.mark.parametrize(
    ("name", "data"),
    [(TENSORS_FILE, b""), (TENSORS_FILE, b"\xff" * 64), (MANIFEST_FILE, b"{"), (MANIFEST_FILE, b"\xff\xfe")],
)
def test_unreadable_files_are_refused(name: str, data: bytes, tmp_path: Path) -> None:
    files = {**readout_files(unit_vectors(), 64), name: data}
    write_files(tmp_path, files)
    with pytest.raises(UserError, match="not sound"):
        read_readout(tmp_path)


def test_a_missing_pair_is_said(tmp_path: Path) -> None:
    with pytest.raises(UserError, match=r"no readout\.safetensors in"):
        read_readout(tmp_path / "nowhere")


def test_zero_vectors_are_never_exported() -> None:
    vectors = ConceptVectors(concepts=("joy",), layers=(1,), matrix={1: np.zeros((1, 8))})
    with pytest.raises(UserError, match="not sound"):
        readout_files(vectors, 8)


@pytest.fixture
def umask() -> Iterator[None]:
    old = os.umask(0o027)
    yield
    os.umask(old)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.mark.usefixtures("umask")
def test_new_files_follow_the_umask_and_replaced_ones_keep_their_mode(tmp_path: Path) -> None:
    (tmp_path / MANIFEST_FILE).write_bytes(b"old")
    (tmp_path / MANIFEST_FILE).chmod(0o604)
    write_files(tmp_path, {TENSORS_FILE: b"t", MANIFEST_FILE: b"m"})
    assert (mode(tmp_path / TENSORS_FILE), mode(tmp_path / MANIFEST_FILE)) == (0o640, 0o604)
    assert names_in(tmp_path) == [MANIFEST_FILE, TENSORS_FILE]


def test_a_link_is_followed(tmp_path: Path) -> None:
    (tmp_path / "store").mkdir()
    (tmp_path / "out").mkdir()
    (tmp_path / "store" / "real").write_bytes(b"old")
    (tmp_path / "out" / TENSORS_FILE).symlink_to(tmp_path / "store" / "real")
    write_files(tmp_path / "out", {TENSORS_FILE: b"new"})
    assert (tmp_path / "out" / TENSORS_FILE).is_symlink()
    assert content(tmp_path / "store") == {"real": b"new"}


def refusal(folder: Path, files: dict[str, bytes]) -> str | None:
    try:
        write_files(folder, files)
    except UserError as error:
        return str(error)
    return None


@pytest.mark.parametrize("existing", [{}, {TENSORS_FILE: b"old tensors"}, OLD])
@pytest.mark.parametrize("call", ["fsync", "replace", "link"])
@pytest.mark.parametrize("nth", [1, 2, 3])
def test_a_failing_disk_leaves_the_old_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, existing: dict[str, bytes], call: str, nth: int
) -> None:
    for name, data in existing.items():
        (tmp_path / name).write_bytes(data)
    new = {TENSORS_FILE: b"new tensors", MANIFEST_FILE: b"new manifest"}
    calls = 0

    def fail(real: Callable[..., object]) -> Callable[..., object]:
        def wrapped(*arguments: object) -> object:
            nonlocal calls
            calls += 1
            if calls == nth:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
            return real(*arguments)

        return wrapped

    owner: object = Path if call == "replace" else os
    monkeypatch.setattr(owner, call, fail(getattr(owner, call)))
    message = refusal(tmp_path, new)
    if message is not None:
        assert "no space left on device" in message
        assert content(tmp_path) == existing
    else:
        # A file system without hard links is no reason to fail; nor is a call that was never made.
        assert content(tmp_path) == new
        assert call == "link" or calls < nth


def test_an_interrupt_leaves_the_old_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, data in OLD.items():
        (tmp_path / name).write_bytes(data)

    def interrupt(descriptor: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        write_files(tmp_path, dict(OLD, **{TENSORS_FILE: b"new"}))
    assert content(tmp_path) == OLD


def test_a_folder_that_can_be_written_is_left_alone(tmp_path: Path) -> None:
    check_writable(tmp_path)
    check_writable(tmp_path / "not" / "yet")
    assert names_in(tmp_path) == []


def test_folders_that_cannot_be_written_are_refused_before_work(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    (tmp_path / "dangling").symlink_to(tmp_path / "nowhere")
    (tmp_path / "taken" / TENSORS_FILE).mkdir(parents=True)
    for folder in ("file", "file/below", "dangling", "taken", "nul\0byte", "x" * 300):
        with pytest.raises(UserError, match="cannot be written") as refused:
            check_writable(tmp_path / folder)
        assert "\n" not in str(refused.value)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission_is_refused(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(UserError, match="Permission denied"):
        check_writable(tmp_path / "new")


def test_a_name_with_control_characters_is_escaped_in_the_sentence(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"")
    with pytest.raises(UserError) as refused:
        check_writable(tmp_path / "f" / "a\x1b[31mb\nc")
    assert str(refused.value).isprintable()
