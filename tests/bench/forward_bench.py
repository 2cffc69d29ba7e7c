#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Instructions that iamodbc adds to a forwarded call: one function of each arity, counted by callgrind, wrapped less direct.

Each count is itself a difference of two runs, so that loading and connecting drop out. Ends with status 1 when a promise is broken.
Usage: forward_bench.py FORWARD_BENCH
"""
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

root = Path(__file__).resolve().parents[2]
line = re.compile(r"^PASS(?:_RACING|_AW)?\s*\(\s*\w+,\s*(\d+),\s*(\w+)")
calls = 1000
few_arguments, most_few, most_many = 6, 15, 35


def one_of_each_arity():
    functions = {}
    for text in (root / "driver/functions.def").read_text().splitlines():
        if match := line.match(text):
            functions.setdefault(int(match[1]), match[2])
    functions[1], functions[6] = "SQLFetch", "SQLGetData"  # the two that run once a row and once a cell
    return sorted(functions.items())


def instructions(program, how, function, count, folder):
    environment = {"PATH": os.environ["PATH"], "HOME": folder, "ODBCSYSINI": folder}
    command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={folder}/out", program, how, function, str(count)]
    done = subprocess.run(command, capture_output=True, text=True, env=environment, timeout=120)
    match = re.search(r"Collected : (\d+)", done.stderr)
    if done.returncode or not match:
        sys.exit(f"{program} {how} {function}: status {done.returncode}\n{done.stderr}")
    return int(match[1])


def per_call(program, how, function, folder):
    # Both runs load, connect and warm up alike; the second calls `calls` times more.
    return (instructions(program, how, function, 2 * calls, folder) - instructions(program, how, function, calls, folder)) / calls


def measure(program):
    """Prints the table and returns its rows: (arguments, function, added instructions, the most that was promised)."""
    rows = []
    print("arguments  function              added instructions  at most")
    with tempfile.TemporaryDirectory() as folder:
        for arguments, function in one_of_each_arity():
            added = per_call(program, "wrapped", function, folder) - per_call(program, "direct", function, folder)
            most = most_few if arguments <= few_arguments else most_many
            rows.append((arguments, function, added, most))
            print(f"{arguments:9}  {function:20}  {added:18.1f}  {most:7}{'  TOO MANY' if added > most else ''}", flush=True)
    return rows


def is_broken(rows):
    return any(added > most for _, _, added, most in rows)


if __name__ == "__main__":
    sys.exit(is_broken(measure(sys.argv[1])))
