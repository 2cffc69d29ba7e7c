#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The real MariaDB Connector/ODBC and a real server: logins with a token, and that no token goes out without TLS.
What the server refuses is in refusals_test.py."""
import contextlib
import json
import os
import queue
import socket
import subprocess
import tempfile
import threading
import time
import unittest

from box import PYTHON, LiveTest

USER_AND_TLS = ("select current_user(), (select variable_value != '' from information_schema.session_status "
                "where variable_name = 'Ssl_cipher')")


def clients_of(listener):
    """Those who connect, until the listener is closed."""
    while True:
        try:
            yield listener.accept()[0]
        except OSError:
            return


@contextlib.contextmanager
def plain_server():
    """A server of MySQL's protocol that offers no TLS and asks for the password in clear: (port, all that it received)."""
    received = bytearray()
    listener = socket.create_server(("127.0.0.1", 0))

    def packet(number, content):
        return len(content).to_bytes(3, "little") + bytes([number]) + content

    def serve():
        for client in clients_of(listener):
            with client, contextlib.suppress(OSError):
                client.settimeout(5)
                # Protocol 10; PROTOCOL_41, SECURE_CONNECTION, PLUGIN_AUTH and what goes with them, but not SSL.
                client.sendall(packet(0, b"\x0a5.5.5-10.11.6-MariaDB\0\1\0\0\0abcdefgh\0" + b"\x0f\xa2\x21\2\0\x2b\0\x15" + bytes(10) +
                                      b"ijklmnopqrst\0mysql_native_password\0"))
                received.extend(client.recv(65536))
                client.sendall(packet(2, b"\xfemysql_clear_password\0\0"))
                received.extend(client.recv(65536))
                client.sendall(packet(4, b"\xff\x15\x04#28000Access denied"))

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1], received
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


@contextlib.contextmanager
def slow_line(port):
    """A way to the server on this port that takes all of an answer at once and hands it over at some 800 kB a second: its port."""
    listener = socket.create_server(("127.0.0.1", 0))

    def upwards(client, server):
        with server, contextlib.suppress(OSError):
            while data := client.recv(65536):
                server.sendall(data)
            server.shutdown(socket.SHUT_WR)

    def downwards(server, client):
        kept = queue.Queue()

        def hand_over():
            with client, contextlib.suppress(OSError):
                while data := kept.get():
                    if len(data) > 8000:  # not a login's
                        time.sleep(0.02)
                    client.sendall(data)
                client.shutdown(socket.SHUT_WR)

        threading.Thread(target=hand_over, daemon=True).start()
        with contextlib.suppress(OSError):
            while data := server.recv(16384):
                kept.put(data)
        kept.put(b"")

    def serve():
        for client in clients_of(listener):
            server = socket.create_connection(("127.0.0.1", port))
            threading.Thread(target=upwards, args=(client, server), daemon=True).start()
            threading.Thread(target=downwards, args=(server, client), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    try:
        yield listener.getsockname()[1]
    finally:
        listener.shutdown(socket.SHUT_RDWR)
        listener.close()
        thread.join()


class MariaDb(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "RDS_MARIA_PORT" not in cls.box.exports:
            print("NOT RUN: MariaDB: its server is not installed")
            raise unittest.SkipTest("the local RDS has no MariaDB")
        cls.port = cls.box.exports["RDS_MARIA_PORT"]

    def opens(self, string="", dsn=None, **options):
        """A login that gets in over TLS by a token that was accepted."""
        sections = {"mine": dsn or self.box.section("local-maria")}
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine;" + string, ini=sections, queries=[USER_AND_TLS], **options)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual([[["jane_doe@%", "1"]]], answer.results)
        self.assertEqual([("mysql", "accepted")], [(line["service"], line["verdict"]) for line in seen])
        self.assertNotIn("X-Amz", answer.out or "")

    def fails(self, string, *words, state="HY000", dsn=None, **options):
        """A login that does not come about; the server gets no token."""
        sections = {"mine": dsn or self.box.section("local-maria")}
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine;" + string, ini=sections, **options)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual([], seen, "a token was sent")
        self.assertEqual(1, len(answer.records), str(answer))
        self.assertEqual(state, answer.state, str(answer))
        self.assert_says(answer.text, *words)
        self.no_secret(answer.text)

    # ---- let in ----

    def test_every_length_of_session_token(self):
        for profile in ("default", "session", "session1500", "session4000", "session10000"):
            for wide in (False, True):
                with self.subTest(profile=profile, wide=wide):
                    self.opens(env={"AWS_PROFILE": profile}, wide=wide)
                    with self.box.verdicts() as seen:
                        answer = self.box.connect(dsn="local-maria", env={"AWS_PROFILE": profile}, wide=wide)
                    self.assertTrue(answer.connected, str(answer))
                    self.assertEqual(["accepted"], [line["verdict"] for line in seen])

    # ---- TLS, and the way ----

    def test_what_weakens_does_not_count(self):
        for text in ("TCPIP=0", "OPTIONS=73732", "OPTION=8192", "FORCETLS=1;SSLVERIFY=1"):
            with self.subTest(text):
                self.opens(text)
                name, _, value = text.split(";")[0].partition("=")
                self.opens(dsn=self.box.section("local-maria", **{name: value}))

    def test_no_token_without_tls(self):
        for text in ("FORCETLS=0", "SSLMODE=disabled", "SSLVERIFY=1;ForceTLS=no"):
            with self.subTest(text):
                self.fails(text, "without TLS", "verify-full", state="08001")
        for text in (f"SOCKET={self.box.exports['RDS_MARIA_SOCKET']}", "USE_MYCNF=1", "TLSPEERFP=00:11", "SSLCAPATH=/etc/ssl/certs", "SSLCIPHER=eNULL"):
            with self.subTest(text):
                self.fails(text, text.split("=")[0], state="08001")

    def test_a_server_without_tls_gets_no_token(self):
        with plain_server() as (port, received):
            self.fails(f"Port={port}", "SSL is required")
            for text in ("TLS=require", "TLS=verify-ca", "SSLVERIFY=0", "AuthType=Password;PWD=hunter2;TLS=require"):
                with self.subTest(text):
                    self.fails(f"Port={port};{text}", "verify-full", "TLSCAFile", state="08001")
            # That the server would have seen it: the base driver alone, with TLS asked for and nothing checked.
            self.box.connect(f"DSN=base-maria;Server=127.0.0.1;Port={port};FORCETLS=1;SSLVERIFY=0;PWD=plainly-seen")
        self.assertIn(b"plainly-seen", received)
        self.assertNotIn(b"X-Amz", received)
        self.assertNotIn(b"hunter2", received)

    def cancelled(self, string, statement, seconds=0.5, **how):
        """A statement that another thread cancels: what the statement said, what the cancelling said, and how long the statement ran."""
        program = ("import json, sys, threading, time, pyodbc\n"
                   "pyodbc.pooling = False\n"
                   "statement, seconds = sys.argv[2], float(sys.argv[3])\n"
                   "connection = pyodbc.connect(sys.argv[1], timeout=20)\n"
                   "cursor = connection.cursor()\n"
                   "said = {'cancel': 'done'}\n"
                   "def cancel():\n"
                   "    time.sleep(seconds)\n"
                   "    said['began'] = time.monotonic()\n"
                   "    try:\n"
                   "        cursor.cancel()\n"
                   "    except pyodbc.Error as error:\n"
                   "        said['cancel'] = str(error)\n"
                   "thread = threading.Thread(target=cancel)\n"
                   "thread.start()\n"
                   "try:\n"
                   "    said['statement'] = str(cursor.execute(statement).fetchall())\n"
                   "except pyodbc.Error as error:\n"
                   "    said['statement'] = str(error)\n"
                   "said['ended'] = time.monotonic()\n"
                   "thread.join()\n"
                   "said['after'] = str(connection.cursor().execute('select 1').fetchall())\n"
                   "print(json.dumps(said))\n")
        done = self.box.run([PYTHON, "-c", program, string, statement, str(seconds)], **how)
        self.assertEqual(0, done.returncode, done.stderr)
        self.no_secret(done.stdout)
        said = json.loads(done.stdout)
        self.assertEqual("[(1,)]", said["after"].replace(" ", ""), "the connection goes on")
        return said

    def test_another_thread_cancels_a_statement(self):
        """This version of the connector would open a second connection, without TLS, with the password of the first: ours is opened instead."""
        for string in ("DSN=local-maria;Server=127.0.0.1", "DSN=local-maria;Server=127.0.0.1;AUTOCOMMIT=0"):
            for statement in ("select sleep(20)", "select count(*) from seq_1_to_1000000 a, seq_1_to_1000000 b"):
                with self.subTest(f"{string} {statement}"), self.box.verdicts() as seen:
                    said = self.cancelled(string, statement)
                self.assertEqual("done", said["cancel"])
                self.assertLess(said["ended"] - said["began"], 1)
                self.assert_says(said["statement"], r"HY018.*interrupted|\[\(1,?\s*\)\]")  # an interrupted sleep() is a row
                self.assertEqual(["accepted", "accepted"], [line["verdict"] for line in seen])

    def test_what_keeps_it_from_cancelling_is_told(self):
        # The second login finds the token refused: the statement runs to its end.
        program = "import json, os, sys, time\ntime.sleep(2)\nfile = sys.argv[1]\njson.dump({'refuse_dated_before': '99991231T000000Z'}, open(file + '.new', 'w'))\nos.replace(file + '.new', file)\n"
        with self.box.control():
            refusing = subprocess.Popen([PYTHON, "-c", program, self.box.exports["RDS_CONTROL"]])
            said = self.cancelled("DSN=local-maria", "select sleep(5)", seconds=3)
            self.assertEqual(0, refusing.wait(timeout=10))
        self.assert_says(said["cancel"], "28000", r"\[iamodbc\] SQLCancel: the second connection that it needs failed: ", "Access denied")
        self.assertGreater(said["ended"] - said["began"], 1)
        self.assert_says(said["statement"], r"\[\(0,?\s*\)\]")

    def test_cancelling_what_does_not_run_does_nothing(self):
        said = self.cancelled("DSN=local-maria", "select 7", seconds=1)
        self.assertEqual(("done", "[(7,)]"), (said["cancel"], said["statement"].replace(" ", "")))

    def test_an_answer_that_is_still_on_its_way_is_read_to_its_end(self):
        """The server is idle by then, but a thread is inside the base driver: so nothing is closed under it."""
        port = self.box.exports["RDS_MARIA_PORT"]
        with slow_line(int(port)) as slow:
            said = self.cancelled(f"DSN=local-maria;Server=127.0.0.1;Port={slow};TokenPort={port}", "select repeat('x', 1600000)",
                                  seconds=0.6)
        self.assertEqual("done", said["cancel"])
        self.assertGreater(said["ended"] - said["began"], 0.3, "the answer had come before it was cancelled")
        # The driver manager counts a cancelled statement as closed, whichever of the two calls ends first.
        self.assertRegex(said["statement"], r"\A\[\('x{1600000}',?\s*\)\]\Z|HY010.*Driver Manager")

    def test_a_connection_of_another_server_is_not_cancelled(self):
        """A name may lead to several servers, where the same number is somebody else's connection."""
        def rename(name):
            subprocess.run(["mariadb", "--no-defaults", "--user=root", "--socket=" + self.box.exports["RDS_MARIA_SOCKET"],
                            "-e", f"set global server_id = {name}"], check=True, timeout=20)
        renaming = threading.Timer(2, rename, [7])
        renaming.start()
        try:
            said = self.cancelled("DSN=local-maria", "select sleep(5)", seconds=3.2)
        finally:
            renaming.join()
            rename(1)
        self.assert_says(said["cancel"], "HY000", r"\[iamodbc\] SQLCancel: .*another server")
        self.assert_says(said["statement"], r"\[\(0,?\s*\)\]")

    def test_cancelling_does_not_repeat_the_applications_first_statement(self):
        said = self.cancelled("DSN=local-maria;INITSTMT=do get_lock('held by the first', 5)", "select sleep(20)")
        self.assertEqual("done", said["cancel"])
        self.assertLess(said["ended"] - said["began"], 2)

    def test_token_host_counts_from_ini_files_only(self):
        name = self.box.exports["RDS_HOST"]
        self.opens(dsn=self.box.section("local-maria", TokenHost=name, TokenPort="3306"))
        self.fails(f"TokenHost={name};TokenPort=3306", "TokenHost", r"odbc\.ini", "AllowInString", state="HY024")

    def test_the_base_drivers_log_stays_off(self):
        with tempfile.TemporaryDirectory() as home:
            self.opens(dsn=self.box.section("local-maria", OPTION="4"), env={"HOME": home})
            self.assertEqual([], os.listdir(home))


if __name__ == "__main__":
    unittest.main()
