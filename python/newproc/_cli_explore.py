"""The commands newproc explore and newproc replay."""

from __future__ import annotations

import argparse
import json
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._errors import ArgumentError, NewprocError, PatternError
from ._explore import Finding, explore, replay
from ._finding import KINDS, LockOrder
from ._pattern import Pattern
from ._shrink import Shrunk, shrink

MISUSE = 2
EXAMPLES = """\
examples:
  newproc explore fork.json                        10,000 schedules; what they find, and how to see it again
  newproc explore fork.json --driver dfs           every order of operations that conflict
  newproc explore fork.json --json --find deadlock,leak
  newproc explore fork.json --first --shrink       the first finding, in the smallest pattern that shows it
  newproc explore fork.json --shrink --save small  one file for each finding, such as small/fork-deadlock-1.json
  newproc replay fork.json np1r-5f3a9c1e-0.3=2     the log of one schedule
  newproc replay fork.json SCHEDULE --trace a.pftrace

exit status: 0 nothing found, 1 found, 2 a pattern, a schedule or an argument is wrong.
"""


def add(commands: argparse._SubParsersAction[Any]) -> None:
    """Add both to the command."""
    make: Callable[..., argparse.ArgumentParser] = commands.add_parser
    find = make("explore", help="search over the schedules of a pattern", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    find.add_argument("file", metavar="FILE", help="a pattern; - is standard input")
    find.add_argument("--driver", default="portfolio", metavar="NAME", help="portfolio, go, random, pct, pos, urw, surw, places, stalls, bounded, dfs (default portfolio)")
    find.add_argument("--schedules", type=int, default=10_000, metavar="N", help="most of them (default 10,000)")
    find.add_argument("--seed", type=int, default=1, metavar="S", help="equal seeds find the same (default 1)")
    find.add_argument("--seconds", type=float, metavar="T", help="stop after this time")
    find.add_argument("--steps", type=int, metavar="N", help="most operations of a schedule (default 20,000)")
    find.add_argument("--depth", type=int, metavar="D", help="pct: of the bug (default 3)")
    find.add_argument("--bound", type=int, metavar="K", help="bounded: most deviations (default none)")
    find.add_argument("--first", action="store_true", help="stop at the first finding")
    find.add_argument("--find", metavar="KINDS", help=f"what counts: some of {','.join(KINDS)} (default all)")
    find.add_argument("--prefix", metavar="SCHEDULE", help="each run follows it as far as it fits, then the driver goes on")
    find.add_argument("--no-shrink", action="store_true", help="schedules as they were found")
    find.add_argument("--shrink", action="store_true", help="make the pattern of each finding as small as it can be, too")
    find.add_argument("--save", metavar="DIR", help="with --shrink: each of them as a file in DIR")
    find.add_argument("--json", action="store_true", help="a JSON object a finding")
    find.add_argument("--warnings", action="store_true", help='with --json: an object, {"warning": ...}, a warning, too')
    find.add_argument("--summary", action="store_true", help='with --json: a last object, {"summary": ...}, of what was done and covered')
    find.add_argument("--check-scheduler", action="store_true", help="the scheduler's own invariants at each step: slow, for its tests")
    again = make("replay", help="run one schedule again", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    again.add_argument("file", metavar="FILE", help="a pattern; - is standard input")
    again.add_argument("schedule", metavar="SCHEDULE", help="as explore prints it")
    again.add_argument("--lenient", action="store_true", help="pass over what does not fit the program")
    for parser in (find, again):
        parser.add_argument("--invariant", action="append", metavar="EXPR", help="holds at each step: 'v0 + v1 == 10' of the variables; else it is an assert")
        parser.add_argument("--eventually", action="append", metavar="EXPR", help="holds once nothing can go on any more")
    again.add_argument("--trace", metavar="OUT", help="write a trace in Perfetto's format")


def _complain(text: str) -> int:
    print(f"newproc: {text}", file=sys.stderr)
    return MISUSE


def _read(name: str) -> Pattern:
    return Pattern(sys.stdin.read() if name == "-" else Path(name).read_text())


def _properties(args: argparse.Namespace) -> dict[str, Any]:
    return {"invariant": args.invariant, "eventually": args.eventually}


def _replay_line(args: argparse.Namespace, schedule: str, file: str) -> str:
    """The command that shows it again."""
    given = [f"--{name} {shlex.quote(text)}" for name, texts in _properties(args).items() for text in texts or ()]
    return " ".join(["newproc replay", shlex.quote(file), schedule, *given])


def _warning_for_people(warning: LockOrder, args: argparse.Namespace) -> str:
    lines = [f"warning: {warning.message.partition(':')[0]}, though no schedule did"]
    lines += [f"    {g}" for g in warning.goroutines]
    return "\n".join([*lines, f"    see the orders: {_replay_line(args, warning.schedule, args.file)}"])


class _Report:
    """Says what has been found, and in which pattern: the one that was searched, or a smaller one."""

    def __init__(self, args: argparse.Namespace, pattern: Pattern) -> None:
        self._args, self._pattern, self._number = args, pattern, 0

    def tell(self, finding: Finding) -> None:
        """One finding."""
        self._number += 1
        small = shrink(self._pattern, finding, **_given(self._args, "steps")) if self._args.shrink else None
        file = self._save(small.pattern, small.finding) if small is not None and self._args.save else None
        if self._args.json:
            print(self._json(finding, small, file), flush=True)
        else:
            print("\n".join(self._lines(finding, small, file)), flush=True)

    def _save(self, pattern: Pattern, finding: Finding) -> str:
        name = "pattern" if self._args.file == "-" else Path(self._args.file).stem
        file = Path(self._args.save) / f"{name}-{finding.kind}-{self._number}.json"
        try:
            file.parent.mkdir(parents=True, exist_ok=True)
            pattern.dump(file)
        except OSError as error:
            raise ArgumentError(f"{file}: cannot be written: {error.strerror}") from error
        return str(file)

    def _json(self, finding: Finding, small: Shrunk | None, file: str | None) -> str:
        told = json.loads(finding.json())
        if small is not None:
            told["smaller"] = {"pattern": small.pattern.document, **{k: v for k, v in json.loads(small.finding.json()).items() if k in _OF_SMALLER}}
        return json.dumps(told if file is None else {**told, "file": file})

    def _lines(self, finding: Finding, small: Shrunk | None, file: str | None) -> list[str]:
        shown = finding if small is None else small.finding
        again = _replay_line(self._args, shown.schedule, file or (self._args.file if small is None else "-"))
        if small is None:
            return [*_who(finding), f"    see it again: {again}"]
        if file is None:
            again = f"echo {shlex.quote(_one_line(small.pattern))} | {again}"
        bodies = [f"      {name}: {json.dumps(ops)}" for name, ops in zip(small.pattern.body_names, small.pattern.document["bodies"], strict=True)]
        return [*_who(shown), f"    the smallest pattern of {small.tried:,} that were tried:", *bodies, f"    see it again: {again}"]


_OF_SMALLER = ("goroutines", "schedule", "message")


def _one_line(pattern: Pattern) -> str:
    return json.dumps(pattern.document, separators=(",", ":"))


def _who(finding: Finding) -> list[str]:
    parts = (f"    goroutine {g.goroutine}{'' if g.body is None else f', body {g.body}'}: {g.what}" for g in finding.goroutines)
    return [f"{finding.kind}: {finding.message}", *parts]


def _given(args: argparse.Namespace, *names: str) -> dict[str, Any]:
    return {name: getattr(args, name) for name in names if getattr(args, name) is not None}


def _explore(args: argparse.Namespace) -> int:
    if args.save and not args.shrink:
        return _complain("--save writes what --shrink makes; give --shrink, too")
    if args.shrink and (args.invariant or args.eventually):
        return _complain("--shrink makes patterns smaller for what they show by themselves; leave out --invariant and --eventually, or --shrink")
    pattern = _read(args.file)
    done = explore(pattern, driver=args.driver, schedules=args.schedules, seed=args.seed, seconds=args.seconds, first=args.first,
                   find=args.find, on_finding=_Report(args, pattern).tell, shrink=not args.no_shrink, warnings=args.warnings or not args.json,
                   check_scheduler=args.check_scheduler, coverage=args.summary or not args.json, **_properties(args),
                   **_given(args, "steps", "depth", "bound", "prefix"))
    for warning in done.warnings:
        print(warning.json() if args.json else _warning_for_people(warning, args), flush=True)
    if not args.json:
        rate = f"{done.schedules / done.seconds:,.0f} a second" if done.seconds > 0 and not args.shrink else ""
        every = ", which are all there are" if done.complete else ""
        found = "1 finding" if len(done.findings) == 1 else f"{len(done.findings):,} findings"
        print(", ".join(filter(None, [f"{found} in {done.schedules:,} schedules{every}", rate])))
        print(*(f"{said}\n" for said in (done.coverage, done.missed) if said is not None), sep="", end="")
    elif args.summary:
        print(done.json())
    return 1 if done else 0


def _replay(args: argparse.Namespace) -> int:
    again = replay(_read(args.file), args.schedule, lenient=args.lenient, trace=1 << 20 if args.trace else False, **_properties(args))
    sys.stdout.write(again.text)
    sys.stdout.flush()
    if args.trace and again.trace is not None:
        again.trace.write_perfetto(args.trace)
    for finding in again.findings:
        print(f"newproc: {finding.kind}: {finding.message}", file=sys.stderr)
    return 1 if again.findings else 0


def main(args: argparse.Namespace) -> int:
    """Run one of them; the exit status."""
    try:
        return _explore(args) if args.command == "explore" else _replay(args)
    except (OSError, UnicodeDecodeError) as error:
        return _complain(f"{args.file}: cannot be read: {getattr(error, 'strerror', None) or error}")
    except PatternError as error:
        return _complain(f"{args.file}: {error}")
    except (NewprocError, ValueError) as error:
        return _complain(str(error))
