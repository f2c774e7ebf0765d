"""Settings are frozen, strict and closed: whatever is unknown or wrong is refused by name."""

from pathlib import Path
from typing import Any, Literal

import pytest
from pydantic import Field, ValidationError

from impasto.config import Settings, is_course, parse, read
from impasto.errors import SettingsError


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
