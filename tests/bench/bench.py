#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""bench: every benchmark in one run, shown as it goes; then docs/benchmarks.md and its picture are written from that run.

  bench.py BUILD_FOLDER      a Release build of the driver and of tests/bench (IAMODBC_TEST_BOX or IAMODBC_TEST_DRIVER as in tests/live/box.py)

What is written names the command, versions, the number of processors and a date that is SOURCE_DATE_EPOCH's or the commit's; nothing of the
machine. The status is 1 when a promise of forward_bench.py is broken.
"""
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field

import discover_bench

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
FETCHES = ("fetch bound", "fetch by SQLGetData", "fetch in blocks")
FORWARDED = ("SQLGetStmtAttr", "SQLNumResultCols", "SQLFetch", "SQLGetData")
LEAST_FETCH_SPEED, MOST_BYTES, MOST_SIMPLE_BYTES = 0.99, 128, 256

WHAT = {
    "SQLGetStmtAttr": "`SQLGetStmtAttr`",
    "SELECT 1": "`SELECT 1`: execute, fetch, `SQLGetData`, close",
    "statement allocated and freed": "allocate and free a statement",
    "execute": "`SQLExecDirect` of 1,000,000 rows, by row",
    "fetch bound": "fetch 1,000,000 rows, bound, by row",
    "fetch by SQLGetData": "fetch 1,000,000 rows, `SQLGetData`, by row",
    "fetch in blocks": "fetch 1,000,000 rows in blocks of 1,000, by row",
    "SELECT of 1,000 rows": "execute and fetch 1,000 rows, bound",
}


@dataclass
class Results:
    """What one run measured; the shapes of rows are those of the modules that measure."""
    forwards: list = field(default_factory=list)
    tokens: list = field(default_factory=list)  # (name, us, tokens a second)
    connects: list = field(default_factory=list)
    connects_by_threads: list = field(default_factory=list)
    calls: list = field(default_factory=list)
    control: list = field(default_factory=list)
    threads: list = field(default_factory=list)
    heap: list = field(default_factory=list)
    loads: list = field(default_factory=list)
    discovery: discover_bench.Discovery = None
    versions: dict = field(default_factory=dict)  # of each server's run


# ---- aims ----


def heap_added(results, names):
    return {(row.server, row.name): row.through - row.alone for row in results.heap if row.name in names}


def slower_with_threads(results):
    """Calls whose speed beside the base driver's is lower with more threads than with one: the quartiles lie wholly below."""
    one = {(row.server, row.name): row for row in results.threads if row.threads == 1}
    return [row for row in results.threads if row.high < one[row.server, row.name].low]


def aims(results):
    """(aim, whether it is met, what was measured), one each."""
    few = [added for arguments, _, added, _ in results.forwards if arguments <= 6]
    many = [added for arguments, _, added, _ in results.forwards if arguments > 6]
    fetches = [row for row in results.calls if row.name in FETCHES]
    slower = slower_with_threads(results)
    size = max(heap_added(results, ["bytes a statement"]).values())
    allocated = heap_added(results, FORWARDED)
    seen = "so with 4 and with 16 threads" if not slower else "; ".join(f"{row.name}: {row.speed:.2f} with {row.threads} ({row.server})" for row in slower)
    simple = "" if size <= MOST_BYTES else f"; at most {MOST_SIMPLE_BYTES} is what a simpler way may take, and that is {met(size <= MOST_SIMPLE_BYTES)}"
    return [
        ("at most 15 instructions more a forwarded call, 35 from seven arguments on", not any(added > most for *_, added, most in results.forwards),
         f"at most {max(few):.0f} and {max(many):.0f}"),
        (f"a fetch runs at {LEAST_FETCH_SPEED} of the base driver's speed or better", all(round(row.speed, 3) >= LEAST_FETCH_SPEED for row in fetches),
         "; ".join(f"{row.name}: {row.speed:.3f} ({row.server})" for row in fetches)),
        ("threads scale as the base driver's: the speed beside it is not lower than with one (the quartiles meet)", not slower, seen),
        (f"at most {MOST_BYTES} bytes a statement", size <= MOST_BYTES, f"{size:.0f} with the lists that statements are in{simple}"),
        ("a forwarded call takes nothing from the heap", not any(allocated.values()),
         f"{sum(allocated.values()):.0f} allocations more in {len(allocated)} kinds of 1,000 calls"),
        (f"3,000 databases over 20 regions are found within {discover_bench.MOST_SECONDS} s and {discover_bench.MOST_MEGABYTES} MB", results.discovery.is_met,
         f"{results.discovery.seconds:.1f} s, {results.discovery.megabytes:.0f} MB"),
    ]


def met(is_met):
    return "met" if is_met else "not met"


# ---- the document ----


def table(head, rows):
    return "\n".join(["| " + " | ".join(head) + " |", "|---" * len(head) + "|", *("| " + " | ".join(row) + " |" for row in rows)])


def duration(nanoseconds):
    if nanoseconds < 1000:
        return f"{nanoseconds:.1f} ns"
    if nanoseconds < 1e6:
        return f"{nanoseconds / 1e3:.1f} us"
    return f"{nanoseconds / 1e6:.2f} ms"


def of_calls(results):
    itself = {(row.server, row.name): row for row in results.control}
    order = [name for name in WHAT if name in {row.name for row in results.calls}]
    rows = []
    for row in sorted(results.calls, key=lambda row: order.index(row.name)):
        other = itself[row.server, row.name]
        rows.append((WHAT[row.name], row.server, duration(row.alone), duration(row.through), f"**{row.speed:.3f}** ({row.low:.3f} to {row.high:.3f}), {row.part:.0%}",
                     f"{other.speed:.3f} ({other.low:.3f} to {other.high:.3f}), {other.part:.0%}"))
    return table(("", "server", "base driver alone", "through iamodbc", "speed", "base driver beside itself"), rows)


def of_threads(results):
    rows = {}
    for row in results.threads:
        rows.setdefault((row.name, row.server), {})[row.threads] = row
    return table(("", "server", "1 thread", "4 threads", "16 threads", "speed with 1, 4, 16"),
                 [(WHAT[name], server, *(f"{1e9 / row.alone:,.0f}, {1e9 / row.through:,.0f}" for row in by_number.values()),
                   ", ".join(f"{row.speed:.2f}" for row in by_number.values())) for (name, server), by_number in rows.items()])


def of_connects(results):
    rates = {}
    for server, _, alone, through in results.connects_by_threads:
        rates.setdefault(server, []).append(f"{through / alone:.2f}")
    return table(("server", "base driver alone", "through iamodbc", "added", "speed", "speed with 1, 4, 16 threads"),
                 [("none (a base driver that connects to nothing)" if server == "none" else server, f"{alone:,.0f} us", f"{through:,.0f} us",
                   f"{added:,.0f} us", f"{alone / through:.2f}", ", ".join(rates[server])) for server, alone, through, added in results.connects])


def of_heap(results):
    rows = [(row.name, row.server, f"{row.alone:,.1f}", f"{row.through:,.1f}", f"{row.through - row.alone:,.1f}") for row in results.heap]
    sizes = [row for row in rows if row[0] == "bytes a statement"]
    allocations = [("allocations: " + row[0], *row[1:]) for row in rows if row not in sizes]
    return table(("", "server", "base driver alone", "through iamodbc", "added"), sizes + allocations)


def of_loads(results):
    return table(("server", "base driver alone", "iamodbc, then the base driver", "libraries", "with iamodbc"),
                 [(row.server, duration(1000 * row.alone), duration(1000 * row.through), str(len(row.alone_libraries)), str(len(row.libraries)))
                  for row in results.loads])


def added_libraries(results):
    return "\n\n".join(f"Added over {row.server}'s: " + ", ".join(f"`{name}`" for name in row.libraries if name not in row.alone_libraries) + "."
                       for row in results.loads)


def document(results, facts):
    """docs/benchmarks.md; `facts`: what `about` gives."""
    return f"""# What iamodbc costs

Written by `./dev bench`, all of it from one run: the same programs, through unixODBC, over a DSN of the base driver alone and over one of iamodbc, to
the same local servers, as the same database user, with TLS. The two take turns, the first of each pair being now one, now the other. *Speed* is
iamodbc's as a part of the base driver's: 1 is as fast, 0.99 is 1 % slower. It is the median of the pairs that nothing disturbed, with the quartiles in
brackets, and which part of all pairs these are: a pair counts if neither took more than 1.5 times what a tenth of its turns stays below. The last column of the
first table is the base driver compared with itself in the same way: what differs from 1 there is noise.
The times are those of one machine; take the ratios.

{facts}

![The speed of calls through iamodbc as a part of the base driver's, and calls per second with 1, 4 and 16 threads](benchmarks.svg)

## Aims

{table(("aim", "", "measured"), [(aim, f"**{met(is_met)}**", seen) for aim, is_met, seen in aims(results)])}

## Calls on an open connection

A row has an integer, a text of some ten characters and a double. To fetch is timed without the `SQLExecDirect` before it, in pairs of 10,000 rows out of two results that
stand open.

{of_calls(results)}

## Threads

Calls per second, base driver alone and through iamodbc; each thread has a connection of its own.

{of_threads(results)}

## Memory

Live bytes of the heap for each of 3,000 statements of one connection (base driver and driver manager included), and allocations a call. Counted, not timed.

{of_heap(results)}

## Connecting

With a token out of the cache, beside the base driver alone with the same token.

{of_connects(results)}

Signing a token: {"; ".join(f"{us:.1f} us, {rate:,.0f} a second ({name})" for name, us, rate in results.tokens)}.

## Loading

`dlopen` in a new process that has the driver manager only; files are in the machine's cache. What iamodbc needs is mostly what libcurl needs.

{of_loads(results)}

{added_libraries(results)}

## Discovering

`iamodbc discover`: {discover_bench.told(results.discovery)}.

## Instructions

Added to a forwarded call, one function of each number of arguments, counted by callgrind over a base driver that only records; without the driver manager.

{table(("arguments", "function", "added", "at most"), [(str(arguments), f"`{name}`", f"{added:.1f}", str(most)) for arguments, name, added, most in results.forwards])}
"""


# ---- facts ----


def said_by(*command):
    try:
        done = subprocess.run(command, cwd=TOP, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
                              timeout=10)
    except OSError:
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def day():
    """The day of SOURCE_DATE_EPOCH, else of the commit."""
    seconds = os.environ.get("SOURCE_DATE_EPOCH") or said_by("git", "-c", "safe.directory=*", "log", "-1", "--format=%ct")
    return time.strftime("%Y-%m-%d", time.gmtime(int(seconds))) if seconds else "unknown"


def version():
    with open(TOP + "/CMakeLists.txt", encoding="utf-8") as file:
        number = re.search(r"project\(\s*iamodbc\b[^)]*?VERSION\s+([\d.]+)", file.read())
    return number[1] if number else "unknown"


def about(results, load):
    """Versions, processors, day; `load`: at the start."""
    def library(name):
        return said_by("pkg-config", "--modversion", name) or "?"
    servers = [f"{found['server']} {found['server version']} through {found['base driver']} {found['base driver version']}"
               for found in results.versions.values()]
    compiler = said_by("c++", "-dumpfullversion") or "?"
    return (f"iamodbc {version()} of {day()} (Release, C++ compiler {compiler}, OpenSSL {library('libcrypto')}, libcurl {library('libcurl')}), unixODBC {library('odbc')}, "
            f"{', '.join(servers)}; {len(os.sched_getaffinity(0))} processors, load at the start {load:.1f}.")


# ---- the picture ----

PICTURE = """set terminal svg size 1120,760 font 'sans-serif,13' background 'white' noenhanced name 'benchmarks'
set output 'benchmarks.svg'
set multiplot
set tics nomirror
set border 3
set style line 1 lc rgb '#336791' lw 2 pt 7 ps 0.9
set style line 2 lc rgb '#c0765a' lw 2 pt 5 ps 0.9
set grid x lc rgb '#dddddd'
set origin 0,0
set size 0.52,1
set lmargin 27
set bmargin 5
set title 'Speed through iamodbc (median, quartiles)'
set xlabel 'as a part of the base driver alone, same run'
set xrange [{least}:{most}]
set yrange [{count} - 0.5:-0.7]
set ytics ({names})
set arrow 1 from 1, graph 0 to 1, graph 1 nohead lc rgb '#555555'
set key at screen 0.01, screen 0.01 bottom left Left reverse horizontal
plot 'calls.PostgreSQL' using 3:1:4:5 with xerrorbars ls 1 title 'PostgreSQL', 'calls.MariaDB' using 3:2:4:5 with xerrorbars ls 2 title 'MariaDB'
unset arrow 1
set ytics auto
set xrange [0.8:20]
set yrange [300:2e8]
set logscale xy
set grid x y lc rgb '#dddddd'
set xtics (1, 4, 16)
set format y '%.0s%c'
set lmargin 9
set key at screen 0.99, screen 0.01 bottom right horizontal samplen 4
"""
PANEL = """unset label
set origin 0.53,{at}
set size 0.47,0.46
set bmargin 4
set xlabel 'threads'
set title '{server}: calls per second'
{labels}
plot {lines}, keyentry with lines lc rgb '#444444' lw 5 dt '.' title 'base driver alone', keyentry with linespoints lc rgb '#444444' lw 1.5 pt 7 ps 0.7 title 'through iamodbc'
unset key
"""
COLOURS = ("#336791", "#c0765a", "#4e9a51", "#8464a8")


def picture(results, folder):
    """Writes gnuplot's script and what it reads into the folder."""
    names = [name for name in WHAT if name in {row.name for row in results.calls}]
    shown = [row for row in results.calls if row.name in names]
    for server in ("PostgreSQL", "MariaDB"):
        with open(f"{folder}/calls.{server}", "w", encoding="utf-8") as file:
            for row in shown:
                if row.server == server:
                    at = names.index(row.name)
                    file.write(f"{at - 0.12} {at + 0.12} {row.speed} {row.low} {row.high}\n")
    least = min(0.85, *(row.low for row in shown)) - 0.02
    most = max(1.1, *(row.high for row in shown)) + 0.02
    script = PICTURE.format(least=round(least, 2), most=round(most, 2), count=len(names), names=", ".join(f"'{name}' {at}" for at, name in enumerate(names)))
    of_servers = [server for server in ("PostgreSQL", "MariaDB") if any(row.server == server for row in results.threads)]
    for place, server in enumerate(of_servers):
        calls = list(dict.fromkeys(row.name for row in results.threads))
        lines, labels = [], []
        for number, name in enumerate(calls):
            rows = [row for row in results.threads if (row.server, row.name) == (server, name)]
            with open(f"{folder}/threads.{server}.{number}", "w", encoding="utf-8") as file:
                for row in rows:
                    file.write(f"{row.threads} {1e9 / row.alone} {1e9 / row.through}\n")
            data, colour = f"'threads.{server}.{number}'", f"rgb '{COLOURS[number % len(COLOURS)]}'"
            labels.append(f"set label '{name}' at 1, {1e9 / rows[0].through} offset 0.3,0.9 tc {colour}")
            lines += [f"{data} using 1:2 with lines lc {colour} lw 5 dt '.' notitle", f"{data} using 1:3 with linespoints lc {colour} lw 1.5 pt 7 ps 0.7 notitle"]
        script += PANEL.format(at=0.52 - 0.46 * place, server=server, labels="\n".join(labels), lines=", \\\n  ".join(lines))
    with open(folder + "/script", "w", encoding="utf-8") as file:
        file.write(script + "unset multiplot\n")


def draw(results, target):
    with tempfile.TemporaryDirectory() as folder:
        picture(results, folder)
        subprocess.run(["gnuplot", "script"], cwd=folder, stdin=subprocess.DEVNULL, check=True, timeout=60)
        with open(folder + "/benchmarks.svg", encoding="utf-8") as file:
            content = file.read()
    with open(target, "w", encoding="utf-8") as file:
        file.write(content)


# ---- the run ----


def sign_tokens(program):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        subprocess.run([program, "--benchmark_min_time=0.2", f"--benchmark_out={out.name}", "--benchmark_out_format=json"], stderr=subprocess.DEVNULL, check=True,
                       timeout=120)
        content = json.load(out)
    return [(told(row["name"]), row["real_time"], row["items_per_second"]) for row in content["benchmarks"]]


def told(name):
    """In words: sign_token/session_token_bytes:0/real_time/threads:2"""
    size = re.search(r"session_token_bytes:(\d+)", name)[1]
    threads = re.search(r"threads:(\d+)", name)
    return ("no session token" if size == "0" else f"a session token of {int(size):,} bytes") + (f", {threads[1]} threads" if threads else "")


def heading(text):
    print("\n" + text, flush=True)


def measure(build):
    import call_bench
    import connect_bench
    import forward_bench
    programs = build + "/tests/bench"
    results = Results()
    heading("Instructions that iamodbc adds to a forwarded call (callgrind):")
    results.forwards = forward_bench.measure(programs + "/forward_bench")
    heading("Signing a token (items_per_second: tokens per second):")
    results.tokens = sign_tokens(programs + "/token_bench")
    heading("Discovering databases (iamodbc discover):")
    results.discovery = discover_bench.measure(build + "/setup/iamodbc")
    heading("Connecting with a login out of the cache, beside the base driver alone with the same token:")
    box = connect_bench.live.the_box()
    recording = build + "/tests/driver/recording_psqlodbc/psqlodbcw.so"
    results.connects, results.connects_by_threads = connect_bench.measure(box, programs + "/connect_bench", recording)
    heading("Calls on an open connection, beside the base driver alone (speed: iamodbc's as a part of the base driver's):")
    sections = connect_bench.sections(box, recording)
    results.calls, results.control, results.threads, results.heap, results.loads, results.versions = \
        call_bench.measure(box, sections, programs, build + "/lib/libiamodbc.so")
    return results, forward_bench.is_broken(results.forwards)


def main(build):
    load = os.getloadavg()[0]
    results, is_broken = measure(os.path.abspath(build))
    with open(TOP + "/docs/benchmarks.md", "w", encoding="utf-8") as file:
        file.write(document(results, about(results, load)))
    draw(results, TOP + "/docs/benchmarks.svg")
    heading("Aims:")
    for aim, is_met, seen in aims(results):
        print(f"{met(is_met):8} {aim}: {seen}")
    print("\ndocs/benchmarks.md and docs/benchmarks.svg are written.")
    return bool(is_broken)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
