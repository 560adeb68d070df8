"""Help, the version, completion by the shell, and how numbers look."""

from __future__ import annotations

import re

import pytest
from command_line import Simkit
from simkit_cli.display import bytes_text, table_text, time_text

import simkit as library
from simkit.recipe import shipped

COMMANDS = [
    "generate",
    "sources",
    "info",
    "verify",
    "preview",
    "export",
    "card",
    "census",
    "lattice",
    "fractal",
    "study",
    "baseline",
    "models",
    "train",
    "bench",
]


def test_help_lists_the_commands(simkit: Simkit) -> None:
    result = simkit("--help")
    assert (result.code, result.err) == (0, "")
    assert re.findall(r"^  (\w+) +\S.*\.$", result.out.partition("Data:")[2], re.MULTILINE) == COMMANDS
    sections = re.findall(r"^(\w[\w ]*):$", result.out, re.MULTILINE)
    assert sections == ["Options", "Data", "Worlds", "Networks", "This machine"]
    assert simkit("-h").out == result.out


@pytest.mark.parametrize("command", COMMANDS)
def test_help_of_a_command(simkit: Simkit, command: str) -> None:
    result = simkit(command, "--help")
    assert (result.code, result.err) == (0, "")
    assert result.out.startswith(f"Usage: simkit {command} ")
    assert simkit(command, "-h").out == result.out


@pytest.mark.parametrize("line", [("--help",), *((command, "--help") for command in COMMANDS)], ids=" ".join)
def test_help_shows_each_example_on_its_own_line(simkit: Simkit, line: tuple[str, ...]) -> None:
    text = simkit(*line).out
    assert "\\b" not in text
    assert "\b" not in text
    examples = [row for row in text.splitlines() if row.startswith("  simkit ")]
    assert all(row.count("simkit ") == 1 for row in examples)
    assert len(examples) == {
        "--help": 2,
        "generate": 4,
        "preview": 3,
        "export": 5,
        "sources": 2,
        "models": 2,
        "train": 2,
    }.get(line[0], 0)


def test_version(simkit: Simkit) -> None:
    result = simkit("--version")
    assert result.code == 0
    assert library.__version__ in result.out


@pytest.mark.parametrize(
    ("n", "text"),
    [
        (0, "0 bytes"),
        (999, "999 bytes"),
        (1000, "1 kB"),
        (123_456, "123 kB"),
        (387_000_000, "387 MB"),
        (2.5e12, "2.5 TB"),
    ],
)
def test_bytes(n: int, text: str) -> None:
    assert bytes_text(int(n)) == text


def test_bytes_never_in_exponents() -> None:
    for n in (*range(2000), *range(999_000, 1_001_000, 50), 999_999_999, 10**12 - 1, 10**15):
        assert "e+" not in bytes_text(n)


@pytest.mark.parametrize(
    ("seconds", "text"),
    [
        (0.04, "0.0 s"),
        (9.96, "10.0 s"),
        (59.94, "59.9 s"),
        (98, "1 min 38 s"),
        (3600, "1 h 0 min"),
        (90_061, "25 h 1 min"),
    ],
)
def test_times(seconds: float, text: str) -> None:
    assert time_text(seconds) == text


def test_times_just_below_a_minute() -> None:
    assert time_text(59.96) == "1 min 0 s"
    assert time_text(3599.7) == "1 h 0 min"


def test_tables() -> None:
    assert table_text([("a", "bb", "free"), ("long", "b", "")]) == "  a     bb  free\n  long  b"
    assert table_text([]) == ""


def test_the_shell_completes_sources_and_recipes(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "_SIMKIT_COMPLETE": "bash_complete",
        "COMP_WORDS": "simkit generate ca",
        "COMP_CWORD": "2",
    }.items():
        monkeypatch.setenv(name, value)
    words = [line.removeprefix("plain,") for line in simkit().out.splitlines()]
    assert words == [name for name in ("ca-ash", *shipped()) if name.startswith("ca")]
