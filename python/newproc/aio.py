"""asyncio beside goroutines: a run awaited from a coroutine, and a coroutine awaited from a goroutine."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import threading
from collections.abc import Awaitable, Callable
from typing import Any, Generic, TypeVar, cast

from . import _core
from ._core import Chan, shield, until
from ._errors import StateError, UnsupportedError
from ._runtime import Runtime

T = TypeVar("T")

_host: contextvars.ContextVar[asyncio.AbstractEventLoop | None] = contextvars.ContextVar("newproc.aio.host", default=None)


async def run(main: Callable[..., T], /, *args: object, procs: int | None = None, **more: Any) -> T:
    """Run ``main(*args)`` as the main goroutine of a runtime of its own, on a thread of its own; return what it returns.

    The event loop goes on meanwhile. Context variables are the caller's, copied.

    >>> import asyncio, newproc.aio
    >>> def main(n):
    ...     squares = newproc.Chan(n)
    ...     for i in range(n):
    ...         newproc.go(lambda i: squares.send(i * i), i)
    ...     return sum(squares.recv() for _ in range(n))
    >>> asyncio.run(newproc.aio.run(main, 4))
    14

    Cancellation of the task becomes asyncio.CancelledError from what ``main`` waits for, once; it may clean up, and wait
    for that. Other goroutines end with main, as ever. A run whose goroutines are all asleep is no deadlock here: the event
    loop's thread may send to their channels.

    Args:
        procs, more: as for `newproc.Runtime`.

    Raises:
        what main raised, itself; GoroutinePanic: an exception left another goroutine.
    """
    loop = asyncio.get_running_loop()
    ended: asyncio.Future[None] = loop.create_future()
    runtime = Runtime(procs=procs, **more)
    call = _Call[T](main, args, runtime)
    context = contextvars.copy_context()
    context.run(_host.set, loop)

    def say_so() -> None:
        if not ended.done():
            ended.set_result(None)

    def thread() -> None:
        context.run(call.run)
        loop.call_soon_threadsafe(say_so)

    threading.Thread(target=thread, name="newproc.aio.run").start()
    canceled = False
    while not ended.done():
        try:
            await asyncio.shield(ended)
        except asyncio.CancelledError:
            if not canceled:
                call.cancel()
            canceled = True
    runtime.close()
    return call.result()


class _Call(Generic[T]):
    """A run that another thread makes."""

    def __init__(self, main: Callable[..., T], args: tuple[object, ...], runtime: Runtime) -> None:
        self._main, self._args, self._runtime = main, args, runtime
        self._canceled: Chan[None] = Chan(runtime=runtime)
        self._value: Any = None
        self._error: BaseException | None = None

    def cancel(self) -> None:
        self._canceled.close()

    def run(self) -> None:
        try:
            with self._runtime.hold():  # the event loop's thread may wake who waits
                self._runtime.start_main(self._goroutine)
        except BaseException as error:
            self._error = error

    def _goroutine(self) -> None:
        try:
            with until(self._canceled, asyncio.CancelledError):
                self._value = self._main(*self._args)
        except (Exception, asyncio.CancelledError) as error:
            self._error = error  # main's own, not that of a run

    def result(self) -> T:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return cast(T, self._value)


class _Loop:
    """An event loop on a thread of its own, for goroutines whose host has none. Started at first use, for the process."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None

    def get(self) -> asyncio.AbstractEventLoop:
        with self._lock:
            if self._loop is None:
                self._loop = asyncio.new_event_loop()
                threading.Thread(target=self._loop.run_forever, name="newproc.aio", daemon=True).start()
            return self._loop


_loop = _Loop()


def wait(awaitable: Awaitable[T], /) -> T:
    """In a goroutine: run a coroutine on an event loop, park until it ends, and return what it returned or raise what it raised.

    The loop is the host's where `run` started the goroutines, else one on a thread of newproc's. The coroutine has a copy
    of the goroutine's context variables. If `newproc.timeout` or a cancellation ends the wait, the coroutine is cancelled
    and its end waited for.

    >>> import asyncio, newproc.aio
    >>> def main():
    ...     print(newproc.aio.wait(asyncio.sleep(0.001, "slept")))
    >>> _ = newproc.run(main)
    slept

    Raises:
        PlaceError: called outside of goroutines.
        UnsupportedError: in the sim world, whose time is not asyncio's.
    """
    try:
        if _core.is_sim():
            raise UnsupportedError("newproc.aio.wait: the sim world has virtual time and one thread; run in the threads world")
    except BaseException:
        if asyncio.iscoroutine(awaitable):
            awaitable.close()
        raise
    task: _Task[T] = _Task(awaitable, _host.get() or _loop.get())
    _core.hold()  # the loop's thread will wake this goroutine
    try:
        task.start()
        try:
            task.ended.recv()
        except BaseException:
            task.cancel()
            with shield():
                task.ended.recv()
            raise
        return task.result()
    finally:
        _core.release()


class _Task(Generic[T]):
    """An awaitable on a loop of another thread."""

    def __init__(self, awaitable: Awaitable[T], loop: asyncio.AbstractEventLoop) -> None:
        self.ended: Chan[None] = Chan(1)
        self._awaitable, self._loop = awaitable, loop
        self._context = contextvars.copy_context()
        self._task: asyncio.Task[None] | None = None
        self._value: Any = None
        self._error: BaseException | None = None

    def start(self) -> None:
        self._loop.call_soon_threadsafe(self._begin, context=self._context)

    def cancel(self) -> None:
        self._loop.call_soon_threadsafe(lambda: self._task and self._task.cancel())

    def result(self) -> T:
        error, self._error = self._error, None
        if error is not None:
            raise error
        return cast(T, self._value)

    def _begin(self) -> None:
        self._task = self._loop.create_task(self._await())
        self._task.add_done_callback(self._tell)

    async def _await(self) -> None:
        self._value = await self._awaitable

    def _tell(self, task: asyncio.Task[None]) -> None:
        if asyncio.iscoroutine(self._awaitable):
            self._awaitable.close()  # canceled before its first step, it has not begun
        self._error = asyncio.CancelledError() if task.cancelled() else task.exception()
        with contextlib.suppress(StateError):  # the run is over, and the goroutine with it
            self.ended.try_send(None)


__all__ = ["run", "wait"]
