#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Connects with a login out of the cache, through iamodbc and through the base driver alone, against one local RDS.

Both DSNs of a pair log in as the same database user, with a token, over TLS with the same checks: the server does the same
work for both (the base driver finds its token in odbc.ini, iamodbc takes it from its cache), so what differs is iamodbc.
The pair `none` is a base driver that connects to nothing: iamodbc's part alone, without a server's noise.
Usage: connect_bench.py CONNECT_BENCH RECORDING_DRIVER      (IAMODBC_TEST_BOX or IAMODBC_TEST_DRIVER as in tests/live/box.py)
"""
import os
import sys
import urllib.parse

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TOP + "/tests/live")
sys.path.insert(0, TOP + "/tests/live/conformance")
import box as live  # noqa: E402
import compare  # noqa: E402

PAIRS, CONNECTS, LONGEST = 400, 800, 300


def sections(box, recording):
    token = compare.token
    nothing = {"Server": "localhost", "Port": "5432", "Database": "app", "UID": "jane_doe"}
    made = {
        "none": ({"Driver": recording, **nothing},
                 {"Driver": "iamodbc", "BaseDriver": recording, "Region": "eu-central-1", "TLSCAFile": box.ca, **nothing}),
        "PostgreSQL": (box.section("base-pg", Username=box.user, Password=urllib.parse.quote(token(box, box.port), safe="")),
                       box.section("local-pg"))}
    if "RDS_MARIA_PORT" in box.exports:
        made["MariaDB"] = (box.section("base-maria", UID=box.user, PWD=token(box, box.exports["RDS_MARIA_PORT"])),
                           box.section("local-maria"))
    return made


def measure(box, program, recording):
    """Prints the two tables and returns their rows: (server, base us, us, added us) and (server, threads, base's connects a second, ours)."""
    def run(*arguments):
        ini = {"bench-base": base, "bench": ours}
        done = box.run([program, *map(str, arguments)], ini=ini, trace=False, seconds=LONGEST)
        if done.returncode != 0:
            sys.exit(f"{arguments}: status {done.returncode} {done.stderr}")
        return map(float, done.stdout.split())

    every = sections(box, recording)
    connects, by_threads = [], []
    print("server       base driver, us  through iamodbc, us  added, us  ratio")
    for name, (base, ours) in every.items():
        alone, through, added = run("compare", "bench-base", "bench", 10 * PAIRS if name == "none" else PAIRS)
        connects.append((name, alone, through, added))
        print(f"{name:12} {alone:15.0f}  {through:19.0f}  {added:9.0f}  {through / alone:5.2f}", flush=True)
    print("\nserver       threads  base driver, connects/s  through iamodbc, connects/s  ratio")
    for name, (base, ours) in every.items():
        for threads in (1, 4, 16):
            alone, through = run("threads", "bench-base", "bench", threads, 10 * CONNECTS if name == "none" else CONNECTS)
            by_threads.append((name, threads, alone, through))
            print(f"{name:12} {threads:7}  {alone:23.0f}  {through:27.0f}  {through / alone:5.2f}", flush=True)
    return connects, by_threads


if __name__ == "__main__":
    measure(live.the_box(), *sys.argv[1:])
