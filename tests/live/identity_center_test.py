#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins to the local RDS with keys of IAM Identity Center: by profile, by the DSN alone, and by a sign-in that the driver itself opens."""
import json
import os
import pty
import re
import select
import shutil
import signal
import sys
import tempfile
import threading
import time
import unittest

from box import ON_NO_TERMINAL, PYTHON, TOP, LiveTest

sys.path.insert(0, os.path.join(TOP, "tests", "aws"))
import sso  # noqa: E402
from stand_in import StandIn  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BROWSER = os.path.join(TOP, "tests", "aws", "browser.py")
ACCOUNT, ROLE = "123456789012", "reader"
ATTRIBUTES = {"SSOStartURL": sso.START_URL, "SSORegion": "eu-central-1", "SSOAccountID": ACCOUNT, "SSORoleName": ROLE}
NO_PERSON = {"BROWSER": None, "DISPLAY": None, "WAYLAND_DISPLAY": None}
MANY = """
import json, sys, threading
sys.path.insert(0, %r)
import odbc_client as client
def one(name):
    environment = client.handle(client.HANDLE_ENV, None)
    client.odbc.SQLSetEnvAttr(environment, client.ODBC_VERSION, client.ctypes.c_void_p(3), 0)
    connection = client.handle(client.HANDLE_DBC, environment)
    status = client.odbc.SQLConnect(connection, name.encode(), client.NTS, None, 0, None, 0)
    answers.append([status, client.records(client.HANDLE_DBC, connection) if status else []])
answers = []
threads = [threading.Thread(target=one, args=(name,)) for name in sys.argv[1:]]
for thread in threads: thread.start()
for thread in threads: thread.join()
json.dump(answers, sys.stdout)
""" % HERE


class IdentityCenter(LiveTest):
    def setUp(self):
        self.center = sso.IdentityCenter({(ACCOUNT, ROLE): self.box.key("session")})
        self.server = self.enterContext(StandIn(self.center))
        self.home = self.enterContext(tempfile.TemporaryDirectory(prefix="iamodbc-home-", ignore_cleanup_errors=True))
        self.log = os.path.join(self.home, "browser")
        self.env = {"HOME": self.home, "AWS_ENDPOINT_URL_SSO": self.server.url, "AWS_ENDPOINT_URL_SSO_OIDC": self.server.url,
                    "AWS_SHARED_CREDENTIALS_FILE": self.home + "/none", "AWS_CONFIG_FILE": self.home + "/config", "AWS_PROFILE": None,
                    "BROWSER": BROWSER, "BROWSER_LOG": self.log, "BROWSER_GOES": "yes", "DISPLAY": None, "WAYLAND_DISPLAY": None}

    def cache(self, name):
        return os.path.join(self.home, ".aws", "sso", "cache", sso.cache_name(name))

    def keep(self, name, content):
        os.makedirs(os.path.dirname(self.cache(name)), exist_ok=True)
        with open(self.cache(name), "w", encoding="utf-8") as file:
            json.dump(content, file)

    def config(self, text):
        with open(self.home + "/config", "w", encoding="utf-8") as file:
            file.write(text)

    def connect(self, section, env=None, **options):
        section = {name: value for name, value in section.items() if value is not None}
        with self.box.verdicts() as seen:
            answer = self.box.connect(**{"dsn": "mine", "ini": {"mine": section}, "env": {**self.env, **(env or {})}, **options})
        self.no_secret(answer.text)
        for secret in self.center.made:
            self.assertNotIn(secret, answer.text)
        return answer, seen

    def opens(self, section, **options):
        """A login that gets in. There are no other keys: it is with those of the role."""
        answer, seen = self.connect(section, **options)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual("accepted", seen[-1]["verdict"])
        return answer

    def fails(self, section, *words, **options):
        answer, seen = self.connect(section, **options)
        self.assertFalse(answer.connected)
        self.assertEqual([], seen)
        self.assert_says(answer.text, *words)
        return answer

    def browsers(self, least=0):
        """How many were started. They are nobody's children: `least` are waited for."""
        for _ in range(100):
            if not least or self.browsers() >= least:
                break
            time.sleep(0.1)
        if not os.path.exists(self.log):
            return 0
        with open(self.log, encoding="utf-8") as file:
            return len(file.readlines())

    def asked(self, path):
        return [request for request in self.server.requests if request.path == path]


class KeptSignIn(IdentityCenter):
    def test_a_profile_opens_the_database(self):
        self.config(f"[profile dev]\nsso_session = corp\nsso_account_id = {ACCOUNT}\nsso_role_name = {ROLE}\n"
                    f"[sso-session corp]\nsso_start_url = {sso.START_URL}\nsso_region = eu-central-1\n")
        self.keep("corp", self.center.kept_token(3600))
        for dsn in ("local-pg", *(["local-maria"] if "RDS_MARIA_PORT" in self.box.exports else [])):
            self.opens(self.box.section(dsn, Profile="dev"))

    def test_sso_start_url(self):
        self.keep(sso.START_URL, self.center.kept_token(3600))
        self.opens(self.box.section(**ATTRIBUTES))
        self.opens(self.box.section(**{**ATTRIBUTES, "SSOStartURL": None, "SSO_START_URL": sso.START_URL}))
        self.opens(self.box.section(**{**ATTRIBUTES, "SSOStartURL": "https://else.example.com"}), string="DSN=mine;SSOStartURL=" + sso.START_URL, dsn=None)
        self.fails(self.box.section(**{**ATTRIBUTES, "SSOStartURL": "https://else.example.com"}), "Token for https://else.example.com does not exist")

    def test_sso_region(self):
        self.keep(sso.START_URL, self.center.kept_token(3600))
        for name in ("SSORegion", "SSO_REGION"):
            self.opens(self.box.section(**{**ATTRIBUTES, "SSORegion": None, name: "EU-central-1"}))
        self.fails(self.box.section(**{**ATTRIBUTES, "SSORegion": None}), "missing required configuration: SSORegion")
        # Where nothing else says where the service is, it is there.
        proxy = self.enterContext(StandIn(self.center))
        self.fails(self.box.section(**{**ATTRIBUTES, "SSORegion": "ap-south-1"}), r"GetRoleCredentials.*portal\.sso\.ap-south-1\.amazonaws\.com",
                   env={"AWS_ENDPOINT_URL_SSO": None, "HTTPS_PROXY": proxy.url, "AWS_MAX_ATTEMPTS": "1"})

    def test_sso_account_id(self):
        self.keep(sso.START_URL, self.center.kept_token(3600))
        for name in ("SSOAccountID", "SSO_ACCOUNT_ID"):
            self.opens(self.box.section(**{**ATTRIBUTES, "SSOAccountID": None, name: ACCOUNT}))
        self.fails(self.box.section(**{**ATTRIBUTES, "SSOAccountID": "999999999999"}), "ForbiddenException")

    def test_sso_role_name(self):
        self.keep(sso.START_URL, self.center.kept_token(3600))
        for name in ("SSORoleName", "SSO_ROLE_NAME"):
            self.opens(self.box.section(**{**ATTRIBUTES, "SSORoleName": None, name: ROLE}))
        self.fails(self.box.section(**{**ATTRIBUTES, "SSORoleName": "owner"}), "ForbiddenException")

    def test_sso_session(self):
        self.config(f"[sso-session corp]\nsso_start_url = {sso.START_URL}\nsso_region = eu-central-1\n")
        self.keep("corp", self.center.kept_token(600))
        by_name = {"SSOAccountID": ACCOUNT, "SSORoleName": ROLE}
        for name in ("SSOSession", "SSO_SESSION"):
            self.opens(self.box.section(**by_name, **{name: "corp"}))
        self.assertEqual(1, len(self.asked("/token")), "a session is refreshed")
        self.fails(self.box.section(**by_name, SSOSession="none"), 'The specified sso-session does not exist: "none"')


class SignInOfTheDriver(IdentityCenter):
    def setUp(self):
        super().setUp()
        self.section = self.box.section(**ATTRIBUTES, SSOLogin="browser")

    def test_sso_login(self):
        for value in ("browser", "auto", "BROWSER"):
            shutil.rmtree(self.home + "/.aws", ignore_errors=True)
            self.opens({**self.section, "SSOLogin": value})
        self.assertEqual(3, self.browsers())
        self.opens(self.section)
        self.assertEqual(3, self.browsers(), "a sign-in that is there is not asked for again")
        with open(self.cache(sso.START_URL), encoding="utf-8") as file:
            self.assertIn(json.load(file)["accessToken"], self.center.access_tokens)

    def test_by_default_the_error_names_the_command(self):
        for value in (None, "never"):
            self.fails({**self.section, "SSOLogin": value}, "does not exist", r"Sign in with: iamodbc login mine\.")
        self.assertEqual(0, self.browsers())

    def test_a_string_may_not_ask_for_it(self):
        self.fails({**self.section, "SSOLogin": None}, "SSOLogin", string="DSN=mine;SSOLogin=browser", dsn=None, completion=1)
        self.assertEqual(0, self.browsers())

    def test_nobody_is_asked_where_the_program_forbids_it(self):
        self.fails(self.section, r"Sign in with: iamodbc login mine\..*SQL_DRIVER_NOPROMPT", string="DSN=mine", dsn=None)
        self.assertEqual(0, self.browsers())
        self.opens(self.section, string="DSN=mine", dsn=None, completion=1)
        self.assertEqual(1, self.browsers())

    def test_nobody_is_asked_where_nobody_is(self):
        for value in ("browser", "device", "auto"):
            self.fails({**self.section, "SSOLogin": value}, "neither a display nor a terminal", env=NO_PERSON, prefix=ON_NO_TERMINAL)
        self.assertEqual([], self.server.requests)

    def test_nobody_is_waited_for_who_sees_nothing(self):
        for browser, words in (("no-such-browser", "no program that BROWSER names"), (None, "there is no xdg-open")):
            answer = self.fails(self.section, "No browser was found", words, "Nor is there a terminal", prefix=ON_NO_TERMINAL,
                                env={"BROWSER": browser, "DISPLAY": ":99", "PATH": self.home})
            self.assertLess(answer.seconds, 5)

    def test_a_token_that_the_portal_refuses_is_followed_by_a_sign_in(self):
        self.keep(sso.START_URL, self.center.kept_token(3600))
        self.center.access_tokens.clear()
        self.opens(self.section)
        self.assertEqual(1, self.browsers())

    def test_what_a_person_denies_is_the_error(self):
        self.center.denies = True
        self.fails(self.section, "Failed to retrieve an authorization code", "access_denied")
        self.assertEqual(1, self.browsers())

    def test_sso_login_timeout(self):
        started = time.monotonic()
        self.fails({**self.section, "SSOLoginTimeout": "10"}, "was not finished in time", env={"BROWSER_GOES": "no"})
        self.assertTrue(9.5 < time.monotonic() - started < 15)
        self.assertEqual(1, self.browsers(1))

    def test_the_login_timeout_of_the_program_comes_first(self):
        answer = self.fails(self.section, "was not finished in time", env={"BROWSER_GOES": "no"}, login_timeout=2)
        self.assertEqual("HYT00", answer.state)
        self.assertTrue(1.5 < answer.seconds < 4, answer.seconds)
        self.assertEqual(1, self.browsers(1))

    def many(self, threads, ini=None):
        names = [name for name in ini or {"mine": 0} for _ in range(threads)]
        done = self.box.run([PYTHON, "-c", MANY, *names], ini=ini or {"mine": self.section}, env=self.env, seconds=60)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def test_one_sign_in_at_a_time_for_the_threads_of_a_program(self):
        self.center.token_delay = 1
        self.assertEqual([0] * 12, [status for status, _ in self.many(12)])
        self.assertEqual((1, 1, 1), (self.browsers(), len(self.asked("/token")), len(self.asked("/federation/credentials"))))

    def test_one_sign_in_serves_all_roles_that_wait(self):
        self.center.token_delay = 1
        self.center.roles[(ACCOUNT, "writer")] = self.center.roles[(ACCOUNT, ROLE)]
        answers = self.many(3, {"mine": self.section, "yours": {**self.section, "SSORoleName": "writer"}})
        self.assertEqual([0] * 6, [status for status, _ in answers], answers)
        self.assertEqual((1, 1, 2), (self.browsers(), len(self.asked("/token")), len(self.asked("/federation/credentials"))))

    def test_one_sign_in_at_a_time_for_programs(self):
        self.center.token_delay = 1
        answers = []
        threads = [threading.Thread(target=lambda: answers.append(self.many(1))) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual([0] * 4, [status for [[status, _]] in answers], answers)
        self.assertEqual((1, 1), (self.browsers(), len(self.asked("/token"))))

    def test_who_waited_for_a_sign_in_that_failed_does_not_open_the_next(self):
        self.center.denies = True
        # The page takes its time, so that all are there when it ends.
        original = self.center._allowed  # pylint: disable=protected-access
        self.center._allowed = lambda request: (time.sleep(2), original(request))[1]
        answers = self.many(8)
        self.assertEqual([-1] * 8, [status for status, _ in answers])
        self.assertEqual(1, self.browsers())

    def test_a_code_is_shown_on_the_terminal(self):
        """isql with a terminal of its own, and no display."""
        self.section["SSOLogin"] = "auto"
        self.center.polls = ["AuthorizationPendingException"]
        self.center.code_suffix = "\x1b[31m"
        environment = {**self.env, **NO_PERSON}
        program = "import os, sys; os.execvp('isql', ['isql', '-b', 'mine'])"
        output, queries = bytearray(), [b"select current_user\n"]
        with tempfile.TemporaryDirectory() as folder:
            with open(folder + "/odbc.ini", "w", encoding="utf-8") as file:
                file.write("[mine]\n" + "".join(f"{name}={value}\n" for name, value in self.section.items()))
            variables = {**self.box.exports, **environment, "ODBCINI": folder + "/odbc.ini", "ODBCSYSINI": self.box.directory}
            pid, terminal = pty.fork()
            if pid == 0:
                os.execve(PYTHON, [PYTHON, "-c", program], {name: value for name, value in variables.items() if value is not None})
            try:
                end = time.monotonic() + 30
                while time.monotonic() < end:
                    ready, _, _ = select.select([terminal], [], [], 1)
                    try:
                        part = os.read(terminal, 4096) if ready else b""
                    except OSError:
                        break
                    output += part
                    if queries and b"GetRole" not in output and len(self.asked("/federation/credentials")) == 1:
                        os.write(terminal, queries.pop(0))
                        os.write(terminal, b"quit\n")
            finally:
                os.kill(pid, signal.SIGKILL)
                os.waitpid(pid, 0)
                os.close(terminal)
        shown = output.decode("utf-8", "replace")
        self.assertRegex(shown, r"(?s)iamodbc: Open this address in any browser.*https://device\.sso\.eu-central-1\.amazonaws\.com/\s.*enter the code ABCD-[0-9A-F]{4}")
        self.assertNotIn("\x1b[31m", shown, "the service speaks to the terminal")
        self.assertRegex(shown, r"waiting for the code to be used \(\d+ s left\)")
        self.assertRegex(shown, re.escape(self.box.user))
        self.no_secret(shown)


if __name__ == "__main__":
    unittest.main()
