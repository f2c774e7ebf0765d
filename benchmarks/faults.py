"""Kills, failing disks and damaged files in every verb, as counts.

    python benchmarks/faults.py                        60 kills, 30 failing disks, 500 damaged files
    python benchmarks/faults.py --kills 6 --damages 50 --seed 3

A small study is made first, in a temporary folder. Every verb then runs in a process of its own:

* killed (SIGKILL) at a random moment and run again: the result must equal that of a run that was
  not killed;
* with a write to the disk that fails (disk full, read-only, permission denied): one line and status
  2, and again an equal result afterwards;
* on a study of which one file has a flipped byte, a hole, or a cut end: the file must be refused by
  name, made anew, or not matter: same output, and ``damaged_files`` names it.

Everything follows from the seed but the moments at which processes are killed. POSIX only: the
processes are forks, which spares each one the import of torch.
"""

import argparse
import contextlib
import errno
import io
import json
import os
import random
import re
import shlex
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from impasto.cli.main import run
from impasto.files import atomic
from impasto.files.checksums import CHECKSUMS, damaged_files

VOLATILE = frozenset(
    [
        *("created", "command", "environment", "modified"),
        *("seconds", "data_seconds", "data_share_of_step", "pictures_per_second"),
    ]
)
"""Keys of JSON files that differ between two runs of the same."""
FAILURES = (errno.ENOSPC, errno.EROFS, errno.EACCES)


@dataclass(frozen=True)
class Verb:
    """A command, and the folders it writes."""

    name: str
    line: str
    writes: tuple[str, ...]

    @property
    def arguments(self) -> tuple[str, ...]:
        """The command's words."""
        return tuple(shlex.split(self.line))


COLLECTION, CLASSIFIER = "study/collection", "study/runs/classifier"
TINY = "--size tiny --resolution 32 --batch-size 16 --device cpu -q"
VERBS = (
    Verb("sample", "sample gallery --pictures 64 --set pixels=64 -q", ("gallery",)),
    Verb(
        "prepare",
        f"prepare gallery -o {COLLECTION} --pixels 32 -q --set workers=1",
        (COLLECTION,),
    ),
    Verb("audit", f"audit {COLLECTION}", (COLLECTION,)),
    Verb(
        "train classifier",
        f"train classifier {COLLECTION} -o {CLASSIFIER} --epochs 3 {TINY}",
        (CLASSIFIER,),
    ),
    Verb(
        "train autoencoder",
        f"train autoencoder {COLLECTION} -o study/runs/autoencoder --epochs 2 --set latent=16 "
        + TINY,
        ("study/runs/autoencoder",),
    ),
    Verb("evaluate", f"evaluate {CLASSIFIER} -q --set bootstrap_samples=100", (CLASSIFIER,)),
    Verb("atlas", f"atlas {CLASSIFIER} --maps pca -q", (CLASSIFIER,)),
    Verb("predict", f"predict {CLASSIFIER} gallery/test -o heat", ("heat",)),
    Verb(
        "paint",
        f"paint {COLLECTION} gallery/test --style all -o painted --pixels 48",
        ("painted", COLLECTION),
    ),
    Verb("report", "report study", ("study",)),
    Verb("site", "site study", ("study",)),
)


@dataclass
class Ended:
    """A process that has ended."""

    status: int
    output: str
    seconds: float


def forked(
    folder: Path,
    arguments: tuple[str, ...],
    *,
    kill_after: float | None = None,
    prepare: Callable[[], None] | None = None,
) -> Ended:
    """Run a command in a fork, in a folder.

    With ``kill_after`` it is killed after so many seconds.
    """
    log = folder / ".log"
    began = time.perf_counter()
    child = os.fork()
    if child == 0:
        status = 70
        try:
            os.chdir(folder)
            os.environ["COLUMNS"] = "100"
            handle = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC)
            os.dup2(handle, 1)
            os.dup2(handle, 2)
            sys.stdout = io.TextIOWrapper(os.fdopen(1, "wb", closefd=False), encoding="utf-8")
            sys.stderr = io.TextIOWrapper(os.fdopen(2, "wb", closefd=False), encoding="utf-8")
            if prepare:
                prepare()
            status = run(list(arguments))
        except BaseException:  # noqa: BLE001 – the child must never go on as its parent
            traceback.print_exc()
        finally:
            with contextlib.suppress(Exception):
                sys.stdout.flush()
                sys.stderr.flush()
            os._exit(status)
    if kill_after is not None:
        time.sleep(kill_after)
        with contextlib.suppress(ProcessLookupError):
            os.kill(child, signal.SIGKILL)
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    return Ended(code, log.read_text(errors="replace"), time.perf_counter() - began)


@dataclass
class Report:
    """Counts of one part, and what went wrong."""

    counts: Counter[str] = field(default_factory=Counter)
    wrong: int = 0

    def bad(self, outcome: str, what: str) -> None:
        """Count a fault of impasto and print it."""
        self.counts[outcome] += 1
        self.wrong += 1
        print(f"{outcome}: {what}", flush=True)


def content(root: Path, folders: tuple[str, ...]) -> dict[str, Any]:
    """All files of some folders by name, without what differs between two runs of the same."""
    found: dict[str, Any] = {}
    for name in folders:
        for path in sorted((root / name).rglob("*")):
            if path.is_file() and path.name not in (CHECKSUMS, ".lock"):
                found[path.relative_to(root).as_posix()] = _content(path)
    return found


def _content(path: Path) -> Any:
    data = path.read_bytes()
    match path.suffix:
        case ".json":
            return _stable(json.loads(data))
        case ".jsonl":
            return [_stable(json.loads(line)) for line in data.splitlines()]
        case ".safetensors" if path.name == "checkpoint.safetensors":
            length = int.from_bytes(data[:8], "little")
            return data[8 + length :]  # the header holds seconds
        case ".md" | ".html":  # they state seconds and rates
            return len(re.sub(rb"[\d.,]+", b"0", data))
        case ".parquet":
            import pyarrow.parquet as pq  # noqa: PLC0415

            table = pq.read_table(path)
            return table.drop_columns([n for n in VOLATILE if n in table.column_names]).to_pylist()
    return data


def _stable(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _stable(inner) for key, inner in value.items() if key not in VOLATILE}
    return [_stable(inner) for inner in value] if isinstance(value, list) else value


def made(root: Path) -> dict[str, float]:
    """Run every verb in turn, undisturbed; the seconds of each."""
    seconds = {}
    for verb in VERBS:
        ended = forked(root, verb.arguments)
        if ended.status not in (0, 1):
            raise SystemExit(f"{verb.name} failed undisturbed ({ended.status}):\n{ended.output}")
        shutil.copytree(root, root.with_name(f"after-{VERBS.index(verb)}"))
        seconds[verb.name] = ended.seconds
    return seconds


def before(root: Path, number: int) -> Path:
    """A copy of all as it was before a verb ran, under the path it was made at."""
    shutil.rmtree(root, ignore_errors=True)
    if number:
        shutil.copytree(root.with_name(f"after-{number - 1}"), root)
    else:
        root.mkdir()
    return root


def kills(root: Path, seconds: Mapping[str, float], count: int, rng: random.Random) -> Report:
    """Kill verbs by turns, run them again, and compare."""
    report = Report()
    for turn in range(count):
        number = turn % len(VERBS)
        verb = VERBS[number]
        before(root, number)
        for _ in range(1 + turn % 2):  # every other one is killed twice
            forked(root, verb.arguments, kill_after=rng.random() * seconds[verb.name])
        ended = forked(root, verb.arguments)
        _compare(report, root, number, ended)
    return report


def disks(root: Path, count: int, rng: random.Random) -> Report:
    """Let a write fail, see one line and status 2, then run again, and compare."""
    report = Report()
    for turn in range(count):
        number, failure = turn % len(VERBS), FAILURES[turn % len(FAILURES)]
        verb, at = VERBS[number], rng.choice((1, 1, 2, 3, 5, 9))
        before(root, number)
        ended = forked(root, verb.arguments, prepare=lambda f=failure, n=at: _fail(f, n))
        lines = [line for line in ended.output.splitlines() if "error: " in line]
        if ended.status in (0, 1):
            report.counts["not reached"] += 1  # it wrote fewer files than that
        elif ended.status != 2 or len(lines) != 1 or "Traceback" in ended.output:
            report.bad("traceback", f"{verb.name}, write {at}: {ended.output[-300:]}")
            continue
        else:
            report.counts["one line"] += 1
        _compare(report, root, number, forked(root, verb.arguments))
    return report


def _fail(number: int, at: int) -> None:
    """Let the flush of the ``at``-th file and of all later ones fail."""
    left = at

    def flush(path: Path) -> None:
        nonlocal left
        left -= 1
        if left <= 0:
            raise OSError(number, os.strerror(number), str(path))

    atomic.flush = flush


def _compare(report: Report, root: Path, number: int, ended: Ended) -> None:
    verb, whole = VERBS[number], root.with_name(f"after-{number}")
    if ended.status not in (0, 1):
        report.bad("not finished", f"{verb.name}: {ended.output[-300:]}")
        return
    one, other = content(root, verb.writes), content(whole, verb.writes)
    unlike = sorted(
        name for name in one.keys() | other.keys() if one.get(name, 0) != other.get(name, 0)
    )
    leftovers = [path.name for path in root.rglob(".*.part")]
    damaged = damaged_files(root)
    if unlike or leftovers or damaged:
        report.bad("unlike", f"{verb.name}: {', '.join([*unlike, *leftovers, *map(str, damaged)])}")
    else:
        report.counts["equal"] += 1


READERS = (
    ("collection", f"audit {COLLECTION}"),
    ("collection", f"evaluate {CLASSIFIER} -q --set bootstrap_samples=100"),
    ("runs/classifier/atlas", f"atlas {CLASSIFIER} --maps pca -q"),
    ("runs/classifier", f"predict {CLASSIFIER} PICTURE --json"),
    ("runs/autoencoder", "evaluate study/runs/autoencoder -q"),
    ("", "report study"),
    ("", "site study"),
)
"""Commands that read the files below a folder of the study."""


def damages(root: Path, count: int, rng: random.Random) -> Report:
    """Damage one file at a time and run a command that reads its folder."""
    report = Report()
    before(root, len(VERBS))
    picture = next((root / "gallery" / "test").rglob("*.jpg")).relative_to(root).as_posix()
    readers = [
        (place, tuple(shlex.split(line.replace("PICTURE", picture)))) for place, line in READERS
    ]
    usual: dict[tuple[str, ...], tuple[int, dict[str, Any], str]] = {}
    files = sorted(
        path for path in (root / "study").rglob("*")
        if path.is_file() and path.name != ".lock" and path.stat().st_size
    )  # fmt: skip
    for _ in range(count):
        path = rng.choice(files)
        place = path.relative_to(root / "study").as_posix()
        fitting = [words for under, words in readers if under and place.startswith(f"{under}/")]
        words = rng.choice(fitting or [words for under, words in readers if not under])
        if words not in usual:
            ended = forked(root, words)
            usual[words] = ended.status, content(root, ("study",)), _printed(ended)
            before(root, len(VERBS))
        whole = path.read_bytes()
        path.write_bytes(_damaged(whole, rng))
        named = {*damaged_files(root / "study")}
        ended = forked(root, words)
        status, stable, printed = usual[words]
        same = ended.status == status and _printed(ended) == printed
        what = f"{place} in {words[0]}: {ended.output[-200:]!r}"
        if "Traceback" in ended.output or ended.status < 0:
            report.bad("traceback", what)
        elif ended.status == 2:
            refused = path.name in ended.output or CHECKSUMS in ended.output
            if refused:
                report.counts["refused by name"] += 1
            else:
                report.bad("refused without the name", what)
        elif not same:
            report.bad("silently used", what)
        elif path.exists() and _content_or_none(path) == stable.get(f"study/{place}"):
            report.counts["made anew"] += 1
        elif any(path == one or one.name == CHECKSUMS for one in named):
            report.counts["not read, and named by info"] += 1
        else:
            report.bad("not noticed", what)
        before(root, len(VERBS))
    return report


def _content_or_none(path: Path) -> Any:
    try:
        return _content(path)
    except Exception:  # noqa: BLE001 – still damaged
        return None


def _printed(ended: Ended) -> str:
    """The output without times and rates."""
    return re.sub(r"\d+(\.\d+)? ?(s|/s)\b", "", ended.output)


def _damaged(data: bytes, rng: random.Random) -> bytes:
    at = rng.randrange(len(data))
    match rng.randrange(3):
        case 0:
            return data[:at] + bytes([data[at] ^ (1 << rng.randrange(8))]) + data[at + 1 :]
        case 1:
            return data[:at]
        case _:
            hole = bytes(min(64, len(data) - at))
            after = data[:at] + hole + data[at + len(hole) :]
            return after if after != data else data[:at]


def main() -> None:
    """Print the counts; status 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--kills", type=int, default=60)
    parser.add_argument("--disks", type=int, default=30)
    parser.add_argument("--damages", type=int, default=500)
    given = parser.parse_args()
    import impasto.pipeline  # noqa: PLC0415 – once here, not in every fork

    assert impasto.pipeline
    rng = random.Random(given.seed)
    wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "here"
        root.mkdir()
        began = time.perf_counter()
        seconds = made(root)
        print(f"every verb once: {time.perf_counter() - began:.0f} s", flush=True)
        parts = {
            "kills": lambda: kills(root, seconds, given.kills, rng),
            "failing disks": lambda: disks(root, given.disks, rng),
            "damaged files": lambda: damages(root, given.damages, rng),
        }
        for name, part in parts.items():
            report = part()
            counts = ", ".join(f"{number} {how}" for how, number in report.counts.most_common())
            print(f"{name}: {counts or 'none'}", flush=True)
            wrong += report.wrong
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
