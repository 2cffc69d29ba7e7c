# SPDX-License-Identifier: Apache-2.0
"""world: the `iamodbc` tool in a world of its own: a temporary HOME, nothing of this computer's AWS variables, no metadata service unless a test names one. What the
tool writes for people is searched for the secrets of the test."""
import contextlib
import json
import os
import secrets
import shutil
import subprocess
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
BUILD = os.environ.get("IAMODBC_TEST_BUILD", os.path.join(TOP, "build", "dev"))
TOOL = os.environ.get("IAMODBC_TEST_TOOL", os.path.join(BUILD, "setup", "iamodbc"))
DRIVER = os.environ.get("IAMODBC_TEST_DRIVER", os.path.join(BUILD, "lib", "libiamodbc.so"))
PYTHON = "/usr/bin/python3"
HOST = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com"
SECONDS = 30  # for any one program


def keys(prefix="ASIA"):
    """New keys of a session: access key id, secret, session token."""
    return prefix + secrets.token_hex(8).upper(), "SECRET/" + secrets.token_urlsafe(33), "TOKEN/" + secrets.token_urlsafe(90)


def write_file(home, name, text):
    """A file of a home, with its folders: its path."""
    path = os.path.join(home, name)
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    return path


class World(unittest.TestCase):
    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="iamodbc-world-")
        self.addCleanup(shutil.rmtree, self.home, ignore_errors=True)
        self.secrets = []  # what must not be shown

    def new_keys(self):
        made = keys()
        self.secrets += made[1:]
        return made

    def write(self, name, text):
        return write_file(self.home, name, text)

    def dsn(self, **attributes):
        """Writes a DSN called `here` and what registers the driver; only what a walk to the credentials needs."""
        driver = os.path.join(BUILD, "lib", "libiamodbc.so")
        self.write("odbcinst.ini", f"[iamodbc]\nDriver={driver}\n[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n")
        found = {"Driver": "iamodbc", "BaseDriver": "PostgreSQL Unicode", "Server": HOST, "UID": "jane", **attributes}
        self.write("odbc.ini", "[here]\n" + "".join(f"{name}={value}\n" for name, value in found.items()))
        return "here"

    def environment(self, **variables):
        found = {"PATH": os.environ["PATH"], "HOME": self.home, "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true",
                 "ODBCSYSINI": self.home, "ODBCINI": self.home + "/odbc.ini", "TMPDIR": self.home, **variables}
        return {name: value for name, value in found.items() if value is not None}

    def tool(self, *arguments, text_in="", seconds=SECONDS, prefix=(), **variables):
        """Runs the tool; `seconds` it took are in the result."""
        started = time.monotonic()
        done = subprocess.run([*prefix, TOOL, *arguments], input=text_in, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=self.home,
                              env=self.environment(**variables), timeout=seconds, check=False)
        done.seconds = time.monotonic() - started
        self.no_secret(done.stderr)
        return done

    def no_secret(self, text):
        for secret in self.secrets:
            for piece in (secret, secret[:24], secret[-24:]):
                self.assertNotIn(piece, text, "a secret is shown")

    def found(self, wanted, *arguments, **variables):
        """The credentials that the tool prints are these keys; gives what it printed."""
        done = self.tool("credentials", *arguments, **variables)
        self.assertEqual((0, ""), (done.returncode, done.stderr))
        content = json.loads(done.stdout)
        self.assertEqual(wanted, (content["AccessKeyId"], content["SecretAccessKey"], content.get("SessionToken")))
        return content

    def fails(self, *words, arguments=(), state="28000", **variables):
        """The tool finds none, and says all of these words."""
        done = self.tool("credentials", *arguments, **variables)
        self.assertEqual((1, ""), (done.returncode, done.stdout))
        self.assertIn(f"iamodbc: [{state}] ", done.stderr)
        for word in words:
            self.assertIn(word, done.stderr)
        return done

    @contextlib.contextmanager
    def quicker_than(self, seconds):
        started = time.monotonic()
        yield
        self.assertLess(time.monotonic() - started, seconds)


def metadata_json(found, expiration="2099-01-01T00:00:00Z", **changes):
    """Keys as the services of containers and instances write them; None takes a field away."""
    content = {"Code": "Success", "Type": "AWS-HMAC", "AccessKeyId": found[0], "SecretAccessKey": found[1], "Token": found[2],
               "Expiration": expiration, **changes}
    return json.dumps({name: value for name, value in content.items() if value is not None})
