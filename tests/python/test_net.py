"""Sockets and descriptors that goroutines wait for."""

from __future__ import annotations

import os
import socket

import pytest

import newproc
from newproc import READ, WRITE, Closed, Group, net, wait_fd

WORLDS = pytest.mark.parametrize(
    "where",
    [{"procs": 1}, {"procs": 2}, {"procs": 1, "seed": 1}, {"procs": 3, "seed": 5}],
    ids=["threads1", "threads2", "sim1", "sim3"],
)


@pytest.fixture
def pair():
    ends = socket.socketpair()
    yield ends
    for end in ends:
        end.close()


@WORLDS
def test_a_conversation(where):
    def main():
        listener = net.listen()

        def serve():
            with listener.accept() as connection:
                while data := connection.recv(3):
                    connection.sendall(data.upper())

        with Group() as group:
            group.go(serve)
            with net.connect(*listener.address) as connection:
                assert connection.peer == listener.address
                connection.sendall(b"hello")
                connection.shutdown()
                got = b""
                while data := connection.recv():
                    got += data
        assert got == b"HELLO"
        listener.close()
        listener.close()

    newproc.run(main, **where)


@WORLDS
def test_more_than_fits_is_written_as_the_other_reads(where, pair):
    def main():
        a, b = map(net.Socket, pair)
        data = bytes(range(256)) * 8000
        got = bytearray()

        def read():
            while part := b.recv():
                got.extend(part)

        with Group() as group:
            group.go(read)
            a.sendall(data)
            a.shutdown()
        assert bytes(got) == data

    newproc.run(main, **where)


@WORLDS
def test_who_waits_for_a_socket_that_is_closed_is_told(where, pair):
    def main():
        a = net.Socket(pair[0])
        ended = newproc.Chan()

        def read():
            with pytest.raises(Closed, match="the socket is closed"):
                a.recv()
            ended.send(True)

        newproc.go(read)
        newproc.gosched()
        newproc.sleep(0.001)
        a.close()
        ended.recv()

    newproc.run(main, **where)


@WORLDS
def test_what_ends_a_wait_for_a_socket(where, pair):
    def main():
        a, b = map(net.Socket, pair)
        a.set_deadline(-1)
        with pytest.raises(TimeoutError, match="deadline is over"):
            a.recv()
        a.set_deadline(None)
        with pytest.raises(TimeoutError, match="a block around"), newproc.timeout(0.001):
            a.recv()
        with newproc.timeout(1000), newproc.Context().guard():
            newproc.go(b.sendall, b"x")
            assert a.recv() == b"x"
        ctx = newproc.Context()
        newproc.go(ctx.cancel)
        with pytest.raises(newproc.Canceled), ctx.guard():
            a.recv()
        newproc.go(b.sendall, b"y")
        assert a.recv() == b"y"  # no deadline is left

    newproc.run(main, **where)


@WORLDS
def test_a_group_that_is_canceled_ends_its_readers(where, pair):
    def main():
        with Group() as group:
            group.go(net.Socket(pair[0]).recv)
            group.go(net.Socket(pair[1]).recv)
            newproc.gosched()
            group.cancel()

    newproc.run(main, **where)


@WORLDS
def test_nobody_listens(where):
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

    def main():
        with pytest.raises(ConnectionRefusedError):
            net.connect("127.0.0.1", port)

    newproc.run(main, **where)


@WORLDS
def test_wait_fd(where):
    def main():
        r, w = os.pipe()
        try:
            assert wait_fd(w, READ | WRITE) == WRITE
            assert wait_fd(r, READ, 0) == 0
            assert wait_fd(r, READ, timeout=0.001) == 0
            newproc.go(os.write, w, b"x")
            assert wait_fd(r, READ) == READ
            os.read(r, 1)
            with pytest.raises(TimeoutError), newproc.timeout(0.001):
                wait_fd(r, READ)
        finally:
            os.close(r)
            os.close(w)
        with pytest.raises(OSError, match="Bad file descriptor"):
            wait_fd(w, READ)
        with pytest.raises(newproc.ArgumentError):
            wait_fd(0, 8)

    newproc.run(main, **where)
    with pytest.raises(newproc.PlaceError):
        wait_fd(0, READ)


def test_sockets_that_outlive_their_run(pair):
    kept = []
    newproc.run(lambda: kept.append(net.Socket(pair[0])))
    kept[0].close()
    kept.clear()
