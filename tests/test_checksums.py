"""Files that stages wrote are checked when they are read again."""

import hashlib
from pathlib import Path

import pytest

from impasto import files
from impasto.errors import InputError, RunError
from impasto.files import checksums


def flipped(path: Path, place: int) -> None:
    content = bytearray(path.read_bytes())
    content[place] ^= 0x10
    path.write_bytes(content)


def test_a_file_as_it_was_written_passes(tmp_path: Path) -> None:
    files.write_json(tmp_path / "a.json", {"x": 1})
    assert files.read_json(tmp_path / "a.json") == {"x": 1}
    assert checksums.damaged_files(tmp_path) == {}


@pytest.mark.parametrize("length", [0, 1, 7])
def test_a_truncated_file_is_refused_by_name(tmp_path: Path, length: int) -> None:
    path = tmp_path / "a.bin"
    files.write_bytes(path, b"12345678")
    path.write_bytes(b"12345678"[:length])
    with pytest.raises(RunError, match=rf"a\.bin is damaged \({length} bytes .* 8 .*: go there$"):
        files.verify(path, "go there", refusal=RunError)


def test_any_flipped_byte_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, {"name": "digit 1"})
    whole = path.read_bytes()
    for place in range(len(whole)):
        flipped(path, place)
        with pytest.raises(InputError, match=r"a\.json is damaged"):
            files.read_json(path)
        path.write_bytes(whole)
    assert files.read_json(path) == {"name": "digit 1"}


def test_a_long_file_is_checked_block_by_block(tmp_path: Path) -> None:
    path, length = tmp_path / "long.npy", 2 * checksums.BLOCK + 5
    files.write_bytes(path, bytes(length))
    parts = [bytes(checksums.BLOCK), bytes(checksums.BLOCK), bytes(5)]
    expected = hashlib.sha256(b"".join(hashlib.sha256(part).digest() for part in parts))
    assert checksums.digest_of(path) == expected.hexdigest()
    files.verify(path)
    with path.open("r+b") as file:
        file.seek(length - 1)
        file.write(b"x")
    with pytest.raises(InputError, match="is damaged"):
        files.verify(path)


def test_a_damaged_sheet_of_checksums_refuses_what_lies_beside_it(tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, [])
    sheet = tmp_path / checksums.CHECKSUMS
    whole = sheet.read_bytes()
    for place in range(len(whole)):
        for bit in (1, 0x10, 0x20):
            content = bytearray(whole)
            content[place] ^= bit
            sheet.write_bytes(content)
            with pytest.raises(InputError, match="checksums"):
                files.read_json(path)
            assert list(checksums.damaged_files(tmp_path)) == [sheet]
    sheet.write_bytes(whole)
    assert files.read_json(path) == []
    flipped(sheet, 40)
    files.write_json(path, [])  # writing anew heals it
    assert files.read_json(path) == []


def test_files_without_a_checksum_pass(tmp_path: Path) -> None:
    (tmp_path / "by-hand.json").write_text("[1]")
    assert files.read_json(tmp_path / "by-hand.json") == [1]
    files.write_bytes(tmp_path / "picture.png", b"", noted=False)
    assert not (tmp_path / checksums.CHECKSUMS).exists()


@pytest.mark.parametrize("step", ["move", "settle"])
def test_a_kill_at_any_moment_of_writing_leaves_a_file_that_passes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "a.json"
    files.write_json(path, "old")
    whole = path.read_bytes()

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(*{"move": (files, "move"), "settle": (checksums, "settle")}[step], killed)
        files.write_json(path, "new")
    assert files.read_json(path) == {"move": "old", "settle": "new"}[step]
    files.write_json(path, "newest")
    path.write_bytes(whole)  # an earlier version put back counts as damage
    with pytest.raises(InputError, match="is damaged"):
        files.read_json(path)


def test_a_sealed_file_may_grow_and_not_change(tmp_path: Path) -> None:
    path = tmp_path / "metrics.jsonl"
    path.write_text("one\n")
    checksums.seal(path)
    with path.open("a") as stream:
        stream.write("two\n")
    files.verify(path)
    path.write_text("One\ntwo\n")
    with pytest.raises(InputError, match="is damaged"):
        files.verify(path)


def test_a_moved_file_takes_its_checksum_along(tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "work" / "a", b"pixels")
    files.move_written(tmp_path / "work" / "a", tmp_path / "a")
    assert checksums.is_noted(tmp_path / "a") and not checksums.is_noted(tmp_path / "work" / "a")
    (tmp_path / "a").write_bytes(b"Pixels")
    assert list(checksums.damaged_files(tmp_path)) == [tmp_path / "a"]


def test_a_file_that_is_gone_is_named(tmp_path: Path) -> None:
    files.write_bytes(tmp_path / "sub" / "a", b"")
    (tmp_path / "sub" / "a").unlink()
    assert checksums.damaged_files(tmp_path) == {tmp_path / "sub" / "a": "it is missing"}
    checksums.forget(tmp_path / "sub" / "a")
    assert not list((tmp_path / "sub").iterdir())
