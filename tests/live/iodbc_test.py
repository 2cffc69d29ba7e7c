#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The other driver manager, iODBC: programs log in through the narrow library, by DSN and by connection string.

iODBC's wide characters have 4 bytes, those of drivers built for unixODBC have 2, and it calls a driver's wide functions
wherever there are any. So of the base drivers only psqlODBC's narrow one works under iODBC by itself; what programs print
is compared with that one, and with the others as unixODBC runs them.
"""
import os
import sys
import tempfile
import unittest

from box import BUILD, HERE
from clients_test import SHOWN, ClientTest, statements

sys.path.insert(0, HERE + "/conformance")
from compare import narrow_library  # noqa: E402

CLIENT = os.path.join(os.environ.get("IAMODBC_TEST_BUILD", BUILD), "tests", "live", "iodbc_client")
IODBC, UNIXODBC = [CLIENT, "libiodbc.so.2"], [CLIENT, "libodbc.so.2"]


class Iodbc(ClientTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        folder = tempfile.TemporaryDirectory(prefix="iamodbc-iodbc-")
        cls.addClassCleanup(folder.cleanup)
        narrow = narrow_library(cls.box)
        wide = os.path.join(os.path.dirname(narrow), "libiamodbcw.so")
        with open(cls.box.directory + "/odbcinst.ini", encoding="utf-8") as file:
            drivers = file.read()
        with open(folder.name + "/odbcinst.ini", "w", encoding="utf-8") as file:
            file.write(f"{drivers}\n[iamodbc narrow]\nDriver={narrow}\n\n[iamodbc wide]\nDriver={wide}\n")
        # iODBC knows ODBCINSTINI, and not unixODBC's variable for the folder of both files.
        cls.manager = {"env": {"ODBCSYSINI": None, "ODBCINSTINI": folder.name + "/odbcinst.ini"}, "trace": False, "ini": {
            "narrow": cls.box.section(f"local-{cls.name}", Driver="iamodbc narrow"),
            "narrow-ansi": cls.box.section(f"local-{cls.name}", Driver="iamodbc narrow", BaseDriver="PostgreSQL ANSI"),
            "base-ansi": cls.box.section(f"base-{cls.name}", Driver="PostgreSQL ANSI")}}

    def iodbc(self, command, logins, text_in="", **changes):
        return self.printed(command, logins, text_in, **{**self.manager, **changes})


class Programs:
    """What holds for both databases."""

    def test_a_program_sees_what_it_sees_with_unixodbc_over_the_base_driver(self):
        expected = self.printed([*UNIXODBC, "dsn", f"base-{self.name}"], 0, trace=False)
        self.assertEqual(0, expected[0], expected[1])
        self.assertIn(SHOWN, expected[1])
        for how, target in (("dsn", "narrow"), ("string", "DSN=narrow"), ("string", self.string(Driver="iamodbc narrow"))):
            with self.subTest(target):
                self.assertEqual(expected, self.iodbc([*IODBC, how, target], 1))

    def test_iodbctest(self):
        for target in ("DSN=narrow", self.string(Driver="iamodbc narrow")):
            with self.subTest(target):
                status, output = self.iodbc(["iodbctest", target], 1, statements())
                self.assertEqual(0, status)
                for words in (SHOWN, "Zürich".encode(), b"result set 1 returned 2 rows", b"nonsense"):
                    self.assertIn(words, output)

    def test_a_program_of_wide_functions(self):
        status, output = self.iodbc([*IODBC, "wide", "DSN=narrow"], 1)
        self.assertEqual(0, status, output)
        self.assertIn(b"SQLExecDirectW = 0\nSQLGetData(wide) = 0\n  U+005A U+00FC U+0072 U+0069 U+0063 U+0068\n", output)

    def test_a_refused_token_is_told_in_full(self):
        with self.box.verdicts() as seen:
            done = self.box.run([*IODBC, "dsn", "narrow"],
                                **{**self.manager, "env": {**self.manager["env"], "AWS_PROFILE": "wrong"}})
        self.assertEqual((1, ["signature"]), (done.returncode, [line["reason"] for line in seen]))
        self.assert_says(done.stdout, r"\] \(\d+\) [^\n]*(authentication failed|Access denied) [^\n]*\[iamodbc\][^\n]*refused",
                         r"\] \(0\) \[iamodbc\] The token was signed for localhost:\d+, region eu-central-1[^\n]* shows each step")
        self.no_secret(done.stdout)

    def test_the_libraries_with_wide_functions_do_not_connect_and_send_no_token(self):
        for library in ("iamodbc", "iamodbc wide"):
            sections = {"other": self.box.section(f"local-{self.name}", Driver=library)}
            for how, target in (("dsn", "other"), ("string", self.string(Driver=library)), ("wide", "DSN=other")):
                with self.subTest(library=library, how=how):
                    status, output = self.iodbc([*IODBC, how, target], 0, ini=sections)
                    self.assertEqual(1, status, output)
                    self.assertTrue(output.endswith(b"SQLFreeHandle(environment) = 0\n"), output)


class OnPostgreSql(Programs, Iodbc):
    name, service, port_variable = "pg", "postgresql", "RDS_PORT"

    def test_every_program_prints_the_same_over_the_narrow_base_driver(self):
        for command, text_in in (([*IODBC, "dsn", "{}"], ""), ([*IODBC, "string", "DSN={}"], ""), ([*IODBC, "wide", "DSN={}"], ""),
                                 (["iodbctest", "DSN={}"], statements())):
            with self.subTest(command[-2:]):
                base, ours = (self.iodbc([part.format(dsn) for part in command], logins, text_in)
                              for dsn, logins in (("base-ansi", 0), ("narrow-ansi", 1)))
                self.assertEqual(0, base[0], base[1])
                self.assertIn(SHOWN, base[1])
                self.assertEqual(base, ours)


class OnMariaDb(Programs, Iodbc):
    name, service, port_variable = "maria", "mysql", "RDS_MARIA_PORT"


if __name__ == "__main__":
    unittest.main()
