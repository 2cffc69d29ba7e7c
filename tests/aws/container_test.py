#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Credentials of a container's role, from stand-ins of the services of Amazon ECS and EKS Pod Identity."""
import os
import secrets
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from instance_service import InstanceService  # noqa: E402
from stand_in import Fault, Reply, StandIn  # noqa: E402
from world import HERE, World, metadata_json  # noqa: E402

FULL, RELATIVE = "AWS_CONTAINER_CREDENTIALS_FULL_URI", "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
TOKEN, TOKEN_FILE = "AWS_CONTAINER_AUTHORIZATION_TOKEN", "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"
OWN_NETWORK = ["unshare", "--map-root-user", "--net"]


def has_own_network():
    return subprocess.run([*OWN_NETWORK, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


class Container(World):
    def setUp(self):
        super().setUp()
        self.keys = self.new_keys()
        self.reply = Reply(200, metadata_json(self.keys))
        self.server = self.enterContext(StandIn(lambda request: self.reply))
        self.url = self.server.url + "/v1/credentials?a=b"

    def new_token(self):
        token = "AUTH/" + secrets.token_urlsafe(40)
        self.secrets.append(token)
        return token

    def test_the_full_address_is_asked(self):
        content = self.found(self.keys, **{FULL: self.url})
        self.assertEqual("2099-01-01T00:00:00Z", content["Expiration"])
        request, = self.server.requests
        self.assertEqual(("GET", "/v1/credentials?a=b"), (request.method, request.raw_target))
        self.assertEqual("application/json", request.headers["accept"])
        self.assertNotIn("authorization", request.headers)
        done = self.tool("credentials", "--explain", **{FULL: self.url})
        self.assertIn("container: used", done.stdout)

    def test_the_token_of_the_file_goes_before_that_of_the_variable(self):
        first, second = self.new_token(), self.new_token()
        self.found(self.keys, **{FULL: self.url, TOKEN: first})
        self.found(self.keys, **{FULL: self.url, TOKEN: first, TOKEN_FILE: self.write("token", second)})
        self.assertEqual([first, second], [request.headers["authorization"] for request in self.server.requests])

    def test_a_token_with_a_line_end_is_an_error(self):
        for end in ("\n", "\r\n", "\nX-Other: a"):
            with self.subTest(end):
                path = self.write("token", self.new_token() + end)
                self.fails("Auth token value is not a legal header value", TOKEN_FILE, path, **{FULL: self.url, TOKEN_FILE: path})
        self.fails("Auth token value is not a legal header value", **{FULL: self.url, TOKEN: self.new_token() + "\n"})
        self.assertEqual([], self.server.requests)

    def test_files_that_hold_no_token(self):
        os.mkfifo(self.home + "/pipe")
        for path, reason in ((self.home + "/none", "cannot be read: No such file or directory."), (self.home, "cannot be read: Is a directory."),
                             ("/dev/zero", "is larger than 65536 bytes.")):
            with self.subTest(path):
                self.fails(f"The token file of {TOKEN_FILE} ({path}) {reason}", seconds=10, **{FULL: self.url, TOKEN_FILE: path})
        self.assertEqual([], self.server.requests)
        with self.subTest("nobody writes to the pipe"):
            self.tool("credentials", seconds=10, **{FULL: self.url, TOKEN_FILE: self.home + "/pipe"})

    def test_over_http_only_hosts_of_the_own_computer(self):
        port = self.server.port
        for host in ("127.0.0.1", "localhost"):
            self.found(self.keys, **{FULL: f"http://{host}:{port}/"})
        for host in ("169.254.170.3", "192.0.2.1", "10.0.0.1", "[fd00:ec2::24]"):
            with self.subTest(host), self.quicker_than(1):
                self.fails(f"Unsupported host '{host}:{port}'", **{FULL: f"http://{host}:{port}/x", TOKEN: self.new_token()})
        unknown = "x" * 64  # longer than a name may be, so no name server is asked
        with self.quicker_than(1):
            self.fails(f"Unsupported host '{unknown}', which has no address", **{FULL: f"http://{unknown}/x", TOKEN: self.new_token()})
        self.fails("Could not connect", "(3 attempts)", **{FULL: f"https://{unknown}/x", TOKEN: self.new_token()})
        for url in ("ftp://127.0.0.1/", "127.0.0.1/x"):
            self.fails("Unsupported scheme", FULL, **{FULL: url})

    def test_a_name_is_judged_by_the_address_that_is_dialled(self):
        hosts = self.write("hosts", "127.0.0.1 pod.example\n192.0.2.1 far.example\n")
        port, names = self.server.port, {"LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": hosts}
        self.found(self.keys, **{FULL: f"http://pod.example:{port}/"}, **names)
        with self.quicker_than(1):
            self.fails(f"Unsupported host 'far.example:{port}'", **{FULL: f"http://far.example:{port}/"}, **names)

    def test_other_loopback_addresses_are_allowed(self):
        for address in ("127.1.2.3", "::1"):
            with self.subTest(address), StandIn(lambda request: self.reply, address=address) as server:
                self.found(self.keys, **{FULL: server.url})

    def test_a_path_that_would_lead_elsewhere_is_refused(self):
        self.fails("is not a path", RELATIVE, **{RELATIVE: f"@127.0.0.1:{self.server.port}/"})
        self.assertEqual([], self.server.requests)

    def test_three_attempts_a_second_apart(self):
        self.server.faults = [Fault("status", 500), Fault("body", "not JSON")]
        done = self.tool("credentials", **{FULL: self.url})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertTrue(2 <= done.seconds < 4, done.seconds)
        token = self.new_token()
        self.server.requests.clear()
        self.reply = Reply(404, "no such\x1b[31m task; you sent " + token)
        self.fails("Error when retrieving credentials from container-role: Error retrieving metadata: Received non 200 response 404 from container metadata: "
                   "no such", "(3 attempts)", **{FULL: self.url, TOKEN: token})
        self.assertEqual(3, len(self.server.requests))

    def test_an_answer_without_what_is_needed_is_an_error(self):
        for name in ("AccessKeyId", "SecretAccessKey", "Token", "Expiration"):
            with self.subTest(name):
                self.reply = Reply(200, metadata_json(self.keys, **{name: None}) if name != "Expiration" else metadata_json(self.keys, None))
                self.fails(f"Missing required key in response: '{name}'", **{FULL: self.url})
        self.assertEqual(4, len(self.server.requests))

    def test_no_proxy_ever(self):
        with StandIn(lambda request: self.fail("the proxy was asked")) as proxy:
            self.found(self.keys, http_proxy=proxy.url, HTTP_PROXY=proxy.url, **{FULL: self.url})
            self.assertEqual([], proxy.requests)

    def test_the_instance_is_not_asked_in_its_place(self):
        with StandIn(InstanceService(metadata_json(self.new_keys()))) as instance:
            at = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": instance.url}
            self.fails("container-role", **at, **{FULL: "http://127.0.0.1:9/"})
            self.assertEqual([], instance.requests)

    def test_environment_and_profile_come_first(self):
        other = self.new_keys()
        self.found(other, AWS_ACCESS_KEY_ID=other[0], AWS_SECRET_ACCESS_KEY=other[1], AWS_SESSION_TOKEN=other[2], **{FULL: self.url})
        self.assertEqual([], self.server.requests)

    @unittest.skipUnless(has_own_network(), "no network namespace of one's own")
    def test_the_fixed_addresses(self):
        instance = self.new_keys()
        asked = self.home + "/asked"
        command = [*OWN_NETWORK, sys.executable, HERE + "/fixed_addresses.py", metadata_json(self.keys), metadata_json(instance)]
        for variables, wanted, lines in (({RELATIVE: "/v2/credentials/uuid", FULL: "http://169.254.169.254/"}, self.keys, ["container GET /v2/credentials/uuid"]),
                                         ({FULL: "http://169.254.170.2/v2/credentials/uuid"}, self.keys, ["container GET /v2/credentials/uuid"]),
                                         ({}, instance, ["instance PUT /latest/api/token", "instance GET /latest/meta-data/iam/security-credentials/",
                                                         "instance GET /latest/meta-data/iam/security-credentials/the-role"])):
            with self.subTest(variables):
                done = self.tool("credentials", prefix=command, ASKED=asked, AWS_EC2_METADATA_DISABLED=None, **variables)
                self.assertEqual((0, ""), (done.returncode, done.stderr))
                self.assertIn(wanted[1], done.stdout)
                with open(asked, encoding="utf-8") as file:
                    self.assertEqual(lines, file.read().splitlines())


if __name__ == "__main__":
    unittest.main()
