#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The calls that fetch a login are botocore's: for the same parameters the same members reach the same service, by the same headers, and what comes back is read in the same way."""
import json
import os
import subprocess
import unittest
import urllib.parse

from login_services import Logins
from world import PYTHON, World

REFERENCE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "references", "botocore_login_calls.py")
HEADERS = ("content-type", "x-amz-target", "x-amz-security-token")
PLACE = {"Server": "localhost", "Port": "1", "Database": "app"}
CLUSTER = {"AuthType": "Redshift", "ClusterID": "sales", "UID": None, **PLACE}
# What is in the DSN; service, call and parameters of botocore for it.
CASES = {
    "a secret by name": ({"AuthType": "SecretsManager", "SecretID": "prod/säles+1"}, "secretsmanager", "get_secret_value", {"SecretId": "prod/säles+1"}),
    "a secret by ARN": ({"AuthType": "SecretsManager", "SecretID": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-AbCdEf"}, "secretsmanager", "get_secret_value",
                        {"SecretId": "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-AbCdEf"}),
    "a user of a cluster": ({**CLUSTER, "UID": "ann+ö"}, "redshift", "get_cluster_credentials", {"ClusterIdentifier": "sales", "DbUser": "ann+ö", "DbName": "app"}),
    "a user who is made": ({**CLUSTER, "UID": "new", "AutoCreate": "yes", "DbGroups": "a b,c", "IAMDuration": "3600"}, "redshift", "get_cluster_credentials",
                           {"ClusterIdentifier": "sales", "DbUser": "new", "DbName": "app", "AutoCreate": True, "DbGroups": ["a b", "c"], "DurationSeconds": 3600}),
    "the identity": ({**CLUSTER, "IAMDuration": "900"}, "redshift", "get_cluster_credentials_with_iam", {"ClusterIdentifier": "sales", "DbName": "app", "DurationSeconds": 900}),
    "where a cluster is": ({**CLUSTER, "Server": None}, "redshift", "describe_clusters", {"ClusterIdentifier": "sales"}),
    "a workgroup": ({**CLUSTER, "ClusterID": None, "Workgroup": "bix", "IAMDuration": "1000"}, "redshift-serverless", "get_credentials",
                    {"workgroupName": "bix", "dbName": "app", "durationSeconds": 1000}),
    "where a workgroup is": ({**CLUSTER, "ClusterID": None, "Workgroup": "bix", "Server": None}, "redshift-serverless", "get_workgroup", {"workgroupName": "bix"})}


def shown(request):
    """What counts of a call: nothing of its moment."""
    body = request.body.decode()
    is_form = request.headers["content-type"].startswith("application/x-www-form-urlencoded")
    members = sorted(urllib.parse.parse_qsl(body, keep_blank_values=True, strict_parsing=True)) if is_form else json.loads(body)
    return request.method, request.raw_target, {name: request.headers.get(name) for name in HEADERS}, members


class Calls(World):
    def test_they_are_botocores(self):
        with Logins() as aws:
            for kind in (False, True):  # long-term keys, and those of a session
                keys = aws.user(self.new_keys() if kind else None)
                for name in ("prod/säles+1", "arn:aws:secretsmanager:eu-central-1:111122223333:secret:a-AbCdEf"):
                    aws.values[(aws.region, name)] = (name, "arn", {"username": "u", "password": "p"})
                about = {"host": "localhost", "port": 1, "passwords": lambda user: "p" + user}
                aws.cluster("sales", **about)
                aws.workgroup("bix", **about)
                for name, (attributes, service, call, parameters) in CASES.items():
                    with self.subTest(name, session=kind):
                        self.compare(aws, keys, attributes, service, call, parameters)

    def compare(self, aws, keys, attributes, service, call, parameters):
        variables = aws.variables(keys)
        dsn = self.dsn(**{"Region": aws.region, **attributes})
        before = len(aws.requests)
        done = self.tool("check", dsn, "--timeout", "10", **variables)
        ours = [shown(request) for request in aws.requests[before:]]
        self.assertIn("\nfetched  ", done.stdout, done.stderr)
        before = len(aws.requests)
        reference = subprocess.run([PYTHON, REFERENCE], input=json.dumps({"service": service, "call": call, "parameters": parameters, "region": aws.region, "url": aws.url}),
                                   env=self.environment(**variables), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        if reference.returncode == 77:
            self.skipTest("NOT RUN: botocore is not installed")  # reason
        self.assertEqual(0, reference.returncode, reference.stderr)
        theirs = [shown(request) for request in aws.requests[before:]]
        self.assertEqual(1, len(theirs))
        self.assertIn(theirs[0], ours)
        user = json.loads(reference.stdout)
        if user:
            self.assertIn(f"user {user}", done.stdout)

    def dsn(self, **attributes):
        driver = os.environ.get("IAMODBC_TEST_DRIVER", "libiamodbc.so")
        self.write("odbcinst.ini", f"[iamodbc]\nDriver={driver}\n[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n")
        found = {"Driver": "iamodbc", "BaseDriver": "PostgreSQL Unicode", **PLACE, **attributes}
        self.write("odbc.ini", "[here]\n" + "".join(f"{name}={value}\n" for name, value in found.items() if value is not None))
        return "here"


if __name__ == "__main__":
    unittest.main()
