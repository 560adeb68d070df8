"""Every exception simkit raises on purpose.

A message says what was asked, what was found, and what to do. The command line prints it as one line.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager


class SimkitError(Exception):
    """The root of all errors that are the user's to mend."""


class UnknownNameError(SimkitError, KeyError):
    """A name (source, parameter, field, command) that does not exist; a KeyError, so that `in` and `get` work."""

    @classmethod
    def of(cls, what: str, asked: str, known: Iterable[str]) -> UnknownNameError:
        """Make the error that there is no `what` called `asked`, with what comes nearest of those `known`."""
        known = sorted(known)
        near = difflib.get_close_matches(str(asked), known, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"there is {', '.join(known) or 'none'}"
        return cls(f"no {what} {asked!r}; {hint}")

    def __str__(self) -> str:
        return str(self.args[0])  # a KeyError would show it quoted


class ParameterError(SimkitError):
    """A parameter, row range or count out of its range or of the wrong kind."""


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


class DamageError(StoreError):
    """Stored bytes that are not what was written: truncated, flipped, missing."""


class PatternError(SimkitError):
    """A pattern that cannot be read or written in a format of other programs; shows line and position."""
