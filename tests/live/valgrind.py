#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A whole login, a query and a refusal under valgrind (./dev test --all): no invalid access in our library."""
import unittest

from box import LiveTest


class Valgrind(LiveTest):
    def under_valgrind(self, env):
        command = ["valgrind", "--quiet", "--error-exitcode=99", "--gen-suppressions=no", "isql", "local-pg", "-b", "-v"]
        return self.box.run(command, "select 1\n", env=env, trace=False)

    def test_login_and_query(self):
        done = self.under_valgrind({})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_refused_login(self):
        done = self.under_valgrind({"AWS_PROFILE": "wrong"})
        self.assertNotEqual(99, done.returncode, done.stdout + done.stderr)
        self.assertNotEqual(0, done.returncode)
        self.assertIn("authentication failed", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
