"""Bases as people have them: folders, files, variants, autoencoders; what is refused, by name."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import EDMEulerScheduler, LCMScheduler
from huggingface_hub import constants
from safetensors.torch import save_file

from impasto.devices import lora_precision
from impasto.diffusion.base import Opening, family_of, open_base, refuse_untrainable
from impasto.diffusion.memory import Together, memory_advice, place
from impasto.errors import InputError, RunError, SettingsError

Base = Callable[..., Path]


def test_weights_of_one_variant_alone_are_found(tiny_base: Base, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_base(), tmp_path / "fp16")
    for file in [*folder.rglob("*.safetensors")]:
        file.rename(file.with_suffix(".fp16.safetensors"))
    assert open_base(str(folder)).fingerprint == open_base(str(tiny_base())).fingerprint


def test_another_autoencoder_takes_the_place_of_the_bases(tiny_base: Base) -> None:
    other = str(tiny_base("tiny", 1) / "vae")
    mixed = open_base(str(tiny_base()), opening=Opening(vae=other))
    own, lent = (open_base(str(tiny_base("tiny", seed))).pipeline.vae for seed in (0, 1))
    weights = mixed.pipeline.vae.state_dict()
    assert all(torch.equal(weights[name], value) for name, value in lent.state_dict().items())
    assert not all(torch.equal(weights[name], value) for name, value in own.state_dict().items())


def test_t5_is_left_out_where_it_is_wanted_or_was_never_saved(
    tiny_base: Base, tmp_path: Path
) -> None:
    """Its place is taken by zeros, as diffusers does."""
    name = str(tiny_base("tiny_flow"))
    without = open_base(name, opening=Opening(without=("text_encoder_3",)))
    assert without.pipeline.text_encoder_3 is None
    with torch.no_grad():
        (row,) = without.family.encode(without.pipeline, ["columns"])
        expected, _, pooled, _ = without.pipeline.encode_prompt(
            ["columns"], None, None, do_classifier_free_guidance=False
        )
    assert torch.equal(row["prompt_embeds"], expected[0])
    assert torch.equal(row["pooled_prompt_embeds"], pooled[0])
    folder = tmp_path / "saved"
    without.pipeline.save_pretrained(folder)
    assert open_base(str(folder)).fingerprint == without.fingerprint
    with pytest.raises(SettingsError, match="needs it, and does without text_encoder_3"):
        open_base(name, opening=Opening(without=("text_encoder",)))


def test_a_folder_that_lacks_a_component_is_refused_by_its_name(
    tiny_base: Base, tmp_path: Path
) -> None:
    folder = shutil.copytree(tiny_base(), tmp_path / "base")
    shutil.rmtree(folder / "tokenizer")
    with pytest.raises(InputError, match="has no tokenizer/, which its model_index"):
        open_base(str(folder))


def test_schedulers_of_other_objectives_are_refused(tiny_base: Base) -> None:
    base = open_base(str(tiny_base("tiny_xl")))
    refuse_untrainable(base, distilled=False)
    base.pipeline.scheduler = EDMEulerScheduler()
    with pytest.raises(InputError, match="EDMEulerScheduler: its preconditioning"):
        refuse_untrainable(base, distilled=True)
    base.pipeline.scheduler = LCMScheduler()
    with pytest.raises(InputError, match=r"distilled to few steps \(it has an LCMScheduler\)"):
        refuse_untrainable(base, distilled=False)
    refuse_untrainable(base, distilled=True)


def test_distilled_bases_are_told_by_their_marks(tiny_base: Base) -> None:
    klein = open_base(str(tiny_base("tiny_flux2")))
    refuse_untrainable(klein, distilled=False)
    klein.pipeline.register_to_config(is_distilled=True)
    with pytest.raises(InputError, match="marked as distilled"):
        refuse_untrainable(klein, distilled=False)
    flux = open_base(str(tiny_base("tiny_flux")))
    flux.pipeline.transformer.register_to_config(guidance_embeds=False)
    with pytest.raises(InputError, match=r"as FLUX\.1-schnell"):
        refuse_untrainable(flux, distilled=False)


def test_a_hub_that_cannot_be_reached_is_named_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[Any] = []

    class Session:
        def head(self, address: str, timeout: float) -> None:
            asked.append((address, timeout))
            raise OSError("no route to host")

    monkeypatch.setattr("impasto.hub.get_session", Session)
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    began = time.perf_counter()
    with pytest.raises(InputError, match="cannot be reached from here") as caught:
        family_of("owner-of-nothing/no-such-model")
    assert time.perf_counter() - began < 2
    assert asked == [(constants.ENDPOINT, 2.0)]
    assert "\n" not in str(caught.value)
    for name in ("./no-folder", "/no/folder", "no folder/here", "too/many/parts"):
        with pytest.raises(InputError, match="no folder or file"):
            family_of(name)


def test_single_files_are_told_by_their_weights(tmp_path: Path) -> None:
    (tmp_path / "model.ckpt").write_bytes(b"pickle")
    with pytest.raises(InputError, match=r"only \.safetensors files are opened"):
        family_of(str(tmp_path / "model.ckpt"))
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(InputError, match="download it again"):
        family_of(str(tmp_path / "torn.safetensors"))
    key = "model.diffusion_model.input_blocks.2.1.transformer_blocks.0.attn2.to_k.weight"
    xl = "conditioner.embedders.1.model.transformer.resblocks.9.mlp.c_proj.bias"
    save_file({key: torch.zeros(2, 768)}, tmp_path / "one.safetensors")
    assert family_of(str(tmp_path / "one.safetensors")).name == "Stable Diffusion"
    save_file({xl: torch.zeros(1280)}, tmp_path / "xl.safetensors")
    assert family_of(str(tmp_path / "xl.safetensors")).name == "Stable Diffusion XL"


def test_quantised_weights_need_bitsandbytes(tiny_base: Base) -> None:
    with pytest.raises(SettingsError, match="pip install bitsandbytes"):
        open_base(str(tiny_base("tiny_flow")), opening=Opening(quantise="nf4"))


def test_precision_where_bfloat16_is_only_emulated(monkeypatch: pytest.MonkeyPatch) -> None:
    native = {"value": True}

    def supported(*, including_emulation: bool = True) -> bool:
        return including_emulation or native["value"]

    monkeypatch.setattr(torch.cuda, "is_bf16_supported", supported)
    cuda = torch.device("cuda")
    assert lora_precision("auto", cuda) == "bfloat16"
    native["value"] = False
    assert lora_precision("auto", cuda) == "float16"
    assert lora_precision("auto", torch.device("mps")) == "float32"
    assert lora_precision("bfloat16", cuda) == "bfloat16"


def test_running_out_of_memory_is_one_line_with_the_stage() -> None:
    with (
        pytest.raises(RunError, match="out of memory while painting: lower it"),
        memory_advice("painting", "lower it"),
    ):
        raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB")
    with pytest.raises(RuntimeError, match="a shape"), memory_advice("painting", "lower it"):
        raise RuntimeError("a shape")


def test_pictures_are_encoded_one_at_a_time_until_there_is_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    with Together(torch.device("cpu")).measured() as count:
        assert count == 1
    used = iter([0, 300, 0, 300])  # before and at the peak of each call
    monkeypatch.setattr(torch.cuda, "memory_allocated", lambda device: next(used))
    monkeypatch.setattr(torch.cuda, "max_memory_allocated", lambda device: next(used))
    monkeypatch.setattr(torch.cuda, "reset_peak_memory_stats", lambda device: None)
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (2000, 4000))
    together = Together(torch.device("cuda"))
    with together.measured() as count:
        assert count == 1
    with together.measured() as count:
        assert count == 3  # half of what is free holds three of them


def test_a_pipeline_that_does_not_fit_is_moved_part_by_part(
    tiny_base: Base, monkeypatch: pytest.MonkeyPatch
) -> None:
    pipeline = open_base(str(tiny_base())).pipeline
    done: list[str] = []
    monkeypatch.setattr(type(pipeline), "to", lambda self, device: done.append("whole"))
    monkeypatch.setattr(
        type(pipeline), "enable_model_cpu_offload", lambda self, device: done.append("parts")
    )
    free = {"value": 10**9}
    monkeypatch.setattr(torch.cuda, "mem_get_info", lambda device: (free["value"], 10**9))
    assert place(pipeline, torch.device("cuda"), "auto") == "none"
    free["value"] = 1000
    assert place(pipeline, torch.device("cuda"), "auto") == "model"
    assert done == ["whole", "parts"]
    assert pipeline.vae.use_slicing


@pytest.mark.parametrize("kind", ["tiny", "tiny_flow", "tiny_flux2"])
def test_large_pictures_are_decoded_in_tiles_where_asked_for(tiny_base: Base, kind: str) -> None:
    """Tiles are of the autoencoder's own size; a picture of that size is decoded as before."""
    vae = open_base(str(tiny_base(kind))).pipeline.vae
    whole = open_base(str(tiny_base(kind))).pipeline
    place(whole, torch.device("cpu"), "none", tiling=True)
    assert whole.vae.use_tiling and not vae.use_tiling
    side = whole.vae.tile_latent_min_size
    channels = whole.vae.config.latent_channels
    for factor, alike in ((1, True), (2, False)):
        latents = torch.randn(1, channels, factor * side, factor * side)
        with torch.no_grad():
            one, other = vae.decode(latents).sample, whole.vae.decode(latents).sample
        assert one.shape == other.shape
        assert torch.equal(one, other) is alike


def test_unknown_families_are_refused_by_name(tiny_base: Base, tmp_path: Path) -> None:
    folder = shutil.copytree(tiny_base(), tmp_path / "base")
    index = json.loads((folder / "model_index.json").read_text())
    (folder / "model_index.json").write_text(json.dumps({**index, "_class_name": "SanaPipeline"}))
    with pytest.raises(InputError, match=r"SanaPipeline, of a family .* FLUX.2 klein, Z-Image"):
        open_base(str(folder))
