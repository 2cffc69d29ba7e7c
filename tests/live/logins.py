# SPDX-License-Identifier: Apache-2.0
"""logins: many logins by one process of a C program (logins.c), each with what the verifier saw of it."""
import json
import os
import signal

import box as live

PROGRAM = os.environ.get("IAMODBC_TEST_LOGINS", os.path.join(live.BUILD, "tests", "live", "logins"))
FUNCTIONS = ("SQLConnect", "SQLConnectW", "SQLDriverConnect", "SQLDriverConnectW")
SMALL_STACK = 512  # KiB


class Asked:
    """One login: `texts` are the DSN, user and password of SQLConnect, or the connection string of SQLDriverConnect."""

    def __init__(self, function, *texts, stack=0):
        self.function, self.texts, self.stack = function, texts, stack

    def line(self):
        width = "wide" if self.function.endswith("W") else "narrow"
        texts = " ".join("-" if text is None else text.encode().hex() for text in self.texts)
        return f"{self.function.removesuffix('W')} {width} {self.stack} {texts}\n"


class Went:
    """How one went. `seen`: the verifier's log lines of it."""

    def __init__(self, line, log):
        status, start, end, self.state, native, message = line.split(" ")
        self.connected, self.native = int(status) in (0, 1), int(native)
        self.message = "" if message == "-" else bytes.fromhex(message).decode("utf-16-be", "replace")
        self.seen = [json.loads(entry) for entry in log[int(start):int(end)].splitlines()]

    def __str__(self):
        return "connected" if self.connected else f"[{self.state}] ({self.native}) {self.message}"


class Crashed:
    """One in which the program ended, or that it did not come to any more."""
    connected, state, native, seen = False, "-", 0, ()

    def __init__(self, message):
        self.message = message

    def __str__(self):
        return self.message


def log_in(box, asked, **options):
    """Does the logins in one process, in order; a list of Went and, from a crash on, Crashed. `options` are those of Box.run."""
    # The trace shows what a program puts into its connection string.
    done = box.run([PROGRAM], "".join(one.line() for one in asked), trace=False, **options)
    with open(box.exports["RDS_TOKENS_LOG"], "rb") as file:
        log = file.read()
    went = [Went(line, log) for line in done.stdout.splitlines()]
    if done.returncode != 0 or len(went) < len(asked):
        reason = signal.Signals(-done.returncode).name if done.returncode < 0 else f"status {done.returncode}"
        went = went[:len(asked) - 1] + [Crashed(f"the program ended with {reason}")]
        went += [Crashed("not tried: the program had ended")] * (len(asked) - len(went))
    return went
