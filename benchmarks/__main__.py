"""Times every way of issuing tokens, beside the packages on PyPI, and prints one table."""

from __future__ import annotations

import argparse
from pathlib import Path

from . import cases, measure, report


def main() -> None:
    cores, kernels = measure.allowed_cores(), measure.native().available_kernels("sha256")
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--json", action="store_true", help="print JSON, with the figures of each round"
    )
    parser.add_argument(
        "--into", type=Path, metavar="FILE", help="put the table between the two marks in FILE too"
    )
    parser.add_argument("--rounds", type=int, default=20, help="how often each row is run (20)")
    parser.add_argument("--core", type=int, choices=sorted(cores), help="run there (on the last)")
    parser.add_argument(
        "--only", default="", metavar="TEXT", help="tokens whose name has TEXT in it"
    )
    parser.add_argument("--kernel", choices=kernels, help="hash with this, instead of the best")
    parser.add_argument("--smoke", action="store_true", help="run everything once, on few tokens")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")

    if options.kernel:
        measure.native().force_kernel("sha256", options.kernel)
    # Bulk rows have two chunks of an Arrow column, one for each of two threads.
    calls, rows = (10, 400) if options.smoke else (4_000, 1 << 17)
    groups = [group for group in cases.groups(calls, rows) if options.only in group.cases[0].token]
    if not groups:
        parser.error(f"there are no tokens with {options.only!r} in their name")
    measure.check(groups)
    run = measure.measure(groups, 1 if options.smoke else options.rounds, options.core)
    if options.smoke:
        run.warnings.append("a smoke run: its figures say nothing")
    if options.into:
        report.replace_table(options.into, report.table(run))
    print(report.as_json(run) if options.json else report.table(run))


if __name__ == "__main__":
    main()
