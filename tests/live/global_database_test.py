#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A global database: the region of its writer is signed."""
import json
import os
import sys
import unittest

from box import HERE, PYTHON, TOP, LiveTest

sys.path.insert(0, os.path.join(TOP, "tests", "aws"))
from global_databases import GlobalDatabases  # noqa: E402


class GlobalDatabase(LiveTest):
    def test_the_writers_region_opens_it_and_is_asked_once(self):
        host = self.box.exports["RDS_GLOBAL_HOST"]
        section = self.box.section(TokenHost=host, Region=None)
        connect = {"connect": "DSN=mine"}
        with GlobalDatabases() as rds:
            rds.know(self.box.key())
            name = host.split(".", 1)[0]
            rds.databases[name] = [self.box.exports["RDS_REGION"], "us-east-1"]
            env = {"AWS_ENDPOINT_URL_RDS": rds.url, "AWS_REGION": "us-west-2"}
            # Two connects, and one of another identity; then the server refuses what it has seen.
            steps = [connect, connect, {"connect": "DSN=mine;Profile=unknown"}, connect, {"sleep": 1.1}, {"refuse_seen": True}, connect]
            rds.secrets[self.box.key("unknown")[0]] = self.box.key("unknown")[1:]
            with self.box.control(), self.box.verdicts() as seen:
                done = self.box.run([PYTHON, os.path.join(HERE, "steps_client.py")], json.dumps(steps), ini={"mine": section}, env=env)
            self.assertEqual(0, done.returncode, done.stderr)
            self.no_secret(done.stdout)
            answers = json.loads(done.stdout)
            self.assertEqual(["jane_doe"] * 4, answers[:2] + answers[3:4] + answers[-1:], answers)
            self.assert_says(answers[2], "region eu-central-1 .where the global database writes, as Amazon RDS says.")
            self.assertEqual({(host, "eu-central-1")}, {(line["host"], line["region"]) for line in seen})
            # One question for the first identity, one for the other, whose refusal makes it be asked again; and one after the last refusal.
            self.assertEqual([(name, "us-west-2")] * 4, rds.asked)


if __name__ == "__main__":
    unittest.main()
