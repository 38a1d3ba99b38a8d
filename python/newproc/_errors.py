"""What can go wrong, as exceptions. The statuses are those of newproc.h."""

from __future__ import annotations


class NewprocError(Exception):
    """Base of all errors of newproc. ``status`` is the name of the C ABI's status, such as ``RT_EINVAL``."""

    status = "RT_?"


class ArgumentError(NewprocError, ValueError):
    """An argument is outside its documented range."""

    status = "RT_EINVAL"


class PlaceError(NewprocError):
    """The call is not allowed here: inside or outside of a goroutine, or in another runtime's."""

    status = "RT_EPLACE"


class StateError(NewprocError):
    """The runtime is in the wrong state: running, not running, closed."""

    status = "RT_ESTATE"


class NondeterminismError(StateError):
    """A Python program does not do the same when the same schedule is run again; the text names the first point that differs."""


class ResourceError(NewprocError, MemoryError):
    """The system gave no memory or no thread."""

    status = "RT_ENOMEM"


class DeadlockError(NewprocError):
    """All goroutines are asleep, or main called goexit and none is left. The text is Go's.

    ``dump`` names each goroutine, what it waits for, and where it was started; it is part of the traceback's text, too.
    """

    status = "RT_EDEADLOCK"
    dump: str = ""


class FatalError(NewprocError):
    """A fatal error of the program, such as ``go of nil func value``. The text is Go's."""

    status = "RT_EFATAL"


class LimitError(NewprocError):
    """A limit ended the run; the text says which and how to raise it."""

    status = "RT_ELIMIT"


class UnsupportedError(NewprocError):
    """This runtime or this build cannot do that."""

    status = "RT_ENOTSUP"


class InterruptError(NewprocError):
    """The run was asked to end."""

    status = "RT_EINTR"


class PatternError(NewprocError, ValueError):
    """The text is not a spawn pattern; the message names the place in it."""

    status = "RT_EPATTERN"


class OutputError(NewprocError, OSError):
    """A file could not be written."""

    status = "RT_EIO"


class GoroutinePanic(NewprocError):
    """A goroutine ended by an exception that nobody caught, and so the run ended.

    Attributes:
        goid: the goroutine.
        site: ``file:line`` of the ``go`` that started it; empty for main.
        __cause__: the exception, its traceback whole.
    """

    status = "RT_EPANIC"

    def __init__(self, message: str, goid: int = 0, site: str = "") -> None:
        super().__init__(message)
        self.goid = goid
        self.site = site


class Panic(NewprocError):
    """Misuse that Go answers with a panic, such as ``send on closed channel``. The text is Go's."""

    status = "RT_EPANIC"


class Closed(NewprocError):
    """`Chan.recv` on a channel that is closed and empty, or a wait for a socket that was closed."""

    status = "RT_OK"


class Canceled(NewprocError):
    """A `Context` or a `Group` is canceled, and what a goroutine of it waits for ends. The text is Go's, "context canceled"."""

    status = "RT_OK"

    def __init__(self, message: str = "context canceled") -> None:
        super().__init__(message)


class GoExit(BaseException):
    """Raised by `goexit`; ends the goroutine as it passes through. Not an `Exception`: `except Exception` lets it by."""


_BY_NAME: dict[str, type[NewprocError]] = {
    cls.status: cls
    for cls in (ArgumentError, PlaceError, StateError, ResourceError, DeadlockError, FatalError, LimitError,
                UnsupportedError, InterruptError, PatternError, OutputError, Panic)
}
_BY_NAME["RT_EAGAIN"] = ResourceError
_BY_NAME["RT_EGOEXIT"] = DeadlockError


def error_for(_status: int, name: str, text: str) -> NewprocError:
    """The exception for a status of the C ABI."""
    error = _BY_NAME.get(name, NewprocError)(text)
    error.status = name
    return error
