#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The README's attribute table is the code's. (Its commands are run by documents_test.py.)"""
import os
import re
import unittest

import box

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
README = os.path.join(box.TOP, "README.md")


def readme():
    with open(README, encoding="utf-8") as file:
        return file.read()


def between(text, start, end):
    found = re.search(re.escape(start) + r"\n(.*?)\n" + re.escape(end), text, re.S)
    if not found:
        raise AssertionError(f"README.md has no part from {start} to {end}")
    return found.group(1)


class Readme(box.LiveTest):
    def test_the_attribute_table_is_the_one_of_the_code(self):
        printed = self.box.run([TOOL, "attributes", "--markdown"]).stdout.strip()
        start = "<!-- attributes: iamodbc attributes --markdown -->"
        self.assertEqual(between(readme(), start, "<!-- /attributes -->").strip(), printed)


if __name__ == "__main__":
    unittest.main()
