"""What the design forbids, checked by machine."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import config

LINT = Path(sys.executable).parent / "lint-imports"


def test_imports_run_downward_only() -> None:
    done = subprocess.run(
        [str(LINT)], cwd=config.PROJECT, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout


def test_package_inits_are_empty() -> None:
    inits = list((config.PROJECT / "intake").rglob("__init__.py"))
    inits += (config.PROJECT / "routing_rules").rglob("__init__.py")
    assert [str(path) for path in inits if path.read_text("utf-8").strip()] == []


def test_locks_carry_hashes_and_name_no_host() -> None:
    for name in ("requirements.txt", "requirements-dev.txt"):
        text = (config.PROJECT / name).read_text("utf-8")
        assert "--hash=sha256:" in text
        assert "://" not in text
        assert "index" not in text


def test_facts_are_decided_on_the_command_line(tmp_path: Path) -> None:
    from datetime import date

    from intake.domain.answers import worry_of
    from intake.domain.facts import Surroundings, facts_of
    from tests.loaded import ankkuri
    from tests.site import worry_answers

    worry = worry_of(worry_answers())
    facts = facts_of(worry, worry.children[0], date(2026, 6, 2), Surroundings(True, True, True))
    file = tmp_path / "facts.json"
    file.write_text(json.dumps(facts), "utf-8")

    def decided(*arguments: str) -> subprocess.CompletedProcess[str]:
        return ankkuri("rules", "decide", str(file), *arguments)

    outcome = json.loads(decided("--json").stdout)
    assert outcome["lead"] == "SOC"
    assert "lead: SOC" in decided().stdout
    file.write_text(json.dumps(facts | {"primary": "negelct"}), "utf-8")
    refused = decided()
    assert refused.returncode == 2
    assert "neglect" in refused.stderr
