"""A lock made of objects, for a place that has none: whoever has the only claim has it.

A claim is an object ``turn.TOKEN`` in the folder. To take the lock, a process puts its claim, and then lists the
folder. If there is another claim, it removes its own and tries again a random time later. Of two processes, the one
that lists last sees the claim of the other, unless that one has given it back: so both never have the lock, whatever
the order of their requests, and no request has to be conditional (some servers ignore If-None-Match).

The claim of a process that was killed would stay. So whoever has the lock puts its claim again every `_BEAT` seconds,
with other bytes, from a thread of its own; a claim that has not changed in `_DEAD` seconds to whoever waits is
removed, and that of a process of this machine that is no more at once. No clock is compared with another machine's. A
process that could not put its claim for half of that time, because it was stopped or cut off, has lost the lock, and
fails when it next writes (`check`): what such a process sends at that very moment is the only thing that could come
too late.
"""

from __future__ import annotations

import os
import random
import re
import secrets
import threading
import time
from pathlib import Path

from simkit.errors import DamageError, StoreError
from simkit.store.place import Lock, Place

#: seconds between two beats; after which a claim without one is dead; of the first wait for another and of the longest
_BEAT, _DEAD, _WAIT, _MOST_WAIT = 3.0, 30.0, 0.1, 3.0

_CLAIM = re.compile(r"turn\.[0-9a-f]{16}")


class Turn(Lock):
    """The lock of a folder of a place."""

    def __init__(self, place: Place, folder: str) -> None:
        self._place, self._folder = place, folder
        self._name = f"turn.{secrets.token_hex(8)}"
        self._key = f"{folder}/{self._name}"
        self._n_beats, self._last_beat, self._is_taken = 0, 0.0, False
        self._ended = threading.Event()
        self._thread: threading.Thread | None = None

    def wait(self) -> None:
        """Take it for this process alone, once no other process has it."""
        watched: dict[str, tuple[bytes, float]] = {}
        most = _WAIT
        while not self.take(shared=False):
            self._bury(watched)
            time.sleep(random.uniform(0, most))  # noqa: S311 - two that collide must not collide again
            most = min(2 * most, _MOST_WAIT)

    def take(self, *, shared: bool) -> bool:
        """Take it; False if another has it now. To share it is to see that it is free: who only reads puts nothing."""
        if shared:
            return self.is_free()
        began = self._put()
        if self._others() or time.monotonic() - began > _DEAD / 2:
            self._place.delete(self._key)
            return False
        self._last_beat, self._is_taken = began, True
        self._thread = threading.Thread(target=self._beat, daemon=True)
        self._thread.start()
        return True

    def is_free(self) -> bool:
        """Say whether no other process has it; not taken afterwards."""
        return not self._others()

    def check(self) -> None:
        """Raise StoreError if the lock was taken and is lost."""
        if self._is_taken and self._is_lost():
            raise StoreError(
                f"{self._place.where()}: this process was stopped or cut off for so long that others may have gone on "
                "without it; run the same line again: what is finished is kept"
            )

    def give_back(self) -> None:
        """Let another take it, if it was taken."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        if self._is_taken:
            self._is_taken = False
            self._place.delete(self._key)

    def _put(self) -> float:
        """Put the claim, and return when that was begun."""
        began = time.monotonic()
        self._n_beats += 1
        self._place.put(self._key, f"{self._n_beats} {os.getpid()} {_here()}".encode())
        return began

    def _beat(self) -> None:
        while not self._ended.wait(_BEAT) and not self._is_lost():
            try:
                began = self._put()
            except StoreError:
                return  # `check` tells
            if not self._is_lost():  # else it may have been removed and put anew
                self._last_beat = began

    def _is_lost(self) -> bool:
        return time.monotonic() - self._last_beat > _DEAD / 2

    def _others(self) -> set[str]:
        return {name for name in self._place.names(self._folder) if _CLAIM.fullmatch(name)} - {self._name}

    def _bury(self, watched: dict[str, tuple[bytes, float]]) -> None:
        """Remove the claims that have not changed for long; `watched` is what was seen of each, and since when."""
        now, others = time.monotonic(), self._others()
        for name in watched.keys() - others:
            del watched[name]
        for name in others:
            key = f"{self._folder}/{name}"
            try:
                claim = self._place.get(key)
            except DamageError:
                continue  # given back
            if name not in watched or watched[name][0] != claim:
                watched[name] = claim, now
            if now - watched[name][1] > _DEAD or _is_of_the_dead(claim):
                self._place.delete(key)


def _here() -> str:
    """Return what tells apart the processes that see each other's numbers; "" where that cannot be known."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text("ascii").strip()
        return f"{boot} {Path('/proc/self/ns/pid').stat().st_ino}"
    except OSError:
        return ""


def _is_of_the_dead(claim: bytes) -> bool:
    """Say whether a claim is of a process that would be seen here, and is not."""
    _, process, here = (*claim.decode("ascii", "replace").split(" ", 2), "", "", "")[:3]
    if not here or here != _here() or not process.isdecimal():
        return False
    return not Path("/proc", process).exists()
