#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys of a role in IAM Identity Center, by a sign-in that is kept: profile, sso-session and DSN; refresh; what is said when somebody has to sign in."""
import json
import os
import stat
import subprocess
import sys
import tempfile
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import sso  # noqa: E402
from stand_in import Fault, StandIn  # noqa: E402
from world import TOOL, World  # noqa: E402

LEGACY = f"""[profile dev]
sso_start_url = {sso.START_URL}
sso_region = eu-central-1
sso_account_id = 123456789012
sso_role_name = reader
"""
SESSION = f"""[profile dev]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
[sso-session corp]
sso_start_url = {sso.START_URL}
sso_region = eu-central-1
sso_registration_scopes = sso:account:access
"""


class SsoWorld(World):
    def setUp(self):
        super().setUp()
        self.keys, self.admin_keys = self.new_keys(), self.new_keys()
        self.center = sso.IdentityCenter({("123456789012", "reader"): self.keys, ("123456789012", "my admin"): self.admin_keys})
        self.server = self.enterContext(StandIn(self.center))

    def environment(self, **variables):
        return super().environment(**{"AWS_ENDPOINT_URL_SSO": self.server.url, "AWS_ENDPOINT_URL_SSO_OIDC": self.server.url, **variables})

    def no_secret(self, text):
        self.secrets = list(dict.fromkeys([*self.secrets, *self.center.made]))
        super().no_secret(text)

    def cache(self, name):
        return os.path.join(self.home, ".aws", "sso", "cache", sso.cache_name(name))

    def keep(self, name, content):
        self.write(self.cache(name), json.dumps(content))

    def kept(self, name):
        with open(self.cache(name), encoding="utf-8") as file:
            return json.load(file)

    def asked(self, path):
        return [request for request in self.server.requests if request.path == path]


class KeptSignIn(SsoWorld):
    def test_the_token_of_a_profile_opens_its_role(self):
        self.write(".aws/config", LEGACY)
        self.keep(sso.START_URL, self.center.kept_token(60))
        content = self.found(self.keys, "--profile", "dev")
        self.assertRegex(content["Expiration"], r"^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        [request] = self.server.requests
        self.assertEqual("/federation/credentials?role_name=reader&account_id=123456789012", request.raw_target)
        self.assertNotIn("authorization", request.headers)

    def test_the_token_of_a_session_is_known_by_its_name(self):
        self.write(".aws/config", SESSION.replace("= reader", "= my admin"))
        self.keep("corp", self.center.kept_token(3600))
        self.found(self.admin_keys, "--profile", "dev")
        self.assertIn("role_name=my%20admin&", self.server.requests[0].raw_target)
        os.rename(self.cache("corp"), self.cache(sso.START_URL))
        self.fails("Error loading SSO Token: Token for corp does not exist", "iamodbc login --profile dev", "aws sso login --profile dev",
                   arguments=("--profile", "dev"))

    def test_a_token_may_end_with_utc_or_milliseconds(self):
        self.write(".aws/config", LEGACY)
        for ending in ("UTC", ".250Z", "+00:00"):
            token = self.center.kept_token(3600)
            self.keep(sso.START_URL, {**token, "expiresAt": token["expiresAt"].replace("Z", ending)})
            self.found(self.keys, "--profile", "dev")

    def test_explain_names_role_and_account(self):
        self.write(".aws/config", LEGACY)
        self.keep(sso.START_URL, self.center.kept_token(3600))
        done = self.tool("credentials", "--explain", "--profile", "dev")
        self.assertIn("role reader of 123456789012, of profile dev", done.stdout)

    def test_an_ended_token_without_a_session_is_an_error_at_once(self):
        self.write(".aws/config", LEGACY)
        self.keep(sso.START_URL, self.center.kept_token(-60))
        self.fails("The SSO session associated with this profile has expired or is otherwise invalid", "iamodbc login --profile dev",
                   arguments=("--profile", "dev"))
        self.assertEqual([], self.server.requests)

    def test_a_token_that_the_portal_refuses_names_the_command(self):
        self.write(".aws/config", LEGACY)
        self.keep(sso.START_URL, self.center.kept_token(3600))
        self.center.access_tokens.clear()
        self.fails("has expired or is otherwise invalid", "UnauthorizedException", "Sign in with: iamodbc login --profile dev",
                   arguments=("--profile", "dev"))

    def test_a_role_that_one_may_not_have_is_what_the_portal_says(self):
        self.write(".aws/config", LEGACY.replace("reader", "owner"))
        self.keep(sso.START_URL, self.center.kept_token(3600))
        self.fails("An error occurred (ForbiddenException) when calling the GetRoleCredentials operation: No access", arguments=("--profile", "dev"))

    def test_a_broken_token_file_is_said_so(self):
        self.write(".aws/config", LEGACY)
        for content in ("", "no json", "[]", '{"accessToken": "x"}', '{"expiresAt": "2099-01-01T00:00:00Z"}', '{"accessToken": 1, "expiresAt": "2099-01-01T00:00:00Z"}'):
            self.write(self.cache(sso.START_URL), content)
            self.fails(f"Error loading SSO Token: Token for {sso.START_URL} is invalid", arguments=("--profile", "dev"))

    def test_what_is_missing_or_said_twice_is_named(self):
        for config, words in ((LEGACY.replace("sso_region = eu-central-1\n", ""),
                               'The profile "dev" is configured to use SSO but is missing required configuration: sso_region'),
                              (SESSION.replace("[sso-session corp]", "[sso-session other]"), 'The specified sso-session does not exist: "corp"'),
                              (SESSION.replace("sso_session = corp", "sso_session = corp\nsso_region = us-east-1"),
                               "The value for sso_region is inconsistent between profile (us-east-1) and sso-session (eu-central-1)")):
            self.write(".aws/config", config)
            self.fails(words, arguments=("--profile", "dev"))
        self.assertEqual([], self.server.requests)

    def test_answers_that_are_none_are_errors(self):
        self.write(".aws/config", LEGACY)
        self.keep(sso.START_URL, self.center.kept_token(3600))
        for body in (b"", b"{}", b"[1]", b'{"roleCredentials": {"accessKeyId": "A"}}',
                     b'{"roleCredentials": {"accessKeyId": "A", "secretAccessKey": "b", "sessionToken": "c", "expiration": "soon"}}'):
            self.server.faults = [Fault("body", body)]
            self.fails("The answer to GetRoleCredentials is not what AWS sends", arguments=("--profile", "dev"))


class Refresh(SsoWorld):
    def setUp(self):
        super().setUp()
        self.write(".aws/config", SESSION)

    def test_a_token_that_ends_soon_is_refreshed_and_written_back(self):
        before = self.center.kept_token(600, other="kept")
        self.keep("corp", before)
        self.found(self.keys, "--profile", "dev")
        after = self.kept("corp")
        self.assertIn(after["accessToken"], self.center.access_tokens - {before["accessToken"]})
        self.assertEqual({after["refreshToken"]}, set(self.center.refresh_tokens))
        self.assertGreater(after["expiresAt"], sso.moment(28000))
        self.assertRegex(after["expiresAt"], r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$")
        same = ("startUrl", "region", "clientId", "clientSecret", "registrationExpiresAt", "other")
        self.assertEqual({name: before[name] for name in same}, {name: after[name] for name in same})
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.cache("corp")).st_mode))
        self.assertEqual([sso.cache_name("corp")], os.listdir(os.path.dirname(self.cache("corp"))))

    def test_a_refresh_token_that_is_not_renewed_is_dropped(self):
        self.center.gives_refresh_tokens = False
        self.keep("corp", self.center.kept_token(600))
        self.found(self.keys, "--profile", "dev")
        self.assertNotIn("refreshToken", self.kept("corp"))

    def test_a_token_with_time_left_is_not_refreshed(self):
        self.keep("corp", self.center.kept_token(1000))
        self.found(self.keys, "--profile", "dev")
        self.assertEqual([], self.asked("/token"))

    def test_a_failed_refresh_leaves_a_good_token_in_use(self):
        for fault in (Fault("status", 400), Fault("body", b"{}"), Fault("hang")):
            token = self.center.kept_token(600)
            self.keep("corp", token)
            self.server.faults = [fault] * 1
            with self.quicker_than(8):
                self.found(self.keys, "--profile", "dev")
            self.assertEqual(token, self.kept("corp"))

    def test_a_failed_refresh_of_an_ended_token_is_an_error(self):
        token = self.center.kept_token(-5)
        self.keep("corp", token)
        self.center.refresh_tokens.clear()
        self.fails("Error when retrieving token from sso: Token has expired and refresh failed", "InvalidGrantException",
                   "iamodbc login --profile dev", arguments=("--profile", "dev"))
        self.assertEqual(token, self.kept("corp"))

    def test_nobody_is_sent_to_sign_in_while_the_network_is_down(self):
        self.keep("corp", self.center.kept_token(-5))
        done = self.fails("No answer to CreateToken", arguments=("--profile", "dev"), state="08001", AWS_ENDPOINT_URL_SSO_OIDC="http://127.0.0.1:1",
                          AWS_MAX_ATTEMPTS="1")
        self.assertNotIn("iamodbc login", done.stderr)

    def test_without_a_registration_or_refresh_token_nothing_is_asked(self):
        for change in ({"registrationExpiresAt": sso.moment(-10)}, {"refreshToken": None}, {"clientId": None}):
            self.keep("corp", self.center.kept_token(600, **change))
            self.found(self.keys, "--profile", "dev")
            self.keep("corp", self.center.kept_token(-1, **change))
            self.fails("Token has expired and refresh failed", arguments=("--profile", "dev"))
        self.assertEqual([], self.asked("/token"))

    def test_many_processes_refresh_once(self):
        for seconds in (600, -5):
            self.server.requests.clear()
            self.keep("corp", self.center.kept_token(seconds))
            self.center.token_delay = 0.7
            programs = [subprocess.Popen([TOOL, "credentials", "--profile", "dev"], env=self.environment(), stdout=subprocess.PIPE,
                                         stderr=subprocess.PIPE, text=True) for _ in range(6)]
            for program in programs:
                out, error = program.communicate(timeout=30)
                self.assertEqual((0, ""), (program.returncode, error))
                self.assertEqual(self.keys[0], json.loads(out)["AccessKeyId"])
            self.assertEqual(1, len(self.asked("/token")), seconds)


class Dsn(SsoWorld):
    def setUp(self):
        super().setUp()
        self.write("odbcinst.ini", f"[iamodbc]\nDriver={os.path.join(os.path.dirname(os.path.dirname(TOOL)), 'lib', 'libiamodbc.so')}\n")

    def dsn(self, **attributes):
        lines = {"Driver": "iamodbc", "BaseDriver": "psqlodbcw.so", "Server": "h.example.com", "Port": "5432", "UID": "u", "Region": "eu-west-1", **attributes}
        self.write("odbc.ini", "[sales]\n" + "".join(f"{name}={value}\n" for name, value in lines.items()))

    def environment(self, **variables):
        return super().environment(**{"ODBCINI": self.home + "/odbc.ini", **variables})

    def test_a_dsn_needs_no_file(self):
        self.dsn(SSOStartURL=sso.START_URL, SSORegion="eu-central-1", SSOAccountID="123456789012", SSORoleName="reader")
        self.keep(sso.START_URL, self.center.kept_token(3600))
        self.found(self.keys, "sales")
        os.unlink(self.cache(sso.START_URL))
        self.fails("does not exist", "Sign in with: iamodbc login sales.", arguments=("sales",))

    def test_a_session_of_any_name_keeps_its_own_sign_in(self):
        self.dsn(SSOSession="mine", SSOStartURL=sso.START_URL, SSORegion="eu-central-1", SSOAccountID="123456789012", SSORoleName="reader")
        self.keep("mine", self.center.kept_token(600))
        self.found(self.keys, "sales")
        self.assertEqual(1, len(self.asked("/token")))

    def test_a_session_of_the_files_needs_its_name_alone(self):
        self.write(".aws/config", SESSION)
        self.dsn(SSOSession="corp", SSOAccountID="123456789012", SSORoleName="reader")
        self.keep("corp", self.center.kept_token(3600))
        self.found(self.keys, "sales")

    def test_beside_a_profile_the_dsn_comes_first(self):
        self.write(".aws/config", SESSION)
        self.dsn(Profile="dev", SSORoleName="my admin")
        self.keep("corp", self.center.kept_token(3600))
        self.found(self.admin_keys, "sales")

    def test_what_the_dsn_lacks_is_named(self):
        self.dsn(SSOStartURL=sso.START_URL, SSOAccountID="123456789012")
        self.fails("missing required configuration: SSORegion, SSORoleName", arguments=("sales",))


class RealHosts(SsoWorld):
    """Through a proxy, by the names that AWS's services have."""

    def setUp(self):
        super().setUp()
        folder = self.enterContext(tempfile.TemporaryDirectory())
        self.ca, tunnel = certificates(folder, "portal.sso.eu-central-1.amazonaws.com", "oidc.eu-central-1.amazonaws.com")
        self.proxy = self.enterContext(StandIn(self.center, tunnel=tunnel))

    def test_the_region_of_the_sign_in_chooses_the_hosts(self):
        self.write(".aws/config", SESSION + "[profile other]\nregion = us-west-2\n")
        self.keep("corp", self.center.kept_token(600))
        self.found(self.keys, "--profile", "dev", AWS_ENDPOINT_URL_SSO=None, AWS_ENDPOINT_URL_SSO_OIDC=None, HTTPS_PROXY=self.proxy.url,
                   AWS_CA_BUNDLE=self.ca, AWS_REGION="us-east-2")
        self.assertEqual(["oidc.eu-central-1.amazonaws.com:443", "portal.sso.eu-central-1.amazonaws.com:443"], self.proxy.tunnels)


def certificates(folder, *names):
    """A certificate authority, and a certificate of these hosts with its key."""
    def openssl(*words):
        subprocess.run(["openssl", *words], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, timeout=30)
    ca, ca_key, leaf, key = (os.path.join(folder, name) for name in ("ca.pem", "ca.key", "leaf.pem", "leaf.key"))
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2")
    openssl(*new, "-subj", "/CN=test CA", "-keyout", ca_key, "-out", ca)
    openssl(*new, "-subj", "/CN=AWS", "-CA", ca, "-CAkey", ca_key, "-keyout", key, "-out", leaf, "-addext", "basicConstraints=CA:FALSE",
            "-addext", "subjectAltName=" + ",".join("DNS:" + name for name in names))
    return ca, (leaf, key)


def in_parallel(*works):
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)


if __name__ == "__main__":
    unittest.main()
