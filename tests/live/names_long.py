#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What DNS may say wrong when it is asked for the endpoint behind a name: circles, chains without an end, unknown names, silence, failure, ends outside AWS."""
import os
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from box import TOOL  # noqa: E402
from names_test import ALIAS, NamesTest  # noqa: E402

BALANCER = "db-0a1b.elb.eu-central-1.amazonaws.com"


def chain(length, last):
    """Of so many aliases, from ALIAS on."""
    names = [ALIAS, *(f"n{number}.corp.example" for number in range(1, length)), last]
    return {name: ["CNAME", target] for name, target in zip(names, names[1:])}


class Dns(NamesTest):
    def fails(self, zone, *words, server=ALIAS, state="08001", timeout=None, links=100):
        """Nothing is signed nor dialled, and the message says why."""
        answer, seen = self.connect(f"DSN=local-pg;Server={server};ResolveCNAME=yes", self.names(zone, links), login_timeout=timeout)
        self.assertEqual((False, state, None), (answer.connected, answer.state, seen), str(answer))
        self.assert_says(answer.text, "ResolveCNAME=yes", *words)
        return answer

    def test_names_in_a_circle(self):
        zone = {ALIAS: ["CNAME", "b.corp.example"], "b.corp.example": ["CNAME", ALIAS]}
        for links in (1, 4):
            self.fails(zone, f"in a circle, to {ALIAS} twice", links=links)
        self.fails({ALIAS: ["CNAME", ALIAS]}, "in a circle")

    def test_names_without_an_end(self):
        for links in (1, 7, 100):
            self.fails(chain(40, self.host), "more than 16 names, the last one n17.corp.example", links=links)
        zone = {**chain(16, self.host), self.host: ["A", "127.0.0.1"]}
        answer, _ = self.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes", self.names(zone, 5))
        self.assertTrue(answer.connected, str(answer))

    def test_a_name_that_does_not_exist(self):
        self.fails({"other.example": ["EMPTY"]}, ALIAS, "not found")
        self.fails({ALIAS: ["EMPTY"]}, f"{ALIAS} is no alias", "Server", "TokenHost")
        self.fails({ALIAS: ["CNAME", "gone.example"]}, f"{ALIAS} leads to gone.example, which is not the endpoint of a database")

    def test_an_endpoint_that_is_gone_is_signed_and_not_reached(self):
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes", self.names({ALIAS: ["CNAME", self.host]}))
        self.assertEqual((False, None), (answer.connected, seen))
        self.assert_says(answer.text, f'could not translate host name "{self.host}"')

    def test_a_name_server_that_fails(self):
        self.fails({ALIAS: ["FAILS"]}, "What db.corp.example is an alias of is not known", "Could not contact DNS servers|general failure", "write the endpoint.* into Server")

    def test_a_silent_name_server_does_not_outlast_the_login_time(self):
        started = time.monotonic()
        self.fails({ALIAS: ["SILENT"]}, ALIAS, state="HYT00", timeout=2)
        self.assertLess(time.monotonic() - started, 4)
        # What is only advice waits less.
        started = time.monotonic()
        done = self.check(f"DSN=local-pg;Server={ALIAS}", self.names({ALIAS: ["SILENT"]}), timeout=1)
        self.assert_says(done.stdout, rf"name +{ALIAS} is not an endpoint of AWS, and DNS does not help")
        self.assertLess(time.monotonic() - started, 8)

    def test_an_end_outside_of_aws(self):
        self.fails({ALIAS: ["CNAME", "db.elsewhere.example"], "db.elsewhere.example": ["A", "127.0.0.1"]}, "which is not the endpoint of a database in AWS")
        # Names that only look like AWS's.
        for end in (self.host + ".evil.example", "mydb.cabc123def45.eu-central-1.rds.amazonaws.com.evil", "rds.amazonaws.com", "ec2-192-0-2-1.compute-1.amazonaws.com"):
            self.fails({ALIAS: ["CNAME", end], end: ["A", "127.0.0.1"]}, "not the endpoint of a database in AWS")

    def test_a_load_balancer_hides_the_endpoint(self):
        self.fails({ALIAS: ["CNAME", BALANCER], BALANCER: ["A", "127.0.0.1"]}, f"{ALIAS} leads to {BALANCER}, which is a load balancer", "TokenHost")
        self.fails({BALANCER: ["A", "127.0.0.1"]}, f"{BALANCER} is no alias", server=BALANCER)

    def test_the_first_endpoint_is_the_one_that_was_meant(self):
        """The endpoint of a public instance is an alias of a name of EC2, that of a cluster one of an instance."""
        cluster, ec2 = self.box.exports["RDS_CLUSTER_HOST"], "ec2-192-0-2-1.eu-central-1.compute.amazonaws.com"
        zone = {ALIAS: ["CNAME", cluster], cluster: ["CNAME", self.host], self.host: ["CNAME", ec2], ec2: ["A", "127.0.0.1"]}
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes", self.names(zone))
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual(cluster, seen["host"])

    def test_an_alias_of_dsql(self):
        host = self.box.exports["RDS_DSQL_HOST"]
        section = self.box.section("local-dsql", TokenHost=None, Server=ALIAS, ResolveCNAME="yes")
        answer, seen = self.connect("DSN=mine", self.names({ALIAS: ["CNAME", host], host: ["A", "127.0.0.1"]}), ini={"mine": section})
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual((host, "ok"), (seen["host"], seen["reason"]))

    def test_letter_case_and_a_trailing_dot(self):
        answer, seen = self.connect(f"DSN=local-pg;Server={ALIAS.upper()}.;ResolveCNAME=yes", self.names())
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual(self.host, seen["host"])

    def test_doctor(self):
        done = self.box.run([*self.names(), TOOL, "doctor", f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes"])
        self.assert_says(done.stdout, f"{ALIAS} leads to {self.host}, the endpoint of an RDS instance")
        done = self.box.run([*self.names({ALIAS: ["CNAME", "x.example"]}), TOOL, "doctor", f"DSN=local-pg;Server={ALIAS};ResolveCNAME=yes"])
        self.assertEqual(1, done.returncode)
        self.assert_says(done.stdout, "x.example, which is not the endpoint")


if __name__ == "__main__":
    unittest.main()
