"""The commands newproc explore and newproc replay."""

from __future__ import annotations

import argparse
import shlex
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ._errors import NewprocError, PatternError
from ._explore import Finding, explore, replay
from ._finding import KINDS
from ._pattern import Pattern

MISUSE = 2
EXAMPLES = """\
examples:
  newproc explore fork.json                        10,000 schedules; what they find, and how to see it again
  newproc explore fork.json --driver dfs           every order of operations that conflict
  newproc explore fork.json --json --find deadlock,leak
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
    find.add_argument("--json", action="store_true", help="a JSON object a finding")
    again = make("replay", help="run one schedule again", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    again.add_argument("file", metavar="FILE", help="a pattern; - is standard input")
    again.add_argument("schedule", metavar="SCHEDULE", help="as explore prints it")
    again.add_argument("--lenient", action="store_true", help="pass over what does not fit the program")
    again.add_argument("--trace", metavar="OUT", help="write a trace in Perfetto's format")


def _complain(text: str) -> int:
    print(f"newproc: {text}", file=sys.stderr)
    return MISUSE


def _read(name: str) -> Pattern:
    return Pattern(sys.stdin.read() if name == "-" else Path(name).read_text())


def _for_people(finding: Finding, file: str) -> str:
    lines = [f"{finding.kind}: {finding.message}"]
    lines += [f"    goroutine {g.goroutine}{'' if g.body is None else f', body {g.body}'}: {g.what}" for g in finding.goroutines]
    return "\n".join([*lines, f"    see it again: newproc replay {shlex.quote(file)} {finding.schedule}"])


def _explore(args: argparse.Namespace) -> int:
    given = {name: getattr(args, name) for name in ("steps", "depth", "bound", "prefix") if getattr(args, name) is not None}

    def tell(finding: Finding) -> None:
        print(finding.json() if args.json else _for_people(finding, args.file), flush=True)

    done = explore(_read(args.file), driver=args.driver, schedules=args.schedules, seed=args.seed, seconds=args.seconds, first=args.first,
                   find=args.find, on_finding=tell, shrink=not args.no_shrink, **given)
    if not args.json:
        rate = f"{done.schedules / done.seconds:,.0f} a second" if done.seconds > 0 else ""
        every = ", which are all there are" if done.complete else ""
        found = "1 finding" if len(done.findings) == 1 else f"{len(done.findings):,} findings"
        print(f"{found} in {done.schedules:,} schedules{every}, {rate}")
    return 1 if done else 0


def _replay(args: argparse.Namespace) -> int:
    again = replay(_read(args.file), args.schedule, lenient=args.lenient, trace=1 << 20 if args.trace else False)
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
