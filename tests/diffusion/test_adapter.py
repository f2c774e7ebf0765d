"""The adapter alone is trained, copies lend their weights, and files hold the weights in memory."""

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from safetensors.torch import load_file
from torch import Tensor

from impasto.diffusion.adapter import (
    NAME,
    Adapter,
    Shape,
    load_file_into,
    write,
    write_foreign,
)
from impasto.diffusion.base import Base, fingerprint, open_base

KINDS = ("tiny", "tiny_xl", "tiny_flow", "tiny_flux", "tiny_flux2", "tiny_z_image")
CAPTIONS = ["a painting in the style of bands", "columns"]


@pytest.fixture(params=KINDS)
def base(request: pytest.FixtureRequest, tiny_base: Callable[..., Path]) -> Base:
    torch.set_num_threads(1)
    return open_base(str(tiny_base(request.param)), safety=False)


def given(base: Base) -> tuple[Tensor, Tensor, Any, tuple[int, int]]:
    """Noisy latents, times, words and size."""
    generator, size = torch.Generator().manual_seed(0), (32, 32)
    with torch.no_grad():
        rows = base.family.encode(base.pipeline, CAPTIONS)
        clean = base.family.to_latent(base.pipeline.vae, torch.zeros(2, 3, *size))
    text = base.family.batch(rows, torch.device("cpu"), torch.float32)
    noisy = torch.randn(clean.shape, generator=generator)
    return noisy, torch.tensor([10, 700]), text, size


def bare(base: Base, asked: Any) -> Tensor:
    with torch.no_grad():
        noisy, times, text, size = asked
        return base.family.predict(base.denoiser, noisy, times, text, size)


def randomised(adapter: Adapter, seed: int) -> Adapter:
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for weight in adapter.parameters():
            weight.copy_(0.3 * torch.randn(weight.shape, generator=generator))
    return adapter.eval()


def test_a_fresh_adapter_changes_nothing_and_only_it_is_trained(base: Base) -> None:
    asked = given(base)
    before, mark = bare(base, asked), fingerprint(base.pipeline)
    frozen = {name: weight.clone() for name, weight in base.denoiser.named_parameters()}
    adapter = Adapter(base, Shape(4, 8.0))
    assert torch.equal(adapter(*asked), before)
    optimizer = torch.optim.AdamW(adapter.parameters(), 0.1)
    for _ in range(3):
        optimizer.zero_grad()
        adapter(*asked).square().mean().backward()
        optimizer.step()
    assert not torch.equal(adapter(*asked), before)
    now = {
        name.replace(".base_layer", ""): weight for name, weight in base.denoiser.named_parameters()
    }
    assert all(torch.equal(now[name], weight) for name, weight in frozen.items())
    base.pipeline.unload_lora_weights()
    assert fingerprint(base.pipeline) == mark
    assert torch.equal(bare(base, asked), before)


def test_a_copy_lends_its_weights_and_gives_them_back(base: Base) -> None:
    asked, adapter = given(base), Adapter(base, Shape(4, 4.0))
    randomised(adapter, 1)
    mine = adapter(*asked).detach()
    other = copy.deepcopy(adapter)
    assert torch.equal(other(*asked), mine)
    assert {id(weight) for weight in other.parameters()}.isdisjoint(
        {id(weight) for weight in adapter.parameters()}
    )
    randomised(other, 2)
    theirs = other(*asked).detach()
    assert not torch.equal(theirs, mine)
    assert torch.equal(adapter(*asked), mine)
    adapter.load_state_dict(other.state_dict())
    assert torch.equal(adapter(*asked), theirs)


@pytest.mark.filterwarnings("ignore:Mismatch dtype")  # torch's own norms under autocast
def test_lent_weights_are_those_at_work_in_half_precision_too(base: Base) -> None:
    """Autocast caches half-precision copies by the weight's identity, not by its values."""
    asked, adapter = given(base), Adapter(base, Shape(4, 4.0))
    randomised(adapter, 1)
    other = copy.deepcopy(adapter)
    randomised(other, 2)

    def alone(model: Adapter) -> torch.Tensor:
        with torch.autocast("cpu", torch.bfloat16):
            return model(*asked)

    expected = [alone(model) for model in (adapter, other, adapter)]
    with torch.autocast("cpu", torch.bfloat16):
        together = [model(*asked) for model in (adapter, other, adapter)]
    assert all(torch.equal(one, two) for one, two in zip(expected, together, strict=True))
    assert not torch.equal(expected[0], expected[1])


@pytest.mark.parametrize("targets", ["attention", "all", "all-linear"])
def test_what_is_written_is_what_diffusers_loads(base: Base, tmp_path: Path, targets: Any) -> None:
    """Both formats, with an alpha other than the rank, and dropout that is off afterwards."""
    asked = given(base)
    adapter = randomised(Adapter(base, Shape(4, 6.0, 0.5, targets)), 3)
    expected = adapter(*asked).detach()
    write(adapter, tmp_path / NAME)
    foreign = write_foreign(adapter, tmp_path, {"ss_network_dim": "4"})
    again = tmp_path / "again.safetensors"
    write(adapter, again)
    assert again.read_bytes() == (tmp_path / NAME).read_bytes()
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in (NAME, foreign)} == {0o644}
    base.pipeline.unload_lora_weights()
    base.pipeline.load_lora_weights(str(tmp_path), weight_name=NAME)  # as anybody would
    assert torch.allclose(bare(base, asked), expected, atol=1e-5)
    base.pipeline.unload_lora_weights()
    load_file_into(base.pipeline, tmp_path / foreign)
    assert torch.allclose(bare(base, asked), expected, atol=1e-5)
    assert foreign == ("kohya" if base.family.kohya else "comfyui") + ".safetensors"


def test_the_strength_is_right_without_a_header(base: Base, tmp_path: Path) -> None:
    """Programs that read weights alone take alpha / rank for 1."""
    adapter = randomised(Adapter(base, Shape(4, 2.0)), 3)
    write(adapter, tmp_path / NAME)
    part = base.family.denoiser
    name = next(name for name in adapter.weights if name.endswith("lora_B/default/weight"))
    written = load_file(tmp_path / NAME)
    plain = name.replace("/", ".").replace(".default", "")
    assert torch.allclose(written[plain], adapter.weights[name] * (2 / 4))
    foreign = load_file(tmp_path / write_foreign(adapter, tmp_path, {}))
    alphas = {key for key in foreign if key.endswith(".alpha")}
    assert {float(foreign[key]) for key in alphas} == {2.0}
    assert len(alphas) * 3 == len(foreign)
    assert part in plain


def test_a_dora_is_written_and_loaded(base: Base, tmp_path: Path) -> None:
    asked = given(base)
    before = bare(base, asked)
    adapter = Adapter(base, Shape(2, 2.0, dora=True))
    assert torch.allclose(adapter(*asked), before, atol=1e-5)
    with torch.no_grad():
        for name, weight in adapter.weights.items():
            weight.mul_(1.3) if "magnitude" in name else weight.add_(0.05)
    adapter.eval()
    expected = adapter(*asked).detach()
    assert not torch.allclose(expected, before, atol=1e-3)
    with adapter.bare(), torch.no_grad():
        assert torch.allclose(adapter(*asked), before, atol=1e-6)
    write(adapter, tmp_path / NAME)
    foreign = load_file(tmp_path / write_foreign(adapter, tmp_path, {}))
    base.pipeline.unload_lora_weights()
    base.pipeline.load_lora_weights(str(tmp_path), weight_name=NAME)
    assert torch.allclose(bare(base, asked), expected, atol=1e-4)
    scales = {key: value for key, value in foreign.items() if key.endswith(".dora_scale")}
    up = "lora_up" if base.family.kohya else "lora_B"
    for key, value in scales.items():
        layer = foreign[key.replace("dora_scale", f"{up}.weight")]
        assert value.shape == (len(layer), *[1] * (layer.ndim - 1))
    assert scales


def test_text_encoders_are_taught_through_their_words(base: Base) -> None:
    asked, captions = given(base), CAPTIONS
    if not base.family.encoders:
        pytest.skip("its text encoder is not trained")
    adapter = Adapter(base, Shape(4, 4.0, encoders=True))
    noisy, times, _, size = asked
    predicted = adapter(noisy, times, captions, size)
    assert torch.allclose(predicted, adapter(*asked), atol=1e-6)
    randomised(adapter, 4)
    adapter(noisy, times, captions, size).square().mean().backward()
    taught = {
        name.split("/")[0]
        for name, weight in adapter.weights.items()
        if weight.grad is not None and weight.grad.any()
    }
    assert taught == {base.family.denoiser, *base.family.encoders}


def test_bases_are_told_apart_in_either_precision(tiny_base: Callable[..., Path]) -> None:
    one = open_base(str(tiny_base()))
    assert open_base(str(tiny_base()), torch.bfloat16).fingerprint == one.fingerprint
    assert open_base(str(tiny_base()), torch.float16).fingerprint == one.fingerprint
    assert open_base(str(tiny_base("tiny", 1))).fingerprint != one.fingerprint
