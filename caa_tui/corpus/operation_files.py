"""Which files an operation is about, and what is said of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from caa_tui.corpus import folders, names
from caa_tui.corpus.accepted import ACCEPTED_FILE, load_accepted
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.journal import FileChange, Operation
from caa_tui.corpus.places import inside, short_name, story_place
from caa_tui.corpus.settings import SETTINGS_FILE, load_settings
from caa_tui.corpus.text import sha256
from caa_tui.errors import UserError
from caa_tui.wording import count


def observed(root: Path, path: str, after: str | None) -> FileChange:
    """What would become of a file, with its hash as it is now."""
    try:
        file = story_place(root, path)
        data = read_regular(file)
        return FileChange(path, after, sha256(data), stat.S_IMODE(file.stat().st_mode))
    except (UnusableFile, OSError) as problem:
        if isinstance(problem, UnusableFile) and not isinstance(problem.__cause__, FileNotFoundError):
            raise UserError(f"{short_name(path)} {problem.reason}.") from problem
        raise UserError(f"{short_name(path)} is not there any more; choose another story.") from problem


def of_concept(root: Path, concept: str) -> Iterator[tuple[str, str | None]]:
    """(path, scenario) of every story, also of those that are no text; a folder with two names counts once."""
    seen = set()
    for place in folders.walk(root).places:
        folder = os.path.realpath(root / Path(place.path).parent)
        if place.stem == concept and folder not in seen:
            seen.add(folder)
            yield place.path, place.scenario


def in_folder(root: Path, before: str, after: str) -> Iterator[FileChange]:
    """The stories of a scenario's folder; what is unreadable moves along unseen."""
    try:
        entries = sorted(inside(root, before).glob(f"*{names.STORY_SUFFIX}"))
    except UnusableFile as problem:
        raise UserError(f"{names.shown(before)} {problem.reason}.") from problem
    for file in entries:
        with contextlib.suppress(UserError):
            yield observed(root, f"{before}/{file.name}", f"{after}/{file.name}")


def left_to_do(root: Path, operation: Operation) -> str:
    """Which of the curator's own files still name what was renamed; only she changes them. Empty: none."""
    found = []
    if operation.before in _wanted(root, operation.kind):
        found.append(f"{SETTINGS_FILE} still wants {operation.before}; write {operation.after} there.")
    if operation.kind == "rename concept" and operation.before in _accepted(root):
        found.append(f"{ACCEPTED_FILE} still accepts flags of {operation.before}; write {operation.after} there.")
    return " ".join(found)


def _wanted(root: Path, kind: str) -> set[str]:
    with contextlib.suppress(UserError):
        manifest = load_settings(root).manifest
        if kind == "rename concept":
            return {*manifest.concepts, *chain.from_iterable(manifest.scenarios.values())}
        if kind == "rename scenario":
            return set(manifest.scenarios)
    return set()


def _accepted(root: Path) -> set[str]:
    with contextlib.suppress(UserError):
        return {entry.concept for entry in load_accepted(root)}
    return set()


def sentence(operation: Operation) -> str:
    """What an operation does, without a full stop."""
    match operation.kind:
        case "create":
            return f"{operation.after} created"
        case "delete":
            return f"{operation.before} deleted"
        case "move":
            return f"{operation.before} moved to {operation.after}"
        case "rename concept":
            return f"{operation.before} renamed to {operation.after} in {count(len(operation.files), 'file')}"
        case "rename scenario":
            stories = count(len(operation.files), "story", "stories")
            return f"scenario {operation.before} renamed to {operation.after}, with {stories}"
