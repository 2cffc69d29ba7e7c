#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Aliases of endpoints, in a DNS of the test's own. What DNS may say wrong is in names_long.py."""
import json
import re
import unittest

import name_server
from box import TOOL, LiveTest

ALIAS = "db.corp.example"
WHO = "select current_user"


class NamesTest(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.host = cls.box.exports["RDS_HOST"]
        cls.maria_port = int(cls.box.exports.get("RDS_MARIA_PORT", 0))

    def names(self, zone=None, links=100):
        """A prefix for programs: what they ask DNS, and the box behind it."""
        if not name_server.can_be_made():
            self.skipTest("no namespaces of its own for mounts and network can be made")
        zone = zone or {ALIAS: ["CNAME", "name.corp.example"], "name.corp.example": ["CNAME", self.host], self.host: ["A", "127.0.0.1"]}
        ports = [self.box.port, self.maria_port, int(self.box.exports["AWS_ENDPOINT_URL_RDS"].rpartition(":")[2])]
        return self.enterContext(name_server.Names(zone, [port for port in ports if port], links))

    def connect(self, string, prefix, **options):
        """The answer, and what the verifier saw of its token."""
        with self.box.verdicts() as seen:
            answer = self.box.connect(string, prefix=prefix, queries=[WHO], **options)
        self.no_secret(answer.text)
        return answer, seen[-1] if seen else None

    def check(self, string, prefix, timeout=10):
        done = self.box.run([*prefix, TOOL, "check", "--timeout", str(timeout), string])
        self.no_secret(done.stdout + done.stderr)
        return done


class Aliases(NamesTest):
    def test_resolve_cname(self):
        """What DNS says is signed, dialled and checked; without the word it is not believed."""
        prefix = self.names()
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes", prefix)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual((self.host, self.box.port, "ok"), (seen["host"], seen["port"], seen["reason"]))
        self.assertIn(f"Server={ALIAS}", answer.out)
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=no;TLS=verify-ca", prefix)
        self.assertEqual((False, ALIAS, "endpoint"), (answer.connected, seen["host"], seen["reason"]))

    def test_resolve_cname_over_mariadb(self):
        if not self.maria_port:
            self.skipTest("the local RDS has no MariaDB")
        prefix = self.names()
        answer, seen = self.connect(f"DSN=local-maria;Server={ALIAS};ResolveCNAME=yes", prefix)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual((self.host, self.maria_port, "ok"), (seen["host"], seen["port"], seen["reason"]))
        answer, seen = self.connect(f"DSN=local-maria;Server={ALIAS}", prefix)
        self.assertEqual((False, None), (answer.connected, seen))
        self.assert_says(answer.text, f"{ALIAS} is an alias of {self.host}", rf"Write Server={self.host} \(or ResolveCNAME=yes\)")

    def test_a_refusal_names_the_endpoint_and_the_line_to_add(self):
        prefix = self.names()
        line = rf"TokenHost={re.escape(self.host)} \(or ResolveCNAME=yes\)"
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};TLS=verify-ca", prefix)
        self.assertEqual((False, "endpoint"), (answer.connected, seen["reason"]))
        self.assert_says(answer.text, f"The token was signed for {ALIAS}:{self.box.port}, which DNS says is an alias: write {line}")
        # The certificate is what fails first where it is checked whole.
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS}", prefix)
        self.assertEqual((False, None), (answer.connected, seen))
        self.assert_says(answer.text, "does not match host name", f"{ALIAS} is an alias of {self.host}", f"Write {line}")
        # And that line is right.
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};TokenHost={self.host}", prefix)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual(self.host, seen["host"])

    def test_check_follows_an_alias_and_says_what_to_write(self):
        prefix = self.names(links=1)
        done = self.check(f"DSN=local-pg;Server={ALIAS}", prefix)
        self.assert_says(done.stdout, rf"name +{ALIAS} leads to name\.corp\.example, then {self.host}, the endpoint of an RDS instance\n",
                         rf"\n +write TokenHost={self.host} into the DSN, or ResolveCNAME=yes", rf"signed +{ALIAS}:\d+ \(Server\)\n")
        self.assertEqual(1, done.returncode)
        done = self.check(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes", prefix)
        self.assert_says(done.stdout, rf"name +{ALIAS} leads to {self.host}, the endpoint of an RDS instance \(ResolveCNAME=yes: DNS is trusted\)\n",
                         rf"signed +{self.host}:\d+ \(Server\), the endpoint of an RDS instance\n", "TLS in use +on")
        self.assertEqual(0, done.returncode, done.stderr)

    def test_a_token_is_made_for_the_endpoint_behind_an_alias(self):
        done = self.box.run([*self.names(), TOOL, "token", "--json", f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes"], keep=False)
        self.assertEqual((0, self.host), (done.returncode, json.loads(done.stdout)["host"]))

    def test_a_policy_is_for_the_endpoint_behind_an_alias(self):
        shop = "shop.cabc123def45.eu-central-1.rds.amazonaws.com"
        prefix = self.names({ALIAS: ["CNAME", shop], shop: ["A", "127.0.0.1"]})
        wanted = r'"Resource": "arn:aws:rds-db:eu-central-1:123456789012:dbuser:db-[A-Z0-9]+/jane_doe"'
        done = self.box.run([*prefix, TOOL, "policy", f"DSN=local-pg;Region=;Server={ALIAS};ResolveCNAME=yes"])
        self.assertEqual("", done.stderr)
        self.assert_says(done.stdout, wanted)
        done = self.box.run([*prefix, TOOL, "policy", f"DSN=local-pg;Region=;Server={ALIAS}"])
        self.assert_says(done.stdout, wanted)
        self.assert_says(done.stderr, f"{ALIAS} is an alias of {shop}", rf"Write TokenHost={shop} \(or ResolveCNAME=yes\)")
        done = self.box.run([TOOL, "policy", "local-pg"])
        self.assert_says(done.stdout, r"arn:aws:rds-db:eu-central-1:123456789012:dbuser:<RESOURCE-ID>/jane_doe")

    def test_what_does_not_go_together_with_it(self):
        for more, word in (("TokenHost=" + self.host, "TokenHost"), ("TLS=verify-ca", "TLS=verify-full"), ("AuthType=Password;PWD=x", "AuthType=IAM or DSQL")):
            with self.subTest(more):
                answer = self.box.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes;{more}")
                self.assertEqual((False, "HY024"), (answer.connected, answer.state))
                self.assert_says(answer.text, "ResolveCNAME=yes", word)


if __name__ == "__main__":
    unittest.main()
