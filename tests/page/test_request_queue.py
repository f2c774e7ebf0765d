"""The queue of requests: batches, the threads that share them, and what becomes of errors."""

import asyncio
import threading
from collections.abc import Coroutine, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from impasto.page.request_queue import RequestQueue

T = TypeVar("T")


def in_a_thread(coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine where no loop runs: a browser of other tests has one in the main thread."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, coroutine).result()


async def answered(queue: RequestQueue[int, int], jobs: Sequence[int]) -> list[int]:
    """Results of jobs that come at once."""
    running = asyncio.create_task(queue.run())
    try:
        return await asyncio.gather(*(queue.result(job, 60) for job in jobs))
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


def test_threads_share_the_jobs_that_wait_and_compute_them_at_the_same_time() -> None:
    both, sizes = threading.Barrier(2, timeout=60), []

    def double(jobs: Sequence[int]) -> list[int]:
        sizes.append(len(jobs))
        both.wait()  # breaks unless the other thread computes its batch meanwhile
        return [2 * job for job in jobs]

    queue = RequestQueue(double, most=8, waiting=16, threads=2)
    assert in_a_thread(answered(queue, range(6))) == [0, 2, 4, 6, 8, 10]
    assert sorted(sizes) == [3, 3]


def test_a_thread_leaves_as_many_jobs_as_another_that_has_few() -> None:
    """One job is computed when seven more come: of eight in two threads four make a batch."""
    alone, rest, sizes = threading.Event(), threading.Event(), []

    def wait(jobs: Sequence[int]) -> list[int]:
        sizes.append(len(jobs))
        (alone if list(jobs) == [0] else rest).set()
        if list(jobs) == [0]:
            assert rest.wait(60)
        return list(jobs)

    async def run() -> None:
        queue = RequestQueue(wait, most=8, waiting=16, threads=2)
        running = asyncio.create_task(queue.run())
        first = asyncio.create_task(queue.result(0, 60))
        assert await asyncio.to_thread(alone.wait, 60)
        await asyncio.gather(first, *(queue.result(job, 60) for job in range(1, 8)))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    in_a_thread(run())
    assert sizes[:2] == [1, 4]


def test_jobs_that_come_a_little_later_join_the_batch() -> None:
    sizes = []

    def count(jobs: Sequence[int]) -> list[int]:
        sizes.append(len(jobs))
        return list(jobs)

    async def run(delay: float) -> None:
        queue = RequestQueue(count, most=3, waiting=16, delay=delay)
        running = asyncio.create_task(queue.run())
        first = asyncio.create_task(queue.result(0, 60))
        for _ in range(20):  # the queue has taken the first job, and would have computed it
            await asyncio.sleep(0)
        await asyncio.gather(first, queue.result(1, 60))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    in_a_thread(run(0))
    in_a_thread(run(0.5))
    assert sizes == [1, 1, 2]


def test_each_thread_is_started_once_and_an_error_reaches_every_job_of_its_batch() -> None:
    started, errors = [], []

    def fail(jobs: Sequence[int]) -> list[int]:
        raise ValueError(f"{len(jobs)} jobs")

    queue = RequestQueue(fail, most=8, waiting=16, start=lambda: started.append(1))

    async def run() -> None:
        running = asyncio.create_task(queue.run())
        for _ in range(2):
            found = await asyncio.gather(
                *(queue.result(job, 60) for job in range(3)), return_exceptions=True
            )
            errors.extend(map(str, found))
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)

    in_a_thread(run())
    assert started == [1]
    assert errors == ["3 jobs"] * 6
