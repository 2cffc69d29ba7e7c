#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The login cache against a server that counts tokens and refuses those that it is told to."""
import json
import os
import unittest

from box import HERE, PYTHON, LiveTest

SLEEP = {"sleep": 1.1}  # tokens that are signed within one second are equal
REFUSE = {"refuse_seen": True}


class LoginCache(LiveTest):
    def steps(self, *steps, **options):
        """One process: its answers, and what the verifier saw as (token, reason); tokens are numbered as they come."""
        options.setdefault("ini", {"mine": self.box.section()})
        with self.box.control(), self.box.verdicts() as seen:
            done = self.box.run([PYTHON, os.path.join(HERE, "steps_client.py")], json.dumps(steps), **options)
        self.assertEqual(0, done.returncode, done.stderr)
        self.no_secret(done.stdout)
        numbers = {}
        for line in seen:
            numbers.setdefault(line["sha256"], len(numbers))
        return json.loads(done.stdout), [(numbers[line["sha256"]], line["reason"]) for line in seen]

    def connect(self, more=""):
        return {"connect": "DSN=mine" + more}

    def assert_refused(self, answer):
        self.assert_says(answer, "08001", "PAM authentication failed", "signed", "rds-db:connect")

    def test_one_token_for_the_connects_of_a_process(self):
        # The driver manager closes the driver's library when its last connection goes.
        answers, seen = self.steps(self.connect(), SLEEP, self.connect(), SLEEP, self.connect(";Database=app"), driver={"DontDLClose": "0"})
        self.assertEqual(["jane_doe"] * 3, answers)
        self.assertEqual([(0, "ok")] * 3, seen)

    def test_one_token_for_threads_that_connect_at_once(self):
        answers, seen = self.steps({"threads": 20, **self.connect()}, SLEEP, {"threads": 20, **self.connect()}, trace=False)
        self.assertEqual([["jane_doe"] * 20] * 2, answers)
        self.assertEqual([(0, "ok")] * 40, seen)

    def test_identities_never_mix(self):
        session = self.connect(";Profile=session")
        wrong = self.connect(";Profile=wrong")
        answers, seen = self.steps(self.connect(), wrong, session, SLEEP, self.connect(), wrong, session)
        self.assertEqual(["jane_doe", "jane_doe"] * 2, answers[0:1] + answers[2:4] + answers[5:6])
        self.assert_refused(answers[1])
        self.assert_refused(answers[4])
        self.assertEqual([(0, "ok"), (1, "signature"), (2, "ok"), (0, "ok"), (3, "signature"), (2, "ok")], seen)

    def test_a_refused_kept_token_is_followed_by_a_new_one(self):
        answers, seen = self.steps(self.connect(), SLEEP, REFUSE, self.connect(), self.connect())
        self.assertEqual(["jane_doe"] * 3, answers)
        self.assertEqual([(0, "ok"), (0, "control: token"), (1, "ok"), (1, "ok")], seen)

    def test_all_threads_with_a_refused_kept_token_get_in_with_one_new_one(self):
        answers, seen = self.steps(self.connect(), SLEEP, REFUSE, {"threads": 20, **self.connect()}, trace=False)
        self.assertEqual(["jane_doe"] * 20, answers[1])
        self.assertEqual({(0, "ok"), (0, "control: token"), (1, "ok")}, set(seen))
        self.assertEqual(20, seen.count((1, "ok")))

    def test_mariadb_too(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        answers, seen = self.steps(self.connect(), SLEEP, REFUSE, self.connect(), self.connect(), ini={"mine": self.box.section("local-maria")})
        self.assertEqual(["jane_doe@%"] * 3, answers)
        self.assertEqual([(0, "ok"), (0, "control: token"), (1, "ok"), (1, "ok")], seen)

    def test_not_twice_within_a_minute(self):
        answers, seen = self.steps(self.connect(), SLEEP, REFUSE, self.connect(), SLEEP, REFUSE, self.connect(), self.connect())
        self.assertEqual(["jane_doe"] * 2, answers[:2])
        self.assert_refused(answers[2])
        self.assertEqual("jane_doe", answers[3], "a refused token is not kept")
        self.assertEqual([(0, "ok"), (0, "control: token"), (1, "ok"), (1, "control: token"), (2, "ok")], seen)

    def test_a_new_token_that_is_refused_too(self):
        every = {"control": {"refuse_dated_before": "99991231T235959Z"}}
        answers, seen = self.steps(self.connect(), SLEEP, every, self.connect(), SLEEP, self.connect())
        self.assert_refused(answers[1])
        self.assert_refused(answers[2])
        self.assertEqual([(0, "ok"), (0, "control: date"), (1, "control: date"), (2, "control: date")], seen)

    def test_what_is_no_refusal_of_the_login_is_not_followed_by_another(self):
        answers, seen = self.steps(self.connect(), SLEEP, self.connect(";Database=nowhere"),
                                   self.connect(f";TLSCAFile={self.box.exports['RDS_WRONG_CA']}"), self.connect())
        self.assert_says(answers[1], "nowhere", "does not exist")
        self.assert_says(answers[2], "certificate")
        self.assertEqual(["jane_doe"] * 2, [answers[0], answers[3]])
        self.assertEqual([(0, "ok")] * 3, seen)


if __name__ == "__main__":
    unittest.main()
