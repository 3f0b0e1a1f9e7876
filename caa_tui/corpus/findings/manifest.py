"""The manifest of caa.toml, made safe to show, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from caa_tui.corpus.model import BASELINE, Finding, FindingKind, Severity
from caa_tui.corpus.names import check_new_name, collision_key, shown
from caa_tui.corpus.settings import SETTINGS_FILE, Manifest
from caa_tui.errors import UserError


@dataclass(frozen=True, slots=True)
class CleanManifest:
    """What can be wanted: names that a file could have, each once."""

    concepts: tuple[str, ...]
    """Sorted."""
    scenarios: dict[str, tuple[str, ...]]
    findings: tuple[Finding, ...]


def clean_manifest(manifest: Manifest, scenarios_on_disk: frozenset[str]) -> CleanManifest:
    """Drop names that no story could have, and report them and scenarios that do not exist."""
    problems: list[str] = []
    concepts = _usable(manifest.concepts, problems)
    wanted_in = {}
    for scenario, wanted in manifest.scenarios.items():
        if scenario in scenarios_on_disk:
            wanted_in[scenario] = _usable(wanted, problems)
        else:
            problems.append(
                f"{SETTINGS_FILE} wants stories in the scenario {shown(scenario)}, but there is no folder"
                f" paired/{shown(scenario)}; create it or correct the name."
            )
    findings = [
        Finding(FindingKind.BAD_SETTINGS, Severity.WARNING, problem, (SETTINGS_FILE,))
        for problem in dict.fromkeys(problems)
    ]
    return CleanManifest(concepts, wanted_in, tuple(findings))


def _usable(wanted: Iterable[str], problems: list[str]) -> tuple[str, ...]:
    usable = set()
    for concept in wanted:
        if _is_concept_name(concept):
            usable.add(concept)
        else:
            problems.append(
                f"{SETTINGS_FILE} wants a concept {shown(concept) or '(empty)'}, which cannot be the name of a story;"
                " correct or remove it."
            )
    return tuple(sorted(usable))


def _is_concept_name(name: str) -> bool:
    try:
        check_new_name(name)
    except UserError:
        return False
    return collision_key(name) != BASELINE
