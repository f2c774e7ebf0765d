"""Queue of requests: those that wait are computed together, in one thread."""

import asyncio
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
    """Runs jobs one batch at a time.

    Attributes:
        function: from jobs to their results, in order; it is never called twice at once.
        most: jobs of a batch, at most.
        waiting: jobs that wait, at most.
    """

    function: Callable[[Sequence[J]], Sequence[R]]
    most: int
    waiting: int
    _queue: "asyncio.Queue[tuple[J, asyncio.Future[R]]]" = field(init=False)
    _thread: ThreadPoolExecutor = field(init=False)

    def __post_init__(self) -> None:
        """Make the queue and the thread."""
        self._queue = asyncio.Queue(self.waiting)
        self._thread = ThreadPoolExecutor(1)

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
        loop = asyncio.get_running_loop()
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < self.most and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                batch = [(job, answer) for job, answer in batch if not answer.done()]
                if not batch:  # nobody waits any more
                    continue
                jobs = [job for job, _ in batch]
                try:
                    results = await loop.run_in_executor(self._thread, self.function, jobs)
                except Exception as error:  # noqa: BLE001 – each waiting request gets it
                    for _, answer in batch:
                        if not answer.done():
                            answer.set_exception(error)
                    continue
                for (_, answer), made in zip(batch, results, strict=True):
                    if not answer.done():
                        answer.set_result(made)
        finally:
            self._thread.shutdown(wait=False, cancel_futures=True)
