#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Host programs with OpenSSL or libcurl of their own (./dev test --all): shared, static, static and seen by every library, and GnuTLS's
libcurl. Each sees over iamodbc what it sees over the base driver alone, while iamodbc asks an STS over HTTPS for a role."""
import functools
import os
import re
import subprocess
import sys
import tempfile
import unittest

from box import HERE, TOP
from hosts import HostTest

sys.path.insert(0, os.path.join(TOP, "tests", "aws"))
from sts import Sts  # noqa: E402  pylint: disable=wrong-import-position

ROLE = "arn:aws:iam::444455556666:role/app"
WHOLE = ["-rdynamic", "-Wl,--whole-archive", "-l:libssl.a", "-l:libcrypto.a", "-Wl,--no-whole-archive", "-ldl"]


def libraries_of_libcurl():
    """What a program with a static libcurl needs beside it."""
    shared = subprocess.run(["ldconfig", "-p"], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    path = re.search(r"libcurl\.so\.4 .*=> (\S+)", shared)[1]
    needed = subprocess.run(["ldd", path], stdout=subprocess.PIPE, encoding="utf-8", check=True).stdout
    return re.findall(r"=> (/\S+)", needed)


class Libraries(HostTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.folder = tempfile.TemporaryDirectory(prefix="iamodbc-libraries-")
        cls.addClassCleanup(cls.folder.cleanup)

    def built(self, name, *options):
        program = os.path.join(self.folder.name, name)
        done = subprocess.run(["cc", "-std=gnu11", os.path.join(HERE, "tls_host.c"), "-o", program, "-lodbc", *options, "-pthread"],
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", check=False, timeout=60)
        if done.returncode != 0:
            self.skipTest(f"{name} cannot be built here: {done.stdout.strip().splitlines()[-1]}")
        return program

    def told(self, dsn, program, **options):
        done = self.run_over(dsn, ["mine", __file__], program=program, **options)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        return done.stdout

    def lives_with(self, name, *options):
        program = self.built(name, *options)
        server = [os.path.join(self.box.exports["RDS_BOX"], "tls", name) for name in ("server.pem", "server.key")]
        with Sts(region=self.box.exports["RDS_REGION"], certificate=server) as sts:
            jane = sts.user("jane")
            sts.role(ROLE, keys=[self.box.key("session")] * 3)
            env = {"AWS_ENDPOINT_URL_STS": sts.url, "AWS_CA_BUNDLE": self.box.ca, "AWS_ACCESS_KEY_ID": jane[0], "AWS_SECRET_ACCESS_KEY": jane[1]}
            for database in self.databases():
                with self.subTest(database=database):
                    told = functools.partial(self.told, program=program)
                    alone = told(f"base-{database}")
                    self.assertEqual(3, alone.count("the database says 42"), alone)
                    self.assertEqual(alone, told(f"local-{database}", changes={"RoleArn": ROLE}, env=env))
            self.assertIn("AssumeRole", sts.actions())

    def test_openssl(self):
        self.lives_with("openssl", "-DOF_OPENSSL", "-lssl", "-lcrypto")

    def test_a_static_openssl(self):
        self.lives_with("static-openssl", "-DOF_OPENSSL", "-l:libssl.a", "-l:libcrypto.a", "-ldl")

    def test_a_static_openssl_that_every_library_sees(self):
        self.lives_with("seen-openssl", "-DOF_OPENSSL", *WHOLE)

    def test_libcurl(self):
        self.lives_with("libcurl", "-DOF_CURL", "-lcurl")

    def test_libcurl_over_gnutls(self):
        self.lives_with("libcurl-gnutls", "-DOF_CURL", "-l:libcurl-gnutls.so.4")

    def test_a_static_libcurl_that_every_library_sees(self):
        self.lives_with("static-libcurl", "-DOF_CURL", "-rdynamic", "-l:libcurl.a", *libraries_of_libcurl())


if __name__ == "__main__":
    unittest.main()
