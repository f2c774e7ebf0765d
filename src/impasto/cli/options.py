"""Options that several verbs share, each written once.

An option that is not given is ``None`` and leaves the setting as it is. The defaults that the help
shows are those of the settings classes; a test compares them. A verb marked ``grouped`` takes
several options as one parameter: ``Common``, ``Training`` or those of ``network``.
"""

import inspect
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, is_dataclass
from functools import wraps
from pathlib import Path
from typing import Annotated, Any, Literal, get_args, get_type_hints

import typer

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", "-c", metavar="FILE", help="Settings in TOML or JSON; the course's too."
    ),
]
Assignments = Annotated[
    list[str] | None,
    typer.Option(
        "--set",
        "-s",
        metavar="NAME=VALUE",
        help="One setting; repeatable. All names: docs/reference.md.",
    ),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object on standard output.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress display.")]
Fresh = Annotated[bool, typer.Option("--fresh", help="Remove what is there and start over.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Print what would be done with which settings, and stop.")
]
Seed = Annotated[int | None, typer.Option("--seed", help="Seed of everything random. Default: 0.")]
Device = Annotated[
    str | None,
    typer.Option(
        "--device", help="auto, cpu, cuda, cuda:N or mps. Default: auto.", metavar="DEVICE"
    ),
]
Width = Literal["tiny", "small", "base"]
OtherCollection = Annotated[
    Path | None, typer.Option("--collection", help="Another collection than the run's own.")
]


def collection(place: str = "STUDY/collection") -> Any:
    """The collection as an argument."""
    return typer.Argument(help=f"The collection. Default: {place}.")


def output(what: str, default: str) -> Any:
    """The folder to write."""
    return typer.Option("-o", "--output", help=f"{what} Default: {default}.", metavar="FOLDER")


def size(default: str, what: str = "Size of the network.") -> Any:
    """The size of a network."""
    return typer.Option("--size", help=f"{what} Default: {default}.")


def epochs(default: str, what: str = "Passes over the training pictures.") -> Any:
    """The length of a training."""
    return typer.Option("--epochs", help=f"{what} Default: {default}.")


Values = Mapping[str, Any]
"""Options by name; ``None`` where one was not given."""


def network(
    size: Any,
    epochs: Any,
    *,
    resolution: str = "128",
    batch_size: str = "128",
    learning_rate: str = "0.003",
) -> Values:
    """The options of a network's training with their defaults, named as the settings are.

    ``size`` and ``epochs`` are made by the functions of these names; without a size: ``None``.
    """
    pixels = f"Height and width that it learns from, in pixels. Default: {resolution}."
    pictures = f"Pictures in a step. Default: {batch_size}."
    peak = f"Peak learning rate. Default: {learning_rate}."
    return ({"size": Annotated[Width | None, size]} if size else {}) | {
        "resolution": Annotated[int | None, typer.Option("--resolution", help=pixels)],
        "epochs": Annotated[int | None, epochs],
        "batch_size": Annotated[int | None, typer.Option("--batch-size", help=pictures)],
        "learning_rate": Annotated[
            float | None, typer.Option("--learning-rate", "--lr", help=peak)
        ],
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Common:
    """The last options of verbs that compute."""

    config: Config
    assignments: Assignments
    quiet: Quiet
    as_json: AsJson


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The options of verbs that read a source of labelled pictures, named as the settings are."""

    labels: Annotated[
        Path | None,
        typer.Option("--labels", metavar="TABLE", help="Table with the pictures' styles."),
    ]
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="path=FILE,style=CLASS",
            help="The table's own names of its columns: path, style, artist, title, year, split.",
        ),
    ]
    several: Annotated[
        Literal["first", "all", "skip"] | None,
        typer.Option("--several", help="Of a picture with several styles. Default: first."),
    ]
    merge: Annotated[
        bool, typer.Option("--merge", help="Two folders are one source, not training and test.")
    ]
    rename_styles: Annotated[
        Path | None,
        typer.Option(
            "--rename-styles", metavar="TABLE", help="Table with from and to: names of styles."
        ),
    ]
    decisions: Annotated[
        Path | None,
        typer.Option(
            "--decisions", metavar="TABLE", help="Table of pictures to exclude or relabel."
        ),
    ]

    def values(self) -> dict[str, Any]:
        """The options that were given, by the names of the settings."""
        given = asdict(self)
        given["merge"] = self.merge or None
        return {
            name: str(value) if isinstance(value, Path) else value for name, value in given.items()
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Foreign:
    """The options of verbs that read predictions of other programs, named as the settings are."""

    classes: Annotated[
        str | None,
        typer.Option(
            "--classes",
            metavar="FILE",
            help="Names of numbered classes in order: a name a line, JSON, or alphabetical.",
        ),
    ]
    rename_styles: Annotated[
        str | None,
        typer.Option(
            "--rename-styles", metavar="TABLE", help="Table with from and to: names of classes."
        ),
    ]
    other_classes: Annotated[
        Literal["refuse", "wrong"] | None,
        typer.Option("--other-classes", help="Answers that are no style. Default: refuse."),
    ]
    probabilities: Annotated[
        Literal["shares", "percent", "logits", "scores"] | None,
        typer.Option("--probabilities", help="Numbers of the classes. Default: shares."),
    ]
    prior: Annotated[
        Literal["given", "uniform", "train"] | None,
        typer.Option("--prior", help="Frequencies of styles that they suppose. Default: given."),
    ]
    columns: Annotated[
        str | None,
        typer.Option(
            "--columns",
            metavar="path=FILE,style=CLASS",
            help="The table's own names of its columns: path, predicted, style, split.",
        ),
    ]
    split: Annotated[
        Literal["test", "validation", "all"] | None,
        typer.Option("--split", help="Pictures to score; rows on others are left out."),
    ]

    def values(self) -> dict[str, Any]:
        """The options that were given, by the names of the settings."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class ForeignFile(Foreign):
    """Likewise of ``evaluate --predictions``."""

    predictions: Annotated[
        Path | None,
        typer.Option(
            "--predictions",
            metavar="FILE",
            help="A table of any program's predictions to score, on the collection named in place "
            "of RUN.",
        ),
    ]
    against: Annotated[
        list[Path] | None,
        typer.Option("--against", metavar="RUN", help="A run to compare them with; repeatable."),
    ]
    missing: Annotated[
        Literal["wrong", "leave-out"] | None,
        typer.Option("--missing", help="Pictures without a row. Default: wrong."),
    ]
    trained_on: Annotated[
        str | None,
        typer.Option(
            "--trained-on", metavar="LIST", help="Paths of pictures that the model was trained on."
        ),
    ]

    def values(self) -> dict[str, Any]:
        """The options that were given, by the names of the settings."""
        given = asdict(self)
        return {name: given[name] for name in given if name not in ("predictions", "against")}


@dataclass(frozen=True, slots=True, kw_only=True)
class Training:
    """The last options of verbs that train."""

    seed: Seed
    device: Device
    config: Config
    assignments: Assignments
    dry_run: DryRun
    fresh: Fresh
    quiet: Quiet
    as_json: AsJson


def grouped(verb: Callable[..., None]) -> Callable[..., None]:
    """Let a verb take several options as one parameter, in whose place the command line has them.

    Such a parameter is a dataclass, with an option for each field, or annotated with a mapping of
    options.
    """
    parameters, groups = [], {}
    for parameter in inspect.signature(verb).parameters.values():
        kind: Any = parameter.annotation
        if is_dataclass(kind):
            options: Values = get_type_hints(kind, include_extras=True)
        elif isinstance(get_args(kind)[-1], Mapping):
            kind, options = dict, get_args(kind)[-1]
        else:
            parameters.append(parameter)
            continue
        groups[parameter.name] = kind, tuple(options)
        for name, annotation in options.items():
            default = False if get_args(annotation)[0] is bool else None
            parameters.append(parameter.replace(name=name, default=default, annotation=annotation))

    @wraps(verb)
    def called(**values: Any) -> None:
        for parameter, (kind, names) in groups.items():
            values[parameter] = kind(**{name: values.pop(name) for name in names})
        verb(**values)

    called.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    return called
