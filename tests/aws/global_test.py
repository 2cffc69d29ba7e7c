#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The region of a global database: its endpoint has none, so Amazon RDS is asked where it writes."""
import json
import os
import sys
import unittest

import botocore.session

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from global_databases import GlobalDatabases  # noqa: E402
from sts import random_keys  # noqa: E402
from world import World  # noqa: E402

GLOBAL = "sales.global-cabc123def45.global.rds.amazonaws.com"


class GlobalTest(World):
    def setUp(self):
        super().setUp()
        self.keys = random_keys()
        self.secrets += list(self.keys[1:])
        self.write(".aws/credentials", f"[default]\naws_access_key_id = {self.keys[0]}\naws_secret_access_key = {self.keys[1]}\n"
                                       f"aws_session_token = {self.keys[2]}\n")
        self.rds = self.enterContext(GlobalDatabases())
        self.rds.know(self.keys)
        self.rds.databases["sales"] = ["eu-central-1", "us-east-1"]

    def environment(self, **variables):
        return super().environment(**{"AWS_ENDPOINT_URL_RDS": self.rds.url, **variables})

    def token(self, *arguments, status=0, **variables):
        done = self.tool("token", "--json", *(arguments or ["--host", GLOBAL, "--port", "5432", "--user", "jane"]), **variables)
        self.assertEqual(status, done.returncode, done.stderr)
        return done

    def signed(self, *arguments, **variables):
        done = self.token(*arguments, **variables)
        token = json.loads(done.stdout)
        self.assertIn(f"%2F{token['region']}%2Frds-db%2F", token["token"])
        return token["region"], done.stderr

    def test_the_writers_region_is_signed_whatever_the_region_that_is_asked(self):
        self.assertEqual(("eu-central-1", ""), self.signed(AWS_REGION="ap-south-1"))
        self.assertEqual(("eu-central-1", ""), self.signed())
        self.write(".aws/config", "[default]\nregion = us-west-2\n")
        self.assertEqual(("eu-central-1", ""), self.signed())
        self.assertEqual([("sales", "ap-south-1"), ("sales", "us-east-1"), ("sales", "us-west-2")], self.rds.asked)
        self.rds.databases["sales"].reverse()
        self.assertEqual("us-east-1", self.signed()[0])

    def test_a_dsn_says_it_as_well(self):
        string = self.dsn(Server=GLOBAL.upper())
        self.assertEqual("eu-central-1", self.signed(string)[0])
        done = self.tool("check", string, "--timeout", "5")
        self.assertRegex(done.stdout, r"(?m)^region +eu-central-1 \(where the global database writes, as Amazon RDS says\)$")
        self.assertRegex(done.stdout, r"(?m)^signed +SALES.*:5432 \(Server\), the writer's endpoint of a global database$")

    def test_a_region_that_is_given_is_not_asked_for(self):
        self.assertEqual(("us-west-1", ""), self.signed("--host", GLOBAL, "--port", "5432", "--user", "jane", "--region", "us-west-1"))
        self.assertEqual([], self.rds.asked)

    def test_where_it_may_not_be_asked_another_region_is_taken_with_a_warning(self):
        self.rds.denies = True
        region, warning = self.signed(AWS_REGION="ap-south-1")
        self.assertEqual("ap-south-1", region)
        for word in ("AccessDenied", "rds:DescribeGlobalClusters", "Signed is ap-south-1 (AWS_REGION)"):
            self.assertIn(word, warning)

    def test_without_any_region_it_is_an_error(self):
        self.rds.denies = True
        done = self.token(status=1)
        for word in (GLOBAL, "AccessDenied", "Let the identity call rds:DescribeGlobalClusters", "Region=us-east-1"):
            self.assertIn(word, done.stderr)
        self.rds.denies = False
        self.rds.databases.clear()
        self.assertIn("Asked was region us-east-1; a region in which the database has a cluster knows it", self.token(status=1).stderr)
        done = self.tool("check", self.dsn(Server=GLOBAL), "--timeout", "5")
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, r"(?m)^region +FAILED \[28000\]$")

    def test_in_the_middle_of_a_failover_nobody_writes(self):
        self.rds.databases["sales"] = [""]
        self.rds.handler = lambda request, serve=self.rds.handler: self.without_writer(serve(request))
        self.assertIn("has no cluster that writes at this moment", self.token(status=1).stderr)

    @staticmethod
    def without_writer(reply):
        reply.body = reply.body.replace("<IsWriter>true<", "<IsWriter>false<")
        return reply

    def test_the_request_is_botocores(self):
        self.token(AWS_REGION="eu-central-1")
        ours = self.rds.requests[-1]
        session = botocore.session.Session()
        session.set_credentials(*self.keys)
        client = session.create_client("rds", region_name="eu-central-1", endpoint_url=self.rds.url)
        told = client.describe_global_clusters(GlobalClusterIdentifier="sales")["GlobalClusters"][0]["GlobalClusterMembers"]
        client.close()
        theirs = self.rds.requests[-1]
        self.assertEqual(theirs.form, ours.form)
        self.assertEqual((theirs.method, theirs.path, theirs.headers["content-type"]), (ours.method, ours.path, ours.headers["content-type"]))
        # And the stand-in's answer is one that botocore reads.
        self.assertEqual([(False, "us-east-1"), (True, "eu-central-1")], [(one["IsWriter"], one["DBClusterArn"].split(":")[3]) for one in told])


if __name__ == "__main__":
    unittest.main()
