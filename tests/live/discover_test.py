#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `iamodbc discover` finds is logged in to, and the statements of `iamodbc policy` make a user who logs in."""
import os
import sys
import tempfile
import unittest

import box

sys.path.insert(0, os.path.join(box.TOP, "tests", "aws"))
from databases import Databases, instance  # noqa: E402

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
USER = 'a"new user\'s'


class Discover(box.LiveTest):
    def setUp(self):
        self.folder = self.enterContext(tempfile.TemporaryDirectory(prefix="iamodbc-discover-"))
        self.aws = self.enterContext(Databases())
        found = self.aws.variables(self.aws.user(keys=self.box.key()))
        self.env = {**{name: value for name, value in found.items() if name.startswith("AWS_ENDPOINT")}, "HOME": self.folder, "ODBCINI": self.folder + "/odbc.ini"}
        self.aws.add("eu-central-1", instance("books", "postgres", iam=True, host="localhost", port=self.box.port, database="app"))
        self.engines = ["books"]
        if "RDS_MARIA_PORT" in self.box.exports:
            self.aws.add("eu-central-1", instance("stock", "mariadb", iam=True, host="localhost", port=int(self.box.exports["RDS_MARIA_PORT"]), database="app"))
            self.engines.append("stock")

    def tool(self, *arguments, status=0):
        done = self.box.run([TOOL, *arguments], env=self.env, trace=False)
        self.no_secret(done.stdout + done.stderr)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def administer(self, name, statements):
        exports = self.box.exports
        if name == "stock":
            command = ["mariadb", "--no-defaults", "--user=root", f"--socket={exports['RDS_MARIA_SOCKET']}", "app"]
        else:
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", exports["RDS_ADMIN_HOST"], "-p", exports["RDS_PORT"], "-U", "rdsadmin", "app"]
        done = self.box.run(command, statements, trace=False)
        self.assertEqual(0, done.returncode, done.stderr)

    def test_what_is_found_is_written_and_logged_in_to(self):
        self.tool("discover", "--region", "eu-central-1", "--write-dsn", "--user", "jane_doe", "--set", "TLSCAFile=" + self.box.ca)
        for name in self.engines:
            self.assertIn("jane_doe", self.tool("check", name))

    def test_the_statements_make_a_user_who_logs_in(self):
        self.tool("discover", "--region", "eu-central-1", "--write-dsn", "--set", "TLSCAFile=" + self.box.ca)
        for name in self.engines:
            string = f"DSN={name};UID={{{USER}}}"
            statements = self.tool("policy", "--sql", string)
            self.tool("check", string, status=1)
            more = "GRANT SELECT ON app.* TO 'a\"new user''s'@'%';" if name == "stock" else ""
            self.administer(name, statements + more)
            try:
                self.tool("check", string)
            finally:
                self.administer(name, "DROP USER 'a\"new user''s'@'%';" if name == "stock" else 'DROP USER "a""new user\'s";')


if __name__ == "__main__":
    unittest.main()
