#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Credentials and region of an EC2 instance, from a stand-in of its metadata service."""
import datetime
import json
import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from instance_service import InstanceService, ROLES  # noqa: E402
from stand_in import Fault, StandIn  # noqa: E402
from world import HOST, World, metadata_json  # noqa: E402


class Instance(World):
    def setUp(self):
        super().setUp()
        self.keys = self.new_keys()
        self.service = InstanceService(metadata_json(self.keys))
        self.secrets.append(self.service.given)
        self.server = self.enterContext(StandIn(self.service))
        self.at = {"AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.server.url}

    def asked(self):
        return [(request.method, request.path) for request in self.server.requests]

    def nothing(self, *words, **variables):
        return self.fails("Unable to locate credentials", "instance: ", *words, **{**self.at, **variables})

    def test_version_2_gives_the_keys_of_the_role(self):
        content = self.found(self.keys, **self.at)
        self.assertEqual("2099-01-01T00:00:00Z", content["Expiration"])
        self.assertEqual([("PUT", "/latest/api/token"), ("GET", ROLES), ("GET", ROLES + "the-role")], self.asked())
        done = self.tool("credentials", "--explain", **self.at)
        self.assertIn("instance: used", done.stdout)
        self.assertIn("from the role the-role of the EC2 instance", done.stdout)
        self.no_secret(done.stdout)

    def test_the_end_of_the_address_does_not_matter(self):
        self.found(self.keys, **{**self.at, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.server.url + "/"})
        self.service.prefix = "/below"
        self.found(self.keys, **{**self.at, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.server.url + "/below/"})

    def test_the_address_of_the_profile(self):
        self.write(".aws/config", f"[default]\nec2_metadata_service_endpoint = {self.server.url}\n")
        self.found(self.keys, AWS_EC2_METADATA_DISABLED=None)
        # The variable goes before the profile.
        self.fails("http://127.0.0.1:9", AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:9")

    def test_over_http_only_where_the_service_is(self):
        # Every address but the service's own and this computer's: whoever stands on the way there could hand out keys, or read them.
        for url in ("http://192.0.2.1", "http://169.254.169.253/x", "http://[2001:db8::1]:80"):
            with self.quicker_than(1):
                self.fails(f"Unsupported EC2 Instance Metadata endpoint: {url}. Over http", "AWS_EC2_METADATA_SERVICE_ENDPOINT",
                           **{**self.at, "AWS_EC2_METADATA_SERVICE_ENDPOINT": url})
        hosts = self.write("hosts", "192.0.2.1 localhost.example\n127.0.0.1 here.example\n")
        names = {"LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_HOSTS": hosts}
        self.fails("Unsupported EC2 Instance Metadata endpoint", **{**self.at, "AWS_EC2_METADATA_SERVICE_ENDPOINT": "http://localhost.example"}, **names)
        port = self.server.url.rsplit(":", 1)[1]
        self.found(self.keys, **{**self.at, "AWS_EC2_METADATA_SERVICE_ENDPOINT": f"http://here.example:{port}"}, **names)
        self.nothing("Could not", AWS_EC2_METADATA_SERVICE_ENDPOINT="https://" + "x" * 64)  # over https any; this name has no address

    def test_without_a_token_version_1_is_asked(self):
        for status in (401, 403, 404, 405, 500):
            with self.subTest(status):
                self.service.token = status
                self.server.requests.clear()
                self.found(self.keys, **self.at)
                self.assertEqual(3, len(self.asked()))

    def test_a_refused_request_for_a_token_is_no_reason_for_version_1(self):
        self.service.token = 400
        self.nothing("status 400")
        self.assertEqual(1, len(self.asked()))

    def test_a_silent_answer_to_the_request_for_a_token_is_one(self):
        self.server.faults = [Fault("hang")]
        self.service.token = 0
        with self.quicker_than(3):
            self.found(self.keys, **self.at)

    def test_version_1_may_be_switched_off(self):
        self.service.token = 403
        text = "Unable to retrieve token for use in IMDSv2 call and IMDSv1 has been disabled"
        self.fails(text, AWS_EC2_METADATA_V1_DISABLED="true", **self.at)
        self.write(".aws/config", "[default]\nec2_metadata_v1_disabled = True\n")
        self.fails(text, **self.at)
        self.assertNotIn(("GET", ROLES), self.asked())

    def test_it_can_be_switched_off_altogether(self):
        for value in ("true", "TRUE"):
            self.nothing("AWS_EC2_METADATA_DISABLED switches it off", AWS_EC2_METADATA_DISABLED=value)
        self.assertEqual([], self.asked())
        self.found(self.keys, **{**self.at, "AWS_EC2_METADATA_DISABLED": "1"})  # as the AWS CLI reads it

    def test_what_is_no_role_and_what_holds_no_keys_is_not_configured(self):
        self.service.role = "<html>sign in</html>"
        self.nothing("not the name of a role")
        self.service.role = "\n"
        self.nothing("empty")
        self.service.role = "the-role\nanother"
        self.found(self.keys, **self.at)
        for keys, why in ((json.dumps({"Code": "AssumeRoleUnauthorizedAccess", "Message": "no"}), "AssumeRoleUnauthorizedAccess"), ("", "empty"),
                          ("<html>", "not JSON"), (metadata_json(self.keys, Token=None), "no keys"), (metadata_json(self.keys, "soon"), "no keys")):
            with self.subTest(why):
                self.service.keys_json = keys
                self.nothing(why)

    def test_keys_that_have_ended_stay_in_use(self):
        self.service.keys_json = metadata_json(self.keys, "2020-01-01T00:00:00Z")
        before = datetime.datetime.now(datetime.timezone.utc)
        content = self.found(self.keys, **self.at)
        left = datetime.datetime.fromisoformat(content["Expiration"].replace("Z", "+00:00")) - before
        self.assertGreater(left.total_seconds(), 1015)
        self.assertLess(left.total_seconds(), 1520)

    def test_no_proxy_ever(self):
        with StandIn(lambda request: self.fail("the proxy was asked")) as proxy:
            self.found(self.keys, HTTP_PROXY=proxy.url, http_proxy=proxy.url, NO_PROXY=None, **self.at)
            self.assertEqual([], proxy.requests)

    def test_a_computer_without_it_waits_a_second_at_most(self):
        # 192.0.2.0/24 is nobody's: in a network of its own nothing comes back at all.
        with socket.socket() as full:  # accepts nothing: its queue of one is taken
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            with socket.socket() as first, socket.socket() as second:
                for one in (first, second):
                    one.setblocking(False)
                    one.connect_ex(full.getsockname())
                done = self.nothing("Connect timeout", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:%d" % full.getsockname()[1])
        self.assertLess(done.seconds, 1.5)
        done = self.nothing("Could not connect", AWS_EC2_METADATA_SERVICE_ENDPOINT="http://127.0.0.1:9")
        self.assertLess(done.seconds, 0.5)

    def test_time_and_attempts_can_be_set(self):
        self.server.faults = [Fault("status", 500), Fault("status", 503)]
        self.found(self.keys, AWS_METADATA_SERVICE_NUM_ATTEMPTS="3", **self.at)
        self.assertEqual(3, self.asked().count(("PUT", "/latest/api/token")))
        self.service.token = 0
        self.server.faults = [Fault("hang")]
        self.write(".aws/config", "[default]\nmetadata_service_timeout = 2\n")
        done = self.tool("credentials", **self.at)
        self.assertGreater(done.seconds, 1.9)

    def test_settings_that_mean_nothing_are_errors(self):
        for name, value, *words in (("AWS_METADATA_SERVICE_TIMEOUT", "soon", "soon", "AWS_METADATA_SERVICE_TIMEOUT"),
                                    ("AWS_METADATA_SERVICE_NUM_ATTEMPTS", "0", "whole number"),
                                    ("AWS_EC2_METADATA_SERVICE_ENDPOINT", "here:80", "Invalid endpoint EC2 Instance Metadata endpoint: here:80")):
            with self.subTest(name):
                self.fails(*words, state="08001", **{**self.at, name: value})
        self.fails("Invalid EC2 Instance Metadata endpoint mode: ipv5", state="08001", AWS_EC2_METADATA_DISABLED=None, AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE="ipv5")

    def test_environment_and_profile_come_first(self):
        other = self.new_keys()
        self.found(other, AWS_ACCESS_KEY_ID=other[0], AWS_SECRET_ACCESS_KEY=other[1], AWS_SESSION_TOKEN=other[2], **self.at)
        self.write(".aws/credentials", f"[default]\naws_access_key_id = {other[0]}\naws_secret_access_key = {other[1]}\naws_session_token = {other[2]}\n")
        self.found(other, **self.at)
        self.assertEqual([], self.asked())

    # ---- the region ----

    def token(self, host="db.example", region=None, **variables):
        other = self.new_keys()
        arguments = ["--host", host, "--port", "5432", "--user", "jane", *(["--region", region] if region else [])]
        return self.tool("token", *arguments, **{"AWS_ACCESS_KEY_ID": other[0], "AWS_SECRET_ACCESS_KEY": other[1], **self.at, **variables})

    def test_the_region_of_the_instance_is_the_last_to_count(self):
        done = self.token()
        self.assertIn("%2Feu-central-1%2Frds-db%2F", done.stdout)
        self.assertEqual([("PUT", "/latest/api/token"), ("GET", "/latest/meta-data/placement/availability-zone/")], self.asked())
        self.server.requests.clear()
        self.write(".aws/config", "[default]\nregion = eu-west-3\n")
        self.assertIn("%2Feu-west-3%2F", self.token().stdout)
        for given in ({"region": "us-east-2"}, {"AWS_REGION": "us-east-2"}, {"AWS_DEFAULT_REGION": "us-east-2"},
                      {"host": HOST.replace("eu-central-1", "us-east-2")}):
            with self.subTest(given):
                self.assertIn("%2Fus-east-2%2F", self.token(**given).stdout)
        self.assertEqual([], self.asked())

    def test_no_region_is_guessed_from_what_is_none(self):
        for zone in ("", "<html>sign in</html>", "somewhere", "eu-central-1"):
            self.service.zone = zone
            done = self.token()
            self.assertEqual(1, done.returncode, zone)
            self.assertIn("[08001] The AWS region of the database is not known", done.stderr)
        done = self.token(AWS_EC2_METADATA_DISABLED="true")
        self.assertIn("[08001] The AWS region of the database is not known", done.stderr)
        self.assertEqual(8, len(self.asked()))

    # ---- chosen by name ----

    def test_a_profile_that_names_it(self):
        self.write(".aws/config", "[profile plain]\nregion = eu-west-1\n")
        self.found(self.keys, **self.at, AWS_PROFILE="plain")  # says nothing: the chain goes on


if __name__ == "__main__":
    unittest.main()
