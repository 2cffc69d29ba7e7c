#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tunnel= with a real sshd: logins through it, and who starts and ends it. tunnel_long.py has what takes longer."""
import json
import os
import signal
import socket
import time
import unittest

import box
import ssh_server
from box import HERE, PYTHON, LiveTest

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)


def is_running(pid):
    """Neither gone nor a zombie."""
    try:
        with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


class TunnelTest(LiveTest):
    """A sshd for the tests of a class."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if reason := ssh_server.missing():
            raise unittest.SkipTest(reason)
        cls.server = cls.enterClassContext(ssh_server.SshServer())
        cls.env = {"HOME": cls.server.folder, "SSH_AUTH_SOCK": None}

    def free(self, **changes):
        """A DSN whose tunnel takes a free port."""
        command = changes.pop("command", None) or self.server.command(("{port}", self.box.port))
        return self.box.section(**{"Server": self.box.exports["RDS_HOST"], "Port": 5432, "Tunnel": command, **changes})

    def fixed(self, port, **changes):
        """A DSN whose tunnel has that port here."""
        command = changes.pop("command", None) or self.server.command((port, self.box.port))
        return self.box.section(**{"Server": "127.0.0.1", "Port": port, "TokenHost": self.box.exports["RDS_HOST"], "TokenPort": 5432, "Tunnel": command, **changes})

    def steps(self, *steps, ini=None, status=0, **options):
        done = self.box.run([PYTHON, os.path.join(HERE, "tunnel_client.py")], json.dumps(steps), env=self.env,
                            ini=ini or {"mine": self.free()}, trace=False, **options)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout)
        return [json.loads(line) for line in done.stdout.splitlines()]

    def assert_ended(self, pid):
        end = time.monotonic() + 5
        while is_running(pid) and time.monotonic() < end:
            time.sleep(0.01)
        self.assertFalse(is_running(pid), "the tunnel still runs")


class Tunnel(TunnelTest):
    def test_a_login_through_a_free_port(self):
        with self.box.verdicts() as seen:
            user, one, seconds, none = self.steps({"open": "DSN=mine", "as": "a"}, {"children": True}, {"close": "a"}, {"children": True})
        self.assertEqual(("jane_doe", 1, []), (user, len(one), none))
        self.assertLess(seconds, 2)
        self.assertEqual([("ok", self.box.exports["RDS_HOST"], 5432)], [(line["reason"], line["host"], line["port"]) for line in seen])
        self.assert_ended(one[0])

    def test_two_dsns_and_two_threads_share_one(self):
        here, there = ssh_server.free_port(), ssh_server.free_port()
        forwards = [(here, self.box.port)]
        changes = {}
        if maria := self.box.exports.get("RDS_MARIA_PORT"):
            forwards.append((there, maria))
            changes["other"] = self.box.section("local-maria", Server="localhost", Port=there, TokenPort=3306)
        command = self.server.command(*forwards)
        ini = {"mine": self.fixed(here, command=command), **{name: {**section, "Tunnel": command} for name, section in changes.items()}}
        before = self.server.logins()
        answers, none = self.steps({"threads": [f"DSN={name}" for name in 2 * list(ini)]}, {"children": True}, ini=ini)
        self.assertEqual({"jane_doe"}, {answer.split("@")[0] for answer in answers}, answers)
        self.assertEqual(([], 1), (none, self.server.logins() - before))

    def test_the_next_connect_starts_a_new_one_where_it_has_died(self):
        first, one, _, lost, second, two, _, third, _, _, none = self.steps(
            {"open": "DSN=mine", "as": "a"}, {"children": True}, {"signal": signal.SIGKILL}, {"ask": "a"}, {"open": "DSN=mine", "as": "b"},
            {"children": True}, {"close": "a"}, {"ask": "b"}, {"children": True}, {"close": "b"}, {"children": True})
        self.assertEqual(("jane_doe", "lost", "jane_doe", "jane_doe", []), (first, lost, second, third, none))
        self.assertTrue(set(two) - set(one), "it is another one")

    def test_it_does_not_outlive_a_process_that_is_killed_and_outlives_the_thread_that_started_it(self):
        done = self.steps({"open_in_thread": "DSN=mine", "as": "a"}, {"sleep": 0.1}, {"ask": "a"}, {"files_of_children": True}, {"children": True}, {"die": True},
                          status=-signal.SIGKILL)
        self.assertEqual(["jane_doe", "jane_doe"], [done[0], done[2]])
        self.assertFalse([file for files in done[3] for file in files.values() if "socket:" not in file and "anon_inode" not in file], done[3])
        self.assertEqual(1, len(done[4]))
        self.assert_ended(done[4][0])

    def test_a_program_that_fails_is_shown_with_its_last_lines(self):
        started = time.monotonic()
        answer = self.box.connect("DSN=mine", ini={"mine": self.free(command="ssh -F none -N -p 1 -o BatchMode=yes -L {port}:127.0.0.1:1 nobody@127.0.0.1")}, env=self.env)
        self.assert_says(answer.text, r"Tunnel \(ssh\) leads nowhere: it failed with exit status 255", r"127\.0\.0\.1:\d+", "Its last lines: ssh: connect to host 127.0.0.1 port 1: Connection refused")
        self.assertEqual("08001", answer.state)
        self.assertLess(time.monotonic() - started, 5)

    def test_a_port_that_somebody_else_has_gets_no_login(self):
        with socket.create_server(("127.0.0.1", 0)) as other, self.box.verdicts() as seen:
            port = other.getsockname()[1]
            answer = self.box.connect("DSN=mine", ini={"mine": self.fixed(port)}, env=self.env)
        self.assert_says(answer.text, f"was not started: somebody answers at 127.0.0.1:{port} already", "{port}")
        self.assertEqual(("08001", []), (answer.state, seen))

    def test_a_connection_string_may_not_name_it(self):
        answer = self.box.connect("DSN=local-pg;Tunnel=touch /tmp/x", env=self.env)
        self.assert_says(answer.text, "Tunnel is not taken from a connection string")

    def test_check_shows_it(self):
        done = self.box.run([TOOL, "check", "mine"], ini={"mine": self.free()}, env=self.env, trace=False)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assert_says(done.stdout, r"\n +Tunnel=ssh \.\.\. ", r"\ntunnel +ssh, which is to answer at a free port of 127\.0\.0\.1\n", r"\nconnected ")


if __name__ == "__main__":
    unittest.main()
