"""ONNX files: modules as graphs that onnxruntime alone runs, with facts in their metadata."""

import io
import json
import logging
import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor, nn

from impasto.errors import MissingExtraError, RunError
from impasto.files import write_bytes
from impasto.release.onnx_eigh import jacobi_eigh

OPSET: Final = 18
"""Of the operators: onnxruntime knows it from version 1.14 on."""


@dataclass(frozen=True, slots=True)
class Graph:
    """A module with the form of its inputs and outputs.

    Attributes:
        module: in evaluation mode, on the processor.
        inputs: an example of each by name.
        outputs: their names.
        free: names of the axes whose length is free, for each input and output.
    """

    module: nn.Module
    inputs: Mapping[str, Tensor]
    outputs: Sequence[str]
    free: Mapping[str, Mapping[int, str]] = field(default_factory=dict)


def require_extra() -> None:
    """Refuse to go on without the packages that write ONNX files.

    Raises:
        MissingExtraError: one of them is not installed.
    """
    try:
        import onnx  # noqa: F401, PLC0415 – optional
        import onnxscript  # noqa: F401, PLC0415 – optional
    except ImportError as missing:
        raise MissingExtraError("impasto export", "export") from missing


def write_onnx(path: Path, graph: Graph, facts: Mapping[str, Any]) -> None:
    """Write a graph as ONNX, whole or not at all.

    Args:
        path: the file.
        graph: what it computes.
        facts: its metadata; what is no text is written as JSON.

    Raises:
        RunError: the network cannot be written as ONNX.
        OutputError: the file cannot be written.
    """
    dynamic = torch.export.Dim.DYNAMIC
    shapes = tuple({axis: dynamic for axis in graph.free.get(name, {})} for name in graph.inputs)
    eigh: Any = torch.ops.aten._linalg_eigh.default
    with _quiet(), torch.no_grad():
        try:
            program = torch.onnx.export(
                graph.module,
                tuple(graph.inputs.values()),
                dynamo=True,
                opset_version=OPSET,
                dynamic_shapes=shapes,
                input_names=list(graph.inputs),
                output_names=list(graph.outputs),
                custom_translation_table={eigh: jacobi_eigh},
                verbose=False,
            )
        except Exception as error:  # every operator has its own way to be unknown to ONNX
            raise RunError(
                f"{path.name} cannot be made: this network is not to be had as ONNX "
                f"({_reason(error)})"
            ) from error
    assert program is not None
    proto: Any = program.model_proto
    for value in (*proto.graph.input, *proto.graph.output):
        for axis, name in graph.free.get(value.name, {}).items():
            value.type.tensor_type.shape.dim[axis].dim_param = name
    for name, fact in facts.items():
        entry = proto.metadata_props.add()
        entry.key = name
        entry.value = fact if isinstance(fact, str) else json.dumps(fact, ensure_ascii=False)
    proto.producer_name = "impasto"
    write_bytes(path, proto.SerializeToString())


def _reason(error: BaseException) -> str:
    """The first thing that went wrong, in a line; the exporter's own words are pages of advice."""
    while error.__cause__ is not None:
        error = error.__cause__
    return " ".join(str(error).split())[:160] or type(error).__name__


@contextmanager
def _quiet() -> Iterator[None]:
    """The exporter without its remarks on packages that are not needed and on its progress."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with (
            warnings.catch_warnings(),
            redirect_stdout(io.StringIO()),
            redirect_stderr(io.StringIO()),
        ):
            warnings.simplefilter("ignore")
            yield
    finally:
        logger.setLevel(level)
