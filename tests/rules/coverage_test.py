#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every sentence of docs/connecting.md and every attribute has a test that exists.

docs/connecting.md   its list items begin with an id: `- [C12] A value that ...`
docs/differences.md  so do the rows of its table: `| [X1] | ...`
core/attributes.cpp  its rows begin with `{Id::name, "Name",`; the id is the name
coverage.tsv         id <TAB> test file: test name [; test file: test name ...]
A test name is Suite.Name of GoogleTest, Class.method of Python, or "a: description" that stands in the file word for word.
"""
import os
import re
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))


def read(*path):
    with open(os.path.join(TOP, *path), encoding="utf-8") as file:
        return file.read()


def sentences():
    return re.findall(r"^\s*(?:[-*]|\d+\.)\s+\[(C\d+)\]", read("docs", "connecting.md"), re.MULTILINE)


def differences():
    return re.findall(r"^\| \[(X\d+)\] \|", read("docs", "differences.md"), re.MULTILINE)


def attributes():
    return re.findall(r'^\s*\{Id::\w+,\s*"(\w+)"', read("core", "attributes.cpp"), re.MULTILINE)


def rows():
    found = []
    for number, line in enumerate(read("tests", "rules", "coverage.tsv").split("\n"), 1):
        if line.strip() and not line.startswith("#"):
            name, _, tests = line.partition("\t")
            found.append((number, name.strip(), [test.strip() for test in tests.split(";") if test.strip()]))
    return found


def fault_of(test):
    """Why this is not the name of a test; None if it is one."""
    path, _, name = test.partition(": ")
    if not name or not os.path.isfile(os.path.join(TOP, path)) or not path.startswith("tests/"):
        return "no such test file"
    content = read(path)
    if path.endswith((".cpp", ".c")):
        suite, _, case = name.partition(".")
        found = re.search(rf"\bTEST(_F|_P)?\(\s*{re.escape(suite)}\s*,\s*{re.escape(case)}\s*\)", content)
    elif re.fullmatch(r"\w+\.test_\w+", name):
        suite, _, case = name.partition(".")
        found = re.search(rf"^class {suite}\b.*?^    def {case}\(", content, re.MULTILINE | re.DOTALL)
    else:
        found = name in content
    return None if found else "no such test in that file"


class Coverage(unittest.TestCase):
    def missing(self, ids):
        self.assertTrue(ids, "the rule looks at nothing")
        self.assertEqual(len(ids), len(set(ids)), "an id occurs twice")
        covered = {name for _, name, tests in rows() if tests}
        return [name for name in ids if name not in covered]

    def test_every_sentence_has_a_test(self):
        self.assertEqual([], self.missing(sentences()))

    def test_every_sentence_has_an_id(self):
        items = re.findall(r"^\s*(?:[-*]|\d+\.)\s+.*", read("docs", "connecting.md"), re.MULTILINE)
        self.assertEqual([], [item for item in items if not re.match(r"\s*(?:[-*]|\d+\.)\s+\[C\d+\]", item)])

    def test_every_difference_has_a_test_and_there_are_few(self):
        self.assertEqual([], self.missing(differences()))
        self.assertLessEqual(len(differences()), 8)
        self.assertEqual(len(re.findall(r"^\| [^-w|]", read("docs", "differences.md"), re.MULTILINE)), len(differences()), "a row without an id")

    def test_every_attribute_has_a_test(self):
        self.assertEqual([], self.missing(attributes()))

    def test_every_row_is_about_something(self):
        known = set(sentences()) | set(attributes()) | set(differences())
        self.assertEqual([], [f"coverage.tsv:{number}: {name}" for number, name, _ in rows() if name not in known])

    def test_every_test_named_exists(self):
        self.assertEqual([], [f"coverage.tsv:{number}: {name}: {fault_of(test)}: {test}"
                              for number, name, tests in rows() for test in tests if fault_of(test)])

    def test_a_wrong_name_would_be_found(self):
        here = "tests/rules/coverage_test.py"
        self.assertIsNone(fault_of(f"{here}: Coverage.test_every_attribute_has_a_test"))
        for wrong in (f"{here}: Coverage.test_nothing_of_the_kind", "tests/none.py: A.test_b", "core/text.cpp: A.B", "", here):
            self.assertIsNotNone(fault_of(wrong), wrong)


if __name__ == "__main__":
    unittest.main()
