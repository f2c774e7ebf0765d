"""Windows, macOS and Linux: nothing at import or in writing that one of them lacks."""

import ast
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from impasto import files
from impasto.collection.collection import open_collection
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.embedding.settings import AtlasSettings
from impasto.errors import OutputError
from impasto.evaluation.settings import EvaluateSettings
from impasto.files import atomic
from impasto.pipeline import StudySettings, run_study
from impasto.state import folder as folders
from impasto.state.folder import locked
from quick_settings import CLASSIFIER
from windows_traits import imitate, in_use, windows_lock

SOURCE = Path(files.__file__).parent
POSIX_ONLY = {"fcntl", "grp", "posix", "pty", "pwd", "resource", "syslog", "termios", "tty"}
POSIX_CALLS = {
    *("chown", "fchmod", "fchown", "fork", "forkpty", "geteuid", "getpgid", "getuid", "killpg"),
    *(
        "mkfifo",
        "nice",
        "posix_fadvise",
        "pread",
        "pwrite",
        "sched_getaffinity",
        "setsid",
        "statvfs",
    ),
    *("sysconf", "uname", "wait3", "wait4", "SIGALRM", "SIGHUP", "SIGKILL", "SIGUSR1"),
}
LOCKS = Path("state/file_lock.py")  # one branch for each system
SETTINGS = PrepareSettings(pixels=24, workers=2)
STUDY = StudySettings(
    prepare=PrepareSettings(pixels=32, workers=1),
    train=CLASSIFIER,
    leave_out=("autoencoder",),
    evaluate=EvaluateSettings(device="cpu"),
    atlas=AtlasSettings(
        maps=("pca",),
        clusterings=("kmeans",),
        permutations=20,
        bootstrap_samples=100,
        seeds=2,
        device="cpu",
    ),
)

linux_only = pytest.mark.skipif(sys.platform != "linux", reason="imitates Windows on Linux")


def test_no_module_needs_what_windows_lacks() -> None:
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if path.relative_to(SOURCE) == LOCKS:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names if alias.name in POSIX_ONLY]
            elif isinstance(node, ast.ImportFrom) and node.module in POSIX_ONLY:
                names = [str(node.module)]
            elif isinstance(node, ast.Attribute) and node.attr in POSIX_CALLS:
                owner = ast.unparse(node.value)
                names = [f"{owner}.{node.attr}"] if owner in {"os", "signal"} else []
            found += [f"{path.relative_to(SOURCE)}:{node.lineno} {name}" for name in names]
    assert not found


def test_text_is_read_and_written_in_a_named_encoding() -> None:
    """Without one, Windows takes the code page of the country."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            named = any(option.arg == "encoding" for option in node.keywords)
            words = [one.value for one in node.args if isinstance(one, ast.Constant)]
            binary = any(isinstance(word, str) and "b" in word for word in words)
            text = node.func.attr == "read_text" and not words
            text |= node.func.attr == "open" and not binary
            ours = isinstance(node.func.value, ast.Name) and node.func.value.id in {"Image", "os"}
            if text and not named and not ours:
                found.append(f"{path.relative_to(SOURCE)}:{node.lineno}")
    assert not found


@linux_only
def test_the_imitation_refuses_open_and_mapped_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.npy"
    np.save(path, np.zeros(9999))
    imitate(monkeypatch)
    with path.open("rb"):
        assert in_use(path) == "open"
        with pytest.raises(PermissionError):
            path.unlink()
    mapped = np.load(path, mmap_mode="r")
    with pytest.raises(PermissionError):
        (tmp_path / "a.npy").rename(tmp_path / "b.npy")
    del mapped
    path.unlink()


@linux_only
def test_a_collection_is_made_and_made_anew_as_on_windows(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = Path(shutil.copytree(picture_folder(train=5, test=2), tmp_path / "pictures"))
    refused = imitate(monkeypatch)
    prepare(source, tmp_path / "made", SETTINGS)
    first = open_collection(tmp_path / "made").fingerprint
    picture = next((source / "train" / "Bands").iterdir())
    Image.fromarray(np.asarray(Image.open(picture))[::-1]).save(picture)
    prepare(source, tmp_path / "made", SETTINGS)  # decodes one, keeps the pixels of the others
    prepare(source, tmp_path / "made", SETTINGS.model_copy(update={"seed": 1}))  # the table alone
    assert open_collection(tmp_path / "made").fingerprint != first
    assert not refused
    assert not {path.name for path in (tmp_path / "made").iterdir()} & {".work", ".lock"}


@linux_only
def test_a_file_that_stays_open_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    imitate(monkeypatch)
    monkeypatch.setattr(atomic, "_PATIENCE", (0.001,))
    with path.open(), pytest.raises(OutputError, match="open in another program") as refusal:
        files.write_text(path, "new")
    assert "\n" not in str(refusal.value)
    assert path.read_text() == "old" and list(tmp_path.glob("[!.]*")) == [path]
    files.write_text(path, "new")
    assert path.read_text() == "new"


@linux_only
def test_a_file_that_a_scanner_holds_for_a_moment_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "a.txt"
    files.write_text(path, "old")
    imitate(monkeypatch)
    scanner = path.open()
    monkeypatch.setattr(atomic.time, "sleep", lambda _: scanner.close())
    files.write_text(path, "new")
    assert path.read_text() == "new"


@linux_only
def test_the_lock_of_windows_holds_against_another_handle(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = imitate(monkeypatch)
    lock = windows_lock()
    with locked(tmp_path / "work"):
        other = os.open(tmp_path / "work" / ".lock", os.O_RDWR)
        with pytest.raises(BlockingIOError):
            lock.acquire(other)
        assert int(os.read(other, 20)) == os.getpid()  # who holds it can be read
        monkeypatch.setattr(folders, "_held", set())
        held = pytest.raises(OutputError, match=rf"another process \(pid {os.getpid()}\)")
        with held, locked(tmp_path / "work"):
            pass
        os.close(other)
    with locked(tmp_path / "work"):
        pass
    assert not (tmp_path / "work").exists() and not refused


@linux_only
def test_a_study_is_made_and_goes_on_as_on_windows(
    picture_folder: Callable[..., Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = picture_folder(train=12, test=4)
    refused = imitate(monkeypatch)
    for epochs in (1, 2):
        train = CLASSIFIER.model_copy(update={"epochs": epochs})
        settings = STUDY.model_copy(update={"train": train})
        made = run_study(source, tmp_path / "study", settings, fresh=epochs == 2)
        assert made.page is not None and made.page.is_file()
    assert made.evaluation.path.is_dir() and not refused


def test_a_screen_that_lacks_a_letter_shows_the_rest(
    picture_folder: Callable[..., Path], tmp_path: Path
) -> None:
    """Code pages such as 1252, which Windows gives to pipes and files, lack most letters."""
    folder = tmp_path / "Baroque-浮世絵"
    words = [sys.executable, "-m", "impasto", "prepare", str(picture_folder()), "-o", str(folder)]
    environment = {**os.environ, "PYTHONIOENCODING": "cp1252:strict", "PYTHONUTF8": "0"}
    done = subprocess.run(words, capture_output=True, env=environment, check=False)
    assert done.returncode == 0 and rb"Baroque-\u6d6e\u4e16\u7d75" in done.stdout
    assert not done.stderr.count(b"Traceback")
