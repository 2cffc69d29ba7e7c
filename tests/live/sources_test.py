#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Each place where AWS keys may lie ends in an accepted login, found without a word in the DSN: here those that other tests log in with by a DSN's attributes only.
The rest: identity_center_test.py, metadata_test.py, roles_test.py, attributes_test.py."""
import json
import os
import shlex
import sys
import tempfile
import unittest

import box

sys.path.insert(0, os.path.join(box.TOP, "tests", "aws"))
import signin  # noqa: E402
from instance_service import InstanceService  # noqa: E402
from sso import moment  # noqa: E402
from stand_in import Reply, StandIn  # noqa: E402
from sts import Sts, random_keys  # noqa: E402
from world import metadata_json, write_file  # noqa: E402

ROLE = "arn:aws:iam::444455556666:role/app"
SERIAL = "arn:aws:iam::111122223333:mfa/jane"
VARIABLES = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")


class Sources(box.LiveTest):
    def setUp(self):
        self.home = self.enterContext(tempfile.TemporaryDirectory(prefix="iamodbc-home-"))
        self.keys = self.box.key("session")
        self.env = {"HOME": self.home, "AWS_CONFIG_FILE": None, "AWS_SHARED_CREDENTIALS_FILE": None, "AWS_PROFILE": None}
        self.dsns = ["local-pg", *(["local-maria"] if "RDS_MARIA_PORT" in self.box.exports else [])]

    def write(self, name, text):
        return write_file(self.home, name, text)

    def logs_in(self, **attributes):
        """To PostgreSQL and MariaDB, with no keys but those of this test."""
        for dsn in self.dsns:
            with self.box.verdicts() as seen:
                answer = self.box.connect("DSN=mine", ini={"mine": self.box.section(dsn, **{"Profile": None, **attributes})}, env=self.env)
            self.assertTrue(answer.connected, f"{dsn}: {answer}")
            self.assertEqual(["accepted"], [line["verdict"] for line in seen])

    def test_the_environment(self):
        self.env |= dict(zip(VARIABLES, self.keys))
        self.logs_in()

    def test_either_of_the_files(self):
        lines = "[default]\naws_access_key_id = {}\naws_secret_access_key = {}\naws_session_token = {}\n".format(*self.keys)
        for name in ("config", "credentials"):
            path = self.write(".aws/" + name, lines)
            self.logs_in()
            os.unlink(path)

    def test_a_credential_process_of_the_profile(self):
        printed = dict(zip(("AccessKeyId", "SecretAccessKey", "SessionToken"), self.keys))
        path = self.write("printed", json.dumps({"Version": 1, **printed}))
        self.write(".aws/config", f"[default]\ncredential_process = cat {shlex.quote(path)}\n")
        self.logs_in()

    def test_a_session_of_aws_login(self):
        arn = "arn:aws:iam::123456789012:user/x"
        self.write(".aws/config", f"[default]\nlogin_session = {arn}\nregion = eu-central-1\n")
        session = signin.LoginSession(self.home)
        server = self.enterContext(StandIn(session))
        session.url = self.env["AWS_ENDPOINT_URL_SIGNIN"] = server.url
        path = os.path.join(self.home, ".aws", "login", "cache", signin.cache_name(arn))
        self.write(path, json.dumps(session.cached(self.keys, 600, moment)))
        self.logs_in()
        self.assertEqual([], server.requests)
        session.next_keys = self.keys
        self.write(path, json.dumps(session.cached(random_keys(), -60, moment)))
        self.logs_in()
        self.assertEqual(([], 1), (session.complaints, len(server.requests)))

    def test_a_role_by_its_credential_source(self):
        source = random_keys()
        sts = self.enterContext(Sts())
        sts.know(source, "arn:aws:sts::111122223333:assumed-role/pod/x")
        sts.role(ROLE, keys=[self.keys])
        container = self.enterContext(StandIn(lambda request: Reply(200, metadata_json(source))))
        instance = self.enterContext(StandIn(InstanceService(metadata_json(source))))
        self.env |= {"AWS_PROFILE": "live", "AWS_ENDPOINT_URL_STS": sts.url, "AWS_EC2_METADATA_DISABLED": None}
        for name, env in (("EcsContainer", {"AWS_CONTAINER_CREDENTIALS_FULL_URI": container.url}),
                          ("Ec2InstanceMetadata", {"AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.url})):
            self.write(".aws/config", f"[profile live]\nrole_arn = {ROLE}\ncredential_source = {name}\nregion = eu-central-1\n")
            self.env |= env
            self.logs_in()
        # Keys of the environment precede AWS_PROFILE: here the DSN names the profile.
        self.write(".aws/config", f"[profile live]\nrole_arn = {ROLE}\ncredential_source = Environment\nregion = eu-central-1\n")
        self.env |= dict(zip(VARIABLES, source))
        self.logs_in(Profile="live")
        self.assertEqual(["AssumeRole"] * 3 * len(self.dsns), sts.actions())

    def test_a_role_that_asks_for_an_mfa_code(self):
        sts = self.enterContext(Sts())
        jane = sts.user("jane")
        sts.role(ROLE, mfa=(SERIAL, "123456"), keys=[self.keys])
        self.env["AWS_ENDPOINT_URL_STS"] = sts.url
        self.write(".aws/credentials", f"[default]\naws_access_key_id = {jane[0]}\naws_secret_access_key = {jane[1]}\n")
        self.logs_in(RoleArn=ROLE, MFASerial=SERIAL, MFAPrompt="echo 123456")
        self.write(".aws/config", f"[default]\nrole_arn = {ROLE}\nsource_profile = default\nmfa_serial = {SERIAL}\n")
        self.logs_in(MFAPrompt="echo 123456")
        self.assertEqual(["AssumeRole"] * 2 * len(self.dsns), sts.actions())


if __name__ == "__main__":
    unittest.main()
