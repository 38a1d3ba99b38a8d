import ploom


def scenario():
    balance = ploom.SharedCell(100)

    def withdraw():
        if balance.read() >= 100:
            balance.write(balance.read() - 100)

    threads = [ploom.Thread(target=withdraw) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert balance.read() >= 0


if __name__ == "__main__":
    ploom.check(scenario)
