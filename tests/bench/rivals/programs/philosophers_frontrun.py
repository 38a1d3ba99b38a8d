import threading

import frontrun


class Table:
    def __init__(self):
        self.forks = [threading.Lock() for _ in range(3)]


def philosopher(i):
    def dine(table):
        with table.forks[i], table.forks[(i + 1) % 3]:
            pass

    return dine


result = frontrun.explore(setup=Table, workers=[philosopher(i) for i in range(3)], invariant=lambda table: True)
result.assert_holds()
