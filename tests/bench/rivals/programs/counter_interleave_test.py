import interleave_test


class Counter:
    value = 0

    def increment(self):
        self.value += 1


def model():
    counter = Counter()
    tasks = [interleave_test.spawn(counter.increment) for _ in range(2)]
    for task in tasks:
        task.join()
    assert counter.value == 2


interleave_test.explore(model, iterations=500, seed=42)
