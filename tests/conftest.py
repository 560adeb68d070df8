"""What holds for every test: two tiers, no deadlines on a busy machine, Ctrl-C as at a terminal."""

from __future__ import annotations

import signal

import pytest
from servers import _no_instances, moto, moto_server, proxy, rclone, rclone_server, s3  # noqa: F401 - fixtures

try:
    from hypothesis import settings
except ModuleNotFoundError:  # the tests that need it say so
    pass
else:
    # the first example of a test may compile, and other work may share the machine
    settings.register_profile("simkit", deadline=None, print_blob=True)
    settings.load_profile("simkit")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--full", action="store_true", help="run the slow tests too")


def pytest_configure() -> None:
    # started by nohup or as a background job of a script, a process ignores SIGINT, and so do those that it starts
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the slow tests out, unless all are asked for, or some by a mark or by name."""
    if config.option.full or config.option.markexpr or any("::" in argument for argument in config.args):
        return
    slow = [item for item in items if item.get_closest_marker("slow")]
    config.hook.pytest_deselected(items=slow)
    items[:] = [item for item in items if not item.get_closest_marker("slow")]
