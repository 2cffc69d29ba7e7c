#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""LoginCache=user: programs that live for a second take the keys of a role, and tokens, from each other, through the kernel's user keyring."""
import hashlib
import json
import os
import re
import shutil
import stat
import sys
import tempfile
import time
import unittest

import box
from box import HERE, LiveTest
from fetching import FromCluster
from hosts import PROGRAM

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))
import user_keyring  # noqa: E402  pylint: disable=wrong-import-position
from sts import Sts, random_keys  # noqa: E402  pylint: disable=wrong-import-position

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
ROLE = "arn:aws:iam::444455556666:role/app"


class Between(LiveTest):
    def setUp(self):
        super().setUp()
        if not user_keyring.is_usable():
            print("\nNOT RUN: LoginCache=user: the kernel's user keyring is forbidden here")
            self.skipTest("the kernel's user keyring is forbidden here")
        self.enterContext(user_keyring.left_as_found())
        self.before = user_keyring.entries()
        self.home = tempfile.mkdtemp(prefix="iamodbc-between-")
        self.addCleanup(shutil.rmtree, self.home)
        self.sts = self.enterContext(Sts(region=self.box.section()["Region"]))
        self.session = self.box.key("session")
        self.sts.role(ROLE, keys=[self.session])
        self.jane = self.sts.user("jane")
        self.env = {"HOME": self.home, "XDG_RUNTIME_DIR": self.home, "AWS_ENDPOINT_URL_STS": self.sts.url, "AWS_EC2_METADATA_DISABLED": "true",
                    "AWS_CONFIG_FILE": self.write("config", f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n"),
                    "AWS_SHARED_CREDENTIALS_FILE": self.write("credentials", f"[base]\naws_access_key_id = {self.jane[0]}\naws_secret_access_key = {self.jane[1]}\n")}

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "w", encoding="utf-8", opener=lambda file, flags: os.open(file, flags, 0o600)) as file:
            file.write(text)
        return path

    def section(self, **changes):
        return {"mine": self.box.section(**{"Profile": "ops", "LoginCache": "user", **changes})}

    def log_in(self, **changes):
        """In a process of its own: who it is then."""
        done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(**changes), env=self.env, trace=False)
        self.no_secret(done.stdout + done.stderr)
        self.assertEqual(0, done.returncode, done.stderr)
        return done.stdout.strip()

    def kept(self):
        return user_keyring.entries().keys() - self.before.keys()

    def kept_tokens(self):
        return {serial for serial in self.kept() if "iamodbc:1:token " in user_keyring.entries()[serial]}

    def kept_keys(self):
        return self.kept() - self.kept_tokens()

    def make_old(self):
        """Keys that are kept count as new for a minute."""
        (serial,) = self.kept_keys()
        line, text = user_keyring.payload(serial).split(b"\n", 1)
        user_keyring.change(serial, b"1 %d\n" % (int(line.split()[1]) - 61) + text)


class BetweenProcesses(Between):
    def test_a_second_process_asks_nobody(self):
        self.assertEqual(["jane_doe"] * 3, [self.log_in() for _ in range(3)])
        self.assertEqual(["AssumeRole"], self.sts.actions())
        (serial,) = self.kept_keys()
        self.assertIn(self.session[1].encode(), user_keyring.payload(serial))
        self.assertRegex(user_keyring.seconds_left(serial), r"^(59m|60m|1h)$", "the kernel drops it when the keys end")
        self.assertRegex(user_keyring.entries()[serial], rf"^user;{os.geteuid()};\d+;003f0000;iamodbc:1:[0-9a-f]{{64}}$")

        locks = [os.path.join(self.home, "iamodbc", name) for name in os.listdir(self.home + "/iamodbc")]
        self.assertEqual([(0o600, 0)], [(stat.S_IMODE(os.stat(path).st_mode), os.path.getsize(path)) for path in locks])
        self.assertEqual(0o700, stat.S_IMODE(os.stat(self.home + "/iamodbc").st_mode))

    def test_other_keys_of_the_same_profile_are_another_identity(self):
        self.log_in()
        other = self.sts.user("joe")
        self.write("credentials", f"[base]\naws_access_key_id = {other[0]}\naws_secret_access_key = {other[1]}\n")
        self.log_in()
        self.assertEqual(["jane", "joe"], [call.caller.rsplit("/", 1)[1] for call in self.sts.calls])

    def test_process_and_off_ask_in_each_process(self):
        for value in ("process", "off"):
            self.log_in(LoginCache=value)
            self.log_in(LoginCache=value)
        self.assertEqual(["AssumeRole"] * 4, self.sts.actions())
        self.assertEqual(set(), self.kept())

    def test_kept_keys_that_the_server_refuses_are_replaced_for_all(self):
        ended = random_keys()
        self.sts.role(ROLE, keys=[ended])  # the server does not know them: as of a session that was revoked
        done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(), env=self.env, trace=False)
        self.assertIn("PAM authentication failed", done.stderr)
        self.sts.role(ROLE, keys=[self.session])
        # Within a minute they count as new, and the refusal stands.
        done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(), env=self.env, trace=False)
        self.assertIn("PAM authentication failed", done.stderr)
        self.assertEqual(["AssumeRole"], self.sts.actions())
        self.make_old()
        self.assertEqual("jane_doe", self.log_in())
        self.assertEqual("jane_doe", self.log_in())
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())

    def test_check_tells(self):
        def login_cache(**changes):
            done = self.box.run([TOOL, "check", "mine"], ini=self.section(**changes), env=self.env, trace=False)
            self.assertEqual(0, done.returncode, done.stderr)
            return re.findall(r"(?m)^login cache +(.*)$", done.stdout)
        self.assertEqual([f"the kernel's user keyring, {len(self.before)} entries; locks in {self.home}/iamodbc".replace(" 1 entries", " 1 entry")], login_cache())
        self.assertEqual(["off: each connect asks for credentials anew"], login_cache(LoginCache="off"))
        self.assertEqual([], login_cache(LoginCache="process"))

    def test_where_the_keyring_is_forbidden_each_process_asks_and_check_says_why(self):
        forbidden = [sys.executable, os.path.join(os.path.dirname(HERE), "aws", "without_keyrings.py")]
        for command in ([PROGRAM, "once", "mine"], [PROGRAM, "once", "mine"], [TOOL, "check", "mine"]):
            done = self.box.run([*forbidden, *command], ini=self.section(), env=self.env, trace=False)
            self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn("login cache   this process, for its own connects; not the user's others: the kernel's user keyring does not take anything here "
                      "(Operation not permitted)", done.stdout)
        self.assertEqual(["AssumeRole"] * 4, self.sts.actions())  # `check` asks, and then connects as any program
        self.assertEqual(set(), self.kept())


class TokensBetweenProcesses(Between):
    SECOND = 1.1  # tokens that are signed within one are equal

    def log_in_and_see(self, **changes):
        """The tokens that the server saw, told apart, and what it thought of them."""
        with self.box.verdicts() as seen:
            self.log_in(**changes)
        return [(line["sha256"], line["reason"]) for line in seen]

    def test_a_second_process_takes_the_token(self):
        first = self.log_in_and_see()
        self.assertEqual([(first[0][0], "ok")], first)
        time.sleep(self.SECOND)
        self.assertEqual([first] * 2, [self.log_in_and_see() for _ in range(2)])
        (serial,) = self.kept_tokens()
        self.assertEqual(first[0][0], hashlib.sha256(user_keyring.payload(serial).split(b"\n", 2)[2]).hexdigest())
        self.assertRegex(user_keyring.seconds_left(serial), r"^1[34]m$", "the kernel drops it a minute before its end")
        self.assertRegex(user_keyring.entries()[serial], rf"^user;{os.geteuid()};\d+;003f0000;iamodbc:1:token [0-9a-f]{{64}}$")
        self.assertNotEqual(first, self.log_in_and_see(LoginCache="process"))

    def test_other_users_and_other_keys_have_other_tokens(self):
        first = self.log_in_and_see()
        time.sleep(self.SECOND)
        other = self.log_in_and_see(Database="postgres")
        self.assertEqual(first, other, "a token does not depend on the database")
        self.assertNotEqual(first, self.log_in_and_see(Profile=None, AccessKeyID=self.box.key()[0], SecretAccessKey=self.box.key()[1]))
        self.assertEqual(2, len(self.kept_tokens()))

    def test_keys_in_a_connection_string_leave_none(self):
        key, secret, _ = self.box.key()
        answer = self.box.connect(f"DSN=mine;AccessKeyID={key};SecretAccessKey={{{secret}}}", ini=self.section(Profile=None), env=self.env, queries=["select current_user"],
                                  trace=False)  # it shows the application's own string
        self.assertTrue(answer.connected, answer)
        self.assertEqual(set(), self.kept())

    def test_a_token_that_is_refused_is_replaced_for_all(self):
        (first, _), = self.log_in_and_see()
        time.sleep(self.SECOND)
        with self.box.control(refuse_tokens=[first]):
            (refused, why), (newer, ok) = self.log_in_and_see()
            self.assertEqual((first, "control: token", "ok"), (refused, why, ok))
            self.assertEqual([(newer, "ok")], self.log_in_and_see())
        self.assertEqual(1, len(self.kept_tokens()))

    def test_a_token_that_never_let_in_is_not_there(self):
        with self.box.control(refuse_dated_before="99991231T000000Z"):
            done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(), env=self.env, trace=False)
        self.assertIn("PAM authentication failed", done.stderr)
        self.assertEqual((0, 1), (len(self.kept_tokens()), len(self.kept_keys())))


class UnderOtherLogins(Between, FromCluster):
    def setUp(self):
        super().setUp()
        self.aws.user(self.session)
        self.env.update(self.aws.endpoints())

    def section(self, dsn="local-pg", **changes):
        return FromCluster.section(self, dsn, **{"Profile": "ops", "LoginCache": "user", **changes})

    def refused(self, **changes):
        done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(**changes), env=self.env, trace=False)
        self.assertEqual(1, done.returncode)
        self.assertIn("authentication failed", done.stderr)

    def test_keys_under_a_token_of_dsql(self):
        dsql = {"dsn": "local-dsql", **{name: self.box.section("local-dsql").get(name) for name in ("AuthType", "Server", "Port", "Database", "BaseDriver", "UID")}}
        self.sts.role(ROLE, keys=[random_keys()])
        self.refused(**dsql)
        self.sts.role(ROLE, keys=[self.session])
        self.make_old()
        self.assertEqual("admin", self.log_in(**dsql))
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())

    def test_keys_under_a_password_of_redshift(self):
        self.assertEqual("IAM:jane", self.log_in(ClusterID="sales"))
        wrong = ["of somebody else"]
        self.aws.clusters["sales"].passwords = lambda user: wrong.pop() if wrong else self.password_of(user)
        self.make_old()
        self.assertEqual("IAM:jane", self.log_in(ClusterID="sales"))
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())
        self.assertEqual(3, self.aws.operations().count("GetClusterCredentialsWithIAM"))

    def test_a_secret_does_not_depend_on_them(self):
        self.aws.secret("sales", {"engine": "postgres", "host": "localhost", "username": "plain_user", "password": "of somebody else", "dbname": "app", "port": self.box.port})
        secret = {"AuthType": "SecretsManager", "SecretID": "sales"}
        self.refused(**secret)
        self.make_old()
        self.refused(**secret)
        self.assertEqual((["AssumeRole"], ["GetSecretValue"] * 2), (self.sts.actions(), self.aws.operations()))

    def revoke(self):
        """The keys that were handed out are good no more; whoever asks gets others."""
        newer = random_keys()
        self.aws.secrets.clear()
        self.aws.user(newer)
        self.sts.role(ROLE, keys=[newer])

    def fails(self, words, **changes):
        done = self.box.run([PROGRAM, "once", "mine"], ini=self.section(**changes), env=self.env, trace=False)
        self.no_secret(done.stdout + done.stderr)
        self.assertEqual(1, done.returncode)
        self.assertIn(words, done.stderr)

    def test_kept_keys_that_secrets_manager_refuses_are_replaced_for_all(self):
        self.aws.secret("sales", {"engine": "postgres", "host": "localhost", "username": "plain_user", "password": self.plain, "dbname": "app", "port": self.box.port})
        secret = {"AuthType": "SecretsManager", "SecretID": "sales"}
        self.assertEqual("plain_user", self.log_in(**secret))
        self.revoke()
        self.fails("InvalidClientTokenId", **secret)  # within a minute they count as new
        self.assertEqual(["AssumeRole"], self.sts.actions())
        self.make_old()
        self.assertEqual(["plain_user"] * 2, [self.log_in(**secret) for _ in range(2)])
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())

    def test_a_right_that_is_missing_is_asked_for_once_more_a_minute(self):
        self.aws.denied = {"GetClusterCredentialsWithIAM"}
        self.fails("AccessDenied", ClusterID="sales")
        self.make_old()
        for _ in range(3):
            self.fails("AccessDenied", ClusterID="sales")
        self.assertEqual(["AssumeRole"] * 2, self.sts.actions())
        self.assertEqual(5, self.aws.operations().count("GetClusterCredentialsWithIAM"))

    def test_kept_keys_that_may_not_take_a_role_are_replaced_for_all(self):
        base = "arn:aws:iam::444455556666:role/base"
        self.sts.role(base, web_token=b"eyJ.token.x")
        self.write("config", f"[profile web]\nrole_arn = {base}\nweb_identity_token_file = {self.write('token', 'eyJ.token.x')}\n")
        section = self.box.section("local-pg", LoginCache="user", Profile="web", RoleArn=ROLE)
        for is_revoked in (False, True):
            if is_revoked:
                keys = {serial: json.loads(user_keyring.payload(serial).split(b"\n", 1)[1])["AccessKeyId"] for serial in self.kept_keys()}
                for serial, key in keys.items():
                    if key == self.session[0]:
                        user_keyring.remove(serial)
                    else:
                        self.sts.secrets.pop(key)
                self.make_old()
            done = self.box.run([PROGRAM, "once", "mine"], ini={"mine": section}, env=self.env, trace=False)
            self.assertEqual("jane_doe", done.stdout.strip(), done.stderr)
        self.assertEqual(["AssumeRoleWithWebIdentity", "AssumeRole"] * 2, self.sts.actions())


if __name__ == "__main__":
    unittest.main()
