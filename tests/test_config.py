"""Settings are frozen, strict and closed: whatever is unknown or wrong is refused by name."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError

from impasto.config import Settings, is_course, parse, read, resolve
from impasto.embedding.settings import AtlasSettings
from impasto.errors import SettingsError
from impasto.evaluation.settings import EvaluateSettings
from impasto.pipeline import StudySettings
from impasto.training.autoencoder.settings import AutoencoderSettings
from impasto.training.classifier.settings import ClassifierSettings
from impasto.training.painter.settings import PainterSettings


class Inner(Settings):
    rate: float = Field(0.1, gt=0)
    kind: Literal["one", "two"] = "one"


class Outer(Settings):
    epochs: int = Field(3, ge=1)
    name: str | None = None
    inner: Inner = Inner()


def test_values_are_taken_and_the_rest_stays() -> None:
    assert parse(Outer, {"epochs": 5, "inner": {"kind": "two"}}) == Outer(
        epochs=5, inner=Inner(kind="two")
    )
    assert parse(Outer, {"inner": {"rate": 1}}).inner.rate == 1.0


def test_settings_do_not_change_afterwards() -> None:
    with pytest.raises(ValidationError):
        Outer().epochs = 4  # type: ignore[misc]


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"epoch": 3}, r"^1 error in run\.toml: epoch: unknown setting, did you mean 'epochs'\?$"),
        ({"zzz": 3}, "zzz: unknown setting, known are epochs, inner, name$"),
        ({"inner": {"rates": 3}}, r"inner\.rates: unknown setting, did you mean 'rate'\?"),
        ({"epochs": "3"}, r"epochs: input should be a valid integer, not '3'"),
        ({"epochs": 0}, r"epochs: input should be greater than or equal to 1, not 0"),
        ({"epochs": True}, "epochs: input should be a valid integer"),
        ({"inner": {"kind": "three"}}, r"inner\.kind: input should be 'one' or 'two', not 'three'"),
        ({"inner": 3}, "inner: "),
        ({"epoch": 1, "inner": {"rate": -1}}, r"^2 errors in run\.toml: "),
    ],
)
def test_what_is_wrong_is_named(data: dict[str, Any], said: str) -> None:
    with pytest.raises(SettingsError, match=said) as refusal:
        parse(Outer, data, "run.toml")
    assert "\n" not in str(refusal.value)


def test_toml_and_json_are_read_alike(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("epochs = 4\n[inner]\nrate = 0.5\n")
    (tmp_path / "a.JSON").write_text(
        '\ufeff{"epochs": 4, "inner": {"rate": 0.5}}', encoding="utf-8"
    )
    assert (
        read(tmp_path / "a.toml")
        == read(tmp_path / "a.JSON")
        == {"epochs": 4, "inner": {"rate": 0.5}}
    )


def test_a_date_where_a_number_belongs_is_an_ordinary_mistake(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("epochs = 2024-01-01\n")
    with pytest.raises(
        SettingsError, match="epochs: input should be a valid integer, not '2024-01-01'"
    ):
        parse(Outer, read(tmp_path / "a.toml"))


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("a.toml", "epochs =", "is not valid TOML"),
        ("a.json", "{", "is not valid JSON"),
        ("a.json", "[1]", "must hold a table of settings, not a list"),
        ("a.toml", "\udcff", "cannot read the settings file"),
    ],
)
def test_files_that_are_no_settings_are_refused(
    tmp_path: Path, name: str, content: str, said: str
) -> None:
    (tmp_path / name).write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(SettingsError, match=said):
        read(tmp_path / name)
    with pytest.raises(SettingsError, match="cannot read the settings file"):
        read(tmp_path / "missing.toml")
    with pytest.raises(SettingsError, match="cannot read the settings file"):
        read(tmp_path)


def test_the_courses_file_is_told_by_its_keys() -> None:
    assert is_course({"trainingdir": "x"}) and is_course({"modelfile": "x"})
    assert not is_course({"epochs": 3, "device": "cpu"})


def test_a_wrong_value_given_in_python_is_a_settings_error() -> None:
    with pytest.raises(SettingsError, match="1 error in Inner: rate: input should be greater"):
        Inner(rate=0)
    with pytest.raises(SettingsError, match="epoch: unknown setting, did you mean 'epochs'"):
        Outer(epoch=3)  # type: ignore[call-arg]


def test_settings_are_resolved_from_object_table_and_keywords() -> None:
    given = Outer(inner=Inner(rate=0.5))
    assert resolve(Outer, None, {}) == Outer()
    assert resolve(Outer, given, {}) is given
    assert resolve(Outer, given, {"epochs": 5}) == Outer(epochs=5, inner=Inner(rate=0.5))
    assert resolve(Outer, {"epochs": 5}, {"inner": {"kind": "two"}}).inner.kind == "two"
    assert resolve(Outer, None, {"inner": Inner(rate=0.2)}).inner.rate == 0.2
    assert resolve(Outer, given, {"epochs": 5}).model_fields_set == {"epochs", "inner"}
    with pytest.raises(SettingsError, match="did you mean 'epochs'"):
        resolve(Outer, None, {"epoch": 5})
    with pytest.raises(SettingsError, match="settings must be Outer, not Inner"):
        resolve(Outer, Inner(), {})  # type: ignore[arg-type]


@pytest.mark.parametrize("device", ["auto", "cpu", "mps", "cuda", "cuda:1"])
def test_devices_are_named_as_torch_names_them(device: str) -> None:
    assert parse(EvaluateSettings, {"device": device}).device == device


def test_an_unknown_device_is_refused_with_the_known_ones() -> None:
    with pytest.raises(SettingsError, match="should be auto, cpu, cuda, cuda:N or mps, not 'gpu'"):
        parse(EvaluateSettings, {"device": "gpu"})


@pytest.mark.parametrize(
    ("cls", "old", "value", "new"),
    [
        (ClassifierSettings, "ema", 0.5, "ema_decay"),
        (ClassifierSettings, "clip", 2.0, "max_grad_norm"),
        (ClassifierSettings, "matrix_learning_rate", 0.1, "muon_learning_rate"),
        (ClassifierSettings, "balance.deferred", 0.8, "balance.drw_start"),
        (AutoencoderSettings, "manner", 16, "embedding_dim"),
        (AutoencoderSettings, "structure", 0.1, "ssim_weight"),
        (AutoencoderSettings, "contrast", 0.1, "contrastive_weight"),
        (AutoencoderSettings, "divergence", 0.1, "kl_weight"),
        (AutoencoderSettings, "code_rate", 0.5, "decoder_lr_scale"),
        (PainterSettings, "own", 0.5, "identity_share"),
        (PainterSettings, "identity", 2.0, "identity_weight"),
        (PainterSettings, "content", 2.0, "content_weight"),
        (PainterSettings, "critic", 2.0, "style_weight"),
        (EvaluateSettings, "resamples", 200, "bootstrap_samples"),
        (AtlasSettings, "sampled", 200, "max_samples"),
        (StudySettings, "train.balance.deferred", 0.8, "train.balance.drw_start"),
    ],
)
def test_earlier_names_are_read_with_a_warning(
    cls: type[Settings], old: str, value: Any, new: str, caplog: pytest.LogCaptureFixture
) -> None:
    *tables, name = old.split(".")
    data: dict[str, Any] = {name: value}
    for part in reversed(tables):
        data = {part: data}
    made: Any = parse(cls, data, "run.toml")
    for part in new.split("."):
        made = getattr(made, part)
    assert made == value
    assert caplog.messages == [f"run.toml: {old} is now called {new.rsplit('.', maxsplit=1)[-1]}"]


def test_two_earlier_bounds_of_a_crop_become_one_setting(caplog: pytest.LogCaptureFixture) -> None:
    def scale(**given: Any) -> tuple[float, float]:
        return parse(ClassifierSettings, {"augment": given}).augment.crop_scale

    assert scale(crop_area=0.2) == (0.2, 1.0)
    assert scale(crop_most=0.9) == (0.35, 0.9)
    assert scale(crop_most=0.9, crop_area=0.2) == (0.2, 0.9)
    assert caplog.messages[0] == "the settings: augment.crop_area is now called crop_scale"


def test_a_setting_under_both_names_is_refused() -> None:
    with pytest.raises(SettingsError, match="ema and ema_decay are one: leave one"):
        parse(ClassifierSettings, {"ema": 0.5, "ema_decay": 0.6})


def test_a_name_that_still_has_a_meaning_is_not_renamed(caplog: pytest.LogCaptureFixture) -> None:
    made = parse(AutoencoderSettings, {"crops": {"contrast": 0.3, "cutmix": 0}})
    assert made.crops.contrast == 0.3 and made.contrastive_weight == 0.01
    assert not caplog.messages


@pytest.mark.parametrize("name", ["adversarial_weight", "adversary", "r1_weight", "slope"])
def test_settings_of_the_discriminator_are_refused_with_advice(name: str) -> None:
    expected = f"{name}: the painter has no discriminator any more: leave it out"
    with pytest.raises(SettingsError) as caught:
        parse(PainterSettings, {name: 1.0}, "run.toml")
    assert str(caught.value) == f"1 error in run.toml: {expected}"
