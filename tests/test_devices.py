"""Devices by name, and the precision that ``auto`` takes on each."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
import torch
from torch import nn

from impasto.devices import (
    accelerator_on,
    autocast,
    device_of,
    precision_of,
    share_of_cores,
    threads_of_batches,
)
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


def test_threads_of_batches_share_the_cores_and_leave_the_others_theirs() -> None:
    before = torch.get_num_threads()
    torch.set_num_threads(4)
    try:
        assert threads_of_batches(torch.device("cpu")) == 4
        assert threads_of_batches(torch.device("cuda")) == 1
        starts = share_of_cores(2), share_of_cores(1)
        seen = []
        for start in starts:
            with ThreadPoolExecutor(1, initializer=start) as pool:
                sums = pool.submit(lambda: (torch.ones(10**6).sum(), torch.get_num_threads()))
                seen.append(sums.result()[1])
        assert seen == [2, 4]
        assert torch.get_num_threads() == 4
    finally:
        torch.set_num_threads(before)
