# SPDX-License-Identifier: Apache-2.0
"""What the machine lacks: open files, room on its disks, the right time, a name server."""
import contextlib
import json
import os
import resource
import shutil
import subprocess
import tempfile
import time

from faults import BASES, BUILD, TESTS, Fault, NotRun, Outcome, Sts, comes_in, grew, losing, program_of, role_of, timed, warmed
import name_server  # of tests/live
import sso  # of tests/aws
from stand_in import StandIn


def descriptors_exhausted(place):
    """Fewer and fewer are left, down to none; with all of them back the next connect comes in."""
    outcome, refused = Outcome(), 0
    with place.steady() as program, losing(outcome, "without open files"):
        string = place.string()
        before = warmed(outcome, program, string)
        usual = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
        # Two of those that are counted belong to the counting.
        for left in range(12):
            resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (before[1] + left, usual[1]))
            answer = program.say("connect", string)
            outcome.count += 1
            refused += answer.startswith("refused")
            outcome.expect(answer.startswith(("ok", "refused")), f"{left} left: {answer}")
            program.say("disconnect")
            resource.prlimit(program.pid, resource.RLIMIT_NOFILE, usual)
            comes_in(outcome, program, string, f"after {left} left")
        outcome.expect(answer.startswith("ok"), f"12 left are not enough: {answer}")
        outcome.expect(refused, "none ran out")
        grew(outcome, "the program", before, program.state())
    return outcome


def descriptors_of_keys(way):
    """What finds the keys needs some, too; a program that has never connected has all of them left but so many."""
    def run(place):
        outcome, refusals = Outcome(), 0
        with tempfile.TemporaryDirectory(prefix="iamodbc-files-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts:
            env = role_of(place, sts, folder) if way == "role" else program_of(place, folder)
            string, answer = place.string(), ""
            for left in range(place.more(14, 28)):
                with place.steady(env) as program, losing(outcome, f"{left} left"):
                    usual = resource.prlimit(program.pid, resource.RLIMIT_NOFILE)
                    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, (program.state()[1] + left, usual[1]))
                    answer = program.say("connect", string)
                    outcome.count += 1
                    refusals += answer.startswith("refused")
                    outcome.expect(answer.startswith(("ok", "refused")), f"{left} left: {answer}")
                    program.say("disconnect")
                    refused = program.state()
                    resource.prlimit(program.pid, resource.RLIMIT_NOFILE, usual)
                    comes_in(outcome, program, string, f"after {left} left")
                    comes_in(outcome, program, string, f"after {left} left")
                    after = program.state()
                    comes_in(outcome, program, string, f"after {left} left")
                    outcome.leaked += [f"{left} left: {more} open files" for more in [program.state()[1] - after[1], refused[1] - after[1]] if more > 0]
            outcome.expect(answer.startswith("ok"), f"so many left are not enough: {answer}")
            outcome.expect(refusals, "none ran out")
        return outcome
    return run


# A disk of its own at $1, with what is in $2, and no room left for a byte; with $3 not for a name either.
FULL = ("""mount -t tmpfs -o size=64k,nr_inodes=48,mode=0700 none "$1" && cp -a "$2"/. "$1" || exit 1; cat /dev/zero > "$1"/filler 2>/dev/null; """
        """test -z "$3" || { i=0; while touch "$1"/filler$i 2>/dev/null; do i=$((i+1)); done; }; shift 3; exec "$@\"""")
UNSHARE = ["unshare", "--map-root-user", "--mount"]


def full_disk(folder, content, has_names):
    return [*UNSHARE, "sh", "-c", FULL, "sh", folder, content, "" if has_names else "names"]


@contextlib.contextmanager
def disks(prepare):
    """(what stands before a program, the folder of the disk, what is full) of each way to be full; prepare(content) writes what is there before."""
    if subprocess.run([*UNSHARE, "sh", "-c", "mount -t tmpfs none /mnt"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise NotRun("this machine allows no mounts of one's own")
    with tempfile.TemporaryDirectory(prefix="iamodbc-full-") as folder, tempfile.TemporaryDirectory(prefix="iamodbc-content-") as content:
        prepare(content)
        yield [(full_disk(folder, content, has_names), folder, what) for has_names, what in ((True, "no room"), (False, "no room and no name"))]


def log_on_a_full_disk(place):
    """The log cannot be written; a login does not depend on it."""
    outcome = Outcome()
    with disks(lambda content: None) as found, tempfile.TemporaryDirectory(prefix="iamodbc-log-") as folder:
        os.symlink("/dev/full", folder + "/link")
        ways = [(prefix, full + "/log", what) for prefix, full, what in found]
        ways += [([], "/dev/full", "the device that is full"), ([], folder + "/link", "a link to it"), ([], folder + "/no/such", "a folder that is not there")]
        for prefix, log, what in ways:
            with open(folder + "/odbc.ini", "w", encoding="utf-8") as file:
                file.write("[mine]\n" + "".join(f"{key}={value}\n" for key, value in place.box.section("local-pg", LogLevel="debug", LogFile=log).items()))
            with place.steady({"ODBCINI": folder + "/odbc.ini"}, prefix=prefix) as program, losing(outcome, what):
                for _ in range(place.more(3, 20)):
                    outcome.count += 1
                    comes_in(outcome, program, "DSN=mine", what)
    return outcome


def sign_in_on_a_full_disk(place):
    """A sign-in is refreshed and cannot be kept: this login comes in with it, and the file stays whole."""
    outcome, key = Outcome(), place.box.key("session")
    center = sso.IdentityCenter({("123456789012", "reader"): key})
    name, kept = ".aws/sso/cache/" + sso.cache_name("corp"), json.dumps(center.kept_token(600))

    def prepare(content):
        os.makedirs(content + "/.aws/sso/cache", mode=0o700)
        with open(content + "/" + name, "w", encoding="utf-8") as file:
            file.write(kept)
        with open(content + "/.aws/config", "w", encoding="utf-8") as file:
            file.write("[profile dev]\nsso_session = corp\nsso_account_id = 123456789012\nsso_role_name = reader\n"
                       f"[sso-session corp]\nsso_start_url = {sso.START_URL}\nsso_region = eu-central-1\n")

    with disks(prepare) as found:
        for prefix, full, what in found:
            for _ in range(place.more(1, 10)):
                center.refresh_tokens[json.loads(kept)["refreshToken"]] = json.loads(kept)["clientId"]  # good again
                with StandIn(center) as server:
                    env = {"HOME": full, "AWS_PROFILE": "dev", "AWS_CONFIG_FILE": full + "/.aws/config", "AWS_SHARED_CREDENTIALS_FILE": full + "/none",
                           "AWS_ENDPOINT_URL_SSO": server.url, "AWS_ENDPOINT_URL_SSO_OIDC": server.url}
                    with place.steady(env, prefix=prefix) as program, losing(outcome, what):
                        outcome.count += 1
                        comes_in(outcome, program, place.string(), what)
                        outcome.expect("/token" in [request.path for request in server.requests], f"{what}: nothing was refreshed")
                        with open(f"/proc/{program.pid}/root{full}/{name}", encoding="utf-8") as file:
                            outcome.expect(file.read() == kept, f"{what}: the kept sign-in is not what it was")
                        outcome.leaked += [f"{what}: the file {one}" for one in os.listdir(f"/proc/{program.pid}/root{full}/{os.path.dirname(name)}")
                                           if one != os.path.basename(name)]
    return outcome


def locks_on_a_full_disk(place):
    """LoginCache=user: neither folder nor file can be made by which processes take turns; each asks AWS itself then."""
    outcome = Outcome()
    with disks(lambda content: os.mkdir(content + "/run", 0o700)) as found, tempfile.TemporaryDirectory(prefix="iamodbc-locks-") as folder, \
            Sts(region=place.box.exports["RDS_REGION"]) as sts:
        for prefix, full, what in found:
            for _ in range(place.more(1, 10)):
                with place.steady(role_of(place, sts, folder, XDG_RUNTIME_DIR=full + "/run", TMPDIR=full), prefix=prefix) as program, losing(outcome, what):
                    outcome.count += 1
                    comes_in(outcome, program, place.string(LoginCache="user"), what)
    return outcome


def ini_on_a_full_disk(place):
    """odbc.ini is changed by the iamodbc command, whole or not at all."""
    outcome = Outcome()
    tool = os.environ.get("IAMODBC_TEST_TOOL", os.path.join(BUILD, "setup", "iamodbc"))
    before = "[old]\nDriver=x\n" + "# a remark\n" * 300

    def prepare(content):
        with open(content + "/odbc.ini", "w", encoding="utf-8") as file:
            file.write(before)

    with disks(prepare) as found:
        for prefix, full, what in found:
            for _ in range(place.more(2, 10)):
                add = [tool, "dsn", "add", "new", "--host", "db.cabc123def45.eu-central-1.rds.amazonaws.com", "--user", "jane", "--base-driver", "PostgreSQL Unicode"]
                shown = 'folder=$1; shift; "$@"; echo "status $?" >&2; ls -A "$folder" | grep -v ^filler >&2; cat "$folder"/odbc.ini'
                done = subprocess.run([*prefix, "sh", "-c", shown, "sh", full, *add], env=place.environment(ODBCINI=full + "/odbc.ini", HOME=full), stdin=subprocess.DEVNULL,
                                      stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=60, check=False)
                outcome.count += 1
                said, _, rest = done.stderr.rpartition("status ")
                outcome.expect(rest.split()[:1] == ["1"] and "No space left on device" in said, f"{what}: {done.stderr}")
                outcome.expect(done.stdout == before, f"{what}: odbc.ini is not what it was: {done.stdout[:200]}")
                outcome.leaked += [f"{what}: the file {one}" for one in rest.split()[1:] if one != "odbc.ini"]
    return outcome


class Clock:
    """A clock that programs go by; `env` for them."""

    def __init__(self, folder):
        if shutil.which("faketime") is None:
            raise NotRun("faketime is not installed")
        found = [name for name in ("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1", "/usr/lib/aarch64-linux-gnu/faketime/libfaketimeMT.so.1") if os.path.exists(name)]
        if not found:
            raise NotRun("libfaketime is not where Debian has it")
        self.path = folder + "/clock"
        self.jump("+0")
        self.env = {"LD_PRELOAD": found[0], "FAKETIME_TIMESTAMP_FILE": self.path, "FAKETIME_NO_CACHE": "1", "FAKETIME_DONT_FAKE_MONOTONIC": "1"}

    def jump(self, offset):
        with open(self.path + ".new", "w", encoding="utf-8") as file:
            file.write(offset + "\n")
        os.replace(self.path + ".new", self.path)


def jumping(outcome, clock, program, string, rounds):
    """An hour either way, and back: wrong, it is either good enough or refused in time; right again, a login comes in at once."""
    comes_in(outcome, program, string, "before")
    refused = 0
    for _ in range(rounds):
        for offset in ("+3600", "-3600"):
            clock.jump(offset)
            answer = program.say("connect", string)
            outcome.count += 1
            refused += answer.startswith("refused")
            outcome.expect(answer.startswith(("ok", "refused")) and timed(answer) < 20000, f"{offset} s: {answer}")
            program.say("disconnect")
            clock.jump("+0")
            comes_in(outcome, program, string, f"back from {offset} s")
    outcome.expect(refused, "no wrong time was seen by anybody")


def clock_and_a_token(place):
    """Keys that do not end, a token at hand. AWS refuses what is signed at a wrong time, and nothing of that stays when the time is right again."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-clock-") as folder:
        clock = Clock(folder)
        for base in place.bases:
            with place.steady(clock.env) as program, losing(outcome, f"a clock that jumps, {BASES[base]}"):
                jumping(outcome, clock, program, place.string(base), place.more(2, 10))
    return outcome


def clock_and_keys(way):
    """Keys that end within the hour: by the wrong clock they are gone already, or good for two."""
    def run(place):
        outcome = Outcome()
        with tempfile.TemporaryDirectory(prefix="iamodbc-clock-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts:
            clock = Clock(folder)
            env = role_of(place, sts, folder, lifetime=1800) if way == "role" else program_of(place, folder, expiration=sso.moment(1800))
            for base in place.bases:
                with place.steady({**env, **clock.env}) as program, losing(outcome, f"a clock that jumps, {BASES[base]}"):
                    jumping(outcome, clock, program, place.string(base), place.more(2, 10))
                # Wrong from the beginning, and put right: what was found out of AWS's time goes with it.
                for offset in ("+3600", "-3600") * place.more(1, 5):
                    clock.jump(offset)
                    with place.steady({**env, **clock.env}) as program, losing(outcome, f"a clock that is put right, {BASES[base]}"):
                        answer = program.say("connect", place.string(base))
                        outcome.count += 1
                        outcome.expect(answer.startswith(("ok", "refused")) and timed(answer) < 20000, f"{offset} s: {answer}")
                        program.say("disconnect")
                        clock.jump("+0")
                        comes_in(outcome, program, place.string(base), f"put right from {offset} s")
        return outcome
    return run


def asked_for(place, host):
    """(who asks for the address of the host, a connection string), of each who may. A string that leads a token to another host leaves the certificates to odbc.ini."""
    ways = [(f"{BASES[base]}'s base driver", place.string(base, Server=host)) for base in place.bases]
    return [("iamodbc", place.string("pg", DSN="local-pg", TLSCAFile=None, Server=host, TokenHost="localhost")), *ways]


def is_of_the_name(answer, host):
    """Whether a login was refused because the host has no address; what is refused before anybody asks for it (HY024) shows nothing."""
    return answer.startswith("refused") and "HY024" not in answer and host in answer


def names_unknown(place):
    outcome, host = Outcome(), "no-such-host.invalid"
    with place.steady() as program, losing(outcome, "a name that nobody knows"):
        comes_in(outcome, program, place.string(), "before")
        for who, string in asked_for(place, host):
            answer = program.say("connect", string)
            outcome.count += 1
            outcome.expect(is_of_the_name(answer, host), f"{who}: {answer}")
        comes_in(outcome, program, place.string(), "afterwards")
    return outcome


def name_server_silent(place):
    """Nobody answers what the host's address is; the login time-out holds."""
    unshare = ["unshare", "--map-root-user", "--mount", "--net"]
    if subprocess.run([*unshare, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
        raise NotRun("this machine allows no namespaces")
    outcome, host = Outcome(), "db.example.com"
    silent = [*unshare, os.path.join(TESTS, "live", "silent_dns.py")]
    with place.steady(prefix=silent) as program, losing(outcome, "a silent name server"):
        for who, string in asked_for(place, host):
            program.say("timeout", 3)
            started = time.monotonic()
            answer = program.say("connect", string, seconds=90)
            outcome.count += 1
            # libc gives a name server ten seconds in all; no base driver takes it back before.
            outcome.expect(is_of_the_name(answer, host) and 2 < time.monotonic() - started < 30, f"{who}: {answer}")
    return outcome


def name_server_failing(place):
    if not name_server.can_be_made():
        raise NotRun("this machine allows no namespaces")
    outcome, host = Outcome(), "db.example.com"
    with name_server.Names({host: ["FAILS"]}, ports=[place.box.port]) as prefix, place.steady(prefix=prefix) as program, losing(outcome, "a name server that fails"):
        comes_in(outcome, program, place.string(), "before")
        program.say("timeout", 5)  # without one MariaDB Connector/C, alone too, asks again for half a minute
        for who, string in asked_for(place, host) * place.more(1, 5):
            answer = program.say("connect", string)
            outcome.count += 1
            outcome.expect(is_of_the_name(answer, host) and timed(answer) < 20000, f"{who}: {answer}")
        comes_in(outcome, program, place.string(), "afterwards")
    return outcome


FAULTS = [Fault("open files run out, a token at hand", descriptors_exhausted), Fault("open files run out, keys of a role", descriptors_of_keys("role")),
          Fault("open files run out, keys of a program", descriptors_of_keys("program")),
          Fault("a disk is full: the log", log_on_a_full_disk), Fault("a disk is full: the cache of a sign-in", sign_in_on_a_full_disk),
          Fault("a disk is full: locks between processes", locks_on_a_full_disk), Fault("a disk is full: odbc.ini", ini_on_a_full_disk),
          Fault("the clock jumps an hour, a token at hand", clock_and_a_token), Fault("the clock jumps an hour, keys of a role", clock_and_keys("role")),
          Fault("the clock jumps an hour, keys of a program", clock_and_keys("program")),
          Fault("a name is unknown", names_unknown), Fault("the name server is silent", name_server_silent), Fault("the name server fails", name_server_failing)]
