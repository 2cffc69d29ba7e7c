#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tunnel= with a real sshd, what takes longer: bastions that go away, hosts with ideas of their own about children, other processes, other commands, other kinds of login."""
import signal
import socket
import subprocess
import tempfile
import threading
import time
import unittest

import name_server
import ssh_server
from box import PYTHON
from fetching import Fetched, FormerServer
from tunnel_test import TOOL, TunnelTest

CANCELS = """
import pyodbc, sys, threading, time
pyodbc.pooling = False
cursor = pyodbc.connect("DSN=mine", timeout=20).cursor()
threading.Timer(0.5, cursor.cancel).start()
started = time.monotonic()
try:
    cursor.execute("select sleep(20)").fetchall()
except pyodbc.Error as error:
    print(error)
print("cancelled" if time.monotonic() - started < 10 else "not cancelled")
"""


class Ends(TunnelTest):
    def test_a_bastion_that_goes_away_and_comes_back(self):
        with ssh_server.SshServer() as server:
            timers = [threading.Timer(1.5, server.stop), threading.Timer(3.5, server.start)]
            for timer in timers:
                timer.start()
            answers = self.steps({"open": "DSN=mine", "as": "a"}, {"sleep": 2}, {"ask": "a"}, {"open": "DSN=mine", "as": "b"}, {"sleep": 2}, {"open": "DSN=mine", "as": "c"},
                                 {"close": "a"}, {"ask": "c"}, {"close": "c"}, {"children": True}, ini={"mine": self.free(command=server.command(("{port}", self.box.port)))})
            for timer in timers:
                timer.join()
        self.assertEqual(("jane_doe", "lost", "jane_doe", "jane_doe", []), (answers[0], answers[2], answers[5], answers[7], answers[9]))
        self.assert_says(answers[3], r"Tunnel \(ssh\) leads nowhere: it failed with exit status 255", "Connection refused")

    def test_a_connect_under_which_it_dies_is_tried_once_more(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-tunnel-") as folder:
            # Dies under the first to connect after the one who looks whether it answers.
            dies = "import socket, sys; server = socket.create_server(('127.0.0.1', int(sys.argv[1]))); server.accept(); server.accept()[0].recv(1)"
            script = (f'#!/bin/sh\necho run >>{folder}/runs\nif mkdir {folder}/once 2>/dev/null; then exec python3 -c "{dies}" $1; fi\n'
                      f'{self.server.command(("$1", self.box.port))}\n')
            with open(folder + "/script", "w", encoding="utf-8") as file:
                file.write(script)
            answers = self.steps({"open": "DSN=mine", "as": "a"}, {"close": "a"}, ini={"mine": self.free(command=f"sh {folder}/script {{port}}")})
            with open(folder + "/runs", encoding="utf-8") as file:
                self.assertEqual(["run\n", "run\n"], file.readlines())
        self.assertEqual("jane_doe", answers[0])

    def test_one_that_never_answers_is_ended_at_the_login_timeout(self):
        with socket.create_server(("127.0.0.1", 0)) as silent:  # takes the connection of ssh and says nothing
            command = f"ssh -F none -N -o BatchMode=yes -p {silent.getsockname()[1]} -L {{port}}:127.0.0.1:1 nobody@127.0.0.1"
            answer = self.box.connect("DSN=mine", login_timeout=2, ini={"mine": self.free(command=command)}, env=self.env)
        self.assertEqual("HYT00", answer.state)
        self.assert_says(answer.text, "nothing answered at 127.0.0.1:", "login time-out", "It said nothing")
        self.assertLess(answer.seconds, 5)

    def test_a_key_that_the_bastion_does_not_know(self):
        with ssh_server.SshServer() as other:
            command = self.server.command(("{port}", self.box.port)).replace(self.server.folder + "/user", other.folder + "/user")
            answer = self.box.connect("DSN=mine", ini={"mine": self.free(command=command)}, env=self.env)
        self.assert_says(answer.text, r"Permission denied \(publickey\)")

    def test_a_database_that_the_bastion_does_not_reach(self):
        command = self.server.command(("{port}", ssh_server.free_port()))
        answer = self.box.connect("DSN=mine", ini={"mine": self.free(command=command)}, env=self.env)
        self.assert_says(answer.text, r"Tunnel \(ssh\): it runs\. Its last lines: .*open failed: connect failed: Connection refused")

    def test_a_refused_login_says_nothing_of_the_tunnel(self):
        answer = self.box.connect("DSN=mine", ini={"mine": self.free(Profile="wrong")}, env=self.env)
        self.assert_says(answer.text, "PAM authentication failed", "The token was signed for")
        self.assertNotIn("Tunnel", answer.text)


class Hosts(TunnelTest):
    def test_a_host_that_ignores_its_children(self):
        answers = self.steps({"ignore_children": True}, {"open": "DSN=mine", "as": "a"}, {"children": True}, {"ask": "a"}, {"signal": signal.SIGKILL},
                             {"open": "DSN=mine", "as": "b"}, {"close": "a"}, {"ask": "b"}, {"close": "b"}, {"children": True})
        self.assertEqual(("jane_doe", "jane_doe", "jane_doe", "jane_doe", []), (answers[1], answers[3], answers[5], answers[7], answers[9]))

    def test_a_host_that_takes_every_child(self):
        answers = self.steps({"open": "DSN=mine", "as": "a"}, {"children": True}, {"signal": signal.SIGTERM}, {"reap": True}, {"open": "DSN=mine", "as": "b"},
                             {"close": "a"}, {"ask": "b"}, {"close": "b"}, {"children": True})
        self.assertEqual(answers[1], [answers[3]])
        self.assertEqual(("jane_doe", "jane_doe", []), (answers[4], answers[6], answers[8]))

    def test_a_child_of_a_fork(self):
        answers = self.steps({"open": "DSN=mine", "as": "a"}, {"children": True}, {"fork": [{"open": "DSN=mine", "as": "b"}, {"children": True}, {"close": "b"}]},
                             {"ask": "a"}, {"children": True}, {"close": "a"}, {"fork": [{"open": "DSN=mine", "as": "c"}, {"children": True}, {"close": "c"}, {"children": True}]},
                             {"children": True})
        self.assertEqual(["jane_doe", []], answers[2][:2], "the parent's is good for the child")
        self.assertEqual(("jane_doe", answers[1], []), (answers[3], answers[4], answers[7]), "and stays the parent's")
        self.assertEqual(("jane_doe", 1, []), (answers[6][0], len(answers[6][1]), answers[6][3]), "without one it starts its own")

    def test_many_threads_share_one(self):
        answers, none = self.steps({"threads": 32 * ["DSN=mine"]}, {"children": True}, seconds=60)
        self.assertEqual(({"jane_doe"}, []), (set(answers), none))

    def test_two_processes_have_a_free_port_each_and_a_fixed_one_is_for_one(self):
        port = ssh_server.free_port()
        ini = {"mine": self.free(), "fixed": self.fixed(port)}
        results = {}

        def other(name):
            results[name] = self.steps({"open": f"DSN={name}", "as": "a"}, {"sleep": 2}, {"ask": "a"}, ini=ini)
        for name, first in (("mine", "jane_doe"), ("fixed", "is not ours gets no login")):
            thread = threading.Thread(target=other, args=(name,))
            thread.start()
            while name == "fixed" and thread.is_alive() and not ssh_server.is_listening(port):
                time.sleep(0.02)
            answer = self.steps({"open": f"DSN={name}", "as": "a"}, ini=ini)
            thread.join()
            self.assert_says(answer[0], first)
            self.assertEqual(["jane_doe", None, "jane_doe"], results[name])

    def test_the_log_names_the_program_alone(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-tunnel-") as folder:
            self.steps({"open": "DSN=mine", "as": "a"}, {"signal": signal.SIGKILL}, {"sleep": 0.3}, {"open": "DSN=mine", "as": "b"}, {"close": "b"},
                       ini={"mine": self.free(LogLevel="debug", LogFile=folder + "/log")})
            with open(folder + "/log", encoding="utf-8") as file:
                log = file.read()
        self.no_secret(log)
        self.assert_says(log, r"Tunnel \(ssh\) was started for 127\.0\.0\.1:", r"Tunnel \(ssh\) is started anew: it was ended by signal 9")
        self.assertNotIn(self.server.folder, log)


class Others(TunnelTest):
    def tool(self, *arguments, ini=None, status=0, **options):
        done = self.box.run([TOOL, *arguments], ini=ini or {"mine": self.free()}, env=self.env, trace=False, **options)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout + done.stderr)
        return done.stdout + done.stderr

    def test_doctor_and_dsn_test_start_and_end_it(self):
        before = self.server.logins()
        text = self.tool("doctor", "mine")
        self.assert_says(text, r"tunnel.*127\.0\.0\.1:\d+ answers after \d+ ms", r"TCP.*127\.0\.0\.1 port \d+ answers")
        self.assertEqual(2, self.server.logins() - before)
        self.tool("dsn", "test", "mine")
        self.assertEqual(3, self.server.logins() - before)
        report = self.tool("doctor", "mine", "--report")
        self.assertNotIn("jump@", report)

    def test_doctor_says_why_it_does_not_come_up(self):
        command = "ssh -F none -N -o BatchMode=yes -p 1 -L {port}:127.0.0.1:1 nobody@127.0.0.1"
        self.assert_says(self.tool("doctor", "mine", ini={"mine": self.free(command=command)}, status=1), "tunnel", "leads nowhere", "Run its command in a terminal")

    def test_a_password_goes_through_it_too(self):
        section = self.box.section("local-pg", AuthType="Password", Server="127.0.0.1", UID="plain_user", TLS="verify-full",
                                   Password=self.box.section("base-pg")["Password"], Tunnel=self.server.command(("{port}", self.box.port)), Port=None)
        answers = self.steps({"open": "DSN=mine", "as": "a"}, {"close": "a"}, ini={"mine": section})
        self.assertEqual("plain_user", answers[0])

    def test_a_base_driver_that_checks_what_it_dials(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("MariaDB's server is not installed")
        host, command = self.box.exports["RDS_HOST"], self.server.command(("{port}", self.box.exports["RDS_MARIA_PORT"]))
        port = ssh_server.free_port()
        fixed = self.server.command((port, self.box.exports["RDS_MARIA_PORT"])).replace(f"-L 127.0.0.1:{port}", f"-L 127.0.0.2:{port}")
        wrong = {"Server": "127.0.0.2", "Port": port, "TokenHost": host, "TokenPort": 3306, "Tunnel": fixed}
        answer = self.box.connect("DSN=mine", ini={"mine": self.box.section("local-maria", **wrong)}, env=self.env)
        self.assert_says(answer.text, r"checks the certificate against Server=127\.0\.0\.2", f"write Server={host}", f"`127.0.0.1 {host}` into the hosts file")
        # By the name that the hosts file leads here; in a namespace with a hosts file of its own.
        with tempfile.TemporaryDirectory(prefix="iamodbc-hosts-") as folder:
            with open(folder + "/hosts", "w", encoding="utf-8") as file:
                file.write(f"127.0.0.1 localhost {host}\n")
            inside = ["unshare", "--map-root-user", "--mount", "sh", "-c", f'mount --bind {folder}/hosts /etc/hosts && exec "$@"', "sh"]
            if subprocess.run([*inside, "true"], check=False, stderr=subprocess.DEVNULL, timeout=10).returncode != 0:
                self.skipTest("no namespace of mounts can be made here")
            section = self.box.section("local-maria", Server=host, Port=3306, Tunnel=command)
            answer = self.box.connect("DSN=mine", ini={"mine": section}, env=self.env, prefix=inside, queries=["select current_user()"])
        self.assertTrue(answer.connected, answer)

    def test_a_statement_is_cancelled_through_it(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("MariaDB's server is not installed")
        port = ssh_server.free_port()
        section = self.box.section("local-maria", Server="localhost", Port=port, TokenPort=3306, Tunnel=self.server.command((port, self.box.exports["RDS_MARIA_PORT"])))
        before = self.server.logins()
        done = self.box.run([PYTHON, "-c", CANCELS], ini={"mine": section}, env=self.env, trace=False)
        self.assert_says(done.stdout, "\ncancelled|^cancelled")
        self.assertEqual(1, self.server.logins() - before, done.stdout + done.stderr)


class OtherLogins(Fetched):
    """The database of another kind of login, which only the tunnel reaches."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if reason := ssh_server.missing():
            raise unittest.SkipTest(reason)
        cls.server = cls.enterClassContext(ssh_server.SshServer())

    def test_host_and_port_of_a_secret(self):
        host, port = self.box.exports["RDS_HOST"], ssh_server.free_port()
        self.secret(host=host, port=5432)
        silent = self.section(Server=None, Port=None, Database=None, BaseDriver=None)["mine"]
        for section in ({**silent, "Tunnel": self.server.command(("{port}", self.box.port))},
                        {**silent, "Tunnel": self.server.command((port, self.box.port)), "Server": "127.0.0.1", "Port": port, "TokenHost": host}):
            before = self.server.logins()
            self.logs_in(ini={"mine": section})
            self.assertEqual(1, self.server.logins() - before)

    def test_a_secret_that_tells_the_tunnels_other_end(self):
        port = ssh_server.free_port()
        with FormerServer(self.box.exports["RDS_ADMIN_HOST"], self.box.port) as former:
            content = {"username": "plain_user", "password": self.plain, "port": port}
            self.serve_one_by_one([{**content, "host": "127.0.0.1"}, {**content, "host": "127.0.0.2"}])
            command = self.server.command((port, former.port), options=("-L", f"127.0.0.2:{port}:127.0.0.1:{self.box.port}"))
            before = self.server.logins()
            answers = self.steps({"connect": "DSN=mine"}, {"sleep": 1.1}, {"connect": "DSN=mine"},
                                 ini=self.section(Server=None, Port=None, TokenHost=self.box.exports["RDS_HOST"], Tunnel=command))
            self.assertEqual(["plain_user"] * 2, answers)
            self.assertEqual([self.plain], former.passwords)
            self.assertEqual(2, self.server.logins() - before)  # one for each connect

    def test_a_cluster_of_aurora_dsql(self):
        section = self.box.section("local-dsql", Server=self.box.exports["RDS_DSQL_HOST"], Port=None, TokenHost=None, Tunnel=self.server.command(("{port}", self.box.port)))
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine", ini={"mine": section}, env={"HOME": self.home})
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual([(self.box.exports["RDS_DSQL_HOST"], "ok")], [(line["host"], line["reason"]) for line in seen])

    def test_the_endpoint_behind_an_alias(self):
        if not name_server.can_be_made():
            self.skipTest("no namespaces of its own for mounts and network can be made")
        host = self.box.exports["RDS_HOST"]
        prefix = self.enterContext(name_server.Names({"db.corp.example": ["CNAME", host], host: ["A", "192.0.2.1"]}, [self.server.port]))
        section = self.box.section(Server="db.corp.example", Port=5432, ResolveCNAME="yes", Tunnel=self.server.command(("{port}", self.box.port)))
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine", ini={"mine": section}, env={"HOME": self.home}, prefix=prefix)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual([(host, 5432, "ok")], [(line["host"], line["port"], line["reason"]) for line in seen])


if __name__ == "__main__":
    unittest.main()
