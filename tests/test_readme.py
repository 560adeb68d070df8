"""Every example in README.md, CONTRIBUTING.md and the pages of docs/ runs, in the order of the pages."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import simkit
from simkit.contract import Source
from simkit.schema import check

ROOT = Path(__file__).parent.parent
#: sizes that would take long, and what stands for them here
SMALLER = {
    "--n 1e6": "--n 2e3",
    "--n 2e4": "--n 2e3",
    "--n 3e4": "--n 5e3",
    "simkit bench": "simkit bench --tiny",
    "simkit study thermo": "simkit study thermo --tiny",
    "--steps 20000": "--steps 2000",
    "steps=1e6": "steps=1e4",
    "n=20_000, seed=1": "n=1_000, seed=1",  # training, which has a test of its own below
}


def blocks(page: str, kind: str = r"sh|python") -> list[tuple[str, str]]:
    """Return kind and text of the fenced blocks of a page."""
    return re.findall(rf"^ *```({kind})\n(.*?)^ *```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL)


def pages(page: str = "docs/index.md") -> list[str]:
    """Return the pages of the site, in its order, except those that the build of the site writes."""
    found = [page]
    for tree in re.findall(r"^```\{toctree\}\n(.*?)^```", (ROOT / page).read_text("utf-8"), re.MULTILINE | re.DOTALL):
        for entry in tree.split("\n\n", 1)[1].split():
            path = Path(os.path.normpath(Path(page).parent / f"{entry}.md"))
            if "generated" not in path.parts:
                found += pages(str(path))
    return found


#: runs the examples of a page in turn; each of Python knows the names of those before it, as a reader's session does
_PAGE = """
import json, subprocess, sys
for example in json.load(sys.stdin):
    try:
        if example[0] == "python":
            exec(compile(example[1], "<example>", "exec"))
        else:
            subprocess.run(["bash", "-c", example[1]], check=True)
    except BaseException:
        print("in this example:", example[1], sep="\\n", file=sys.stderr)
        raise
"""


def examples(page: str) -> list[tuple[str, str]]:
    """Return the examples of a page, of the smaller sizes: blocks of Python, and lines of the shell."""
    found = []
    for kind, text in blocks(page):
        for size, smaller in SMALLER.items():
            text = text.replace(size, smaller)
        found += [(kind, text)] if kind == "python" else [(kind, line) for line in text.splitlines()]
    # the two commands at the top of the README make a virtual environment; .ci/run does
    return [(kind, text) for kind, text in found if ".venv/bin" not in text]


def run_examples(names: list[str], folder: Path) -> int:
    """Run the examples of pages in a folder; return how many there are."""
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    allowed = "ignore:Port:UserWarning"  # another cluster on this machine has the port of Dask's dashboard
    environment = {**os.environ, "PATH": path, "PYTHONWARNINGS": f"error,{allowed}"}
    n_ran = 0
    for page in names:
        given = examples(page)
        if given:
            done = subprocess.run(
                [sys.executable, "-c", _PAGE],
                input=json.dumps(given),
                cwd=folder,
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            assert done.returncode == 0, f"{page}\n{done.stdout}\n{done.stderr}"
        n_ran += len(given)
    return n_ran


@pytest.mark.slow
def test_the_examples_run(tmp_path):
    assert run_examples(["README.md"], tmp_path) >= 10
    assert (tmp_path / "sheet.png").is_file()


@pytest.mark.slow
def test_the_examples_of_the_site_run(tmp_path):
    """Not those of blocks `{drawn}`, which the build of the site runs."""
    assert run_examples(pages(), tmp_path) >= 45
    assert (tmp_path / "settling.gif").is_file()


def test_every_page_has_its_place_in_the_site():
    """A page that no table of contents names would be left out of the tests above."""
    written = {str(path.relative_to(ROOT)) for path in (ROOT / "docs").rglob("*.md") if "generated" not in path.parts}
    found = pages()
    assert sorted(written) == sorted(found)
    assert len(found) >= 20


def test_links_of_the_readme_lead_somewhere():
    targets = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text("utf-8"))
    assert len(targets) >= 15
    assert not [target for target in targets if not (ROOT / target).exists()]


@pytest.mark.slow
def test_the_example_of_training_learns(tmp_path):
    """At full size: on its own rows, better than saying always the same."""
    (example,) = [text for kind, text in blocks("docs/guides/train.md", "python") if "optimiser.step()" in text]
    recipe = simkit.Recipe(simkit.source("ca-ash", size=32), 0, 20_000)
    simkit.generate(recipe, tmp_path / "small.zarr")
    done = subprocess.run([sys.executable, "-c", example], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert float(done.stdout.removeprefix("right: ")) > 0.65


def test_the_two_commands_make_their_own_environment():
    commands = [line for _, text in blocks("README.md") for line in text.splitlines() if ".venv/bin" in line]
    assert len(commands) == 2
    assert commands[0].endswith("simkit generate ca-ash --n 1e6")
    assert commands[1].endswith("python -m pytest")
    assert all(command.startswith("python3 -m venv .venv && ") for command in commands)


def test_the_example_of_a_source_is_one():
    (text,) = [text for _, text in blocks("CONTRIBUTING.md", "python") if "(Source)" in text]
    names: dict[str, object] = {}
    imports = """
from dataclasses import dataclass
from typing import final
import numpy as np
from simkit.backends import Kernels
from simkit.contract import Source, param
from simkit.kernels import philox
from simkit.schema import Batch, Field, Schema
"""
    exec(imports + re.sub(r"^   ", "", text, flags=re.MULTILINE), names)  # our own page
    coin = names["Coin"](p=0.3)
    assert isinstance(coin, Source)
    batch = coin.generate(0, range(10_000))
    check(coin.schema(), batch, 10_000)
    assert np.array_equal(batch["heads"], coin.generate(0, range(10_000), backend="reference")["heads"])
    assert batch["heads"].mean() == pytest.approx(0.3, abs=0.02)
