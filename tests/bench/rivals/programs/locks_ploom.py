import ploom


def scenario():
    a, b = ploom.Lock(), ploom.Lock()

    def both(first, second):
        with first, second:
            pass

    threads = [ploom.Thread(target=both, args=locks) for locks in ((a, b), (b, a))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


if __name__ == "__main__":
    ploom.check(scenario)
