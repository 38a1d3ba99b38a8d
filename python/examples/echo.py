"""A TCP echo server with a goroutine for each connection, and clients that measure how long an answer takes.

    python echo.py [CONNECTIONS [MESSAGES]]      200 and 20 by default
"""

from __future__ import annotations

import sys
import time

from newproc import Group, WaitGroup, net, run


def serve(connection: net.Socket) -> None:
    with connection:
        while data := connection.recv():
            connection.sendall(data)


def accept(listener: net.Socket, connections: int) -> None:
    with listener, Group() as group:
        for _ in range(connections):
            group.go(serve, listener.accept())


def client(port: int, messages: int, everybody: WaitGroup, took: list[float]) -> None:
    with net.connect("127.0.0.1", port) as connection:
        everybody.done()
        everybody.wait()  # until all are connected
        for number in range(messages):
            message = f"message {number}\n".encode()
            began = time.perf_counter()
            connection.sendall(message)
            answer = b""
            while len(answer) < len(message):
                answer += connection.recv()
            took.append(time.perf_counter() - began)
            assert answer == message


def main(connections: int, messages: int) -> None:
    took: list[float] = []
    everybody = WaitGroup()
    everybody.add(connections)
    listener = net.listen()
    with Group() as group:
        group.go(accept, listener, connections)
        for _ in range(connections):
            group.go(client, listener.address[1], messages, everybody, took)
    took.sort()
    p99 = took[len(took) * 99 // 100]
    print(f"{connections} connections, {len(took)} messages there and back: {took[len(took) // 2] * 1e6:,.0f} us median, {p99 * 1e6:,.0f} us p99")


if __name__ == "__main__":
    given = [int(arg) for arg in sys.argv[1:]]
    run(main, *(given + [200, 20][len(given):]), procs=2)
