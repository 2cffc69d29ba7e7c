# SPDX-License-Identifier: Apache-2.0
"""box: what the live tests stand on: a local RDS, and ways to run an ODBC program against it.

One local RDS serves a whole run. ./dev starts it and names it in IAMODBC_TEST_BOX; a test file that is run alone starts
one itself and ends it at exit. Every program runs as a process of its own with a time limit, its output and the driver
manager's trace are kept under IAMODBC_TEST_CAPTURE, and both are searched for secrets. A DSN that a test makes is in an
odbc.ini of its own, so nothing is shared but the server; tests that tell the verifier what to refuse put it back.
"""
import atexit
import contextlib
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.dirname(HERE))
import run  # noqa: E402

RDS = os.path.join(TOP, "tests", "rds", "rds.py")
PYTHON = "/usr/bin/python3"
BUILD = os.environ.get("IAMODBC_TEST_BUILD", os.path.join(TOP, "build", "dev"))
TOOL = os.path.join(BUILD, "setup", "iamodbc")
SECONDS = 30  # for any one program


def show(*lines):
    """Prints a result that belongs into the summary of ./dev test too."""
    print("\n" + "\n".join(run.SHOWN + line for line in lines), flush=True)


# Before a command: it runs on a terminal of its own, whose foreground is its.
ON_TERMINAL = [PYTHON, "-c", "import fcntl, os, pty, sys, termios; terminal, own = pty.openpty(); os.setsid(); fcntl.ioctl(own, termios.TIOCSCTTY, 0); "
               "os.set_inheritable(terminal, True); os.execvp(sys.argv[1], sys.argv[1:])"]
# ... or on none.
ON_NO_TERMINAL = ["/usr/bin/setsid", "-w"]


class Answer:
    """What odbc_client.py says of one connection."""

    def __init__(self, content):
        self.connected = content["connected"]
        self.status = content["status"]
        self.records = content["records"]
        self.results = content["results"]
        self.out = content.get("out")
        self.out_length = content.get("out_length")
        self.seconds = content["seconds"]

    @property
    def state(self):
        return self.records[0][0] if self.records else ""

    @property
    def first(self):
        return self.records[0][2] if self.records else ""

    @property
    def text(self):
        return "\n".join(record[2] for record in self.records)

    def __str__(self):
        return "connected" if self.connected else "; ".join(f"[{s}] ({n}) {t}" for s, n, t in self.records)


class Box:
    def __init__(self):
        self.directory = os.environ.get("IAMODBC_TEST_BOX", "")
        if not self.directory:
            self.directory = tempfile.mkdtemp(prefix="iamodbc-live-")
            atexit.register(self._down)
            driver = os.environ.get("IAMODBC_TEST_DRIVER", os.path.join(BUILD, "lib", "libiamodbc.so"))
            subprocess.run([PYTHON, RDS, "up", "--dir", self.directory, "--driver", driver], check=True,
                           stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, timeout=90)
        self.exports = run.exports_of(self.directory)
        self.secrets = run.known_secrets(self.exports)
        self.needles = run.needles(self.secrets)
        self.capture = os.environ.get("IAMODBC_TEST_CAPTURE") or os.path.join(self.directory, "captured")
        os.makedirs(self.capture, exist_ok=True)
        self._count = 0
        self.port = int(self.exports["RDS_PORT"])
        self.ca = self.exports["RDS_CA"]
        self.user = self.exports["RDS_USER"]

    def _down(self):
        subprocess.run([PYTHON, RDS, "down", "--dir", self.directory], check=False, stdout=subprocess.DEVNULL, timeout=90)
        shutil.rmtree(self.directory, ignore_errors=True)

    # ---- programs ----

    def run(self, command, text_in="", env=None, ini=None, trace=True, clock=None, seconds=SECONDS, driver=None, keep=True):
        """Runs a program against the box. `env`: variables to set (None: to unset). `ini`: DSN sections to add to
        odbc.ini, {name: {attribute: value}}. `driver`: what to add to our section of odbcinst.ini. `clock`: offset of its clock, as faketime takes it ("-16m"). `seconds`: when it
        is ended. `keep`: its output, which is searched for secrets; not that of a program which is asked for one."""
        self._count += 1
        os.makedirs(self.capture, exist_ok=True)
        folder = tempfile.mkdtemp(prefix=f"{self._count:03}-", dir=self.capture)  # process ids come again in a long run
        environment = {**self.exports, "LC_ALL": "C.UTF-8", "ODBCSYSINI": folder}
        with open(self.directory + "/odbcinst.ini", encoding="utf-8") as file:
            drivers = file.read()
        lines = "".join(f"{name}={value}\n" for name, value in (driver or {}).items())
        drivers = drivers.replace("[iamodbc]\n", "[iamodbc]\n" + lines)
        if trace:
            drivers += f"\n[ODBC]\nTrace=Yes\nTraceFile={folder}/trace\n"
        with open(folder + "/odbcinst.ini", "w", encoding="utf-8") as file:
            file.write(drivers)
        # Not among what is kept: the base's password is in there.
        with tempfile.TemporaryDirectory(prefix="iamodbc-ini-") as private:
            environment["ODBCINI"] = private + "/odbc.ini"
            shutil.copyfile(self.directory + "/odbc.ini", private + "/odbc.ini")
            with open(private + "/odbc.ini", "a", encoding="utf-8") as file:
                for name, attributes in (ini or {}).items():
                    file.write(f"\n[{name}]\n" + "".join(f"{key}={value}\n" for key, value in attributes.items()))
            for name, value in (env or {}).items():
                if value is None:
                    environment.pop(name, None)
                else:
                    environment[name] = value
            if clock:
                command = ["faketime", "--exclude-monotonic", "-f", clock, *command]
            for _ in range(3):
                done = subprocess.run(command, input=text_in.encode(), stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                                      env=environment, cwd=folder, timeout=seconds, check=False)
                # An earlier process of this number was ended and left its semaphore; the next one has another number.
                if not (clock and b"faketime: sem_open: File exists" in done.stderr):
                    break
        if keep:
            done.kept = folder + "/output"
            with open(done.kept, "wb") as file:
                file.write(done.stdout + done.stderr)
        done.stdout = done.stdout.decode("utf-8", "replace")
        done.stderr = done.stderr.decode("utf-8", "replace")
        return done

    def connect(self, string=None, dsn=None, uid=None, pwd=None, wide=True, login_timeout=None, queries=("select 1",),
                out_length=4096, completion=0, **options):
        """One connection by odbc_client.py, by connection string or by SQLConnect."""
        request = {"connection_string": string, "dsn": dsn, "uid": uid, "pwd": pwd, "wide": wide,
                   "login_timeout": login_timeout, "queries": list(queries), "out_length": out_length,
                   "completion": completion}
        prefix = options.pop("prefix", [])
        done = self.run([*prefix, PYTHON, os.path.join(HERE, "odbc_client.py")], json.dumps(request), **options)
        if done.returncode != 0:
            raise AssertionError(f"the client itself failed ({done.returncode}): {done.stdout}{done.stderr}")
        content = json.loads(done.stdout)
        if "out" in content and not re.search(r"\bDSN=base-pg\b", f"DSN={dsn};{string}"):
            given = self.secrets_in(f"{string} {uid} {pwd}")
            if self.secrets_in(content["out"]) - given:
                raise AssertionError("the out connection string holds a secret that the application did not give")
        # The application's own secrets come back in its out string, and psqlODBC alone hands out its password: not kept.
        with open(done.kept, "w", encoding="utf-8") as file:
            json.dump({name: value for name, value in content.items() if name != "out"}, file)
        return Answer(content)

    def secrets_in(self, text):
        """The names of the secrets that stand in a text."""
        return run.findings(text.encode(), self.needles)

    # ---- DSNs ----

    def section(self, dsn="local-pg", **changes):
        """A copy of a DSN's attributes with changes; None takes one away."""
        found, inside = {}, False
        with open(self.directory + "/odbc.ini", encoding="utf-8") as file:
            for line in file:
                if line.startswith("["):
                    inside = line.strip() == f"[{dsn}]"
                elif inside and "=" in line:
                    name, _, value = line.rstrip("\n").partition("=")
                    found[name] = value
        found.update(changes)
        return {name: value for name, value in found.items() if value is not None}

    # ---- the verifier ----

    @contextlib.contextmanager
    def verdicts(self):
        """The verifier's log lines of the tokens that it saw inside the with block."""
        seen, log = [], self.exports["RDS_TOKENS_LOG"]
        before = os.path.getsize(log)
        yield seen
        with open(log, encoding="utf-8") as file:
            file.seek(before)
            seen += [json.loads(line) for line in file]

    @contextlib.contextmanager
    def control(self, **content):
        """Tells the verifier what to refuse, inside the with block (verifier.py has the names)."""
        def write(value):
            with open(self.exports["RDS_CONTROL"] + ".new", "w", encoding="utf-8") as file:
                json.dump(value, file)
            os.replace(self.exports["RDS_CONTROL"] + ".new", self.exports["RDS_CONTROL"])
        write(content)
        try:
            yield
        finally:
            write({})

    # ---- keys ----

    def key(self, profile="default"):
        """Access key id, secret and session token (or None) of a profile of the box."""
        with open(self.exports["AWS_SHARED_CREDENTIALS_FILE"], encoding="utf-8") as file:
            text = re.search(rf"\[{profile}\]\n(.*?)(\n\n|\Z)", file.read(), re.DOTALL)[1]
        values = dict(line.split(" = ", 1) for line in text.splitlines())
        return values["aws_access_key_id"], values["aws_secret_access_key"], values.get("aws_session_token")


_box = None


def the_box():
    global _box  # pylint: disable=global-statement
    if _box is None:
        _box = Box()
    return _box


class LiveTest(unittest.TestCase):
    """A test with a box; what it hands to no_secret() holds none."""

    @classmethod
    def setUpClass(cls):
        cls.box = the_box()

    def no_secret(self, text):
        self.assertEqual(set(), self.box.secrets_in(text), "a message holds a secret")

    def assert_says(self, text, *words):
        """Each of the words (regular expressions, letter case ignored) occurs."""
        for word in words:
            self.assertRegex(text, re.compile(word, re.IGNORECASE | re.DOTALL))
