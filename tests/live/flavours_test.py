#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The libraries of one width, under the real driver manager. A stand-in for MySQL Connector/ODBC has wide functions only, or narrow ones only; each
line of its log says what the real one would have understood (tests/driver/recording_driver.cpp)."""
import json
import os
import tempfile
import unittest

import box
from box import PYTHON, LiveTest

BUILD = os.environ.get("IAMODBC_TEST_BUILD", box.BUILD)
# Our library and the base driver of one width.
WIDE = ("libiamodbcw.so", os.path.join(BUILD, "tests", "driver", "recording_wide", "libmyodbc9w.so"))
NARROW = ("libiamodbca.so", os.path.join(BUILD, "tests", "driver", "recording_mysql_narrow", "libmyodbc8a.so"))


def library(name):
    return os.path.join(BUILD, "lib", name)


class Flavours(LiveTest):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="iamodbc-flavours-")
        self.addCleanup(self.folder.cleanup)
        self.log = os.path.join(self.folder.name, "calls")

    def section(self, ours, base, **more):
        return {"Driver": library(ours), "BaseDriver": base, "Server": "db.example", "Database": "app", "UID": "jane_doe",
                "Region": "eu-central-1", "TLSCAFile": self.box.ca, **more}

    def calls(self):
        if not os.path.exists(self.log):
            return []
        with open(self.log, encoding="utf-8", errors="surrogateescape") as file:
            lines = [json.loads(line) for line in file]
        os.remove(self.log)
        return lines

    def understood(self, function):
        """What the base driver understood at its one connect, which came through that function."""
        call, = self.calls()
        self.assertEqual(function, call["function"])
        seen = call["understood"]
        self.assertRegex(seen.pop("password"), r"^db\.example:3306/\?Action=connect&DBUser=jane_doe&.*X-Amz-Signature=[0-9a-f]{64}$")
        return seen

    def test_a_wide_and_a_narrow_program_log_in_over_a_base_driver_of_one_width(self):
        for (ours, base), function in ((WIDE, "SQLDriverConnectW"), (NARROW, "SQLDriverConnect")):
            dsn = self.section(ours, base)
            for wide in (False, True):
                for how in ({"string": "DSN=mine;UID=jane_doe"}, {"dsn": "mine"}):
                    with self.subTest(base=base, wide=wide, how=how):
                        answer = self.box.connect(**how, wide=wide, ini={"mine": dsn}, env={"RECORDING_LOG": self.log})
                        self.assertTrue(answer.connected, str(answer))
                        self.assertNotIn("X-Amz", answer.out or "")
                        self.assertEqual({"protocol": "TCP", "host": "db.example", "port": "3306", "user": "jane_doe", "database": "app",
                                          "tls": "VERIFY_IDENTITY", "ca": self.box.ca, "init": "", "cleartext": "1", "option_file": "0",
                                          "log_query": "0"}, self.understood(function))

    def test_isql_and_pyodbc_over_a_base_driver_of_one_width(self):
        for (ours, base), function in ((WIDE, "SQLDriverConnectW"), (NARROW, "SQLDriverConnect")):
            dsn = self.section(ours, base)
            for command in (["isql", "mine", "-b"], ["iusql", "mine", "-b"],
                            [PYTHON, "-c", "import pyodbc; pyodbc.connect('DSN=mine', autocommit=True).close()"]):
                with self.subTest(base=base, command=command[0]):
                    done = self.box.run(command, ini={"mine": dsn}, env={"RECORDING_LOG": self.log})
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                    self.assertEqual("VERIFY_IDENTITY", self.understood(function)["tls"])

    def test_text_beyond_ascii_arrives_as_it_does_without_us(self):
        for ours, base in (WIDE, NARROW):
            sections = {"mine": self.section(ours, base, AuthType="Password", TLSCAFile=""), "alone": {"Driver": base}}
            for wide in (False, True):
                with self.subTest(base=base, wide=wide):
                    seen = []
                    for dsn in sections:
                        answer = self.box.connect(f"DSN={dsn};UID=zoë;PWD={{ü;€}}", wide=wide, trace=False, ini=sections,
                                                  env={"RECORDING_LOG": self.log})
                        self.assertTrue(answer.connected, str(answer))
                        call, = self.calls()
                        seen.append((call["understood"]["user"], call["understood"]["password"]))
                    self.assertEqual(*seen)
                    if (ours, wide) != (NARROW[0], True):  # there the driver manager keeps the lower half of each character
                        self.assertEqual(("zoë", "ü;€"), seen[0])

    def test_the_wrong_library_is_refused_with_the_one_to_use(self):
        odbcinst = os.path.join(self.folder.name, "odbcinst.ini")
        for registered in (False, True):
            with open(odbcinst, "w", encoding="utf-8") as file:
                file.write(f"[iamodbc narrow]\nDriver={library('libiamodbca.so')}\n[iamodbc wide]\nDriver={library('libiamodbcw.so')}\n"
                           if registered else "")
            for ours, base, right in (("libiamodbc.so", WIDE[1], "wide"), ("libiamodbc.so", NARROW[1], "narrow"),
                                      ("libiamodbca.so", WIDE[1], "wide"), ("libiamodbcw.so", NARROW[1], "narrow")):
                file = library("libiamodbcw.so" if right == "wide" else "libiamodbca.so")
                line = f"use Driver={'iamodbc ' + right if registered else file} for it"
                for wide in (False, True):
                    with self.subTest(ours=ours, base=base, wide=wide, registered=registered):
                        answer = self.box.connect("DSN=mine", wide=wide, ini={"mine": self.section(ours, base)},
                                                  env={"RECORDING_LOG": self.log, "ODBCSYSINI": self.folder.name})
                        self.assertEqual(("IM003", 1, False), (answer.state, len(answer.records), answer.connected), str(answer))
                        self.assertIn(line, answer.first)
                        self.assertEqual([], self.calls())


if __name__ == "__main__":
    unittest.main()
