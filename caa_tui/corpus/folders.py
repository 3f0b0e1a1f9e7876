"""Which files under the root take part: the layout of the reference, and a finding for what does not fit it."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from caa_tui.corpus import names
from caa_tui.corpus.disk import UnusableFile, resolve_inside, unreadable
from caa_tui.corpus.model import BASELINE, Finding, FindingKind, Severity
from caa_tui.errors import UserError

STORIES = "stories"
PAIRED = "paired"

_USUAL_AT_ROOT = {"readme", "license", "licence", "notice", "notes", "todo", "changelog", "requirements", "constraints"}


@dataclass(frozen=True, slots=True)
class Place:
    """A file that may be a story: its name is fine, its content is not read yet."""

    path: str
    stem: str
    scenario: str | None
    file: Path
    """Where its bytes are, links followed."""


@dataclass
class Folders:
    """What a walk found."""

    places: list[Place] = field(default_factory=list)
    scenarios: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    def leave_out(self, kind: FindingKind, path: str, reason: str, severity: Severity = Severity.ERROR) -> None:
        """Note why `path` (as it is on disk) does not take part."""
        safe = names.shown(path)
        scenario = path.split("/")[1] if path.startswith(f"{PAIRED}/") and path.count("/") > 1 else None
        scenario = scenario if scenario is not None and names.is_printable(scenario) else None
        self.findings.append(Finding(kind, severity, f"{safe} {reason}.", (safe,), scenario=scenario))


def walk(root: Path) -> Folders:
    """Find every candidate story under `root`, which must be resolved. Reads no file content.

    Raises:
        UserError: `root` is missing, not a folder, cannot be listed, or has neither `stories/` nor `paired/`.
    """
    found = Folders()
    for entry in check_root(root):
        if entry.name == STORIES:
            _walk_stories(root, entry, found)
        elif entry.name == PAIRED:
            _walk_paired(root, entry, found)
        elif _looks_like_misplaced_story(entry):
            found.leave_out(
                FindingKind.STRAY_FILE,
                entry.name,
                "is not read here; move it to stories/ or to a folder under paired/",
                Severity.NOTE,
            )
    return found


def check_root(root: Path) -> list[os.DirEntry[str]]:
    """What lies directly under the root of a corpus.

    Raises:
        UserError: as for `walk`.
    """
    entries = _list_root(root)
    if not any(_is_folder(entry) for entry in entries if entry.name in (STORIES, PAIRED)):
        safe = names.shown(str(root))
        raise UserError(f"{safe} has neither a stories/ nor a paired/ folder; point to the folder that holds them.")
    return entries


def _list_root(root: Path) -> list[os.DirEntry[str]]:
    safe = names.shown(str(root))
    try:
        return _entries(root)
    except FileNotFoundError as error:
        raise UserError(f"There is no folder {safe}; check the path.") from error
    except NotADirectoryError as error:
        raise UserError(f"{safe} is not a folder; point to the folder that holds stories/ and paired/.") from error
    except OSError as error:
        raise UserError(f"{safe} cannot be listed ({error.strerror}); check its permissions.") from error


def _entries(folder: Path) -> list[os.DirEntry[str]]:
    with os.scandir(folder) as entries:
        return sorted(entries, key=lambda entry: entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    """As `DirEntry.is_dir`, which raises for a link that runs in a circle and for some unreadable folders."""
    try:
        return entry.is_dir()
    except OSError:
        return False


def _is_link(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_symlink()
    except OSError:
        return False


def _looks_like_misplaced_story(entry: os.DirEntry[str]) -> bool:
    name = entry.name
    return name.endswith(names.STORY_SUFFIX) and Path(name).stem.casefold() not in _USUAL_AT_ROOT


def _walk_stories(root: Path, entry: os.DirEntry[str], found: Folders) -> None:
    folder = _usable_folder(root, entry, STORIES, found)
    if folder is None:
        return
    for place in _story_places(root, folder, STORIES, None, found):
        if place.stem == BASELINE:
            found.leave_out(
                FindingKind.STRAY_FILE,
                place.path,
                "is not read: a baseline belongs to a scenario; move it to paired/SCENARIO/baseline.txt",
                Severity.WARNING,
            )
        else:
            found.places.append(place)


def _walk_paired(root: Path, entry: os.DirEntry[str], found: Folders) -> None:
    paired = _usable_folder(root, entry, PAIRED, found)
    if paired is None:
        return
    for inner in _listed(paired, PAIRED, found):
        path = f"{PAIRED}/{inner.name}"
        if inner.name.startswith(names.OWN_TEMPORARY):
            continue
        if not _is_folder(inner):
            _report_beside_scenarios(inner, path, found)
        elif inner.name.startswith("."):
            _report_hidden_folder(inner, path, found)
        elif not names.is_printable(inner.name):
            found.leave_out(FindingKind.BAD_NAME, path, _BAD_NAME)
        elif (scenario := _usable_folder(root, inner, path, found)) is not None:
            found.scenarios.append(inner.name)
            found.places.extend(_story_places(root, scenario, path, inner.name, found))


_BAD_NAME = "is left out because its name has characters that cannot be shown; rename it"


def _usable_folder(root: Path, entry: os.DirEntry[str], path: str, found: Folders) -> Path | None:
    try:
        if _is_link(entry):
            real = resolve_inside(root, Path(entry.path))
            if real.is_dir():
                return real
        elif _is_folder(entry):
            return Path(entry.path)
    except UnusableFile as problem:
        found.leave_out(problem.kind, path, problem.reason)
        return None
    found.leave_out(FindingKind.NOT_A_FILE, path, "is not a folder, so nothing in it is read; remove or rename it")
    return None


def _listed(folder: Path, path: str, found: Folders) -> list[os.DirEntry[str]]:
    try:
        return _entries(folder)
    except OSError as error:
        problem = unreadable(error)
        found.leave_out(problem.kind, path, problem.reason)
        return []


def _story_places(root: Path, folder: Path, path: str, scenario: str | None, found: Folders) -> Iterator[Place]:
    for entry in _listed(folder, path, found):
        inner = f"{path}/{entry.name}"
        if _is_candidate(entry, inner, found):
            try:
                file = _regular_file(root, entry)
            except UnusableFile as problem:
                found.leave_out(problem.kind, inner, problem.reason)
            else:
                yield Place(inner, entry.name.removesuffix(names.STORY_SUFFIX), scenario, file)


def _is_candidate(entry: os.DirEntry[str], path: str, found: Folders) -> bool:
    name = entry.name
    if name.startswith(names.OWN_TEMPORARY):
        return False
    if not names.is_printable(name):
        found.leave_out(FindingKind.BAD_NAME, path, _BAD_NAME)
    elif names.is_leftover(name):
        _report_leftover(path, found)
    elif name.endswith(names.STORY_SUFFIX):
        return True
    elif name.casefold().endswith(names.STORY_SUFFIX):
        found.leave_out(FindingKind.STRAY_FILE, path, "is not read: its name must end in .txt, in small letters")
    elif not _is_link(entry) and _is_folder(entry) and not name.startswith((".", "__")):
        found.leave_out(
            FindingKind.STRAY_FILE,
            path,
            "is a folder too deep, nothing in it is read; stories lie in stories/ or directly in paired/SCENARIO/",
            Severity.WARNING,
        )
    return False


def _regular_file(root: Path, entry: os.DirEntry[str]) -> Path:
    """Where the entry's bytes are. What is neither file nor link is refused later, when it would be read."""
    path = Path(entry.path)
    return resolve_inside(root, path) if _is_link(entry) else path


def _report_leftover(path: str, found: Folders) -> None:
    severity = Severity.WARNING if path.casefold().endswith(names.STORY_SUFFIX) else Severity.NOTE
    found.leave_out(
        FindingKind.STRAY_FILE,
        path,
        "is not read: it looks like the leftover of an editor, a copy or a sync program; delete or rename it",
        severity,
    )


def _report_beside_scenarios(entry: os.DirEntry[str], path: str, found: Folders) -> None:
    if not names.is_printable(entry.name):
        found.leave_out(FindingKind.BAD_NAME, path, _BAD_NAME)
    elif names.is_leftover(entry.name):
        _report_leftover(path, found)
    elif entry.name.endswith(names.STORY_SUFFIX):
        found.leave_out(
            FindingKind.STRAY_FILE,
            path,
            "is not read here; move it into the folder of its scenario",
            Severity.WARNING,
        )
    elif _is_link(entry):
        found.leave_out(FindingKind.NOT_A_FILE, path, "is a link to no folder; remove or repair it", Severity.WARNING)


def _report_hidden_folder(entry: os.DirEntry[str], path: str, found: Folders) -> None:
    """Hidden folders (.git, .stversions, .ipynb_checkpoints) matter only when stories are in them."""
    try:
        with os.scandir(entry.path) as inner:
            has_stories = any(file.name.endswith(names.STORY_SUFFIX) for file in inner)
    except OSError:
        return
    if has_stories:
        found.leave_out(
            FindingKind.STRAY_FILE,
            path,
            "is a hidden folder, the stories in it are not read; rename or delete it",
            Severity.NOTE,
        )
