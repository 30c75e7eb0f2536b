from pathlib import Path
from types import ModuleType

import pytest


def test_damaged_files_are_restored_or_refused(
    tool: ModuleType, capsys: pytest.CaptureFixture[str]
) -> None:
    assert tool.fuzz(300, 3, 10.0) == []
    told = capsys.readouterr().out
    assert "refused" in told
    assert "restored" in told


def test_findings_are_found(tool: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    def bad_save(picture: object, target: Path, options: object) -> None:
        target.with_name("stray").touch()
        raise ZeroDivisionError

    monkeypatch.setattr(tool, "save", bad_save)
    findings = tool.fuzz(20, 1, 10.0)
    assert any("ZeroDivisionError" in finding for finding in findings)
    assert any("left stray behind" in finding for finding in findings)


def test_undamaged_corpus_is_restored(tool: ModuleType, tmp_path: Path) -> None:
    for kind, data in tool.make_corpus().items():
        assert tool.attempt(data, tmp_path, salvage=False) == "restored", kind
