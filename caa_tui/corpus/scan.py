"""One look at the disk: every story that takes part, and every problem that is seen without a model."""

from __future__ import annotations

import os
from pathlib import Path

from caa_tui.corpus import folders, names, text
from caa_tui.corpus.accepted import ACCEPTED_FILE, load_accepted
from caa_tui.corpus.disk import UnusableFile, read_regular
from caa_tui.corpus.findings.checks import check_stories
from caa_tui.corpus.findings.manifest import clean_manifest
from caa_tui.corpus.model import BASELINE, Acceptance, Corpus, Finding, FindingKind, Severity, Story
from caa_tui.corpus.settings import SETTINGS_FILE, Settings, load_settings
from caa_tui.errors import UserError

_SEVERITY_ORDER = {severity: rank for rank, severity in enumerate(Severity)}


def scan(root: Path, settings: Settings | None = None) -> Corpus:
    """Read the corpus at `root`; `settings` None means its own caa.toml.

    A story is `stories/CONCEPT.txt` or `paired/SCENARIO/CONCEPT.txt`, its text what `Path.read_text().strip()` gives,
    without a byte order mark. Whatever is wrong with a file becomes a finding; nothing here writes to the disk.

    Raises:
        UserError: `root` is missing, not a folder, or has neither `stories/` nor `paired/`.
    """
    real = Path(os.path.realpath(root))
    found = folders.walk(real)
    findings = found.findings
    settings = settings or _own_settings(real, findings)
    accepted = _accepted(real, findings)
    stories = [story for place in found.places if (story := _read(place, findings)) is not None]
    stories.sort(key=lambda story: story.path)
    wanted = clean_manifest(settings.manifest, frozenset(found.scenarios))
    corpus = Corpus(
        root=real,
        stories=tuple(stories),
        scenarios=tuple(sorted(found.scenarios)),
        wanted=wanted.concepts,
        wanted_in=wanted.scenarios,
    )
    findings += wanted.findings
    findings += check_stories(corpus)
    return Corpus(
        root=real,
        stories=corpus.stories,
        scenarios=corpus.scenarios,
        wanted=corpus.wanted,
        wanted_in=corpus.wanted_in,
        findings=tuple(sorted(findings, key=_finding_order)),
        accepted=accepted,
    )


def _finding_order(finding: Finding) -> tuple[int, tuple[str, ...], str, str]:
    return _SEVERITY_ORDER[finding.severity], finding.paths, finding.kind, finding.message


def _own_settings(root: Path, findings: list[Finding]) -> Settings:
    try:
        return load_settings(root)
    except UserError as error:
        message = f"{str(error).removesuffix('.')}; until then the defaults are used."
        findings.append(Finding(FindingKind.BAD_SETTINGS, Severity.ERROR, message, (SETTINGS_FILE,)))
        return Settings()


def _accepted(root: Path, findings: list[Finding]) -> tuple[Acceptance, ...]:
    try:
        return load_accepted(root)
    except UserError as error:
        message = f"{str(error).removesuffix('.')}; until then no flag counts as accepted."
        findings.append(Finding(FindingKind.BAD_ACCEPTED, Severity.ERROR, message, (ACCEPTED_FILE,)))
        return ()


def _read(place: folders.Place, findings: list[Finding]) -> Story | None:
    """The story at a place, or None and a finding."""
    try:
        data = read_regular(place.file)
        decoded = text.decode(data)
    except UnusableFile as problem:
        findings.append(_about(place, problem.kind, Severity.ERROR, problem.reason))
        return None
    except UnicodeDecodeError as error:
        reason = text.not_utf8_reason(data, error)
        findings.append(_about(place, FindingKind.NOT_UTF8, Severity.ERROR, reason))
        return None
    if decoded.bom:
        reason = "begins with a byte order mark, which the model is not shown; save it without one to be rid of this"
        findings.append(_about(place, FindingKind.BOM, Severity.NOTE, reason))
    read = decoded.text.strip()
    if not read:
        findings.append(
            _about(place, FindingKind.EMPTY, Severity.ERROR, "is empty; write the story or delete the file")
        )
        return None
    if odd := text.odd_characters(read):
        reason = f"has characters that nobody sees but the model reads ({_counted(odd)}); delete them"
        findings.append(_about(place, FindingKind.CONTROL_CHARACTERS, Severity.WARNING, reason))
    return Story(
        path=place.path,
        concept=_concept(place),
        scenario=place.scenario,
        text=read,
        text_sha256=text.sha256(read.encode()),
        file_sha256=text.sha256(data),
        words=text.count_words(read),
    )


def _concept(place: folders.Place) -> str | None:
    return None if place.stem == BASELINE else place.stem


def _about(place: folders.Place, kind: FindingKind, severity: Severity, reason: str) -> Finding:
    message = f"{names.shown(place.path)} {reason}."
    return Finding(kind, severity, message, (place.path,), _concept(place), place.scenario)


def _counted(odd: dict[str, int]) -> str:
    return ", ".join(f"U+{ord(char):04X} {count}×" for char, count in sorted(odd.items()))
