#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`iamodbc login`: in a browser and by a code, what it keeps, and what becomes of those who want to spoil it. Debian's AWS CLI reads what it keeps, and the other way round."""
import http.client
import json
import os
import re
import socket
import stat
import subprocess
import sys
import time
import unittest
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sso  # noqa: E402
from sso_test import LEGACY, SESSION, SsoWorld, certificates  # noqa: E402
from stand_in import StandIn  # noqa: E402
from world import TOOL  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
BROWSER = os.path.join(HERE, "browser.py")
AWS = "/usr/bin/aws"
START = re.compile(r"http://127\.0\.0\.1:(\d+)/sign-in/[0-9a-f-]{36}")


class SignInWorld(SsoWorld):
    def setUp(self):
        super().setUp()
        self.write(".aws/config", SESSION)

    def environment(self, **variables):
        return super().environment(**{"BROWSER": BROWSER, "BROWSER_LOG": self.home + "/browser", **variables})

    def browser_arguments(self):
        with open(self.home + "/browser", encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def page(self):
        for _ in range(100):  # the browser is nobody's child
            if os.path.exists(self.home + "/browser.page"):
                break
            time.sleep(0.05)
        with open(self.home + "/browser.page", encoding="utf-8") as file:
            return file.read()


class InTheBrowser(SignInWorld):
    def login(self, *arguments, **variables):
        return self.tool("login", *arguments, **{"BROWSER_GOES": "yes", **variables})

    def test_a_sign_in_opens_the_role(self):
        done = self.login("--profile", "dev")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertIn(f"signed in to {sso.START_URL}, until 20", done.stdout)
        page = self.page()
        self.assertIn("You can close this tab", page)
        self.no_secret(page + json.dumps(self.browser_arguments()))
        self.found(self.keys, "--profile", "dev")
        kept = self.kept("corp")
        self.assertEqual({"startUrl", "region", "accessToken", "expiresAt", "clientId", "clientSecret", "registrationExpiresAt", "refreshToken"}, set(kept))
        self.assertEqual((sso.START_URL, "eu-central-1"), (kept["startUrl"], kept["region"]))
        folder = os.path.dirname(self.cache("corp"))
        self.assertEqual({0o600}, {stat.S_IMODE(os.stat(os.path.join(folder, name)).st_mode) for name in os.listdir(folder)})
        self.assertEqual(0o700, stat.S_IMODE(os.stat(folder).st_mode))

    def test_the_registration_is_kept_under_the_aws_clis_name_and_used_again(self):
        self.assertEqual(0, self.login("--profile", "dev").returncode)
        key = f'{{"region": "eu-central-1", "scopes": ["sso:account:access"], "session_name": "corp", "startUrl": "{sso.START_URL}", "tool": "botocore"}}'
        registration = self.kept(key)
        self.assertEqual({"clientId", "clientSecret", "expiresAt", "scopes", "grantTypes"}, set(registration))
        self.assertEqual(0, self.login("--sso-session", "corp").returncode)
        self.assertEqual(1, len(self.asked("/client/register")))
        self.keep(key, {**registration, "expiresAt": sso.moment(600)})
        self.assertEqual(0, self.login("--sso-session", "corp").returncode)
        self.assertEqual(2, len(self.asked("/client/register")))

    def test_a_registration_that_is_not_known_any_more_spoils_one_sign_in_only(self):
        self.assertEqual(0, self.login("--profile", "dev").returncode)
        for client in self.center.clients.values():
            client["secret"] = "another"
        self.assertEqual(1, self.login("--profile", "dev").returncode)
        self.assertEqual(0, self.login("--profile", "dev").returncode)

    def test_the_browser_is_started_with_nothing_but_a_one_time_address(self):
        self.assertEqual(0, self.login("--profile", "dev").returncode)
        [[address]] = self.browser_arguments()
        self.assertRegex(address, "^" + START.pattern + "$")

    def test_browser_may_name_several_and_say_where_the_address_goes(self):
        self.assertEqual(0, self.login("--profile", "dev", BROWSER=f"no-such-browser:{BROWSER} %s").returncode)
        self.assertEqual(1, len(self.browser_arguments()))
        for browser, words in (("no-such-browser:'", "no program that BROWSER names"), (None, "there is no xdg-open")):
            done = self.login("--profile", "dev", "--timeout", "1", BROWSER=browser, PATH=self.home)
            self.assertIn("No browser was found", done.stderr)
            self.assertIn(words, done.stderr)

    def test_browser_may_have_arguments(self):
        for browser, wanted in (("%s --new-window 'a b'", r"ADDRESS --new-window a b"), ("--new-window", r"--new-window ADDRESS"), ("--url=%s &", r"--url=ADDRESS")):
            if os.path.exists(self.home + "/browser"):
                os.remove(self.home + "/browser")
            self.login("--profile", "dev", "--timeout", "1", BROWSER=f"{BROWSER} {browser}", BROWSER_GOES="no")
            for _ in range(100):  # the browser is nobody's child
                if os.path.exists(self.home + "/browser"):
                    break
                time.sleep(0.05)
            [words] = self.browser_arguments()
            self.assertEqual(wanted, START.sub("ADDRESS", " ".join(words)))

    def test_a_start_page_alone_is_enough(self):
        self.write(".aws/config", "")
        done = self.login("--start-url", sso.START_URL, "--sso-region", "eu-central-1")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(sso.START_URL, self.kept(sso.START_URL)["startUrl"])

    def test_what_a_person_denies_is_shown_on_page_and_terminal(self):
        self.center.denies = True
        done = self.login("--profile", "dev")
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn("Failed to retrieve an authorization code. IAM Identity Center says: access_denied: The person said no", done.stderr)
        self.assertIn("The person said no &lt;b&gt;&amp;&lt;/b&gt; left", self.page())
        self.assertFalse(os.path.exists(self.cache("corp")))

    def test_a_token_that_is_refused_is_shown_on_page_and_terminal(self):
        original, self.center._token = self.center._token, None  # pylint: disable=protected-access
        self.center._token = lambda request: sso.refused(400, "InvalidGrantException", "no token for " + json.loads(request.body)["code"])
        self.addCleanup(setattr, self.center, "_token", original)
        done = self.login("--profile", "dev")
        self.assertEqual(1, done.returncode)
        self.assertIn("(InvalidGrantException) when calling the CreateToken operation: no token for ***", done.stderr)
        self.assertIn("no token for ***", self.page())

    def test_a_profile_without_identity_center_is_said_so(self):
        self.write(".aws/config", "[profile dev]\nregion = eu-central-1\n[profile keys]\naws_access_key_id = A\naws_secret_access_key = B\n"
                                  "[profile session]\nlogin_session = arn:aws:iam::123456789012:user/u\n")
        for name, words in (("dev", "neither sso_session nor sso_start_url"), ("keys", "There is nothing to sign in to"),
                            ("session", "aws login --profile session"), ("none", "is neither in")):
            done = self.login("--profile", name)
            self.assertEqual(1, done.returncode)
            self.assertIn(words, done.stderr)
        self.assertEqual([], self.server.requests)


class ByHand(SignInWorld):
    """The test is the browser, or somebody else."""

    def start(self, *more):
        program = subprocess.Popen([TOOL, "login", "--profile", "dev", "--timeout", "20", *more], env=self.environment(), cwd=self.home, stdout=subprocess.PIPE,
                                   stderr=subprocess.PIPE, text=True)
        self.addCleanup(program.communicate)
        self.addCleanup(program.kill)
        for _ in range(200):
            if os.path.exists(self.home + "/browser") and self.browser_arguments():
                break
            time.sleep(0.05)
        [[address]] = self.browser_arguments()
        self.port = int(START.fullmatch(address)[1])
        return program, urllib.parse.urlsplit(address).path

    def get(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        connection.request(method, path, headers=headers)
        answer = connection.getresponse()
        body = answer.read().decode()
        connection.close()
        return answer.status, answer.headers, body

    def redirect(self, url):
        """Where the page of the sign-in sends the browser."""
        class Stay(urllib.request.HTTPRedirectHandler):
            def redirect_request(self, *_):
                return None
        try:
            urllib.request.build_opener(Stay, urllib.request.ProxyHandler({})).open(url, timeout=10)
        except urllib.error.HTTPError as answer:
            answer.close()
            return urllib.parse.urljoin(url, answer.headers["Location"])
        raise AssertionError("no redirect")

    def callback(self, start):
        status, headers, _ = self.get(start)
        self.assertEqual(302, status)
        self.assertEqual("no-store", headers["Cache-Control"])
        url = self.redirect(self.redirect(headers["Location"]))
        self.assertTrue(url.startswith(f"http://127.0.0.1:{self.port}/oauth/callback?"), url)
        return urllib.parse.urlsplit(url)

    def end(self, program, status):
        out, error = program.communicate(timeout=30)
        self.no_secret(error)
        self.assertEqual(status, program.returncode, out + error)
        return out + error

    def test_only_the_right_state_counts_and_only_once(self):
        program, start = self.start()
        callback = self.callback(start)
        answer = dict(urllib.parse.parse_qsl(callback.query))
        for wrong in ({**answer, "state": "x" + answer["state"][1:]}, {"code": answer["code"]}, {**answer, "state": ""}, {"error": "access_denied"}):
            status, _, page = self.get(callback.path + "?" + urllib.parse.urlencode(wrong))
            self.assertEqual(400, status)
            self.assertIn("State parameter does not match expected value.", page)
        status, headers, page = self.get(callback.path + "?" + callback.query)
        self.assertEqual(200, status)
        self.assertIn("You can close this tab", page)
        self.assertEqual("default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'", headers["Content-Security-Policy"])
        self.end(program, 0)
        with self.assertRaises(ConnectionRefusedError):
            self.get(callback.path + "?" + callback.query)

    def test_others_find_nothing(self):
        program, start = self.start()
        self.assertEqual(404, self.get("/")[0])
        self.assertEqual(404, self.get("/sign-in/" + "0" * 36)[0])
        self.assertEqual(405, self.get(start, method="POST")[0])
        self.assertEqual(421, self.get(start, Host="evil.example.com")[0])
        self.assertEqual(421, self.get(start, Host="localhost:%d" % self.port)[0])
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as silent, socket.create_connection(("127.0.0.1", self.port), timeout=10) as long:
            long.sendall(b"GET / HTTP/1.1\r\nX: " + b"x" * 20000)
            callback = self.callback(start)  # whoever says nothing, or too much, holds nobody up
            self.get(callback.path + "?" + callback.query)
            silent.close()
        self.end(program, 0)

    def test_nobody_else_reaches_the_listener(self):
        program, start = self.start()
        with open("/proc/net/tcp", encoding="ascii") as file:
            listening = [line.split()[1] for line in file if line.split()[3] == "0A" and line.split()[1].endswith(f":{self.port:04X}")]
        self.assertEqual([f"0100007F:{self.port:04X}"], listening)
        callback = self.callback(start)
        self.get(callback.path + "?" + callback.query)
        self.end(program, 0)

    def test_the_start_page_may_be_opened_once(self):
        program, start = self.start()
        self.assertEqual(302, self.get(start)[0])
        status, _, page = self.get(start)
        self.assertEqual(403, status)
        self.assertIn("opened twice", page)
        self.assertIn("somebody else on this computer", self.end(program, 1))
        self.assertFalse(os.path.exists(self.cache("corp")))

    def test_the_address_that_is_shown_does_without_the_browser(self):
        program, _ = self.start()
        shown = next(line.strip() for line in program.stderr if "/authorize?" in line)
        callback = urllib.parse.urlsplit(self.redirect(self.redirect(shown)))
        self.assertEqual(200, self.get(callback.path + "?" + callback.query)[0])
        self.end(program, 0)

    def test_it_ends_in_time(self):
        started = time.monotonic()
        done = self.tool("login", "--profile", "dev", "--timeout", "1")
        self.assertEqual(1, done.returncode)
        self.assertIn("[HYT00] The sign-in to IAM Identity Center was not finished in time", done.stderr)
        self.assertTrue(1 <= time.monotonic() - started < 4)
        self.assertFalse(os.path.exists(self.cache("corp")))


class ByDevice(SignInWorld):
    def login(self, *arguments):
        return self.tool("login", "--device", *arguments)

    def test_a_code_opens_the_role(self):
        done = self.login("--profile", "dev")
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertRegex(done.stderr, r"(?s)https://device\.sso\.eu-central-1\.amazonaws\.com/\n.*enter the code ABCD-[0-9A-F]{4}")
        self.assertFalse(os.path.exists(self.home + "/browser"), "a browser was opened")
        self.found(self.keys, "--profile", "dev")

    def test_it_asks_again_slower_when_told_to(self):
        self.center.polls = ["AuthorizationPendingException", "SlowDownException", "AuthorizationPendingException"]
        self.assertEqual(0, self.login("--profile", "dev").returncode)
        gaps = [after - before for before, after in zip(self.center.poll_times, self.center.poll_times[1:])]
        self.assertEqual(3, len(gaps))
        self.assertTrue(0.9 < gaps[0] < 3, gaps)
        self.assertTrue(5.9 < gaps[1] < 8 and 5.9 < gaps[2] < 8, gaps)

    def test_what_ends_it_is_said(self):
        for name, words in (("ExpiredTokenException", "was not finished in time"), ("AccessDeniedException", "(AccessDeniedException) when calling the CreateToken")):
            self.center.polls = [name]
            done = self.login("--profile", "dev")
            self.assertEqual(1, done.returncode)
            self.assertIn(words, done.stderr)
        self.center.polls = ["AuthorizationPendingException"] * 9
        done = self.login("--profile", "dev", "--timeout", "2")
        self.assertIn("[HYT00]", done.stderr)

    def test_a_registration_for_the_browser_is_not_used(self):
        self.assertEqual(0, self.tool("login", "--profile", "dev", BROWSER_GOES="yes").returncode)
        self.assertEqual(0, self.login("--profile", "dev").returncode)
        first, second = [json.loads(request.body) for request in self.asked("/client/register")]
        self.assertEqual(["authorization_code", "refresh_token"], first["grantTypes"])
        self.assertNotIn("grantTypes", second)


class BesideTheAwsCli(SignInWorld):
    """AWS CLI 2.9.19 knows no endpoint variables: it comes through a proxy that is the services."""

    def setUp(self):
        super().setUp()
        names = [f"{service}.eu-central-1.amazonaws.com" for service in ("oidc", "portal.sso")]
        ca, tunnel = certificates(self.home, *names)
        self.proxy = self.enterContext(StandIn(self.center, tunnel=tunnel))
        self.hosts = {"AWS_CA_BUNDLE": ca, "HTTPS_PROXY": self.proxy.url, "AWS_ENDPOINT_URL_SSO": None, "AWS_ENDPOINT_URL_SSO_OIDC": None}

    def aws(self, *arguments):
        done = subprocess.run([AWS, *arguments], env=self.environment(**self.hosts, AWS_PAGER=""), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=60, check=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def both(self, config, name):
        self.write(".aws/config", config)
        done = self.tool("login", "--profile", "dev", BROWSER_GOES="yes")
        self.assertEqual(0, done.returncode, done.stderr)
        exported = json.loads(self.aws("configure", "export-credentials", "--profile", "dev", "--format", "process"))
        self.assertEqual(self.keys, (exported["AccessKeyId"], exported["SecretAccessKey"], exported["SessionToken"]))

        self.aws("sso", "logout")
        self.assertFalse(os.path.exists(self.cache(name)), "the CLI does not know our file for a token")
        self.aws("sso", "login", "--no-browser", "--profile", "dev")
        self.found(self.keys, "--profile", "dev", **self.hosts)

    def test_either_uses_the_others_sign_in_to_a_session(self):
        self.both(SESSION, "corp")

    def test_either_uses_the_others_sign_in_to_a_start_page(self):
        self.both(LEGACY, sso.START_URL)

    def test_the_cli_refreshes_what_we_keep_and_we_what_it_keeps(self):
        self.assertEqual(0, self.tool("login", "--profile", "dev", BROWSER_GOES="yes").returncode)
        self.keep("corp", {**self.kept("corp"), "expiresAt": sso.moment(300)})
        self.aws("configure", "export-credentials", "--profile", "dev")
        after = self.kept("corp")
        self.assertGreater(after["expiresAt"], sso.moment(20000), "the CLI did not refresh our token")
        self.keep("corp", {**after, "expiresAt": sso.moment(300)})
        self.found(self.keys, "--profile", "dev", **self.hosts)
        self.assertGreater(self.kept("corp")["expiresAt"], sso.moment(20000))

    def test_our_registration_by_device_is_the_clis(self):
        self.assertEqual(0, self.tool("login", "--device", "--profile", "dev").returncode)
        self.aws("sso", "login", "--no-browser", "--profile", "dev")
        registrations = [request for server in (self.server, self.proxy) for request in server.requests if request.path == "/client/register"]
        self.assertEqual(1, len(registrations))


if __name__ == "__main__":
    unittest.main()
