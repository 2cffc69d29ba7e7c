#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the fuzz targets: every one, or those that are named, for SECONDS of processor time each, two at a time.

    fuzz.py [--together N] [--merge] BUILD SECONDS [TARGET...]

Prints a line a target as it ends: executions, seconds, crashes; ends with `N passed, M failed`. What a target finds interesting is kept in
BUILD/corpus and built upon by the next run; --merge then takes the fewest of these inputs that reach the same into tests/fuzz/corpus.
An input that breaks something is kept in tests/fuzz/crashes, where an ordinary test runs it from then on.
"""

import argparse
import concurrent.futures
import os
import pathlib
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
LONGEST_INPUT = 4000
MOST_KEPT_BYTES = 40_000
TICKS = os.sysconf("SC_CLK_TCK")


def processor_seconds(pid):
    """What a process has used of the processor; None when it has ended."""
    try:
        fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(fields[11]) + int(fields[12])) / TICKS


def kept(kind, target):
    folder = HERE / kind / target
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def command(build, target, *options):
    dictionary = HERE / "dictionaries" / f"{target}.dict"
    return [str(build / "tests/fuzz" / f"fuzz_{target}"), f"-max_len={LONGEST_INPUT}", "-timeout=60", "-report_slow_units=60", "-rss_limit_mb=2048",
            *([f"-dict={dictionary}"] if dictionary.exists() else []), *options]


def environment(scratch):
    """Without what the machine knows of AWS; a leak that cannot be looked for is none that is found."""
    known = {name: value for name, value in os.environ.items() if not name.startswith(("AWS_", "PG", "ODBC", "RECORDING_"))}
    return {**known, "TMPDIR": scratch, "UBSAN_OPTIONS": "print_stacktrace=1", "ASAN_OPTIONS": "allocator_may_return_null=1"}


def run(build, target, seconds, log, scratch):
    """Executions, seconds of the processor, and the crash files that came of it."""
    corpus = build / "corpus" / target
    corpus.mkdir(parents=True, exist_ok=True)
    crashes = kept("crashes", target)
    before = set(crashes.iterdir())
    kept("corpus", target)
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(build, target, "-print_final_stats=1", f"-artifact_prefix={crashes}/", str(corpus), str(HERE / "corpus" / target)),
            stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT, env=environment(scratch))
        used, asked = 0.0, False
        while process.poll() is None:
            now = processor_seconds(process.pid)
            used = max(used, now or 0.0)
            if used >= seconds and not asked:
                process.send_signal(signal.SIGINT)  # libFuzzer then says what it did
                asked = True
            time.sleep(0.2)
    text = log.read_text(errors="replace")
    count = re.findall(r"stat::number_of_executed_units: +(\d+)", text)
    found = sorted(set(crashes.iterdir()) - before)
    if not count or (process.returncode != 0 and not asked and not found):
        raise RuntimeError(f"ended with status {process.returncode} (log: {log})")
    return int(count[-1]), used, found


def merge(build, target, scratch):
    """The fewest inputs of the grown and the kept corpus that reach all that both reach, the shortest first."""
    folder = kept("corpus", target)
    with tempfile.TemporaryDirectory(dir=scratch) as fresh:
        subprocess.run(command(build, target, "-set_cover_merge=1", fresh, str(folder), str(build / "corpus" / target)),
                       check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment(scratch))
        room = MOST_KEPT_BYTES - sum(path.stat().st_size for path in folder.iterdir())
        known = {path.read_bytes() for path in folder.iterdir()}
        for path in sorted(pathlib.Path(fresh).iterdir(), key=lambda path: (path.stat().st_size, path.name)):
            content = path.read_bytes()
            if content in known or len(content) > room:
                continue
            room -= len(content)
            shutil.copyfile(path, folder / path.name)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--together", type=int, default=2)
    parser.add_argument("--merge", action="store_true")
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("seconds", type=float)
    parser.add_argument("targets", nargs="*")
    given = parser.parse_args()
    build = given.build.resolve()
    programs = sorted((build / "tests/fuzz").glob("fuzz_*"))
    targets = given.targets or [path.name.removeprefix("fuzz_") for path in programs if os.access(path, os.X_OK) and path.is_file()]
    logs = build / "log"
    logs.mkdir(parents=True, exist_ok=True)
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="iamodbc-fuzz-") as scratch, concurrent.futures.ThreadPoolExecutor(given.together) as pool:
        started = {pool.submit(run, build, target, given.seconds, logs / f"{target}.log", scratch): target for target in targets}
        for future in concurrent.futures.as_completed(started):
            target = started[future]
            try:
                executions, seconds, crashes = future.result()
            except RuntimeError as error:
                print(f"{target:<20} {error}", flush=True)
                failed += 1
                continue
            print(f"{target:<20} {executions:>10} executions  {seconds:>6.0f} s  {len(crashes)} crashes", flush=True)
            for path in crashes:
                print(f"  {path} (log: {logs / target}.log)", flush=True)
            if crashes:
                failed += 1
            else:
                passed += 1
            if given.merge:
                merge(build, target, scratch)
    print(f"{passed} passed, {failed} failed")
    return 0 if failed == 0 and passed > 0 else 1


if __name__ == "__main__":
    sys.exit(main())
