"""Threads and coroutines overlap: `meet` comes back with True only once four calls of it wait at the same time."""

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor, as_completed


def with_threads():
    met = []
    threads = [threading.Thread(target=lambda: met.append(meet())) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return met


def with_pool():
    with ThreadPoolExecutor(max_workers=4) as pool:
        return list(pool.map(lambda _: meet(), range(4)))


def with_futures():
    with ThreadPoolExecutor(max_workers=4) as pool:
        return [future.result() for future in as_completed([pool.submit(meet) for _ in range(8)])]


async def with_coroutines():
    return await asyncio.gather(*[asyncio.to_thread(meet) for _ in range(4)])


async def with_semaphore():
    limit = asyncio.Semaphore(4)

    async def ask():
        async with limit:
            return await asyncio.to_thread(meet)

    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(ask()) for _ in range(8)]
    return [task.result() for task in tasks]


async def with_timers():
    async def number(it):
        await asyncio.sleep(0)
        return it

    try:
        await asyncio.wait_for(asyncio.Event().wait(), 0.001)
    except TimeoutError:
        return [await number(it) for it in range(3)]


print("threads", with_threads())
print("pool", with_pool())
print("futures", with_futures())
print("coroutines", asyncio.run(with_coroutines()))
print("semaphore", asyncio.run(with_semaphore()))
print("timers", asyncio.run(with_timers()))
loop = asyncio.new_event_loop()
print("executor", loop.run_until_complete(asyncio.wait_for(loop.run_in_executor(None, lambda: 5), None)))
