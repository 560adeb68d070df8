"""What a run reports, by a clock that the tests set."""

from __future__ import annotations

from concurrent.futures import Future

import pytest

from simkit import backends
from simkit.run import Progress, report
from simkit.run.plan import Plan
from simkit.run.report import Report


class Machine:
    """A clock, Numba and a wait that the test drives: each wait for `_TICK` runs what comes next."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.seconds, self.seen, self.steps = 50.0, list[Progress](), list[object]()
        monkeypatch.setattr(report, "perf_counter", lambda: self.seconds)
        monkeypatch.setattr(report, "wait", self.wait)
        plan = Plan(range(1), frozenset(), 100, 20)
        self.report = Report(plan, backends.Kernels("reference", ()), self.seen.append)

    def compile(self, *whats: str) -> None:
        for what in whats:
            self.report._tell(what)

    def wait(self, futures, timeout):
        (future,) = futures
        step = self.steps.pop(0)
        step()
        self.seconds += timeout
        return type("Waited", (), {"done": {future} if future.done() else set()})


@pytest.fixture
def machine(monkeypatch: pytest.MonkeyPatch) -> Machine:
    return Machine(monkeypatch)


def test_what_is_compiled_and_for_how_long(machine: Machine) -> None:
    future: Future[int] = Future()
    machine.steps = [
        lambda: machine.compile("rule a"),
        lambda: None,
        lambda: None,
        lambda: machine.compile("", "rule b", "", "rule c"),  # b took no time, and is told all the same
        lambda: machine.compile(""),
        lambda: future.set_result(7),
    ]
    with machine.report:
        assert machine.report.wait("computing", future) == 7
        machine.report.add(30)
    tick = report._TICK
    assert [now.compiling for now in machine.seen] == [
        "", "rule a", "rule a", "rule a", "rule a", "rule b", "rule c", "rule c", "", "",
    ]  # fmt: skip
    assert [now.n_rows_done for now in machine.seen] == [20] * 9 + [50]
    assert machine.seen[-1].compiled == pytest.approx(4 * tick)
    assert machine.seen[-1].waited_computing == pytest.approx(6 * tick)
    assert machine.seen[-1].waited_writing == 0
    compiled = [now.compiled for now in machine.seen]
    assert compiled == sorted(compiled)


def test_an_error_that_was_waited_for_is_raised(machine: Machine) -> None:
    future: Future[int] = Future()
    machine.steps = [lambda: None, lambda: future.set_exception(TimeoutError("of the source"))]
    with pytest.raises(TimeoutError, match="of the source"), machine.report:
        machine.report.wait("writing", future)
    assert machine.report._now.waited_writing == pytest.approx(2 * report._TICK)
