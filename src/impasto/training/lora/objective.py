"""Objective of a denoiser: noise, velocity or flow, and the loss weight of each time.

Noise and its schedule are the base's own. Diffusion: Ho et al. 2020 (arXiv:2006.11239), velocities
after Salimans and Ho 2022 (arXiv:2202.00512), min-SNR weights after Hang et al. 2023
(arXiv:2303.09556). Flow: Lipman et al. 2022 (arXiv:2210.02747) with times drawn as in Esser et al.
2024 (arXiv:2403.03206, section 3.1).
"""

from dataclasses import dataclass
from typing import Any

import torch
from diffusers import DDPMScheduler, FlowMatchEulerDiscreteScheduler
from diffusers.training_utils import compute_density_for_timestep_sampling, compute_snr
from torch import Tensor

from impasto.diffusion.base import Base
from impasto.errors import InputError


@dataclass(frozen=True, slots=True)
class NoiseDraws:
    """Random noise and times of a batch.

    ``noise (B, C, h, w)`` and ``times``, places in the schedule, ``int64 (B,)``.
    """

    noise: Tensor
    times: Tensor


class Objective:
    """Noisy latents, the target of the prediction, and the loss, for the base's family."""

    def __init__(self, base: Base, *, min_snr: float, noise_offset: float) -> None:
        self.family = base.family
        self.flow, self.min_snr, self.noise_offset = base.family.flow, min_snr, noise_offset
        config = base.pipeline.scheduler.config
        kind: Any = FlowMatchEulerDiscreteScheduler if self.flow else DDPMScheduler
        self.schedule = kind.from_config(config)
        self.count = int(self.schedule.config.num_train_timesteps)
        self.predicts = "flow" if self.flow else str(self.schedule.config.prediction_type)
        if self.predicts not in ("flow", "epsilon", "v_prediction"):
            raise InputError(
                f"{base.name} predicts {self.predicts}: give a base that predicts epsilon, "
                "v_prediction or flow"
            )

    def draw(self, seeds: list[int], shape: tuple[int, ...]) -> NoiseDraws:
        """Draw noise and times on the CPU, for each picture by its own seed.

        Args:
            seeds: one a picture.
            shape: of a latent, ``(C, h, w)``.
        """
        noises, times = [], []
        for seed in seeds:
            generator = torch.Generator().manual_seed(seed)
            noise = torch.randn(shape, generator=generator)
            # A little of the mean is noisy too, so that very dark and light pictures can be learned
            # (Guttenberg 2023)
            noises.append(
                noise + self.noise_offset * torch.randn((shape[0], 1, 1), generator=generator)
            )
            density = compute_density_for_timestep_sampling(
                "logit_normal" if self.flow else "uniform",
                1,
                logit_mean=0.0,
                logit_std=1.0,
                generator=generator,
            )
            times.append((density * self.count).long().clamp(max=self.count - 1))
        return NoiseDraws(torch.stack(noises), torch.cat(times))

    def noisy(self, latents: Tensor, draws: NoiseDraws) -> tuple[Tensor, Tensor, Tensor]:
        """Noisy latents, the times as the network takes them, and the target of the prediction."""
        if self.flow:
            places = draws.times.to(self.schedule.sigmas.device)
            shares, times = self.schedule.sigmas[places], self.schedule.timesteps[places]
            shift = self.family.shift(self.schedule, tuple(latents.shape[1:]))
            if shift is not None:
                shares = self.schedule.time_shift(shift, 1.0, shares)
                times = shares * self.count
            sigmas = shares.to(latents).view(-1, 1, 1, 1)
            mixed = (1 - sigmas) * latents + sigmas * draws.noise
            return mixed, times.to(latents.device), draws.noise - latents
        mixed = self.schedule.add_noise(latents, draws.noise, draws.times)
        if self.predicts == "v_prediction":
            return mixed, draws.times, self.schedule.get_velocity(latents, draws.noise, draws.times)
        return mixed, draws.times, draws.noise

    def loss(
        self, predicted: Tensor, target: Tensor, times: Tensor, *, weighted: bool = True
    ) -> Tensor:
        """Squared error of each picture, ``(B,)``, weighted by its time if the settings say so."""
        each = (predicted.float() - target.float()).pow(2).mean((1, 2, 3))
        if self.flow or not weighted or not self.min_snr:
            return each
        snr = compute_snr(self.schedule, times)
        weight = snr.clamp(max=self.min_snr) / (snr + 1 if self.predicts == "v_prediction" else snr)
        return Tensor.mul(weight.to(each.device), each)
