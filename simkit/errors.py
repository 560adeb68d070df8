"""Every exception simkit raises on purpose, and how a message shows a value.

A message says what was asked, what was found, and what to do. It is one line of bounded length, whatever it was made
of: `SimkitError` sees to that, so that no place that raises one has to. A value that came from outside is put into it
by `show`, since its own text may be long, spread over lines, or not to be had at all.
"""

from __future__ import annotations

import difflib
import errno
import math
import numbers
import os
import reprlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

#: characters of a message, and of a value shown in it, at most
MAX_MESSAGE, MAX_SHOWN = 800, 80

#: what is to be done where rows are missing, and where another process is at work on a data set
CONTINUE = "run its `simkit generate` line again to continue"
LOOK_AGAIN = (
    "is being created or extended by another process; look again in a moment, or, if that process was killed, run its "
    "`simkit generate` line again"
)

#: names that a message lists, at most
_MAX_NAMES = 24


def one_line(text: str, most: int = MAX_MESSAGE) -> str:
    """Return `text` as one line of at most `most` characters.

    Lines are joined and what cannot be printed is escaped; what is too much is left out of the middle, since the advice
    stands at the end.
    """
    if len(text) <= most and text.isprintable() and text == text.strip():  # nearly all are
        return text
    if len(text) > 4 * most:  # not a character of what is left out has to be looked at
        text = f"{text[: 2 * most]} ... {text[-2 * most :]}"
    text = " ".join(filter(None, map(str.strip, text.splitlines())))
    line = "".join(char if char.isprintable() else ascii(char)[1:-1] for char in text)
    if len(line) > most:
        last = most // 3
        line = f"{line[: most - last - 5]} ... {line[-last:]}"
    return line


def show(value: object) -> str:
    """Return how a message shows a value: its ``repr``, shortened to one line of at most 80 characters.

    It takes any value: integers with more digits than Python converts, arrays, containers of any size and depth,
    objects that have no ``repr``.
    """
    try:
        return one_line(_SHORT.repr(value), MAX_SHOWN)
    except Exception:  # noqa: BLE001 - whatever a stranger's object raises, it is to be shown
        return one_line(f"an object of the class {type(value).__name__}", MAX_SHOWN)


def counted(n: int, what: str) -> str:
    """Return a number and what there is that many of: ``1 row``, ``20,000 rows``."""
    return f"{n:,} {what}{'' if n == 1 else 's'}"


class _Short(reprlib.Repr):
    """The beginnings of values, of which no more is turned into text than is shown."""

    def __init__(self) -> None:
        super().__init__()
        self.maxlevel, self.maxother = 3, MAX_SHOWN
        self.maxlist = self.maxtuple = self.maxset = self.maxfrozenset = self.maxdict = 6

    def repr1(self, x: Any, level: int) -> str:
        shape, dtype = getattr(x, "shape", None), getattr(x, "dtype", None)
        if isinstance(shape, tuple) and shape and dtype is not None:
            return f"an array of {dtype} with the shape {tuple(shape)}"
        if isinstance(x, int):
            return self._integer(x)
        return self._text(x) if isinstance(x, (str, bytes, bytearray)) else super().repr1(x, level)

    def _integer(self, x: int) -> str:
        if x.bit_length() > 256:  # Python takes a time that is quadratic, and beyond 4,300 digits it refuses
            return (
                f"{'a negative' if x < 0 else 'an'} integer of about {int(x.bit_length() * math.log10(2)) + 1:,} digits"
            )
        return repr(x)

    def _text(self, x: Any) -> str:
        return repr(x) if len(x) <= MAX_SHOWN else f"{x[: MAX_SHOWN // 2]!r}... ({len(x):,} long)"

    def repr_range(self, x: range, level: int) -> str:
        return f"range({', '.join(self.repr1(n, level) for n in (x.start, x.stop, x.step)[: 3 if x.step != 1 else 2])})"

    def repr_instance(self, x: Any, level: int) -> str:
        del level
        return repr(x)


_SHORT = _Short()


class SimkitError(Exception):
    """The root of all errors that are the user's to mend; its message is one line of at most 800 characters."""

    def __init__(self, message: str) -> None:
        # a DataLoader raises what a worker raised anew, with the worker's whole traceback as the message
        raised = f"{type(self).__module__}.{type(self).__qualname__}: "
        super().__init__(one_line(str(message).rpartition(raised)[2]))


class WorldWarning(UserWarning):
    """A package of somebody else's that was to add a world or a study and is left out."""


class UnknownNameError(SimkitError, KeyError):
    """A name (source, parameter, field, command) that does not exist; a KeyError, so that `in` and `get` work."""

    @classmethod
    def of(cls, kind: str, asked: object, known: Iterable[str], owner: str = "") -> UnknownNameError:
        """Make the error that there is no `kind` called `asked`, or that `owner` has none; with what comes nearest."""
        names = sorted(known)
        near = difflib.get_close_matches(asked[:MAX_SHOWN], names, n=1) if isinstance(asked, str) else []
        if near:
            hint = f"did you mean {show(near[0])}?"
        elif len(names) > 1:
            more = f" and {len(names) - _MAX_NAMES:,} more" if len(names) > _MAX_NAMES else ""
            hint = f"choose from {', '.join(names[:_MAX_NAMES])}{more}"
        else:
            hint = f"the only one is {names[0]}" if names else "it has none" if owner else "there are none"
        return cls(f"{f'{owner} has' if owner else 'there is'} no {kind} {show(asked)}; {hint}")

    @classmethod
    def check(cls, kind: str, asked: object, known: Iterable[str], owner: str = "") -> None:
        """Raise the error unless `asked` is one of the names `known`."""
        names = list(known)
        if not isinstance(asked, str) or asked not in names:
            raise cls.of(kind, asked, names, owner)

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would show it quoted


class ParameterError(SimkitError):
    """A parameter, row range or count out of its range or of the wrong kind."""

    @classmethod
    def check_integer(cls, what: str, value: object, least: int, most: int) -> int:
        """Return `value` as an int; raise the error unless it is an integer from `least` to `most`."""
        if isinstance(value, bool) or not isinstance(value, numbers.Integral) or not least <= int(value) <= most:
            raise cls(f"{what} is a whole number from {least:,} to {most:,}; this is {show(value)}")
        return int(value)

    @classmethod
    def check_bool(cls, what: str, value: object) -> bool:
        """Return `value`; raise the error unless it is True or False."""
        if not isinstance(value, bool):
            raise cls(f"{what} is True or False; this is {show(value)}")
        return value


class RuleError(ParameterError):
    """A rulestring that is not a Life-like rule; shows the position."""


class LayoutError(ParameterError):
    """A layout of lattice cells that is not valid; names the cells."""


class RecipeError(SimkitError):
    """A recipe file that cannot be read as a recipe."""


class SchemaError(SimkitError):
    """A batch that is not what its schema declares."""


class BackendError(SimkitError):
    """A backend that does not exist or cannot run here."""


class ClusterError(SimkitError):
    """A Dask cluster that cannot be reached, or whose workers cannot do what they are asked for."""


class LibraryError(SimkitError, ImportError):
    """A library that an extra brings, and that is not installed."""


#: module -> the package that brings it, where their names differ
_PACKAGES = {"sklearn": "scikit-learn", "PIL": "pillow"}


@contextmanager
def needed_for(what: str) -> Iterator[None]:
    """Raise LibraryError where the block imports a library that is not installed; `what` needs it."""
    try:
        yield
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if not module or module.startswith("simkit"):
            raise
        package = _PACKAGES.get(module, module)
        raise LibraryError(f"{what} needs {package}, which is not installed: pip install {package}") from None


class StoreError(SimkitError):
    """A data set that cannot be created, continued, read or written."""

    @classmethod
    def check_path(cls, path: str | Path) -> Path:
        """Return `path` as a Path; raise the error if nothing can be called so, TypeError if it is no path."""
        found = Path(path)
        if "://" in str(path):
            raise cls(f"{show(str(path))} is an address, and this is read and written on this machine; name a path")
        if path == "":
            raise cls("a path is empty; name a file or a folder")
        try:
            os.lstat(found)
        except ValueError as error:  # a null, or half of a surrogate pair
            raise cls(f"nothing can be called {show(str(found))}: {error}; choose another name") from None
        except OSError as error:
            if error.errno == errno.ENAMETOOLONG:
                raise cls(f"cannot use {show(str(found))}: file name too long; choose a shorter one") from None
        return found


class DamageError(StoreError):
    """Stored bytes that are not what was written: truncated, flipped, missing."""

    @classmethod
    def of_ledger(cls, where: str, how: str) -> DamageError:
        """Make the error that a file of the ledger is damaged, whose shards can be made again without it."""
        return cls(f"{where} is damaged: it {how}; remove it, and its `simkit generate` line makes its shards again")


class PatternError(SimkitError):
    """A pattern that cannot be read or written in a format of other programs; shows line and position."""
