"""Worlds in packages of other people: they show up everywhere, and those that are broken trouble nobody."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

import simkit
from simkit import bench, interchange, registry, testing
from simkit.errors import UnknownNameError

HERE = Path(__file__).parent

COMMANDS = [
    ["sources"],
    ["sources", "wallpaper"],
    ["sources", "wallpaper", "--out", "sample.png"],
    ["generate", "wallpaper", "--n", "4", "--out", "w.zarr", "--backend", "reference", "-q"],
    ["preview", "w.zarr", "--view", "tiles", "--out", "tiles.png"],
    ["preview", "--help"],
    ["export", "w.zarr"],
    ["bench", "wallpaper", "--tiny"],
]

IN_PYTHON = """
import json
import simkit, simkit.testing
from simkit.learn import batches
simkit.testing.check_world("wallpapers")
simkit.testing.check_source(simkit.source("wallpaper", n_tiles=2), rows=range(3))
(batch,) = batches("w.zarr", channels="edges", batch_size=4, n_threads=0)
assert (batch["board"][:, 0, :8] == batch["board"][:, 0, 8:16]).all()  # as a fact of the source says
print(json.dumps([list(batch["board"].shape), int(batch["board"][:, 1].sum()), simkit.preview("w.zarr", view="tiles").size]))
"""


def install(folder: Path, name: str, packages: list[str], studies: tuple[str, ...] = ()) -> None:
    """Write what an installer writes for a distribution that has worlds in some packages, and studies in others."""
    about = folder / f"{name}-1.0.dist-info"
    about.mkdir(parents=True)
    (about / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    lines = [f"world{i} = {package}" for i, package in enumerate(packages)]
    lines += ["[simkit.studies]", *studies]
    (about / "entry_points.txt").write_text("\n".join(["[simkit.worlds]", *lines, ""]))


def run(code: str, installed: Path, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a program that has `installed` on its path, as a user would after an installation."""
    path = os.pathsep.join([str(installed), *filter(None, [os.environ.get("PYTHONPATH")])])
    environment = {**os.environ, "PYTHONPATH": path}
    command = [sys.executable, "-c", code]
    return subprocess.run(command, capture_output=True, text=True, check=False, cwd=folder, env=environment)


def command_lines(lines: list[list[str]]) -> str:
    """Return a program that runs command lines in turn and prints, as JSON, the status and the output of each."""
    return f"""
import json
from click.testing import CliRunner
from simkit_cli.main import main
done = [CliRunner().invoke(main, line) for line in {lines!r}]
print(json.dumps([(one.exit_code, one.output) for one in done]))
"""


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("installed")
    shutil.copytree(HERE / "wallpapers", folder / "wallpapers", ignore=shutil.ignore_patterns("__pycache__"))
    install(folder, "wallpapers", ["wallpapers"], ("papers = wallpapers.study",))
    return folder


def test_a_world_of_another_package_shows_up_everywhere(installed: Path, tmp_path: Path) -> None:
    done = run(command_lines(COMMANDS), installed, tmp_path)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [status for status, _ in found] == [0] * len(COMMANDS), found
    listed, shown, sampled, _, _, help_, exported, benched = (output for _, output in found)
    assert re.search(
        "^Wallpapers, of a tile and its copies\n  wallpaper  +copies of a random tile", listed, re.MULTILINE
    )
    assert listed.index("ca-ash") < listed.index("Wallpapers") < listed.index("Recipes")
    assert "Known exactly\n  - every row of tiles of a board is the same\n" in shown
    assert "Citation\n  Anonymous, Wallpapers (an example)\n" in shown
    assert [line.split()[:2] for line in shown.splitlines() if line.split()[:1] in (["views"], ["formats"])] == [
        ["views", "tiles"],
        ["formats", "pbm"],
    ]
    assert "edges" in shown
    assert sampled.startswith("sample.png: 6 rows of wallpaper with n_tiles=2, ")
    assert "tiles" in help_
    assert (tmp_path / "tiles.png").read_bytes().startswith(b"\x89PNG")
    assert "w-pbm: rows 0 to 3 as pbm, 4 files" in exported  # the format of its world, since none is named
    assert (tmp_path / "w-pbm" / "2.pbm").read_text().startswith("P1\n32 32\n")
    assert benched.splitlines()[1].startswith("wallpaper")


def test_its_sources_and_channels_are_used_from_python(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("torch", reason="torch is not installed")
    done = run(command_lines(COMMANDS[3:4]), installed, tmp_path)
    assert done.returncode == 0, done.stderr
    done = run(IN_PYTHON, installed, tmp_path)
    assert done.returncode == 0, done.stderr
    shape, n_edges, size = json.loads(done.stdout)
    assert shape == [4, 2, 32, 32]
    assert 0 < n_edges < 4 * 32 * 32
    assert size[0] > 64


def test_a_study_of_another_package_is_a_command(installed: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="figures need matplotlib")
    lines = [["study", "--help"], ["study", "papers", "--help"]]
    asked = ["study", "papers", "--tiny", "--papers", "80", "--backend", "reference", "--out", "p"]
    done = run(command_lines([*lines, asked]), installed, tmp_path)
    assert done.returncode == 0, done.stderr
    (_, studies), (_, questions), (status, answers) = json.loads(done.stdout)
    assert re.search(r"^ +papers +How much ink wallpapers take", studies, re.MULTILINE)
    assert studies.index("thermo") < studies.index("papers")
    assert "ink  Is every second cell ink?" in questions
    assert "--papers COUNT Wallpapers. [full: 4096]" in " ".join(questions.split())
    assert status == 0
    assert [line.split()[-1] for line in answers.splitlines() if line.startswith("ink (part of cells)")] == ["ok", "ok"]
    assert "! 80 papers" in answers
    assert (tmp_path / "p" / "ink.png").read_bytes().startswith(b"\x89PNG")
    report = (tmp_path / "p" / "report.html").read_text()
    assert (report.count("<img "), report.count("<summary>Table")) == (3, 2)
    assert "<title>How much ink wallpapers take</title>" in report
    claims = simkit.open(tmp_path / "p" / "ink-claims.zarr")
    assert claims.recipe["parameters"]["scale"] == {"papers": 80, "seed": 0}
    assert simkit.open(tmp_path / "p" / "data" / "papers.zarr").layout.n_rows == 80


#: studies that are of no use -> why
USELESS = {
    "absent": "ModuleNotFoundError: No module named 'absent'",
    "thermo": "simkit.study.thermo has that name",
    "unasked": "the STUDY of unasked is None, and not a simkit.registry.Study",
    "unsized": "the scales of unsized are not tiny, small, full, in this order and of one class",
}


def test_a_study_that_is_of_no_use_is_left_out_with_a_line(tmp_path: Path) -> None:
    others = tmp_path / "others"
    install(others, "useless", [], ("absent = absent", "thermo = unasked", "unasked = unasked", "unsized = unsized"))
    for package, text in {
        "unasked": "",
        "unsized": "from simkit.registry import Study\nSTUDY = Study('', '', {}, {})",
    }.items():
        (others / package).mkdir()
        (others / package / "__init__.py").write_text(text)
    done = run(command_lines([["study", "--help"], ["sources"]]), others, tmp_path)
    assert done.returncode == 0, done.stderr
    (status, listed), (_, sources) = json.loads(done.stdout)
    said = [line for line in listed.splitlines() if line.startswith("simkit: ")]
    assert sorted(said) == [f"simkit: the study {name} is left out: {why}" for name, why in USELESS.items()]
    assert status == 0
    assert "Thermodynamics" in listed
    assert "study" not in sources


BROKEN = {
    "fails": "import nothing_like_it",
    "worldless": "",
    "thief": "from simkit.registry import World\nWORLD = World('ash again', sources={'ca-ash': 'a:B'})",
    "forger": "from simkit.registry import World\nWORLD = World('files', {}, formats={'npz': 'a:B'})",
    "promises": "from simkit.registry import World\nWORLD = World('promises', sources={'promise': 'nowhere:Promise'})",
}

SAID = [
    "simkit: the world absent is left out: ModuleNotFoundError: No module named 'absent'",
    "simkit: the world fails is left out: ModuleNotFoundError: No module named 'nothing_like_it'",
    "simkit: the world forger is left out: it has 'npz' among its formats, a name that simkit has",
    "simkit: the world thief is left out: it has 'ca-ash' among its sources, a name that simkit.ash has",
    "simkit: the world worldless is left out: its WORLD is None, and not a simkit.registry.World",
]


def test_what_is_broken_is_told_in_a_line_and_everything_else_works(installed: Path, tmp_path: Path) -> None:
    others = tmp_path / "others"
    install(others, "broken", [*BROKEN, "absent"])
    for package, text in BROKEN.items():
        (others / package).mkdir()
        (others / package / "__init__.py").write_text(text)
    shutil.copytree(installed, others, dirs_exist_ok=True)
    lines = [["sources"], ["generate", "wallpaper", "--n", "2", "--backend", "reference", "-q"], ["sources", "promise"]]
    done = run(command_lines(lines), others, tmp_path)
    assert done.returncode == 0, done.stderr
    (status, listed), (made, said), (missing, why) = json.loads(done.stdout)
    assert (status, made, said) == (0, 0, "")  # told once
    assert sorted(line for line in listed.splitlines() if line.startswith("simkit: ")) == SAID
    assert "ca-ash" in listed
    assert "wallpaper" in listed
    assert "promises.nowhere:Promise cannot be loaded: ModuleNotFoundError" in listed
    assert missing == 1
    assert (
        why
        == "simkit: promises.nowhere:Promise cannot be loaded: ModuleNotFoundError: No module named 'promises.nowhere'\n"
    )


def test_names_that_simkit_has_itself_are_those_of_its_tables() -> None:
    pytest.importorskip("torch", reason="simkit.learn needs torch")
    from simkit.learn.streaming.channels import CHANNELS

    assert registry.OWN["formats"] == set(interchange.FORMATS)
    assert registry.OWN["channels"] == set(CHANNELS)
    assert registry.OWN["bench"] == {*bench.CASES, "stream"}
    assert set(registry.OWN) == {"sources", "formats", "channels", "tiles", "bench", "bench_cuda"}


@pytest.mark.parametrize("package", registry.WORLDS)
def test_all_that_the_worlds_of_simkit_list_is_there(package: str) -> None:
    testing.check_world(package)


@pytest.mark.parametrize(
    ("listed", "said"),
    [
        ({"channels": {"phases2": "phases:nothing"}}, "has no attribute 'nothing'"),
        ({"channels": {"phases2": "phases:np"}}, "lists 'phases2' among its channels, and phases:np is"),
        ({"formats": {"rle2": "patterns:write_ash"}}, "lists 'rle2' among its formats, and patterns:write_ash is"),
        ({"tiles": {"ash2": "phases:Phases2"}}, "has no attribute 'Phases2'"),
        ({"tiles": {"ash2": "ca_ash:CaAsh"}}, "lists 'ash2' among its tiles, and ca_ash:CaAsh is"),
        ({"views": {"film2": "pictures:INKS"}}, "lists 'film2' among its views, and pictures:INKS is"),
    ],
)
def test_what_is_not_as_it_should_be_is_found(
    listed: dict[str, dict[str, str]], said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(registry, "worlds", lambda: {"simkit.ash": registry.World("broken", {}, **listed)})
    with pytest.raises((testing.LawError, AttributeError), match=said):
        testing.check_world("simkit.ash")
    with pytest.raises(UnknownNameError, match="no world 'wallpaper'"):
        testing.check_world("wallpaper")
