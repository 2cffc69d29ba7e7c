#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""AuthType=SecretsManager and AuthType=Redshift end in a login. fetched_logins_long.py has the rest."""
import secrets
import unittest

from fetching import Fetched, FromCluster


class SecretsManager(Fetched):
    def test_a_secret_logs_in_where_the_dsn_says_nothing_else(self):
        self.secret()
        ca = self.box.ca
        self.logs_in(ini={"mine": {"Driver": "iamodbc", "AuthType": "SecretsManager", "SecretID": "sales", "Region": self.region, "TLSCAFile": ca}})
        self.assertEqual([("GetSecretValue", {"SecretId": "sales"}, self.region)], [(call.operation, call.members, call.region) for call in self.aws.calls])

    def test_a_rotated_secret_is_fetched_once_more_and_the_kept_one_serves_till_then(self):
        first, second = secrets.token_urlsafe(12), secrets.token_urlsafe(12)
        self.postgresql(f"CREATE ROLE rotated LOGIN PASSWORD '{first}'")
        self.drop_after("rotated")
        self.serve_one_by_one([{"username": "rotated", "password": password} for password in (first, second)])
        done = self.client(f"""
print(connect("DSN=mine"), connect("DSN=mine"))
subprocess.run({self.psql_command!r} + ["-c", "ALTER ROLE rotated PASSWORD '{second}'"], check=True)
time.sleep(1.1)
print(connect("DSN=mine"), connect("DSN=mine"))
""")
        self.assertEqual("rotated rotated\nrotated rotated\n", done.stdout)
        self.assertEqual(2, len(self.aws.calls))

    def test_with_login_cache_off_nothing_is_kept_or_taken(self):
        self.secret()
        steps = [{"connect": "DSN=mine;LoginCache=off"}, {"connect": "DSN=mine"}, {"connect": "DSN=mine;LoginCache=off"}, {"connect": "DSN=mine"}]
        self.assertEqual(["plain_user"] * 4, self.steps(*steps))
        self.assertEqual(3, len(self.aws.calls))  # of the last two the first fetches, the other has what the second kept

    def test_check_shows_the_secret_and_never_its_password(self):
        self.secret()
        done = self.tool("check", "mine", ini=self.section(Server=None, Port=None, Database=None, BaseDriver=None))
        self.assert_says(done.stdout, rf"\nregion +{self.region} \(Region=\)\ncredentials +AKIA",
                         rf"\nfetched +the secret sales: user plain_user, host localhost, port {self.box.port}, database app, engine postgresql; until ",
                         r"\nbase driver", r"AuthType=SecretsManager, user plain_user at localhost", r"\nuser +plain_user\n")
        self.aws.denied = {"GetSecretValue"}
        done = self.tool("check", "mine", status=1)
        self.assert_says(done.stdout, r"\nfetched +FAILED")
        self.assert_says(done.stderr, "secretsmanager:GetSecretValue")
        self.tool("check", "mine", "--json", status=1)


class Redshift(FromCluster):
    def test_a_cluster_logs_in_by_its_name_as_the_iam_identity(self):
        self.logs_in("IAM:jane", ini=self.section(ClusterID="sales"))
        self.assertEqual([("DescribeClusters", {"ClusterIdentifier": "sales"}), ("GetClusterCredentialsWithIAM", {"ClusterIdentifier": "sales"})],
                         [(call.operation, call.members) for call in self.aws.calls])

    def test_a_workgroup_logs_in_by_its_name(self):
        self.logs_in("IAM:jane", ini=self.section(Workgroup="bi", Database="app", IAMDuration="900"))
        self.assertEqual([("GetWorkgroup", {"workgroupName": "bi"}), ("GetCredentials", {"workgroupName": "bi", "dbName": "app", "durationSeconds": 900})],
                         [(call.operation, call.members) for call in self.aws.calls])

    def test_a_refused_password_is_asked_for_anew_as_the_first_one_was(self):
        spoilt = 'ALTER ROLE "IAM:jane" PASSWORD NULL'
        done = self.client(f"""
print(connect("DSN=mine"))
subprocess.run({self.psql_command!r} + ["-c", {spoilt!r}], check=True)
time.sleep(1.1)
print(connect("DSN=mine"))
""", ini=self.section(ClusterID="sales"))
        self.assertEqual("IAM:jane\nIAM:jane\n", done.stdout)
        self.assertEqual(["DescribeClusters", "GetClusterCredentialsWithIAM"] * 2, self.aws.operations())

    def test_with_login_cache_off_each_connect_asks_for_a_password(self):
        self.assertEqual(["IAM:jane"] * 2, self.steps({"connect": "DSN=mine"}, {"connect": "DSN=mine"}, ini=self.section(ClusterID="sales", LoginCache="off")))
        self.assertEqual(2, self.aws.operations().count("GetClusterCredentialsWithIAM"))


if __name__ == "__main__":
    unittest.main()
