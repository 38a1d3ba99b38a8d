"""The newproc command."""

from __future__ import annotations

import argparse
import sys
from importlib.resources import files
from pathlib import Path
from typing import Any, NoReturn

from . import __version__, _cli_explore
from ._errors import NewprocError, OutputError, PatternError
from ._pattern import Pattern, Result, run_jsonl

UNREADABLE = 64
MOST_SECONDS = 1e9
COSTS = ("op", "switch", "look", "steal", "wake", "syscall")

HELP = """\
Go 1.21's goroutine scheduler, exact to the last queue slot.

A spawn pattern is a small program in JSON: bodies of operations, body 0 is the main goroutine.

    {"name": "two", "bodies": [[["go", 1], ["go", 1], ["snap"], ["yield"]], [["mark", 7]]]}

    go b      starts body b            yield     to the back of the global queue
    mark k    writes k to the log      snap      writes the queues to the log
    loop n    repeats (n < 0: for ever), break and return leave; if, set, inc, atomic, assert
    goexit    ends the goroutine       panic     ends the program
"""

EXAMPLES = """\
examples:
  newproc demo                        what the scheduler does with 300 goroutines, and why
  newproc run fork.json               one pattern; on a terminal its decisions, else the log
  newproc run --log fork.json | head  the log: [goroutine, "start", body, parent], ...
  newproc run --procs 4 --seed 7 a.json --trace a.pftrace
                                      four Ps, simulated; open the trace in ui.perfetto.dev
  newproc run --html run.html fork.json
                                      a page to step through, offline
  newproc run --jsonl many.jsonl      a pattern a line; a result a line
  newproc top server.py               a Python program, and what its goroutines do while it runs
  cc prog.c $(newproc config --cflags --libs)

exit status of run: Go's, 0 or 2; 3 a limit was reached; 64 a pattern or an argument cannot be read.
"""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line, with exit status 64: argparse's own 2 is Go's for a panic."""

    def error(self, message: str) -> NoReturn:
        status = _cli_explore.MISUSE if self.prog.endswith((" explore", " replay")) else UNREADABLE
        self.exit(status, f"{self.prog}: {message}; see {self.prog} --help\n")


def _seconds(text: str) -> float:
    seconds = float(text)
    if not 0 < seconds < MOST_SECONDS:
        raise argparse.ArgumentTypeError(f"{text} is outside of 0 to {MOST_SECONDS:.0f}")
    return seconds


def _costs(text: str) -> dict[str, int]:
    costs = {}
    for part in text.split(","):
        name, _, ns = part.partition("=")
        if name not in COSTS or not ns.isdecimal():
            raise argparse.ArgumentTypeError(f"{part!r} is no cost; write NAME=NANOSECONDS with a NAME of {', '.join(COSTS)}")
        costs[f"cost_{name}"] = int(ns)
    return costs


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="newproc", description=HELP, epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", action="version", version=f"newproc {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="run | explore | replay | top | demo | config")
    run = commands.add_parser("run", help="run spawn patterns", epilog=EXAMPLES, formatter_class=argparse.RawDescriptionHelpFormatter)
    run.add_argument("files", nargs="+", metavar="FILE", help="a pattern a file; - is standard input")
    run.add_argument("--jsonl", action="store_true", help="a pattern a line in FILE; a result a line on standard output")
    run.add_argument("--log", action="store_true", help="the log's lines even on a terminal")
    run.add_argument("--procs", type=int, default=1, metavar="N", help="GOMAXPROCS (default 1)")
    run.add_argument("--seed", type=int, default=1, metavar="S", help="of the sim world's choices (default 1)")
    run.add_argument("--world", choices=("sim", "threads"), default="sim", help="simulated, or on OS threads (default sim)")
    run.add_argument("--parallel", action="store_true", help="Ms move at once, each by its own virtual clock; prints how long it took, and steals")
    run.add_argument("--costs", type=_costs, default={}, metavar="NAME=NS,...",
                     help="with --parallel: of op (50), switch (50), look (5), steal (200), wake (5000), syscall (100)")
    run.add_argument("--snapshot", action="store_true", help="print the state at the end")
    run.add_argument("--trace", metavar="OUT", help="write a trace in Perfetto's format")
    run.add_argument("--html", metavar="OUT", help="write a page to step through the run with all its queues")
    run.add_argument("--max-steps", type=int, metavar="N", help="most operations (default 10,000,000)")
    run.add_argument("--max-goroutines", type=int, metavar="N", help="most alive at once (default 1,000,000)")
    run.add_argument("--max-log", type=int, metavar="BYTES", help="most bytes of log (default 256 MiB)")
    run.add_argument("--max-seconds", type=_seconds, metavar="S", help="longest run (default 10)")
    _cli_explore.add(commands)
    top = commands.add_parser("top", help="run a Python script, and show its schedulers while they run")
    top.add_argument("script", metavar="SCRIPT.py", help="the program; its runs on OS threads are shown on standard error")
    top.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARG", help="of the script")
    top.add_argument("--every", type=_seconds, default=0.5, metavar="S", help="seconds between two looks (default 0.5)")
    top.add_argument("--leaked-after", type=_seconds, default=10.0, metavar="S", help="a goroutine that waits so long is called leaked (default 10)")
    top.add_argument("--no-trace", action="store_true", help="keep no events: costs the program less, tells less (who polls, stole, ran for long)")
    commands.add_parser("demo", help="a run worth seeing, explained")
    config = commands.add_parser("config", help="flags to compile and link against newproc.h")
    config.add_argument("--cflags", action="store_true", help="for the compiler")
    config.add_argument("--libs", action="store_true", help="for the linker")
    return parser


def _limits(args: argparse.Namespace) -> dict[str, int]:
    given = {"steps": args.max_steps, "goroutines": args.max_goroutines, "log_bytes": args.max_log,
             "nanos": None if args.max_seconds is None else int(args.max_seconds * 1e9)}
    for name, value in given.items():
        if value is not None and value <= 0:
            raise SystemExit(_complain(f"the limit of {name} is {value}; give a number above 0"))
    return {name: value for name, value in given.items() if value is not None}


def _settings(args: argparse.Namespace) -> dict[str, Any]:
    if args.costs and not args.parallel:
        raise SystemExit(_complain("--costs are what --parallel takes; give --parallel, too"))
    settings = {"procs": args.procs, "seed": args.seed, "world": args.world}
    return {**settings, "parallel": 1, **args.costs} if args.parallel else settings


def _complain(text: str) -> int:
    print(f"newproc: {text}", file=sys.stderr)
    return UNREADABLE


def _read(name: str) -> str:
    return sys.stdin.read() if name == "-" else Path(name).read_text()


def _run_one(name: str, text: str, args: argparse.Namespace, people: bool) -> int:
    pattern = Pattern(text)
    settings = _settings(args)
    if args.trace or args.html or people or args.parallel:
        settings["trace"] = 1 << 20
    if people or args.trace or args.html or args.snapshot or args.parallel:
        result = pattern.run(limits=_limits(args), snapshot=args.snapshot, **settings)
        if args.html:
            _write_page(result, args.html)
        if args.trace and result.trace is not None:
            result.trace.write_perfetto(args.trace)
        if people:
            from rich.console import Console

            from .show import show

            show(Console(), pattern.name or name, result)
        else:
            _write_log(pattern.log_text(limits=_limits(args), **_settings(args))[0])
        if args.snapshot:
            print(repr(result.snapshot))
        if result.end:
            print(result.end, file=sys.stderr)
        if args.parallel and result.trace is not None:
            print(f"newproc: {args.procs} Ps in parallel: {result.trace.times()}", file=sys.stderr)
        return result.rc
    log, rc, end = pattern.log_text(limits=_limits(args), **settings)
    _write_log(log)
    if end:
        print(end, file=sys.stderr)
    return rc


def _write_page(result: Result, path: str) -> None:
    try:
        result.to_html(path)
    except OSError as error:
        raise OutputError(f"--html {path} cannot be written: {error.strerror or error}") from None


def _write_log(log: str) -> None:
    sys.stdout.write(log)
    sys.stdout.flush()


def _run(args: argparse.Namespace) -> int:
    people = sys.stdout.isatty() and not args.log and not args.jsonl
    worst = 0
    for name in args.files:
        try:
            text = _read(name)
        except (OSError, UnicodeDecodeError) as error:
            return _complain(f"{name}: cannot be read: {getattr(error, 'strerror', None) or error}")
        try:
            if args.jsonl:
                run_jsonl(text, lambda line: sys.stdout.write(line + "\n"), limits=_limits(args), **_settings(args))
            else:
                worst = max(worst, _run_one(name, text, args, people))
        except PatternError as error:
            return _complain(f"{name}: {error}")
        except NewprocError as error:
            return _complain(str(error))
    return worst


def _demo() -> int:
    from rich.console import Console

    from .show import show

    pattern = Pattern(files("newproc").joinpath("demo.json").read_text())
    show(Console(), "newproc demo: what Go 1.21 does with 304 goroutines on one P", pattern.run(trace=1 << 16))
    return 0


def _top(args: argparse.Namespace) -> int:
    from ._top import run_script

    if not Path(args.script).is_file():
        return _complain(f"{args.script}: no such script; give a Python file")
    run_script(args.script, args.arguments, seconds=args.every, leaked_after=args.leaked_after, trace=not args.no_trace)
    return 0


def _config(args: argparse.Namespace) -> int:
    here = Path(__file__).resolve().parent
    words = []
    if args.cflags or not args.libs:
        words.append(f"-I{here / 'include'}")
    if args.libs or not args.cflags:
        library = next(here.glob("libnewproc.so.1"), None)
        if library is None:
            return _complain(f"libnewproc.so.1 is not in {here}; reinstall the package")
        words.append(f"{library} -Wl,-rpath,{here}")
    print(" ".join(words))
    return 0


def main(argv: list[str] | None = None) -> int:
    """Run the command; the exit status."""
    args = _parser().parse_args(argv)
    try:
        if args.command == "run":
            return _run(args)
        if args.command in ("explore", "replay"):
            return _cli_explore.main(args)
        if args.command == "top":
            return _top(args)
        return _demo() if args.command == "demo" else _config(args)
    except BrokenPipeError:
        return 0
    except KeyboardInterrupt:
        return 130


if __name__ == "__main__":
    sys.exit(main())
