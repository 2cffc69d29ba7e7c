#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""reliability: breaks what a login stands on, one thing after the other, and prints one table.

  reliability.py --quick | --full [--only GROUP[,GROUP...]] [--write FILE]

GROUP is one of GROUPS below: a file of this folder. --write puts the table into FILE between its two marks. What this machine cannot do (without root, without gdb) is
shown as NOT RUN. The last line is `N passed, M failed`, a fault each; the status is 0 only if nothing was lost and nothing leaked."""
import argparse
import datetime
import importlib
import os
import platform
import sys
import time
import traceback

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import faults  # noqa: E402  pylint: disable=wrong-import-position

GROUPS = ["secrets_left", "allocations", "servers", "processes", "machine", "network", "loads"]
BEGIN, END = "<!-- the table of ./dev reliability --full begins -->", "<!-- it ends -->"
HEAD = ("fault or load", "count", "lost", "leaked", "seconds")


def line(cells, width):
    name, *numbers = cells
    return f"{name:<{width}}  " + "  ".join(f"{number:>7}" for number in numbers)


def judge(place, fault):
    """The cells of a row, and what there is to say of it."""
    started = time.monotonic()
    try:
        outcome = fault.run(place)
    except faults.NotRun as reason:
        return None, [f"NOT RUN: {fault.name}: {reason}"]
    except faults.Dead as error:
        outcome = faults.Outcome(lost=[f"the program {error}"])
    except Exception:  # pylint: disable=broad-except
        outcome = faults.Outcome(lost=[traceback.format_exc().strip().replace("\n", "\n    ")])
    if not outcome.count and not outcome.lost:
        outcome.lost.append("nothing was tried")
    remarks = [f"  {fault.name}: lost: {one}" for one in outcome.lost[:12]] + [f"  {fault.name}: leaked: {one}" for one in outcome.leaked[:12]]
    return (fault.name, outcome.count, len(outcome.lost), len(outcome.leaked), round(time.monotonic() - started)), remarks


def markdown(rows, not_run, command, seconds):
    lines = [f"`{command}` on {datetime.date.today().isoformat()}, {platform.machine()}, {os.cpu_count()} cores, in {round(seconds / 60)} minutes:", "",
             "| " + " | ".join(HEAD[:4]) + " |", "|---|---:|---:|---:|"]
    lines += [f"| {name} | {count:,} | {lost} | {leaked} |" for name, count, lost, leaked, _ in rows]
    return "\n".join(lines + ([""] + [f"{one}." for one in not_run] if not_run else []))


def write(path, text):
    with open(path, encoding="utf-8") as file:
        before, _, rest = file.read().partition(BEGIN)
    _, _, after = rest.partition(END)
    if not rest:
        raise SystemExit(f"{path} has no line {BEGIN}")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f"{before}{BEGIN}\n{text}\n{END}{after}")


def main():
    parser = argparse.ArgumentParser(usage=__doc__)
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--quick", action="store_true")
    length.add_argument("--full", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--write")
    options = parser.parse_args()
    groups = options.only.split(",") if options.only else GROUPS
    wrong = [name for name in groups if name not in GROUPS]
    if wrong:
        parser.error(f"no such group: {', '.join(wrong)}; there are {', '.join(GROUPS)}")

    started, place = time.monotonic(), faults.Place(options.full)
    todo = [fault for name in groups for fault in importlib.import_module(name).FAULTS if options.full or not fault.full_only]
    width = max(len(fault.name) for fault in todo)
    rows, not_run, remarks = [], [], []
    print(line(HEAD, width), flush=True)
    for fault in todo:
        row, said = judge(place, fault)
        if row is None:
            not_run += said
            print(said[0], flush=True)
            continue
        rows.append(row)
        remarks += said
        print(line(row, width), flush=True)
        print("".join(one + "\n" for one in said), end="", flush=True)
    failed = sum(1 for row in rows if row[2] or row[3])
    print(f"{sum(row[1] for row in rows)} tried, {sum(row[2] for row in rows)} lost, {sum(row[3] for row in rows)} leaked, in {time.monotonic() - started:.0f} s")
    if options.write and not failed:
        write(options.write, markdown(rows, not_run, "./dev reliability " + ("--full" if options.full else "--quick"), time.monotonic() - started))
    print(f"{len(rows) - failed} passed, {failed} failed")
    return 0 if rows and not failed else 1


if __name__ == "__main__":
    sys.exit(main())
