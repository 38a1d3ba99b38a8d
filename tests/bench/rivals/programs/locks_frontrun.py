import threading

import frontrun


class Locks:
    def __init__(self):
        self.a, self.b = threading.Lock(), threading.Lock()


def forth(locks):
    with locks.a, locks.b:
        pass


def back(locks):
    with locks.b, locks.a:
        pass


result = frontrun.explore(setup=Locks, workers=[forth, back], invariant=lambda locks: True)
result.assert_holds()
