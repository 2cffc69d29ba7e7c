#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The driver in somebody else's process, what takes longer than host_test.py (./dev test --all): many threads, sanitizers, cancelling,
the driver manager's pool, files, a thousand times loaded."""
import json
import os
import re
import shutil
import tempfile
import unittest

from box import HERE, PYTHON, TOP, show
from hosts import PLAIN, PROGRAM, SLEEP, HostTest

PID = {"pg": "select pg_backend_pid()", "maria": "select connection_id()"}
# psqlODBC asks setlocale for a name at each connect and reads it while another thread's connect frees it.
LOCALE_RACE = re.compile(r"heap-use-after-free [^\n]*\nREAD [^\n]*\n +#0 [^\n]* in __interceptor_\w+ [^\n]*\n +#1 \w+ +\(\S*/psqlodbcw\.so.*"
                         r"\nfreed by thread [^\n]*\n +#0 [^\n]*\n +#1 [^\n]* locale/setlocale\.c", re.DOTALL)
KILL = {"pg": "select pg_terminate_backend({})", "maria": "kill {}"}


class Threads(HostTest):
    def test_32_threads_with_connections_of_their_own(self):
        self.assertEqual({"32 threads\n"}, set(self.tell_the_same("threads", "32", "3", manager={"Threading": PLAIN}).values()))

    def test_sqlcancel_of_another_thread_ends_a_statement_within_a_second(self):
        # MariaDB Connector/ODBC alone cannot where the server asks for TLS; its sleep() that was interrupted may be a row.
        for dsn, state in (("base-pg", "57014"), ("local-pg", "57014"), ("local-maria", "(-|HY018)")):
            if dsn.partition("-")[2] not in self.databases():
                continue
            with self.subTest(dsn):
                lines = self.tells(dsn, "cancel", SLEEP[dsn.partition("-")[2]], seconds=80).splitlines()
                self.assertEqual(2, len(lines))
                for function, line in zip(("SQLCancel", "SQLCancelHandle"), lines):
                    self.assertRegex(line, f"^{function} 0 {state} ")
                    self.assertLess(int(line.rpartition(" ")[2]), 1000, line)


class Sanitized(HostTest):
    """The program and iamodbc both built with a sanitizer, in a folder that ./dev made before."""

    def quiet(self, preset, dsn, *story, **options):
        folder = os.environ.get(f"IAMODBC_TEST_{preset.upper()}_BUILD", os.path.join(TOP, "build", preset))
        program = os.path.join(folder, "tests", "live", "host")
        if not os.path.exists(program):
            self.skipTest(f"there is no build/{preset}")
        driver = {"Driver": os.path.join(folder, "lib", "libiamodbc.so"), "Threading": PLAIN}
        with self.subTest(dsn=dsn, story=story[0]):
            for _ in range(4):  # the sanitizer ends the process at the base driver's own race; others may lie behind it
                done = self.run_over(dsn, [story[0], "mine", *story[1:]], program=program, manager=driver, seconds=200, env=options)
                if not LOCALE_RACE.search(done.stderr):
                    break
            self.assertEqual(0, done.returncode, done.stderr[:6000])

    def test_thread_sanitizer_reports_the_base_drivers_alone(self):
        options = {"TSAN_OPTIONS": f"suppressions='{HERE}/thread.suppressions':history_size=7:exitcode=66"}
        self.quiet("thread", "local-pg", "statements", "8", "20", **options)
        for database in self.databases():
            self.quiet("thread", f"local-{database}", "threads", "32", "2", **options)
            self.quiet("thread", f"local-{database}", "cancel", SLEEP[database], **options)

    def test_address_sanitizer_reports_nothing(self):
        options = {"ASAN_OPTIONS": "exitcode=66", "LSAN_OPTIONS": "exitcode=66", "UBSAN_OPTIONS": "print_stacktrace=1"}
        self.quiet("sanitize", "local-pg", "statements", "8", "20", **options)
        self.quiet("sanitize", "local-pg", "cancel", SLEEP["pg"], **options)
        for database in self.databases():
            for story in (("threads", "16", "2"), ("cycles", "30"), ("fork",), ("fork-while-connecting",), ("exit",),
                          ("exit-in-thread", SLEEP[database])):
                self.quiet("sanitize", f"local-{database}", *story, **options)


class Pool(HostTest):
    """Connections that unixODBC keeps, until CPTimeout (seconds)."""

    def steps(self, dsn, *steps, seconds=60, **options):
        """What the steps saw, and the verifier: tokens are numbered as they come."""
        with self.box.control(), self.box.verdicts() as seen:
            done = self.run_over(dsn, [os.path.join(HERE, "steps_client.py")], json.dumps(steps), program=PYTHON,
                                 manager={"CPTimeout": seconds, "ODBC.Pooling": "Yes"}, **options)
        self.assertEqual(0, done.returncode, done.stderr)
        numbers = {}
        for line in seen:
            numbers.setdefault(line["sha256"], len(numbers))
        return json.loads(done.stdout), [(numbers[line["sha256"]], line["reason"]) for line in seen]

    @staticmethod
    def visit(database, name):
        return [{"open": "DSN=mine", "as": name}, {"ask": PID[database], "of": name}, {"close": name}]

    def test_a_kept_connection_is_used_again_without_a_login(self):
        for database in self.databases():
            for which in ("base", "local"):
                with self.subTest(database=database, over=which):
                    answers, seen = self.steps(f"{which}-{database}", *self.visit(database, "a"), {"refuse_seen": True},
                                               *self.visit(database, "b"))
                    self.assertEqual(answers[:2], answers[2:], "the same connection of the server's")
                    self.assertEqual([(0, "ok")] if which == "local" else [], seen)

    def test_a_kept_connection_ends_with_its_time(self):
        for which in ("base", "local"):
            with self.subTest(over=which):
                answers, seen = self.steps(f"{which}-pg", *self.visit("pg", "a"), {"sleep": 3}, *self.visit("pg", "b"), seconds=1)
                self.assertEqual(0, answers[2])
                self.assertNotEqual(answers[1], answers[3])
                self.assertEqual([(0, "ok"), (0, "ok")] if which == "local" else [], seen)

    def test_a_new_connection_beside_the_kept_ones_has_no_token_that_ended(self):
        for database in self.databases():
            with self.subTest(database=database):
                answers, seen = self.steps(f"local-{database}", *self.visit(database, "a"), {"sleep": 1.1}, {"refuse_seen": True},
                                           {"open": "DSN=mine", "as": "b"}, *self.visit(database, "c"))
                self.assertEqual([0, 0, 0], [answers[0], answers[2], answers[3]])
                self.assertNotEqual(answers[1], answers[4])
                self.assertEqual([(0, "ok"), (0, "control: token"), (1, "ok")], seen)

    def test_a_dead_connection_is_replaced_by_a_new_login(self):
        for database in self.databases():
            kill = [{"open": "DSN=another", "as": "k"}, {"ask": KILL[database], "of": "k"}]
            steps = [*self.visit(database, "a"), {"sleep": 1.1}, *kill, {"refuse_seen": True}, {"sleep": 0.2},
                     *self.visit(database, "b"), *self.visit(database, "c")]
            with self.subTest(database=database):
                (alone, _), (ours, seen) = (self.steps(f"{which}-{database}", *steps) for which in ("base", "local"))
                # Neither base driver tells the driver manager before it was used once more.
                self.assertEqual(alone[5], ours[5])
                self.assertIn("records", ours[5])
                for answers in (alone, ours):
                    self.assertEqual([0, 0], [answers[4], answers[6]])
                    self.assertNotEqual(answers[1], answers[7], "the connection of the server's that was killed")
                self.assertEqual([(0, "ok"), (0, "ok"), (0, "control: token"), (1, "ok")], seen)


class Files(HostTest):
    # Calls that make, change or take away a file, and those that open one to write.
    CALLS = "open,openat,openat2,creat,mkdir,mkdirat,mknod,mknodat,rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,truncate"
    WRITES = re.compile(r"\b(?:open(?:at2?)?\(.*O_(?:WRONLY|RDWR|CREAT|TRUNC)|(?!open)[a-z0-9]+\()")

    def written(self, dsn, *story, status=0, **options):
        """What strace tells of calls that write, without those that failed."""
        with tempfile.TemporaryDirectory(prefix="iamodbc-home-") as home:
            command = ["-f", "-qq", "-e", "signal=none", "-e", "trace=" + self.CALLS, "-o", home + "/trace", PROGRAM, story[0], "mine", *story[1:]]
            done = self.run_over(dsn, command, program="strace", env={"HOME": home, "TMPDIR": home, **options.pop("env", {})}, **options)
            self.assertEqual(status, done.returncode, done.stderr)
            with open(home + "/trace", encoding="utf-8") as file:
                lines = file.read().splitlines()
            self.assertEqual(["trace"], os.listdir(home))
        self.assertTrue(any("odbc.ini" in line for line in lines), "nothing was traced")
        # unixODBC opens odbc.ini so, and writes nothing to it.
        return {line.partition(" ")[2] for line in lines if self.WRITES.search(line) and " = -1 " not in line and "/odbc.ini" not in line}

    def test_no_file_is_written(self):
        if shutil.which("strace") is None:
            self.skipTest("strace is not installed")
        for database in self.databases():
            dsn = f"local-{database}"
            with self.subTest(dsn):
                self.assertTrue(self.written(dsn, "threads", "1", "1", changes={"LogLevel": "info", "LogFile": "/dev/null"}), "what is asked for is seen")
                self.assertEqual(set(), self.written(dsn, "threads", "2", "2"))
                self.assertEqual(set(), self.written(dsn, "threads", "1", "1", env={"AWS_PROFILE": "session4000"}))
                self.assertEqual(set(), self.written(dsn, "threads", "1", "1", env={"AWS_PROFILE": "wrong"}, status=1))


class Loading(HostTest):
    def test_a_thousand_times_leaves_memory_flat(self):
        # The driver manager closes the driver's library after each. Ours stays; the base drivers alone, which go, leave memory behind.
        shown = ["memory of a program that loads the driver and connects 1,000 times, after 100 and at the end:"]
        for database in self.databases():
            for which in ("base", "local"):
                with self.subTest(database=database, over=which):
                    told = self.tells(f"{which}-{database}", "cycles", "1000", manager={"DontDLClose": "0"}, seconds=200)
                    early, late = map(int, told.split())
                    shown.append(f"  {which}-{database}: {early} KiB, {late} KiB")
                    if which == "local":
                        self.assertLess(late - early, 1024)
        show(*shown)


if __name__ == "__main__":
    unittest.main()
