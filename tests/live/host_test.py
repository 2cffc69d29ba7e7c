#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The driver in somebody else's process: its threads, its children, its end. host_long.py has what takes longer."""
import json
import os
import tempfile
import unittest

from hosts import PLAIN, PROGRAM, SLEEP, HostTest


class Host(HostTest):
    def test_threads_on_statements_of_one_connection(self):
        # MariaDB Connector/ODBC 3.1.15 mixes up the statements of threads, also alone: "Unknown prepared statement handler".
        self.tell_the_same("statements", "8", "20", databases=["pg"], manager={"Threading": PLAIN})

    def test_a_child_connects_beside_its_parent(self):
        self.tell_the_same("fork")

    def test_a_child_connects_while_a_thread_of_its_parent_asks_for_credentials(self):
        key_id, secret, _ = self.box.key()
        with tempfile.TemporaryDirectory(prefix="iamodbc-process-") as folder:
            program = folder + "/credentials"
            with open(program, "w", encoding="utf-8") as file:
                keys = json.dumps({"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": secret})
                file.write(f"#!/bin/sh\necho asked >>{folder}/asked\nsleep 0.8\necho '{keys}'\n")
            os.chmod(program, 0o700)
            told = self.tells("local-pg", "fork-while-connecting", changes={"CredentialProcess": program})
            with open(folder + "/asked", encoding="utf-8") as file:
                self.assertEqual(2, len(file.readlines()), "the parent was asking, and the child asked for itself")
        self.assertEqual("the child got in\n", told)

    def test_a_program_ends_with_its_connection_open(self):
        for manager in ({}, {"DontDLClose": "0"}):
            self.assertEqual({"left open\n"}, set(self.tell_the_same("exit", manager=manager).values()))

    def test_a_program_disconnects_after_everything_else_has_ended(self):
        for manager in ({}, {"DontDLClose": "0"}):
            self.assertEqual({"disconnected\n"}, set(self.tell_the_same("exit-then-disconnect", manager=manager).values()))

    def test_a_handle_connects_again_and_finds_what_it_would_alone(self):
        # A connection out of the pool is found as it was left: over either driver.
        for manager in ({}, {"CPTimeout": 60, "ODBC.Pooling": "Yes"}):
            self.tell_the_same("reconnect", manager=manager)

    def test_a_program_without_standard_input_and_output(self):
        """Daemons close them: what the driver opens gets their numbers."""
        for database in self.databases():
            with self.subTest(database=database):
                done = self.run_over(f"local-{database}", ["-c", f"exec '{PROGRAM}' threads mine 2 2 <&- >&- 2>&-"], program="/bin/sh")
                self.assertEqual(0, done.returncode)

    def test_a_program_ends_while_a_thread_waits_for_the_server(self):
        for database in self.databases():
            self.tell_the_same("exit-in-thread", SLEEP[database], databases=[database])


if __name__ == "__main__":
    unittest.main()
