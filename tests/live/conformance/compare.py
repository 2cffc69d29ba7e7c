#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""compare: the conformance program over base-pg and over local-pg, narrow and wide, must print the same.

  compare.py [--program FILE] [--width narrow|wide] [--self] [--show N] [SECTION...]

Prints the calls that differ and ends with `N calls compared, 0 differ, K known`. --self compares base-pg with itself: what
differs then is no driver's fault. One process a section, so that a crash costs one section. What is done so that lines are
equal where drivers are:
  - both DSNs have the same name, in an odbc.ini of their own: drivers and the driver manager name it in diagnostics;
  - both log in as the same database user: base-pg is given a token as its password;
  - the tables are made once for all runs: the server's numbers (OIDs) of them appear in catalogue results;
  - the program names handles, and shows of a pointer only whether it is null;
  - NORMALISED below.
"""
import argparse
import difflib
import os
import re
import signal
import subprocess
import sys
import urllib.parse

os.environ["BOTO_DISABLE_CRT"] = "true"
import botocore.auth
import botocore.awsrequest
import botocore.credentials

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
import box as live

DSN = "conformance"
PROGRAM = os.environ.get("IAMODBC_TEST_CONFORMANCE", os.path.join(live.BUILD, "tests", "live", "conformance"))

# What differs between two runs of one driver, and why.
NORMALISED = [
    # psqlODBC names cursors and prepared statements by the address of the ODBC statement.
    (re.compile(r"(SQL_CUR|_PLAN)0x[0-9a-f]+"), r"\1(address)"),
]

# What differs between the drivers on purpose: section, the call's line, what must hold for the two, the reason. One that is
# no longer seen in a whole comparison is an error too.


def only_without(states):
    """The base's lines hold diagnostics of these states that ours lack, and a return code that says so; no more."""
    def holds(base, local):
        return any(f'"{state}\\0' in line for state in states for line in base) and \
            local == [base[0].replace("SUCCESS_WITH_INFO", "SUCCESS")]
    return holds


def advised(base, local):
    """Record 1 is the base's text, with advice behind it; ours may have one more record."""
    message = re.compile(r'SQLGetDiagRec\(1\) state="([0-9A-Z]{5})\\0" native=(-?\d+) message="(.*)\\0"')
    mine, theirs = (next((message.search(line) for line in lines if message.search(line)), None) for lines in (local, base))
    return bool(mine and theirs) and base[0] == local[0] and mine[1] == theirs[1] and mine[2] == theirs[2] and \
        mine[3].startswith(theirs[3].removesuffix("\\x0A")) and "[iamodbc]" in mine[3]


KNOWN = []


class Known:
    def __init__(self, section, call, holds, reason):
        self.section, self.call, self.holds, self.reason, self.seen = section, re.compile(call), holds, reason, 0


def known_differences():
    return [Known(*row) for row in KNOWN]


# ---------------------------------------------------------------------------------------------------------------------


def token(box):
    """A password for base-pg: botocore's token for the user of local-pg."""
    key_id, secret, session_token = box.key()
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://localhost:{box.port}/",
                                             params={"Action": "connect", "DBUser": box.user})
    credentials = botocore.credentials.Credentials(key_id, secret, session_token)
    botocore.auth.SigV4QueryAuth(credentials, "rds-db", box.exports["RDS_REGION"], expires=900).add_auth(request)
    return request.url.removeprefix("https://")


class Runner:
    """Runs sections over one driver."""

    def __init__(self, box, program, dsn):
        self.box, self.program, self.dsn = box, program, dsn

    def run(self, width, *sections, prefix=()):
        section = self.box.section(self.dsn)
        if self.dsn == "base-pg":
            # In odbc.ini psqlODBC takes a password percent-encoded.
            section = self.box.section(self.dsn, Username=self.box.user, Password=urllib.parse.quote(token(self.box), safe=""))
        try:
            return self.box.run([*prefix, self.program, DSN, width, *sections], ini={DSN: section}, trace=False)
        except subprocess.TimeoutExpired as late:
            return subprocess.CompletedProcess(late.cmd, 1, (late.stdout or b"").decode("utf-8", "replace"), "it took too long")

    def must(self, *sections):
        done = self.run("narrow", *sections)
        if done.returncode != 0:
            raise AssertionError(f"{self.dsn} {' '.join(sections)}: status {done.returncode}\n{done.stdout[-500:]}{done.stderr}")
        return done


def lines_of(done):
    text = done.stdout
    for pattern, name in NORMALISED:
        text = pattern.sub(name, text)
    lines = text.splitlines()
    if done.returncode != 0:
        how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"status {done.returncode}"
        lines.append(f"the program ended with {how} {done.stderr.strip()[-300:]}")
    return lines


def groups_of(lines):
    """Each call with the diagnostics that were read after it."""
    groups = []
    for line in lines:
        if line.startswith(" ") and groups:
            groups[-1].append(line)
        else:
            groups.append([line])
    return [tuple(group) for group in groups]


class Comparison:
    def __init__(self, show=40, out=print):
        self.calls = self.differ = self.known = 0
        self.show, self.out = show, out
        self.rows = known_differences()

    def section(self, name, width, base, local):
        """Compares what two drivers printed of one section."""
        self.calls += max(sum(line.lstrip().startswith("SQL") for line in lines) for lines in (base, local))
        base, local = groups_of(base), groups_of(local)
        if base == local:
            return
        matcher = difflib.SequenceMatcher(None, base, local, autojunk=False)
        for what, i1, i2, j1, j2 in matcher.get_opcodes():
            if what == "equal":
                continue
            for at in range(max(i2 - i1, j2 - j1)):
                ours = local[j1 + at] if j1 + at < j2 else ()
                theirs = base[i1 + at] if i1 + at < i2 else ()
                self._different(name, width, theirs, ours, base[i1 + at - 1][0] if i1 + at > 0 else "")

    def _different(self, name, width, theirs, ours, before):
        for row in self.rows:
            if row.section == name and theirs and ours and row.call.search(theirs[0]) and row.holds(list(theirs), list(ours)):
                row.seen += 1
                self.known += 1
                return
        self.differ += 1
        if self.differ > self.show:
            return
        self.out(f"{name}, {width}, after {before[:160]}")
        for line in difflib.unified_diff(theirs, ours, lineterm="", n=1):
            if not line.startswith(("---", "+++", "@@")):
                self.out(f"  {line[:600]}")

    def close(self, is_whole):
        if is_whole:
            for row in self.rows:
                if not row.seen:
                    self.differ += 1
                    self.out(f"no longer different: {row.section}, {row.call.pattern}: {row.reason}")
        if self.differ > self.show:
            self.out(f"... {self.differ - self.show} more")
        self.out(f"{self.calls} calls compared, {self.differ} differ, {self.known} known")
        return self.differ == 0 and self.calls > 0


def sections_of(box, program):
    return box.run([program, "--sections"], trace=False).stdout.split()


def compare(box, program=PROGRAM, widths=("narrow", "wide"), sections=(), against="local-pg", show=40, out=print):
    """Runs and compares; True if nothing differs that is not known."""
    base, other = Runner(box, program, "base-pg"), Runner(box, program, against)
    every = sections_of(box, program)
    comparison = Comparison(show, out)
    base.must("prepare")
    try:
        for width in widths:
            for section in sections or every:
                comparison.section(section, width, lines_of(base.run(width, section)), lines_of(other.run(width, section)))
    finally:
        base.must("clear")
    return comparison.close(is_whole=against != "base-pg" and not sections and len(widths) == 2)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--width", choices=["narrow", "wide"])
    parser.add_argument("--self", action="store_true", dest="to_itself")
    parser.add_argument("--show", type=int, default=40, help="how many differing calls to print")
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    options = parser.parse_args()
    widths = (options.width,) if options.width else ("narrow", "wide")
    against = "base-pg" if options.to_itself else "local-pg"
    return 0 if compare(live.the_box(), options.program, widths, options.sections, against, options.show) else 1


if __name__ == "__main__":
    sys.exit(main())
