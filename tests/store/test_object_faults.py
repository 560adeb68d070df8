"""What servers, networks and people do to an object store: another attempt, or one clear line; nothing is lost."""

from __future__ import annotations

import multiprocessing
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from servers import CLOSE, CUT, HANG, SLOW, Bucket, Proxy
from store_samples import SHARD_ROWS, toy_recipe, tree

import simkit
import simkit.store.objects
import simkit.store.requests
import simkit.store.turn
from simkit.errors import LibraryError, StoreError
from simkit.run import generate
from simkit.store import verify

pytest.importorskip("s3fs")

#: a whole group and a part of another
N = 2 * SHARD_ROWS + 10


@pytest.fixture
def whole(tmp_path: Path) -> dict[str, bytes]:
    generate(toy_recipe(N), tmp_path / "whole" / "x.zarr")
    return {name: data for name, data in tree(tmp_path / "whole" / "x.zarr").items() if data is not None}


def line_of(work: Callable[[], object], kind: type[Exception] = StoreError) -> str:
    with pytest.raises(kind) as caught:
        work()
    assert len(str(caught.value).splitlines()) == 1
    return str(caught.value)


# --- what is wrong for good ---------------------------------------------------------------------------------------


WRONG = {
    "the secret": ({"AWS_SECRET_ACCESS_KEY": "wrong"}, "signature.*; see to your keys"),
    "the key": ({"AWS_ACCESS_KEY_ID": "wrong"}, "does not exist in our records; see to your keys"),
    "the profile": ({"AWS_PROFILE": "none-such"}, r"profile \(none-such\) could not be found; see to your keys"),
}


@pytest.mark.parametrize("wrong", WRONG)
def test_wrong_keys(wrong: str, rclone: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    changes, message = WRONG[wrong]
    for name, value in changes.items():
        monkeypatch.setenv(name, value)
    for work in (simkit.open, lambda there: generate(toy_recipe(), there)):
        assert re.search(message, line_of(lambda work=work: work(f"{rclone.address}/x.zarr")))
    assert not rclone.objects()


def test_no_keys(rclone: Bucket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    line = line_of(lambda: simkit.open(f"{rclone.address}/x.zarr"))
    assert "unable to locate credentials; see to your keys (for S3 AWS_ACCESS_KEY_ID" in line


def test_no_bucket(s3: Bucket) -> None:
    for work in (simkit.open, lambda there: generate(toy_recipe(), there)):
        assert "there is no bucket 'none-such'; create it" in line_of(lambda work=work: work("s3://none-such/x.zarr"))


def test_nothing_there_and_something_else(rclone: Bucket) -> None:
    there = f"{rclone.address}/x.zarr"
    assert line_of(lambda: simkit.open(there)).startswith(f"there is no {there}; `simkit generate SOURCE --out")
    place = simkit.store.objects.Objects(there)
    place.put("letter.txt", b"Dear")
    place.put("folder/other", b"x")
    assert line_of(lambda: simkit.open(there)).startswith(f"{there} is not a simkit data set")
    line = line_of(lambda: generate(toy_recipe(), there))
    assert line == f"{there} exists and is not a simkit data set (it holds folder, letter.txt); choose another --out"


def test_a_server_that_is_not_there_is_told_soon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setattr(simkit.store.requests, "_PATIENCE_AT_FIRST", 0.5)
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "some")
    line = line_of(lambda: simkit.open("s3://bucket/x.zarr"))
    assert "no answer: could not connect to the endpoint URL" in line
    assert "attempts in" in line
    assert "see to the network and the address of the server" in line


def test_a_library_that_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    from fsspec.registry import _registry

    monkeypatch.setitem(sys.modules, "s3fs", None)
    monkeypatch.delitem(_registry, "s3", raising=False)
    line = line_of(lambda: simkit.open("s3://bucket/x.zarr"), LibraryError)
    assert line == "s3://bucket/x.zarr needs s3fs, which is not installed: pip install s3fs"


def test_addresses_that_cannot_be(tmp_path: Path) -> None:
    secret = line_of(lambda: simkit.open("s3://me:hunter2@bucket/x.zarr"))
    assert "a password or a query" in secret
    assert "hunter2" not in secret
    assert "hunter2" not in line_of(lambda: generate(toy_recipe(), "https://host/x.zarr?sig=hunter2"))
    assert "did you mean the address 's3://bucket/x.zarr'?" in line_of(lambda: simkit.open(Path("s3://bucket/x.zarr")))
    for odd in ("s3://", "s3:///x", "s3://bucket//x.zarr", "s3://bucket/a//x.zarr/"):
        assert "is not an address of a data set" in line_of(lambda odd=odd: generate(toy_recipe(), odd))
    assert "fsspec knows s3://" in line_of(lambda: simkit.open("none-such://bucket/x.zarr"))
    assert "is an address" in line_of(
        lambda: simkit.export(generate(toy_recipe(), tmp_path / "x"), "npz", "s3://b/x.npz")
    )
    assert generate(toy_recipe(), f"file://{tmp_path}/x").path == tmp_path / "x"


# --- what passes ---------------------------------------------------------------------------------------------------


def passing(fault: object, every: int) -> Callable[[str, str], object]:
    """Return what does this to each request of so many."""
    requests = iter(range(10**9))
    return lambda method, path: fault if next(requests) % every == every - 1 else None


@pytest.mark.parametrize(
    "fault", [503, *(pytest.param(fault, marks=pytest.mark.slow) for fault in (500, CUT, CLOSE))], ids=str
)
def test_what_passes_is_tried_again(
    fault, rclone: Bucket, proxy: Proxy, whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simkit.store.requests, "_DELAY", 0.001)
    proxy.fault = passing(fault, 3)
    store = generate(toy_recipe(N), f"{rclone.address}/x.zarr")
    assert verify(store, full=True) == []
    assert rclone.objects("x.zarr") == whole


@pytest.mark.slow
@pytest.mark.parametrize("fault", [HANG, SLOW])
def test_a_slow_server_and_one_that_says_nothing(
    fault, rclone: Bucket, proxy: Proxy, whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(simkit.store.objects._S3_CONFIG, "read_timeout", 0.5)
    proxy.fault = passing(fault, 10)
    store = generate(toy_recipe(N), f"{rclone.address}/x.zarr")
    assert verify(store, full=True) == []
    assert rclone.objects("x.zarr") == whole


@pytest.mark.slow
@pytest.mark.parametrize("fault", [503, CLOSE], ids=str)
def test_a_server_that_is_ill_for_good_is_one_line_and_nothing_is_lost(
    fault, rclone: Bucket, proxy: Proxy, whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simkit.store.requests, "_PATIENCE", 0.5)
    n_puts = 0

    def ill(method: str, path: str) -> object:
        nonlocal n_puts
        n_puts += method == "PUT"
        return fault if n_puts > 15 else None

    proxy.fault = ill
    line = line_of(lambda: generate(toy_recipe(N), f"{rclone.address}/x.zarr"))
    assert f"{rclone.address}/x.zarr" in line
    assert "run the same line again: what is finished is kept" in line
    assert ("the server says 503" if fault == 503 else "no answer: ") in line
    assert "attempts in" in line
    proxy.fault = lambda method, path: None
    monkeypatch.setattr(simkit.store.turn, "_BEAT", 0.3)
    monkeypatch.setattr(simkit.store.turn, "_DEAD", 6.0)  # of the claim that could not be removed
    generate(toy_recipe(N), f"{rclone.address}/x.zarr")
    assert rclone.objects("x.zarr") == whole


def test_a_server_that_is_killed_and_started_again(rclone: Bucket, whole) -> None:
    killed = threading.Event()

    def restart() -> None:
        killed.wait()
        time.sleep(0.5)
        rclone.server.start()

    def progress(now) -> None:
        if now.n_rows_now >= SHARD_ROWS and not killed.is_set():
            rclone.server.kill()
            killed.set()

    thread = threading.Thread(target=restart)
    thread.start()
    generate(toy_recipe(N), f"{rclone.address}/x.zarr", progress=progress)
    thread.join()
    assert killed.is_set()
    assert rclone.objects("x.zarr") == whole


def test_a_process_that_was_stopped_for_long_tries_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """All of its patience is gone when it goes on, and its connections are broken."""
    now, broken = [0.0], list[bool]()
    monkeypatch.setattr(simkit.store.requests.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(simkit.store.requests.time, "sleep", lambda seconds: None)
    requests = simkit.store.requests.Requests("s3://bucket/x.zarr")

    def request() -> str:
        now[0] += 3600
        if broken and broken.pop():
            raise ConnectionError("gone")
        return "answer"

    assert requests.send("look", lambda: "first") == "first"
    broken += [True]
    assert requests.send("look", request) == "answer"
    broken += [True] * 3
    assert "gone (3 attempts in 10800 s)" in line_of(lambda: requests.send("look", request))


def test_a_server_that_is_given_up_is_not_waited_for_again(monkeypatch: pytest.MonkeyPatch) -> None:
    now = [0.0]
    monkeypatch.setattr(simkit.store.requests.time, "monotonic", lambda: now[0])
    monkeypatch.setattr(simkit.store.requests.time, "sleep", lambda seconds: now.__setitem__(0, now[0] + seconds))
    requests = simkit.store.requests.Requests("s3://bucket/x.zarr")

    def waited(error: Exception) -> float:
        def request() -> None:
            raise error

        began = now[0]
        line_of(lambda: requests.send("look", request))
        return now[0] - began

    class BusyError(OSError):
        status = 503

    for error in (ConnectionError("gone"), BusyError()):
        requests.send("look", lambda: "answer")
        assert [waited(error) > 50, waited(error) < 10, waited(error) < 10] == [True, True, True]


def test_what_went_wrong_first_is_told(rclone: Bucket, proxy: Proxy, monkeypatch: pytest.MonkeyPatch) -> None:
    """And not that a lock could not be given back after it."""
    monkeypatch.setattr(simkit.store.requests, "_PATIENCE", 0.2)
    monkeypatch.setattr(simkit.store.requests, "_PATIENCE_AT_FIRST", 0.2)
    is_ill = False

    def ill(method: str, path: str) -> object:
        nonlocal is_ill
        is_ill |= method == "PUT" and "/ledger/turn." not in path  # the first is in turn
        return CLOSE if is_ill else None

    proxy.fault = ill
    assert line_of(lambda: generate(toy_recipe(N), f"{rclone.address}/x.zarr")).startswith("cannot write ")


# --- processes -----------------------------------------------------------------------------------------------------


def finish(process: subprocess.Popen[str]) -> None:
    _, errors = process.communicate(timeout=200)
    assert (process.returncode, errors) == (0, "")


def test_a_process_that_was_forked_reads_and_takes_no_connection_away(
    rclone: Bucket, whole, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = generate(toy_recipe(N), f"{rclone.address}/x.zarr")
    explain, failed = simkit.store.requests.Requests._explain, []

    def explained(self: Any, error: Exception) -> Any:
        failed.extend([] if isinstance(error, FileNotFoundError) else [error])
        return explain(self, error)

    monkeypatch.setattr(simkit.store.requests.Requests, "_explain", explained)
    monkeypatch.setitem(simkit.store.objects._S3_CONFIG, "read_timeout", 5)
    store = simkit.open(store.path)
    assert verify(store, full=True) == []
    child = multiprocessing.get_context("fork").Process(target=lambda: os._exit(len(verify(store, full=True))))
    child.start()
    child.join(60)
    assert child.exitcode == 0
    assert verify(store, full=True) == []
    assert failed == []


def take_the_turn_and_die(there: str) -> None:
    with simkit.store.objects.Objects(there).lock("ledger") as turn:
        turn.wait()
        os.kill(os.getpid(), signal.SIGKILL)


def test_the_turn_of_a_process_that_was_killed_is_taken_at_once_on_its_machine(
    rclone: Bucket, monkeypatch: pytest.MonkeyPatch
) -> None:
    there = f"{rclone.address}/x.zarr"
    monkeypatch.setattr(simkit.store.turn, "_DEAD", 1e9)  # nobody waits as long
    child = multiprocessing.get_context("fork").Process(target=take_the_turn_and_die, args=(there,))
    child.start()
    child.join()
    (claim,) = rclone.objects("x.zarr/ledger")
    assert claim.startswith("turn.")
    place = simkit.store.objects.Objects(there)
    with place.lock("ledger") as turn:
        turn.wait()
        assert claim not in place.names("ledger")
    assert place.names("ledger") == []


def test_the_turn_of_a_process_elsewhere_is_taken_when_it_says_nothing_for_long(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    place, slept = simkit.store.objects.Objects("memory://elsewhere/x"), []
    place.put("ledger/turn.0123456789abcdef", b"7 1 another machine")

    class Clock:
        monotonic = staticmethod(lambda: sum(slept))
        sleep = staticmethod(lambda seconds: slept.append(1.0))

    monkeypatch.setattr(simkit.store.turn, "time", Clock)
    monkeypatch.setattr(simkit.store.turn.Turn, "_beat", lambda turn: None)
    with place.lock("ledger") as turn:
        turn.wait()
    assert 30 < len(slept) < 35
    assert place.names("ledger") == []


@pytest.mark.slow
def test_two_processes_share_a_data_set(rclone: Bucket, start, whole) -> None:
    there = f"{rclone.address}/x.zarr"
    for process in [start(there, N, 2, worker) for worker in range(2)]:
        finish(process)
    assert rclone.objects("x.zarr") == whole


@pytest.mark.slow
def test_a_writer_that_is_killed_often(rclone: Bucket, start, tmp_path: Path) -> None:
    n, there = 20 * SHARD_ROWS + 5, f"{rclone.address}/x.zarr"
    generate(toy_recipe(n), tmp_path / "x.zarr")
    n_hit = 0
    for wait in range(8):
        process = start(there, n)
        n_before = len(rclone.objects())
        while len(rclone.objects()) <= n_before + 5 * wait and process.poll() is None:
            time.sleep(0.005)
        process.send_signal(signal.SIGKILL)
        n_hit += process.wait() == -signal.SIGKILL
    assert n_hit > 0  # where this process has to wait for its turn, others may be at their end before they are killed
    finish(start(there, n))
    assert rclone.objects("x.zarr") == {k: v for k, v in tree(tmp_path / "x.zarr").items() if v is not None}
