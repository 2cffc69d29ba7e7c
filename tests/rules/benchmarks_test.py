#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/benchmarks.md: what ./dev bench writes from what it measured. No number that was timed is judged here."""
import dataclasses
import os
import re
import socket
import sys
import tempfile
import unittest
import xml.etree.ElementTree
from unittest import mock

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, TOP + "/tests/bench")
import bench  # noqa: E402
from call_bench import Heap, Load, Timing  # noqa: E402


def read(folder, name):
    with open(os.path.join(folder, name), encoding="utf-8") as file:
        return file.read()


def timing(server, name, threads=1, speed=1.0):
    return Timing(server, name, threads, 100.0, 100.0 / speed, speed - 0.01, speed, speed + 0.01, 1.0)


def results():
    """A run in which every aim is met."""
    servers = ("PostgreSQL", "MariaDB")
    short = ("SQLGetStmtAttr", "SELECT 1", "statement allocated and freed")
    calls = [timing(server, name) for server in servers for name in (*short, *bench.FETCHES, "execute")]
    return bench.Results(
        forwards=[(1, "SQLFetch", 9.0, 15), (13, "SQLForeignKeys", 35.0, 35)], tokens=[("session_token_bytes 0", 8.0, 125000.0)],
        connects=[("none", 80, 140, 60)], connects_by_threads=[("none", threads, 9000, 8000) for threads in (1, 4, 16)], calls=calls, control=calls,
        threads=[timing(server, name, threads) for server in servers for name in (*short, "SELECT of 1,000 rows") for threads in (1, 4, 16)],
        heap=[Heap(server, name, 4, 4) for server in servers for name in bench.FORWARDED] + [Heap(server, "bytes a statement", 1000, 1128) for server in servers],
        loads=[Load(server, 3000.0, 5000.0, ["libbase.so"], ["libbase.so", "libours.so"]) for server in servers],
        discovery=bench.discover_bench.Discovery(3000, 20, 240, 9, 9.9, 49.0), versions={server: {"server": server, "server version": "15", "base driver": "base.so", "base driver version": "1"} for server in servers})


class Benchmarks(unittest.TestCase):
    def unmet(self, changed):
        return [number for number, (_, is_met, _) in enumerate(bench.aims(changed)) if not is_met]

    def test_each_aim_is_judged_by_what_was_measured(self):
        self.assertEqual([], self.unmet(results()))
        changes = [("forwards", lambda rows: rows + [(6, "SQLGetData", 15.5, 15)]),
                   ("calls", lambda rows: rows + [timing("MariaDB", "fetch in blocks", speed=0.989)]),
                   ("threads", lambda rows: rows + [timing("MariaDB", "SELECT 1", 16, 0.9)]),
                   ("heap", lambda rows: rows + [Heap("MariaDB", "bytes a statement", 1000, 1129)]),
                   ("heap", lambda rows: rows + [Heap("MariaDB", "SQLGetData", 0, 0.001)]),
                   ("discovery", lambda found: dataclasses.replace(found, seconds=10.0))]
        for number, (name, change) in enumerate(changes):
            changed = results()
            setattr(changed, name, change(getattr(changed, name)))
            self.assertEqual([number], self.unmet(changed), name)

    def test_what_is_not_met_is_said(self):
        changed = results()
        changed.calls.append(timing("MariaDB", "fetch in blocks", speed=0.5))
        text = bench.document(changed, "facts")
        self.assertEqual((5, 1), (text.count("| **met** |"), text.count("| **not met** |")))
        self.assertIn("fetch in blocks: 0.500 (MariaDB)", text)

    def test_the_document_shows_every_measurement(self):
        text = bench.document(results(), "facts")
        for server in ("PostgreSQL", "MariaDB"):
            for name in bench.WHAT.values():
                self.assertIn(f"| {name} | {server} |", text)
            self.assertIn(f"Added over {server}'s: `libours.so`.", text)
        for part in ("`SQLForeignKeys` | 35.0 | 35", "| none (a base driver that connects to nothing) | 80 us | 140 us | 60 us | 0.57 | 0.89, 0.89, 0.89 |",
                     "125,000 a second", "3,000 databases over 20 regions, and one region that denies: 9.9 s, 49 MB at most", "(benchmarks.svg)", "`./dev bench`"):
            self.assertIn(part, text)

    def test_every_name_that_the_programs_print_is_explained(self):
        source = read(TOP, "tests/bench/call_bench.cpp")
        names = re.findall(r'\{"([^"]+)",', source) + re.findall(r'print\("([^"]+)"', source)
        names = [name for name in names if "version" not in name and name not in ("base driver", "server")]
        self.assertEqual(sorted(bench.WHAT), sorted(names))

    def test_the_day_is_that_of_source_date_epoch(self):
        with mock.patch.dict(os.environ, {"SOURCE_DATE_EPOCH": "951782400"}):
            self.assertIn(" of 2000-02-29 (", bench.about(results(), 1.0))

    def test_the_picture_has_every_call_and_every_number_of_threads(self):
        with tempfile.TemporaryDirectory() as folder:
            bench.picture(results(), folder)
            self.assertEqual({"script", "calls.PostgreSQL", "calls.MariaDB"} | {f"threads.{server}.{n}" for server in ("PostgreSQL", "MariaDB") for n in range(4)},
                             set(os.listdir(folder)))
            self.assertEqual(7, len(read(folder, "calls.MariaDB").splitlines()))
            self.assertEqual([f"{threads} 10000000.0 10000000.0" for threads in (1, 4, 16)], read(folder, "threads.MariaDB.3").splitlines())

    def test_what_is_published_names_no_machine(self):
        text, drawing = read(TOP, "docs/benchmarks.md"), read(TOP, "docs/benchmarks.svg")
        self.assertEqual(6, len(re.findall(r"\| \*\*(?:met|not met)\*\* \|", text)))
        self.assertEqual("{http://www.w3.org/2000/svg}svg", xml.etree.ElementTree.fromstring(drawing).tag)
        for content in (text, drawing):
            self.assertNotIn(socket.gethostname(), content)
            self.assertEqual([], re.findall(r"(?<![\w.<])/(?:home|root|tmp|usr|var|opt|mnt|build)/\S*", content))


if __name__ == "__main__":
    unittest.main()
