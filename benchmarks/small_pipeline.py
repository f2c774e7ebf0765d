"""A small Stable Diffusion of standard classes, for tests and the proof."""

import json
from collections.abc import Iterable, Sequence
from typing import Any, Final

import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    DDIMScheduler,
    FlowMatchEulerDiscreteScheduler,
    Flux2KleinPipeline,
    Flux2Transformer2DModel,
    FluxPipeline,
    FluxTransformer2DModel,
    SD3Transformer2DModel,
    StableDiffusion3Pipeline,
    StableDiffusionPipeline,
    StableDiffusionXLPipeline,
    UNet2DConditionModel,
    ZImagePipeline,
    ZImageTransformer2DModel,
)
from tokenizers import Tokenizer, models, pre_tokenizers, trainers
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    CLIPTextModelWithProjection,
    CLIPTokenizer,
    Qwen2TokenizerFast,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
)

LENGTH = 24  # tokens of a caption


def tokenizer(
    captions: Iterable[str], vocabulary: int = 512, length: int = LENGTH
) -> CLIPTokenizer:
    """A byte-pair tokenizer learned from captions; it can spell any other text, too."""
    learner = Tokenizer(models.BPE(end_of_word_suffix="</w>"))
    learner.pre_tokenizer = pre_tokenizers.Whitespace()
    letters = [chr(code) for code in range(ord("a"), ord("z") + 1)]
    special = ["<|startoftext|>", "<|endoftext|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=special,
        initial_alphabet=[*letters, *"0123456789,.-"],
        end_of_word_suffix="</w>",
        show_progress=False,
    )
    learner.train_from_iterator([caption.lower() for caption in captions], trainer)
    state = json.loads(learner.to_str())["model"]
    merges = [tuple(pair) for pair in state["merges"]]
    vocab = dict(state["vocab"])
    for letter in [*letters, *"0123456789,.-"]:  # also at the end of a word
        vocab.setdefault(f"{letter}</w>", len(vocab))
    return CLIPTokenizer(vocab=vocab, merges=merges, model_max_length=length)


def text_encoder(
    words: CLIPTokenizer, width: int = 64, layers: int = 2, **more: Any
) -> CLIPTextModel:
    """A CLIP text encoder with fresh weights."""
    return CLIPTextModel(text_config(words, width, layers, **more)).eval()


def text_config(words: CLIPTokenizer, width: int, layers: int, **more: Any) -> CLIPTextConfig:
    """The configuration of a small CLIP text encoder."""
    small = {
        "vocab_size": len(words),
        "hidden_size": width,
        "intermediate_size": 2 * width,
        "num_hidden_layers": layers,
        "num_attention_heads": 4,
        "max_position_embeddings": words.model_max_length,
        "bos_token_id": words.bos_token_id,
        "eos_token_id": words.eos_token_id,
        "pad_token_id": words.pad_token_id,
    }
    return CLIPTextConfig(**{**small, **more})


def vae(channels: Sequence[int] = (32, 64), latent: int = 4) -> AutoencoderKL:
    """An autoencoder that halves the sides once for every channel count but the first."""
    return AutoencoderKL(
        block_out_channels=tuple(channels),
        down_block_types=("DownEncoderBlock2D",) * len(channels),
        up_block_types=("UpDecoderBlock2D",) * len(channels),
        latent_channels=latent,
        norm_num_groups=min(8, channels[0]),
        layers_per_block=1,
        mid_block_add_attention=False,
    ).eval()


def unet(
    channels: Sequence[int], side: int, width: int, latent: int = 4, *, cross_first: bool = False
) -> UNet2DConditionModel:
    """A U-Net with cross-attention at every level, at the first only with ``cross_first``."""
    return UNet2DConditionModel(
        **_levels(channels, side, width, latent, cross_first=cross_first)
    ).eval()


def _levels(
    channels: Sequence[int], side: int, width: int, latent: int = 4, *, cross_first: bool = False
) -> dict[str, Any]:
    rest = len(channels) - 1
    first = (
        ("CrossAttnDownBlock2D", "CrossAttnUpBlock2D")
        if cross_first
        else ("DownBlock2D", "UpBlock2D")
    )
    return {
        "sample_size": side,
        "in_channels": latent,
        "out_channels": latent,
        "block_out_channels": tuple(channels),
        "down_block_types": (first[0], *("CrossAttnDownBlock2D",) * rest),
        "up_block_types": (*("CrossAttnUpBlock2D",) * rest, first[1]),
        "layers_per_block": 1,
        "norm_num_groups": min(8, channels[0]),
        "cross_attention_dim": width,
        "attention_head_dim": 4,
    }


SCHEDULE: dict[str, Any] = {
    "beta_schedule": "scaled_linear",
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "clip_sample": False,
    "steps_offset": 1,
    "set_alpha_to_one": False,
}


def stable_diffusion(
    words: CLIPTokenizer,
    text: CLIPTextModel,
    autoencoder: AutoencoderKL,
    denoiser: UNet2DConditionModel,
) -> StableDiffusionPipeline:
    """The parts as a pipeline, without the safety checker that real ones have."""
    scheduler = DDIMScheduler(**SCHEDULE)
    return StableDiffusionPipeline(
        vae=autoencoder,
        text_encoder=text,
        tokenizer=words,
        unet=denoiser,
        scheduler=scheduler,
        safety_checker=None,
        feature_extractor=None,
        requires_safety_checker=False,
    )


def tiny(captions: Iterable[str], seed: int = 0) -> StableDiffusionPipeline:
    """The smallest pipeline, with random weights, for pictures of 32 × 32 pixels."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = tokenizer(captions, 128)
        return stable_diffusion(
            words, text_encoder(words, 32, 1), vae((8, 16)), unet((16, 32), 16, 32)
        )


def tiny_xl(captions: Iterable[str], seed: int = 0) -> StableDiffusionXLPipeline:
    """The smallest Stable Diffusion XL, with random weights, for pictures of 32 × 32 pixels."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = tokenizer(captions, 128)
        second = CLIPTextModelWithProjection(text_config(words, 32, 2, projection_dim=32)).eval()
        denoiser = UNet2DConditionModel(
            **_levels((16, 32), 16, 64),
            addition_embed_type="text_time",
            addition_time_embed_dim=8,
            projection_class_embeddings_input_dim=6 * 8 + 32,
        ).eval()
        return StableDiffusionXLPipeline(
            vae=vae((8, 16)),
            text_encoder=text_encoder(words, 32, 2),
            text_encoder_2=second,
            tokenizer=words,
            tokenizer_2=words,
            unet=denoiser,
            scheduler=DDIMScheduler(**SCHEDULE),
            add_watermarker=False,
        )


def tiny_flow(captions: Iterable[str], seed: int = 0) -> StableDiffusion3Pipeline:
    """The smallest Stable Diffusion 3, with random weights."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = tokenizer(captions, 128)
        encoders = [
            CLIPTextModelWithProjection(text_config(words, 32, 2, projection_dim=32)).eval()
            for _ in range(2)
        ]
        denoiser = SD3Transformer2DModel(
            sample_size=16,
            patch_size=2,
            in_channels=4,
            out_channels=4,
            num_layers=2,
            attention_head_dim=8,
            num_attention_heads=4,
            joint_attention_dim=64,
            caption_projection_dim=32,
            pooled_projection_dim=64,
            pos_embed_max_size=16,
        ).eval()
        third = T5Config(
            vocab_size=len(words),
            d_model=64,
            d_kv=8,
            d_ff=64,
            num_layers=1,
            num_heads=4,
            pad_token_id=0,
        )
        autoencoder = vae((8, 16))
        autoencoder.register_to_config(shift_factor=0.1)
        return StableDiffusion3Pipeline(
            vae=autoencoder,
            text_encoder=encoders[0],
            text_encoder_2=encoders[1],
            text_encoder_3=T5EncoderModel(third).eval(),
            tokenizer=words,
            tokenizer_2=words,
            tokenizer_3=words,
            transformer=denoiser,
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
        )


CHAT: Final = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}"
    "<|im_end|>\n{% endfor %}{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
"""A chat template of the form that Qwen's have."""


def chat_tokenizer(captions: Iterable[str], length: int = 512) -> Qwen2TokenizerFast:
    """A byte-level tokenizer with a chat template, learned from captions."""
    learner = Tokenizer(models.BPE())
    learner.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainer = trainers.BpeTrainer(
        vocab_size=320,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    learner.train_from_iterator(captions, trainer)
    state = json.loads(learner.to_str())["model"]
    made = Qwen2TokenizerFast(
        vocab=dict(state["vocab"]),
        merges=[tuple(pair) for pair in state["merges"]],
        model_max_length=length,
        pad_token="<|endoftext|>",
        eos_token="<|im_end|>",
    )
    made.chat_template = CHAT
    return made


def chat_encoder(words: Qwen2TokenizerFast, layers: int) -> Qwen3ForCausalLM:
    """A small Qwen3 with fresh weights."""
    return Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(words),
            hidden_size=16,
            intermediate_size=16,
            num_hidden_layers=layers,
            num_attention_heads=2,
            num_key_value_heads=1,
            head_dim=8,
            tie_word_embeddings=True,
        )
    ).eval()


def tiny_flux(captions: Iterable[str], seed: int = 0) -> FluxPipeline:
    """The smallest FLUX.1 with a guidance vector, with random weights."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = tokenizer(captions, 128)
        third = T5Config(
            vocab_size=len(words), d_model=32, d_kv=8, d_ff=32, num_layers=1, num_heads=4,
            pad_token_id=0,
        )  # fmt: skip
        autoencoder = vae((8, 16))
        autoencoder.register_to_config(shift_factor=0.1)
        denoiser = FluxTransformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=32,
            pooled_projection_dim=32,
            guidance_embeds=True,
            axes_dims_rope=(4, 6, 6),
        ).eval()
        return FluxPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=autoencoder,
            text_encoder=text_encoder(words, 32, 2),
            tokenizer=words,
            text_encoder_2=T5EncoderModel(third).eval(),
            tokenizer_2=words,
            transformer=denoiser,
        )


def tiny_flux2(captions: Iterable[str], seed: int = 0) -> Flux2KleinPipeline:
    """The smallest FLUX.2 klein that is not distilled, with random weights."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = chat_tokenizer(captions)
        autoencoder = AutoencoderKLFlux2(
            block_out_channels=(8, 16),
            down_block_types=("DownEncoderBlock2D",) * 2,
            up_block_types=("UpDecoderBlock2D",) * 2,
            latent_channels=4,
            norm_num_groups=8,
            layers_per_block=1,
            mid_block_add_attention=False,
        ).eval()
        autoencoder.bn.running_mean.normal_(0, 0.2)
        autoencoder.bn.running_var.uniform_(0.5, 2)
        denoiser = Flux2Transformer2DModel(
            in_channels=16,
            num_layers=1,
            num_single_layers=2,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=48,  # three of the encoder's layers
            guidance_embeds=False,
            timestep_guidance_channels=16,
            axes_dims_rope=(4, 4, 4, 4),
        ).eval()
        return Flux2KleinPipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(use_dynamic_shifting=True),
            vae=autoencoder,
            text_encoder=chat_encoder(words, 27),
            tokenizer=words,
            transformer=denoiser,
            is_distilled=False,
        )


def tiny_z_image(captions: Iterable[str], seed: int = 0) -> ZImagePipeline:
    """The smallest Z-Image, with random weights."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = chat_tokenizer(captions)
        autoencoder = vae((8, 16))
        autoencoder.register_to_config(shift_factor=0.1)
        denoiser = ZImageTransformer2DModel(
            in_channels=4, dim=32, n_layers=2, n_refiner_layers=1, n_heads=2, n_kv_heads=2,
            cap_feat_dim=16, axes_dims=[4, 6, 6], axes_lens=[1024, 64, 64],
        ).eval()  # fmt: skip
        for weight in denoiser.parameters():  # its padding and last layers begin at nothing
            if not weight.any():
                torch.nn.init.normal_(weight, std=0.1)
        return ZImagePipeline(
            scheduler=FlowMatchEulerDiscreteScheduler(shift=3.0),
            vae=autoencoder,
            text_encoder=chat_encoder(words, 2),
            tokenizer=words,
            transformer=denoiser,
        )


def full_size(captions: Iterable[str], seed: int = 0) -> StableDiffusionPipeline:
    """Networks of Stable Diffusion 1.5's shapes (860, 84 and 123 M) with random weights."""
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        words = tokenizer(captions, length=77)
        text = CLIPTextModel(
            text_config(words, 768, 12, intermediate_size=3072, num_attention_heads=12)
        )
        down, up = ("DownEncoderBlock2D",) * 4, ("UpDecoderBlock2D",) * 4
        wide = {
            "block_out_channels": (128, 256, 512, 512),
            "layers_per_block": 2,
            "latent_channels": 4,
        }
        autoencoder = AutoencoderKL(down_block_types=down, up_block_types=up, **wide)
        return stable_diffusion(words, text.eval(), autoencoder.eval(), denoiser_15().eval())


def denoiser_15() -> UNet2DConditionModel:
    """The U-Net of Stable Diffusion 1.5, by its published configuration, with fresh weights."""
    return UNet2DConditionModel(
        sample_size=64,
        block_out_channels=(320, 640, 1280, 1280),
        cross_attention_dim=768,
        attention_head_dim=8,
    )
