"""Whatever is wrong, the command says so in one clear line: exit status 1 for the data, 2 for the command line."""

from __future__ import annotations

from pathlib import Path

import pytest
from command_line import GENERATE, SMALL, Simkit

import simkit as library
from simkit.backends import probe
from simkit.errors import MAX_MESSAGE


@pytest.mark.parametrize(
    ("text", "n"),
    [
        ("1e3", 1000),
        ("1_000", 1000),
        ("1k", 1000),
        ("1000", 1000),
        ("0.5k", 500),
        ("1.5e1", 15),
        ("+12", 12),
        ("2E2", 200),
    ],
)
def test_counts(simkit: Simkit, text: str, n: int) -> None:
    assert simkit("generate", "ca-ash", "--n", text, *SMALL, "--quiet").code == 0
    assert library.open("ca-ash.zarr").recipe["n"] == n


@pytest.mark.parametrize(
    "text",
    ["0", "-3", "1.5", "abc", "1e400", "", "1e-3", "1e3.5", "nan", "inf", "1,000", "0x10", "k", "0.0004k", "1__e", "³"],
)
def test_counts_that_are_none(simkit: Simkit, text: str) -> None:
    line = simkit("generate", "ca-ash", "--n", text, *SMALL).misuse
    assert "--n" in line
    assert f"{text!r} is not a count of at least 1; write 20000, 2e4 or 20k" in line
    assert not Path("ca-ash.zarr").exists()


BAD_PARAMETERS = {
    "rules=B9/S23": ["'9' at position 1", "'B9/S23'", "counts are 0 to 8"],
    "rules=B3/S2x": ["'x' at position 5", "'B3/S2x'"],
    "rules=b3s": ["'b3s' ends at position 3"],
    "rules=B33/S23": ["'3' at position 2", "twice"],
    "rules=hello": ["'hello' is not a rulestring", "B3/S23"],
    "rules=": ["'' is not a rulestring"],
    "rules=B3/S23,life": ["'rules' takes each rule once; this is B3/S23, B3/S23"],
    "size=0": ["parameter 'size' takes sides of 8 to 4096 cells; this is 0x0"],
    "size=7": ["8 to 4096", "7x7"],
    "size=4097": ["parameter 'size' takes sides of 8 to 4096 cells; this is 4097x4097"],
    "size=128x4097": ["this is 128x4097"],
    "size=-8": ["this is -8x-8"],
    "size=8x8x8": ["parameter 'size' takes one integer or two, such as 128 or 128x64; this is"],
    "size=big": ["parameter 'size' takes one integer or two", "'big'"],
    "density=1.5": ["parameter 'density' takes a probability, 0 to 1; this is 1.5"],
    "density=-0.1": ["parameter 'density' takes a probability"],
    "density=nan": ["parameter 'density' takes a probability, 0 to 1; this is nan"],
    "density=inf": ["this is inf"],
    "density=half": ["parameter 'density' takes a number; this is 'half'"],
    "max_steps=0": ["parameter 'max_steps' takes 1 to 2**30 generations; this is 0"],
    "max_steps=1e99": ["parameter 'max_steps'"],
    "max_steps=1e1000000": ["parameter 'max_steps' takes an integer of at most 64 bits; this is '1e1000000'"],
    "max_steps=1e999999999999999999999": ["parameter 'max_steps' takes an integer"],
    f"max_steps={'9' * 5000}": ["parameter 'max_steps' takes an integer", "9'... (5,000 long)"],
    f"size={'9' * 5000}x8": ["parameter 'size' takes one integer or two"],
    f"density={'9' * 5000}": ["parameter 'density' takes a number", "9'... (5,000 long)"],
    f"{'x' * 5000}=1": ["ca-ash has no parameter 'xxx", "(5,000 long)"],
    "rules=B3/S\n23\x1b": [r"'\n' at position 4", r"'B3/S\n23\x1b'"],
    "max_steps=2000000000": ["this is 2000000000"],
    "max_steps=1.5": ["parameter 'max_steps' takes an integer of at most 64 bits; this is '1.5'"],
    "sise=64": ["ca-ash has no parameter 'sise'; did you mean 'size'?"],
    "zzz=64": [
        "ca-ash has no parameter 'zzz'; choose from census, density, max_objects, max_steps, rules, size, without"
    ],
}


@pytest.mark.parametrize(("setting", "fragments"), BAD_PARAMETERS.items(), ids=[key[:40] for key in BAD_PARAMETERS])
def test_a_parameter_that_makes_no_sense(simkit: Simkit, setting: str, fragments: list[str]) -> None:
    error = simkit(*GENERATE, "--set", setting).error
    for fragment in fragments:
        assert fragment in error
    assert not Path("ca-ash.zarr").exists()


LONG = "9" * 5000


@pytest.mark.parametrize(
    "line",
    [
        ("generate", "ca-ash", "--n", LONG),
        ("generate", "ca-ash", "--n", f"1.{LONG}"),
        ("generate", "ca-ash", "--n", "5", "--seed", LONG),
        ("generate", "ca-ash", "--n", "5", "--threads", LONG),
        ("generate", "ca-ash", "--n", "5", "--set", LONG),
        ("generate", "ca-ash", "--n", "5", LONG),
        ("generate", "ca-ash", "--n", "5", f"--{LONG}"),
        ("preview", "x.zarr", "--rows", f"0:{LONG}"),
        ("export", "x.zarr", "--format", LONG),
        ("census", "x.zarr", "--format", LONG),
        ("lattice", "film", LONG),
        ("lattice", "magic", "--text", "A", "--size", LONG),
        ("lattice", LONG),
        ("study", "thermo", LONG),
        ("study", "thermo", "--seed", LONG),
        (LONG,),
        (f"--{LONG}",),
        ("two\nlines\x1b[2J",),
    ],
    ids=lambda line: " ".join(word[:12] for word in line),
)
def test_a_command_line_is_quoted_in_one_short_line(simkit: Simkit, line: tuple[str, ...]) -> None:
    misuse = simkit(*line).misuse
    assert len(misuse) <= MAX_MESSAGE + len("Error: ")
    assert misuse.isprintable()


@pytest.mark.parametrize("setting", ["size", "=64", "", "="])
def test_a_setting_that_is_none(simkit: Simkit, setting: str) -> None:
    assert f"{setting!r} is not NAME=VALUE, such as size=64" in simkit(*GENERATE, "--set", setting).misuse


@pytest.mark.parametrize("seed", ["-1", str(2**64), "9" * 50])
def test_a_seed_out_of_range(simkit: Simkit, seed: str) -> None:
    assert f"a seed is an integer from 0 to 2**64 - 1; this is {seed}" in simkit(*GENERATE, "--seed", seed).error


@pytest.mark.parametrize("seed", ["1.5", "x", ""])
def test_a_seed_that_is_no_integer(simkit: Simkit, seed: str) -> None:
    assert "--seed" in simkit(*GENERATE, "--seed", seed).misuse


UNKNOWN = {
    ("generate", "ca-ahs", "--n", "9"): "no source or recipe 'ca-ahs'; did you mean 'ca-ash'?",
    (
        "generate",
        "xyzzy",
        "--n",
        "9",
    ): "there is no source or recipe 'xyzzy'; choose from attractor, attractor-path, attractors, bits, ca-ash",
    (
        "generate",
        "ca-ash-3rules.toml",
    ): "there is no recipe ca-ash-3rules.toml; simkit comes with attractors, ca-ash-2rules-unmarked",
    ("generate", "nowhere/ca-ash-2rules.toml"): "there is no recipe nowhere/ca-ash-2rules.toml",
    ("sources", "ca-ahs"): "no source 'ca-ahs'; did you mean 'ca-ash'?",
    ("bench", "phliox", "--tiny"): "no benchmark case 'phliox'; did you mean 'philox'?",
    ("bench", "stream", "--tiny", "--store", "none.zarr"): "there is no none.zarr",
    (*GENERATE, "--backend", "nonsense"): "there is no backend 'nonsense'; choose from auto, cpu, cuda, reference",
    (*GENERATE, "--backend", "cdua"): "no backend 'cdua'; did you mean 'cuda'?",
    (*GENERATE, "--dask", "none.json"): "cannot read the scheduler file none.json: no such file or directory",
    (*GENERATE, "--workers", "2", "--worker", "2"): "worker 2 of 2: workers are numbered 0 to --workers minus 1",
}


@pytest.mark.parametrize(("line", "message"), UNKNOWN.items(), ids=" ".join)
def test_a_name_that_does_not_exist(simkit: Simkit, line: tuple[str, ...], message: str) -> None:
    assert message in simkit(*line).error


MISUSE = {
    ("generate",): "Missing argument",
    ("generate", "ca-ash"): "say how many rows: simkit generate ca-ash --n 1e6",
    ("generate", "ca-ash", "--nn", "5"): "No such option",
    ("generate", "ca-ash", "--n", "5", "extra"): "unexpected extra argument",
    (*GENERATE, "--threads", "0"): "--threads",
    (*GENERATE, "--workers", "0"): "--workers",
    (*GENERATE, "--dask", "local", "--workers", "2"): "leave out --workers and --worker",
    (
        *GENERATE,
        "--dask",
        "tcp://127.0.0.1:1",
        "--threads",
        "2",
    ): "--threads means nothing to the workers of a Dask cluster",
    (*GENERATE, "--worker", "-1"): "--worker",
    ("info",): "Missing argument",
    ("verify", "x", "--regenerate", "-1"): "'-1' is not a count of at least 0",
    ("verify", "x", "--backend", "cpu"): "--backend says where rows are run anew; give --full or --regenerate N too",
    ("verify", "x", "--full", "--regenerate", "0", "--backend", "cpu"): "--backend says where rows are run anew",
    ("preview", "x", "--rows", "5:5"): "'5:5' is not START:STOP with START < STOP",
    ("preview", "x", "--rows", "5:3"): "'5:3' is not START:STOP",
    ("preview", "x", "--rows=-1"): "'-1' is not START:STOP",
    ("preview", "x", "--rows", "a:b"): "'a:b' is not START:STOP",
    ("preview", "x", "--rows", "9" * 5000): "is not START:STOP",
    ("nonsense",): "there is no command 'nonsense'; choose from ",
    ("generat",): "no command 'generat'; did you mean 'generate'?",
    ("generate", "ca-ash", "--sed", "5"): "--seed",
}


@pytest.mark.parametrize(("line", "message"), MISUSE.items(), ids=lambda value: " ".join(value)[:40])
def test_a_command_line_that_cannot_be_read(simkit: Simkit, line: tuple[str, ...], message: str) -> None:
    assert message in simkit(*line).misuse


@pytest.mark.parametrize("line", [GENERATE, ("verify", "x.zarr", "--regenerate", "5")], ids=["generate", "verify"])
def test_cuda_without_a_device(simkit: Simkit, store: Path, line: tuple[str, ...]) -> None:
    why = probe("cuda")
    if why is None:
        pytest.skip("this machine has a CUDA device, and the test is about those that have none")
    assert (
        f"backend 'cuda' cannot run here: {why}; --backend auto takes what can"
        in simkit(*line, "--backend", "cuda").error
    )
