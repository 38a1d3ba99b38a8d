import newproc


def scenario():
    balance, wg = newproc.Var(100), newproc.WaitGroup()

    def withdraw():
        if balance.value >= 100:
            balance.value -= 100

    for _ in range(2):
        wg.go(withdraw)
    wg.wait()
    assert balance.value >= 0


newproc.check(scenario, find="assert")
