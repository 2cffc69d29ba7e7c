#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A global database: the region of its writer is signed."""
import json
import os
import sys
import tempfile
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

    def test_what_one_region_does_not_know_another_is_asked(self):
        host, keys = self.box.exports["RDS_GLOBAL_HOST"], self.box.key()
        with GlobalDatabases() as rds, tempfile.NamedTemporaryFile("w", suffix=".ini", encoding="utf-8") as file:
            for profile, region in (("far", "us-west-2"), ("near", "us-east-1")):
                file.write(f"[profile {profile}]\nregion = {region}\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"
                           + (f"aws_session_token = {keys[2]}\n" if keys[2] else ""))
            file.flush()
            rds.know(keys)
            serve, known = rds.handler, {host.split(".", 1)[0]: [self.box.exports["RDS_REGION"]]}

            def by_region(request):
                rds.databases = {} if "/us-west-2/" in request.headers["authorization"] else known
                return serve(request)
            rds.handler = by_region
            env = {"AWS_ENDPOINT_URL_RDS": rds.url, "AWS_CONFIG_FILE": file.name, "AWS_SHARED_CREDENTIALS_FILE": "/nonexistent"}
            # The first does not come as far as a refusal, which would forget what was told.
            steps = [{"connect": f"DSN=mine;Profile={profile}"} for profile in ("far;Port=1", "near", "far")]
            done = self.box.run([PYTHON, os.path.join(HERE, "steps_client.py")], json.dumps(steps), ini={"mine": self.box.section(TokenHost=host, Region=None)}, env=env)
        self.assertEqual(0, done.returncode, done.stderr)
        _, opened, refused = json.loads(done.stdout)
        self.assert_says(refused, "The token was signed for", "GlobalClusterNotFoundFault")
        self.assertEqual("jane_doe", opened)
        self.assertEqual(["us-west-2", "us-east-1"], [region for _, region in rds.asked])


if __name__ == "__main__":
    unittest.main()
