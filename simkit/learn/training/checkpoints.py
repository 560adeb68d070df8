"""States of networks that are not finished, in a folder beside the data set that they will be rows of."""

from __future__ import annotations

import hashlib
import io
import pickle
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from simkit.errors import DamageError, StoreError
from simkit.store.local import Folder

#: bytes of a digest
_N_DIGEST = 32


@dataclass(frozen=True)
class Checkpoints:
    """The folder; a file is a SHA-256 and what it is of, and is replaced as a whole.

    Parameters
    ----------
    folder : Path
    of : dict
        What the networks are of, as plain values: their recipe and seed.
    """

    folder: Path
    of: dict[str, Any]

    def _file(self, row: int) -> str:
        return f"network-{row}.pt"

    def save(self, row: int, state: dict[str, Any]) -> None:
        """Keep the state of a network in place of what was kept before; StoreError if it cannot be written."""
        data = io.BytesIO()
        torch.save({"of": self.of, **state}, data)
        place = Folder(self.folder)
        place.create()
        place.put(self._file(row), hashlib.sha256(data.getbuffer()).digest() + data.getvalue())

    def load(self, row: int) -> dict[str, Any] | None:
        """Return the state that was kept of a network, None if there is none.

        Raises
        ------
        DamageError
            If the file is not whole.
        StoreError
            If it is of another architecture or recipe.
        """
        place, name = Folder(self.folder), self._file(row)
        if not (place.exists() and place.has(name)):
            return None
        path, content = self.folder / name, place.get(name)
        advice = f"remove it, and network {row} begins anew"
        if hashlib.sha256(content[_N_DIGEST:]).digest() != content[:_N_DIGEST]:
            raise DamageError(f"the checkpoint {path} is damaged or cut off ({len(content):,} bytes); {advice}")
        try:
            state: dict[str, Any] = torch.load(io.BytesIO(content[_N_DIGEST:]), weights_only=True)
        except (pickle.UnpicklingError, RuntimeError, EOFError) as error:
            raise DamageError(f"the checkpoint {path} cannot be read ({type(error).__name__}); {advice}") from error
        of = state.pop("of", None) if isinstance(state, dict) else None
        if of != self.of:
            differs = [name for name in self.of if not isinstance(of, dict) or of.get(name) != self.of[name]]
            raise StoreError(f"the checkpoint {path} is of another training: its {differs[0]} differs; {advice}")
        return state

    def remove(self, row: int) -> None:
        """Forget the state of a network, and the folder with the last of them."""
        place = Folder(self.folder)
        if place.exists():
            place.delete(self._file(row))
            if not any(self.folder.iterdir()):
                shutil.rmtree(self.folder, ignore_errors=True)
