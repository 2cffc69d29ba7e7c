#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Roles and web identities end in a login: an STS on loopback hands out keys that the local RDS knows."""
import datetime
import json
import os
import re
import shutil
import sys
import tempfile
import unittest

import box
from box import HERE, ON_TERMINAL, PYTHON, LiveTest

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))
from sts import ACCOUNT, Sts  # noqa: E402  pylint: disable=wrong-import-position

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
ROLE = "arn:aws:iam::444455556666:role/app"
SECOND = "arn:aws:iam::777788889999:role/data"
DEVICE = f"arn:aws:iam::{ACCOUNT}:mfa/jane"
SLEEP = {"sleep": 1.1}  # tokens that are signed within one second are equal


class Roles(LiveTest):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="iamodbc-roles-")
        self.addCleanup(shutil.rmtree, self.home)
        self.sts = self.enterContext(Sts(region=self.box.section()["Region"]))
        self.jane = self.sts.user("jane")
        self.session = self.box.key("session")
        self.env = {"HOME": self.home, "AWS_ENDPOINT_URL_STS": self.sts.url, "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_CONFIG_FILE": self.write("config", f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\nrole_session_name = one\n"
                                                            f"[profile data]\nrole_arn = {SECOND}\nsource_profile = ops\n"),
                    "AWS_SHARED_CREDENTIALS_FILE": self.write("credentials", f"[base]\naws_access_key_id = {self.jane[0]}\n"
                                                                             f"aws_secret_access_key = {self.jane[1]}\n")}

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)
        return path

    def section(self, **changes):
        return {"mine": self.box.section(**{"Profile": None, **changes})}

    def logs_in(self, **changes):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine", ini=self.section(**changes), env=self.env, queries=["select current_user"])
        self.assertTrue(answer.connected, answer)
        self.assertEqual(["ok"], [line["reason"] for line in seen])
        self.assertNotIn("GetCallerIdentity", self.sts.actions())
        return answer

    def steps(self, *steps, **options):
        """One process: its answers, and what the verifier said of the tokens."""
        with self.box.control(), self.box.verdicts() as seen:
            done = self.box.run([PYTHON, os.path.join(HERE, "steps_client.py")], json.dumps(steps), env=self.env, trace=False, **options)
        self.assertEqual(0, done.returncode, done.stderr)
        self.no_secret(done.stdout)
        return json.loads(done.stdout), [line["reason"] for line in seen]

    def test_a_role_of_a_profile_logs_in(self):
        self.sts.role(ROLE, keys=[self.session])
        self.logs_in(Profile="ops")
        self.assertEqual(["AssumeRole"], self.sts.actions())

    def test_a_chain_of_roles_logs_in(self):
        self.sts.role(ROLE)
        self.sts.role(SECOND, trusts={"arn:aws:sts::444455556666:assumed-role/app/one"}, keys=[self.session])
        self.logs_in(Profile="data")
        self.assertEqual(["AssumeRole", "AssumeRole"], self.sts.actions())

    def test_a_role_of_the_dsn_logs_in(self):
        self.sts.role(ROLE, external_id="partner", keys=[self.session])
        self.logs_in(Profile="base", RoleArn=ROLE, ExternalId="partner")

    def test_a_role_over_a_process_that_says_until_when_causes_one_call(self):
        self.sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/jane"}, keys=[self.session])
        printed = {"Version": 1, "AccessKeyId": self.jane[0], "SecretAccessKey": self.jane[1], "Expiration": "2099-01-01T00:00:00Z"}
        program = self.write("program", f"#!/bin/sh\necho run >> {self.home}/runs\ncat {self.write('printed', json.dumps(printed))}\n")
        os.chmod(program, 0o755)
        connect = {"connect": "DSN=mine"}
        answers, seen = self.steps(connect, SLEEP, connect, ini=self.section(CredentialProcess=program, RoleArn=ROLE))
        self.assertEqual((["jane_doe"] * 2, ["ok"] * 2, ["AssumeRole"]), (answers, seen, self.sts.actions()))
        with open(self.home + "/runs", encoding="utf-8") as file:
            self.assertEqual("run\n", file.read())

    def test_a_web_identity_logs_in(self):
        self.sts.role(ROLE, web_token=b"eyJ.token.x", keys=[self.session])
        path = self.write("token", "eyJ.token.x")
        self.logs_in(WebIdentityTokenFile=path, RoleArn=ROLE)
        self.env |= {"AWS_WEB_IDENTITY_TOKEN_FILE": path, "AWS_ROLE_ARN": ROLE}
        self.logs_in()
        self.assertEqual(["AssumeRoleWithWebIdentity"] * 2, self.sts.actions())

    def test_threads_that_connect_at_once_cause_one_call(self):
        self.sts.role(ROLE, keys=[self.session])
        self.sts.delay = 0.3
        threads = {"threads": 30, "connect": "DSN=mine"}
        answers, seen = self.steps(threads, SLEEP, threads, ini=self.section(Profile="ops"))
        self.assertEqual([["jane_doe"] * 30] * 2, answers)
        self.assertEqual(["ok"] * 60, seen)
        self.assertEqual(["AssumeRole"], self.sts.actions())

    def test_the_role_is_kept_when_the_driver_is_unloaded(self):
        self.sts.role(ROLE, keys=[self.session])
        connect = {"connect": "DSN=mine"}
        answers, _ = self.steps(connect, connect, ini=self.section(Profile="ops"), driver={"DontDLClose": "0"})
        self.assertEqual(["jane_doe"] * 2, answers)
        self.assertEqual(["AssumeRole"], self.sts.actions())

    def test_a_refused_kept_token_is_followed_by_new_keys_of_the_role(self):
        self.sts.role(ROLE, keys=[self.session])
        connect = {"connect": "DSN=mine"}
        answers, seen = self.steps(connect, SLEEP, {"refuse_seen": True}, connect, connect, ini=self.section(Profile="ops"))
        self.assertEqual(["jane_doe"] * 3, answers)
        self.assertEqual(["ok", "control: token", "ok", "ok"], seen)
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())

    def test_a_token_ends_with_the_keys_of_the_role(self):
        self.sts.role(ROLE, keys=[self.session], lifetime=300)
        done = self.box.run([TOOL, "check", "mine"], ini=self.section(Profile="ops"), env=self.env)
        end = datetime.datetime.fromisoformat(re.search(r"token +\d+ bytes, until (\S+)Z", done.stdout)[1] + "+00:00")
        left = end - datetime.datetime.now(datetime.timezone.utc)
        self.assertTrue(200 < left.total_seconds() <= 300, done.stdout)

    def test_nothing_goes_to_the_database_when_the_account_is_another(self):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine", ini=self.section(Profile="base", ExpectedAccountID="444455556666"), env=self.env)
        self.assertFalse(answer.connected)
        self.assert_says(str(answer), rf"of AWS account {ACCOUNT}", "ExpectedAccountID is 444455556666")
        self.no_secret(str(answer))
        self.assertEqual([], seen)

    def test_a_wrong_clock_is_corrected_by_what_aws_said(self):
        self.sts.role(ROLE, keys=[self.session])
        for clock in ("-20m", "+20m"):
            with self.subTest(clock):
                with self.box.verdicts() as seen:
                    answer = self.box.connect("DSN=mine", ini=self.section(Profile="ops"), env=self.env, clock=clock)
                self.assertTrue(answer.connected, answer)
                self.assertEqual(["ok"], [line["reason"] for line in seen])
        self.assertEqual(2, len(self.sts.refused_clocks), "the first call of each process is signed by its own clock, the next by AWS's")

    def test_a_refusal_mentions_the_clock(self):
        wrong = self.box.key("wrong")
        self.sts.role(ROLE, keys=[(wrong[0], wrong[1], wrong[2] or "token")])
        answer = self.box.connect("DSN=mine", ini=self.section(Profile="ops"), env=self.env, clock="+20m")
        self.assertFalse(answer.connected)
        self.assert_says(str(answer), r"this computer's clock, which is (1[12]\d\d) s ahead of AWS's")

    def test_nobody_is_asked_for_a_code_where_the_program_forbids_it(self):
        self.sts.role(ROLE, mfa=(DEVICE, "123456"), keys=[self.session])
        ini = self.section(Profile="base", RoleArn=ROLE, MFASerial=DEVICE)
        for completion, words in ((0, ["forbids to ask .SQL_DRIVER_NOPROMPT.", "MFAPrompt"]), (1, ["nobody answered within the login time-out"])):
            answer = self.box.connect("DSN=mine", ini=ini, env=self.env, login_timeout=2, completion=completion, prefix=ON_TERMINAL)
            self.assertFalse(answer.connected)
            self.assert_says(str(answer), *words)
        self.logs_in(Profile="base", RoleArn=ROLE, MFASerial=DEVICE, MFAPrompt="echo 123456")

    def test_check_and_whoami_show_the_role(self):
        self.sts.role(ROLE, keys=[self.session])
        done = self.box.run([TOOL, "check", "mine"], ini=self.section(Profile="ops"), env=self.env)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assert_says(done.stdout, rf"credentials +\w+\.\.\.\w+ from role {ROLE} of profile ops, with profile base in ")
        done = self.box.run([TOOL, "whoami", "mine"], ini=self.section(Profile="ops"), env=self.env)
        self.assert_says(done.stdout, "arn +arn:aws:sts::444455556666:assumed-role/app/one")
        self.no_secret(done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
