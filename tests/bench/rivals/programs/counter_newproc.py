import newproc


class Counter:
    value = 0

    def increment(self):
        self.value += 1


def model():
    counter, wg = Counter(), newproc.WaitGroup()
    for _ in range(2):
        wg.go(counter.increment)
    wg.wait()
    assert counter.value == 2


newproc.check(model, points=[Counter], level="instruction")
