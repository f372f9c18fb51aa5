"""Times every way of issuing tokens, beside the packages on PyPI, and prints one table."""

from __future__ import annotations

import argparse

from . import cases, measure, report


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument(
        "--json", action="store_true", help="print JSON, with the figures of each round"
    )
    parser.add_argument("--rounds", type=int, default=20, help="how often each row is run (20)")
    parser.add_argument("--core", type=int, help="the core to run on (the last one allowed)")
    parser.add_argument("--smoke", action="store_true", help="run everything once, on few tokens")
    options = parser.parse_args()
    if options.rounds < 1:
        parser.error("--rounds must be 1 or more")

    # Bulk rows have two chunks of an Arrow column, one for each of two threads.
    calls, rows = (10, 400) if options.smoke else (4_000, 1 << 17)
    groups = cases.groups(calls, rows)
    measure.check(groups)
    run = measure.measure(groups, 1 if options.smoke else options.rounds, options.core)
    if options.smoke:
        run.warnings.append("a smoke run: its figures say nothing")
    print(report.as_json(run) if options.json else report.table(run))


if __name__ == "__main__":
    main()
