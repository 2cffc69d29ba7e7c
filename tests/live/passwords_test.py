#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""AuthType=Password: passwords of every character open both real servers, or are refused by us with a message that says why.

Each password has a user of its own in both databases. Every login is made twice, over the base driver alone and over iamodbc;
what differs is what base_takes() and we_take() say, and is printed.
"""
import os
import subprocess
import unittest
import urllib.parse

from box import LiveTest
from logins import FUNCTIONS, SMALL_STACK, Asked, log_in

PRINTABLE = "".join(map(chr, range(0x21, 0x7F))) + " ~"
PASSWORDS = {"printable": PRINTABLE, "printable, in braces": "{" + PRINTABLE + "}", "}": "}", "}}": "}}", "{": "{",
             "a}b}}": "a}b}}", "%41": "%41", "+": "a+b", ";": ";a", "=": "=", "an attribute": "a};PWD={b", "comments": "a ;b #c",
             "quotes": "a'b\"c\\", "blank in front": " a", "blank behind": "a ", "blanks": "  ", "2 bytes of UTF-8": "paß",
             "3 bytes": "p€", "4 bytes": "p😀w", "a;b=c}": "a;b=c}", "1,500 bytes": "1a" * 750, "26,000 bytes": "2b" * 13000}
BLANK_AT_AN_END = [name for name, password in PASSWORDS.items() if password.strip() != password]
LONG = [name for name, password in PASSWORDS.items() if len(password) > 999]  # unixODBC cuts such a line of odbc.ini
WITHOUT = {"UID": None, "Username": None, "PWD": None, "Password": None}


def braced(password):
    return "{" + password.replace("}", "}}") + "}"


def encoded(password):
    return urllib.parse.quote(password, safe="")


class Database:
    """`ini`: how odbc.ini holds a password, and what it looks like there."""

    def __init__(self, title, base, ours, ini):
        self.title, self.base, self.ours, self.ini = title, base, ours, ini


POSTGRESQL = Database("psqlODBC", "base-pg", "local-pg", {"Password": encoded, "PWD": str})
MARIADB = Database("MariaDB Connector/ODBC", "base-maria", "local-maria", {"PWD": str})


def can_be_asked(database, key, name):
    """An ini file holds no blanks at the ends of a value. Of the long ones one does there."""
    return not key or name != LONG[-1] and name not in BLANK_AT_AN_END or database.ini[key] is encoded


def base_takes(database, function, key, name):
    """Whether the base driver alone logs in. `key`: of odbc.ini, or "" where the login itself holds the password."""
    if key:
        return name not in LONG and not (database is POSTGRESQL and key == "PWD")  # which psqlODBC does not read
    return not (database is MARIADB and name in BLANK_AT_AN_END and function.startswith("SQLDriverConnect"))


def we_take(database, name):
    return not (database is MARIADB and name in BLANK_AT_AN_END)


class Passwords(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exports, cls.databases = cls.box.exports, [POSTGRESQL]
        users = [(f"password_{i}", "'" + password.replace("'", "''") + "'") for i, password in enumerate(PASSWORDS.values())]
        postgresql = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", exports["RDS_ADMIN_HOST"], "-p", exports["RDS_PORT"],
                      "-U", "rdsadmin", "-d", "app"]
        cls.administer(postgresql, [f"CREATE ROLE {user} LOGIN PASSWORD {password}" for user, password in users],
                       [f"DROP ROLE IF EXISTS {user}" for user, _ in users])
        if "RDS_MARIA_PORT" not in exports:
            print("\nNOT RUN: passwords of every character on MariaDB: its server is not installed")
            return
        cls.databases.append(MARIADB)
        mariadb = ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--user=root",
                   "--socket=" + exports["RDS_MARIA_SOCKET"]]
        cls.administer(mariadb, ["SET sql_mode = 'NO_BACKSLASH_ESCAPES'"] +
                       [f"CREATE USER {user} IDENTIFIED BY {password} REQUIRE SSL; GRANT SELECT ON app.* TO {user}"
                        for user, password in users],
                       [f"DROP USER IF EXISTS {user}" for user, _ in users])

    @classmethod
    def administer(cls, command, create, drop):
        """Makes the users, and takes them away at the end."""
        def run(statements):
            subprocess.run(command, input="".join(statement + ";\n" for statement in statements), encoding="utf-8", check=True,
                           timeout=30, env={**os.environ, "PGCLIENTENCODING": "UTF8", "PGOPTIONS": "-c client_min_messages=error"})
        cls.addClassCleanup(run, drop)
        run(drop + create)

    @staticmethod
    def asked(function, dsn, user, password):
        """Long passwords from a thread with a small stack."""
        stack = SMALL_STACK if len(password or "") > 999 else 0
        if function.startswith("SQLConnect"):
            return Asked(function, dsn, user, password, stack=stack)
        return Asked(function, f"DSN={dsn}" if password is None else f"DSN={dsn};UID={user};PWD={braced(password)}", stack=stack)

    def went(self, database):
        """{(function, key of odbc.ini or "", name of the password): [over the base driver alone, over iamodbc]}"""
        sections = {"base": self.box.section(database.base, **WITHOUT),
                    "ours": self.box.section(database.ours, **WITHOUT, AuthType="Password", Region=None)}
        ini, asked = dict(sections), {}
        for number, (name, password) in enumerate(PASSWORDS.items()):
            user = f"password_{number}"
            for function in FUNCTIONS:
                asked[function, "", name] = [self.asked(function, dsn, user, password) for dsn in sections]
            for key in database.ini:
                if not can_be_asked(database, key, name):
                    continue
                for dsn, section in sections.items():
                    password_there = database.ini[key](password)
                    ini[f"{dsn}-{key}-{number}"] = {**section, "UID": user, "Username": user, key: password_there}
                for function in ("SQLConnectW", "SQLDriverConnect"):
                    asked[function, key, name] = [self.asked(function, f"{dsn}-{key}-{number}", None, None)
                                                  for dsn in sections]
        answers = iter(log_in(self.box, sum(asked.values(), []), ini=ini))
        return {key: [next(answers) for _ in two] for key, two in asked.items()}

    def test_every_password_through_every_function(self):
        differing = {}
        for database in self.databases:
            for (function, key, name), (base, ours) in self.went(database).items():
                way = f"{database.title}, {function}, {key + '= of odbc.ini' if key else 'given by the program'}"
                words = ["intact" if one.connected else "refused" for one in (base, ours)]
                differing.setdefault(f"{way}: alone {words[0]}, iamodbc {words[1]}", []).append(name)
                with self.subTest(way, password=name):
                    self.assertEqual(base_takes(database, function, key, name), base.connected, str(base))
                    self.assertEqual(we_take(database, name), ours.connected, str(ours))
                    if not ours.connected:
                        self.assertEqual("08001", ours.state)
                        self.assert_says(ours.message, r"\bPWD\b", "begins or ends with a blank", database.title, "another password")
        print()
        for what, names in differing.items():
            print(f"{what}: {len(names)} passwords" if len(names) > 4 else f"{what}: {', '.join(names)}")


if __name__ == "__main__":
    unittest.main()
