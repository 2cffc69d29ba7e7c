#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real client programs (clients/): through iamodbc, by DSN and by connection string, they print what they print over the
base driver alone, byte for byte. Nothing is left out of the comparison; that the two log in as two users shows nowhere."""
import unittest

from box import HERE, PYTHON, LiveTest

CLIENTS = HERE + "/clients/"
SHOWN = "Zoë € 😀 東京 'q' {a}".encode()  # of the text that each client writes and reads
QUERY = ("select n, repeat('x', n) as text, 'Zoë € ''q''' as quoted, null::text as nothing, 1.50::numeric(6,2) as number, "
         "date '2024-02-29' as day, n % 2 = 0 as even, null::int from generate_series(1, 5) as n order by n")


def statements():
    with open(CLIENTS + "statements.sql", encoding="utf-8") as file:
        return "".join(line for line in file if not line.startswith("--"))


class ClientTest(LiveTest):
    """What a client prints over one of the two databases; `name` is in the names of its DSNs."""
    name = service = port_variable = ""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if cls.port_variable not in cls.box.exports:
            print(f"NOT RUN: {cls.__name__}: its server is not installed")
            raise unittest.SkipTest("the local RDS has no such server")

    def string(self, **changes):
        """The connection string that says all of local-pg or local-maria."""
        parts = {**self.box.section(f"local-{self.name}"), **changes}
        return ";".join(f"{name}={value}" for name, value in parts.items())

    def printed(self, command, logins, text_in="", **options):
        """Exit status and output of a client, for which the server accepted so many tokens."""
        with self.box.verdicts() as seen:
            done = self.box.run(command, text_in, **options)
        with open(done.kept, "rb") as file:
            output = file.read()
        self.assertEqual([(self.service, "accepted")] * logins, [(line["service"], line["verdict"]) for line in seen], output)
        self.no_secret(done.stdout + done.stderr)
        return done.returncode, output

    def same(self, base, ours, text_in="", logins=1, **options):
        """Each command of `ours` logs in that often and prints what `base` prints: text, and the message of an error.
        Exit status and output of the base, and how many did the same."""
        agreed = 0
        expected = self.printed(base, 0, text_in, **options)
        self.assertIn(SHOWN, expected[1])
        self.assertIn(b"nonsense", expected[1])
        for command in ours:
            with self.subTest(command[-1]):
                self.assertEqual(expected, self.printed(command, logins, text_in, **options))
                agreed += 1
        return *expected, agreed


class OnPostgreSql(ClientTest):
    name, service, port_variable = "pg", "postgresql", "RDS_PORT"

    def test_isql(self):
        command = ["isql", "-b", "-v", "-x0x7c"]
        ours = [[*command, f"local-{self.name}"], [*command, "-k", self.string()]]
        self.same([*command, f"base-{self.name}"], ours, statements())

    def test_iusql(self):
        # It writes "DSN=" before what it is given, knows no -k, and shows non-ASCII text of a column only in part.
        command = ["iusql", "-b", "-v", "-x0x7c"]
        ours = [[*command, f"local-{self.name}"], [*command, f"local-{self.name};Database=app"]]
        self.same([*command, f"base-{self.name}"], ours, statements())

    def test_pyodbc(self):
        command = [PYTHON, CLIENTS + "pyodbc_client.py"]
        ours = [[*command, f"DSN=local-{self.name}"], [*command, self.string()]]
        self.same([*command, f"DSN=base-{self.name}"], ours)

    def test_perl_dbd_odbc(self):
        # The base only by DSN: behind a string DBD::ODBC writes UID=;PWD=, which takes the user from the base driver.
        command = ["/usr/bin/perl", CLIENTS + "dbd_odbc_client.pl"]
        ours = [[*command, f"local-{self.name}"], [*command, self.string()], [*command, f"DSN=local-{self.name};Database=app"]]
        self.same([*command, f"base-{self.name}"], ours)

    def test_php_odbc(self):
        # The base only by string: with a DSN PHP gives SQLConnect an empty user, which MariaDB's driver takes for one.
        command = ["php", CLIENTS + "php_odbc_client.php"]
        ours = [[*command, f"local-{self.name}"], [*command, self.string()]]
        self.same([*command, f"DSN=base-{self.name};Database=app"], ours)

    def test_php_pdo_odbc(self):
        command = ["php", CLIENTS + "php_pdo_client.php"]
        ours = [[*command, f"local-{self.name}"], [*command, self.string()]]
        self.same([*command, f"base-{self.name}"], ours)


class OnMariaDb(OnPostgreSql):
    name, service, port_variable = "maria", "mysql", "RDS_MARIA_PORT"


class ConnectFunctions(LiveTest):
    def test_all_four_connect_functions(self):
        for wide in (False, True):
            with self.subTest(wide=wide):
                for answer in (self.box.connect("DSN=local-pg", wide=wide, queries=[QUERY]),
                               self.box.connect(dsn="local-pg", wide=wide, queries=[QUERY])):
                    self.assertTrue(answer.connected, str(answer))
                    self.assertEqual(self.box.connect("DSN=base-pg", wide=wide, queries=[QUERY]).results, answer.results)

    def test_every_length_of_session_token(self):
        for profile in ("session", "session1500", "session4000", "session10000"):
            for wide in (False, True):
                with self.subTest(profile=profile, wide=wide), self.box.verdicts() as seen:
                    answer = self.box.connect("DSN=local-pg", wide=wide, env={"AWS_PROFILE": profile})
                    self.assertTrue(answer.connected, str(answer))
                self.assertEqual(["accepted"], [line["verdict"] for line in seen])


if __name__ == "__main__":
    unittest.main()
