"""Small corpora for tests."""

from __future__ import annotations

import random
from pathlib import Path

from caa_tui.corpus.model import Corpus, Finding, FindingKind
from caa_tui.corpus.scan import scan

_TEXT = """
    the old ferry left at nine with two crates of pears and a bicycle nobody had asked about since spring when rain came
    over hills low enough to touch every roof on its way down past mill school bakery gate orchard well bridge lantern
"""
_WORDS = _TEXT.split()


def prose(seed: int | str, words: int = 60) -> str:
    """Sentences without meaning that resemble no other seed's."""
    chosen = random.Random(seed).choices(_WORDS, k=words - 1)
    return " ".join([*chosen, f"ending{seed}."])


def build(root: Path, files: dict[str, str | bytes]) -> Path:
    """Write files; text as UTF-8 without touching line endings."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def sound(root: Path) -> Path:
    """Three concepts in two scenarios and in stories/; nothing to find."""
    files: dict[str, str | bytes] = {}
    for folder in ("stories", "paired/doorway", "paired/kitchen"):
        for name in ("anger", "tender", "trust", "baseline"):
            if (folder, name) != ("stories", "baseline"):
                files[f"{folder}/{name}.txt"] = prose(len(files))
    return build(root, files)


def of_kind(corpus: Corpus, kind: FindingKind) -> list[Finding]:
    return [finding for finding in corpus.findings if finding.kind is kind]


def found(root: Path, kind: FindingKind) -> list[Finding]:
    return of_kind(scan(root), kind)
