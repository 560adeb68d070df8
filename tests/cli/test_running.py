"""What is said of a run while it goes on, by a clock that the tests set."""

from __future__ import annotations

import pytest
from rich.progress import Progress as Bar
from simkit_cli.display import done_column
from simkit_cli.running import Lines, Pace, Running

from simkit.run import Progress


class Clock:
    def __init__(self):
        self.seconds = 1000.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def pace():
    return Pace()


def test_no_rate_is_told_before_it_rests_on_two_seconds(pace):
    assert pace.rate is None
    for tenth in range(20):
        pace.add(tenth / 10, 100 * tenth)
        assert pace.rate is None
    for tenth in range(20, 60):
        pace.add(tenth / 10, 100 * tenth)
    assert pace.rate == pytest.approx(1000)


def test_rows_that_come_in_a_burst_at_first_make_no_rate(pace):
    pace.add(0.0, 0)
    for block in range(1, 9):  # those that waited for the first one to be compiled
        pace.add(0.1 + block / 1000, 256 * block)
    assert pace.rate is None
    for block in range(9, 30):
        pace.add(0.1 + 0.25 * (block - 8), 256 * block)
        assert pace.rate is None or pace.rate == pytest.approx(1024, rel=0.02)
    assert pace.rate is not None


@pytest.mark.parametrize("burst", [1, 8, 64])
def test_the_size_of_bursts_does_not_matter(pace, burst):
    pace.add(0.0, 0)
    for n in range(1, 12):
        for k in range(burst):
            pace.add(4.0 * n + k * 0.001, burst * (n - 1) + k + 1)
    assert pace.rate == pytest.approx(burst / 4, rel=0.01)


def test_a_rate_is_of_late(pace):
    for second in range(100):
        pace.add(second, 1000 * second)
    for second in range(100, 200):
        pace.add(second, 99_000 + 10 * (second - 99))
    assert pace.rate == pytest.approx(10)


def test_of_rows_that_take_minutes_the_first_makes_a_rate(pace):
    pace.add(0.0, 0)
    pace.add(100.0, 1)
    assert pace.rate == pytest.approx(0.01)
    for n in range(2, 20):
        pace.add(100.0 * n, n)
    assert pace.rate == pytest.approx(0.01)


def run(clock, running, *steps):
    """Report (seconds, rows, what is compiled) one after another."""
    for seconds, n_rows, compiling in steps:
        clock.seconds = 1000 + seconds
        running(Progress(1000, 0, n_rows, compiling=compiling))


def test_a_rate_leaves_compiling_out(clock):
    running = Running(clock)
    run(clock, running.take, *[(s / 2, 10 * s, "") for s in range(20)])
    assert running.speed.startswith("20 rows/s")
    run(clock, running.take, *[(10 + s, 190, "rule B3/S23 (1 of 1)") for s in range(60)])
    assert (running.speed, running.doing) == ("", "compiling rule B3/S23 (1 of 1), 59.0 s")
    run(clock, running.take, *[(70 + s / 2, 190 + 10 * s, "") for s in range(20)])
    assert running.speed.startswith("20 rows/s, ")
    assert (running.doing, running.line) == ("generating", "380 of 1,000 rows, 20 rows/s, 31.0 s left")


@pytest.mark.parametrize(
    ("n_rows", "speed"),
    [(2, "5.0 s per row, 1 h 23 min left"), (30, "3.0 rows/s, 5 min 23 s left"), (600, "60 rows/s, 6.7 s left")],
)
def test_few_rows_a_second_are_told_as_seconds_of_each(clock, n_rows, speed):
    running = Running(clock)
    run(clock, running.take, (0, 0, ""), (10, n_rows, ""))
    assert running.speed == speed


def test_lines_where_there_is_no_terminal(clock):
    said = []
    lines = Lines(said.append, clock)
    kernel, rule = "kernel life (2 of 3)", "rule B36/S23 (2 of 2)"
    steps = [(s, 0, kernel) for s in range(25)] + [(25, 0, rule), (25.4, 0, ""), (25.5, 0, kernel), (25.6, 0, rule)]
    steps += [(s, (s - 25) * 4, "") for s in range(26, 40)]
    run(clock, lines, *steps)
    assert said == [
        "compiling kernel life (2 of 3)",
        "compiling kernel life (2 of 3), 10.0 s",
        "compiling kernel life (2 of 3), 20.0 s",
        "compiling rule B36/S23 (2 of 2)",
        "40 of 1,000 rows, 4.0 rows/s, 4 min 0 s left",
    ]


def test_ten_seconds_without_rows_are_told_too(clock):
    said = []
    lines = Lines(said.append, clock)
    run(clock, lines, *[(s, 0, "") for s in range(31)])
    assert said == [f"0 of 1,000 rows after {s}.0 s" for s in (10, 20, 30)]


def test_runs_one_after_another_have_names_and_rates_of_their_own(clock):
    said = []
    lines = Lines(said.append, clock)
    run(clock, lambda now: lines(now, "hot"), *[(s, 10 * s, "") for s in range(12)])
    run(clock, lambda now: lines(now, "cold"), *[(12 + s, 20 * s, "") for s in range(12)])
    assert said == [
        "hot: 100 of 1,000 rows, 10 rows/s, 1 min 30 s left",
        "cold: 160 of 1,000 rows, 20 rows/s, 42.0 s left",
    ]


def test_a_bar_says_how_many_of_how_many_once_that_is_known():
    bar = Bar(disable=True)
    task = bar.add_task("", total=None)
    (shown,) = bar.tasks
    assert str(done_column().render(shown)) == ""
    bar.update(task, completed=15_872, total=20_000)
    assert str(done_column().render(shown)) == "15,872 of 20,000"


def test_of_one_row_it_says_row(clock):
    running = Running(clock)
    running.take(Progress(1, 0, 0))
    assert running.line.startswith("0 of 1 row after")
