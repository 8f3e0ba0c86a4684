from __future__ import annotations

import asyncio
import threading

from cascadelang.providers._lifetimes import PerLoop


class Thing:
    def __init__(self):
        self.closed_in = None


def held():
    made = []

    def make():
        made.append(Thing())
        return made[-1]

    async def close(thing):
        thing.closed_in = asyncio.get_running_loop()

    return PerLoop(make, close), made


def test_one_for_each_loop_and_each_closed_with_its_loop():
    things, made = held()

    async def use():
        first, second = await asyncio.gather(things.get(), things.get())
        assert first is second
        assert first.closed_in is None
        return first

    one, two = asyncio.run(use()), asyncio.run(use())
    assert one is not two
    assert made == [one, two]
    assert one.closed_in is not None
    assert two.closed_in is not None
    assert one.closed_in is not two.closed_in


def test_close_is_done_at_once_and_may_be_repeated():
    things, made = held()

    async def use():
        await things.get()
        await things.close()
        assert made[0].closed_in is asyncio.get_running_loop()
        await things.close()
        return await things.get()

    assert asyncio.run(use()) is made[1]


def test_close_reaches_a_loop_in_another_thread():
    things, made = held()
    ready, done = threading.Event(), threading.Event()

    async def elsewhere():
        await things.get()
        ready.set()
        await asyncio.to_thread(done.wait)

    thread = threading.Thread(target=asyncio.run, args=(elsewhere(),))
    thread.start()
    assert ready.wait(60)
    asyncio.run(things.close())
    assert made[0].closed_in is not None
    done.set()
    thread.join()
