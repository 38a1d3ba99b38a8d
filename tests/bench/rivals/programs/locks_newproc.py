import newproc


def model():
    a, b, wg = newproc.Mutex(), newproc.Mutex(), newproc.WaitGroup()

    def both(first, second):
        with first, second:
            pass

    wg.go(both, a, b)
    wg.go(both, b, a)
    wg.wait()


newproc.check(model)
