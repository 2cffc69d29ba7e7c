#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The conformance program over local-pg under valgrind (./dev test --all): no invalid access, but for the base libraries'."""
import sys
import unittest

from box import HERE, LiveTest

sys.path.insert(0, HERE + "/conformance")
import compare  # noqa: E402

MEMCHECK = ["valgrind", "--quiet", "--error-exitcode=99", "--num-callers=20", f"--suppressions={HERE}/conformance/valgrind.supp"]
# What freed memory holds is another thing under valgrind, and the driver manager looks into it.
LEFT_OUT = {"freed_handles"}


class Valgrind(LiveTest):
    def under_valgrind(self, width):
        runner = compare.Runner(self.box, compare.PROGRAM, "local-pg")
        sections = [name for name in compare.sections_of(self.box, compare.PROGRAM) if name not in LEFT_OUT]
        runner.must("prepare")
        try:
            done = runner.run(width, *sections, prefix=MEMCHECK, seconds=240)
        finally:
            runner.must("clear")
        self.assertEqual(0, done.returncode, done.stderr[-5000:])

    def test_narrow(self):
        self.under_valgrind("narrow")

    def test_wide(self):
        self.under_valgrind("wide")


if __name__ == "__main__":
    unittest.main()
