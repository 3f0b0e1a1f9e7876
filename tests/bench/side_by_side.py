"""Run the reference trainer and `caa train` on the same corpus and model, compare every number, and time both.

    python tests/bench/side_by_side.py --reference REFERENCE.py --model M --layers 12,16,20,24 sample_corpus

The reference script is not part of this project. Exit code 0 when all agree: cosines >= 0.99999, readout.json the
same bytes, shared keys of quality.json within 1e-3 relative where the reference's number is finite, the same buckets.
"""

from __future__ import annotations

import argparse
import json
import math
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from safetensors.numpy import load_file

RELATIVE = 1e-3
ABSOLUTE = 1e-5
"""Numbers that are zero but for rounding (a mean of cosines that cancel, the last variance ratio) have no relative
error."""
PROJECTIONS = ("story_projection_mean", "story_projection_std", "story_projection_min", "story_projection_max")
"""Of one length: an error counts relative to the largest, since the smallest can be the difference of large numbers."""


def main() -> int:
    """Command line of the comparison."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--reference", type=Path, required=True)
    parser.add_argument("--model", required=True, help="a folder both can load")
    parser.add_argument("--layers", required=True)
    parser.add_argument("--reference-output", type=Path, help="reuse an earlier output of the reference")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        theirs = args.reference_output or Path(scratch) / "reference"
        their_seconds = 0.0 if (theirs / "quality.json").exists() else run_reference(args, theirs)
        ours = Path(scratch) / "ours"
        corpus = Path(scratch) / "corpus"
        shutil.copytree(args.corpus, corpus, ignore=shutil.ignore_patterns(".caa"))
        our_seconds, result = run_ours(args, corpus, ours)
        problems = list(compare(theirs, ours, result))
        again_seconds, again = run_ours(args, corpus, Path(scratch) / "again")
        first = next(corpus.glob("paired/*/baseline.txt"))
        first.write_text(first.read_text(encoding="utf-8") + "\nThat was all.\n", encoding="utf-8")
        edited_seconds, edited = run_ours(args, corpus, Path(scratch) / "edited")
    print(f"reference {their_seconds:.1f} s, caa {our_seconds:.1f} s (fresh process, empty cache)")
    if their_seconds:
        print(f"ratio {their_seconds / our_seconds:.2f}")
    print(f"again {again_seconds:.1f} s, {again['forwarded_texts']} texts forwarded (fresh process)")
    print(f"one story edited {edited_seconds:.1f} s, {edited['forwarded_texts']} forwarded (fresh process)")
    print(f"padding {result['padded_tokens'] / max(1, result['tokens']):.3f} padded/real tokens")
    print("\n".join(problems) or "all numbers agree")
    return 1 if problems else 0


def run_reference(args: argparse.Namespace, output: Path) -> float:
    """Wall seconds of the reference; its summary goes to reference.log beside its files."""
    output.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, str(args.reference), "--model", args.model, "--device", "cpu", "--dtype", "fp32"]
    command += ["--stories-dir", str(args.corpus / "stories"), "--paired-dir", str(args.corpus / "paired")]
    command += ["--target-layers", args.layers, "--output-dir", str(output), "--max-length", "512", "--quality-report"]
    start = time.perf_counter()
    with (output / "reference.log").open("w", encoding="utf-8") as log:
        subprocess.run(command, check=True, stdout=log, stderr=subprocess.STDOUT)
    return time.perf_counter() - start


def run_ours(args: argparse.Namespace, corpus: Path, output: Path) -> tuple[float, dict[str, Any]]:
    """Wall seconds of one `caa train` process, and its result event."""
    command = [sys.executable, "-m", "caa_tui.cli", "train", str(corpus), "--model", args.model, "--device", "cpu"]
    command += ["--dtype", "fp32", "--target-layers", args.layers, "--max-length", "512"]
    command += ["--output-dir", str(output), "--json"]
    start = time.perf_counter()
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    seconds = time.perf_counter() - start
    result: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seconds, result


def compare(theirs: Path, ours: Path, result: dict[str, Any]) -> Iterator[str]:
    """One line per disagreement."""
    if (theirs / "readout.json").read_bytes() != (ours / "readout.json").read_bytes():
        yield "readout.json differs"
    yield from compare_vectors(load_file(theirs / "readout.safetensors"), load_file(ours / "readout.safetensors"))
    their_quality = json.loads((theirs / "quality.json").read_text(encoding="utf-8"))
    our_quality = json.loads((ours / "quality.json").read_text(encoding="utf-8"))
    yield from compare_numbers(their_quality, our_quality, "quality")
    yield from compare_buckets(theirs / "reference.log", result["buckets"])


def compare_vectors(theirs: dict[str, np.ndarray], ours: dict[str, np.ndarray]) -> Iterator[str]:
    """Cosine of every vector; prints the lowest."""
    if theirs.keys() != ours.keys():
        yield f"tensors differ: {sorted(theirs)} and {sorted(ours)}"
        return
    lowest = 1.0
    for name, matrix in theirs.items():
        left, right = matrix.astype(np.float64), ours[name].astype(np.float64)
        cosines = (left * right).sum(1) / np.linalg.norm(left, axis=1) / np.linalg.norm(right, axis=1)
        lowest = min(lowest, float(cosines.min()))
        if cosines.min() < 0.99999:
            yield f"{name}: cosine {cosines.min():.7f}"
    print(f"lowest cosine of {sum(len(matrix) for matrix in theirs.values())} vectors: {lowest:.8f}")


def compare_numbers(theirs: Any, ours: Any, place: str) -> Iterator[str]:
    """Walk both documents along the reference's keys."""
    if isinstance(theirs, dict):
        scale = max((abs(theirs[key]) for key in PROJECTIONS if math.isfinite(theirs.get(key, math.nan))), default=0.0)
        for key, value in theirs.items():
            if key not in ours:
                yield f"{place}.{key} is missing"
            elif key in PROJECTIONS and math.isfinite(value):
                if abs(value - ours[key]) > RELATIVE * scale:
                    yield f"{place}.{key}: {value} and {ours[key]}"
            else:
                yield from compare_numbers(value, ours[key], f"{place}.{key}")
    elif isinstance(theirs, list):
        if len(theirs) != len(ours):
            yield f"{place}: {len(theirs)} and {len(ours)} entries"
        for index, (left, right) in enumerate(zip(theirs, ours, strict=False)):
            yield from compare_numbers(left, right, f"{place}[{index}]")
    elif isinstance(theirs, float) and not math.isfinite(theirs):
        return
    elif isinstance(theirs, float | int) and not isinstance(theirs, bool):
        if not isinstance(ours, float | int) or abs(theirs - ours) > RELATIVE * abs(theirs) + ABSOLUTE:
            yield f"{place}: {theirs} and {ours}"
    elif theirs != ours:
        yield f"{place}: {str(theirs)[:60]!r} and {str(ours)[:60]!r}"


def compare_buckets(log: Path, ours: dict[str, list[str]]) -> Iterator[str]:
    """The reference prints the size of each bucket and the first five names of three of them."""
    text = log.read_text(encoding="utf-8")
    labels = {
        "clean_single_neuron": r"clean \(single-neuron\): (\d+)",
        "clean_circuit": r"clean \(low-dim circuit\): (\d+)",
        "fragmented": r"fragmented \(first-PC < 0\.4\): (\d+)",
        "contaminated": r"contaminated \(nearest > 0\.8\): (\d+)",
        "redundant": r"redundant \(R² > 0\.9 vs\. others\): (\d+)",
    }
    for bucket, pattern in labels.items():
        found = re.search(pattern, text)
        if found is None or int(found[1]) != len(ours.get(bucket, ())):
            yield f"bucket {bucket}: {found and found[1]} and {len(ours.get(bucket, ()))}"
        sample = re.search(rf"{bucket} sample: (\[.*\])", text)
        if sample and json.loads(sample[1].replace("'", '"')) != list(ours.get(bucket, ()))[:5]:
            yield f"bucket {bucket}: {sample[1]} and {ours.get(bucket)}"


if __name__ == "__main__":
    raise SystemExit(main())
