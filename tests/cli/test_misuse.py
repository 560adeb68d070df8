"""Whatever is wrong, the command says so in one clear line: exit status 1 for the data, 2 for the command line."""

from __future__ import annotations

import json
import re
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zarr
from command_line import N_ROWS, SMALL, Simkit, tree

import simkit as library
from simkit.backends import probe
from simkit.errors import MAX_MESSAGE
from simkit.store import forget
from simkit.store.shard import encode

Start = Callable[..., subprocess.Popen[str]]

GENERATE = ("generate", "ca-ash", "--n", "10")


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


@pytest.mark.parametrize("text", ["1e99", "9223372036854775808", "99999999999g"])
def test_more_rows_than_can_be_numbered(simkit: Simkit, text: str) -> None:
    assert "n is the number of rows" in simkit("generate", "ca-ash", "--n", text, *SMALL).error


@pytest.mark.parametrize("text", ["1e16", "9e18"])
def test_more_rows_than_anyone_can_wait_for_are_begun_at_once(start: Start, text: str) -> None:
    """The number of shards must not matter to the time until the first is there."""
    running = start("generate", "ca-ash", "--n", text, *SMALL)
    stop = time.monotonic() + 60
    while not Path("ca-ash.zarr/ledger/loose.0").exists() and running.poll() is None and time.monotonic() < stop:
        time.sleep(0.01)
    assert running.poll() is None
    assert Path("ca-ash.zarr/ledger/loose.0").exists()


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
    f"{'x' * 5000}=1": ["no parameter of ca-ash 'xxx", "(5,000 long)"],
    "rules=B3/S\n23\x1b": [r"'\n' at position 4", r"'B3/S\n23\x1b'"],
    "max_steps=2000000000": ["this is 2000000000"],
    "max_steps=1.5": ["parameter 'max_steps' takes an integer of at most 64 bits; this is '1.5'"],
    "sise=64": ["no parameter of ca-ash 'sise'; did you mean 'size'?"],
    "zzz=64": ["no parameter of ca-ash 'zzz'; there is census, density, max_objects, max_steps, rules, size, without"],
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
    ("generate", "xyzzy", "--n", "9"): "no source or recipe 'xyzzy'; there is ca-ash, ca-ash-2rules",
    ("generate", "ca-ash-3rules.toml"): "there is no recipe ca-ash-3rules.toml; simkit comes with ca-ash-2rules",
    ("generate", "nowhere/ca-ash-2rules.toml"): "there is no recipe nowhere/ca-ash-2rules.toml",
    ("sources", "ca-ahs"): "no source 'ca-ahs'; did you mean 'ca-ash'?",
    ("bench", "phliox", "--tiny"): "no benchmark case 'phliox'; did you mean 'philox'?",
    ("bench", "stream", "--tiny", "--store", "none.zarr"): "there is no none.zarr",
    (*GENERATE, "--backend", "nonsense"): "no backend 'nonsense'; there is auto, cpu, cuda, reference",
    (*GENERATE, "--backend", "cdua"): "no backend 'cdua'; did you mean 'cuda'?",
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
    (*GENERATE, "--worker", "-1"): "--worker",
    ("info",): "Missing argument",
    ("verify", "x", "--regenerate", "0"): "'0' is not a count",
    ("verify", "x", "--backend", "cpu"): "--backend says where --regenerate runs rows anew",
    ("preview", "x", "--rows", "5:5"): "'5:5' is not START:STOP with START < STOP",
    ("preview", "x", "--rows", "5:3"): "'5:3' is not START:STOP",
    ("preview", "x", "--rows=-1"): "'-1' is not START:STOP",
    ("preview", "x", "--rows", "a:b"): "'a:b' is not START:STOP",
    ("preview", "x", "--rows", "9" * 5000): "is not START:STOP",
    ("nonsense",): "no command 'nonsense'; there is ",
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


# --- places --------------------------------------------------------------------------------------------------------


def test_out_is_a_file(simkit: Simkit) -> None:
    Path("x").write_text("precious")
    assert "x is a file; a data set is a folder" in simkit(*GENERATE, "--quiet", "--out", "x").error
    assert Path("x").read_text() == "precious"


def test_out_is_a_folder_that_is_not_ours(simkit: Simkit) -> None:
    Path("x").mkdir()
    Path("x/letter.txt").write_text("precious")
    error = simkit(*GENERATE, "--quiet", "--out", "x").error
    assert "x exists and is not a simkit data set (it holds letter.txt); choose another --out" in error
    assert tree(Path("x")) == {"letter.txt": b"precious"}


def test_an_error_of_the_store_comes_after_the_line_that_says_what_is_tried(simkit: Simkit) -> None:
    Path("x").write_text("precious")
    result = simkit(*GENERATE, "--out", "x")
    assert (result.code, result.out) == (1, "")
    head, error = result.err.splitlines()
    assert head.startswith("ca-ash -> x: 10 rows")
    assert error.startswith("simkit: x is a file")


def test_out_holds_another_recipe(simkit: Simkit, store: Path) -> None:
    before = tree(store)
    error = simkit(
        "generate", "ca-ash", "--n", N_ROWS, "--set", "size=16x8", "--seed", 1, "--out", store, "--quiet"
    ).error
    assert "x.zarr holds another recipe: seed is 0 there and 1 here; " in error
    assert "size is 8,8 there and 16,8 here" in error
    assert "max_steps is 300 there and 100000 here" in error
    assert error.endswith("; choose another --out")
    assert tree(store) == before


def test_out_holds_more_rows(simkit: Simkit, store: Path) -> None:
    error = simkit("generate", "ca-ash", "--n", 10, *SMALL, "--out", store, "--quiet").error
    assert "x.zarr is a data set of 12,388 rows, more than the 10 asked for; ask for as many or more" in error


@pytest.mark.parametrize("command", ["info", "verify", "preview"])
def test_a_store_that_is_not_there(simkit: Simkit, command: str) -> None:
    assert "there is no x.zarr; `simkit generate SOURCE --out x.zarr` would make it" in simkit(command, "x.zarr").error


@pytest.mark.parametrize("command", ["info", "verify", "preview"])
@pytest.mark.parametrize("what", ["a file", "an empty folder", "a folder", "a zarr group", "a torn zarr.json"])
def test_a_store_that_is_not_ours(simkit: Simkit, command: str, what: str) -> None:
    path = Path("x.zarr")
    if what == "a file":
        path.write_text("precious")
    elif what == "a zarr group":
        zarr.open_group(path, mode="w").create_array("ash", shape=(3,), dtype="i4")
    else:
        path.mkdir()
        (path / ("zarr.json" if what == "a torn zarr.json" else "y")).write_text("{")
    if what == "an empty folder":
        (path / "y").unlink()
    error = simkit(command, path).error
    assert "x.zarr" in error
    phrases = "is not a simkit data set", "is a file", "is damaged", "is an empty folder"
    assert any(phrase in error for phrase in phrases)


@pytest.mark.parametrize("command", ["info", "verify", "preview", "generate"])
def test_a_path_that_is_too_long(simkit: Simkit, command: str) -> None:
    line = (command, "a" * 300) if command != "generate" else (*GENERATE, "--quiet", "--out", "a" * 300)
    assert "file name too long" in simkit(*line).error.lower()


def test_a_recipe_whose_path_is_too_long(simkit: Simkit) -> None:
    assert "aaa.toml" in simkit("generate", "a" * 300 + ".toml").error


# --- damage --------------------------------------------------------------------------------------------------------


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-10])


def flip(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(data)


def test_a_cut_shard(simkit: Simkit, store: Path) -> None:
    cut(store / "ash" / "c.0.0.0")
    where = "x.zarr/ash/c.0.0.0 (field 'ash', shards 0 to 3)"
    for line in (("verify", store), ("verify", store, "--full")):
        result = simkit(*line)
        assert (result.code, result.out) == (1, "")
        fault, error = result.err.splitlines()
        how = r"its index is torn .*" if "--full" in line else r"it has [\d,]+ bytes, and [\d,]+ were written"
        assert re.fullmatch(rf"fault: {re.escape(where)} is damaged: {how}", fault)
        assert error.startswith("simkit: x.zarr has 1 fault")
    assert f"{where} is damaged: its index is torn" in simkit("preview", store).error
    assert not Path("sheet.png").exists()


def test_a_flipped_bit(simkit: Simkit, store: Path) -> None:
    flip(store / "settle" / "c.0", 30)
    assert simkit("verify", store).code == 0
    result = simkit("verify", store, "--full")
    assert result.code == 1
    assert result.err.startswith(
        "fault: x.zarr/settle/c.0 (field 'settle', shards 0 to 3) is damaged: chunk 0 fails its checksum\n"
    )
    assert "chunk 0 fails its checksum" in simkit("preview", store, "--rows", "0").error


def test_a_changed_value_under_valid_checksums(simkit: Simkit, store: Path) -> None:
    opened = library.open(store)
    rows = opened["settle"][:]
    rows[2 * 4096 + 1000] += 1
    (store / "settle" / "c.0").write_bytes(encode(rows, opened.layout.spans["settle"] * 4096, 512))
    result = simkit("verify", store, "--full")
    assert result.code == 1
    where = "x.zarr/settle/c.0 (field 'settle', shards 0 to 3)"
    assert f"fault: {where} does not hold what was written in shard 2\n" in result.err


def test_the_advice_of_verify_mends_the_store(simkit: Simkit, store: Path) -> None:
    before = tree(store)
    opened = library.open(store)
    rows = opened["settle"][:]
    rows[1000] += 1
    (store / "settle" / "c.0").write_bytes(encode(rows, opened.layout.spans["settle"] * 4096, 512))
    cut(store / "ash" / "c.0.0.0")
    advice = "`simkit verify x.zarr --forget` lets its `simkit generate` line make them again"
    assert advice in simkit("verify", store, "--full").err
    assert library.open(store).done() == [0, 1, 2, 3]
    assert "4 shards count as not done now" in simkit("verify", store, "--full", "--forget").err
    assert library.open(store).done() == []
    assert simkit("generate", "ca-ash", "--n", N_ROWS, *SMALL, "--out", store).code == 0
    assert tree(store) == before


def test_a_torn_ledger(simkit: Simkit, store: Path) -> None:
    cut(store / "ledger" / "c.0.0.0")
    result = simkit("verify", store)
    assert result.code == 1
    assert "fault: x.zarr/ledger/c.0.0.0 (ledger, a group of shards) is damaged" in result.err
    assert simkit("info", store).code == 0
    assert "lets its `simkit generate` line make them again" in result.err
    assert simkit("verify", store, "--forget").code == 1
    assert simkit("generate", "ca-ash", "--n", N_ROWS, *SMALL, "--out", store).code == 0
    assert simkit("verify", store, "--full").code == 0


def test_wrong_values_that_only_running_anew_can_find(simkit: Simkit, store: Path) -> None:
    opened = library.open(store)
    parts = [opened.layout.rows(index) for index in range(opened.layout.n_shards)]
    batches = [{name: opened[name][rows.start : rows.stop] for name in opened} for rows in parts]
    forget(store, range(len(parts)))
    for index, batch in enumerate(batches):
        batch["population"] += 1
        opened.commit(index, batch)
    assert simkit("verify", store, "--full").code == 0
    result = simkit("verify", store, "--regenerate", 3)
    assert (result.code, result.out) == (1, "")
    assert len(result.err.splitlines()) == 4
    assert "field 'population': x.zarr does not hold what" in result.err
    assert "has 3 faults; they are not the rows of its recipe" in result.err


def test_one_fault_is_one(simkit: Simkit, store: Path) -> None:
    (store / "settle" / "zarr.json").write_text("{}")
    assert "simkit: x.zarr has 1 fault; run its `simkit generate` line" in simkit("verify", store).err


def test_many_faults_are_cut_short(simkit: Simkit, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("simkit.store.layout._SHARD_ROWS", 16)
    monkeypatch.setattr("simkit.store.layout._MERGED_BYTES", 0)
    simkit("generate", "ca-ash", "--n", 200, *SMALL)
    for path in Path("ca-ash.zarr").glob("settle/c.*"):
        cut(path)
    for path in Path("ca-ash.zarr").glob("rule/c.*"):
        path.unlink()
    *faults, error = simkit("verify", "ca-ash.zarr").err.splitlines()
    assert len(faults) == 20
    assert error.startswith("simkit: ca-ash.zarr has 26 faults (6 more not shown); ")


# --- preview -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("rows", ["12388", "12388:12400", "12380:12389", "99999999999999999"])
def test_preview_of_rows_that_are_not_there(simkit: Simkit, store: Path, rows: str) -> None:
    assert "which has 12,388 rows" in simkit("preview", store, "--rows", rows).error


def test_preview_of_too_many_rows(simkit: Simkit, store: Path) -> None:
    assert "asked for 1,000 rows on a sheet, which holds 400" in simkit("preview", store, "--rows", "0:1000").error


def test_preview_of_rows_that_are_not_generated_yet(simkit: Simkit, partial: Path) -> None:
    error = simkit("preview", partial, "--rows", "4090:4100").error
    assert "rows 4,096 to 8,191 of x.zarr are not generated yet; run its `simkit generate` line again" in error


def test_preview_into_a_place_that_cannot_be_written(simkit: Simkit, store: Path) -> None:
    assert "name too long" in simkit("preview", store, "--out", f"{'a' * 300}.png").error
    Path("folder.png").mkdir()
    assert "there is a folder; name a file" in simkit("preview", store, "--out", "folder.png").error


@pytest.mark.parametrize("out", ["x.jpg", "x.zarr/zarr.json", "."])
def test_a_preview_is_a_png(simkit: Simkit, store: Path, out: str) -> None:
    before = tree(store)
    assert "does not end in .png" in simkit("preview", store, "--out", out).misuse
    assert tree(store) == before


# --- recipe files --------------------------------------------------------------------------------------------------

GOOD = {"source": '"ca-ash"', "version": "1", "n": "10"}
BAD_RECIPES = {
    "unknown key": ({**GOOD, "sed": "1"}, "no recipe key (in r.toml) 'sed'; did you mean 'seed'?"),
    "no source": ({"version": "1", "n": "10"}, "the recipe r.toml lacks 'source'; it needs source, version, n"),
    "no version": ({"source": '"ca-ash"', "n": "10"}, "the recipe r.toml lacks 'version'"),
    "no n": ({"source": '"ca-ash"', "version": "1"}, "the recipe r.toml lacks 'n'"),
    "unknown source": ({**GOOD, "source": '"ca-ahs"'}, "no source 'ca-ahs'; did you mean 'ca-ash'?"),
    "source of another kind": ({**GOOD, "source": "3"}, "'source' has to be a text"),
    "wrong version": ({**GOOD, "version": "99"}, "asked for version 99 of ca-ash; this simkit has version 1"),
    "version of another kind": ({**GOOD, "version": '"1"'}, "asked for version '1' of ca-ash"),
    "n a text": ({**GOOD, "n": '"x"'}, "n is the number of rows"),
    "n a bool": ({**GOOD, "n": "true"}, "n is the number of rows"),
    "n zero": ({**GOOD, "n": "0"}, "n is the number of rows"),
    "n a float": ({**GOOD, "n": "1.5"}, "n is the number of rows"),
    "seed a float": ({**GOOD, "seed": "1.5"}, "a seed is an integer from 0 to 2**64 - 1; this is 1.5"),
    "seed negative": ({**GOOD, "seed": "-1"}, "a seed is an integer from 0 to 2**64 - 1; this is -1"),
    "seed a list": ({**GOOD, "seed": "[1]"}, "a seed is an integer"),
    "parameters a number": ({**GOOD, "parameters": "3"}, "'parameters' has to be a table"),
    "title a number": ({**GOOD, "title": "3"}, "'title' has to be a text"),
    "digest a number": ({**GOOD, "digest": "3"}, "'digest' has to be a text"),
    "rules a number": (
        {**GOOD, "parameters": "{rules = 3}"},
        "parameter 'rules' takes a list of texts, such as A,B; this is 3",
    ),
    "rules numbers": ({**GOOD, "parameters": "{rules = [3, 4]}"}, "parameter 'rules' takes a list of texts"),
    "no rules": ({**GOOD, "parameters": "{rules = []}"}, "parameter 'rules' takes 1 to 256 rules; this is 0"),
    "size a table": ({**GOOD, "parameters": "{size = {x = 3}}"}, "parameter 'size' takes one integer or two"),
    "size three": ({**GOOD, "parameters": "{size = [8, 8, 8]}"}, "parameter 'size' takes one integer or two"),
    "size a bool": ({**GOOD, "parameters": "{size = true}"}, "parameter 'size' takes one integer or two"),
    "density a list": ({**GOOD, "parameters": "{density = [1]}"}, "parameter 'density' takes a number; this is [1]"),
    "density nan": ({**GOOD, "parameters": "{density = nan}"}, "parameter 'density' takes a probability"),
    "max_steps infinite": ({**GOOD, "parameters": "{max_steps = inf}"}, "parameter 'max_steps' takes an integer"),
    "max_steps a date": ({**GOOD, "parameters": "{max_steps = 2020-01-01}"}, "parameter 'max_steps' takes an integer"),
    "max_steps 1e1000000": (
        {**GOOD, "parameters": "{max_steps = '1e1000000'}"},
        "an integer of at most 64 bits; this is",
    ),
    "max_steps a million digits": (
        {**GOOD, "parameters": "{max_steps = 0x" + "f" * 10**6 + "}"},
        "parameter 'max_steps' takes an integer of at most 64 bits; this is an integer of about 1,204,120 digits",
    ),
    "n of 5,000 digits": ({**GOOD, "n": "9" * 5000}, "the recipe r.toml is not TOML: Exceeds the limit"),
    "n of a million hexadecimal digits": ({**GOOD, "n": "0x" + "f" * 10**6}, "n is the number of rows"),
    "seed of a million hexadecimal digits": ({**GOOD, "seed": "0x" + "f" * 10**6}, "a seed is an integer from 0"),
    "version of a million hexadecimal digits": (
        {**GOOD, "version": "0x" + "f" * 10**6},
        "asked for version an integer",
    ),
    "nested 2,000 deep": ({**GOOD, "parameters": f"{{size = {'[' * 2000}{']' * 2000}}}"}, "r.toml is nested too deep"),
    "a table 2,000 deep": ({**GOOD, f"parameters.size{'.a' * 2000}": "1"}, "'size' takes one integer or two"),
    "a long source": ({**GOOD, "source": f'"{"x" * 10**6}"'}, "(1,000,000 long)"),
    "a source of two lines": ({**GOOD, "source": '"a\\nb\\u001b"'}, r"no source 'a\nb\x1b'"),
    "a long key": ({**GOOD, "x" * 10**6: "1"}, "no recipe key (in r.toml) 'xxx"),
    "unknown parameter": ({**GOOD, "parameters": "{sise = 8}"}, "no parameter of ca-ash 'sise'; did you mean 'size'?"),
    "no TOML": ({"x": "= ="}, "the recipe r.toml is not TOML: "),
}


@pytest.mark.parametrize("name", BAD_RECIPES)
def test_a_recipe_file_that_is_wrong(simkit: Simkit, name: str) -> None:
    values, message = BAD_RECIPES[name]
    Path("r.toml").write_text("\n".join(f"{key} = {value}" for key, value in values.items()))
    error = simkit("generate", "r.toml").error
    assert message in error
    assert len(error) <= MAX_MESSAGE + len("simkit: ")
    assert [path.name for path in Path().iterdir()] == ["r.toml"]


@pytest.mark.parametrize("line", [("--n", "5"), ("--seed", "3"), ("--set", "size=8")], ids=" ".join)
def test_a_wrong_value_that_the_command_line_does_not_replace_is_still_wrong(
    simkit: Simkit, line: tuple[str, str]
) -> None:
    Path("r.toml").write_text('source = "ca-ash"\nversion = 1\nn = 10\nseed = 0\nparameters = 3')
    assert "'parameters' has to be a table" in simkit("generate", "r.toml", *line).error


def test_a_recipe_file_that_is_no_text(simkit: Simkit) -> None:
    Path("r.toml").write_bytes(b"\xff\xfe\x00")
    assert "the recipe r.toml is not TOML" in simkit("generate", "r.toml").error


def test_a_recipe_that_is_a_folder(simkit: Simkit) -> None:
    Path("r.toml").mkdir()
    assert "cannot read the recipe r.toml: Is a directory" in simkit("generate", "r.toml").error


def test_a_store_of_a_source_that_is_gone(simkit: Simkit, store: Path) -> None:
    path = store / "zarr.json"
    root = json.loads(path.read_text())
    root["attributes"]["recipe"]["source"] = "ca-dust"
    path.write_text(json.dumps(root))
    assert simkit("info", store).code == 0
    assert "note: the schema was not compared with the source's: no source 'ca-dust'" in simkit("verify", store).err
    assert simkit("verify", store).code == 0
    assert "no source 'ca-dust'" in simkit("verify", store, "--regenerate", 3).err.splitlines()[-1]


def test_a_store_for_a_case_that_reads_none(simkit: Simkit) -> None:
    assert "--store is for the case 'stream'" in simkit("bench", "life", "--store", "x.zarr").misuse
