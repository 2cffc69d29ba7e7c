#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every command block of every document is run here (reading.py), but for documents that need large packages
(heavy_documents.py) and blocks that say why they cannot run; these are counted and named."""
import os
import tempfile
import unittest

import reading


class Reading(reading.ReadingTest):
    pass


class Judging(unittest.TestCase):
    """That the reader sees what is wrong."""

    def read(self, language, *lines, output=None):
        with tempfile.TemporaryDirectory(prefix="iamodbc-document-") as folder:
            path = os.path.join(folder, "page.md")
            with open(path, "w", encoding="utf-8") as file:
                file.write("\n".join(["# Page", "```" + language, *lines, "```", *(["", "```text", *output, "```"] if output else [])]))
            reader = reading.Reader(reading.box.the_box(), path)
            try:
                return "".join(reader.read(block) for block in reader.blocks if block.language != "text")
            finally:
                reader.close()

    def test_a_command_that_fails_or_prints_something_else(self):
        self.assertEqual("", self.read("console", "$ echo one; echo two", "one", "...", "two", "$ echo 1 iamodbc", "2 iamodbc"))
        self.assertIn("prints:\n1", self.read("console", "$ echo 1", "2"))
        self.assertIn("status 3", self.read("console", "$ true", "$ (exit 3)", "$ true"))
        self.assertIn("prints:\nthree", self.read("console", "$ echo three", "four"))
        self.assertIn("status none", self.read("console", "$ exit 0", "$ true"))

    def test_a_command_that_would_change_the_computer_is_not_run(self):
        self.assertIn("status 126: sudo is not run: say so above the block", self.read("console", "$ sudo true"))

    def test_a_program_that_fails_or_prints_something_else(self):
        self.assertEqual("", self.read("python", "print('x')", output=["x"]))
        self.assertIn("it prints:\nx", self.read("python", "print('x')", output=["y"]))
        self.assertIn("status 1", self.read("perl", "exit 1"))
        self.assertIn("status 255", self.read("php", "throw new Exception('x');"))
        self.assertIn("status 5", self.read("sh", "(exit 5)", "true"))

    def test_statements_that_the_database_refuses(self):
        self.assertIn("nonsense", self.read("sql", "CREATE USER jane_doe; GRANT nonsense TO jane_doe;"))

    def test_a_data_source_that_the_page_makes_itself(self):
        self.assertIn("status", self.read("console", "$ iamodbc check sales  # iamodbc dsn add sales"))
        self.assertEqual("", self.read("console", "$ iamodbc check sales"))


if __name__ == "__main__":
    unittest.main()
