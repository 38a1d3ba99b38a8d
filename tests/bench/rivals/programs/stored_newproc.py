import newproc


def main():
    cell = newproc.Var(0)
    newproc.go(cell.set, 1)
    assert cell.value == 0


newproc.check(main, find="assert")
