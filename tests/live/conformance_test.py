#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A program of every kind of ODBC call sees over local-pg and local-maria what it sees over base-pg and base-maria (conformance/)."""
import sys
import unittest

from box import HERE, LiveTest

sys.path.insert(0, HERE + "/conformance")
import compare  # noqa: E402


class Conformance(LiveTest):
    def equal(self, **how):
        printed = []
        is_equal = compare.compare(self.box, out=printed.append, **how)
        print("\n" + "\n".join(line for line in printed if line.startswith(("known: ", "left out: ")) or line in printed[-2:]),
              flush=True)
        self.assertTrue(is_equal, "\n".join(printed))
        self.assertGreater(int(printed[-1].split()[0]), 5000)
        self.assertGreater(int(printed[-2].split()[0]), 100000, "entries of traces")
        self.no_secret("\n".join(printed))

    def test_every_call_does_over_iamodbc_what_it_does_over_the_base_driver(self):
        self.equal()

    def test_a_narrow_base_driver_under_the_narrow_library(self):
        self.equal(widths=["narrow"], ansi=True)

    def test_every_call_over_mariadb(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            print("NOT RUN: conformance over MariaDB: its server is not installed")
            self.skipTest("the local RDS has no MariaDB")
        self.equal(database="maria")

    def test_the_comparison_sees_what_differs(self):
        base = ["SQLFetch(s) = SUCCESS", "SQLExecDirect(s) = ERROR", '  SQLGetDiagRec(1) state="42000\\0"', "SQLFetch(s) = ERROR"]
        for changed in (base[:3], base + ["SQLFetch(s) = ERROR"], [base[0].replace("SUCCESS", "NO_DATA")] + base[1:],
                        base[:2] + [base[2].replace("42000", "42001")] + base[3:], []):
            with self.subTest(changed=changed):
                comparison = compare.Comparison(out=lambda line: None)
                comparison.section("types", "narrow", base, changed)
                self.assertFalse(comparison.close(is_whole=False))
        same = compare.Comparison(out=lambda line: None)
        same.section("types", "narrow", base, base)
        self.assertTrue(same.close(is_whole=False))
        self.assertEqual((4, 0, 0), (same.calls, same.differ, same.known))
        self.assertFalse(same.close(is_whole=True), "a known difference that is gone was not missed")

    def test_the_comparison_sees_what_differs_in_the_traces(self):
        base = ["SQLFetch.c Entry", "SQLFetch.c Exit:[SQL_SUCCESS]"]
        for changed in (base[:1], [base[0], "SQLFetch.c Exit:[SQL_NO_DATA]"], base + ["SQLFreeStmt.c Entry"]):
            with self.subTest(changed=changed):
                comparison = compare.Comparison(out=lambda line: None)
                comparison.section("types", "narrow", ["SQLFetch(s) = SUCCESS"], ["SQLFetch(s) = SUCCESS"])
                comparison.traces("types", "narrow", base, changed)
                self.assertFalse(comparison.close(is_whole=False))

    def test_a_crash_over_both_drivers_is_no_agreement(self):
        comparison = compare.Comparison(out=lambda line: None)
        crashed = ["SQLFetch(s) = SUCCESS", compare.ENDED + " SIGSEGV"]
        comparison.section("types", "narrow", crashed, crashed)
        self.assertFalse(comparison.close(is_whole=False))


if __name__ == "__main__":
    unittest.main()
