#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins with the keys of containers, instances and keyrings, handed out by stand-ins of their services."""
import json
import os
import sys
import tempfile
import time
import unittest

import box

sys.path.insert(0, os.path.join(box.TOP, "tests", "aws"))
from instance_service import InstanceService  # noqa: E402
from stand_in import Fault, Reply, StandIn  # noqa: E402
from world import metadata_json  # noqa: E402

NO_AWS = {name: None for name in ("AWS_SHARED_CREDENTIALS_FILE", "AWS_CONFIG_FILE", "AWS_PROFILE")}
STRING = "DSN=test"
CONTAINER = "AWS_CONTAINER_CREDENTIALS_FULL_URI"


class Metadata(box.LiveTest):
    def setUp(self):
        self.home = self.enterContext(tempfile.TemporaryDirectory(prefix="iamodbc-home-"))
        self.keys_json = metadata_json(self.box.key("session"))
        self.container = self.enterContext(StandIn(lambda request: Reply(200, self.keys_json)))
        self.instance = self.enterContext(StandIn(InstanceService(self.keys_json)))
        self.nothing = {**NO_AWS, "HOME": self.home}
        self.in_container = {**self.nothing, CONTAINER: self.container.url}
        self.on_instance = {**self.nothing, "AWS_EC2_METADATA_DISABLED": None, "AWS_EC2_METADATA_SERVICE_ENDPOINT": self.instance.url}

    def opens(self, string="", dsn=None, **options):
        with self.box.verdicts() as seen:
            answer = self.box.connect(f"DSN=test;{string}", ini={"test": dsn or self.box.section()}, queries=["select current_user"], **options)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual([[["jane_doe"]]], answer.results)
        self.assertEqual(["accepted"], [line["verdict"] for line in seen])
        return seen[0]

    def fails(self, *words, string="", dsn=None, **options):
        answer = self.box.connect(f"DSN=test;{string}", ini={"test": dsn or self.box.section()}, **options)
        self.assertFalse(answer.connected)
        self.no_secret(answer.text)
        self.assert_says(answer.text, *words)
        return answer

    def test_the_role_of_a_container(self):
        self.opens(env=self.in_container)
        # Chosen by name it goes before keys that are nearer.
        self.opens("Credentials=Container", env={**self.in_container, "AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "other"})
        self.assertEqual([], self.instance.requests)

    def test_the_role_of_an_instance(self):
        self.opens(env=self.on_instance)
        self.opens("Credentials=Instance", env={**self.on_instance, CONTAINER: "http://127.0.0.1:9/", "AWS_ACCESS_KEY_ID": "AKIAOTHER", "AWS_SECRET_ACCESS_KEY": "x"})
        # Region and keys, both from there.
        self.assertEqual("eu-central-1", self.opens(dsn=self.box.section(Region=None), env=self.on_instance)["region"])

    def test_what_is_chosen_by_name_is_not_replaced(self):
        self.fails("container", "AWS_CONTAINER_CREDENTIALS_", string="Credentials=Container", env=self.on_instance)
        self.fails("instance", "AWS_EC2_METADATA_DISABLED", string="Credentials=Instance", env=self.in_container)
        self.assertEqual([], self.container.requests + self.instance.requests)

    def test_credential_source_of_a_profile_is_asked(self):
        config = os.path.join(self.home, "config")
        for source, server, env in (("EcsContainer", self.container, self.in_container), ("Ec2InstanceMetadata", self.instance, self.on_instance)):
            with open(config, "w", encoding="utf-8") as file:
                file.write(f"[profile r]\nrole_arn = arn:aws:iam::111122223333:role/r\ncredential_source = {source}\nregion = eu-central-1\n")
            # Nobody answers for STS: its turn shows that the keys were found.
            self.fails("AssumeRole", env={**env, "AWS_CONFIG_FILE": config, "AWS_PROFILE": "r", "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9", "AWS_MAX_ATTEMPTS": "1"})
            self.assertTrue(server.requests, source)
            self.fails(f"retrieving credentials from {source}", "No credentials found in credential_source referenced in profile r",
                       env={**self.nothing, "AWS_CONFIG_FILE": config, "AWS_PROFILE": "r"})

    def test_many_connects_ask_once(self):
        steps = [{"connect": STRING}, {"threads": 8, "connect": STRING}]
        self.assertEqual(["jane_doe", ["jane_doe"] * 8], self.steps(steps, self.in_container))
        self.assertEqual(1, len(self.container.requests))
        self.assertEqual(["jane_doe", ["jane_doe"] * 8], self.steps(steps, self.on_instance))
        self.assertEqual(3, len(self.instance.requests))

    def test_the_connect_after_a_fault_works(self):
        for fault in (Fault("half"), Fault("status", 503), Fault("body", "junk"), Fault("big")):
            with self.subTest(fault.kind):
                self.container.faults = [fault] * 3
                answers = self.steps([{"connect": STRING}, {"connect": STRING}], self.in_container)
                self.assertIn("container-role", answers[0])
                self.assertEqual("jane_doe", answers[1])

    def test_a_service_that_hangs_keeps_to_the_login_time(self):
        self.container.faults = [Fault("hang")] * 9
        started = time.monotonic()
        answer = self.fails("time-out", env=self.in_container, login_timeout=1)
        self.assertEqual("HYT00", answer.state)
        self.assertLess(time.monotonic() - started, 5)

    def test_keys_of_a_keyring(self):
        key = self.box.key("session")
        content = json.dumps({"Version": 1, "AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": key[2]})
        tool = os.path.join(self.home, "secret-tool")
        with open(tool, "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\n[ \"$*\" = 'lookup application iamodbc profile default' ] && printf %s '{content}'\n")
        os.chmod(tool, 0o700)
        env = {**self.nothing, "PATH": self.home + ":" + os.environ["PATH"]}
        self.opens("Credentials=Keyring", env=env)
        other = self.box.section(Credentials="Keyring", Profile="other")
        self.fails("keyring", "no terminal", dsn=other, env=env, completion=1, prefix=box.ON_NO_TERMINAL)
        self.fails("keyring", "nobody answered within the login time-out", dsn=other, env=env, completion=1, login_timeout=2, prefix=box.ON_TERMINAL)
        self.fails("keyring", "forbids to ask .SQL_DRIVER_NOPROMPT.", string="Credentials=Keyring;Profile=other", env=env, login_timeout=2, prefix=box.ON_TERMINAL)

    def test_a_program_that_asks_for_keys(self):
        key = self.box.key("session")
        with open(self.home + "/keys", "w", encoding="utf-8") as file:
            json.dump({"Version": 1, "AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": key[2]}, file)
        self.opens(dsn=self.box.section(KeyPrompt=f"cat {self.home}/keys"), env=self.nothing)
        self.fails("KeyPrompt", "connection string", string=f"KeyPrompt=cat {self.home}/keys", env=self.nothing)

    def steps(self, steps, env):
        done = self.box.run([box.PYTHON, os.path.join(box.HERE, "steps_client.py")], json.dumps(steps), env=env, ini={"test": self.box.section()})
        self.assertEqual(0, done.returncode, done.stderr)
        self.no_secret(done.stdout)
        return json.loads(done.stdout)


if __name__ == "__main__":
    unittest.main()
