"""Runtimes, and what goroutines call."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, NoReturn

from . import _core
from ._core import blocking, checkpoint, get_labels, go, goid, gomaxprocs, gosched, goyield, lock_os_thread, nanotime, set_labels, set_name, unlock_os_thread, work
from ._errors import ArgumentError, DeadlockError, GoExit, GoroutinePanic, NewprocError, StateError, error_for

if TYPE_CHECKING:
    from ._look import Run, Snapshot, Stats, Trace

WORLDS = {"threads": 0, "sim": 1}
PYTHON_STACK_BYTES = 1 << 20
"""Of a Python goroutine: C calls nest deeper than a C++ goroutine's 64 KiB. Only touched pages cost."""
TRACED = 1 << 16
"""Events that are kept where a trace is asked for without a number."""

_STATUS_NAMES = {
    0: "RT_OK", -1: "RT_EINVAL", -2: "RT_ENOMEM", -3: "RT_EAGAIN", -4: "RT_EPLACE", -5: "RT_ESTATE", -6: "RT_EDEADLOCK",
    -7: "RT_EGOEXIT", -8: "RT_EPANIC", -9: "RT_EFATAL", -10: "RT_ELIMIT", -11: "RT_ENOTSUP", -12: "RT_EINTR",
}


def settings_from(
    *, procs: int | None = None, seed: int | None = None, world: str | None = None, trace: int | bool = False, **more: Any
) -> dict[str, Any]:
    """Keyword arguments as fields of rt_config. A seed asks for the sim world unless ``world`` says otherwise."""
    if world is None:
        world = "sim" if seed is not None else "threads"
    if world not in WORLDS:
        raise ArgumentError(f'world is {world!r}; give "threads" or "sim"')
    fields: dict[str, Any] = {"world": WORLDS[world], **more}
    if procs is not None:
        fields["procs"] = procs
    if seed is not None:
        fields["seed"] = seed
    if trace:
        fields["trace_events"] = TRACED if trace is True else trace
    return fields


class Watcher:
    """Is told of each run that begins; what ``begins`` returns is called when that run is over, before its runtime can be closed.

    Runtimes of the threads world that trace nothing by themselves keep ``events`` per M for it (0: none).
    """

    __slots__ = ("begins", "events")

    def __init__(self, begins: Callable[[Runtime], Callable[[], None]], events: int) -> None:
        self.begins = begins
        self.events = events


watchers: list[Watcher] = []


class Runtime:
    """One scheduler: Ps, Ms, queues. A context manager; `close` frees it.

    Args:
        procs: GOMAXPROCS, 1 to 1024 (default: the CPUs this process may use).
        seed: the source of every choice in the sim world; giving one asks for that world.
        world: ``"threads"`` (Ms are OS threads) or ``"sim"`` (virtual time, one thread, exact repetition).
        trace: how many events to keep per M; True for 65,536.
        more: other fields of ``rt_config`` by name, such as ``stack_size`` or ``boot``; with ``parallel=1`` in the sim world Ms move at once,
            each by its own virtual clock, and ``cost_op``, ``cost_switch``, ``cost_look``, ``cost_steal``, ``cost_wake`` and ``cost_syscall``
            are nanoseconds.

    Raises:
        ArgumentError: a value is out of range; the message names the field.
    """

    def __init__(
        self, *, procs: int | None = None, seed: int | None = None, world: str | None = None, trace: int | bool = False, **more: Any
    ) -> None:
        more.setdefault("stack_size", PYTHON_STACK_BYTES)
        settings = settings_from(procs=procs, seed=seed, world=world, trace=trace, **more)
        self._traced = bool(settings.get("trace_events"))
        self._threads = settings["world"] == WORLDS["threads"]
        events = max((watcher.events for watcher in watchers), default=0)
        if events and self._threads and not self._traced:
            settings["trace_events"] = events
        self._core = _core.Runtime(settings)
        self._closed = self._running = False

    def start_main(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> None:
        """Run ``fn(*args, **kwargs)`` as the main goroutine; return when the run is over.

        Goroutines still alive then are dropped, as when Go's main returns.

        Raises:
            GoroutinePanic: an exception left a goroutine; it is the cause.
            DeadlockError: all goroutines are asleep.
            KeyboardInterrupt: Ctrl-C.
        """
        ends = [watcher.begins(self) for watcher in watchers]
        self._running = True
        try:
            end = self._core.start_main(fn, args, kwargs)
        finally:
            self._running = False
            for over in ends:
                over()
        self._finish(end)

    def begin(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> None:
        """Set up a run for `step` (sim world)."""
        self._core.begin(fn, args, kwargs)

    def step(self, steps: int = 1) -> bool:
        """Run at most ``steps`` scheduler steps. False when the run is over. Raises as `start_main`."""
        end = self._core.step(steps)
        if end is None:
            return True
        self._finish(end)
        return False

    def abandon(self) -> None:
        """End a run that is being stepped."""
        self._core.abandon()

    newproc = staticmethod(_core.go)

    def stats(self) -> Stats:
        """The counters now."""
        from ._look import Stats

        return Stats(**self._core.stats())

    def snapshot(self) -> Snapshot:
        """Everything now; one instant in the sim world."""
        from ._look import snapshot_from

        return snapshot_from(self._core.snapshot())

    def trace(self) -> Trace:
        """The events so far. StateError unless the runtime was made with ``trace``."""
        from ._look import Trace

        return Trace(self._core.trace())

    def dump(self, fd: int = 2) -> None:
        """Write every goroutine with its state and C stack to a file descriptor, in the form of Go's traceback."""
        self._core.dump(fd)

    @contextlib.contextmanager
    def hold(self) -> Iterator[None]:
        """While held, a run whose goroutines are all asleep waits for this thread instead of ending as a deadlock."""
        self._core.hold()
        try:
            yield
        finally:
            self._core.release()

    def close(self) -> None:
        """Free the runtime. StateError while it runs; closing twice is allowed."""
        if not self._closed:
            self._core.close()
            self._closed = True

    def __enter__(self) -> Runtime:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        if kind is not None and not self._closed:
            with contextlib.suppress(NewprocError):  # nothing is being stepped
                self.abandon()  # what went wrong in the block is what the caller should see
        self.close()

    def _finish(self, end: tuple[int, int, str, str, BaseException | None, str]) -> None:
        status, goid, message, site, exception, dump = end
        if isinstance(exception, KeyboardInterrupt):
            raise exception
        if exception is not None:
            raise GoroutinePanic(message, goid, site) from exception
        name = _STATUS_NAMES.get(status, "RT_?")
        if name == "RT_EINTR":
            raise KeyboardInterrupt
        if name != "RT_OK":
            error = error_for(status, name, message)
            if isinstance(error, DeadlockError):
                error.dump = dump
                if hasattr(error, "add_note"):
                    error.add_note(error.dump)
            raise error


def run(
    main: Callable[..., object], /, *args: object, procs: int | None = None, seed: int | None = None,
    world: str | None = None, trace: int | bool = False, **more: Any,
) -> Run:
    """Run ``main(*args)`` as the main goroutine of a runtime of its own.

    >>> import newproc
    >>> order = []
    >>> def main():
    ...     for i in range(3):
    ...         newproc.go(order.append, i)
    ...     while len(order) < 3:
    ...         newproc.gosched()
    >>> result = newproc.run(main, seed=1, procs=1)
    >>> order
    [2, 0, 1]

    The last one started is next to run: it is in runnext, as in Go. For the arguments see `Runtime`.
    """
    from ._look import Run

    with Runtime(procs=procs, seed=seed, world=world, trace=trace, **more) as runtime:
        runtime.start_main(main, *args)
        return Run(runtime.stats(), runtime.snapshot(), runtime.trace() if runtime._traced else None)


def goexit() -> NoReturn:
    """End this goroutine: ``finally`` blocks run, nothing is reported. Go: runtime.Goexit."""
    if _core.goid() == 0:
        from ._errors import PlaceError

        raise PlaceError("newproc.goexit(): called outside of goroutines; it ends a goroutine")
    raise GoExit

__all__ = [
    "NewprocError", "Runtime", "StateError", "blocking", "checkpoint", "get_labels", "go", "goexit", "goid", "gomaxprocs", "gosched",
    "goyield", "lock_os_thread", "nanotime", "run", "set_labels", "set_name", "settings_from", "unlock_os_thread", "work",
]
