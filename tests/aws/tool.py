# SPDX-License-Identifier: Apache-2.0
"""tool: the `iamodbc` command as a person runs it, in a HOME of its own and with AWS's endpoint variables: for the tests of this folder."""
import os
import shutil
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.environ.get("IAMODBC_TEST_BUILD", os.path.join(TOP, "build", "dev"))
TOOL = os.environ.get("IAMODBC_TEST_TOOL", os.path.join(BUILD, "setup", "iamodbc"))
DRIVER = os.environ.get("IAMODBC_TEST_DRIVER", os.path.join(BUILD, "lib", "libiamodbc.so"))
HOST = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com"


class ToolTest(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="iamodbc-aws-")
        self.addCleanup(shutil.rmtree, self.home)
        os.mkdir(self.home + "/.aws")
        self.variables = {"HOME": self.home, "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8", "AWS_REGION": "eu-central-1",
                          "AWS_EC2_METADATA_DISABLED": "true", "ODBCSYSINI": self.home, "ODBCINI": self.home + "/odbc.ini"}
        self.secrets = set()  # none of these may be printed but as data that was asked for

    def files(self, config="", credentials=""):
        self.write(".aws/config", config)
        self.write(".aws/credentials", credentials)

    def write(self, name, text):
        path = os.path.join(self.home, name)
        with open(path, "wb") as file:
            file.write(text.encode() if isinstance(text, str) else text)
        return path

    def start(self, *arguments, env=None, **options):
        """`env`: variables to set (None: to unset)."""
        environment = {name: value for name, value in {**self.variables, **(env or {})}.items() if value is not None}
        return subprocess.Popen([TOOL, *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment, **options)

    def run_tool(self, *arguments, status=0, text_in="", shows_keys=False, seconds=30, **options):
        with self.start(*arguments, **options) as child:
            try:
                out, err = child.communicate(text_in.encode(), timeout=seconds)
            except subprocess.TimeoutExpired:
                child.kill()
                raise
        child.stdout, child.stderr = out.decode(), err.decode()
        self.assertEqual(status, child.returncode, child.stderr)
        for secret in self.secrets:
            self.assertNotIn(secret, child.stderr if shows_keys else child.stdout + child.stderr)
        return child

    def string(self, attributes):
        """A connection string for the driver of the build: what a DSN would say."""
        return f"Driver={DRIVER};BaseDriver=psqlodbcw.so;Server={HOST};UID=jane_doe;{attributes}"
