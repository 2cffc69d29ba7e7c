# SPDX-License-Identifier: Apache-2.0
"""What the machine lacks: open files, room on its disks, the right time, a name server."""
import os
import resource
import shutil
import subprocess
import tempfile
import time

from faults import TESTS, Fault, NotRun, Outcome, comes_in, grew, losing, timed, warmed


def descriptors_exhausted(place):
    """Fewer and fewer are left, down to none; with all of them back the next connect comes in."""
    outcome = Outcome()
    with place.steady() as program, losing(outcome, "without open files"):
        string = place.string()
        before = warmed(outcome, program, string)
        usual = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        # Two of those that are counted belong to the counting.
        for left in range(12):
            resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (before[1] + left, usual[1]))
            answer = program.say("connect", string)
            outcome.count += 1
            outcome.expect(answer.startswith(("ok", "refused")), f"{left} left: {answer}")
            program.say("disconnect")
            resource.prlimit(program.pid, resource.RLIMIT_NOFILE, usual)
            comes_in(outcome, program, string, f"after {left} left")
        outcome.expect(answer.startswith("ok"), f"12 left are not enough: {answer}")
        grew(outcome, "the program", before, program.state())
    return outcome


def disk_full(place):
    """The log cannot be written; a login does not depend on it."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-full-") as folder:
        os.symlink("/dev/full", folder + "/log")
        for ini, name in (("/dev/full", "the device that is full"), (folder + "/log", "a link to it"), (folder + "/no/such", "a folder that is not there")):
            with open(folder + "/odbc.ini", "w", encoding="utf-8") as file:
                file.write("[mine]\n" + "".join(f"{key}={value}\n" for key, value in place.box.section("local-pg", LogLevel="debug", LogFile=ini).items()))
            with place.steady({"ODBCINI": folder + "/odbc.ini"}) as program, losing(outcome, name):
                for _ in range(3):
                    outcome.count += 1
                    comes_in(outcome, program, "DSN=mine", name)
    return outcome


def clock_jumps(place):
    """An hour either way, in the middle of a process, and back. AWS refuses what is signed at a wrong time, and nothing of that stays when the time is right again."""
    if shutil.which("faketime") is None:
        raise NotRun("faketime is not installed")
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-clock-") as folder:
        clock = folder + "/clock"

        def jump(offset):
            with open(clock + ".new", "w", encoding="utf-8") as file:
                file.write(offset + "\n")
            os.replace(clock + ".new", clock)
        jump("+0")
        found = [name for name in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1") if os.path.exists(name)]
        if not found:
            raise NotRun("libfaketime is not where Debian has it")
        env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": clock, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}
        for base in place.bases:
            string = place.string(base)
            with place.steady(env) as program, losing(outcome, "a clock that jumps"):
                comes_in(outcome, program, string, "before")
                for _ in range(place.more(1, 5)):
                    for offset in ("+3600", "-3600"):
                        jump(offset)
                        answer = program.say("connect", string)
                        outcome.count += 1
                        outcome.expect(answer.startswith(("ok", "refused")) and timed(answer) < 20000, f"{offset} s: {answer}")
                        program.say("disconnect")
                        jump("+0")
                        comes_in(outcome, program, string, f"back from {offset} s")
    return outcome


def led_elsewhere(place, base, server):
    """A string that leads the token to another host; the certificates are then odbc.ini's."""
    return place.string(base, DSN=f"local-{base}", TLSCAFile=None, Server=server, TokenHost="localhost")


def names_unknown(place):
    outcome = Outcome()
    with place.steady() as program, losing(outcome, "a name that nobody knows"):
        comes_in(outcome, program, place.string(), "before")
        for base in place.bases:
            answer = program.say("connect", led_elsewhere(place, base, "no-such-host.invalid"))
            outcome.count += 1
            outcome.expect(answer.startswith("refused"), answer)
        comes_in(outcome, program, place.string(), "afterwards")
    return outcome


def name_server_silent(place):
    """Nobody answers what the host's address is; the login time-out holds."""
    unshare = ["unshare", "--map-root-user", "--mount", "--net"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise NotRun("this machine allows no namespaces")
    outcome = Outcome()
    silent = [*unshare, os.path.join(TESTS, "live", "silent_dns.py")]
    with place.steady(prefix=silent) as program, losing(outcome, "a silent name server"):
        for base in place.bases:
            program.say("timeout", 3)
            started = time.monotonic()
            answer = program.say("connect", led_elsewhere(place, base, "db.example.com"), seconds=90)
            outcome.count += 1
            # libc gives a name server ten seconds in all; no base driver takes it back before.
            outcome.expect(answer.startswith("refused") and time.monotonic() - started < 30, answer)
    return outcome


FAULTS = [Fault("open files run out", descriptors_exhausted), Fault("a disk is full", disk_full), Fault("the clock jumps an hour", clock_jumps),
          Fault("a name is unknown", names_unknown), Fault("the name server is silent", name_server_silent)]
