"""The contract of all verbs: exit status 0, 1 or 2, and one JSON object with ``--json``."""

import json
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import typer.main

from impasto.cli import tell
from impasto.cli.main import app
from impasto.collection.collection import Collection
from impasto.records import finding as findings
from impasto.records.finding import Finding

from .conftest import Done, call

QUICK = ("--size", "tiny", "--epochs", 1, "--resolution", 32, "--batch-size", 16, "--device", "cpu")
LORA = [
    f"--set={text}"
    for text in (
        "epoch_pictures=2",
        "rank=2",
        "warmup_steps=0",
        "preview_every=0",
        "buckets=false",
        "held_out=2",
    )
]
