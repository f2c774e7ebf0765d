"""``make.py`` is make without make: the same targets, the demo's commands, and a set-up once."""

import importlib.util
import os
import re
import shlex
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]


@pytest.fixture
def make(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The module, on a folder of its own."""
    spec = importlib.util.spec_from_file_location("make_without_make", ROOT / "make.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    for name in module.PINS:
        (tmp_path / name).write_text("")
    for name in ("ROOT", "VENV", "READY"):
        old = getattr(module, name)
        monkeypatch.setattr(module, name, tmp_path / old.relative_to(ROOT))
    return module


def test_the_makefile_has_the_same_targets(make: ModuleType) -> None:
    named = re.search(r"^\.PHONY: (.*)$", (ROOT / "Makefile").read_text(), flags=re.M)
    assert named is not None
    assert {*named[1].split()} == make.targets().keys() | {"clean"}


def test_the_demo_is_that_of_the_recipe(make: ModuleType) -> None:
    script = (ROOT / "recipes" / "demo.sh").read_text()
    script = script.replace("$folder", "demo").replace("$recipe", "recipes/demo.toml")
    lines = [shlex.split(line) for line in script.splitlines() if line.startswith("impasto ")]
    assert [command[2:] for command in make.targets()["demo"]] == lines


def test_it_installs_once_and_again_when_pins_change(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    ran: list[list[str]] = []
    monkeypatch.setattr(make.venv, "create", lambda path, with_pip: path.mkdir(exist_ok=True))
    monkeypatch.setattr(make, "wants_cpu_torch", lambda: True)

    class Done:
        returncode = 0

    def run(command: list[str], **_: Any) -> Done:
        ran.append(command)
        return Done()

    monkeypatch.setattr(make.subprocess, "run", run)
    assert make.main(["test"]) == make.main(["test"]) == 0
    assert [("pip" in command) for command in ran] == [True, False, False]
    assert ran[0][-4:] == ["--extra-index-url", make.CPU_TORCH, "-e", ".[dev]"]
    later = make.READY.stat().st_mtime + 10
    os.utime(make.ROOT / "pyproject.toml", (later, later))
    assert make.main(["test"]) == 0
    assert [("pip" in command) for command in ran[3:]] == [True, False]
    assert make.main(["nothing"]) == 2


def test_a_failing_installation_is_no_traceback_and_is_tried_again(
    make: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def run(command: list[str], **_: Any) -> None:
        raise make.subprocess.CalledProcessError(1, command)

    monkeypatch.setattr(make.venv, "create", lambda path, with_pip: path.mkdir(exist_ok=True))
    monkeypatch.setattr(make, "wants_cpu_torch", lambda: False)
    monkeypatch.setattr(make.subprocess, "run", run)
    assert make.main(["docs"]) == 1
    assert ".venv could not be made" in capsys.readouterr().err
    assert not make.is_ready()


def test_a_failing_command_ends_a_target(make: ModuleType, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(make, "is_ready", lambda: True)
    ran: list[list[str]] = []

    class Failed:
        returncode = 3

    def run(command: list[str], **_: Any) -> Failed:
        ran.append(command)
        return Failed()

    monkeypatch.setattr(make.subprocess, "run", run)
    assert make.main(["lint"]) == 3
    assert len(ran) == 1
