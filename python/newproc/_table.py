"""Snapshots as tables that other libraries read: columns in Arrow's layout, made by the extension."""

from __future__ import annotations

from array import array
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

from . import _core
from ._errors import ArgumentError

if TYPE_CHECKING:
    from ._look import G, M, P, Snapshot

    Column = _core.Column
    Kind = Callable[[str, Sequence[Any]], Column]


class Table:
    """Columns of equal length. pandas, polars, pyarrow and DuckDB read one in place, by Arrow's PyCapsule interface.

    ``table[name]`` is a column; one of numbers has the buffer protocol: ``numpy.asarray(table["goid"])`` copies nothing.
    """

    def __init__(self, core: _core.Column) -> None:
        self._core = core

    @property
    def columns(self) -> tuple[str, ...]:
        """The names of the columns, in order."""
        return tuple(child.name for child in self._core.children)

    def __getitem__(self, name: str) -> _core.Column:
        for child in self._core.children:
            if child.name == name:
                return child
        raise KeyError(f"no column {name!r}; there are {', '.join(self.columns)}")

    def __len__(self) -> int:
        return len(self._core)

    def __repr__(self) -> str:
        return f"Table({len(self)} rows: {', '.join(self.columns)})"

    def __arrow_c_schema__(self) -> object:
        return self._core.__arrow_c_schema__()

    def __arrow_c_array__(self, requested_schema: object | None = None) -> tuple[object, object]:
        return self._core.__arrow_c_array__(requested_schema)

    def __arrow_c_stream__(self, requested_schema: object | None = None) -> object:
        return self._core.__arrow_c_stream__(requested_schema)


def _bits(values: Iterable[object]) -> bytes:
    """One bit a value, the lowest first."""
    bits = sum(1 << i for i, value in enumerate(values) if value)
    return bits.to_bytes((bits.bit_length() + 7) // 8 or 1, "little")


def _numbers(arrow: str, letter: str) -> Kind:
    def column(name: str, values: Sequence[int | None]) -> Column:
        valid = None if None not in values else _bits(value is not None for value in values).ljust(len(values) // 8 + 1, b"\0")
        return _core.Column(name, arrow, len(values), [valid, array(letter, [value or 0 for value in values])], [], None)

    return column


uint64, uint32, int32 = _numbers("L", "Q"), _numbers("I", "I"), _numbers("i", "i")


def _ends(lengths: Iterable[int]) -> array[int]:
    ends = array("i", [0])
    for length in lengths:
        ends.append(ends[-1] + length)
    return ends


def strings(name: str, values: Sequence[str]) -> Column:
    """Text."""
    texts = [value.encode() for value in values]
    return _core.Column(name, "u", len(values), [None, _ends(map(len, texts)), b"".join(texts)], [], None)


def words(name: str, values: Sequence[str]) -> Column:
    """Text of few kinds: each stands once, and numbers say which."""
    kinds = {value: i for i, value in enumerate(dict.fromkeys(values))}
    return _core.Column(name, "i", len(values), [None, array("i", [kinds[value] for value in values])], [], strings("", list(kinds)))


def flags(name: str, values: Sequence[bool]) -> Column:
    """True or false."""
    return _core.Column(name, "b", len(values), [None, _bits(values).ljust(len(values) // 8 + 1, b"\0")], [], None)


def lists(name: str, values: Sequence[tuple[int, ...]]) -> Column:
    """Goids of any number."""
    items = uint64("item", [goid for each in values for goid in each])
    return _core.Column(name, "+l", len(values), [None, _ends(map(len, values))], [items], None)


_G: dict[str, Kind] = {
    "goid": uint64, "parent_goid": uint64, "status": words, "wait_reason": words, "m": int32, "site": strings, "name": strings,
    "stack_size": uint32, "system": flags, "locked": flags, "ancestors": lists,
    "waits_for": uint64, "waits_for_name": strings, "waiting_since": uint64,
}
_P: dict[str, Kind] = {
    "id": int32, "status": words, "m": int32, "schedtick": uint32, "syscalltick": uint32, "runnext": uint64, "runq": lists, "gfree": uint32,
}
_M: dict[str, Kind] = {"id": int32, "p": int32, "curg": uint64, "lockedg": uint64, "spinning": flags, "blocked": flags, "idle": flags}


def _table(rows: Sequence[G | P | M], kinds: dict[str, Kind]) -> Table:
    children = [kind(name, [getattr(row, name) for row in rows]) for name, kind in kinds.items()]
    return Table(_core.Column("", "+s", len(rows), [None], children, None))


def table_of(snapshot: Snapshot, what: str) -> Table:
    """The goroutines, Ps or Ms of a snapshot."""
    parts: dict[str, tuple[Sequence[G | P | M], dict[str, Kind]]] = {
        "gs": (snapshot.gs, _G), "ps": (snapshot.ps, _P), "ms": (snapshot.ms, _M)
    }
    if what not in parts:
        raise ArgumentError(f'no table "{what}" in a snapshot; there are "gs", "ps" and "ms"')
    return _table(*parts[what])
