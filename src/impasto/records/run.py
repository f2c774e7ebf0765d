"""A run: one training, one folder that explains itself.

RUN/run.json            kind, settings, styles, collection, environment, state
RUN/metrics.jsonl       one JSON object a line, as training goes on
RUN/best.safetensors    the weights to use
RUN/last/               the checkpoint that a killed training continues from
RUN/seen.parquet        which pictures it was trained and chosen on
RUN/findings.json       what the training itself found
RUN/evaluation/         written by ``impasto evaluate``
"""

import datetime
import hashlib
import html
import json
import platform
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

from impasto.errors import InputError, RunError
from impasto.files import make_folder, read_json, verify, write_json
from impasto.records.place import way_on

if TYPE_CHECKING:
    from torch import nn

FORMAT = 1
STYLE_CLASSIFIER = "style_classifier"
EVALUATOR = "evaluator"
"""Folders of the runs inside a painter's run."""
CONTENT = frozenset(
    [
        *("run.json", "metrics.jsonl", "best.safetensors", "last", "seen.parquet", "findings.json"),
        *("evaluation", "by-artist", "atlas", "progress", "trackers", "tensorboard"),
        "label-order.json",
        *(STYLE_CLASSIFIER, EVALUATOR),
        *("pytorch_lora_weights.safetensors", "kohya.safetensors", "README.md", "cache"),
        *("comfyui.safetensors", "collection", "export"),
    ]
)
"""Names of all that stages write into a run's folder."""
RunKind = Literal["classifier", "autoencoder", "painter", "lora"]
State = Literal["running", "done"]
INTERACTIVE = {"", "-c", "ipykernel_launcher.py", "colab_kernel_launcher.py", "ipython"}
_PACKAGES = ("impasto", "torch", "accelerate", "numpy", "scikit-learn", "pillow")


@dataclass(frozen=True, slots=True, repr=False)
class Run:
    """An opened run folder.

    Attributes:
        path: the folder.
        kind: what was trained.
        settings: the settings of the training, as plain data.
        styles: the frozen vocabulary, in the order of the network's outputs.
        collection: ``{"path", "fingerprint", "pictures"}`` of what it was trained on.
        facts: what was settled when the training began and must not change on resuming
            (precision, number of steps, class counts, …), as plain data.
        state: ``running`` (also when it was cut off) or ``done``.
    """

    path: Path
    kind: RunKind
    settings: Mapping[str, Any]
    styles: tuple[str, ...]
    collection: Mapping[str, Any]
    facts: Mapping[str, Any]
    state: State

    def __repr__(self) -> str:
        """Kind, folder and state."""
        return f"<Run: {self.kind} in {self.path}, {self.state}>"

    def _repr_html_(self) -> str:
        rows = {
            "kind": self.kind, "state": self.state, "folder": self.path,
            "collection": self.collection["path"], "styles": len(self.styles),
            "best epoch": self.facts.get("best_epoch", "–"),
        }  # fmt: skip
        cells = "".join(
            f"<tr><th>{name}</th><td>{html.escape(str(value))}</td></tr>"
            for name, value in rows.items()
        )
        return f"<table>{cells}</table>"

    @property
    def metrics_path(self) -> Path:
        """The metrics, one JSON object a line."""
        return self.path / "metrics.jsonl"

    @property
    def weights_path(self) -> Path:
        """The weights to use."""
        return self.path / "best.safetensors"

    @property
    def weights_fingerprint(self) -> str:
        """Tells these weights from others of the same run."""
        verify(self.weights_path, "train again into another folder", refusal=RunError)
        return hashlib.sha256(self.weights_path.read_bytes()).hexdigest()[:16]

    @property
    def checkpoint_path(self) -> Path:
        """The folder that a killed training continues from."""
        return self.path / "last"

    @property
    def evaluation_path(self) -> Path:
        """The folder of the evaluation."""
        return self.path / "evaluation"

    def network(self, device: str = "cpu") -> "nn.Module":
        """Load the trained network, in evaluation mode; ``network.preprocess`` takes pictures."""
        import impasto  # noqa: PLC0415 – networks lie above the records; the interface finds them

        return impasto.load_network(self, device)

    def metrics(self) -> list[dict[str, Any]]:
        """All lines of ``metrics.jsonl``; a last line cut off by a kill is left out.

        Raises:
            RunError: another line is damaged.
        """
        if not self.metrics_path.exists():
            return []
        verify(self.metrics_path, "train again into another folder", refusal=RunError)
        try:
            lines = self.metrics_path.read_text(encoding="utf-8").split("\n")
            return [json.loads(line) for line in lines[:-1] if line]
        except ValueError as error:
            raise RunError(
                f"{self.metrics_path} is damaged ({error}): train again into another folder"
            ) from error


def create(
    path: Path,
    kind: RunKind,
    *,
    settings: Mapping[str, Any],
    styles: Sequence[str],
    collection: Mapping[str, Any],
    facts: Mapping[str, Any],
) -> Run:
    """Make a run folder and write its ``run.json`` with state ``running``.

    Raises:
        RunError: the folder already holds a run.
        OutputError: the folder cannot be written.
    """
    if (path / "run.json").exists():
        raise RunError(f"{path} already holds a run: resume it, or choose another folder with -o")
    make_folder(path)
    run = Run(path, kind, dict(settings), tuple(styles), dict(collection), dict(facts), "running")
    _write(run, created=datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"))
    return run


def finish(run: Run, facts: Mapping[str, Any]) -> Run:
    """Mark a run as done, adding ``facts`` (steps made, seconds, best epoch, …)."""
    return _rewritten(replace(run, facts={**run.facts, **facts}, state="done"))


def extend(run: Run, settings: Mapping[str, Any], facts: Mapping[str, Any]) -> Run:
    """A run that goes on for longer than it was begun for.

    With other settings and facts, and ``running`` again.
    """
    return _rewritten(replace(run, settings=dict(settings), facts=dict(facts), state="running"))


def open_run(path: Path | str, kind: RunKind | None = None) -> Run:
    """The run in a folder; with ``kind``, one of that kind.

    Raises:
        RunError: there is no run, it is damaged, written by a newer impasto, or of another kind.
    """
    path = Path(path)
    if not (path / "run.json").is_file():
        way_out = way_on(path) or f"make one with impasto train {kind or 'KIND'} COLLECTION"
        raise RunError(f"no run in {path} (run.json is missing): {way_out}")
    verify(path / "run.json", "train again into another folder", refusal=RunError)
    try:
        data = read_json(path / "run.json")
        if data["format"] > FORMAT:
            raise RunError(
                f"{path} was written by a newer impasto (format {data['format']}): upgrade impasto"
            )
        names = ("kind", "settings", "styles", "collection", "facts", "state")
        run_kind, settings, styles, collection, facts, state = (data[name] for name in names)
        _check_form(data)
    except (InputError, KeyError, TypeError, ValueError) as error:
        raise RunError(
            f"{path / 'run.json'} is damaged ({error}): train again into another folder"
        ) from error
    if kind is not None and run_kind != kind:
        raise RunError(f"{path} holds a {run_kind}, not a {kind}: give a {kind}'s folder")
    return Run(path, run_kind, settings, tuple(styles), collection, facts, state)


def _check_form(data: Mapping[str, Any]) -> None:
    """Refuse values of another form than ``create`` writes.

    Raises:
        ValueError: naming the first one.
    """
    for name in ("settings", "collection", "facts"):
        if not isinstance(data[name], dict):
            raise ValueError(f"{name} is no table")
    styles = data["styles"]
    if not (isinstance(styles, list) and all(isinstance(style, str) for style in styles)):
        raise ValueError("styles is no list of names")
    if len(set(styles)) < len(styles):
        raise ValueError("styles names one twice")
    for name, known in (("kind", get_args(RunKind)), ("state", get_args(State))):
        if data[name] not in known:
            raise ValueError(f"{name} is none of {', '.join(known)}")
    if missing := {"path", "fingerprint"} - data["collection"].keys():
        raise ValueError(f"collection lacks {', '.join(sorted(missing))}")


def where_it_stands(path: Path) -> str | None:
    """A line on the run in a folder that a training is to go on with; ``None`` without one."""
    if not (path / "run.json").is_file():
        return None
    run = open_run(path)
    if run.state == "done":
        return f"{path} is finished; it is kept as it is"
    lines = run.metrics()
    reached = f"epoch {lines[-1]['epoch']:.1f}" if lines else "its beginning"
    return f"{path} was cut off at {reached}; it goes on from its last checkpoint"


def kind_of(path: Path) -> RunKind:
    """Kind of a run, or of the runs in a folder of several."""
    several = sorted(path.glob("*/run.json")) if not (path / "run.json").is_file() else []
    return open_run(several[0].parent if several else path).kind


def environment() -> dict[str, str]:
    """Versions of Python and of the packages that compute, and the platform."""
    versions = {name: version(name) for name in _PACKAGES}
    return {"python": platform.python_version(), "platform": platform.platform(), **versions}


def command() -> str:
    """The command line that is running, for the record beside what it made."""
    program = Path(sys.argv[0]).name.replace("__main__.py", "impasto")  # python -m impasto
    if program in INTERACTIVE:
        return "a Python session"
    return shlex.join([program, *sys.argv[1:]])


def _rewritten(run: Run) -> Run:
    _write(run, created=read_json(run.path / "run.json")["created"])
    return run


def _write(run: Run, created: str) -> None:
    data = {
        "format": FORMAT,
        "kind": run.kind,
        "state": run.state,
        "created": created,
        "command": command(),
        "settings": run.settings,
        "styles": list(run.styles),
        "collection": run.collection,
        "facts": run.facts,
        "environment": environment(),
    }
    write_json(run.path / "run.json", data)
