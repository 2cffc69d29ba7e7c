#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins that must be refused by PostgreSQL and by MariaDB, each for its own reason, with SQLSTATE, native code and message; printed
as two tables.

A client whose clock is wrong is made by faketime around the client alone; wrong users, hosts, ports, regions and keys are
attributes; tokens that are wrong in themselves are made here with botocore, altered, and handed over with AuthType=Password.
That the server refused for the reason of the case, and not for another one, the verifier's log tells.
"""
import os
import re
import tempfile
import unittest
import urllib.parse

os.environ["BOTO_DISABLE_CRT"] = "true"
import botocore.auth  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.credentials  # noqa: E402

from box import LiveTest  # noqa: E402
from messages_test import closed_port  # noqa: E402

OTHER_HOST = "other.cabc123def45.eu-central-1.rds.amazonaws.com"
TLS = {"PostgreSQL": ("SSLmode=disable", "SSLmode=prefer", "SSLmode=allow", "CA=d", "TLS=off", "TLS=disable"),
       "MariaDB": ("FORCETLS=0", "SSLMODE=disabled", "SSLVERIFY=1;FORCETLS=no", "TLS=off", "TLS=disable")}
KEPT = {"PostgreSQL": ("verify-full", "verify-ca", "require"), "MariaDB": ("verify-full",)}  # the levels that their base drivers insist on


def token(key, host, port, user="jane_doe", region="eu-central-1"):
    """What `aws rds generate-db-auth-token` prints, by botocore's own signer."""
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(*key), "rds-db", region, expires=900).add_auth(request)
    return request.url.removeprefix("https://")


class Refusals:
    """The cases of both databases. A class of each says its title, its DSN, the box's variable of its port, what its users need, and
    how it words and numbers what goes wrong."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.rows = []
        if cls.port not in cls.box.exports:
            print(f"\nNOT RUN: refused logins to {cls.title}: its server is not installed")
            raise unittest.SkipTest(f"the local RDS has no {cls.title}")

    @classmethod
    def tearDownClass(cls):
        print(f"\n{len(cls.rows)} refused logins to {cls.title}: case, SQLSTATE, native code, what the verifier said, message")
        for name, state, native, reason, text in cls.rows:
            print(f"{name:34} {state:5} {native:5} {reason:18} {text[:110]}")

    def login(self, name, string="", changes=None, **options):
        """One login that must not get in: the answer, and the verifier's reasons."""
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=refused;" + string, ini={"refused": self.box.section(self.dsn, **(changes or {}))}, **options)
        reasons = [line["reason"] for line in seen]
        self.rows.append((name, answer.state, answer.records[0][1] if answer.records else 0, ", ".join(reasons) or "-",
                          answer.first.replace("\n", " ")))
        self.assertFalse(answer.connected, "it was let in")
        self.no_secret(answer.text)
        return answer, reasons

    # ---- through IAM: what is signed is wrong ----

    def refused(self, name, reason, string="", changes=None, denied=None, **options):
        """A login through iamodbc that the server refuses: `reason` is the verifier's (None: it was not asked; a tuple: any of them)."""
        answer, reasons = self.login(name, string, changes, **options)
        self.assertIn(reasons[0] if reasons else None, reason if isinstance(reason, tuple) else (reason,))
        self.assertLess(len(reasons), 2)
        self.assertEqual(2, len(answer.records), str(answer))
        self.assertEqual((self.state, self.native), tuple(answer.records[0][:2]))
        self.assertIn(denied or self.denied, answer.first)
        self.assertLessEqual(len(answer.first), 511)
        self.assert_says(answer.records[1][2], "signed", r"localhost:\d+|rds\.amazonaws\.com:\d+",
                         "region (eu-central-1|us-west-2)", self.needs, "rds-db:connect", "clock")

    def test_token_expired(self):
        self.refused("expired (clock 16 min slow)", "expired", clock="-16m")

    def test_token_of_the_future(self):
        self.refused("future (clock 400 s fast)", "future", clock="+400s")

    def test_user_without_iam(self):
        self.refused("user without IAM", None, "UID=plain_user", denied=self.denied_otherwise.format("plain_user"))

    def test_unknown_user(self):
        # MariaDB asks an unknown user in the way of some other account, so as not to tell.
        self.refused("unknown user", (None, "ok") if self.title == "MariaDB" else None, "UID=nosuch", denied=self.denied_otherwise.format("nosuch"))

    def test_wrong_host(self):
        self.refused("wrong host", "endpoint", changes=self.signed_for_another_host)

    def test_wrong_port(self):
        self.refused("wrong port", "endpoint", "TokenPort=5999")

    def test_wrong_region(self):
        self.refused("wrong region", "region", "Region=us-west-2")

    def test_wrong_secret_key(self):
        self.refused("wrong secret key", "signature", env={"AWS_PROFILE": "wrong"})

    def test_wrong_secret_key_in_the_dsn(self):
        key_id, _, _ = self.box.key()
        self.refused("wrong secret key in the DSN", "signature",
                     changes={"AccessKeyID": key_id, "SecretAccessKey": "no/such+secret/0123456789abcdefghijklmn"})

    def test_unknown_key(self):
        self.refused("unknown key", "key", "Profile=unknown")

    def test_session_token_missing(self):
        key_id, secret, _ = self.box.key("session")
        self.refused("session token missing", "session token", changes={"AccessKeyID": key_id, "SecretAccessKey": secret})

    def test_session_token_wrong(self):
        key_id, secret, _ = self.box.key("session")
        self.refused("session token wrong", "session token",
                     changes={"AccessKeyID": key_id, "SecretAccessKey": secret, "SessionToken": "A" * 356})

    def test_told_to_refuse_by_date(self):
        with self.box.control(refuse_dated_before="99991231T235959Z"):
            # A refused login out of a cache may be tried once more with a newer one; a fresh one is not.
            self.refused("refused by date", "control: date")

    # ---- hand-made tokens, as a password ----

    def by_hand(self, made):
        """What connects with AuthType=Password and a token; what was signed in there is the maker's business."""
        return {"string": "PWD={" + made.replace("}", "}}") + "}", "changes": {"AuthType": "Password", "Region": None}}

    def good(self, profile="default", **changes):
        return token(self.box.key(profile), **{"host": "localhost", "port": self.box.exports[self.port], **changes})

    def altered(self, name, reason, made):
        answer, reasons = self.login(name, **self.by_hand(made))
        self.assertEqual(1, len(reasons))
        self.assertIn(reasons[0], reason if isinstance(reason, tuple) else (reason,))
        self.assertEqual([[self.state, self.native]], [record[:2] for record in answer.records])
        self.assertIn(self.denied, answer.first)
        self.assertNotIn("X-Amz-", answer.text)

    def test_good_tokens_by_hand_are_accepted(self):
        for profile in ("default", "session", "session10000"):
            with self.subTest(profile=profile), self.box.verdicts() as seen:
                how = self.by_hand(self.good(profile))
                answer = self.box.connect("DSN=good;" + how["string"], ini={"good": self.box.section(self.dsn, **how["changes"])})
                self.assertTrue(answer.connected, str(answer))
            with self.subTest(profile=profile):
                self.assertEqual(["accepted"], [line["verdict"] for line in seen])

    def test_tampered_signature(self):
        made = self.good()
        last = "0" if made[-1] != "0" else "1"
        self.altered("tampered signature", "signature", made[:-1] + last)

    def test_altered_lifetime(self):
        self.altered("altered X-Amz-Expires", "signature", self.good().replace("X-Amz-Expires=900", "X-Amz-Expires=800"))

    def test_longer_lifetime(self):
        self.altered("X-Amz-Expires of an hour", "expires", self.good().replace("X-Amz-Expires=900", "X-Amz-Expires=3600"))

    def test_token_of_another_user(self):
        self.altered("token of another user", "user", self.good(user="john_doe"))

    def test_user_rewritten(self):
        self.altered("user rewritten", "signature", self.good(user="john_doe").replace("DBUser=john_doe", "DBUser=jane_doe"))

    def test_host_rewritten(self):
        self.altered("host rewritten", "signature", self.good(host=OTHER_HOST).replace(OTHER_HOST, "localhost", 1))

    def test_truncated_at_255(self):
        # Where byte 255 falls depends on how many bytes of the key are percent-encoded.
        self.altered("truncated at 255", ("missing parameter", "parameter text", "percent-encoding"), self.good("session")[:255])

    def test_session_token_cut_out(self):
        made = re.sub(r"&X-Amz-Security-Token=[^&]*", "", self.good("session"))
        self.altered("session token cut out", "session token", made)

    def test_with_scheme(self):
        self.altered("https:// in front", "scheme", "https://" + self.good())

    def test_percent_decoded(self):
        self.altered("percent-decoded", "percent-encoding", urllib.parse.unquote(self.good()))

    def test_a_plain_word(self):
        self.altered("a plain word", "no /?", "secret")

    def test_an_empty_password(self):
        answer, reasons = self.login("empty", **self.by_hand(""))
        self.assertEqual((self.state, self.native, []), (*answer.records[0][:2], reasons))
        self.assert_says(answer.first, self.without_password)

    # ---- TLS ----

    def test_our_own_refusal_of_less_tls(self):
        for string in TLS[self.title]:
            with self.subTest(string):
                answer, reasons = self.login("no TLS: " + string, string)
                self.assertEqual([], reasons, "a token was sent")
                state = "HY024" if string == "TLS=off" else "08001"  # which is no level at all
                self.assertEqual([[state, 0]], [record[:2] for record in answer.records])
                self.assert_says(answer.text, re.escape(string.split(";")[-1]), *KEPT[self.title])

    def unsafe(self, name, words, changes):
        """A login that ends in the TLS handshake: one record of the base driver, with our advice behind it; no token was sent."""
        answer, reasons = self.login(name, changes=changes)
        self.assertEqual([], reasons, "a token was sent")
        self.assertEqual([list(self.broken)], [record[:2] for record in answer.records], str(answer))
        self.assert_says(answer.text, *words)

    def test_wrong_ca(self):
        self.unsafe("wrong CA", (self.wrong_ca, r"\[iamodbc\]", "TLSCAFile"), {"TLSCAFile": self.box.exports["RDS_WRONG_CA"]})

    def test_name_mismatch(self):
        self.unsafe("name mismatch", (self.wrong_name, r"\[iamodbc\]", self.name_advice), self.other_name)

    # ---- no refusal of the login ----

    def test_nobody_listens(self):
        with closed_port() as port:
            answer, reasons = self.login("nobody listens", f"Port={port}")
        self.assertEqual([], reasons)
        self.assertEqual([list(self.unreachable)], [record[:2] for record in answer.records], str(answer))
        self.assert_says(answer.text, "connect", r"\[iamodbc\]", "Server", "Port")

    def test_unknown_database(self):
        answer, reasons = self.login("unknown database", "Database=nosuch")
        self.assertEqual(["ok"], reasons)
        self.assertEqual([list(self.no_database)], [record[:2] for record in answer.records], str(answer))
        self.assert_says(answer.first, "database .nosuch.")
        self.assertNotRegex(answer.text, "rds-db:connect", "the login was not at fault")


class PostgreSql(Refusals, LiveTest):
    title, dsn, port, needs = "PostgreSQL", "local-pg", "RDS_PORT", "rds_iam"
    state, native = broken = unreachable = no_database = ("08001", 101)
    denied = 'PAM authentication failed for user "jane_doe"'
    denied_otherwise = 'password authentication failed for user "{}"'
    without_password = "no password supplied"
    signed_for_another_host = {"TokenHost": OTHER_HOST, "TLS": "verify-ca"}  # it checks the certificate against TokenHost
    wrong_ca, wrong_name, other_name = "certificate verify failed", "does not match host name", {"TokenHost": OTHER_HOST}
    name_advice = "Set TokenHost"

    def test_base_without_tls_is_refused_by_the_server(self):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=base-pg;UID=jane_doe;SSLmode=disable;PWD={" + self.good() + "}")
        self.assertEqual(("08001", 101, []), (*answer.records[0][:2], seen))
        self.assert_says(answer.first, "no pg_hba.conf entry", "no encryption")

    def test_too_many_connections(self):
        answer, reasons = self.login("too many connections", "UID=busy")
        self.assertEqual((["ok"], 1), (reasons, len(answer.records)))
        self.assert_says(answer.first, "too many connections", r"\[iamodbc\]", "limit")


class MariaDb(Refusals, LiveTest):
    title, dsn, port, needs = "MariaDB", "local-maria", "RDS_MARIA_PORT", "AWSAuthenticationPlugin"
    state, native = "28000", 1045
    broken, unreachable, no_database = ("HY000", 2026), ("HY000", 2002), ("42000", 1044)  # for a user without rights on it
    denied = "Access denied for user 'jane_doe'@'127.0.0.1' (using password: YES)"
    denied_otherwise = "Access denied for user '{}'@'127.0.0.1' (using password: YES)"
    without_password = "using password: NO"
    signed_for_another_host = {"TokenHost": OTHER_HOST}
    # 127.0.0.1 by another name, which the certificate does not hold.
    wrong_ca, wrong_name, other_name = "TLS/SSL error.*certificate", "TLS/SSL error.*Validation", {"Server": "127.1"}
    name_advice = "a name that stands in the certificate"

    def test_cleartext_plugin_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            answer, reasons = self.login("no cleartext plugin", f"PLUGIN_DIR={folder}")
        self.assertEqual([], reasons)
        self.assertEqual([["28000", 1045]], [record[:2] for record in answer.records], str(answer))
        self.assert_says(answer.first, r"mysql_clear_password\.so", r"\[iamodbc\]", "libmariadb3", "PLUGIN_DIR")

    def test_base_without_tls_gives_the_token_away(self):
        """What iamodbc prevents: the base driver alone sends it in clear, and is refused only then."""
        section = self.box.section("base-maria", FORCETLS=None, SSLVERIFY=None, SSLCA=None)
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=plain;UID=jane_doe;PWD={" + self.good() + "}", ini={"plain": section})
        self.assertEqual(["ok"], [line["reason"] for line in seen])
        self.assertEqual(("28000", 1045), tuple(answer.records[0][:2]))


if __name__ == "__main__":
    unittest.main()
