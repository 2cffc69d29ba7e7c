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

# Characters of the token, and the keys that make one of about that length. The longest is longer than PostgreSQL takes.
PROFILES = {320: "default", **{length: f"token{length}" for length in (1500, 5000, 16000, 30000, 70000)}}
KEYS_FROM = {"SQLConnect": ("DSN",), "SQLDriverConnect": ("DSN", "string", "environment")}
WITHOUT_FILES = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials", "AWS_CONFIG_FILE": "/nonexistent/config"}
REFUSED = {70000: ("is 70000 bytes long", "psqlODBC 13", "takes 65530", "Use credentials with a shorter session token")}


class Way:
    """A base driver; the sizes that it does not take, and what the refusal says; variables that are set."""

    def __init__(self, title, dsn, refused, env):
        self.title, self.dsn, self.refused, self.env = title, dsn, refused, env

    def expected(self, size):
        return "refused (takes 65530)" if size in self.refused else "intact"


class Sizes(LiveTest):
    def ways(self):
        found = [Way("psqlODBC", "local-pg", REFUSED, {}),
                 # Then the token stands in the connection string.
                 Way("psqlODBC, PGPASSWORD set", "local-pg", REFUSED, {"PGPASSWORD": "of somebody else"})]
        if "RDS_MARIA_PORT" in self.box.exports:
            found.append(Way("MariaDB Connector/ODBC", "local-maria", {}, {}))
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

    def cell(self, way, size, went):
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
        words = way.refused.get(size)
        return way.expected(size) if words and all(word in went.message for word in words) else str(went)

    def row(self, way, size_of, went):
        cells = {}
        for size, one in zip(size_of, went):
            self.no_secret(one.message)
            text = self.cell(way, size, one)
            cells[size] = text if cells.get(size, text) == text else f"{cells[size]} / {text}"
        return cells

    def rows(self, way):
        """{(function, where the keys come from): {size: cell}}"""
        kinds = [(function, keys_from) for function in FUNCTIONS for keys_from in KEYS_FROM[function.removesuffix("W")]]
        sections = {profile: self.box.section(way.dsn, Profile=profile) for profile in PROFILES.values()}
        asked = {(*kind, size): self.asked(way, *kind, profile) for kind in kinds for size, profile in PROFILES.items()}
        went = {}
        # One process for all that find their keys in files and strings, one for each set of variables.
        for size, profile in [(None, ""), *PROFILES.items()]:
            here = [key for key in asked if (key[1] == "environment") == bool(size) and size in (None, key[2])]
            env = {**way.env, **(self.variables(profile) if size else {})}
            answers = iter(log_in(self.box, [one for key in here for one in asked[key]], ini=sections, env=env))
            for key in here:
                went[key] = [next(answers) for _ in asked[key]]
        return {kind: self.row(way, [size for size in PROFILES for _ in went[(*kind, size)]],
                               [one for size in PROFILES for one in went[(*kind, size)]]) for kind in kinds}

    def test_every_size_through_every_function_is_whole_or_refused(self):
        wrong, table = [], [("token of ... characters", "keys from", *map(str, PROFILES))]
        for way in self.ways():
            table.append((way.title,))
            for (function, keys_from), cells in self.rows(way).items():
                table.append(("  " + function, keys_from, *cells.values()))
                wrong += [f"{way.title}, {function}, keys from the {keys_from}, token of {size}: {cell}"
                          for size, cell in cells.items() if cell != way.expected(size)]
        widths = [max(len(line[column]) for line in table if len(line) > column) for column in range(2 + len(PROFILES))]
        show(*("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip() for line in table))
        self.assertEqual([], wrong)


if __name__ == "__main__":
    unittest.main()
