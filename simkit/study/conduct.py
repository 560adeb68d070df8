"""Questions of studies, asked: data sets are made or continued, analysed, and what is found is written beside them."""

from __future__ import annotations

import importlib
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from simkit.backends import AUTO
from simkit.errors import ParameterError, SimkitError, StoreError, UnknownNameError
from simkit.recipe import Recipe
from simkit.registry import study
from simkit.store import Store, open_store, writing
from simkit.store.layout import ROOT
from simkit.study.findings import Findings, Table, of_claims

if TYPE_CHECKING:
    from simkit.run import Progress
    from simkit.run.dask import Client

#: name of the source of what studies write, before the names of study, question and table
_SOURCE = "study "


class Need(Protocol):
    """What a question needs that is made of other data sets, such as networks."""

    def make(
        self,
        path: Path,
        stores: Mapping[str, Store],
        *,
        n_threads: int | None,
        client: Client | None,
        progress: Callable[[Progress], None],
    ) -> Store:
        """Make or continue the data set at `path`; `stores` are those that were named before it."""


@dataclass(frozen=True)
class Question:
    """What is asked of data.

    Attributes
    ----------
    name, title : str
    needs : callable
        scale -> {name: Recipe or Need}, the data sets; those of equal names are shared by the questions of a study.
    analyse : callable
        ({name: Store}, scale) -> Findings.
    """

    name: str
    title: str
    needs: Callable[[Any], Mapping[str, Recipe | Need]]
    analyse: Callable[[Mapping[str, Store], Any], Findings]


def question(of: str, name: str) -> Question:
    """Return a question of the study called `of`: what the module of its name has.

    Raises
    ------
    UnknownNameError
        If there is no such study, or no such question.
    SimkitError
        If the module of a study that is no part of simkit fails, or lacks `needs` or `analyse`.
    """
    asked = study(of)
    UnknownNameError.check("question", name, asked.questions, f"the study {of}")
    path = f"{asked.package}.{name}"
    try:
        module = importlib.import_module(path)
        return Question(name, asked.questions[name], module.needs, module.analyse)
    except Exception as error:
        if path.startswith("simkit."):
            raise
        raise SimkitError(f"{path} cannot be asked: {type(error).__name__}: {error}") from error


def conduct(
    of: str,
    name: str,
    out: Path,
    scale: Any,
    *,
    backend: str = AUTO,
    n_threads: int | None = None,
    client: Client | None = None,
    progress: Callable[[str, Progress], None] = lambda name, now: None,
) -> dict[str, Path]:
    """Ask a question: make or continue the data sets that it needs in ``out/data``, analyse them, write what is found.

    Parameters
    ----------
    of, name : str
        Study and question.
    scale : value of the study's scales
        How much is computed.
    backend, n_threads, client
        As in `simkit.generate`, for the data sets.
    progress : callable
        Called now and then with the name of a data set and how far it is.

    Returns
    -------
    dict of str to Path
        Table -> data set ``out/NAME-TABLE.zarr``. "claims" is always there: its recipe has the plots, the notes, and
        the digests of the other tables and of the data sets that they come from.

    Raises
    ------
    ParameterError
        If `scale` is none of the study, or plots do not fit the tables.
    StoreError
        If something else is where a result is to be written, or it cannot be replaced.
    """
    from simkit.run import generate

    asked, kind = question(of, name), type(next(iter(study(of).scales.values())))
    if not isinstance(scale, kind):
        raise ParameterError(f"a scale of the study {of} is a {kind.__name__}; this is a {type(scale).__name__}")
    stores: dict[str, Store] = {}
    for data, need in asked.needs(scale).items():
        path, by = out / "data" / f"{data}.zarr", partial(progress, data)
        if isinstance(need, Recipe):
            stores[data] = generate(need, path, backend=backend, n_threads=n_threads, client=client, progress=by)
        else:
            stores[data] = need.make(path, stores, n_threads=n_threads, client=client, progress=by)
    found = asked.analyse(stores, scale)
    return write(found, of, asked, out, stores, scale)


def write(
    found: Findings, of: str, asked: Question, out: Path, stores: Mapping[str, Store], scale: Any
) -> dict[str, Path]:
    """Write what was found, in place of what was there; see `conduct`."""
    found.check()
    chain = {
        "study": of,
        "about": study(of).title,
        "question": asked.name,
        "title": asked.title,
        "scale": asdict(scale),
        "data": {store.name: {**store.recipe, "digest": store.root_digest()} for store in stores.values()},
    }
    written = {
        name: _put(out / f"{asked.name}-{name}.zarr", table, f"{_SOURCE}{of} {asked.name}, {name}", chain)
        for name, table in found.tables.items()
    }
    more = {
        "notes": found.notes,
        "plots": [
            _given({**plot._asdict(), "columns": dict(plot.columns), "axes": _given(plot.axes._asdict())})
            for plot in found.plots
        ],
        "tables": {name: store.root_digest() for name, store in written.items()},
    }
    path = out / f"{asked.name}-claims.zarr"
    claims = _put(path, of_claims(found.claims), f"{_SOURCE}{of} {asked.name}, claims", {**chain, **more})
    return {name: Path(store.path) for name, store in {**written, "claims": claims}.items()}


def results(of: str, out: Path) -> dict[str, Path]:
    """Return question -> data set of its claims, of those questions of a study that were asked in a folder."""
    found = {}
    for name in study(of).questions:
        path = out / f"{name}-claims.zarr"
        if (path / ROOT).is_file() and open_store(path).recipe["source"] == f"{_SOURCE}{of} {name}, claims":
            found[name] = path
    return found


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """Return what is not None, which recipes do not hold."""
    return {name: value for name, value in values.items() if value is not None}


def _put(path: Path, table: Table, source: str, parameters: dict[str, Any]) -> Store:
    if (path / ROOT).is_file():  # what else may be there, the store looks at before it writes
        if not str(open_store(path).recipe["source"]).startswith(_SOURCE):
            raise StoreError(f"{path} is a data set and no result of a study; choose another --out")
        old = path.with_name(f".{path.name}.old")  # a half-removed store would be no store of ours
        try:
            shutil.rmtree(old, ignore_errors=True)
            path.rename(old)
            shutil.rmtree(old)
        except OSError as error:
            raise StoreError(f"cannot replace {path}: {error.strerror}; remove it, or choose another --out") from None
    from simkit.run import versions

    n_rows = len(next(iter(table.columns.values())))
    recipe = {"source": source, "version": 1, "parameters": parameters, "seed": 0, "n": n_rows}
    with writing(path, table.schema, recipe, {"backend": "none", "versions": versions()}) as store:
        for index in range(store.layout.n_shards):
            part = store.layout.rows(index)
            store.commit(index, {name: values[part.start : part.stop] for name, values in table.columns.items()})
    return store
