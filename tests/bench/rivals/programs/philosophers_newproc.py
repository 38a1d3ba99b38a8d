import newproc


def dinner():
    forks, wg = [newproc.Mutex() for _ in range(3)], newproc.WaitGroup()

    def dine(i):
        with forks[i], forks[(i + 1) % 3]:
            pass

    for i in range(3):
        wg.go(dine, i)
    wg.wait()


newproc.check(dinner)
