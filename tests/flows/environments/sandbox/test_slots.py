"""Cores are given in the order of arrival, and waiting for one is measured."""

import threading
import time

from flows.environments.sandbox import Slots

HELD_S = 0.05


def test_commands_get_cores_in_the_order_of_arrival() -> None:
    """An attempt that others overtake again and again never ends its turn."""
    slots, order, threads = Slots(1), list[int](), list[threading.Thread]()

    def wait(number: int) -> None:
        with slots.slot():
            order.append(number)

    with slots.slot():
        for number in range(20):
            threads.append(threading.Thread(target=wait, args=(number,)))
            threads[-1].start()
            while slots.waiting <= number:
                time.sleep(0.001)
    for thread in threads:
        thread.join()
    assert order == list(range(20))


def test_no_more_commands_run_than_there_are_cores() -> None:
    """More commands than cores at once slow each other down into their wall limits."""
    slots, running, most, lock = Slots(2), 0, 0, threading.Lock()

    def work() -> None:
        nonlocal running, most
        with slots.slot():
            with lock:
                running += 1
                most = max(most, running)
            time.sleep(0.002)
            with lock:
                running -= 1

    threads = [threading.Thread(target=work) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 2


def test_waiting_is_measured() -> None:
    """Without the wait, a crowded machine looks like a slow tool."""
    slots, waited = Slots(1), list[float]()

    def wait() -> None:
        with slots.slot() as queued_s:
            waited.append(queued_s)

    with slots.slot() as first:
        thread = threading.Thread(target=wait)
        thread.start()
        time.sleep(HELD_S)
    thread.join()
    assert first < HELD_S / 2 < HELD_S * 0.9 < waited[0]
