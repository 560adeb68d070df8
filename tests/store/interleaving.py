"""Two clients of one data set whose requests are interleaved as a schedule says: one runs at a time.

A client runs until it ends, waits for the other (it sleeps), or has made as many requests as the schedule says; then the
other goes on. So every schedule is the same each time, and with few switches all of them can be tried: faults of
concurrency nearly always show with two.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest

import simkit.store.turn
from simkit.store.objects import Objects


class Killed(BaseException):
    """What a killed process raises: at every request from then on, so that nothing is tidied up."""


class Interleaving:
    """Runs clients, and switches from one to the other after the numbers of requests in `switches`, of both together.

    Attributes
    ----------
    n_requests : int
        Requests so far.
    outcomes : list
        What each client returned or raised.
    """

    def __init__(self, switches: tuple[int, ...], kill: tuple[int, int] | None = None) -> None:
        """`kill` is a client, and the number of its own requests before which it dies."""
        self.switches, self.kill, self.n_requests = switches, kill, 0
        self._running, self._now = 0, 0.0
        self._turn = threading.Condition()
        self._mine = [0, 0]
        self._clients: dict[int, int] = {}
        self._ended = [False, False]
        self.outcomes: list[Any] = [None, None]

    def run(self, clients: list[Callable[[], Any]]) -> list[Any]:
        with pytest.MonkeyPatch.context() as patch:
            real = Objects._ask

            def ask(place: Objects, *arguments: Any, **named: Any) -> Any:
                self._step()
                return real(place, *arguments, **named)

            patch.setattr(Objects, "_ask", ask)
            patch.setattr(Objects, "n_at_once", 1)
            patch.setattr(simkit.store.turn.Turn, "_beat", lambda turn: None)
            patch.setattr(simkit.store.turn, "time", self)
            threads = [threading.Thread(target=self._client, args=(i, work)) for i, work in enumerate(clients)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        return self.outcomes

    def monotonic(self) -> float:
        """The clock of both: it goes on only while one waits and the other cannot."""
        return self._now

    def sleep(self, seconds: float) -> None:
        """Let the other go on; if it has ended, time passes."""
        del seconds
        me = self._clients[threading.get_ident()]
        if self._ended[1 - me]:
            self._now += 4
        else:
            self._switch(me)

    def _client(self, me: int, work: Callable[[], Any]) -> None:
        self._clients[threading.get_ident()] = me
        with self._turn:
            self._turn.wait_for(lambda: self._running == me)
        try:
            self.outcomes[me] = work()
        except (Exception, Killed) as error:  # noqa: BLE001 - it is what came of it
            self.outcomes[me] = error
        with self._turn:
            self._ended[me] = True
            self._running = 1 - me
            self._turn.notify_all()

    def _step(self) -> None:
        me = self._clients[threading.get_ident()]
        if self.kill and self.kill[0] == me and self._mine[me] >= self.kill[1]:
            raise Killed
        if self.n_requests in self.switches and not self._ended[1 - me]:
            self.n_requests += 1
            self._switch(me)
        else:
            self.n_requests += 1
        self._mine[me] += 1

    def _switch(self, me: int) -> None:
        with self._turn:
            self._running = 1 - me
            self._turn.notify_all()
            self._turn.wait_for(lambda: self._running == me)
