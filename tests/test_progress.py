"""Progress: what a line shows at 80 columns, on a terminal, in a log and in a notebook."""

import io
import os
import pty
import subprocess
import sys
from typing import Any

import pytest

from impasto import progress
from impasto.progress import Bar, progress_bar, training_progress


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> dict[str, float]:
    now = {"seconds": 0.0}
    monkeypatch.setattr(progress.time, "monotonic", lambda: now["seconds"])
    return now


def test_epochs_share_and_time_left_survive_eighty_columns(clock: dict[str, float]) -> None:
    bar = Bar(25_000, lambda step: f"epoch {step // 100}/250", first=0)
    bar.done, bar.numbers = 1500, {"balanced accuracy": "0.412", "loss": "2.315", "pictures/s": "9"}
    clock["seconds"] = 900.0
    line = bar.line(80)
    assert line == (
        "epoch 15/250   6% ━───────── 3:55:00 left  balanced accuracy 0.412  loss 2.315"
    )
    assert len(line) <= 80
    assert bar.line(60) == "epoch 15/250   6% ━───────── 3:55:00 left"
    assert bar.line(200, bar=False).endswith(
        "left  balanced accuracy 0.412  loss 2.315  pictures/s 9"
    )


def test_a_resumed_training_takes_the_time_left_from_its_own_steps(
    clock: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    with training_progress(100, 10, shown=True) as show:
        show(51, {"loss": 1.0})  # 50 steps were made earlier
        clock["seconds"] = 10.0
        show(60, {"validation": 0.5})
    assert "0:00:40 left" in capsys.readouterr().err  # 10 steps in 10 s, 40 to go


def test_a_log_has_a_plain_line_an_epoch(capsys: pytest.CaptureFixture[str]) -> None:
    with training_progress(20, 10, shown=True) as show:
        for step in range(1, 21):
            show(step, {"loss": 1.23456, "pictures/s": 812.3})
            if step % 10 == 0:
                show(step, {"validation": 0.5, "balanced accuracy": step / 20})
    output, shown = capsys.readouterr()
    lines = shown.splitlines()
    assert output == "" and len(lines) == 2 and "\x1b" not in shown
    assert lines[0].startswith("epoch 1/2  50% 0:00:00 left  balanced accuracy 0.500  loss 1.235")
    assert lines[1].startswith("epoch 2/2 100% ")
    assert "validation 0.500  pictures/s 812" in lines[1]


def test_progress_that_is_not_wanted_is_silent(capsys: pytest.CaptureFixture[str]) -> None:
    with training_progress(20, 10, shown=False) as show, progress_bar("x", 3, shown=False) as add:
        show(3, {"loss": 1.0, "validation": 1.0})
        add(3)
    with progress_bar("decoding", 0, shown=True):
        pass
    assert capsys.readouterr() == ("", "")


def test_a_count_in_a_log_has_a_line_every_ten_seconds(
    clock: dict[str, float], capsys: pytest.CaptureFixture[str]
) -> None:
    with progress_bar("decoding", 400, shown=True) as advance:
        for second in range(1, 41):
            clock["seconds"] = second / 2
            advance(10)
    lines = capsys.readouterr().err.splitlines()
    assert lines == [
        "decoding 200/400  50% 0:00:10 left  pictures/s 20",
        "decoding 400/400 100% 0:00:00 left  pictures/s 20",
        "decoding 400/400 100% 0:00:00 left  pictures/s 20",
    ]


def test_a_terminal_shows_one_line_that_is_drawn_again() -> None:
    script = (
        "from impasto.progress import training_progress\n"
        "with training_progress(2500, 10, shown=True) as show:\n"
        "    show(150, {'loss': 2.3, 'validation': 2.4, 'balanced accuracy': 0.4})\n"
    )
    master, slave = pty.openpty()
    environment = {**os.environ, "COLUMNS": "80", "TERM": "xterm"}
    subprocess.run([sys.executable, "-c", script], stderr=slave, env=environment, check=True)
    os.close(slave)
    shown = os.read(master, 10_000).decode()
    os.close(master)
    assert "epoch 15/250   6% ━" in shown and "left  balanced accuracy 0.400" in shown


def test_a_notebook_gets_plain_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    class NotebookStream(io.StringIO):  # as ipykernel's: no terminal
        def isatty(self) -> bool:
            return False

    stream: Any = NotebookStream()
    monkeypatch.setattr(sys, "stderr", stream)
    with training_progress(10, 10, shown=True) as show:
        show(10, {"validation": 0.5})
    assert stream.getvalue().startswith("epoch 1/1 100%") and "ipywidgets" not in stream.getvalue()
