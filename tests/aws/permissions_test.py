#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Files with secrets that others can read: a warning, and with StrictPermissions=yes an error."""
import json
import os
import subprocess
import unittest

from sts import Sts
from world import BUILD, DRIVER, HERE, PYTHON, World

ROLE = "arn:aws:iam::444455556666:role/app"


class Permissions(World):
    def setUp(self):
        super().setUp()
        self.sts = self.enterContext(Sts())
        self.log = self.home + "/log"

    def private(self, name, text):
        path = self.write(name, text)
        os.chmod(path, 0o600)
        return path

    def credentials(self, **attributes):
        self.dsn(LogLevel="warning", LogFile=self.log, **attributes)
        os.chmod(self.home + "/odbc.ini", 0o600)
        return self.tool("token", "here", AWS_ENDPOINT_URL_STS=self.sts.url, AWS_CONFIG_FILE=self.home + "/config",
                         AWS_CONTAINER_CREDENTIALS_FULL_URI=None)

    def judge(self, path, **attributes):
        """With and without others' rights, and with and without the attribute."""
        for mode, is_open in ((0o600, False), (0o640, True), (0o604, True), (0o602, True)):
            os.chmod(path, mode)
            with self.subTest(mode=oct(mode)):
                done = self.credentials(**attributes)
                self.assertEqual(0, done.returncode, done.stderr)
                done = self.credentials(StrictPermissions="yes", **attributes)
                self.assertEqual(1 if is_open else 0, done.returncode, done.stderr)
                if is_open:
                    can = "change" if mode & 0o022 and os.path.basename(path) in ("config", "credentials") else "read or change"
                    holds, command = ("may name programs", "go-w") if can == "change" else ("holds secrets", "600")
                    self.assertIn(f"iamodbc: [28000] Others can {can} {path} (mode 0{mode:o}), which {holds}, and StrictPermissions=yes. "
                                  f"Take their rights away: chmod {command} {path}", done.stderr)

    def test_strict_permissions_refuse_what_others_can_read(self):
        keys = self.new_keys()
        text = f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"
        self.judge(self.write(".aws/credentials", text), Profile="default")

    def test_without_it_the_log_warns(self):
        keys = self.new_keys()
        path = self.write(".aws/credentials", f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n")
        for mode, warnings in ((0o600, 0), (0o644, 1)):
            os.chmod(path, mode)
            done = subprocess.run([PYTHON, os.path.join(HERE, "driver_client.py"), "Profile=default", "LogLevel=warning"], input=json.dumps({"threads": 1, "login_timeout": 10}),
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=self.environment(IAMODBC_TEST_BUILD=BUILD, IAMODBC_TEST_DRIVER=DRIVER),
                                  timeout=30, check=True)
            self.assertEqual({"connected": 1}, json.loads(done.stdout)["said"])
            self.assertEqual(warnings, done.stderr.count(f"warning others can read or change {path} (mode 0644), which holds secrets: chmod 600 {path}"), done.stderr)

    def test_keys_in_the_config_file(self):
        keys = self.new_keys()
        self.judge(self.write("config", f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"), Profile="default")

    def test_keys_in_odbc_ini(self):
        keys = self.new_keys()
        self.dsn(AccessKeyID=keys[0], SecretAccessKey=keys[1], StrictPermissions="yes")
        for mode, status in ((0o600, 0), (0o644, 1)):
            os.chmod(self.home + "/odbc.ini", mode)
            self.assertEqual(status, self.tool("token", "here").returncode, oct(mode))
        done = self.tool("check", "here")
        self.assertIn(f"Others can read or change {self.home}/odbc.ini (mode 0644)", done.stderr)

    def test_keys_in_odbc_ini_under_a_login_that_is_fetched(self):
        keys = self.new_keys()
        self.dsn(AuthType="SecretsManager", SecretID="sales", AccessKeyID=keys[0], SecretAccessKey=keys[1], StrictPermissions="yes")
        os.chmod(self.home + "/odbc.ini", 0o644)
        done = self.tool("check", "here")
        self.assertEqual(1, done.returncode)
        self.assertIn(f"Others can read or change {self.home}/odbc.ini (mode 0644)", done.stderr)

    def test_a_token_of_a_web_identity(self):
        self.sts.role(ROLE, web_token=b"eyJ.token.x")
        self.judge(self.write("token", "eyJ.token.x"), WebIdentityTokenFile=self.home + "/token", RoleArn=ROLE)

    def test_who_can_change_the_config_file_could_have_a_program_started(self):
        keys = self.new_keys()
        printed = self.private("printed", json.dumps({"Version": 1, "AccessKeyId": keys[0], "SecretAccessKey": keys[1]}))
        self.write("config", f"[profile run]\ncredential_process = sh -c 'touch {self.home}/started; cat {printed}'\n")
        for mode, is_open in ((0o644, False), (0o664, True), (0o646, True)):
            os.chmod(self.home + "/config", mode)
            with self.subTest(mode=oct(mode)):
                done = self.credentials(Profile="run", StrictPermissions="yes")
                self.assertEqual(1 if is_open else 0, done.returncode, done.stderr)
                self.assertEqual(not is_open, os.path.exists(self.home + "/started"))
                if is_open:
                    self.assertIn(f"[28000] Others can change {self.home}/config (mode 0{mode:o}), which may name programs, and StrictPermissions=yes. "
                                  f"Take their rights away: chmod go-w {self.home}/config", done.stderr)
                elif os.path.exists(self.home + "/started"):
                    os.unlink(self.home + "/started")

    def test_who_can_change_a_folder_could_put_another_file_there(self):
        keys = self.new_keys()
        path = self.write(".aws/credentials", f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n")
        os.chmod(path, 0o600)
        for mode, is_open in ((0o755, False), (0o775, True), (0o777, True), (0o1777, False)):
            os.chmod(self.home + "/.aws", mode)
            with self.subTest(mode=oct(mode)):
                self.assertEqual(0, self.credentials(Profile="default").returncode)
                done = self.credentials(Profile="default", StrictPermissions="yes")
                self.assertEqual(1 if is_open else 0, done.returncode, done.stderr)
                if is_open:
                    self.assertIn(f"[28000] Others can change {self.home}/.aws (mode 0{mode:o}), on the way to {path}, which may name programs, and "
                                  f"StrictPermissions=yes. Take their rights away: chmod go-w {self.home}/.aws", done.stderr)

    def test_an_odbc_ini_that_others_can_change(self):
        keys = self.new_keys()
        os.chmod(self.write(".aws/credentials", f"[default]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"), 0o600)
        self.dsn(Profile="default", StrictPermissions="yes")
        for mode, status in ((0o644, 0), (0o664, 1)):
            os.chmod(self.home + "/odbc.ini", mode)
            self.assertEqual(status, self.tool("token", "here").returncode, oct(mode))

    def test_files_without_secrets_may_be_open(self):
        keys = self.new_keys()
        printed = json.dumps({"Version": 1, "AccessKeyId": keys[0], "SecretAccessKey": keys[1]})
        self.write("config", f"[profile run]\ncredential_process = cat {self.private('printed', printed)}\n")
        self.write(".aws/credentials", "[other]\naws_access_key_id = AKIA\naws_secret_access_key = none\n")
        for name in ("config", ".aws/credentials"):
            os.chmod(f"{self.home}/{name}", 0o644)
        self.assertEqual(0, self.credentials(Profile="run", StrictPermissions="yes").returncode)

    def test_the_string_may_not_take_it_back(self):
        self.dsn(StrictPermissions="yes")
        done = self.tool("token", "DSN=here;StrictPermissions=no")
        self.assertIn("StrictPermissions is not taken from a connection string", done.stderr)


if __name__ == "__main__":
    unittest.main()
