"""How fast does a served study answer, and what does it make of bad requests?

    python benchmarks/serve.py STUDY [--requests N] [--clients N] [--malformed N]

The server runs in a process of its own, as ``impasto serve`` starts it. Clients ask for the styles
of the collection's test pictures (JPEG, 512 pixels), each one request after the other. Malformed
requests are mutated pictures, cut headers, wrong methods, paths, hosts, queries and lengths, drawn
with a seed. Counted are answers by status, connections without any, requests that took longer than
10 seconds, and files of the study that changed.
"""

import argparse
import io
import json
import random
import re
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np
from PIL import Image

from impasto.collection.collection import open_collection

PATHS = (
    *("/api/predict", "/api/predict", "/api/paint", "/api/about", "//", "/%ff%fe"),
    *("/site/%2e%2e/%2e%2e/etc/passwd", "/site/..\\..\\study.json", "/report.html\x01"),
    "/site/" + "x/" * 400,
)
SLOW = 10.0  # seconds after which a request counts as hung


@contextmanager
def served(study: Path) -> Iterator[tuple[str, int]]:
    """The host and port of a server in a process of its own."""
    command = [sys.executable, "-m", "impasto", "serve", str(study), "--port", "0", "--json"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        parts = urlsplit(json.loads(process.stdout.readline())["address"])
        try:
            yield str(parts.hostname), int(parts.port or 0)
        finally:
            process.terminate()


def pictures(study: Path, count: int) -> list[bytes]:
    """Test pictures of a study as JPEG files."""
    collection = open_collection(study / "collection")
    rows = collection.indices("test")[:count]
    made = []
    for row in rows:
        buffer = io.BytesIO()
        image = Image.fromarray(np.asarray(collection.pixels[row])).resize((512, 512))
        image.save(buffer, "JPEG", quality=92)
        made.append(buffer.getvalue())
    return made


def predict(host: str, port: int, picture: bytes) -> tuple[int, float]:
    """Status and seconds of one request."""
    request = urllib.request.Request(f"http://{host}:{port}/api/predict", picture)
    begun = time.perf_counter()
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            answer.read()
            status = answer.status
    except urllib.error.HTTPError as error:
        with error:
            status = error.code
    return status, time.perf_counter() - begun


def malformed(number: int, host: str, port: int, picture: bytes) -> bytes:
    """The bytes of a bad request."""
    rng = random.Random(number)
    body = bytearray(picture)
    for _ in range(rng.randrange(1, 60)):
        body[rng.randrange(len(body))] = rng.randrange(256)
    body = body[: rng.choice([0, 1, 100, len(body) // 2, len(body)])]
    query = rng.choice(
        ["", "?style=../../etc/passwd", "?style=%00", "?strength=nan", "?" + "a" * 5000]
    )
    path = rng.choice(PATHS)
    method = rng.choice(
        ["POST", "POST", "PUT", "GET", "DELETE", "OPTIONS", "TRACE", "HEAD", "\x00X"]
    )
    name = rng.choice([f"{host}:{port}"] * 4 + ["evil.example", "", "a" * 3000])
    length = rng.choice([str(len(body))] * 5 + ["-1", "999999999999999", "x", "0"])
    version = rng.choice(["1.1", "1.1", "1.0", "9.9"])
    head = f"{method} {path}{query} HTTP/{version}\r\nHost: {name}\r\n"
    head += f"Content-Length: {length}\r\n" + rng.choice(
        ["", "Transfer-Encoding: chunked\r\n", "X: \x00\r\n"]
    )
    return head.encode("latin-1") + b"Connection: close\r\n\r\n" + bytes(body)


def send(host: str, port: int, data: bytes) -> tuple[str, float]:
    """The status that answers some bytes, or ``closed``, and the seconds that it took."""
    begun = time.perf_counter()
    try:
        with socket.create_connection((host, port), timeout=60) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            answer = connection.recv(64)
    except OSError:
        answer = b""
    found = re.match(rb"HTTP/1\.[01] (\d{3})", answer)
    return (found[1].decode() if found else "closed"), time.perf_counter() - begun


def stamps(study: Path) -> dict[str, tuple[int, int]]:
    """Size and time of every file."""
    files = [path for path in study.rglob("*") if path.is_file()]
    return {str(path): (path.stat().st_size, path.stat().st_mtime_ns) for path in files}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("study", type=Path)
    parser.add_argument("--requests", type=int, default=10_000)
    parser.add_argument("--clients", type=int, default=8)
    parser.add_argument("--malformed", type=int, default=5_000)
    arguments = parser.parse_args()
    some = pictures(arguments.study, 100)
    with served(arguments.study) as (host, port), ThreadPoolExecutor(arguments.clients) as pool:
        for picture in some[:8]:
            predict(host, port, picture)
        begun = time.perf_counter()
        jobs = (some[number % len(some)] for number in range(arguments.requests))
        answers = list(pool.map(lambda one: predict(host, port, one), jobs))
        whole = time.perf_counter() - begun
        taken = 1000 * np.array([seconds for _, seconds in answers])
        print(f"{arguments.requests} requests by {arguments.clients} clients: {whole:.0f} s")
        print(f"by status: {dict(Counter(status for status, _ in answers))}")
        print(f"median {np.median(taken):.0f} ms, 95 % below {np.quantile(taken, 0.95):.0f} ms")
        before = stamps(arguments.study)
        bad = [
            malformed(number, host, port, some[number % len(some)])
            for number in range(arguments.malformed)
        ]
        sent = list(pool.map(lambda data: send(host, port, data), bad))
        print(f"{arguments.malformed} malformed requests: {dict(Counter(one for one, _ in sent))}")
        print(f"longer than {SLOW:.0f} s: {sum(seconds > SLOW for _, seconds in sent)}")
        print(f"files changed: {len(set(before.items()) ^ set(stamps(arguments.study).items()))}")
        print(f"after all that: status {predict(host, port, some[0])[0]}")


if __name__ == "__main__":
    main()
