#!/usr/bin/env python3
"""A bank whose transfers lose money now and then: the search finds how, says where, and shows it again.

    python lostupdate.py            # find it
    python lostupdate.py SCHEDULE   # see it again, step by step
"""

from __future__ import annotations

import sys

import newproc


class Account:
    def __init__(self, name: str, balance: int) -> None:
        self.balance = newproc.Var(balance, name=f"the balance of {name}")

    def deposit(self, amount: int) -> None:
        self.balance.value += amount  # a read and a write: others may come between them


def main() -> None:
    shop = Account("the shop", 0)
    customers = newproc.WaitGroup()
    for _ in range(3):
        customers.go(shop.deposit, 10)
    customers.wait()
    assert shop.balance.value == 30, f"the shop has {shop.balance.value}, and three customers paid 10"


def search() -> None:
    done = newproc.explore(main)
    print(f"{done.schedules} schedules, {len(done.findings)} findings")
    for finding in done.findings:
        print(f"\n{finding.kind}: {finding.message}")
        print(finding.stacks())
        print(f"see it again: python lostupdate.py {finding.schedule}")


def show(schedule: str) -> None:
    session = newproc.Session(main, schedule)
    session.run()
    print(*session.steps, sep="\n")
    print(session.end)


if __name__ == "__main__":
    show(sys.argv[1]) if len(sys.argv) > 1 else search()
