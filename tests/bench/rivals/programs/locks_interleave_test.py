import interleave_test


def model():
    a, b = interleave_test.Lock(), interleave_test.Lock()

    def both(first, second):
        with first, second:
            pass

    tasks = [interleave_test.spawn(both, a, b), interleave_test.spawn(both, b, a)]
    for task in tasks:
        task.join()


interleave_test.explore(model, iterations=500, seed=42)
