#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Calls on an open connection, threads, memory and loading: through iamodbc beside the base driver alone, in turns, against one local RDS.

Usage: call_bench.py BENCH_FOLDER DRIVER      (IAMODBC_TEST_BOX or IAMODBC_TEST_DRIVER as in tests/live/box.py)
"""
import os
import re
import statistics
import sys
from collections import namedtuple

PAIRS, ROUNDS, PAIRS_OF_THREADS, LOADS, LONGEST = 150, 5, 40, 100, 300
# Three columns, as in most tables: an integer, a short text, a number. The server makes them up, so that it is fast.
ROWS = {"PostgreSQL": "SELECT n, concat('row ', n), n * 0.5::float8 FROM generate_series(1, %d) AS n",
        "MariaDB": "SELECT seq, concat('row ', seq), seq * 0.5e0 FROM seq_1_to_%d"}

# A call's nanoseconds over the base driver alone and over iamodbc; its speed over iamodbc as a part of the base driver's: quartiles
# and median of the pairs that nothing disturbed (measuring.h), and which part of all these are.
Timing = namedtuple("Timing", "server name threads alone through low speed high part")
Heap = namedtuple("Heap", "server name alone through")  # bytes or allocations
Load = namedtuple("Load", "server alone through alone_libraries libraries")  # us; names of files


def base_driver_file(box, section):
    with open(box.directory + "/odbcinst.ini", encoding="utf-8") as file:
        return re.search(rf"^\[{re.escape(section['Driver'])}\]\nDriver=(.*)$", file.read(), re.MULTILINE)[1]


class Runs:
    """Programs over the DSNs bench-base and bench of one server."""

    def __init__(self, box, folder, server, sections):
        self.box, self.folder, self.server = box, folder, server
        self.base, self.ours = sections

    def lines(self, program, *arguments):
        done = self.box.run([os.path.join(self.folder, program), *map(str, arguments)], trace=False, seconds=LONGEST,
                            ini={"bench-base": self.base, "bench": self.ours})
        if done.returncode != 0:
            sys.exit(f"{program} {arguments}: status {done.returncode} {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def timings(self, *arguments):
        return [Timing(self.server, name, int(threads), *map(float, numbers)) for name, threads, *numbers in self.lines("call_bench", *arguments)]

    def heap(self):
        alone, through = (self.lines("memory_bench", dsn, ROWS[self.server]) for dsn in ("bench-base", "bench"))
        return [Heap(self.server, name, float(one), float(other)) for (name, one), (_, other) in zip(alone, through)]

    def load(self, driver):
        *times, alone, through = self.lines("load_bench", LOADS, base_driver_file(self.box, self.base), driver)
        return Load(self.server, *(statistics.median(float(pair[side]) for pair in times) for side in (0, 1)), alone[1].split(), through[1].split())

    def versions(self):
        return dict(self.lines("call_bench", "versions", "bench"))


def show(timings, control):
    print("server       call                           threads  base driver, ns  through iamodbc, ns  speed (quartiles)       pairs  base driver beside itself")
    for row in timings:
        itself = next((f"{other.speed:.3f}" for other in control if (other.server, other.name) == (row.server, row.name) and row.threads == 1), "")
        print(f"{row.server:12} {row.name:30} {row.threads:7}  {row.alone:15,.0f}  {row.through:19,.0f}  "
              f"{row.speed:5.3f} ({row.low:5.3f} to {row.high:5.3f}) {row.part:4.0%}  {itself:>25}")


def measure(box, sections, folder, driver):
    """Prints tables and returns what is in them: timings of calls, of the base driver beside itself, of threads, heap, loads, and versions by server."""
    every = [Runs(box, folder, server, sections[server]) for server in ROWS if server in sections]
    calls, control, threads = [], [], []
    for runs in every:
        calls += runs.timings("calls", "bench-base", "bench", PAIRS, ROUNDS, ROWS[runs.server])
        control += runs.timings("calls", "bench-base", "bench-base", PAIRS, 1, ROWS[runs.server])
    show(calls, control)
    print("\nSeveral threads, each with a connection of its own:")
    for runs in every:
        threads += runs.timings("threads", "bench-base", "bench", PAIRS_OF_THREADS, ROWS[runs.server])
    show(threads, [])
    heap = [row for runs in every for row in runs.heap()]
    print("\nserver       memory: allocations a call, bytes     base driver  through iamodbc  added")
    for row in heap:
        print(f"{row.server:12} {row.name:36} {row.alone:12,.1f}  {row.through:15,.1f}  {row.through - row.alone:5.1f}")
    loads = [runs.load(driver) for runs in every]
    print("\nserver       loading: base driver, us  through iamodbc, us  libraries")
    for row in loads:
        print(f"{row.server:12} {row.alone:24,.0f}  {row.through:19,.0f}  {len(row.alone_libraries)} and {len(row.libraries)}")
    return calls, control, threads, heap, loads, {runs.server: runs.versions() for runs in every}


if __name__ == "__main__":
    import connect_bench
    the_box = connect_bench.live.the_box()
    measure(the_box, connect_bench.sections(the_box, ""), os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]))
