"""The measurements of one run as a CSV file and as a table for people."""

import csv
import statistics

from targets import OPERATIONS, SPEEDUP, TARGETS

OURS, GO = "newproc", "go1.21"


def median(runs, which):
    return statistics.median(run[which] for run in runs)


def write_csv(path, cells):
    """cells: {(program, workload, workers): [(cold_ns, warm_ns), ...]}; a row each."""
    with open(path, "w", newline="") as file:
        out = csv.writer(file)
        out.writerow("program workload workers warm_median_ns warm_min_ns cold_median_ns runs ratio_to_go".split())
        for (program, workload, workers), runs in cells.items():
            if not runs:
                out.writerow([program, workload, workers, "", "", "", 0, ""])
                continue
            go = cells.get((GO, workload, workers))
            ratio = f"{median(go, 1) / median(runs, 1):.2f}" if go else ""
            warm_min = min(run[1] for run in runs)
            out.writerow([program, workload, workers, f"{median(runs, 1):.1f}", f"{warm_min:.1f}",
                          f"{median(runs, 0):.1f}", len(runs), ratio])


def rows(cells, programs, workloads, workers):
    """A row per workload and number of workers: warm medians, Go's ratio, its target, the verdict."""
    for n in workers:
        for workload in workloads:
            ours, go = cells.get((OURS, workload, n)), cells.get((GO, workload, n))
            times = [f"{median(cells[p, workload, n], 1):.1f}" if cells.get((p, workload, n)) else "-" for p in programs]
            target = TARGETS.get((workload, n))
            ratio = median(go, 1) / median(ours, 1) if ours and go else None
            verdict = ""
            if target and ratio is not None:
                verdict = "holds" if ratio >= target.ratio else "missed"
            yield [workload, str(n), *times, f"{ratio:.1f}" if ratio is not None else "-",
                   f"{target.ratio:.2g}" if target else "", f"{target.ns:g}" if target else "", verdict]


def speedups(cells, programs):
    """W5us: how much faster two Ps are than one."""
    for program in programs:
        one, two = cells.get((program, "W5us", 1)), cells.get((program, "W5us", 2))
        if not one or not two:
            continue
        speedup = median(one, 1) / median(two, 1)
        verdict = f" ({'holds' if speedup >= SPEEDUP else 'missed'}: {SPEEDUP} asked for)" if program == OURS else ""
        yield f"W5us, 2 workers against 1: {program} {speedup:.2f}x{verdict}"


def show(cells, programs, workloads, workers):
    """Prints the table. Times are warm medians in ns per operation."""
    head = ["workload", "Ps", *programs, "Go/newproc", "asked", "target ns", ""]
    lines = [head, *rows(cells, programs, workloads, workers)]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]
    for line in lines:
        print("  ".join(text.ljust(width) if i == 0 else text.rjust(width)
                        for i, (text, width) in enumerate(zip(line, widths))).rstrip())
    for line in speedups(cells, programs):
        print(line)
    for workload in workloads:
        print(f"  {workload}: {OPERATIONS.get(workload, workload)}")
