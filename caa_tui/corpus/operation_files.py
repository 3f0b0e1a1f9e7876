"""Which files an operation is about, and what is said of it."""

from __future__ import annotations

import contextlib
import os
import stat
from collections.abc import Iterator
from itertools import chain
from pathlib import Path

from caa_tui.corpus import folders, names
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


def still_wanted(root: Path, operation: Operation) -> str:
    """Whether caa.toml names what was renamed; it is the curator's own file, so only she changes it."""
    try:
        manifest = load_settings(root).manifest
    except UserError:
        return ""
    wanted = {
        "rename concept": {*manifest.concepts, *chain.from_iterable(manifest.scenarios.values())},
        "rename scenario": set(manifest.scenarios),
    }
    if operation.before not in wanted.get(operation.kind, ()):
        return ""
    return f"{SETTINGS_FILE} still wants {operation.before}; write {operation.after} there."


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
