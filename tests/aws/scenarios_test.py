#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Our command ends as each folder of tests/data/credentials says; the folders themselves are whole."""
import concurrent.futures
import json
import os
import re
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scenarios  # noqa: E402 pylint: disable=wrong-import-position

KNOWN = {"docs", "case", "settings", "command", "result", "error", "token", "source", "attempts", "log", "problems", "requests", "counts", "files", "processes", "seconds",
         "differs", "not_applicable"}
SECRET = re.compile(r"(secret_?access_?key|session_?token|security_token|accessToken|refreshToken|clientSecret|\"secret\"|\"token\")\"?\s*[:=]\s*\"?([^\"\n,{]*)",
                    re.IGNORECASE)


def rows_of_docs():
    """The numbered rows of docs/credentials.md: {"D1": text}."""
    with open(os.path.join(scenarios.TOP, "docs", "credentials.md"), encoding="utf-8") as file:
        return dict(re.findall(r"^\| \[(D\d+)\] \| (.*) \|$", file.read(), re.MULTILINE))


def judged(name, clock):
    scenario = scenarios.Scenario(name)
    if not scenarios.needs_own_network(scenario):
        return scenarios.judged_product(scenario, clock)
    done = scenarios.in_own_network(scenarios.fixed_addresses(scenario), [sys.executable, scenarios.__file__, name], stdout=subprocess.PIPE, check=True, timeout=60)
    return json.loads(done.stdout)


class Scenarios(unittest.TestCase):
    """One test a folder; they run at the same time, for most of their time is waiting."""

    @classmethod
    def setUpClass(cls):
        cls.clock = scenarios.clock_variables()
        cls.pool = concurrent.futures.ThreadPoolExecutor(6)
        cls.running = {name: cls.pool.submit(judged, name, cls.clock) for name in scenarios.names()}

    @classmethod
    def tearDownClass(cls):
        cls.pool.shutdown(wait=True, cancel_futures=True)

    def ends_as_told(self, name):
        try:
            faults = self.running[name].result(timeout=60)
        except scenarios.NoNamespace as reason:
            raise unittest.SkipTest(f"{reason} (namespace)") from None
        self.assertEqual([], faults, scenarios.Scenario(name).expect["docs"])


def add_tests():
    for name in scenarios.names():
        setattr(Scenarios, f"test_{name}", lambda self, name=name: self.ends_as_told(name))


add_tests()


class Folders(unittest.TestCase):
    def setUp(self):
        self.all = [scenarios.Scenario(name) for name in scenarios.names()]

    def test_are_at_least_eighty(self):
        self.assertGreaterEqual(len(self.all), 80)

    def test_hold_every_edge_case(self):
        cases = {case for scenario in self.all for case in scenario.cases}
        self.assertEqual(set(scenarios.EDGE_CASES), cases)

    def test_say_what_is_expected_in_words_that_are_known(self):
        for scenario in self.all:
            with self.subTest(scenario.name):
                self.assertEqual(set(), set(scenario.expect) - KNOWN)
                self.assertEqual(1, sum(kind in scenario.expect for kind in ("result", "error", "token")))
                self.assertTrue(scenario.expect["docs"].endswith("."))
                self.assertTrue({**scenario.expect.get("differs", {}), **scenario.expect.get("not_applicable", {})}.keys() <= set(scenarios.TOOLS))

    def test_name_rows_of_the_documentation_that_exist_and_every_row_is_named(self):
        named = {row for scenario in self.all for row in scenario.expect.get("differs", {}).values()}
        self.assertEqual(set(rows_of_docs()), named)

    def test_mark_every_secret(self):
        for scenario in self.all:
            for root, _, files in os.walk(scenario.folder):
                for file in files:
                    if file.endswith(".sh"):
                        continue
                    with open(os.path.join(root, file), encoding="utf-8", errors="replace") as stream:
                        for key, value in SECRET.findall(stream.read()):
                            if value.strip(" \r\\n") and value.strip() not in ("null", "any", "*") and "/?Action=" not in value:
                                self.assertIn("hush", value, f"{scenario.name}/{file}: {key}")


class Judge(unittest.TestCase):
    """A judge that accepts all would make every scenario pass."""

    def test_sees_another_key_another_secret_and_another_end(self):
        expect = {"result": {"access_key_id": "A", "secret_access_key": "s", "expiration": "2024-01-02T04:04:05Z"}}
        right = {"result": {"access_key_id": "A", "secret_access_key": "s", "session_token": "", "expiration": "2024-01-02T04:04:05Z"}}
        self.assertEqual([], scenarios.faults_of_answer(expect, right))
        for name in right["result"]:
            wrong = {"result": {**right["result"], name: "else"}}
            self.assertEqual(1, len(scenarios.faults_of_answer(expect, wrong)), name)
        self.assertEqual(1, len(scenarios.faults_of_answer(expect, {"error": "x"})))
        self.assertEqual(1, len(scenarios.faults_of_answer({"error": ["x"]}, right)))

    def test_sees_requests_that_are_missing_too_many_or_different(self):
        request = sys.modules["stand_in"].Request("GET", "/a", {"q": "1"}, {"x": "y"}, b"", "/a?q=1")
        for wanted, faults in (([{"method": "GET", "path": "/a", "query": {"q": "1"}, "headers": {"x": "y", "z": None}}], 0), ([], 1), ([{}, {}], 1),
                               ([{"method": "PUT"}], 1), ([{"query": {"q": None}}], 1), ([{"headers": {"x": "z"}}], 1), ([{"signed_by": "A/r"}], 1)):
            self.assertEqual(faults, len(scenarios.faults_of_requests({"requests": {"sts": wanted}}, {"sts": [request]})), wanted)


if __name__ == "__main__":
    unittest.main()
