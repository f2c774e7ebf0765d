"""Devices by name, and the precision that ``auto`` takes on each."""

from typing import Any

import pytest
import torch
from torch import nn

from impasto.devices import accelerator_on, autocast, device_of, precision_of
from impasto.errors import SettingsError


def machine(monkeypatch: pytest.MonkeyPatch, *, cuda: int = 0, mps: bool = False) -> None:
    """Pretend that this machine has so many CUDA devices, and an Apple one."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: cuda > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: cuda)
    monkeypatch.setattr(torch.backends.mps, "is_available", lambda: mps)


@pytest.mark.parametrize(
    ("has", "device"), [({"cuda": 1, "mps": True}, "cuda"), ({"mps": True}, "mps"), ({}, "cpu")]
)
def test_auto_takes_cuda_else_mps_else_the_processor(
    has: dict[str, Any], device: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    machine(monkeypatch, **has)
    assert device_of("auto") == torch.device(device)
    assert device_of("cpu") == torch.device("cpu")


def test_a_device_that_is_not_there_is_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    machine(monkeypatch)
    for name, kind in (("cuda", "CUDA device"), ("cuda:1", "CUDA device 1"), ("mps", "MPS device")):
        with pytest.raises(SettingsError) as refused:
            device_of(name)
        assert str(refused.value) == (
            f"device={name}: this machine has no {kind} that torch can use: say --device cpu"
        )
    machine(monkeypatch, cuda=2)
    assert device_of("cuda:1") == torch.device("cuda", 1)
    with pytest.raises(SettingsError, match="no CUDA device 2 "):
        device_of("cuda:2")


def test_processes_share_the_work_on_the_device_named() -> None:
    assert accelerator_on("cpu").device == torch.device("cpu")


@pytest.mark.parametrize(
    ("has", "precision"),
    [
        ({"amx_bf16": True, "avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": False, "avx512_bf16": True}, "bfloat16"),
        ({"amx_bf16": False, "avx512_bf16": False, "avx2": True}, "float32"),
        ({}, "float32"),
    ],
)
def test_auto_precision_is_what_the_processor_can_do(
    has: dict[str, bool], precision: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: has)
    assert precision_of("auto", torch.device("cpu")) == precision
    assert precision_of("float32", torch.device("cpu")) == "float32"
    assert precision_of("bfloat16", torch.device("cpu")) == "bfloat16"


@pytest.mark.parametrize("able", [True, False])
def test_auto_precision_on_accelerators(able: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_bf16_supported", lambda including_emulation: able)
    expected = "bfloat16" if able else "float32"
    assert precision_of("auto", torch.device("cuda")) == expected
    assert precision_of("auto", torch.device("mps")) == "float32"


def test_autocast_computes_in_the_precision_asked_for() -> None:
    layer, cpu = nn.Linear(3, 2), torch.device("cpu")
    with autocast(cpu, "bfloat16"):
        assert layer(torch.ones(1, 3)).dtype == torch.bfloat16
    with autocast(cpu, "float32"):
        assert layer(torch.ones(1, 3)).dtype == torch.float32
