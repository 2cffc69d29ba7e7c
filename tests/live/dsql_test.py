#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins to Aurora DSQL: the local server under its names takes tokens of DSQL and no others."""
import re
import unittest

from box import TOOL, LiveTest

WHO = "select current_user"


class Dsql(LiveTest):
    def dsql(self, more="", profile="default"):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=local-dsql;" + more, queries=[WHO], env={"AWS_PROFILE": profile})
        self.no_secret(answer.text)
        return answer, seen[-1] if seen else None

    def test_admin_and_others_log_in(self):
        for user, profile in (("admin", "default"), ("jane_doe", "default"), ("zoë", "session4000")):
            with self.subTest(user):
                answer, seen = self.dsql(f"UID={user}", profile)
                self.assertTrue(answer.connected, str(answer))
                self.assertEqual([[[user]]], answer.results)
                self.assertEqual((self.box.exports["RDS_DSQL_HOST"], None, "eu-central-1", "ok"), (seen["host"], seen["port"], seen["region"], seen["reason"]))

    def test_token_lifetime(self):
        def life(more, *arguments):
            done = self.box.run([TOOL, "token", *arguments, "DSN=local-dsql;" + more], keep=False)
            return int(re.search(r"X-Amz-Expires=(\d+)&", done.stdout)[1])
        self.assertEqual([900, 60, 604800], [life(""), life("TokenLifetime=60"), life("TokenLifetime=604800")])
        self.assertTrue(self.dsql("TokenLifetime=604800")[0].connected)
        for more, word in (("TokenLifetime=604801", "from 1 to 604800"), ("TokenLifetime=0", "from 1 to 604800"), ("AuthType=IAM;TokenLifetime=900", "AuthType=DSQL alone")):
            answer, seen = self.dsql(more)
            self.assertEqual((False, None, "HY024"), (answer.connected, seen, answer.state))
            self.assert_says(answer.text, word)

    def test_a_refusal_says_what_dsql_needs(self):
        answer, seen = self.dsql(profile="wrong")
        self.assertEqual((False, "signature"), (answer.connected, seen["reason"]))
        self.assert_says(answer.text, f"signed for {self.box.exports['RDS_DSQL_HOST']}, region eu-central-1", "IAM policy allows dsql:DbConnectAdmin;")
        self.assertNotIn("rds-db:connect", answer.text)
        self.assert_says(self.dsql("UID=jane_doe", "wrong")[0].text, r"AWS IAM GRANT jane_doe TO '<ARN of the role>' was run; IAM policy allows dsql:DbConnect;")
        # A token of RDS is none of DSQL's, and the other way round.
        self.assertEqual("endpoint", self.dsql("AuthType=IAM")[1]["reason"])
        self.assertEqual("endpoint", self.dsql("TokenHost=" + self.box.exports["RDS_HOST"])[1]["reason"])

    def test_check_shows_it(self):
        done = self.box.run([TOOL, "check", "local-dsql"])
        self.assertEqual(0, done.returncode, done.stderr)
        self.assert_says(done.stdout, "settings +AuthType=DSQL, user admin at", "region +eu-central-1 \\(the host name\\)",
                         rf"signed +{self.box.exports['RDS_DSQL_HOST']} \(TokenHost\), the endpoint of an Aurora DSQL cluster\n", "user +admin\n")

    def test_other_base_drivers_are_told_apart(self):
        answer = self.box.connect("Driver=iamodbc;BaseDriver=MariaDB Unicode;AuthType=DSQL;Server=localhost;UID=admin")
        self.assertEqual((False, "HY024"), (answer.connected, answer.state))
        self.assert_says(answer.text, "PostgreSQL", "psqlODBC")


if __name__ == "__main__":
    unittest.main()
