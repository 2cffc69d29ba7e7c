# SPDX-License-Identifier: Apache-2.0
"""faults: what the files of this folder share. Each of them has a list FAULTS; a fault is a function of a Place that gives an Outcome, or raises NotRun.

What counts: lost is a login that AWS and the server would have taken and that did not come, a wrong answer, a program that died, or one that did not answer within its
bound. Leaked is what stays behind for good: bytes of memory and open files that grow, secrets where none may be, processes. An Outcome names each; the table counts."""
import contextlib
import dataclasses
import json
import os
import select
import subprocess
import sys
import tempfile
import time
import typing

HERE = os.path.dirname(os.path.abspath(__file__))
TESTS = os.path.dirname(HERE)
for folder in ("live", "aws"):
    sys.path.insert(0, os.path.join(TESTS, folder))
import box as live  # noqa: E402  pylint: disable=wrong-import-position
from sts import Sts  # noqa: E402,F401  pylint: disable=wrong-import-position

BUILD = os.environ.get("IAMODBC_TEST_BUILD", live.BUILD)
DRIVER = os.environ.get("IAMODBC_TEST_DRIVER", os.path.join(BUILD, "lib", "libiamodbc.so"))
STEADY = os.path.join(BUILD, "tests", "reliability", "steady")
BYTES_OF_LUCK = 1024  # that a program has in use more or less than before, by what OpenSSL keeps of the last error
PATIENCE = 40  # seconds for one answer of steady, unless said otherwise
BASES = {"pg": "PostgreSQL", "maria": "MariaDB"}


class NotRun(Exception):
    """This machine cannot; the text says why."""


@dataclasses.dataclass
class Outcome:
    count: int = 0
    lost: list = dataclasses.field(default_factory=list)
    leaked: list = dataclasses.field(default_factory=list)

    def expect(self, is_so, what):
        if not is_so:
            self.lost.append(what)
        return is_so


@dataclasses.dataclass
class Fault:
    name: str
    run: typing.Callable  # (place) -> Outcome
    full_only: bool = False


def library(name):
    return os.path.join(BUILD, "tests", "reliability", name + ".so")


def recording(name="psqlodbc"):
    """The base driver that records: it takes any login at once, so that only our own code is at work."""
    file = {"psqlodbc": "psqlodbcw.so", "mariadb": "libmaodbc.so"}[name]
    return os.path.join(BUILD, "tests", "driver", f"recording_{name}", file)


class Dead(Exception):
    """steady ended, or was silent for too long."""


class Steady:
    """The program steady.c; say() gives its answer, which begins with ok, refused or wrong."""

    def __init__(self, env, prefix=(), program=STEADY, errors=None):
        self.errors = errors or tempfile.TemporaryFile()
        self.process = subprocess.Popen([*prefix, program], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors, env=env, bufsize=0)
        self.rest = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()
        self.errors.close()

    @property
    def pid(self):
        return self.process.pid

    def begin(self, *words):
        try:
            self.process.stdin.write((" ".join(map(str, words)) + "\n").encode())
        except BrokenPipeError:
            raise Dead(f"{words[0]}: the program had ended") from None

    def answer(self, seconds=PATIENCE):
        until = time.monotonic() + seconds
        while b"\n" not in self.rest:
            readable, _, _ = select.select([self.process.stdout], [], [], max(0, until - time.monotonic()))
            more = os.read(self.process.stdout.fileno(), 65536) if readable else b""
            if not more:
                self.process.kill()
                raise Dead(f"ended with {self.process.wait()}: {self.complaints()[-300:]}" if readable else f"no answer within {seconds} s")
            self.rest += more
        line, _, self.rest = self.rest.partition(b"\n")
        return line.decode("utf-8", "replace")

    def say(self, *words, seconds=PATIENCE):
        self.begin(*words)
        return self.answer(seconds)

    def complaints(self):
        if not self.errors.seekable():
            return ""
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def state(self):
        """Bytes that malloc has given out, open files, threads."""
        return tuple(map(int, self.say("state").split()[1:]))


class Place:
    """Where faults happen: a local RDS, and programs that log in there."""

    def __init__(self, full):
        self.full = full
        self.box = live.the_box()

    def more(self, quick, full):
        return full if self.full else quick

    @property
    def bases(self):
        return [base for base in BASES if base == "pg" or "RDS_MARIA_PORT" in self.box.exports]

    def environment(self, **more):
        # What malloc keeps for each thread counts as given out; without that, the bytes that steady tells are exact.
        exact = "glibc.malloc.tcache_count=0"
        env = {"PATH": "/usr/bin:/bin:/usr/sbin:/sbin", **self.box.exports, "LC_ALL": "C.UTF-8", "IAMODBC_TEST_DRIVER": DRIVER, "GLIBC_TUNABLES": exact, **more}
        return {name: value for name, value in env.items() if value is not None}

    def string(self, base="pg", **changes):
        """A connection string that needs no DSN."""
        attributes = {"Driver": DRIVER, **self.box.section(f"local-{base}")}
        attributes.pop("Description", None)
        attributes = {**attributes, **changes, "Driver": DRIVER}
        return ";".join(f"{name}={value}" for name, value in attributes.items() if value is not None)

    def steady(self, env=None, **options):
        return Steady(self.environment(**(env or {})), **options)


ROLE = "arn:aws:iam::444455556666:role/app"


def role_of(place, sts, folder, lifetime=3600, **more):
    """The environment of a program whose keys come from a role, over HTTP; they are the box's."""
    jane = sts.user("jane")
    sts.role(ROLE, keys=[place.box.key("session")], lifetime=lifetime)
    with open(folder + "/credentials", "w", encoding="utf-8") as file:
        file.write(f"[base]\naws_access_key_id = {jane[0]}\naws_secret_access_key = {jane[1]}\n")
    with open(folder + "/config", "w", encoding="utf-8") as file:
        file.write(f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n")
    return {"HOME": folder, "AWS_CONFIG_FILE": folder + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials", "AWS_PROFILE": "ops", "AWS_ENDPOINT_URL_STS": sts.url, **more}


def program_of(place, folder, before="", expiration=None):
    """The environment of a program whose keys come from another program, which does `before` first; they are the box's."""
    key_id, secret, session = place.box.key("session")
    answer = {"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": session, **({"Expiration": expiration} if expiration else {})}
    with open(folder + "/keys", "w", encoding="utf-8") as file:
        file.write(f"#!/bin/sh\n{before}\necho '{json.dumps(answer)}'\n")
    os.chmod(folder + "/keys", 0o700)
    with open(folder + "/config", "w", encoding="utf-8") as file:
        file.write(f"[profile asked]\ncredential_process = {folder}/keys\n")
    return {"AWS_PROFILE": "asked", "AWS_CONFIG_FILE": folder + "/config"}


def timed(answer):
    """The milliseconds of an answer."""
    return float(answer.split()[1])


def comes_in(outcome, steady, string, what, number=1):
    """A login that nothing stands against any more."""
    answer = steady.say("connect", string)
    if outcome.expect(answer.startswith("ok"), f"{what}: {answer}"):
        answer = steady.say("ask", number)
        outcome.expect(answer.startswith("ok"), f"{what}, the question: {answer}")
    steady.say("disconnect")


def warmed(outcome, program, string):
    """The state of a program that has connected before, as often as it takes until all that is made once is there."""
    comes_in(outcome, program, string, "before")
    answer = program.say("again", 30, string)
    outcome.expect(answer.startswith("ok"), f"before: {answer}")
    return program.state()


def grew(outcome, what, before, after, luck=BYTES_OF_LUCK):
    if after[0] - before[0] > luck:
        outcome.leaked.append(f"{what}: {after[0] - before[0]} bytes")
    left_open(outcome, what, before, after)


def left_open(outcome, what, before, after):
    """Where what a base driver keeps of a failure for good is not to count."""
    if after[1] > before[1]:
        outcome.leaked.append(f"{what}: {after[1] - before[1]} open files")


@contextlib.contextmanager
def losing(outcome, what):
    """What ends or hangs inside is lost, and the next fault goes on."""
    try:
        yield
    except Dead as error:
        outcome.lost.append(f"{what}: the program {error}")
