#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""LoginCache=user: 500 processes that start at once and log in."""
import os
import subprocess
import sys
import tempfile
import time
import unittest

from between_processes_test import Between
from box import show
from hosts import PROGRAM

MANY = 500
SECONDS = 150


class ManyProcesses(Between):
    def start_and_wait(self, ini, gate):
        """All start, wait for the gate to open, and log in: {what each said: how often}."""
        env = {**self.box.exports, **self.env, "LC_ALL": "C.UTF-8", "ODBCSYSINI": self.box.directory, "ODBCINI": ini}
        command = ["/bin/sh", "-c", f'read go < "{gate}"; exec "$0" "$@"', PROGRAM, "once", "mine"]
        os.mkfifo(gate)
        programs = [subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=env) for _ in range(MANY)]
        try:
            with open(gate, "w", encoding="utf-8") as opened:
                started = time.monotonic()
                opened.write("go\n" * MANY)
                opened.flush()
                said = {}
                for program in programs:
                    text = program.communicate(timeout=max(1, started + SECONDS - time.monotonic()))[0].decode().strip()
                    said[text] = said.get(text, 0) + 1
        finally:
            for program in programs:
                if program.poll() is None:
                    program.kill()
                program.communicate()
        return said, time.monotonic() - started

    def test_they_cause_one_call(self):
        self.sts.delay = 1.0
        with tempfile.TemporaryDirectory(prefix="iamodbc-ini-") as private, self.box.verdicts() as seen:
            with open(private + "/odbc.ini", "w", encoding="utf-8") as file:
                file.write("[mine]\n" + "".join(f"{name}={value}\n" for name, value in self.section()["mine"].items()))
            said, seconds = self.start_and_wait(private + "/odbc.ini", private + "/gate")
        self.assertEqual({"jane_doe": MANY}, said)
        self.assertEqual(["AssumeRole"], self.sts.actions())
        self.assertEqual({"ok"}, {line["reason"] for line in seen})
        show(f"{MANY} processes that started at once logged in within {seconds:.1f} s, with {len(self.sts.calls)} call of STS, which took 1 s")


if __name__ == "__main__":
    unittest.main()
