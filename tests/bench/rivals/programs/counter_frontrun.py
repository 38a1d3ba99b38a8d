import frontrun


class Counter:
    def __init__(self):
        self.value = 0

    def increment(self):
        self.value += 1


result = frontrun.explore(
    setup=Counter,
    workers=Counter.increment,
    count=2,
    invariant=lambda counter: counter.value == 2,
)
result.assert_holds()
