"""A small made-up study for the tests of one part of the report."""

from pathlib import Path

import pytest

import made_up_study as made_up


@pytest.fixture
def study(tmp_path: Path) -> Path:
    return made_up.small_study(tmp_path)
