"""Pictures that a user names: found as prepare finds them, and what is left out is told."""

import os
from pathlib import Path

import pytest
from PIL import Image

from impasto.collection.user_images import find_images, read_images
from impasto.errors import InputError
from impasto.images.decode import picture_bytes


def test_a_folder_is_read_as_prepare_reads_it(tmp_path: Path) -> None:
    for name in (
        "b.jpg",
        "a.PNG",
        "deep/c.jpg",
        ".hidden.jpg",
        ".thumbnails/t.jpg",
        "@eaDir/t.jpg",
    ):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        Image.new("RGB", (9, 9)).save(tmp_path / name)
    for name in ("1.heic", "2.HEIC", "notes.txt"):
        (tmp_path / name).write_bytes(b"x")
    (tmp_path / "elsewhere").symlink_to(tmp_path / "deep")
    told: list[str] = []
    found = find_images(tmp_path, told.append)
    assert [path.relative_to(tmp_path).as_posix() for path in found] == [
        *("a.PNG", "b.jpg", "deep/c.jpg"),
    ]
    assert told == [
        f"left out of {tmp_path}: 2 .heic files, to be saved as JPEG or PNG",
        f"{tmp_path / 'elsewhere'} is a link to a folder, and left out",
    ]


def test_names_that_are_no_text_are_read(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    folder.mkdir()
    name = b"caf\xe9.png".decode(errors="surrogateescape")
    try:
        Image.new("RGB", (9, 9)).save(folder / name)
    except OSError:
        pytest.skip("this disk takes names in UTF-8 only")
    paths, pixels = read_images(folder, 4, "squash", lambda line: None)
    assert [path.name for path in paths] == [name] and pixels.shape == (1, 4, 4, 3)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="Windows has no such pipes")
def test_what_cannot_be_read_to_its_end_is_left_out(tmp_path: Path) -> None:
    """A pipe without a writer, and a file of the system that looks empty, as /proc/kmsg does."""
    Image.new("RGB", (9, 9)).save(tmp_path / "a.png")
    os.mkfifo(tmp_path / "pipe.png")
    (tmp_path / "empty.png").touch()
    told: list[str] = []
    names = [tmp_path / name for name in ("a.png", "pipe.png", "empty.png")]
    paths, _ = read_images(names, 4, "squash", told.append)
    assert paths == names[:1]
    assert told == [
        f"{names[1]} is left out: not a regular file",
        f"{names[2]} is left out: the file is empty",
    ]


@pytest.mark.skipif(not Path("/proc/kmsg").exists(), reason="a file of Linux")
def test_a_file_of_the_system_that_never_ends_is_not_read() -> None:
    with pytest.raises(InputError, match=r"empty|cannot be read"):
        picture_bytes(Path("/proc/kmsg"))


def test_a_folder_without_pictures_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="holds no pictures"):
        find_images(tmp_path)
