#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The README prints what the program prints: its attribute table is the code's, and its `iamodbc check` block is what the
command says today, but for what differs from one machine and moment to the next."""
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


def same_everywhere(text):
    """Without what changes: folders of a path, key ids, versions of what is installed, numbers."""
    text = re.sub(r"(?:/[^\s/;,()\]]+)+/([^\s/;,()\]]+)", r"/\1", text)
    text = re.sub(r"AKIA\.\.\.\w+", "AKIA...", text)
    text = re.sub(r"PostgreSQL \d[^\n]*", "PostgreSQL N", text)
    text = re.sub(r"\d+", "0", text)
    return [line.rstrip() for line in text.splitlines()]


class Readme(box.LiveTest):
    def test_the_attribute_table_is_the_one_of_the_code(self):
        printed = self.box.run([TOOL, "attributes", "--markdown"]).stdout.strip()
        start = "<!-- attributes: iamodbc attributes --markdown -->"
        self.assertEqual(between(readme(), start, "<!-- /attributes -->").strip(), printed)

    def test_the_check_block_is_what_check_prints(self):
        done = self.box.run([TOOL, "check", "local-pg"])
        self.assertEqual(done.returncode, 0, done.stderr)
        block = between(readme(), "$ build/dev/setup/iamodbc check local-pg", "```")
        self.assertEqual(same_everywhere(block), same_everywhere(done.stdout.replace(box.TOP, "/clone")))  # its path may hold blanks


if __name__ == "__main__":
    unittest.main()
