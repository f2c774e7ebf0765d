"""Queue of requests: those that wait are computed together, in one thread or several."""

import asyncio
import math
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Generic, TypeVar

J = TypeVar("J")
R = TypeVar("R")


class BusyError(Exception):
    """More jobs wait than the queue holds."""


@dataclass
class RequestQueue(Generic[J, R]):
    """Runs jobs in batches, one batch a thread at a time.

    A batch has an equal share of the jobs that wait or are computed, so that no thread is left with
    single jobs while another has many.

    Attributes:
        function: from jobs to their results, in order; with several threads it is called by all of
            them at once.
        most: jobs of a batch, at most.
        waiting: jobs that wait, at most.
        delay: seconds that the first job of a batch waits for others.
        threads: that call the function.
        start: called once in each thread before its first batch.
    """

    function: Callable[[Sequence[J]], Sequence[R]]
    most: int
    waiting: int
    delay: float = 0
    threads: int = 1
    start: Callable[[], None] = lambda: None
    _computed: int = field(init=False, default=0)
    _queue: "asyncio.Queue[tuple[J, asyncio.Future[R]]]" = field(init=False)
    _pool: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        """Make the queue and the threads."""
        self._queue = asyncio.Queue(self.waiting)
        self._pool = ThreadPoolExecutor(self.threads, initializer=self.start)

    async def result(self, job: J, seconds: float) -> R:
        """Return the result of a job.

        Raises:
            BusyError: too many jobs wait.
            TimeoutError: it took longer than ``seconds``.
        """
        answer: asyncio.Future[R] = asyncio.get_running_loop().create_future()
        try:
            self._queue.put_nowait((job, answer))
        except asyncio.QueueFull:
            raise BusyError from None
        async with asyncio.timeout(seconds):
            return await answer

    async def run(self) -> None:
        """Run batches until cancelled."""
        try:
            await asyncio.gather(*(self._batches() for _ in range(self.threads)))
        finally:
            self._pool.shutdown(wait=False, cancel_futures=True)

    async def _batches(self) -> None:
        """Run one batch after the other in one thread of the pool."""
        while True:
            batch = [await self._queue.get()]
            if self.delay and self._queue.qsize() + 1 < self.most:
                await asyncio.sleep(self.delay)
            share = math.ceil((1 + self._queue.qsize() + self._computed) / self.threads)
            while len(batch) < min(self.most, share) and not self._queue.empty():
                batch.append(self._queue.get_nowait())
            batch = [(job, answer) for job, answer in batch if not answer.done()]
            if batch:  # else nobody waits any more
                self._computed += len(batch)
                try:
                    await self._compute(batch)
                finally:
                    self._computed -= len(batch)

    async def _compute(self, batch: "list[tuple[J, asyncio.Future[R]]]") -> None:
        jobs = [job for job, _ in batch]
        loop = asyncio.get_running_loop()
        try:
            results = await loop.run_in_executor(self._pool, self.function, jobs)
        except Exception as error:  # noqa: BLE001 – each waiting request gets it
            for _, answer in batch:
                if not answer.done():
                    answer.set_exception(error)
            return
        for (_, answer), made in zip(batch, results, strict=True):
            if not answer.done():
                answer.set_result(made)
