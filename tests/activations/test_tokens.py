"""Token counts without transformers, against the tokens that training reads."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from tiny_models import VOCAB, story_texts, tiny_tokenizer

from caa_tui.activations import local
from caa_tui.activations.batching import tokenise
from caa_tui.activations.card import read_card
from caa_tui.activations.load import load_tokenizer
from caa_tui.activations.tokens import token_counter

TEXTS = [
    *story_texts(6),
    "  She closed the door—behind her.\n\nHe said: “3,000 times”, didn’t he?  \n",
    "喜びの朝だった。 naïve café\u00a0 x\ty  two  blanks <eos>",
]


def trained_on(folder: Path) -> list[int]:
    """Tokens of each text as the worker counts them."""
    tokenizer = load_tokenizer(read_card(folder, folder.name))
    return [len(row.ids) for row in tokenise(tokenizer, [text.strip() for text in TEXTS], 10_000, VOCAB)]


@pytest.mark.parametrize("family", ["llama", "gpt2", "qwen2"])
def test_it_counts_what_training_counts(model_folder: Callable[[str], Path], family: str) -> None:
    counter = token_counter(str(model_folder(family)))
    assert counter is not None
    assert [counter.count(text) for text in TEXTS] == trained_on(model_folder(family))


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("stated", [{}, {"add_bos_token": True}, {"add_bos_token": False, "add_eos_token": True}])
def test_special_tokens_are_those_of_the_template(
    model_folder: Callable[[str], Path], tmp_path: Path, bos: bool, stated: dict[str, bool]
) -> None:
    tiny_tokenizer(tmp_path, bos=bos)
    (tmp_path / "config.json").write_bytes((model_folder("llama") / "config.json").read_bytes())
    file = tmp_path / "tokenizer_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | stated))
    counter = token_counter(str(tmp_path))
    assert counter is not None
    assert [counter.count(text) for text in TEXTS] == trained_on(tmp_path)


def test_its_own_cutting_and_padding_do_not_count(tmp_path: Path) -> None:
    from tokenizers import Tokenizer

    tiny_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    before = token_counter(str(tmp_path))
    assert before is not None
    expected = [before.count(text) for text in TEXTS]
    tokenizer = Tokenizer.from_file(str(tmp_path / "tokenizer.json"))
    tokenizer.enable_truncation(4)
    tokenizer.enable_padding(length=64)
    tokenizer.save(str(tmp_path / "tokenizer.json"))
    after = token_counter(str(tmp_path))
    assert after is not None
    assert [after.count(text) for text in TEXTS] == expected


def test_a_converted_gguf_is_found_where_it_was_converted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "models_folder", lambda: tmp_path / "cache")
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    assert token_counter(str(file)) is None
    folder = local.converted_folder(file.resolve())
    folder.mkdir(parents=True)
    tiny_tokenizer(folder)
    assert token_counter(str(file)) is not None


@pytest.mark.parametrize("content", [None, b"not json", b"{}"])
def test_there_is_no_guess_without_a_readable_tokenizer(tmp_path: Path, content: bytes | None) -> None:
    (tmp_path / "config.json").write_text("{}")
    if content is not None:
        (tmp_path / "tokenizer.json").write_bytes(content)
    assert token_counter(str(tmp_path)) is None


@pytest.mark.parametrize("name", ["", "no/such-model", "~nobody/x.gguf", "\0"])
def test_a_model_that_is_not_here_has_no_counter(name: str) -> None:
    assert token_counter(name) is None


def test_counting_needs_no_torch(tmp_path: Path) -> None:
    tiny_tokenizer(tmp_path)
    (tmp_path / "config.json").write_text("{}")
    code = (
        "import sys; from caa_tui.activations.tokens import token_counter\n"
        f"assert token_counter({str(tmp_path)!r}).count('a story') > 0\n"
        "assert token_counter('no/such-model') is None\n"
        "sys.exit(' '.join({'torch', 'transformers', 'gguf'} & set(sys.modules)) or None)"
    )
    done = subprocess.run([sys.executable, "-c", code], env=os.environ, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
