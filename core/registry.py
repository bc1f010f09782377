"""Registries: our own entries, one line each, and what installed packages add to them.

An entry is where something is, as Python's entry points write it: `module:name`. A package adds
methods and metrics in its own metadata, under the keys they will have here:

    [project.entry-points."bandweave.methods"]
    my-method = "my_package:MyMethod"

They are listed after ours, their labels name the package, and `bandweave check` holds them to the
contracts that ours keep. What cannot be used is left out and said: one bad package stops nothing.
"""

import logging
from collections.abc import Callable, Iterable, Iterator, Mapping, MutableMapping
from importlib.metadata import EntryPoint, entry_points
from threading import RLock
from typing import Any, Generic, TypeVar

T = TypeVar("T")

_logger = logging.getLogger(__name__)

PROBLEMS: dict[str, str] = {}
"""What of other packages could not be used, by shelf and key, and why."""


class Registry(MutableMapping[str, T], Generic[T]):
    """What a shelf offers, by key, in the order it is listed; loaded when first asked for.

    So late since what a package adds imports from us: it may be loaded only once we are.
    """

    def __init__(
        self,
        shelf: str,
        places: Mapping[str, str],
        accept: Callable[[Any, str], T] | None = None,
    ) -> None:
        """List entries by their places in the package `bandweave.shelf`.

        `accept` takes what a package adds, and the package with its version, and returns it marked
        as that package's; it raises ValueError for what is none of the shelf's. Without it packages
        add nothing.
        """
        self._shelf, self._places, self._accept = shelf, places, accept
        self._loaded: dict[str, T] | None = None
        self._lock = RLock()

    def _entries(self) -> dict[str, T]:
        with self._lock:
            if self._loaded is None:
                self._loaded = {
                    key: EntryPoint(key, f"bandweave.{self._shelf}.{place}", "").load()
                    for key, place in self._places.items()
                }
                if self._accept:
                    self._add(self._loaded, self._accept)
            return self._loaded

    def _add(self, entries: dict[str, T], accept: Callable[[Any, str], T]) -> None:
        for point in entry_points(group=f"bandweave.{self._shelf}"):
            origin = "unknown"
            try:
                if point.dist:
                    origin = f"{point.dist.name} {point.dist.version}"
                if point.name in entries:
                    raise ValueError("another one has this key")
                entry = point.load()
                if getattr(entry, "key", "") != point.name:
                    raise ValueError("its own key is another one")
                entries[point.name] = accept(entry, origin)
            # whatever a stranger's module does when it is imported, leaving Python too
            except (Exception, SystemExit) as error:
                PROBLEMS[f"{self._shelf}/{point.name}"] = f"{origin}: {error}"
                _logger.warning("'%s' of %s is left out: %s", point.name, origin, error)

    def __getitem__(self, key: str) -> T:
        return self._entries()[key]

    def __setitem__(self, key: str, entry: T) -> None:
        self._entries()[key] = entry

    def __delitem__(self, key: str) -> None:
        del self._entries()[key]

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries())

    def __len__(self) -> int:
        return len(self._entries())


def need_texts(entry: object, names: Iterable[str]) -> None:
    """Refuse an entry that does not state in words what others show of it."""
    for name in names:
        if not isinstance(getattr(entry, name, None), str):
            raise ValueError(f"it states no {name}")


def marked(label: str, origin: str) -> str:
    """Return a label that says where something comes from.

    >>> marked("Sharper", "sharper-fusion 1.2")
    'Sharper (sharper-fusion)'
    """
    return f"{label} ({origin.split()[0]})"
