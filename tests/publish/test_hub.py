"""Upload to the hub: checked before the training, and of the files that others use alone."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest
from huggingface_hub.errors import OfflineModeIsEnabled
from typer.testing import CliRunner

from impasto.cli.main import app
from impasto.diffusion.adapter import SHARED
from impasto.errors import InputError, OutputError
from impasto.publish import hub as hubs
from impasto.publish.hub import push, require_access


class Hub:
    """A hub that answers, and notes what it is sent."""

    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def head(self, address: str, timeout: float) -> None:
        """The hub is there."""

    def whoami(self) -> None:
        """Somebody is logged in."""

    def create_repo(self, name: str, **given: Any) -> str:
        self.sent.append({"repository": name, **given})
        return f"https://hub/{name}"

    def upload_folder(self, **given: Any) -> None:
        self.sent.append(given)


def failing(error: Exception) -> Callable[..., None]:
    def fail(*_: Any, **__: Any) -> None:
        raise error

    return fail


@pytest.fixture
def hub(monkeypatch: pytest.MonkeyPatch) -> Hub:
    made = Hub()
    monkeypatch.setattr("impasto.hub.get_session", lambda: made)
    monkeypatch.setattr(hubs, "get_token", lambda: "token")
    monkeypatch.setattr(hubs, "HfApi", lambda: made)
    return made


@pytest.mark.parametrize(
    "name", ["style", "a/b/c", "a/b--c", "a/b..c", "a/", "a/b c", "a/" + 97 * "b"]
)
def test_no_name_of_a_repository(hub: Hub, name: str) -> None:
    require_access("owner/my-style_1.0")
    with pytest.raises(InputError, match="give OWNER/NAME"):
        require_access(name)


def test_nobody_is_logged_in(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hubs, "get_token", lambda: None)
    with pytest.raises(InputError, match="nobody is logged in: hf auth login"):
        require_access("owner/style")


@pytest.mark.parametrize(
    "error",
    [
        httpx2.ConnectError("no route"),
        httpx2.ReadTimeout("too slow"),
        OfflineModeIsEnabled("HF_HUB_OFFLINE=1"),
        OSError("no route"),
    ],
)
def test_the_hub_is_out_of_reach(hub: Hub, error: Exception) -> None:
    hub.head = failing(error)  # type: ignore[method-assign]
    with pytest.raises(InputError, match="the hub cannot be reached from here: leave --push out"):
        require_access("owner/style")


def test_a_defect_is_not_taken_for_a_hub_out_of_reach(hub: Hub) -> None:
    hub.head = failing(AttributeError("head"))  # type: ignore[method-assign]
    with pytest.raises(AttributeError):
        require_access("owner/style")


def test_the_login_is_refused(hub: Hub) -> None:
    answer = httpx2.Response(401, request=httpx2.Request("GET", "https://hub"))
    refused = httpx2.HTTPStatusError("401\nInvalid", request=answer.request, response=answer)
    hub.whoami = failing(refused)  # type: ignore[method-assign]
    with pytest.raises(InputError, match=r"the hub refuses the login \(401 Invalid\)"):
        require_access("owner/style")


def test_access_is_checked_before_the_training(hub: Hub, tmp_path: Path) -> None:
    """No collection is opened and nothing is written."""
    given = [
        "train",
        "lora",
        str(tmp_path / "none"),
        "-o",
        str(tmp_path / "run"),
        "--push",
        "style",
    ]
    done = CliRunner().invoke(app, [*given, "--base", str(tmp_path)])
    assert isinstance(done.exception, InputError)
    assert "--push style: give OWNER/NAME" in str(done.exception)
    assert not [*tmp_path.iterdir()]


def test_weights_of_the_training_and_caches_stay_here(hub: Hub, tmp_path: Path) -> None:
    assert push(tmp_path, "owner/style", SHARED) == "https://hub/owner/style"
    made, uploaded = hub.sent
    assert made == {"repository": "owner/style", "private": True, "exist_ok": True}
    assert uploaded["folder_path"] == tmp_path
    assert set(uploaded["allow_patterns"]) == {
        "pytorch_lora_weights.safetensors", "kohya.safetensors", "comfyui.safetensors",
        "README.md", "progress/*.png",
    }  # fmt: skip
    hub.upload_folder = failing(httpx2.WriteError("reset"))  # type: ignore[method-assign]
    with pytest.raises(OutputError, match=r"cannot upload .* \(reset\)"):
        push(tmp_path, "owner/style", SHARED)
