#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `./dev coverage` says of lines that no test runs."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, HERE)
import lines  # noqa: E402


class Lines(unittest.TestCase):
    def test_a_file_below_ninety_percent_needs_a_reason(self):
        files = {"core/a.cpp": (99, 100), "core/b.cpp": (89, 100)}
        self.assertEqual(["core/b.cpp: 89.0 % of 100 lines ran, and no reason says why not more"], lines.faults(files, {}))
        self.assertEqual([], lines.faults(files, {"core/b.cpp": (89, "a power cut")}))

    def test_a_reason_holds_for_so_many_lines_and_for_so_long(self):
        files = {"core/a.cpp": (990, 1000), "core/b.cpp": (80, 100), "core/c.cpp": (95, 100), "core/e.cpp": (94, 100)}
        reasons = {"core/b.cpp": (81, "a power cut"), "core/c.cpp": (81, "a power cut"), "core/d.cpp": (50, "a power cut"), "core/e.cpp": (81, "a power cut")}
        self.assertEqual(["core/b.cpp: 80.0 % of 100 lines ran, less than the 81 % that its reason allows",
                          "core/c.cpp: 95.0 % of 100 lines ran; it needs no reason any more",
                          "core/d.cpp: has a reason, but there is no such file"], lines.faults(files, reasons))
        self.assertEqual(["core/b.cpp: its reason is empty"], lines.faults({"core/a.cpp": (990, 1000), "core/b.cpp": (80, 100)}, {"core/b.cpp": (80, " ")}))

    def test_no_reason_helps_the_whole(self):
        self.assertEqual(["89.50 % of all lines ran, less than 90 %"],
                         lines.faults({"core/a.cpp": (100, 100), "core/b.cpp": (79, 100)}, {"core/b.cpp": (79, "a power cut")}))
        self.assertEqual(["nothing was counted"], lines.faults({}, {}))

    def test_the_count_of_folders_and_faults_is_printed(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-lines-") as folder:
            files = [("core/a.cpp", 95, 100), ("core/aws/b.cpp", 10, 20), ("core/none.h", 0, 0), ("driver/c.cpp", 200, 200)]
            with open(folder + "/summary", "w", encoding="utf-8") as file:
                json.dump({"files": [{"filename": name, "line_covered": ran, "line_total": total} for name, ran, total in files]}, file)
            with open(folder + "/reasons", "w", encoding="utf-8") as file:
                file.write("# what it is\n")
            done = subprocess.run([sys.executable, HERE + "/lines.py", folder + "/summary", folder + "/reasons"], stdout=subprocess.PIPE, check=False, timeout=20)
        said = done.stdout.decode().splitlines()
        self.assertEqual((1, "3 passed, 1 failed"), (done.returncode, said[-1]))
        self.assertIn("SHOW: core/                1 files     95 of    100 lines ran   95.00 %", said)
        self.assertIn("SHOW: together             3 files    305 of    320 lines ran   95.31 %", said)

    def test_each_reason_is_for_a_file_of_this_project(self):
        with open(HERE + "/uncovered.tsv", encoding="utf-8") as file:
            reasons = lines.known(file.read())
        for name, (least, why) in reasons.items():
            self.assertTrue(os.path.isfile(os.path.join(TOP, name)), name)
            self.assertTrue(0 < least < lines.LEAST, name)
            self.assertGreater(len(why), 20, name)


if __name__ == "__main__":
    unittest.main()
