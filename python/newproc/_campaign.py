"""Campaigns: one search, split over the workers of any concurrent.futures.Executor, that goes on where it was stopped."""

from __future__ import annotations

import json
import math
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_COMPLETED, Executor, Future, wait
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ._errors import ArgumentError, StateError
from ._explore import explore
from ._finding import KINDS, Explored, Finding, Frame, Involved, Locked, LockOrder, Missed, Operation, mask_of

if TYPE_CHECKING:
    from ._explore import Source

NAME = "campaign.json"
VERSION = 1
MOST_RUNNING = 128
"""Tasks handed over at a time: two for each of 64 workers."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a campaign is: parts of it that are done, of how many, schedules and distinct findings so far."""

    done: int
    parts: int
    schedules: int
    findings: int


def campaign(
    program: Source,
    executor: Executor,
    *,
    schedules: int = 100_000,
    part: int = 1_000,
    seed: int = 1,
    folder: str | os.PathLike[str] | None = None,
    first: bool = False,
    ahead: int | None = None,
    on_progress: Callable[[Progress], object] | None = None,
    **options: Any,
) -> Explored:
    """Search with the workers of an executor.

    The schedules are cut into parts, each with a seed of its own: what is found does not depend on the executor, nor on how many workers it
    has, nor on how often the campaign was stopped and begun again. Drivers that draw get further with each part; those that count through, dfs and
    bounded, do the same in each.

    >>> import newproc
    >>> from concurrent.futures import ThreadPoolExecutor
    >>> pattern = newproc.Pattern({"mutexes": 1, "bodies": [[["lock", 0], ["go", 1], ["lock", 0]], [["unlock", 0]]]})
    >>> with ThreadPoolExecutor(2) as pool:
    ...     done = newproc.campaign(pattern, pool, schedules=4_000, driver="random")
    >>> done.schedules, done.findings
    (4000, ())

    Args:
        program: as for `explore`. Workers that are other processes need it picklable: a pattern, or a function of a module.
        executor: a thread or process pool, dask's ``client.get_executor()``, or any other. Patterns are searched without the GIL.
        schedules: most of them, in all.
        part: schedules that one task of the executor searches.
        seed: equal seeds find the same.
        folder: where finished parts are kept. A campaign that finds its own there goes on; another's is an error.
        first: start nothing new once something is found. Which finding that is depends on the workers.
        ahead: most tasks handed over at a time (default: enough for 64 workers).
        on_progress: called after each part.
        options: as for `explore`, but for what is called back.

    Returns:
        as `explore`: findings that are alike (kind, bodies or places, what each does) count once, that of the lowest part, numbered in all.
        ``seconds`` is the workers' time, ``coverage`` is each part's own and not told.
    """
    most_running = MOST_RUNNING if ahead is None else ahead
    for name, value in (("schedules", schedules), ("part", part), ("ahead", most_running)):
        if value < 1:
            raise ArgumentError(f"{name} is {value}; give 1 or more")
    if not isinstance(options.get("driver", ""), str) or "on_finding" in options or "seconds" in options:
        raise ArgumentError("driver is an object, or on_finding or seconds is given; in a campaign drivers are names, and nothing depends on time")
    mask_of(options.get("find"))
    sizes = [min(part, schedules - at) for at in range(0, schedules, part)]
    kept = _Kept(folder, {"version": VERSION, "schedules": schedules, "part": part, "seed": seed, "options": repr(sorted((k, _told(v)) for k, v in options.items())),
                          "program": _name(program)}) if folder is not None else None
    results: dict[int, dict[str, Any]] = kept.read() if kept is not None else {}
    todo = iter([number for number in range(len(sizes)) if number not in results])
    running: dict[Future[dict[str, Any]], int] = {}

    def tell() -> None:
        if on_progress is not None:
            on_progress(Progress(len(results), len(sizes), sum(r["schedules"] for r in results.values()), len(_distinct(results, part))))

    def hand_over(numbers: Iterator[int]) -> None:
        while len(running) < most_running and not (first and any(r["findings"] for r in results.values())):
            number = next(numbers, None)
            if number is None:
                return
            running[executor.submit(search_part, program, sizes[number], seed_of(seed, number), options)] = number

    try:
        hand_over(todo)
        while running:
            for future in wait(running, return_when=FIRST_COMPLETED).done:
                number = running.pop(future)
                results[number] = future.result()
                if kept is not None:
                    kept.write(number, results[number])
                tell()
            hand_over(todo)
    finally:
        for future in running:
            future.cancel()
    return Explored(tuple(_distinct(results, part)), sum(r["schedules"] for r in results.values()), sum(r["steps"] for r in results.values()),
                    sum(r["seconds"] for r in results.values()), bool(results) and all(r["complete"] for r in results.values()),
                    max((r["tasks"] for r in results.values()), default=0), tuple(_warnings(results, part)), missed=_missed([r.get("missed") for r in results.values()]))


def seed_of(seed: int, number: int) -> int:
    """Of a part: no two campaigns of neighbouring seeds share any."""
    return zlib.crc32(f"{seed}/{number}".encode()) << 32 | (seed * 0x9E3779B9 + number) & 0xFFFFFFFF


def search_part(program: Source, schedules: int, seed: int, options: dict[str, Any]) -> dict[str, Any]:
    """What a worker does; plain values, whatever carries them."""
    done = explore(program, schedules=schedules, seed=seed, **options)
    told = asdict(replace(done, findings=tuple(replace(f, cause=None) for f in done.findings)))
    return {**told, "findings": [{k: v for k, v in f.items() if k != "cause"} for f in told["findings"]]}


def _finding(told: dict[str, Any]) -> Finding:
    who = tuple(Involved(g["goroutine"], g["body"], g["what"], tuple(Frame(*f) for f in g["stack"])) for g in told["goroutines"])
    return Finding(**{**told, "goroutines": who})


def _alike(finding: Finding) -> tuple[Any, ...]:
    """The same in every part: not the numbers of goroutines, nor what a message counts."""
    who = sorted((-1 if g.body is None else g.body, g.what, g.stack[-1:]) for g in finding.goroutines)
    return (finding.kind, *who) if any(g.stack for g in finding.goroutines) or finding.kind in ("deadlock", "leak") else (finding.kind, finding.message, *who)


def _distinct(results: dict[int, dict[str, Any]], part: int) -> list[Finding]:
    found: dict[tuple[Any, ...], Finding] = {}
    for number in sorted(results):
        for told in results[number]["findings"]:
            finding = _finding(told)
            found.setdefault(_alike(finding), replace(finding, schedules=number * part + finding.schedules))
    return sorted(found.values(), key=lambda f: (f.schedules, list(KINDS).index(f.kind)))


def _told(value: Any) -> Any:
    """The same in each process: functions by their names."""
    if callable(value):
        return f"{getattr(value, '__module__', '')}.{getattr(value, '__qualname__', type(value).__qualname__)}"
    return [_told(one) for one in value] if isinstance(value, (list, tuple)) else value


def _missed(parts: list[dict[str, Any] | None]) -> Missed | None:
    """What all parts missed."""
    told = [part for part in parts if part is not None]
    return Missed(math.prod(part["probability"] for part in told), told[0]["depth"]) if told and len(told) == len(parts) else None


def _warnings(results: dict[int, dict[str, Any]], part: int) -> list[LockOrder]:
    def place(told: list[Any] | tuple[Any, ...] | None) -> Frame | Operation | None:
        return None if told is None else Frame(*told) if len(told) == len(Frame._fields) else Operation(*told)

    found: dict[tuple[Any, ...], LockOrder] = {}
    for number in sorted(results):
        for told in results[number].get("warnings", ()):
            who = tuple(Locked(g["goroutine"], g["body"], g["what"], place(g["held"]), place(g["taken"])) for g in told["goroutines"])
            key = tuple(sorted((-1 if g.body is None else g.body, g.held or (), g.taken or ()) for g in who))
            found.setdefault(key, LockOrder(who, told["schedule"], number * part + told["schedules"], told["message"]))
    return list(found.values())


def _name(program: Source) -> str:
    from ._explore import program_of
    from ._program import Program

    source = program_of(program, (), "line", None)
    return f"{source.hash:08x}" if isinstance(source, Program) else source.dumps()


class _Kept:
    """A campaign's folder: what it is, and a file for each part that is done, whole or not there."""

    def __init__(self, folder: str | os.PathLike[str], about: dict[str, Any]) -> None:
        self._folder = Path(folder)
        self._folder.mkdir(parents=True, exist_ok=True)
        text = json.dumps(about, indent=1)
        try:
            known = (self._folder / NAME).read_text(encoding="utf-8")
        except FileNotFoundError:
            self._put(NAME, text)
            return
        if known != text:
            raise StateError(f"{self._folder / NAME} is of another campaign; give another folder, or the program, schedules, part, seed and options as there")

    def _put(self, name: str, text: str) -> None:
        fresh = self._folder / f".{name}.{os.getpid()}"
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(self._folder / name)

    def read(self) -> dict[int, dict[str, Any]]:
        """The parts that are done."""
        return {int(path.stem): json.loads(path.read_text(encoding="utf-8")) for path in self._folder.glob("[0-9]*.json")}

    def write(self, number: int, result: dict[str, Any]) -> None:
        """One more."""
        self._put(f"{number:07}.json", json.dumps(result))
