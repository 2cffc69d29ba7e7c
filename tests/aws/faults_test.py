#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong on the way to a service: each fault on each endpoint ends in an error that says what it was, within the login time-out, without a secret; and
what is asked afterwards gets its answer. The cells of the table run side by side."""
import concurrent.futures
import dataclasses
import os
import subprocess
import sys
import tempfile
import typing
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from instance_service import InstanceService  # noqa: E402
from stand_in import Fault, Reply, StandIn  # noqa: E402
from sts import Sts, random_keys  # noqa: E402
from world import World, keys, metadata_json  # noqa: E402

LOGIN_TIMEOUT = 4
FOREVER = 50  # faults, more than any caller makes attempts


BASE = random_keys("AKIA", session=False)  # assume the role
ROLE = "arn:aws:iam::444455556666:role/app"


@dataclasses.dataclass(repr=False)
class Endpoint:
    """`server`: makes a stand-in that gives out keys; `variables`: lead the tool to its address; `is_https`: may be asked over https."""
    name: str
    server: typing.Callable
    variables: typing.Callable
    is_https: bool = True

    def __repr__(self):
        return self.name


def container(found, **options):
    return StandIn(lambda request: Reply(200, metadata_json(found)), **options)


def instance(found, **options):
    return StandIn(InstanceService(metadata_json(found)), **options)


def sts(found, **options):
    server = Sts(**options)
    server.user("jane", keys=BASE)
    server.role(ROLE, keys=[found])
    server.role(ROLE + "-of-a-pod", keys=[found], web_token=b"WEB-TOKEN-OF-A-POD")
    return server


ENDPOINTS = [
    Endpoint("container", container, lambda url: {"AWS_CONTAINER_CREDENTIALS_FULL_URI": url + "/v1", "AWS_CONTAINER_AUTHORIZATION_TOKEN": "AUTHORIZATION-OF-A-POD"}),
    Endpoint("instance", instance, lambda url: {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": url}, is_https=False),
    Endpoint("AssumeRole", sts, lambda url: {"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": url}),
    Endpoint("AssumeRoleWithWebIdentity", sts, lambda url: {"AWS_PROFILE": "web", "AWS_ENDPOINT_URL_STS": url}),
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
                      ["not JSON", "Unable to parse JSON", "not what AWS STS sends", "not the name of a role"]),
    "empty": (Fault("body", ""), ["empty", "Unable to parse JSON", "not what AWS STS sends"]),
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
        self.write("token", "WEB-TOKEN-OF-A-POD")
        self.write(".aws/credentials", f"[base]\naws_access_key_id = {BASE[0]}\naws_secret_access_key = {BASE[1]}\n")
        self.write(".aws/config", f"[profile role]\nrole_arn = {ROLE}\nsource_profile = base\nregion = eu-central-1\n"
                                  f"[profile web]\nrole_arn = {ROLE}-of-a-pod\nweb_identity_token_file = {self.home}/token\nregion = eu-central-1\n")
        self.secrets += [BASE[1], "WEB-TOKEN-OF-A-POD", "AUTHORIZATION-OF-A-POD"]
        self.dsn(TLSCAFile=self.folder + "/right.pem", TLS="verify-ca")

    def certificate(self, name):
        return (f"{self.folder}/{name}.pem", f"{self.folder}/{name}.key")

    def check(self, **variables):
        """`iamodbc check` as far as the credentials; the driver manager is not needed for that."""
        return self.tool("check", "--timeout", str(LOGIN_TIMEOUT), "here", **variables)

    def refused(self, words, variables, what):
        done = self.check(**variables)
        message = done.stderr.split("iamodbc: ", 1)[-1]
        self.assertEqual(1, done.returncode, f"{what}: {done.stdout}{done.stderr}")
        self.assertTrue(message.startswith(("[28000]", "[08001]", "[HYT00]")), f"{what}: {message}")
        self.assertTrue(any(word in message for word in words), f"{what}: {message}")
        self.assertLess(done.seconds, LOGIN_TIMEOUT + 2, f"{what}: not in time")
        self.no_secret(done.stdout)
        self.assertRegex(done.stdout, r"(?m)^credentials +FAILED", what)

    def cell(self, endpoint, name):
        fault, words = FAULTS[name]
        found = keys()
        self.secrets += found[1:]
        with endpoint.server(found) as server:
            server.faults = [fault] * FOREVER
            variables = endpoint.variables(server.url)
            self.refused(words, variables, f"{endpoint.name}, {name}")
            self.assertTrue(server.requests, f"{endpoint.name}, {name}: not asked")
            server.faults = []
            self.assertIn(found[0], self.tool("credentials", **variables).stdout, f"{endpoint.name} after {name}")

    def side_by_side(self, work, cells):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            failures = [(cell, one.exception()) for cell, one in [(cell, pool.submit(work, *cell)) for cell in cells]]
        for cell, error in failures:
            with self.subTest(cell=cell):
                if error:
                    raise error

    def test_every_fault_of_every_endpoint(self):
        self.side_by_side(self.cell, [(endpoint, name) for endpoint in ENDPOINTS for name in FAULTS])

    def test_nobody_listens(self):
        def one(endpoint):
            self.refused(["Could not connect", "Failed to connect"], endpoint.variables("http://127.0.0.1:9"), endpoint.name)
        self.side_by_side(one, [(endpoint,) for endpoint in ENDPOINTS])

    def test_a_certificate_that_nobody_vouches_for(self):
        def one(endpoint):
            found = keys()
            with endpoint.server(found, certificate=self.certificate("wrong")) as server:
                at = endpoint.variables(server.url)
                self.refused(["SSL validation failed"], at, endpoint.name)
                self.refused(["SSL validation failed"], {**at, "AWS_CA_BUNDLE": self.certificate("right")[0]}, endpoint.name)
                self.refused(["SSL validation failed", "no/such.pem"], {**at, "AWS_CA_BUNDLE": "/no/such.pem"}, endpoint.name)
                self.assertEqual([], server.requests)
                with_ca = {**at, "AWS_CA_BUNDLE": self.certificate("wrong")[0]}
                self.assertIn(found[0], self.tool("credentials", **with_ca).stdout)
                # The name counts as well.
                other = {name: value and value.replace("localhost", "127.0.0.1") for name, value in with_ca.items()}
                self.refused(["SSL validation failed"], other, endpoint.name)
        self.side_by_side(one, [(endpoint,) for endpoint in ENDPOINTS if endpoint.is_https])


if __name__ == "__main__":
    unittest.main()
