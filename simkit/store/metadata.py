"""Values of a ``zarr.json``: anybody may have written it, so that each is looked at before it is used."""

from __future__ import annotations

import json
import math
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NoReturn

from simkit.errors import SchemaError, one_line, show

#: categories of Unicode that a text must not have: control characters, which a terminal would obey, and lone surrogates
_NO_TEXT = {"Cc", "Cs"}

#: lists and objects in each other that a parameter may be
_MAX_DEPTH = 16

#: characters of the way to a value
_MAX_PLACE = 160


def parse(text: bytes) -> Any:
    """Return a JSON document.

    Raises
    ------
    ValueError
        If it is not JSON, or nested deeper than Python reads.
    """
    try:
        return json.loads(text)
    except RecursionError as error:
        raise ValueError(str(error)) from None


@dataclass(frozen=True)
class Entry:
    """A value of a JSON document, and how it is reached, such as ``attributes.recipe.n``.

    Every method raises SchemaError, which names both, if the value is not what is asked for.
    """

    value: Any
    place: str = ""

    def __getitem__(self, name: str) -> Entry:
        """Return the value `name` of an object."""
        found = self.table()
        if name not in found:
            raise SchemaError(f"{self.place or 'it'} has no {show(name)}")
        return found[name]

    def get(self, name: str, default: Any) -> Entry:
        """Return the value `name` of an object, or `default` where it has none."""
        return self.table().get(name, Entry(default, name))

    def table(self) -> dict[str, Entry]:
        """Return the values of an object, by name."""
        if not isinstance(self.value, dict):
            self._refuse("an object")
        before = f"{self.place}." if self.place else ""
        return {name: Entry(value, one_line(f"{before}{name}", _MAX_PLACE)) for name, value in self.value.items()}

    def items(self) -> list[Entry]:
        """Return the values of a list."""
        if not isinstance(self.value, list):
            self._refuse("a list")
        return [Entry(value, f"{self.place}[{i}]") for i, value in enumerate(self.value)]

    def __iter__(self) -> Iterator[Entry]:
        return iter(self.items())

    def whole(self, low: int, high: int) -> int:
        """Return a whole number from `low` to `high`."""
        if type(self.value) is not int or not low <= self.value <= high:
            self._refuse(f"a whole number from {low} to {high}")
        return int(self.value)

    def number(self) -> float:
        """Return a number that is neither negative nor infinite."""
        if type(self.value) not in (int, float) or not 0 <= self.value <= 1e308 or math.isnan(self.value):
            self._refuse("a number from 0 on")
        return float(self.value)

    def text(self) -> str:
        """Return a text that can be shown."""
        if not isinstance(self.value, str) or not is_text(self.value):
            self._refuse("a text without control characters")
        return str(self.value)

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(entry.text() for entry in self)

    def check_plain(self, depth: int = 0) -> None:
        """Check a parameter: a number, a truth value, a text, or lists and objects of these."""
        if isinstance(self.value, dict) and depth < _MAX_DEPTH:
            for name, entry in self.table().items():
                Entry(name, f"a name in {self.place}").text()
                entry.check_plain(depth + 1)
        elif isinstance(self.value, list) and depth < _MAX_DEPTH:
            for entry in self:
                entry.check_plain(depth + 1)
        elif isinstance(self.value, str):
            self.text()
        elif not isinstance(self.value, int | float):
            self._refuse("a number, a text, or lists and objects of them, not too deep")

    def _refuse(self, wanted: str) -> NoReturn:
        raise SchemaError(f"{self.place or 'it'} is {show(self.value)} and has to be {wanted}")


def is_text(value: str) -> bool:
    """Say whether a text can be shown: without control characters and lone surrogates."""
    return value.isprintable() or all(unicodedata.category(char) not in _NO_TEXT for char in value)
