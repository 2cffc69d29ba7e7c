#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""No test that cannot fail, no file that speaks of the place where it was written, a licence line on each source, and a
script that says what it can do."""
import os
import re
import subprocess
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
SOURCE = (".h", ".cpp", ".c", ".py", ".def")
# A test may leave itself out only for want of rights, and says so. Written so that these lines do not match themselves.
IDLE = re.compile(r"GTEST_SKI[P]|\bDISABLE[D]_|(EXPECT|ASSERT)_TRUE\((true)\)|(EXPECT|ASSERT)_FALSE\((false)\)|\bSUCCEE[D]\(\)|"
                  r"unittest\.ski[p]|@ski[p]|expectedFailur[e]")
ALLOWED = re.compile(r"""(GTEST_SKI[P]\(\) <<|unittest\.ski[p]\w*\().*"[^"]*\b(root|namespace|ThreadSanitizer|access lists)\b""")
ALIEN = re.compile(r"(?<![\w.~$}-])/wor[k]/|\.\./share[d]\b|\bsubagen[t]\b|this sessio[n]\b", re.IGNORECASE)


def files():
    """What belongs to the project: what git knows and would take; without git, what is not built."""
    listed = subprocess.run(["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others", "--exclude-standard"], cwd=TOP,
                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
    if listed.returncode == 0 and listed.stdout:
        names = os.fsdecode(listed.stdout).split("\0")
    else:
        names = []
        for folder, folders, found in os.walk(TOP):
            folders[:] = [name for name in folders if name not in ("build", ".git", "__pycache__")]
            names += [os.path.relpath(os.path.join(folder, name), TOP) for name in found]
    return sorted(name for name in names if name and os.path.isfile(os.path.join(TOP, name)))


def text(name):
    with open(os.path.join(TOP, name), encoding="utf-8", errors="replace") as file:
        return file.read()


class Hygiene(unittest.TestCase):
    def lines_with(self, pattern, names, allowed=None):
        self.assertTrue(names, "the rule looks at nothing")
        return [f"{name}:{number}: {line.strip()[:120]}" for name in names
                for number, line in enumerate(text(name).split("\n"), 1)
                if pattern.search(line) and not (allowed and allowed.search(line))]

    def test_no_test_is_idle(self):
        tests = [name for name in files() if name.startswith("tests/") and name.endswith(SOURCE)]
        self.assertEqual([], self.lines_with(IDLE, tests, ALLOWED))

    def test_nothing_speaks_of_the_workplace(self):
        self.assertEqual([], self.lines_with(ALIEN, [name for name in files() if not name.endswith(".json")]))

    def test_every_source_has_its_licence_line(self):
        sources = [name for name in files() if name.endswith(SOURCE)]
        self.assertEqual([], [name for name in sources if "SPDX-License-Identifier: Apache-2.0" not in text(name)[:6000]])

    def test_every_cpp_is_named_in_cmake(self):
        named = "\n".join(text(name) for name in files() if name.endswith(("CMakeLists.txt", ".cmake")))
        sources = [name for name in files() if name.endswith(".cpp")]
        self.assertEqual([], [name for name in sources if not re.search(rf"\b{re.escape(os.path.splitext(os.path.basename(name))[0])}\b", named)])

    def test_dev_lists_its_commands(self):
        done = subprocess.run([os.path.join(TOP, "dev")], cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, check=False, timeout=10)
        self.assertEqual(0, done.returncode)
        for command in ("demo", "test [--all]", "credentials-diff", "clients", "coverage", "reliability --quick", "package", "build", "lint", "bench", "fuzz", "rds up [--dir D]", "rds down [--dir D]", "clean"):
            self.assertEqual(1, len(re.findall(rf"^\./dev {re.escape(command)} ", done.stdout.decode(), re.MULTILINE)), command)

    def test_dev_refuses_what_it_does_not_know(self):
        for arguments in (["tset"], ["build", "more"], ["clients", "r"], ["package", "deb"], ["test", "--al"], ["fuzz"], ["fuzz", "long"], ["rds"], ["rds", "sideways"], ["rds", "up", "--dri", "x"]):
            done = subprocess.run([os.path.join(TOP, "dev"), *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.PIPE, check=False, timeout=10)
            self.assertEqual((2, b""), (done.returncode, done.stdout), arguments)


if __name__ == "__main__":
    unittest.main()
