"""A crawler without a network: pages link to pages, workers fetch them, nobody fetches one twice.

    python crawler.py [PAGES [WORKERS]]

The frontier is one goroutine that owns the set of pages seen, so that no lock is needed. It stops when no page is
on its way.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass

import newproc
from newproc import Chan, Group


@dataclass(frozen=True)
class Page:
    number: int
    links: tuple[int, ...]


def fetch(number: int, pages: int) -> Page:
    """A page of a made-up web, after the time that a fetch takes."""
    newproc.sleep(0.001 * (1 + number % 3))
    return Page(number, tuple(link % pages for link in (2 * number + 1, 2 * number + 2, number * number)))


def work(wanted: Chan[int], fetched: Chan[Page], pages: int) -> None:
    for number in wanted:  # until it is closed
        fetched.send(fetch(number, pages))


def frontier(wanted: Chan[int], fetched: Chan[Page], out: Chan[Page]) -> None:
    """Hands out pages to fetch, and takes fetched ones, whichever can go on."""
    seen, queue, on_their_way = {0}, [0], 0
    with wanted, out:
        while queue or on_their_way:
            cases = [fetched.recv_case()]
            if queue:
                cases.append(wanted.send_case(queue[-1]))
            chosen = newproc.select(*cases)
            if chosen.chosen == 1:
                queue.pop()
                on_their_way += 1
                continue
            on_their_way -= 1
            page: Page = chosen.value
            new = [link for link in dict.fromkeys(page.links) if link not in seen]
            seen.update(new)
            queue.extend(new)
            out.send(page)


def main(pages: int, workers: int) -> None:
    wanted: Chan[int] = Chan()
    fetched: Chan[Page] = Chan()
    out: Chan[Page] = Chan(16)
    with Group() as group:
        group.go(frontier, wanted, fetched, out)
        for _ in range(workers):
            group.go(work, wanted, fetched, pages)
        numbers = [page.number for page in out]
    assert len(numbers) == len(set(numbers))
    print(f"{len(numbers)} pages by {workers} workers; the last is {max(numbers)}")


if __name__ == "__main__":
    given = [int(arg) for arg in sys.argv[1:]]
    newproc.run(main, *(given + [200, 20][len(given):]))
