#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tokens of every size, through every way to connect, into both databases: whole, or refused before anything is dialled.

The result is one table. A cell is "intact" when the login got in and the verifier saw exactly the token that the keys of the
box make (its length and SHA-256), both from the main thread and from a thread with 512 KiB of stack. Else it is our refusal,
which must name the limit and a way out while the verifier saw nothing.
"""
import hashlib
import os
import sys
import unittest
import urllib.parse

from box import TOP, LiveTest, show
from logins import FUNCTIONS, SMALL_STACK, Asked, log_in

sys.path.insert(0, os.path.join(TOP, "tests", "rds"))
import verifier  # noqa: E402

# Characters of the token, and the keys that make one of about that length.
PROFILES = {320: "default", **{length: f"token{length}" for length in (1500, 5000, 16000, 30000, 40000, 70000)}}
KEYS_FROM = {"SQLConnect": ("DSN",), "SQLDriverConnect": ("DSN", "string", "environment")}
WITHOUT_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials", "AWS_CONFIG_FILE": "/nonexistent/config"}
# What our refusals say.
NO_SERVER_TAKES_IT = ("is 70000 bytes long", "psqlODBC", "takes 65530", "Use credentials with a shorter session token")
PSQLODBC_WOULD_CRASH = ("The connection string is 4", "psqlODBC", "takes 32767", "unset PGPASSWORD", "shorter session token")


class Way:
    """A base driver and the variables that are set. `refusal(function, size)`: what our refusal says, None where none is due."""

    def __init__(self, title, dsn, env, refusal):
        self.title, self.dsn, self.env, self.refusal = title, dsn, env, refusal

    def expected(self, function, size):
        words = self.refusal(function, size)
        return f"refused ({words[2]})" if words else "intact"


def refusal_of_the_server(_, size):
    return NO_SERVER_TAKES_IT if size > 65530 else None


def refusal_of_a_string(function, size):
    """For the token in the connection string."""
    is_too_long = function.endswith("W") and 32767 < size <= 65530
    return PSQLODBC_WOULD_CRASH if is_too_long else refusal_of_the_server(function, size)


class Sizes(LiveTest):
    def ways(self):
        found = [Way("psqlODBC", "local-pg", {}, refusal_of_the_server),
                 Way("psqlODBC, PGPASSWORD set", "local-pg", {"PGPASSWORD": "of somebody else"}, refusal_of_a_string)]
        if "RDS_MARIA_PORT" in self.box.exports:
            found.append(Way("MariaDB Connector/ODBC", "local-maria", {}, lambda *_: None))
        else:
            print("\nNOT RUN: tokens of every size on MariaDB: its server is not installed")
        return found

    # ---- what is asked for ----

    def variables(self, profile):
        """The keys in the environment, and nowhere else."""
        names = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
        return {**WITHOUT_FILES, **{name: value for name, value in zip(names, self.box.key(profile)) if value}}

    def whole_string(self, way, profile):
        """A connection string without a DSN, keys and all."""
        key_id, secret, session_token = self.box.key(profile)
        attributes = self.box.section(way.dsn, AccessKeyID=key_id, SecretAccessKey=secret,
                                      SessionToken="{" + session_token + "}" if session_token else None)
        return ";".join(f"{name}={value}" for name, value in attributes.items())

    def asked(self, way, function, keys_from, profile):
        if keys_from == "string":
            texts = (self.whole_string(way, profile),)
        elif function.startswith("SQLConnect"):
            texts = (profile, None, None)
        else:
            texts = ("DSN=" + (profile if keys_from == "DSN" else way.dsn),)
        return [Asked(function, *texts, stack=stack) for stack in (0, SMALL_STACK)]

    # ---- what came of it ----

    def token(self, profile, line):
        """The token of a profile by the verifier's own signer, its parameters in our driver's order."""
        key_id, secret, session_token = self.box.key(profile)
        host, port, region, date = line["host"], line["port"], self.box.exports["RDS_REGION"], line["date"]
        parameters = {"Action": "connect", "DBUser": "jane_doe", "X-Amz-Algorithm": "AWS4-HMAC-SHA256",
                      "X-Amz-Credential": f"{key_id}/{date[:8]}/{region}/rds-db/aws4_request", "X-Amz-Date": date,
                      "X-Amz-Expires": "900", "X-Amz-SignedHeaders": "host", "X-Amz-Security-Token": session_token}
        pairs = [f"{name}={urllib.parse.quote(value, safe='')}" for name, value in parameters.items() if value]
        signature = verifier.signature_of(host, port, pairs, secret, date, date[:8], region)
        return f"{host}:{port}/?{'&'.join(pairs)}&X-Amz-Signature={signature}".encode()

    def cell(self, way, function, size, went):
        """How one login went, in a word or two."""
        if went.connected:
            if [line["verdict"] for line in went.seen] != ["accepted"]:
                return "let in without one accepted token"
            made = self.token(PROFILES[size], went.seen[0])
            is_whole = (went.seen[0]["length"], went.seen[0]["sha256"]) == (len(made), hashlib.sha256(made).hexdigest())
            is_of_size = abs(len(made) - size) <= 12  # The port's digits, and what is percent-encoded of a key.
            return "intact" if is_whole and is_of_size else f"another token, of {went.seen[0]['length']}"
        if went.seen:
            return f"a token of {went.seen[0]['length']} was sent: {went}"
        words = way.refusal(function, size)
        return way.expected(function, size) if words and all(word in went.message for word in words) else str(went)

    def cells(self, way, keys, env):
        """{(function, where the keys come from, size): how the logins went}, all by one process."""
        sections = {profile: self.box.section(way.dsn, Profile=profile) for profile in PROFILES.values()}
        asked = [self.asked(way, function, keys_from, PROFILES[size]) for function, keys_from, size in keys]
        answers = iter(log_in(self.box, sum(asked, []), ini=sections, env={**way.env, **env}))
        found = {}
        for key, logins in zip(keys, asked):
            went = [next(answers) for _ in logins]
            for one in went:
                self.no_secret(one.message)
            found[key] = " / ".join(dict.fromkeys(self.cell(way, key[0], key[2], one) for one in went))
        return found

    def all_cells(self, way):
        keys = [(function, keys_from, size) for function in FUNCTIONS for keys_from in KEYS_FROM[function.removesuffix("W")]
                for size in PROFILES]
        found = self.cells(way, [key for key in keys if key[1] != "environment"], {})
        for size, profile in PROFILES.items():
            here = [key for key in keys if key[1:] == ("environment", size)]
            found.update(self.cells(way, here, self.variables(profile)))
        return {key: found[key] for key in keys}

    def test_every_size_through_every_function_is_whole_or_refused(self):
        wrong, table = [], [["token of ... characters", "keys from", *map(str, PROFILES)]]
        for way in self.ways():
            table.append([way.title])
            for (function, keys_from, size), cell in self.all_cells(way).items():
                if size == min(PROFILES):
                    table.append(["  " + function, keys_from])
                is_right = cell == way.expected(function, size)
                table[-1].append(cell if is_right else "WRONG")
                wrong += [] if is_right else [f"{way.title}, {function}, keys from {keys_from}, token of {size}: {cell}"]
        widths = [max(len(line[column]) for line in table if len(line) > column) for column in range(len(table[0]))]
        show("tokens of every size, each from the main thread and from a thread with 512 KiB of stack:",
             *("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table))
        self.assertFalse(wrong, "\n".join(wrong[:20]))


if __name__ == "__main__":
    unittest.main()
