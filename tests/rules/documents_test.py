#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The documents hold together: every block of code says what it is, every link leads somewhere, every page is found from
the README."""
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import documents  # noqa: E402


class Documents(unittest.TestCase):
    def test_every_block_says_what_it_is(self):
        unknown = [f"{block.place}: ```{block.language}" for document in documents.documents() for block in documents.blocks(document)
                   if block.language not in documents.COMMANDS | documents.PLAIN]
        self.assertEqual([], unknown)

    def test_a_command_stands_in_a_block_that_is_one_of_commands(self):
        # Else nobody would run it.
        hidden = [block.place for document in documents.documents() for block in documents.blocks(document)
                  if block.language in documents.PLAIN and re.search(r"^(\$|#) \w", block.text, re.MULTILINE) and block.language != "ini"]
        self.assertEqual([], hidden)

    def test_a_reason_stands_above_a_block_of_commands(self):
        for document in documents.documents():
            marked = len(re.findall(r"^<!-- not run:", documents.text(document), re.MULTILINE))
            self.assertEqual(marked, sum(bool(block.reason) for block in documents.blocks(document) if block.language in documents.COMMANDS), document)

    def test_every_link_leads_somewhere(self):
        dead = []
        for document in documents.documents():
            for path, anchor in documents.links(document):
                if not os.path.exists(os.path.join(documents.TOP, path)):
                    dead.append(f"{document}: {path}")
                elif anchor and path.endswith(".md") and anchor not in documents.anchors(path):
                    dead.append(f"{document}: {path}#{anchor}")
        self.assertEqual([], dead)

    def test_every_page_is_found_from_the_readme(self):
        found, waiting = set(), ["README.md"]
        while waiting:
            document = waiting.pop()
            if document not in found and document.endswith(".md"):
                found.add(document)
                waiting += [path for path, _ in documents.links(document)]
        self.assertEqual(set(), set(documents.documents()) - found)


if __name__ == "__main__":
    unittest.main()
