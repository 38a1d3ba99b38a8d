"""Goroutines that belong together."""

from __future__ import annotations

import sys
from collections.abc import Callable
from types import TracebackType

from ._core import Chan, Mutex, go, shield, until
from ._errors import Canceled, GoExit


class Group:
    """Goroutines that end before the block does: Go's errgroup in the form of asyncio's TaskGroup.

    The first exception of one, or of the block itself, cancels the others and the block: what they wait for raises
    `Canceled`, and a goroutine that ends by that is no error. Then the block raises an ExceptionGroup of what went wrong in
    goroutines; before Python 3.11, the first exception. Where only the block itself raised, that passes as it is.

    >>> import newproc
    >>> def main():
    ...     lengths = []
    ...     with newproc.Group() as group:
    ...         for word in ("go", "gopher"):
    ...             group.go(lambda word: lengths.append(len(word)), word)
    ...     print(sorted(lengths))
    >>> _ = newproc.run(main)
    [2, 6]

    Args:
        limit: most goroutines at a time; `go` waits for one to end (default: no limit).
    """

    def __init__(self, limit: int | None = None) -> None:
        if limit is not None and limit < 1:
            raise ValueError(f"newproc.Group(limit): limit is {limit}; give 1 or more, or None")
        self._limit = limit
        self._count = 0
        self._lock = Mutex()
        self._errors: list[BaseException] = []
        self._open = False
        self._canceled = False

    def __enter__(self) -> Group:
        self._places: Chan[None] | None = Chan(self._limit) if self._limit is not None else None
        self._cancel: Chan[None] = Chan()
        self._ended: Chan[None] = Chan(1)  # says that somebody has, not how often
        self._open = True
        self._until = until(self._cancel, Canceled)
        self._until.__enter__()
        return self

    def go(self, fn: Callable[..., object], /, *args: object, **kwargs: object) -> int:
        """Start ``fn`` in a goroutine of the group; return its goid. RuntimeError: outside of the block."""
        if not self._open:
            raise RuntimeError("newproc.Group.go: the group's block has not begun, or is over; call it inside")
        if self._places is not None:
            self._places.send(None)
        with self._lock:
            self._count += 1
        return go(self._run, fn, args, kwargs)

    def cancel(self) -> None:
        """End what the goroutines of the group wait for. What they do without waiting goes on."""
        with self._lock:
            first, self._canceled = not self._canceled, True
        if first:
            self._cancel.close()

    @property
    def canceled(self) -> Chan[None]:
        """Closed when the group is canceled: for `select`."""
        return self._cancel

    def _run(self, fn: Callable[..., object], args: tuple[object, ...], kwargs: dict[str, object]) -> None:
        try:
            with until(self._cancel, Canceled):
                fn(*args, **kwargs)
        except GoExit:
            raise
        except BaseException as error:
            if not (self._canceled and isinstance(error, Canceled)):
                self._errors.append(error)
                self.cancel()
        finally:
            with self._lock:
                self._count -= 1
            if self._places is not None:
                self._places.recv()
            self._ended.try_send(None)

    def _wait(self) -> BaseException | None:
        """For all. What ends the wait early cancels the others, and is returned once they are done."""
        early = None
        try:
            while self._count:
                self._ended.recv()
        except BaseException as error:
            early = error
            self.cancel()
            with shield():
                while self._count:
                    self._ended.recv()
        return early

    def __exit__(self, kind: type[BaseException] | None, value: BaseException | None, traceback: TracebackType | None) -> None:
        self._until.__exit__()
        if value is not None:
            self.cancel()
        early = self._wait()
        self._open = False
        if not self._errors:
            if early is not None:
                raise early
            return
        errors = [error for error in (value, early) if error is not None and not isinstance(error, Canceled)] + self._errors
        if sys.version_info < (3, 11):
            raise errors[0]
        raise BaseExceptionGroup("errors in a newproc.Group", errors)


__all__ = ["Group"]
