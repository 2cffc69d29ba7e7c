#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins that must be refused, each for its own reason, with SQLSTATE and message; printed as a table.

A client whose clock is wrong is made by faketime around the client alone; wrong users, hosts, ports, regions and keys are
attributes; tokens that are wrong in themselves are made here with botocore, altered, and handed over with AuthType=Password.
That the server refused for the reason of the case, and not for another one, the verifier's log tells.
"""
import os
import re
import unittest
import urllib.parse

os.environ["BOTO_DISABLE_CRT"] = "true"
import botocore.auth  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.credentials  # noqa: E402

from box import LiveTest  # noqa: E402

PAM = 'PAM authentication failed for user "jane_doe"'
OTHER_HOST = "other.cabc123def45.eu-central-1.rds.amazonaws.com"
ADVICE = ["signed", r"localhost:\d+|rds\.amazonaws\.com:\d+", "eu-central-1|us-west-2", "rds_iam", "rds-db:connect", "clock"]


def token(key, host, port, user="jane_doe", region="eu-central-1"):
    """What `aws rds generate-db-auth-token` prints, by botocore's own signer."""
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
    botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(*key), "rds-db", region, expires=900).add_auth(request)
    return request.url.removeprefix("https://")


class Refusals(LiveTest):
    rows = []

    @classmethod
    def tearDownClass(cls):
        print()
        for name, state, reason, text in cls.rows:
            print(f"{name:34} {state:6} {reason:14} {text[:110]}")

    def note(self, name, answer, seen):
        reason = ", ".join(sorted({line["reason"] for line in seen})) or "-"
        self.rows.append((name, answer.state, reason, answer.first.replace("\n", " ")))
        self.no_secret(answer.text)

    # ---- through IAM: what is signed is wrong ----

    def refused(self, name, reason, string="", words=ADVICE, server=PAM, **options):
        """A login through iamodbc that the server refuses: `reason` is the verifier's (None: it was not asked)."""
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=local-pg;" + string if "dsn" not in options else string, **options)
        self.note(name, answer, seen)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual([reason] if reason else [], [line["reason"] for line in seen])
        self.assertEqual(("08001", 101), tuple(answer.records[0][:2]))
        self.assertIn(server, answer.first)
        self.assertLessEqual(len(answer.first), 511)
        self.assert_says(answer.text, *words)

    def test_token_expired(self):
        self.refused("expired (clock 16 min slow)", "expired", clock="-16m")

    def test_token_of_the_future(self):
        self.refused("future (clock 400 s fast)", "future", clock="+400s")

    def test_wrong_user(self):
        self.refused("user without rds_iam", None, "UID=plain_user", server='password authentication failed for user "plain_user"')

    def test_wrong_host(self):
        self.refused("wrong host", "endpoint", f"TokenHost={OTHER_HOST};TLS=verify-ca")

    def test_wrong_port(self):
        self.refused("wrong port", "endpoint", "TokenPort=5999")

    def test_wrong_region(self):
        self.refused("wrong region", "region", "Region=us-west-2")

    def test_wrong_secret_key(self):
        self.refused("wrong secret key", "signature", env={"AWS_PROFILE": "wrong"})

    def test_wrong_secret_key_in_the_dsn(self):
        self.refused_dsn("wrong secret key in the DSN", "signature", SecretAccessKey="no/such+secret/0123456789abcdefghijklmn")

    def test_unknown_key(self):
        self.refused("unknown key", "key", "Profile=unknown")

    def test_session_token_missing(self):
        key_id, secret, _ = self.box.key("session")
        self.refused_dsn("session token missing", "session token", AccessKeyID=key_id, SecretAccessKey=secret)

    def test_session_token_wrong(self):
        key_id, secret, _ = self.box.key("session")
        self.refused_dsn("session token wrong", "session token", AccessKeyID=key_id, SecretAccessKey=secret, SessionToken="A" * 356)

    def refused_dsn(self, name, reason, **attributes):
        key_id, _, _ = self.box.key()
        section = self.box.section(**{"AccessKeyID": key_id, **attributes})
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=refused", ini={"refused": section})
        self.note(name, answer, seen)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual([reason], [line["reason"] for line in seen])
        self.assertEqual("08001", answer.state)
        self.assertIn(PAM, answer.first)
        self.assert_says(answer.text, *ADVICE)

    def test_told_to_refuse_by_date(self):
        with self.box.control(refuse_dated_before="99991231T235959Z"):
            # A refused login out of a cache may be tried once more with a newer one; a fresh one is not.
            self.refused("refused by date", "control: date")

    # ---- hand-made tokens, as a password ----

    def by_hand(self, made, profile_string=""):
        """Connects with AuthType=Password and a token; what was signed in there is the maker's business."""
        section = self.box.section(AuthType="Password", Region=None, TLSCAFile=None, SSLmode="verify-full",
                                   pqopt=self.box.section("base-pg")["pqopt"])
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=by-hand;" + profile_string + "PWD={" + made.replace("}", "}}") + "}", ini={"by-hand": section})
        return answer, seen

    def good(self, profile="default", **changes):
        return token(self.box.key(profile), **{"host": "localhost", "port": self.box.port, **changes})

    def altered(self, name, reason, made):
        answer, seen = self.by_hand(made)
        self.note(name, answer, seen)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual(1, len(seen))
        self.assertIn(seen[0]["reason"], reason if isinstance(reason, tuple) else (reason,))
        self.assertEqual("08001", answer.state)
        self.assertIn(PAM, answer.first)
        self.assertNotIn("X-Amz-", answer.text)

    def test_good_tokens_by_hand_are_accepted(self):
        for profile in ("default", "session", "session10000"):
            with self.subTest(profile=profile):
                answer, seen = self.by_hand(self.good(profile))
                self.assertTrue(answer.connected, str(answer))
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
        answer, seen = self.by_hand("")
        self.note("empty", answer, seen)
        self.assertEqual(("08001", []), (answer.state, seen))
        self.assert_says(answer.first, "no password supplied|PWD")

    # ---- without TLS ----

    def test_base_without_tls_is_refused_by_the_server(self):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=base-pg;UID=jane_doe;SSLmode=disable;PWD={" + self.good() + "}")
        self.note("no TLS, base driver alone", answer, seen)
        self.assertEqual(("08001", 101, []), (*answer.records[0][:2], seen))
        self.assert_says(answer.first, "no pg_hba.conf entry", "no encryption")

    def test_our_own_refusal_of_less_tls(self):
        for string, name in (("SSLmode=disable", "SSLmode"), ("SSLmode=prefer", "SSLmode"), ("SSLmode=allow", "SSLmode"),
                             ("CA=d", "CA"), ("TLS=off", "TLS"), ("TLS=disable", "TLS")):
            with self.subTest(string), self.box.verdicts() as seen:
                answer = self.box.connect("DSN=local-pg;" + string)
            with self.subTest(string):
                self.note("no TLS: " + string, answer, seen)
                self.assertFalse(answer.connected, "it was let in")
                self.assertEqual([], seen, "a token was sent")
                self.assertEqual(1, len(answer.records))
                self.assert_says(answer.text, rf"\b{name}\b", "require", "verify-full")


if __name__ == "__main__":
    unittest.main()
