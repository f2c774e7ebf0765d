"""The classifier: shapes, golden numbers, gradients, and its parts against slow re-writes."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch import Tensor, nn

from impasto.models.classifier import BatchNorm, Bottleneck, Classifier, ClassifierConfig, Size

SIZES: tuple[Size, ...] = ("tiny", "small", "base")


def network(size: Size = "tiny", styles: int = 5) -> Classifier:
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return Classifier(ClassifierConfig(styles, size))


def pictures(count: int = 2, height: int = 32, width: int | None = None) -> Tensor:
    """Waves of which no two pictures or channels have the same, in [-1, 1]."""
    width = width or height
    y, x = torch.meshgrid(torch.arange(height) / 9, torch.arange(width) / 7, indexing="ij")
    waves = [[torch.sin((b + 1) * y + (c + 2) * x + b * c) for c in range(3)] for b in range(count)]
    return torch.stack([torch.stack(channels) for channels in waves])


@pytest.mark.parametrize("size", SIZES)
def test_shapes_at_any_resolution(size: Size) -> None:
    model = network(size).eval()
    channels = {"tiny": (32, 64, 128), "small": (64, 128, 256), "base": (128, 256, 512)}[size]
    for height, width in ((32, 32), (64, 64), (96, 96), (50, 50), (33, 77)):
        x = pictures(2, height, width)
        down, expected = (height // 2, width // 2), []
        for number in channels:
            down = -(-down[0] // 2), -(-down[1] // 2)
            expected.append((2, number, *down))
        with torch.no_grad():
            assert [stage.shape for stage in model.features(x)] == expected
            assert model.embed(x).shape == (2, 2 * sum(channels))
            assert model(x).shape == (2, 5)


@pytest.mark.parametrize(
    ("size", "expected"), [("tiny", 160_955), ("small", 947_291), ("base", 4_149_403)]
)
def test_parameter_counts(size: Size, expected: int) -> None:
    assert sum(p.numel() for p in network(size, styles=27).parameters()) == expected


def test_golden_logits() -> None:
    model = network().train()
    with torch.no_grad():
        logits = model(pictures(3))
    torch.testing.assert_close(
        logits[:, :3],
        torch.tensor(
            [
                [-0.141394, 0.006228, 0.363759],
                [0.225156, -0.133269, -0.229395],
                [-0.630517, 0.069113, 0.201884],
            ]
        ),
        atol=2e-5,
        rtol=1e-4,
    )
    with torch.no_grad():  # the statistics of one batch have gone into the running ones
        logits = model.eval()(pictures(3))
    torch.testing.assert_close(
        logits[0, :3], torch.tensor([-0.411048, 0.473399, -0.296287]), atol=2e-5, rtol=1e-4
    )


@pytest.mark.parametrize("size", SIZES)
def test_a_gradient_reaches_every_parameter(size: Size) -> None:
    model = network(size).train()
    nn.functional.cross_entropy(model(pictures(4)), torch.tensor([0, 1, 2, 3])).backward()
    still = [
        name for name, p in model.named_parameters() if p.grad is None or not p.grad.abs().sum() > 0
    ]
    assert not still


def maps(count: int = 3, seed: int = 1) -> list[Tensor]:
    """Feature maps as those of size ``tiny``, one a stage."""
    generator = torch.Generator().manual_seed(seed)
    return [
        torch.rand(count, c, h, h + 1, generator=generator) for c, h in ((32, 6), (64, 4), (128, 3))
    ]


def test_a_dead_channel_keeps_the_gradient_finite() -> None:
    features = [torch.zeros_like(stage, requires_grad=True) for stage in maps()]
    network().describe(features).square().sum().backward()
    assert all(stage.grad is not None and torch.isfinite(stage.grad).all() for stage in features)


def test_the_descriptor_is_mean_and_deviation_of_each_channel_stage_by_stage() -> None:
    features, parts = maps(), []
    for stage in features:
        count, channels = stage.shape[:2]
        slow = torch.empty(count, 2 * channels)
        for b in range(count):
            for c in range(channels):
                values = [float(v) for v in stage[b, c].flatten()]
                mean = sum(values) / len(values)
                variance = sum((v - mean) ** 2 for v in values) / len(values)
                slow[b, c], slow[b, channels + c] = mean, (variance + 1e-4) ** 0.5
            centred = slow[b] - slow[b].mean()
            slow[b] = centred / (centred.square().mean() + 1e-5).sqrt()
        parts.append(slow)
    torch.testing.assert_close(
        network().describe(features), torch.cat(parts, 1), atol=1e-4, rtol=1e-4
    )


def test_the_descriptor_does_not_see_where_things_are() -> None:
    model, features = network(), maps(1)
    order = [
        torch.randperm(s[0, 0].numel(), generator=torch.Generator().manual_seed(3))
        for s in features
    ]
    moved = [s.flatten(2)[:, :, o].view_as(s) for s, o in zip(features, order, strict=True)]
    torch.testing.assert_close(model.describe(features), model.describe(moved))


def test_the_logits_are_the_head_of_the_representation() -> None:
    model, x = network().eval(), pictures(2)
    with torch.no_grad():
        torch.testing.assert_close(model(x), model.embed(x) @ model.head.weight.T + model.head.bias)
        torch.testing.assert_close(model.embed(x), model.describe(model.features(x)))


def test_channels_last_gives_the_same_numbers() -> None:
    x = pictures(3, 50)
    with torch.no_grad():
        plain = network().train()(x)
        other = network().to(memory_format=torch.channels_last).train()  # type: ignore[call-overload]
        last = other(x.contiguous(memory_format=torch.channels_last))
    torch.testing.assert_close(last, plain, atol=1e-5, rtol=1e-4)


@pytest.mark.parametrize(("stride", "places"), [(2, 16), (4, 8)])
def test_the_stems_stride_settles_how_many_places_there_are(stride: int, places: int) -> None:
    model = Classifier(ClassifierConfig(5, "tiny", stride=stride)).eval()
    with torch.no_grad():
        maps = model.features(pictures(1, 64))
    assert [stage.shape[-1] for stage in maps] == [places, places // 2, places // 4]


def test_a_block_is_its_formula() -> None:
    """Pre-activation:

    norm, ReLU, convolution, three times; the shortcut averages before its 1×1 convolution.
    """
    block, x = Bottleneck(3, 6, stride=2).eval(), pictures(2, 9)
    with torch.no_grad():
        h = torch.relu(x / (1 + 1e-5) ** 0.5)  # fresh statistics: mean 0, variance 1
        y = torch.einsum("nchw,oc->nohw", h, block.reduce.weight[:, :, 0, 0])
        y = nn.functional.conv2d(
            torch.relu(y / (1 + 1e-5) ** 0.5), block.spatial.weight, stride=2, padding=1
        )
        y = torch.einsum(
            "nchw,oc->nohw", torch.relu(y / (1 + 1e-5) ** 0.5), block.expand.weight[:, :, 0, 0]
        )
        assert block.shortcut is not None
        pooled = torch.stack(
            [
                h[:, :, i : i + 2, j : j + 2].mean((2, 3))
                for i in range(0, 9, 2)
                for j in range(0, 9, 2)
            ]
        )
        short = torch.einsum("nbc,oc->bon", pooled, block.shortcut.weight[:, :, 0, 0]).view(
            2, 6, 5, 5
        )
        torch.testing.assert_close(block(x), y + short, atol=1e-5, rtol=1e-4)


def test_batch_norm_alone_is_torchs() -> None:
    ours, theirs = BatchNorm(3), nn.BatchNorm2d(3)
    for training in (True, False):
        ours.train(training)
        theirs.train(training)
        assert torch.equal(ours(pictures(4)), theirs(pictures(4)))
    for name, value in theirs.state_dict().items():
        assert torch.equal(ours.state_dict()[name], value)


def in_two_processes(code: str, folder: Path) -> None:
    """Run code in two processes, with ``given.pt`` and the folder as its arguments."""
    (folder / "code.py").write_text(code)
    launch = ["-m", "torch.distributed.run", "--standalone", "--nproc_per_node", "2"]
    command = [sys.executable, *launch, folder / "code.py", folder / "given.pt", folder]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


BATCH_NORM = """
import sys, torch
from torch import distributed
from impasto.models.classifier import BatchNorm

torch.set_num_threads(1)
distributed.init_process_group("gloo")
rank = distributed.get_rank()
given = torch.load(sys.argv[1])
norm = BatchNorm(3)
norm.load_state_dict(given["state"])
x = given["x"][given["rows"][rank]].requires_grad_()
for _ in range(2):
    y = norm(x)
(y * given["slope"][given["rows"][rank]]).sum().backward()
for p in norm.parameters():
    distributed.all_reduce(p.grad)  # the sum over processes, as the loss is a sum
norm.eval()
state = {k: v for k, v in norm.state_dict().items()}
seen = {"y": y.detach(), "x": x.grad, "state": state}
seen |= {"weight": norm.weight.grad, "bias": norm.bias.grad}
torch.save(seen | {"evaluated": norm(x).detach()}, f"{sys.argv[2]}/{rank}.pt")
distributed.destroy_process_group()
"""


def test_batch_norm_on_two_processes_is_that_on_one(tmp_path: Path) -> None:
    """Also with shares of different sizes: outputs, running statistics and every gradient."""
    norm, x = nn.BatchNorm2d(3), pictures(5, 8).requires_grad_()
    with torch.no_grad():
        norm.weight.copy_(torch.tensor([0.5, 1.5, -1.0]))
        norm.bias.copy_(torch.tensor([0.1, 0.0, 2.0]))
    rows = [[0, 3, 4], [1, 2]]
    slope = torch.rand(x.shape, generator=torch.Generator().manual_seed(0))
    given = {"state": norm.state_dict(), "x": x.detach(), "rows": rows, "slope": slope}
    torch.save(given, tmp_path / "given.pt")
    in_two_processes(BATCH_NORM, tmp_path)
    for _ in range(2):
        y = norm(x)
    (y * slope).sum().backward()
    evaluated = norm.eval()(x).detach()
    assert x.grad is not None
    for rank in (0, 1):
        seen, mine = torch.load(tmp_path / f"{rank}.pt"), rows[rank]
        torch.testing.assert_close(seen["y"], y.detach()[mine], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(seen["x"], x.grad[mine], atol=1e-5, rtol=1e-4)
        torch.testing.assert_close(seen["weight"], norm.weight.grad, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(seen["bias"], norm.bias.grad, atol=1e-4, rtol=1e-4)
        torch.testing.assert_close(seen["evaluated"], evaluated[mine], atol=1e-5, rtol=1e-4)
        for name, value in norm.state_dict().items():
            torch.testing.assert_close(seen["state"][name], value, atol=1e-5, rtol=1e-4)


GRADIENTS = """
import sys, torch
from torch import distributed, nn
from impasto.models.classifier import Classifier, ClassifierConfig

torch.set_num_threads(1)
distributed.init_process_group("gloo")
rank = distributed.get_rank()
given = torch.load(sys.argv[1])
model = Classifier(ClassifierConfig(3, "tiny")).train()
model.load_state_dict(given["state"])
nn.functional.cross_entropy(model(given["x"][rank::2]), given["labels"][rank::2]).backward()
for p in model.parameters():
    distributed.all_reduce(p.grad)
torch.save([p.grad / 2 for p in model.parameters()], f"{sys.argv[2]}/{rank}.pt")
distributed.destroy_process_group()
"""


def test_two_processes_have_the_gradients_of_one(tmp_path: Path) -> None:
    model, x = network(styles=3).train(), pictures(12)
    labels = torch.arange(12) % 3
    torch.save({"state": model.state_dict(), "x": x, "labels": labels}, tmp_path / "given.pt")
    in_two_processes(GRADIENTS, tmp_path)
    nn.functional.cross_entropy(model(x), labels).backward()
    for p, theirs in zip(model.parameters(), torch.load(tmp_path / "0.pt"), strict=True):
        assert p.grad is not None
        assert (theirs - p.grad).norm() < 1e-4 * p.grad.norm()
