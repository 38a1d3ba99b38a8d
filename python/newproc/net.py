"""Sockets whose waits park a goroutine: an M is not held by one that waits."""

from __future__ import annotations

import contextlib
import errno
import os
import socket as _socket
from collections.abc import Callable
from typing import Any, TypeVar

from . import _core
from ._errors import Closed, NewprocError

T = TypeVar("T")


class Socket:
    """A TCP or Unix stream socket, in a goroutine. Made by `connect`, `listen`, `Socket.accept`, or around a ``socket.socket``.

    One goroutine at a time reads and one writes; others wait their turn. `newproc.timeout`, `newproc.until` and a canceled
    group end its waits. It is a context manager that closes it.
    """

    def __init__(self, sock: _socket.socket) -> None:
        sock.setblocking(False)
        self._sock = sock
        self._fd = _core.Fd(sock.fileno())

    def _do(self, write: bool, call: Callable[..., T], *args: Any) -> T:
        """Without waiting; where that cannot be, once it can."""
        while True:
            try:
                return call(*args)
            except BlockingIOError:
                self._wait(write)

    def _wait(self, write: bool) -> None:
        try:
            self._fd.wait(write)
        except NewprocError as error:
            if error.status == "RT_ETIMEOUT":
                raise TimeoutError("the socket's deadline is over") from None
            if error.status == "RT_ECLOSED":
                raise Closed("the socket is closed") from None
            raise

    def recv(self, size: int = 65536) -> bytes:
        """At most ``size`` bytes, as soon as there are any; none at the end of the stream. Closed: it was closed meanwhile."""
        return self._do(False, self._sock.recv, size)

    def send(self, data: bytes | bytearray | memoryview) -> int:
        """Write what there is room for; return how many bytes."""
        return self._do(True, self._sock.send, data)

    def sendall(self, data: bytes | bytearray | memoryview) -> None:
        """Write all of it."""
        rest = memoryview(data)
        while len(rest):
            rest = rest[self.send(rest):]

    def accept(self) -> Socket:
        """The next connection."""
        connection, _ = self._do(False, self._sock.accept)
        return Socket(connection)

    def set_deadline(self, seconds: float | None) -> None:
        """From so many seconds from now on, waits raise TimeoutError, those under way too. None: no more."""
        when = None if seconds is None else _core.nanotime() / 1e9 + seconds
        self._fd.set_deadline(when, True, True)

    @property
    def address(self) -> Any:
        """Its own address, as ``socket.getsockname``."""
        return self._sock.getsockname()

    @property
    def peer(self) -> Any:
        """The other end's address."""
        return self._sock.getpeername()

    def shutdown(self) -> None:
        """Say that no more will be written."""
        self._sock.shutdown(_socket.SHUT_WR)

    def close(self) -> None:
        """Close it: who waits for it gets Closed. Closing twice is allowed."""
        self._fd.close()
        self._sock.close()

    def __enter__(self) -> Socket:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def listen(host: str = "127.0.0.1", port: int = 0, *, backlog: int = 1024) -> Socket:
    """A listening TCP socket; port 0: a free one, which ``address`` tells."""
    sock = _socket.create_server((host, port), backlog=backlog)
    with contextlib.ExitStack() as on_error:
        on_error.callback(sock.close)
        made = Socket(sock)
        on_error.pop_all()
    return made


def connect(host: str, port: int) -> Socket:
    """A connection to a TCP server. The name is looked up as a blocking call.

    Raises:
        OSError: as ``socket.connect``, of the last address tried.
    """
    last: OSError | None = None
    for family, kind, protocol, _, address in _core.blocking(_socket.getaddrinfo, host, port, type=_socket.SOCK_STREAM):
        sock = _socket.socket(family, kind, protocol)
        try:
            made = Socket(sock)
            error = sock.connect_ex(address)
            if error in (errno.EAGAIN, errno.EINPROGRESS):
                made._wait(True)
                error = sock.getsockopt(_socket.SOL_SOCKET, _socket.SO_ERROR)
            if error == 0:
                return made
            last = OSError(error, os.strerror(error))
            made.close()
        except BaseException:
            sock.close()
            raise
    raise last if last is not None else OSError(f"newproc.net.connect: {host!r} has no address")


__all__ = ["Socket", "connect", "listen"]
