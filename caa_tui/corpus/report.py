"""What `caa check` says: the findings and the coverage as one JSON document, and the exit code."""

from __future__ import annotations

from collections import Counter
from typing import Any

from caa_tui.corpus.coverage import Coverage
from caa_tui.corpus.model import Corpus, Finding, Severity
from caa_tui.corpus.names import shown

REPORT_VERSION = 1


def check_report(corpus: Corpus, coverage: Coverage) -> dict[str, Any]:
    """The document of `caa check --json`; only plain JSON types, and only text that is safe to print."""
    by_severity = Counter(finding.severity for finding in corpus.findings)
    by_kind = Counter(finding.kind for finding in corpus.findings)
    return {
        "version": REPORT_VERSION,
        "root": shown(str(corpus.root)),
        "summary": {
            "stories": len(corpus.stories) - len(corpus.baselines),
            "baselines": len(corpus.baselines),
            "concepts": len(corpus.concepts),
            "scenarios": len(corpus.scenarios),
            "findings": len(corpus.findings),
            "by_severity": {str(severity): by_severity[severity] for severity in Severity},
            "by_kind": {str(kind): by_kind[kind] for kind in sorted(by_kind)},
        },
        "findings": [_finding(finding) for finding in corpus.findings],
        "concepts": [
            {
                "concept": row.concept,
                "stories": row.stories,
                "scenarios": row.scenarios,
                "wanted": row.wanted,
                "findings": row.findings,
            }
            for row in coverage.concepts
        ],
        "scenarios": [
            {
                "scenario": column.scenario,
                "stories": column.stories,
                "has_baseline": column.has_baseline,
                "findings": column.findings,
            }
            for column in coverage.scenarios
        ],
        "missing": [
            {"concept": concept, "scenario": scenario}
            for concept, scenario in sorted(coverage.missing, key=lambda cell: (cell[0], cell[1] or ""))
        ],
    }


def _finding(finding: Finding) -> dict[str, Any]:
    return {
        "kind": str(finding.kind),
        "severity": str(finding.severity),
        "message": finding.message,
        "paths": list(finding.paths),
        "concept": finding.concept,
        "scenario": finding.scenario,
    }


def check_exit_code(corpus: Corpus) -> int:
    """0 when nothing was found, else 1; a corpus that cannot be used at all is a UserError, exit code 2."""
    return 1 if corpus.findings else 0
