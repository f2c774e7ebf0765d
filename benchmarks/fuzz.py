"""Mutated pictures, tables, settings files and requests: what impasto makes of them, as counts.

    python benchmarks/fuzz.py                        20,000 pictures, 2,000 tables and settings,
                                                     2,000 requests
    python benchmarks/fuzz.py --share 0.01 --seed 7  a hundredth of it

Every mutation follows from the seed. Right is: the input is taken, or refused in one line by an
``ImpastoError``, within ten seconds of processor time, and no file appears outside the output
folder. Inputs that do otherwise are written to ``--keep`` and end the command with status 1.
"""

import argparse
import contextlib
import hashlib
import io
import json
import random
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

import numpy as np
from PIL import Image

from impasto.cli.request import read_request
from impasto.collection.prepare import prepare
from impasto.collection.settings import PrepareSettings
from impasto.errors import ImpastoError
from impasto.images.decode import decode
from impasto.page.server import server
from impasto.pipeline import StudySettings

SECONDS = 10  # an input that takes longer counts as a hang
FORMATS = ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF", "PPM", "JPEG2000")
SMALL = PrepareSettings(pixels=16, workers=1)
SECRET = "the secret outside of the page"


class HangError(Exception):
    """An input took longer than ``SECONDS``."""


@dataclass
class Report:
    """Counts of a kind of input, and the inputs that went wrong."""

    kind: str
    keep: Path | None = None
    counts: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    longest: float = 0.0

    def add(self, outcome: str, seconds: float, data: bytes, reason: str = "") -> None:
        """Count an outcome; keep an input that went wrong."""
        self.counts[outcome] += 1
        self.longest = max(self.longest, seconds)
        if outcome not in ("taken", "refused"):
            name = f"{self.kind}-{hashlib.sha256(data).hexdigest()[:12]}"
            self.wrong.append(f"{outcome}: {name}: {reason}")
            if self.keep:
                self.keep.mkdir(parents=True, exist_ok=True)
                (self.keep / name).write_bytes(data)

    def line(self) -> str:
        """Counts in one line."""
        total = sum(self.counts.values())
        parts = ", ".join(
            f"{self.counts[name]:,} {name}"
            for name in ("taken", "refused", "traceback", "hang", "outside")
        )
        return f"{self.kind}: {total:,} inputs: {parts}; longest {self.longest:.1f} s"


@contextlib.contextmanager
def limited() -> Iterator[None]:
    """Raise ``HangError`` after ``SECONDS`` of processor time, or 30 times as long by the clock.

    Where the system has no alarms, time is only measured.
    """
    if not hasattr(signal, "setitimer"):
        yield
        return

    def late(number: int, frame: FrameType | None) -> None:
        raise HangError

    alarms = {
        signal.SIGPROF: (signal.ITIMER_PROF, SECONDS),
        signal.SIGALRM: (signal.ITIMER_REAL, 30 * SECONDS),
    }
    earlier = {number: signal.signal(number, late) for number in alarms}
    for timer, seconds in alarms.values():
        signal.setitimer(timer, seconds)
    try:
        yield
    finally:
        for number, (timer, _) in alarms.items():
            signal.setitimer(timer, 0)
            signal.signal(number, earlier[number])


def tried(report: Report, data: bytes, work: Callable[[], object]) -> None:
    """Do the work of one input and count how it ended."""
    began = time.process_time()
    outcome, reason = "taken", ""
    try:
        with limited():
            work()
    except ImpastoError as error:
        outcome, reason = "refused", str(error)
        if "\n" in reason:
            outcome = "traceback"
    except HangError:
        outcome = "hang"
    except Exception as error:  # noqa: BLE001 – a defect is what is looked for
        outcome, reason = "traceback", f"{type(error).__name__}: {error}"[:300]
    report.add(outcome, time.process_time() - began, data, reason)


def mutated(data: bytes, rng: random.Random, other: bytes = b"") -> bytes:
    """Data with one to four changes: bytes, a cut, a hole, a doubled part, a part of another."""
    found = bytearray(data)
    for _ in range(rng.randint(1, 4)):
        if not found:
            return bytes(found)
        at = rng.randrange(len(found)) if rng.random() < 0.5 else rng.randrange(min(len(found), 96))
        length = min(rng.choice((1, 2, 4, 16, 256)), len(found) - at)
        match rng.randrange(7):
            case 0:
                found[at] ^= 1 << rng.randrange(8)
            case 1:
                found[at : at + length] = rng.randbytes(length)
            case 2:
                del found[at:]
            case 3:
                found[at : at + length] = bytes(length)
            case 4:
                found[at:at] = found[at : at + length] * rng.randint(1, 8)
            case 5:
                found[at : at + length] = rng.choice((b"\xff", b"\x7f", b"\x80")) * length
            case _:
                begin = rng.randrange(len(other) + 1)
                found[at : at + length] = other[begin : begin + 256]
    return bytes(found)


def whole_pictures(rng: random.Random) -> list[bytes]:
    """Small pictures in many forms."""
    numbers = np.random.default_rng(rng.randrange(2**32))
    noise = numbers.integers(0, 256, (6, 7, 4), dtype=np.uint8)
    image = Image.fromarray(noise).resize((70, 60), Image.Resampling.BICUBIC)
    found = []
    for name in FORMATS:
        for mode in ("RGB", "L", "RGBA", "P", "CMYK", "I;16", "1", "LA"):
            with contextlib.suppress(OSError, ValueError, KeyError), io.BytesIO() as stream:
                made = image.convert("I").convert(mode) if mode == "I;16" else image.convert(mode)
                options = {"progressive": True} if name == "JPEG" and mode == "L" else {}
                made.save(stream, name, **options)
                found.append(stream.getvalue())
    exif = Image.Exif()
    exif[0x0112] = 6
    with io.BytesIO() as stream:
        image.convert("RGB").save(stream, "JPEG", exif=exif, quality=80, comment="fuzz")
        found.append(stream.getvalue())
    return found


def fuzz_pictures(count: int, seed: int, keep: Path | None = None) -> Report:
    """Decode mutated pictures; every tenth goes through ``prepare``, a hundred at a time."""
    rng, report = random.Random(seed), Report("pictures", keep)
    whole = whole_pictures(rng)
    batch: list[bytes] = []
    for _ in range(count):
        data = mutated(rng.choice(whole), rng, rng.choice(whole))
        if rng.random() < 0.1:
            batch.append(data)
        else:
            tried(report, data, lambda data=data: decode(data, 32))
        if len(batch) == 100:
            _prepared(report, batch, whole)
            batch = []
    if batch:
        _prepared(report, batch, whole)
    return report


def _prepared(report: Report, batch: Sequence[bytes], whole: Sequence[bytes]) -> None:
    """Prepare mutated pictures beside whole ones; each must be in the collection or set aside."""
    with tempfile.TemporaryDirectory() as folder:
        for number, data in enumerate([*whole[:8], *batch]):
            place = Path(folder) / "in" / "AB"[number % 2] / f"{number:03d}.jpg"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(data)
        began = time.process_time()
        try:
            made = prepare(
                Path(folder) / "in",
                Path(folder) / "out" / "c",
                PrepareSettings(pixels=32, workers=1),
            )
        except Exception as error:  # noqa: BLE001 – one bad file ends all the others
            for data in batch:
                report.add("traceback", 0.0, data, f"{type(error).__name__}: {error}")
            return
        seconds = (time.process_time() - began) / len(batch)
        taken = set(made.column("id"))
        (skipped,) = (one for one in made.findings if one.code == "IMP101")
        aside = {str(item["id"]) for item in skipped.items}
        for number, data in enumerate(batch, 8):
            name = f"{'AB'[number % 2]}/{number:03d}.jpg"
            if (name in taken) == (name in aside):
                report.add("traceback", seconds, data, "neither taken nor set aside, or both")
            else:
                report.add("taken" if name in taken else "refused", seconds, data)
        _check_outside(report, Path(folder), {"in", "out"})


def _check_outside(report: Report, folder: Path, known: set[str]) -> None:
    """Count files beside the known ones: they were written outside the output folder."""
    strangers = {path.name for path in folder.iterdir()} - known
    for name in sorted(strangers):
        report.add("outside", 0.0, name.encode(), "a file outside of the output folder")


TABLE = (
    "path,style,artist,title,year,split\n"
    + "".join(
        f"p/{number}.jpg,{style},artist-{number % 3},A title; no {number},{1800 + number},{split}\n"
        for number, (style, split) in enumerate(
            [("Baroque", "train"), ("Ukiyo_e", "test"), ("Cubism", "train"), ("Baroque", "test")]
            * 3
        )
    )
).encode()
LINES = "".join(
    json.dumps({"path": f"p/{n}.jpg", "style": "AB"[n % 2], "year": 1900 + n}) + "\n"
    for n in range(12)
).encode()
HOSTILE = (
    *(b"../../escaped", b"..\\..\\escaped", b"/etc/passwd", b"CON", b"\x1b[31m", b"\xe2\x80\xae"),
    *(b'"', b'""', b"'", b"\0", b"\r", b"\n\n", b";", b"\t", b"\xff\xfe", b"\xef\xbb\xbf", b"\xc3"),
    *(b"NaN", b"1e999", b"-1", b"9" * 20, b"a" * 5000, b"=1+1", b"{{7*7}}", b"<script>"),
)
SETTINGS = (
    (".toml", b"[train]\nepochs = 3\nsize = 'tiny'\n[prepare]\npixels = 64\nsplit = 'auto'\n"),
    (".json", b'{"train": {"epochs": 3, "size": "tiny"}, "prepare": {"pixels": 64}}'),
    (".json", b'{"trainingdir": "a", "testingdir": "b", "modelfile": "m.pt", "device": "cpu", '
              b'"epochs": 3, "batch_size": 8}'),
)  # fmt: skip


def fuzz_tables(count: int, seed: int, keep: Path | None = None) -> Report:
    """Read mutated tables by ``prepare``, and mutated settings files as a study's."""
    rng, report = random.Random(seed + 1), Report("tables and settings", keep)
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        picture = whole_pictures(rng)[0]
        (place / "in" / "p").mkdir(parents=True)
        for number in range(12):
            (place / "in" / "p" / f"{number}.jpg").write_bytes(picture)
        for number in range(count):
            if number % 2:
                ending, data = rng.choice(SETTINGS)
                data = _hostile(data, rng)
                file = place / "in" / f"settings{ending}"
                file.write_bytes(data)
                tried(report, data, lambda file=file: read_request(file).settings(StudySettings))
            else:
                ending, data = rng.choice(((".csv", TABLE), (".tsv", TABLE.replace(b",", b"\t")),
                                           (".jsonl", LINES)))  # fmt: skip
                data = _hostile(data, rng)
                file, out = place / "in" / f"table{ending}", place / "out" / "c"
                file.write_bytes(data)
                tried(report, data, lambda file=file, out=out: prepare(file, out, SMALL))
                shutil.rmtree(place / "out", ignore_errors=True)
                file.unlink()
        _check_outside(report, place, {"in", "out"})
        _check_outside(report, place / "in", {"p", "settings.toml", "settings.json"})
    return report


def _hostile(data: bytes, rng: random.Random) -> bytes:
    """A text with a hostile piece in place of some of its own, or mutated as bytes are."""
    if rng.random() < 0.4:
        return mutated(data, rng, TABLE)
    at = rng.randrange(len(data))
    return data[:at] + rng.choice(HOSTILE) + data[at + rng.choice((0, 1, 5, 20)) :]


PATHS = (b"/", b"/site/", b"/site/index.html", b"/report.html", b"/site/data/", b"/site/app/app.js")
PARTS = (
    *(b"../", b"..%2f", b"%2e%2e/", b"..%5c", b"..\\", b"%00", b"//", b"/./", b"%252e%252e%252f"),
    *(b"secret.txt", b"site/link/", b"~root", b"?x=1", b"#a", b"%ff%fe", b"%", b"\xff", b"%u002e"),
    *(b"a" * 3000, b";"),
)


def fuzz_requests(count: int, seed: int, keep: Path | None = None) -> Report:
    """Send mutated requests to the server; it must answer, keep running, and send no other file."""
    rng, report = random.Random(seed + 2), Report("requests", keep)
    with tempfile.TemporaryDirectory() as folder:
        study = Path(folder) / "study"
        for name in ("site/index.html", "site/app/app.js", "report.html"):
            (study / name).parent.mkdir(parents=True, exist_ok=True)
            (study / name).write_text(f"{name} of the page")
        for place in (Path(folder), study, study / "runs"):
            place.mkdir(exist_ok=True)
            (place / "secret.txt").write_text(SECRET)
        with contextlib.suppress(OSError):
            (study / "site" / "link").symlink_to(folder, target_is_directory=True)
        noise = io.StringIO()
        with (
            contextlib.redirect_stderr(noise),
            server(study) as made,
            made.in_background() as address,
        ):
            port = int(address.rsplit(":", 1)[1].split("/")[0])
            for _ in range(count):
                data = _request(rng)
                tried(report, data, lambda data=data: _asked(port, data))
            tried(report, b"alive", lambda: _alive(port))
        if "Traceback" in noise.getvalue():
            report.add("traceback", 0.0, b"server", noise.getvalue()[-300:])
    return report


def _request(rng: random.Random) -> bytes:
    path = rng.choice(PATHS)
    for _ in range(rng.randrange(5)):
        at = rng.randrange(len(path) + 1)
        path = path[:at] + rng.choice(PARTS) + path[at:]
    method = rng.choice((b"GET", b"GET", b"GET", b"HEAD", b"POST", b"PUT", b"X", b""))
    head = method + b" " + path + rng.choice((b" HTTP/1.1", b" HTTP/1.0", b" HTTP/9.9", b"", b" X"))
    lines = [head, rng.choice((b"Host: localhost", b"Host: evil.example", b"Host:", b"X: y" * 99))]
    lines += [rng.choice((b"Range: bytes=0-", b"Content-Length: -1", b"A" * 70000, b": x", b"\0"))]
    data = b"\r\n".join(lines[: rng.randint(1, 3)]) + rng.choice(
        (b"\r\n\r\n", b"\r\n", b"\n\n", b"")
    )
    return (
        mutated(data, rng, b"\r\n\r\nGET /secret.txt HTTP/1.1\r\n\r\n")
        if rng.random() < 0.3
        else data
    )


def _asked(port: int, data: bytes) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30 * SECONDS) as connection:
        answer = b""
        with contextlib.suppress(ConnectionError):
            connection.sendall(data)
            with contextlib.suppress(OSError):  # it may have refused and closed already
                connection.shutdown(socket.SHUT_WR)
            while part := connection.recv(65536):
                answer += part
    if SECRET.encode() in answer:
        raise AssertionError("a file outside of the page was sent")
    if answer[:5] == b"HTTP/" and answer[9:10] == b"5" and answer[9:12] not in (b"501", b"505"):
        raise AssertionError(f"the server failed: {answer[:60]!r}")


def _alive(port: int) -> None:
    with socket.create_connection(("127.0.0.1", port), timeout=30 * SECONDS) as connection:
        connection.sendall(b"GET /site/index.html HTTP/1.0\r\nHost: localhost\r\n\r\n")
        if b" 200 " not in connection.makefile("rb").readline():
            raise AssertionError("the server no longer serves the page")


def main() -> None:
    """Print the counts; status 1 where anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--share", type=float, default=1.0, help="of 20,000, 2,000 and 2,000")
    parser.add_argument("--keep", type=Path, help="a folder for inputs that went wrong")
    given = parser.parse_args()
    wrong: list[str] = []
    for work, count in ((fuzz_requests, 2000), (fuzz_tables, 2000), (fuzz_pictures, 20000)):
        report = work(max(round(count * given.share), 1), given.seed, given.keep)
        print(report.line(), flush=True)
        wrong += report.wrong
    for line in wrong:
        print(line)
    sys.exit(bool(wrong))


if __name__ == "__main__":
    main()
