"""Shards made by the workers of a Dask cluster, one task each.

Tasks are handed out in windows, so that neither this process nor the scheduler holds more than a few for each thread of
the workers, however many shards there are. A task writes its shard itself and gives back its worker's address: a worker
that dies costs the shards that it was making. Nothing is assumed of the scheduler but Dask; workers need simkit in the
same version, the source, and access to the place of the data set, and each task looks at these before it computes.
"""

from __future__ import annotations

import asyncio
import json
import logging
import pickle
import secrets
import signal
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from itertools import islice
from multiprocessing import forkserver
from pathlib import Path
from queue import Empty, SimpleQueue
from time import monotonic
from typing import TYPE_CHECKING, Any

import simkit
from simkit.errors import ClusterError, SimkitError, needed_for, show
from simkit.recipe import Recipe
from simkit.run.plan import Plan, Progress
from simkit.run.task import Task
from simkit.store import Address, Store, finish

if TYPE_CHECKING:
    from distributed import Client as Client
    from distributed import Future

#: the address that stands for a cluster of processes on this machine
LOCAL = "local"

#: tasks under way: so many for each thread of the workers, and so many more, for which a cluster that adapts may grow
_PER_THREAD, _MORE = 2, 8

#: times that a task is tried again after an error, such as a disk that is full; Dask counts workers that die by itself
_RETRIES = 3

#: seconds to reach a scheduler, and between two looks at how many workers there are
_TIMEOUT, _LOOK = 10.0, 1.0

#: of a cluster on this machine: its processes are forked from one that has loaded what they need, and Dask looks at
#: itself once a second at most, where it would a hundred times
_LOCAL_CONFIG = {
    "distributed.worker.multiprocessing-method": "forkserver",
    "distributed.worker.profile.enabled": False,
    "distributed.worker.memory.monitor-interval": "1s",
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "10s",
}

#: what of Dask and its libraries logs; one line of ours says it instead
_LOGGERS = ("distributed", "distributed.client", "distributed.nanny", "tornado.application", "asyncio")


@contextmanager
def connect(where: str, n_workers: int) -> Iterator[Client]:
    """Give a client of a Dask cluster, closed in the end.

    Parameters
    ----------
    where : str
        The address of a scheduler, such as ``tcp://host:8786``, the path of a scheduler file, which ends in ``.json``,
        or ``local`` for a cluster on this machine.
    n_workers : int
        Worker processes, of one thread each, of a cluster on this machine.

    Raises
    ------
    LibraryError
        If Dask is not installed.
    ClusterError
        If there is no scheduler.
    """
    with needed_for("--dask"):
        import distributed  # noqa: F401 - first, as it brings the other

    with _silent():
        if where == LOCAL:
            with _local(n_workers) as address, _client(address) as client:
                yield client
        else:
            with _client(_address_in(Path(where)) if where.endswith(".json") else where) as client:
                yield client


@contextmanager
def _local(n_workers: int) -> Iterator[str]:
    """Run a cluster on this machine, and give the address of its scheduler."""
    import dask
    from distributed import LocalCluster
    from distributed.utils import get_mp_context

    options = {"threads_per_worker": 1, "memory_limit": None, "silence_logs": logging.CRITICAL + 1}
    scheduler = {"dashboard": False, "dashboard_address": "127.0.0.1:0"}
    with dask.config.set(_LOCAL_CONFIG):
        get_mp_context().set_forkserver_preload(["distributed", "simkit.run.task", "numba"])
        # Ctrl-C at a terminal goes to all processes that it started: let this one end the others
        handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            forkserver.ensure_running()
        finally:
            signal.signal(signal.SIGINT, handler)
        with LocalCluster(n_workers=n_workers, scheduler_kwargs=scheduler, **options) as cluster:
            yield cluster.scheduler_address


def _client(address: str) -> Client:
    from distributed import Client
    from distributed.versions import VersionMismatchWarning

    try:
        kind = asyncio.run(_kind(address))  # first, since a Client that failed to connect takes long to give up
        if kind != "Scheduler":
            raise ValueError(f"there is a {kind}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", VersionMismatchWarning)
            return Client(address, timeout=_TIMEOUT, set_as_default=False)
    except (OSError, ValueError, TypeError, KeyError, ImportError, RuntimeError, MemoryError) as error:
        raise ClusterError(
            f"cannot reach a Dask scheduler at {show(address)} ({error}); start one with `dask scheduler`, or name the "
            "address that it prints"
        ) from error


async def _kind(address: str) -> str:
    """Return what Dask calls the server at an address; OSError or ValueError if there is none."""
    from distributed import Security
    from distributed.comm import connect
    from distributed.core import send_recv

    comm = await connect(address, timeout=_TIMEOUT, **Security().get_connection_args("client"))
    try:
        answer = await asyncio.wait_for(send_recv(comm, op="identity"), _TIMEOUT)
    finally:
        comm.abort()
    return str(answer["type"])


def size(client: Client) -> tuple[int, int]:
    """Return the number of workers of a cluster, and of their threads."""
    with _told_of_loss():
        threads = client.nthreads()
    return len(threads), sum(threads.values())


def backend_of(
    client: Client, path: Address, recipe: Recipe, backend: str, progress: Callable[[Progress], None]
) -> str:
    """Return the backend that a worker resolves `backend` to; waits until there is a worker.

    Raises
    ------
    ClusterError, BackendError
        If the worker cannot make shards of this recipe.
    """
    with _Tasks(client, path, recipe, backend) as tasks:
        tasks.begin([None])
        while True:
            for _, name in tasks.collect():
                return str(name)
            progress(Progress(recipe.n, 0, 0, n_workers=tasks.n_workers))


def run_tasks(
    store: Store, recipe: Recipe, backend: str, client: Client, plan: Plan, progress: Callable[[Progress], None]
) -> None:
    """Let the workers of a cluster make the shards of a plan; see the module's docstring.

    Raises
    ------
    ClusterError
        If the scheduler is lost, or a worker cannot make shards, or workers die again and again with the same one.
    StoreError
        If a worker cannot write. In any case what is finished is kept.
    """
    layout, todo, n_now = store.layout, plan.shards(), 0
    trusted: set[str] = set()
    with _Tasks(client, store.path, recipe, backend) as tasks:
        while True:
            tasks.begin(list(islice(todo, tasks.n_free)))
            progress(Progress(plan.n_rows, plan.n_rows_before, n_now, n_workers=tasks.n_workers))
            if not tasks.under_way:
                break
            for worker, index in tasks.collect():
                if worker not in trusted and not store.ledger.is_done(index):
                    raise ClusterError(
                        f"worker {worker} has written shard {index:,} of another {store.path} than that of "
                        "this process; all workers have to see the same place, such as a shared folder"
                    )
                trusted.add(worker)
                n_now += len(layout.rows(index))
    finish(store)


class _Tasks:
    """Tasks of a cluster that are under way; those that have not begun are cancelled when the block ends."""

    def __init__(self, client: Client, path: Address, recipe: Recipe, backend: str) -> None:
        if client.asynchronous:
            raise ClusterError("an asynchronous client cannot be used here; give a Client(..., asynchronous=False)")
        self._client, self._told = client, _told(path, recipe, backend)
        self._name, self._run = f"simkit-{secrets.token_hex(8)}", _by_value()
        self._ended: SimpleQueue[Future[Any]] = SimpleQueue()
        self._looked_at = -_LOOK
        self.n_workers = self._n_threads = 0
        self.under_way: dict[int | None, Future[Any]] = {}

    def __enter__(self) -> _Tasks:
        self._look()
        return self

    def __exit__(self, *error: object) -> None:
        tasks = list(self.under_way.values())
        if tasks and self._client.status == "running":
            with suppress(*_lost()):
                self._client.cancel(tasks)  # those that run write their shards, which is as well

    @property
    def n_free(self) -> int:
        """How many more may begin."""
        return max(0, _PER_THREAD * self._n_threads + _MORE - len(self.under_way))

    def begin(self, shards: list[int] | list[None]) -> None:
        """Hand out a task for each of some shards, or one that makes none."""
        if not shards:
            return
        told = [[value] * len(shards) for value in self._told]
        keys = [(self._name, -1 if index is None else index) for index in shards]
        with _told_of_loss():
            tasks = self._client.map(self._run, *told, shards, key=keys, retries=_RETRIES, pure=False)
        for index, task in zip(shards, tasks, strict=True):
            self.under_way[index] = task
            task.add_done_callback(self._ended.put)

    def collect(self) -> list[tuple[str, Any]]:
        """Wait a while for tasks to end; return what they gave: the addresses of their workers, and their shards."""
        from distributed import KilledWorker

        tasks: list[Future[Any]] = []
        with suppress(Empty):
            tasks.append(self._ended.get(timeout=_LOOK))
            while True:
                tasks.append(self._ended.get_nowait())
        try:
            with _told_of_loss():
                gave = self._client.gather(tasks)
        except KilledWorker as error:
            raise ClusterError(
                f"{error.allowed_failures + 1} workers died while they had the same shard, the last of them "
                f"{error.last_worker.address}; its log may say why, such as too little memory"
            ) from error
        for worker, what in gave:
            if isinstance(what, SimkitError):
                raise what
            if what is None:
                raise ClusterError(worker)
            del self.under_way[None if isinstance(what, str) else what]
        self._look()
        return list(gave)

    def _look(self) -> None:
        """See now and then how many workers there are."""
        if monotonic() - self._looked_at >= _LOOK:
            self.n_workers, self._n_threads = size(self._client)
            self._looked_at = monotonic()


def _told(path: Address, recipe: Recipe, backend: str) -> tuple[str, bytes]:
    """Return what each task is told: the version of simkit that it needs, and the Task."""
    with needed_for("a Dask client"):
        import cloudpickle
    place = path.absolute() if isinstance(path, Path) else path
    task = Task(place, cloudpickle.dumps(recipe), recipe.spec(), backend)
    return simkit.__version__, pickle.dumps(task)


def _by_value() -> Callable[..., tuple[str, object]]:
    """Return what a task runs. It is sent as a value, since a function of a module is found by import alone.

    So a worker without simkit can say so, and the scheduler needs none.
    """

    def run(version: str, told: bytes, index: int | None = None) -> tuple[str, object]:
        from distributed import get_worker

        worker = get_worker().address
        try:
            import simkit
        except ImportError as error:
            return f"worker {worker}: simkit cannot be imported there ({error}); install version {version}", None
        if simkit.__version__ != version:
            return (
                f"worker {worker}: simkit has version {simkit.__version__} there, {version} here; install the same",
                None,
            )
        import pickle

        return worker, pickle.loads(told).run(worker, index)  # noqa: S301 - of the client, who may have anything run

    return run


@contextmanager
def _told_of_loss() -> Iterator[None]:
    """Turn what Dask raises when the scheduler is lost into a ClusterError."""
    try:
        yield
    except _lost() as error:
        raise ClusterError(
            "the Dask scheduler is lost, or has dropped the work; start one and give the same command again: what is "
            "finished is kept"
        ) from error


def _lost() -> tuple[type[BaseException], ...]:
    from distributed import CancelledError
    from distributed.comm import CommClosedError

    return CancelledError, CommClosedError, TimeoutError, OSError


def _address_in(path: Path) -> str:
    """Return the address that a scheduler file holds."""
    try:
        return str(json.loads(path.read_text("utf-8"))["address"])
    except OSError as error:
        raise ClusterError(
            f"cannot read the scheduler file {path}: {(error.strerror or str(error)).lower()}; "
            f"`dask scheduler --scheduler-file {path}` writes it"
        ) from None
    except (ValueError, KeyError, TypeError):
        raise ClusterError(
            f"{path} is no scheduler file, which names an address; `dask scheduler --scheduler-file {path}` writes one"
        ) from None


@contextmanager
def _silent() -> Iterator[None]:
    """Keep Dask's logs to itself, which tell in many lines what an error of ours tells in one."""
    loggers = [logging.getLogger(name) for name in _LOGGERS]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.setLevel(logging.CRITICAL + 1)
    try:
        yield
    finally:
        for logger, level in zip(loggers, levels, strict=True):
            logger.setLevel(level)
