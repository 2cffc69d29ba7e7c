#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Programs in other locales than UTF-8 see over iamodbc what they see over the base driver (./dev test --all)."""
import os
import subprocess
import sys
import tempfile
import unittest

from box import HERE, LiveTest

sys.path.insert(0, HERE + "/conformance")
import compare  # noqa: E402

SECTIONS = ["connecting", "connection_attributes", "failing", "native", "executing", "texts", "parameters", "conversions", "errors"]
LATIN_1 = "de_DE.ISO-8859-1"


class Locales(LiveTest):
    def equal(self, env, **how):
        printed = []
        is_equal = compare.compare(self.box, sections=SECTIONS, out=printed.append, env=env, **how)
        print("\n" + printed[-1], flush=True)
        self.assertTrue(is_equal, "\n".join(printed))
        self.no_secret("\n".join(printed))

    def everywhere(self, env):
        self.equal(env)
        self.equal(env, widths=["narrow"], ansi=True)
        if "RDS_MARIA_PORT" in self.box.exports:
            self.equal(env, database="maria")

    def test_latin_1(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-locale-") as folder:
            # localedef warns of what the character set lacks, with status 1.
            subprocess.run(["localedef", "-i", "de_DE", "-f", "ISO-8859-1", f"{folder}/{LATIN_1}"], check=False, timeout=30,
                           stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            if not os.path.exists(f"{folder}/{LATIN_1}/LC_CTYPE"):
                self.skipTest("localedef has no sources of locales (Debian: package locales)")
            env = {"LOCPATH": folder, "LC_ALL": LATIN_1}
            charset = self.box.run(["locale", "charmap"], env=env, trace=False).stdout.strip()
            self.assertEqual("ISO-8859-1", charset)
            self.everywhere(env)

    def test_without_a_locale(self):
        self.everywhere({"LC_ALL": "C"})


if __name__ == "__main__":
    unittest.main()
