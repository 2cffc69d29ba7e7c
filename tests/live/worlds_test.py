#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""psqlODBC and MariaDB Connector/ODBC in one process, under one environment, through iamodbc."""
import json
import os
import unittest

from box import HERE, PYTHON, LiveTest

PG, MARIA = "local-pg", "local-maria"


class Worlds(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        if "RDS_MARIA_PORT" not in cls.box.exports:
            print("NOT RUN: two worlds: MariaDB's server is not installed")
            raise unittest.SkipTest("the local RDS has no MariaDB")
        # More DSNs of both, each its own way to the same databases.
        cls.ini = {"other-pg": cls.box.section(PG, UID="zoë"), "other-maria": cls.box.section(MARIA, UID="zoë"),
                   "plain-pg": {"Driver": "iamodbc", "BaseDSN": "base-pg", "BaseDriver": "PostgreSQL Unicode",
                                "AuthType": "Password"},
                   "plain-maria": {"Driver": "iamodbc", "BaseDSN": "base-maria", "BaseDriver": "MariaDB Unicode",
                                   "AuthType": "Password"}}

    def story(self, name, *dsns):
        done = self.box.run([PYTHON, os.path.join(HERE, "worlds_client.py"), name, *dsns], ini=self.ini, trace=False, seconds=60)
        self.assertEqual(0, done.returncode, f"{done.stdout}{done.stderr}")
        self.no_secret(done.stdout + done.stderr)
        return json.loads(done.stdout)

    def test_one_connection_handle_goes_from_one_to_the_other_and_back(self):
        seen = self.story("back_and_forth", PG, MARIA, "plain-maria", "other-pg")
        self.assertEqual(["PostgreSQL", "MariaDB", "MariaDB", "PostgreSQL"] * 10,
                         ["PostgreSQL" if "PostgreSQL" in answer[0][0] else "MariaDB" if "MariaDB" in answer[0][0] else answer
                          for answer in seen])

    def test_results_of_both_are_read_in_turn(self):
        answer = self.story("interleaved", PG, MARIA, "other-pg", "other-maria", "plain-pg", "plain-maria")
        self.assertEqual([["1", "2", "3", str(place), None] for place in range(10, 16)], answer["seen"])
        self.assertEqual([[["3"]]] * 30, answer["between"])

    def test_threads_in_both(self):
        self.assertEqual({"right": 120, "wrong": 0, "faults": []}, self.story("threads", PG, MARIA))

    def test_a_transaction_of_the_environment_ends_in_both(self):
        self.assertEqual([["0", "0"], ["1", "1"]], self.story("transactions", PG, MARIA))

    def test_bound_columns_are_copied_between_base_drivers(self):
        for way in ((PG, MARIA), (MARIA, PG)):
            with self.subTest(way):
                answer = self.story("columns", *way)
                self.assertEqual([0, []], answer["copy"])
                self.assertEqual([[1, "Oslo", 4, 4], [2, "Zürich", 4, 7]], answer["rows"])

    def test_bound_parameters_are_copied_between_base_drivers(self):
        answer = self.story("parameters", PG, MARIA)
        self.assertEqual([[0, []], [0, []]], [answer["application"], answer["implementation"]])
        self.assertEqual(["Oslo", "Zürich"], answer["rows"])

    def test_what_a_base_driver_does_not_tell_is_said(self):
        # MariaDB's does not tell how many parameters an implementation descriptor has.
        answer = self.story("parameters", MARIA, PG)
        self.assertEqual([0, []], answer["application"])
        status, told = answer["implementation"]
        self.assertEqual((-1, "HY091"), (status, told[0][0]))

    def test_what_odbc_refuses(self):
        for way in ((PG, MARIA), (MARIA, PG)):
            with self.subTest(way):
                answer = self.story("refusals", *way)
                self.assertEqual((-1, "HY016"), (answer["to_result"][0], answer["to_result"][1][0][0]))
                self.assertEqual((-1, "HY007"), (answer["too_early"][0], answer["too_early"][1][0][0]))
                self.assertEqual([0, []], answer["from_result"])


if __name__ == "__main__":
    unittest.main()
