#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the way to a service: each fault on each endpoint ends in an error that says what it was, within the login time-out, without a secret; and
what is asked afterwards gets its answer. The cells of the table run side by side, each in a HOME of its own."""
import concurrent.futures
import dataclasses
import json
import os
import subprocess
import sys
import tempfile
import typing
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import signin  # noqa: E402
import sso  # noqa: E402
from instance_service import ROLES, InstanceService  # noqa: E402
from stand_in import Fault, Reply, StandIn  # noqa: E402
from sts import ACCOUNT, Sts, random_keys  # noqa: E402
from world import BUILD, DRIVER, HERE, World, keys, metadata_json  # noqa: E402

LOGIN_TIMEOUT = 4
SIGN_IN_TIMEOUT = 8  # a browser has to start
FOREVER = 50  # faults, more than any caller makes attempts

BASE = random_keys("AKIA", session=False)  # assume the role
ROLE = "arn:aws:iam::444455556666:role/app"
SESSION_ARN = "arn:aws:iam::123456789012:user/x"
CONFIG = f"""[profile role]
role_arn = {ROLE}
source_profile = base
region = eu-central-1
[profile web]
role_arn = {ROLE}-of-a-pod
web_identity_token_file = HOME/token
region = eu-central-1
[profile sso]
sso_session = corp
sso_account_id = 123456789012
sso_role_name = reader
[sso-session corp]
sso_start_url = {sso.START_URL}
sso_region = eu-central-1
[profile signed-in]
login_session = {SESSION_ARN}
region = eu-central-1
"""


@dataclasses.dataclass(repr=False)
class Endpoint:
    """`server`: (home, keys that it gives out) -> a stand-in; `variables`: lead the tool to its address; `path`: what of the service fails (all of it), `asked`: what
    is run while it does, up to the credentials; `is_https`: may be asked over https."""
    name: str
    server: typing.Callable
    variables: typing.Callable
    path: str = ""
    asked: tuple = ("check", "--timeout", str(LOGIN_TIMEOUT), "here")
    is_https: bool = True

    @property
    def is_sign_in(self):
        return self.asked[0] == "login"

    @property
    def is_first(self):
        """Whether nothing else is asked before it."""
        return not self.is_sign_in or self.path == "/client/register"

    def __repr__(self):
        return self.name


def write(home, name, text):
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)


def container(_, found, **options):
    return StandIn(lambda request: Reply(200, metadata_json(found)), **options)


def instance(_, found, **options):
    return StandIn(InstanceService(metadata_json(found)), **options)


def sts(_, found, **options):
    server = Sts(**options)
    server.user("jane", keys=BASE)
    server.know(found, f"arn:aws:iam::{ACCOUNT}:user/found")
    server.role(ROLE, keys=[found])
    server.role(ROLE + "-of-a-pod", keys=[found], web_token=b"WEB-TOKEN-OF-A-POD")
    return server


def identity_center(seconds):
    """`seconds`: until the end of the sign-in that is kept; None: none is."""
    def server(home, found, **options):
        center = sso.IdentityCenter({("123456789012", "reader"): found})
        if seconds is not None:
            write(home, ".aws/sso/cache/" + sso.cache_name("corp"), json.dumps(center.kept_token(seconds)))
        return StandIn(center, **options)
    return server


def sign_in_service(home, found, **options):
    session = signin.LoginSession(home)
    session.next_keys = found
    server = StandIn(session, **options)
    session.url = server.url
    write(home, ".aws/login/cache/" + signin.cache_name(SESSION_ARN), json.dumps(session.cached(keys(), -60, sso.moment)))
    return server


def at_container(url, _):
    return {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/v1", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "AUTHORIZATION-OF-A-POD"}


def at_instance(url, _):
    return {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}


def at_sts(profile):
    return lambda url, _: {"AWS_PROFILE": profile, "AWS_ENDPOINT_URL_STS": url}


def keys_in_the_environment(url, found):
    return {"AWS_ACCESS_KEY_ID": found[0], "AWS_SECRET_ACCESS_KEY": found[1], "AWS_SESSION_TOKEN": found[2], "AWS_ENDPOINT_URL_STS": url}


def at_identity_center(url, _):
    return {"AWS_PROFILE": "sso", "AWS_ENDPOINT_URL_SSO": url, "AWS_ENDPOINT_URL_SSO_OIDC": url, "BROWSER": os.path.join(HERE, "browser.py"), "BROWSER_GOES": "yes"}


def at_sign_in_service(url, _):
    return {"AWS_PROFILE": "signed-in", "AWS_ENDPOINT_URL_SIGNIN": url}


SIGN_IN = ("login", "--profile", "sso", "--timeout", str(SIGN_IN_TIMEOUT))
ENDPOINTS = [
    Endpoint("container", container, at_container),
    Endpoint("instance", instance, at_instance, is_https=False),
    Endpoint("instance: keys of its role", instance, at_instance, path=ROLES + "the-role", is_https=False),
    Endpoint("AssumeRole", sts, at_sts("role")),
    Endpoint("AssumeRoleWithWebIdentity", sts, at_sts("web")),
    Endpoint("GetCallerIdentity", sts, keys_in_the_environment, asked=("check", "--timeout", str(LOGIN_TIMEOUT), "of-an-account")),
    Endpoint("GetRoleCredentials", identity_center(7200), at_identity_center),
    Endpoint("CreateToken, a refresh", identity_center(-5), at_identity_center, path="/token"),
    Endpoint("RegisterClient", identity_center(None), at_identity_center, path="/client/register", asked=(*SIGN_IN, "--device")),
    Endpoint("StartDeviceAuthorization", identity_center(None), at_identity_center, path="/device_authorization", asked=(*SIGN_IN, "--device")),
    Endpoint("CreateToken, by a code", identity_center(None), at_identity_center, path="/token", asked=(*SIGN_IN, "--device")),
    Endpoint("CreateToken, by a browser", identity_center(None), at_identity_center, path="/token", asked=SIGN_IN),
    Endpoint("CreateOAuth2Token", sign_in_service, at_sign_in_service),
]

# Each with what the message holds of it, one of these.
FAULTS = {
    "closes": (Fault("close"), ["Connection was closed before a valid answer"]),
    "hangs": (Fault("hang"), ["time-out passed", "Timeout", "timeout", "timed out"]),
    "slow by bytes": (Fault("slow"), ["time-out passed", "timeout", "timed out"]),
    "500": (Fault("status", 500), ["500"]),
    "503": (Fault("status", 503), ["503"]),
    "429": (Fault("status", 429), ["429"]),
    "half an answer": (Fault("half"), ["Connection was closed before a valid answer"]),
    "wrong content": (Fault("body", "<html><body>Sign in to the hotel's network</body></html>"),
                      ["not JSON", "Unable to parse JSON", "not what AWS sends", "not the name of a role"]),
    "other JSON": (Fault("body", "{\"roleCredentials\": [], \"accessToken\": 1, \"clientId\": {}, \"deviceCode\": null}"),
                   ["holds no keys", "not what AWS sends", "not the name of a role", "Missing required key"]),
    "JSON without a floor": (Fault("body", '{"x":' + "[" * 400_000 + "]" * 400_000 + "}"), ["not JSON", "Unable to parse JSON", "not what AWS sends", "status 431"]),
    "empty": (Fault("body", ""), ["empty", "Unable to parse JSON", "not what AWS sends"]),
    "10 MB": (Fault("big"), ["longer than 1 MB"]),
    "redirect": (Fault("reply", Reply(302, "", {"Location": "http://127.0.0.1:9/elsewhere"})), ["302"]),
    "no HTTP": (Fault("raw", b"SSH-2.0-OpenSSH_9.2\r\n"), ["No answer", "closed before", "HTTP/0.9"]),
    "endless headers": (Fault("raw", b"HTTP/1.1 200 OK\r\n" + b"X-Pad: " + b"a" * 200_000 + b"\r\n\r\n"), ["longer than 1 MB", "No answer", "closed before"]),
}


class Faults(World):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = cls.enterClassContext(tempfile.TemporaryDirectory(prefix="iamodbc-faults-"))
        for name in ("right", "wrong"):
            subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2", "-subj", "/CN=localhost",
                            "-addext", "subjectAltName=DNS:localhost", "-keyout", f"{cls.folder}/{name}.key", "-out", f"{cls.folder}/{name}.pem"],
                           check=True, stderr=subprocess.DEVNULL, timeout=20)

    def setUp(self):
        super().setUp()
        self.secrets += [BASE[1], "WEB-TOKEN-OF-A-POD", "AUTHORIZATION-OF-A-POD"]
        self.dsn(TLSCAFile=self.folder + "/right.pem", TLS="verify-ca")
        with open(self.home + "/odbc.ini", "a+", encoding="utf-8") as file:
            file.seek(0)
            file.write(file.read().replace("[here]", "[of-an-account]") + f"ExpectedAccountID={ACCOUNT}\n")

    def certificate(self, name):
        return (f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")

    def new_home(self):
        home = tempfile.mkdtemp(dir=self.home)
        write(home, "token", "WEB-TOKEN-OF-A-POD")
        write(home, ".aws/credentials", f"[base]\naws_access_key_id = {BASE[0]}\naws_secret_access_key = {BASE[1]}\n")
        write(home, ".aws/config", CONFIG.replace("HOME", home))
        return home

    def refused(self, endpoint, words, variables, what):
        done = self.tool(*endpoint.asked, **variables)
        message = done.stderr.split("iamodbc: [", 1)[-1]
        self.assertEqual(1, done.returncode, f"{what}: {done.stdout}{done.stderr}")
        self.assertTrue(message.startswith(("28000]", "08001]", "HYT00]")), f"{what}: {done.stderr}")
        self.assertTrue(any(word in message for word in words), f"{what}: {message}")
        self.assertLess(done.seconds, (SIGN_IN_TIMEOUT if endpoint.is_sign_in else LOGIN_TIMEOUT) + 2, f"{what}: not in time")
        if not endpoint.is_sign_in:
            self.assertRegex(done.stdout, r"(?m)^credentials +FAILED", what)
        return done.stdout + done.stderr

    def answered(self, endpoint, found, variables, what):
        if endpoint.is_sign_in:
            done = self.tool(*endpoint.asked, **variables)
            self.assertEqual(0, done.returncode, f"{what}: {done.stderr}")
        self.assertIn(found[0], self.tool("credentials", *([] if endpoint.is_sign_in else endpoint.asked[-1:]), **variables).stdout, what)

    def cell(self, endpoint, name):
        fault, words = FAULTS[name]
        found, home, what = keys(), self.new_home(), f"{endpoint.name}, {name}"
        self.secrets += found[1:]
        with endpoint.server(home, found) as server:
            server.fault_path, server.faults = endpoint.path, [fault] * FOREVER
            variables = {**endpoint.variables(server.url, found), "HOME": home, "BROWSER_LOG": home + "/browser"}
            shown = self.refused(endpoint, words, variables, what)
            self.assertTrue([request for request in server.requests if endpoint.path in ("", request.path)], f"{what}: not asked")
            self.secrets += getattr(server.handler, "made", [])
            self.no_secret(shown)
            server.faults = []
            self.answered(endpoint, found, variables, f"{what}: afterwards")

    def side_by_side(self, work, cells):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            failures = [(cell, one.exception()) for cell, one in [(cell, pool.submit(work, *cell)) for cell in cells]]
        for cell, error in failures:
            with self.subTest(cell=cell):
                if error:
                    raise error

    def test_every_fault_of_every_endpoint(self):
        self.side_by_side(self.cell, [(endpoint, name) for endpoint in ENDPOINTS for name in FAULTS])

    def process(self, endpoint, name):
        """Two connects of one process, the second when all is well again; there are no more files and threads than before the first."""
        found, home, what = keys(), self.new_home(), f"{endpoint.name}, {name}"
        with endpoint.server(home, found) as server:
            variables = {**endpoint.variables(server.url, found), "HOME": home, "IAMODBC_TEST_BUILD": BUILD, "IAMODBC_TEST_DRIVER": DRIVER}
            attributes = [f"ExpectedAccountID={ACCOUNT}"] if endpoint.asked[-1] == "of-an-account" else []
            with subprocess.Popen([sys.executable, os.path.join(HERE, "driver_client.py"), *attributes], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                                  env=self.environment(**variables)) as client:
                def step(threads, login_timeout=0):
                    client.stdin.write(json.dumps({"threads": threads, "login_timeout": login_timeout}) + "\n")
                    client.stdin.flush()
                    answer = json.loads(client.stdout.readline())
                    return answer.pop("said"), answer
                _, before = step(0)
                server.fault_path, server.faults = endpoint.path, [FAULTS[name][0]] * FOREVER
                said, after = step(1, 2)
                self.assertRegex(" ".join(said), r"^\[(28000|08001|HYT00)\]", what)
                self.assertEqual(before, after, what)
                server.faults = []
                said, after = step(3, LOGIN_TIMEOUT)
                self.assertEqual({"connected": 3}, said, what)
                self.assertEqual(before, after, what)
                client.stdin.close()

    def test_the_next_connect_of_a_process_works_and_nothing_stays_open(self):
        faults = ("closes", "hangs", "500", "half an answer", "wrong content", "10 MB")
        self.side_by_side(self.process, [(endpoint, name) for endpoint in ENDPOINTS if not endpoint.is_sign_in for name in faults])

    def test_nobody_listens(self):
        def one(endpoint):
            found, home = keys(), self.new_home()
            with endpoint.server(home, found):
                self.refused(endpoint, ["Could not connect", "Failed to connect"], {**endpoint.variables("http://127.0.0.1:9", found), "HOME": home}, endpoint.name)
        self.side_by_side(one, [(endpoint,) for endpoint in ENDPOINTS if endpoint.is_first])

    def test_a_proxy_that_does_not_let_through(self):
        def one(endpoint):
            found, home = keys(), self.new_home()
            with endpoint.server(home, found), StandIn(None) as proxy:
                at = {**endpoint.variables("https://sts.eu-central-1.amazonaws.com", found), "HOME": home}
                for words, address in ((["The proxy does not let through to", "405"], proxy.url), (["Failed to connect to the proxy"], "http://127.0.0.1:9")):
                    with_password = address.replace("//", "//me:PASSWORD-OF-A-PROXY@")
                    shown = self.refused(endpoint, words[:1], {**at, "HTTPS_PROXY": with_password}, endpoint.name)
                    self.assertIn(words[-1], shown)
                self.assertEqual(["sts.eu-central-1.amazonaws.com:443"], proxy.tunnels, "it was asked once more")
                proxy.tunnels, proxy.tunnel_refusal = [], 503
                self.refused(endpoint, ["503"], {**at, "HTTPS_PROXY": proxy.url}, endpoint.name)
                self.assertGreater(len(proxy.tunnels), 1, f"{endpoint.name}: it was not asked once more")
        self.secrets.append("PASSWORD-OF-A-PROXY")
        self.side_by_side(one, [(endpoint,) for endpoint in ENDPOINTS if endpoint.is_https and endpoint.is_first and endpoint.name != "container"])

    def test_a_certificate_that_nobody_vouches_for(self):
        def one(endpoint):
            found, home = keys(), self.new_home()
            with endpoint.server(home, found, certificate=self.certificate("wrong")) as server:
                at = {**endpoint.variables(server.url, found), "HOME": home}
                self.refused(endpoint, ["SSL validation failed"], at, endpoint.name)
                self.refused(endpoint, ["SSL validation failed"], {**at, "AWS_CA_BUNDLE": self.certificate("right")[0]}, endpoint.name)
                self.refused(endpoint, ["SSL validation failed", "no/such.pem"], {**at, "AWS_CA_BUNDLE": "/no/such.pem"}, endpoint.name)
                self.assertEqual([], server.requests)
                with_ca = {**at, "AWS_CA_BUNDLE": self.certificate("wrong")[0]}
                # The name counts as well.
                other = {name: value and value.replace("localhost", "127.0.0.1") for name, value in with_ca.items()}
                self.refused(endpoint, ["SSL validation failed"], other, endpoint.name)
                self.answered(endpoint, found, with_ca, endpoint.name)
        self.side_by_side(one, [(endpoint,) for endpoint in ENDPOINTS if endpoint.is_https and endpoint.is_first])


if __name__ == "__main__":
    unittest.main()
