#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The documents whose commands need large packages (./dev clients), read as reading.py says; and command lines that need an
AWS account, read by the AWS CLI alone."""
import unittest

import reading
from reading import documents


class HeavyReading(reading.ReadingTest):
    is_heavy = True


class CommandsOfAws(reading.box.LiveTest):
    def test_the_aws_cli_understands_what_needs_an_account(self):
        # It checks a command line and answers with an example, without asking anybody.
        read = 0
        for block in (block for name in documents.documents() for block in documents.blocks(name) if block.language == "console" and block.reason):
            for command, _ in block.commands():
                if command.startswith("aws "):
                    with self.subTest(command):
                        done = self.box.run(["/bin/sh", "-c", command + " --region eu-central-1 --generate-cli-skeleton output"])
                        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
                        self.assertNotIn("None", done.stdout.split(), "--query names what is not there")
                    read += 1
        self.assertGreater(read, 0)


if __name__ == "__main__":
    unittest.main()
