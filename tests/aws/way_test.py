#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The way to a service: proxies, odd addresses, name servers that are silent."""
import base64
import os
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from stand_in import Reply, StandIn  # noqa: E402
from sts import Sts, random_keys  # noqa: E402
from world import TOP, World  # noqa: E402

ROLE = "arn:aws:iam::444455556666:role/app"
OWN_NAMES = ["unshare", "--map-root-user", "--mount", "--net"]


def has_own_names():
    return subprocess.run([*OWN_NAMES, "true"], stderr=subprocess.DEVNULL, check=False).returncode == 0


class Way(World):
    def setUp(self):
        super().setUp()
        base = random_keys("AKIA", session=False)
        self.keys = random_keys()
        self.secrets += [base[1], *self.keys[1:]]
        self.write(".aws/credentials", f"[base]\naws_access_key_id = {base[0]}\naws_secret_access_key = {base[1]}\n")
        self.write(".aws/config", f"[profile role]\nrole_arn = {ROLE}\nsource_profile = base\nregion = eu-central-1\n")
        self.base = base

    def sts(self, **options):
        server = Sts(**options)
        server.user("jane", keys=self.base)
        server.role(ROLE, keys=[self.keys])
        return server

    def test_addresses_of_every_form_are_signed_as_they_are_asked(self):
        with self.sts() as server, self.sts(address="::1") as six:
            for url in (server.url, server.url + "/", server.url + "/below/it", f"http://LOCALHOST:{server.port}", six.url):
                with self.subTest(url):
                    self.found(self.keys, AWS_PROFILE="role", AWS_ENDPOINT_URL_STS=url)
            self.assertEqual(["/", "/", "/below/it/", "/"], [request.path for request in server.requests])

    def test_a_proxy_is_told_its_password_and_nobody_else(self):
        with StandIn(lambda request: Reply(407, "who are you?")) as proxy, self.sts() as server:
            self.secrets.append("hush-of-the-proxy")
            at = {"AWS_PROFILE": "role", "AWS_ENDPOINT_URL_STS": server.url}
            self.fails("407", http_proxy=f"http://me:hush-of-the-proxy@127.0.0.1:{proxy.port}", **at)
            wanted = "Basic " + base64.b64encode(b"me:hush-of-the-proxy").decode()
            self.assertEqual({wanted}, {request.headers.get("proxy-authorization") for request in proxy.requests})
            self.assertEqual([], server.requests)
            self.fails("No answer to AssumeRole", state="08001", http_proxy="http://me:hush-of-the-proxy@127.0.0.1:port", **at)
            self.fails("Failed to connect to the proxy for", state="08001", http_proxy="http://me:hush-of-the-proxy@127.0.0.1:9", AWS_MAX_ATTEMPTS="1", **at)
            # An exception is asked directly.
            self.found(self.keys, http_proxy=f"http://127.0.0.1:{proxy.port}", NO_PROXY="127.0.0.1", **at)
            self.assertNotIn("proxy-authorization", server.requests[-1].headers)

    @unittest.skipUnless(has_own_names(), "no namespace of one's own for mounts")
    def test_silent_name_servers_do_not_outlast_the_login_time(self):
        command = [*OWN_NAMES, sys.executable, os.path.join(TOP, "tests", "live", "silent_dns.py")]
        done = self.tool("check", "--timeout", "2", self.dsn(TLS="require"), prefix=command, AWS_PROFILE="role",
                         AWS_ENDPOINT_URL_STS="http://sts.example")
        self.assertEqual(1, done.returncode)
        self.assertRegex(done.stdout, r"(?m)^credentials +FAILED \[HYT00\]")
        self.assertLess(done.seconds, 3.5)


if __name__ == "__main__":
    unittest.main()
