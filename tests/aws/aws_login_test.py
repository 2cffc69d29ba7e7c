#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of a session that `aws login` opened: its cache file, and its refresh bound to the session's key."""
import json
import os
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import signin  # noqa: E402
from sso import moment  # noqa: E402
from stand_in import Fault, StandIn  # noqa: E402
from world import TOOL, World  # noqa: E402

ARN = "arn:aws:iam::123456789012:user/x"
CONFIG = f"[profile dev]\nlogin_session = {ARN}\nregion = eu-west-3\n"


class AwsLogin(World):
    def setUp(self):
        super().setUp()
        self.write(".aws/config", CONFIG)
        self.session = signin.LoginSession(self.home)
        self.server = self.enterContext(StandIn(self.session))
        self.session.url = self.server.url
        self.keys, self.session.next_keys = self.new_keys(), self.new_keys()
        self.path = os.path.join(self.home, ".aws", "login", "cache", signin.cache_name(ARN))

    def environment(self, **variables):
        return super().environment(**{"AWS_ENDPOINT_URL_SIGNIN": self.server.url, **variables})

    def no_secret(self, text):
        self.secrets.append(self.session.refresh_token)
        super().no_secret(text)

    def keep(self, seconds, **changes):
        self.write(self.path, json.dumps({**self.session.cached(self.keys, seconds, moment), **changes}))

    def kept(self):
        with open(self.path, encoding="utf-8") as file:
            return json.load(file)

    def test_keys_with_time_left_are_used_as_they_are(self):
        self.keep(360)
        content = self.found(self.keys, "--profile", "dev")
        self.assertEqual(self.kept()["accessToken"]["expiresAt"], content["Expiration"])
        self.assertEqual([], self.server.requests)

    def test_keys_that_end_soon_are_refreshed_and_written_back(self):
        for seconds in (240, -60):
            self.keep(seconds, other={"kept": [1]})
            self.found(self.session.next_keys, "--profile", "dev")
            self.assertEqual([], self.session.complaints)
            after = self.kept()
            self.assertEqual("123456789012", after["accessToken"]["accountId"])
            self.assertGreater(after["accessToken"]["expiresAt"], moment(800))
            self.assertEqual((self.session.refresh_token, self.session.key, {"kept": [1]}, "id"),
                             (after["refreshToken"], after["dpopKey"], after["other"], after["idToken"]))
            self.assertEqual(0o600, stat.S_IMODE(os.stat(self.path).st_mode))
        self.found(self.session.next_keys, "--profile", "dev")  # by what was written

    def test_a_wrong_clock_is_corrected_by_what_aws_said(self):
        for clock, seconds in (("-20m", -20 * 60), ("+20m", 20 * 60)):
            with self.subTest(clock):
                self.session.complaints.clear()
                self.keep(seconds - 60)  # has ended by the wrong clock
                content = self.found(self.session.next_keys, "--profile", "dev", prefix=("faketime", "--exclude-monotonic", "-f", clock))
                self.assertEqual(["claims"], [complaint.split()[0] for complaint in self.session.complaints], "the first proof had the wrong time")
                self.assertTrue(moment(870) < content["Expiration"] <= moment(900), "the end of the keys is AWS's")
                self.assertTrue(moment(seconds + 870) < self.kept()["accessToken"]["expiresAt"] <= moment(seconds + 900), "the file goes by this computer's clock")

    def test_the_folder_may_be_elsewhere(self):
        self.path = os.path.join(self.home, "else where", signin.cache_name(ARN))
        self.keep(600)
        self.found(self.keys, "--profile", "dev", AWS_LOGIN_CACHE_DIRECTORY="~/else where")

    def test_a_failed_refresh_leaves_good_keys_in_use(self):
        for fault in (Fault("status", 400), Fault("body", b"{}"), Fault("body", b"no json"), Fault("hang")):
            self.keep(240)
            self.server.faults = [fault]
            with self.quicker_than(8):
                self.found(self.keys, "--profile", "dev")

    def test_what_ends_a_session_is_said(self):
        for refusal, words in (("TOKEN_EXPIRED", "Your session has expired or credentials have changed."),
                               ("USER_CREDENTIALS_CHANGED", "Your session has expired or credentials have changed."),
                               ("INSUFFICIENT_PERMISSIONS", "signin:CreateOAuth2Token")):
            self.keep(-60)
            self.session.refusal = refusal
            self.fails(words, "Please reauthenticate with: aws login --profile dev", arguments=("--profile", "dev"))

    def test_a_file_that_is_missing_or_incomplete_is_said_so(self):
        self.fails("Error loading login session token", self.path, "aws login --profile dev", arguments=("--profile", "dev"))
        for missing in ("accessToken", "refreshToken", "dpopKey", "clientId"):
            self.keep(600, **{missing: None})
            self.fails("an incomplete one", arguments=("--profile", "dev"))

    def test_a_key_that_is_none_is_an_error(self):
        other = subprocess.run(["openssl", "ecparam", "-name", "secp384r1", "-genkey", "-noout"], check=True, stdout=subprocess.PIPE, timeout=30).stdout.decode()
        locked = subprocess.run(["openssl", "ec", "-in", self.session.key_file, "-aes128", "-passout", "pass:x"], check=True, stdout=subprocess.PIPE,
                                stderr=subprocess.DEVNULL, timeout=30).stdout.decode()
        for key in ("none", other, locked):
            self.keep(-60, dpopKey=key)
            self.fails("The dpopKey of the session is not a P-256 key", arguments=("--profile", "dev"))

    def test_many_processes_refresh_once(self):
        self.keep(-60)
        self.session.delay = 0.7
        programs = [subprocess.Popen([TOOL, "credentials", "--profile", "dev"], env=self.environment(), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
                    for _ in range(6)]
        for program in programs:
            out, error = program.communicate(timeout=30)
            self.assertEqual((0, ""), (program.returncode, error))
            self.assertEqual(self.session.next_keys[0], json.loads(out)["AccessKeyId"])
        self.assertEqual(1, len(self.server.requests))


if __name__ == "__main__":
    unittest.main()
