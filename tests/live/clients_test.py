#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real client programs, by DSN and by connection string: with IAM they see what they see on the base driver alone."""
import json
import os
import unittest

from box import HERE, PYTHON, LiveTest

QUERY = ("select n, repeat('x', n) as text, 'Zoë € ''q''' as quoted, null::text as nothing, 1.50::numeric(6,2) as number, "
         "date '2024-02-29' as day, n % 2 = 0 as even, null::int from generate_series(1, 5) as n order by n")
TLS_AND_USER = "select current_user, ssl from pg_stat_ssl where pid = pg_backend_pid()"


class Clients(LiveTest):
    def isql(self, program, dsn, by_string, query):
        # iusql always calls SQLDriverConnect, with "DSN=" in front of what it is given, and knows no -k.
        target = [dsn] if not by_string else ["-k", f"DSN={dsn};Database=app"] if program == "isql" else [f"{dsn};Database=app"]
        done = self.box.run([program, *target, "-b", "-v", "-x0x7c"], query + "\n")
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def pyodbc(self, string, query):
        done = self.box.run([PYTHON, os.path.join(HERE, "pyodbc_client.py"), string, query])
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def same_rows_by_isql(self, program, by_string):
        base = self.isql(program, "base-pg", by_string, QUERY)
        self.assertIn("xxxxx", base)
        self.assertEqual(base, self.isql(program, "local-pg", by_string, QUERY))
        self.assertRegex(self.isql(program, "local-pg", by_string, TLS_AND_USER), r"jane_doe.*\b(t|1)\b")

    def test_isql_by_dsn(self):
        self.same_rows_by_isql("isql", by_string=False)

    def test_isql_by_connection_string(self):
        self.same_rows_by_isql("isql", by_string=True)

    def test_iusql_by_dsn(self):
        self.same_rows_by_isql("iusql", by_string=False)

    def test_iusql_by_connection_string(self):
        self.same_rows_by_isql("iusql", by_string=True)

    def test_pyodbc_by_dsn(self):
        base = self.pyodbc("DSN=base-pg", QUERY)
        self.assertEqual(5, len(base))
        self.assertEqual(base, self.pyodbc("DSN=local-pg", QUERY))
        self.assertIn(self.pyodbc("DSN=local-pg", TLS_AND_USER), [[["jane_doe", "True"]], [["jane_doe", "1"]]])

    def test_pyodbc_by_connection_string(self):
        box = self.box
        base = self.pyodbc("DSN=base-pg", QUERY)
        string = (f"Driver=iamodbc;BaseDriver=PostgreSQL Unicode;Server=localhost;Port={box.port};Database=app;UID=jane_doe;"
                  f"Region={box.exports['RDS_REGION']};TLSCAFile={box.ca}")
        self.assertEqual(base, self.pyodbc(string, QUERY))
        self.assertIn(self.pyodbc(string, TLS_AND_USER), [[["jane_doe", "True"]], [["jane_doe", "1"]]])

    def test_all_four_connect_functions(self):
        for wide in (False, True):
            with self.subTest(wide=wide):
                for answer in (self.box.connect("DSN=local-pg", wide=wide, queries=[QUERY]),
                               self.box.connect(dsn="local-pg", wide=wide, queries=[QUERY])):
                    self.assertTrue(answer.connected, str(answer))
                    self.assertEqual(self.box.connect("DSN=base-pg", wide=wide, queries=[QUERY]).results, answer.results)

    def test_every_length_of_session_token(self):
        for profile in ("session", "session1500", "session4000", "session10000"):
            for wide in (False, True):
                with self.subTest(profile=profile, wide=wide), self.box.verdicts() as seen:
                    answer = self.box.connect("DSN=local-pg", wide=wide, env={"AWS_PROFILE": profile})
                    self.assertTrue(answer.connected, str(answer))
                self.assertEqual(["accepted"], [line["verdict"] for line in seen])


if __name__ == "__main__":
    unittest.main()
