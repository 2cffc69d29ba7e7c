#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a login costs at the server: over iamodbc as many connections, and as many messages, as over the base driver alone.

A relay between the program and the server counts them. Messages are counted as TLS records of the program's: neither time nor the network
changes their number.
"""
import socket
import sys
import threading
import unittest

from box import HERE, LiveTest

sys.path.insert(0, HERE + "/conformance")
import compare  # noqa: E402

# What the program sends before TLS: PostgreSQL's SSLRequest, MariaDB's SSLRequestPacket.
BEFORE_TLS = {"pg": 8, "maria": 36}


class Relay:
    """A port of 127.0.0.1 that hands on to another one. `sent`: for each connection what its client sent."""

    def __init__(self, port):
        self.to, self.sent, self.threads = port, [], []
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]

    def __enter__(self):
        self._start(self._accept)
        return self

    def __exit__(self, *_):
        self.listener.shutdown(socket.SHUT_RDWR)
        for thread in self.threads:
            thread.join(10)
        self.listener.close()

    def _start(self, work, *arguments):
        self.threads.append(threading.Thread(target=work, args=arguments, daemon=True))
        self.threads[-1].start()

    def _accept(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            self.sent.append(bytearray())
            self._start(self._serve, client, self.sent[-1])

    def _serve(self, client, sent):
        with client, socket.create_connection(("127.0.0.1", self.to)) as server:
            back = threading.Thread(target=self._hand_on, args=(server, client, bytearray()))
            back.start()
            self._hand_on(client, server, sent)
            back.join()

    @staticmethod
    def _hand_on(source, target, seen):
        try:
            while part := source.recv(65536):
                seen += part
                target.sendall(part)
            target.shutdown(socket.SHUT_WR)
        except OSError:  # the other end went first
            pass


def records(sent, before):
    """How many TLS records."""
    count, at = 0, before
    while at < len(sent):
        count, at = count + 1, at + 5 + int.from_bytes(sent[at + 3:at + 5], "big")
    return count


def login_of(section):
    return {name: section[name] for name in ("UID", "Username", "PWD", "Password") if name in section}


class Wire(LiveTest):
    def databases(self):
        if "RDS_MARIA_PORT" in self.box.exports:
            return {"pg": self.box.port, "maria": int(self.box.exports["RDS_MARIA_PORT"])}
        print("\nNOT RUN: what a login costs at MariaDB: its server is not installed")
        return {"pg": self.box.port}

    def cost(self, database, dsn, **section):
        """Messages of a login, by DSN or by connection string; each over one connection."""
        port = self.databases()[database]
        found = set()
        for how in ({"dsn": "mine"}, {"string": "DSN=mine"}):
            with Relay(port) as relay:
                mine = self.box.section(f"{dsn}-{database}", **section)
                mine.update({name: relay.port for name in mine if name.upper() == "PORT"})
                # psqlODBC alone hands out its password.
                answer = self.box.connect(ini={"mine": mine}, queries=[], out_length=0, **how)
            self.assertTrue(answer.connected, str(answer))
            self.assertEqual(1, len(relay.sent), "connections")
            found.add(records(relay.sent[0], BEFORE_TLS[database]))
        self.assertEqual(1, len(found), found)
        return found.pop()

    def assert_costs(self, database, alone, ours):
        # MariaDB Connector/ODBC cannot cancel over TLS in some versions: then the server is asked for its number of the connection, by two
        # messages that go together.
        self.assertIn(ours, {"pg": [alone], "maria": [alone, alone + 2]}[database])

    def test_a_password_costs_what_it_costs_alone(self):
        for database in self.databases():
            with self.subTest(database=database):
                login = login_of(self.box.section(f"base-{database}"))
                self.assert_costs(database, self.cost(database, "base"), self.cost(database, "local", AuthType="Password", **login))

    def test_a_token_costs_what_it_costs_alone(self):
        for database, port in self.databases().items():
            with self.subTest(database=database):
                login = login_of(compare.Runner(self.box, "", f"base-{database}").section())  # the token as a password
                ours = {"TokenHost": self.box.exports["RDS_HOST"], "TokenPort": port}
                self.assert_costs(database, self.cost(database, "base", **login), self.cost(database, "local", **ours))


if __name__ == "__main__":
    unittest.main()
