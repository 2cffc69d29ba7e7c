#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""compare: the conformance program over base-pg and over local-pg, narrow and wide, must print the same; so must the driver manager trace.

  compare.py [--program FILE] [--mariadb] [--width narrow|wide] [--ansi] [--self] [--show N] [SECTION...]

Prints the calls that differ and ends with `N calls compared, 0 differ, K known`. --mariadb: over base-maria and local-maria,
without the calls that crash that base driver, which are printed.
--self compares the base driver with itself: what differs then is no driver's fault. --ansi: psqlODBC's narrow library under our narrow one (for the narrow program only: a
wide one gets from unixODBC what memory happened to hold). One process a section, so that a crash costs one section.
What is done so that lines are equal where drivers are:
  - both DSNs have the same name, in an odbc.ini of their own: drivers and the driver manager name it in diagnostics;
  - both log in as the same database user: the base driver is given a token as its password;
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

# What differs between two of the driver manager's traces of one driver, and why.
NORMALISED_TRACES = [
    (re.compile(r"^\[\d+\]\[\d+\.\d+\]"), ""),  # process and clock
    (re.compile(r"0x[0-9a-f]{6,}"), "(address)"),
    # The program prints it, but for the order of the attributes, which each driver has its own of.
    (re.compile(r"(Connection Out) \[.*"), r"\1"),
    # The program prints these as well; a text that was cut, or did not come, is traced as far as the next zero in memory.
    (re.compile(r"(Column Name|Cursor Name|Message Text|Buffer) = \[.*?(?=\n\t\t\t[A-Z]|\Z)", re.DOTALL), r"\1"),
]
UNTRACED = ("cancelling",)  # sections whose threads write their entries in whatever order they run

# What differs between the drivers on purpose: section, the call's line, what must hold for the lines of the two, the
# reason. Seen no more in a whole comparison, a row is an error too.


def without_warning(base, local):
    """The base has a warning, ours has none; no more."""
    return '"01000\\0"' in base[1] and local == [base[0].replace("SUCCESS_WITH_INFO", "SUCCESS")]


def with_advice(base, local):
    """Ours is the base's message with advice behind it."""
    is_advised = [re.sub(r'(\\x0A)* \[iamodbc\] [^"]*"', '\\\\0"', line) for line in local]

    def plain(lines):
        return [re.sub(r" length=\d+", "", line).replace('\\x0A\\0"', '\\0"') for line in lines]
    return plain(base) == plain(is_advised) and any("[iamodbc]" in line for line in local)


def with_origins(base, local):
    """Ours says where a record comes from, where the base says nothing."""
    pairs = [(theirs, ours) for theirs, ours in zip(base, local) if theirs != ours]
    return len(base) == len(local) and all(
        re.match(r"  SQLGetDiagField\(1, (CLASS_ORIGIN|SUBCLASS_ORIGIN|CONNECTION_NAME|SERVER_NAME)\)", theirs)
        and r'value="\0"' in theirs for theirs, _ in pairs)


def with_name(base, local):
    """Ours says where a record comes from, where the base says nothing, or anything."""
    pairs = [(theirs, ours) for theirs, ours in zip(base, local) if theirs != ours]
    return len(base) == len(local) and all(
        re.match(r"  SQLGetDiagField\(1, (CONNECTION_NAME|SERVER_NAME)\)", theirs) and rf'value="{DSN}\0"' in ours
        for theirs, ours in pairs)


def without_a_row_count(base, local):
    """Only the number of rows of the cursor differs, which the base has closed."""
    pairs = [(theirs, ours) for theirs, ours in zip(base, local) if theirs != ours]
    return len(base) == len(local) and all(theirs.startswith("  SQLGetDiagField(0, CURSOR_ROW_COUNT)") for theirs, _ in pairs)


def with_an_answer(base, local):
    """The base takes no handle there, ours answers."""
    return base[0].endswith(" = INVALID_HANDLE") and re.search(r" = (SUCCESS|ERROR)$", local[0])


KNOWN = {"pg": [
    ("environment", r"SQLDriverConnect.*Description=ODBC 3\.80", without_warning,
     "psqlODBC takes ODBC 2 and 3 only, and unixODBC warns a program of ODBC 3.80; iamodbc takes 3.80"),
    ("failing", r"SQLDriverConnect.*Database=there_is_no_such_database", with_advice, "advice on what to look at"),
    ("failing", r"SQLDriverConnect.*Port=1", with_advice, "advice on what to look at"),
    ("connecting", r"SQLBrowseConnect", with_origins,
     "the base's handle is gone by then: origin and server are told as ODBC says, psqlODBC leaves them empty"),
], "maria": [
    ("failing", r"SQLDriverConnect.*Port=1", with_advice, "advice on what to look at"),
    ("connecting", r"SQLBrowseConnect", with_name,
     "likewise; MariaDB Connector/ODBC tells as the connection's name what memory held"),
    ("cancelling", r"SQLFetch", without_a_row_count, "iamodbc's SQLCancel leaves a cursor open on which nothing runs"),
    ("describing_of_odbc_2", r"SQLColAttributes\(", with_an_answer,
     "MariaDB Connector/ODBC's SQLColAttributesW takes no handle; iamodbc has none, so that the driver manager asks SQLColAttributeW"),
]}


ENDED = "the program ended with"  # a line that no section should have


class Known:
    def __init__(self, section, call, holds, reason):
        self.section, self.call, self.holds, self.reason, self.seen = section, re.compile(call), holds, reason, 0


def known_differences(database):
    return [Known(*row) for row in KNOWN[database]]


# ---------------------------------------------------------------------------------------------------------------------


def token(box, port):
    """A password for a base driver: botocore's token for the user of local-pg and local-maria."""
    key_id, secret, session_token = box.key()
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://localhost:{port}/",
                                             params={"Action": "connect", "DBUser": box.user})
    credentials = botocore.credentials.Credentials(key_id, secret, session_token)
    botocore.auth.SigV4QueryAuth(credentials, "rds-db", box.exports["RDS_REGION"], expires=900).add_auth(request)
    return request.url.removeprefix("https://")


def narrow_library(box):
    """libiamodbca.so, beside the library that odbcinst.ini names."""
    with open(box.directory + "/odbcinst.ini", encoding="utf-8") as file:
        driver = re.search(r"^\[iamodbc\]\nDriver=(.*)$", file.read(), re.MULTILINE)[1]
    return os.path.join(os.path.dirname(driver), "libiamodbca.so")


class Runner:
    """Runs sections over one driver."""

    def __init__(self, box, program, dsn, ansi=False, env=None):
        self.box, self.dsn, self.ansi, self.env = box, dsn, ansi, env
        self.program = [program, "--mariadb"] if dsn.endswith("maria") else [program]

    def section(self):
        """What is in odbc.ini."""
        if self.dsn.endswith("maria"):
            # SQL with "names" and ||; several statements in one text.
            changes = {"INITSTMT": "set sql_mode = 'ANSI,STRICT_ALL_TABLES'", "OPTIONS": "67108864"}
            if self.dsn == "base-maria":
                changes.update(UID=self.box.user, PWD=token(self.box, self.box.exports["RDS_MARIA_PORT"]))
        elif self.dsn == "base-pg":
            changes = {"Driver": "PostgreSQL ANSI"} if self.ansi else {}
            # psqlODBC takes a password of odbc.ini percent-encoded.
            changes.update(Username=self.box.user, Password=urllib.parse.quote(token(self.box, self.box.port), safe=""))
        else:
            changes = {"Driver": narrow_library(self.box), "BaseDriver": "PostgreSQL ANSI"} if self.ansi else {}
        return self.box.section(self.dsn, **changes)

    def run(self, width, *sections, prefix=(), seconds=live.SECONDS, traced=False):
        try:
            return self.box.run([*prefix, *self.program, DSN, width, *sections], ini={DSN: self.section()}, trace=traced,
                                seconds=seconds, env=self.env)
        except subprocess.TimeoutExpired as late:
            output = (late.stdout or b"").decode("utf-8", "replace")
            return subprocess.CompletedProcess(late.cmd, 1, output, "it took too long")

    def must(self, *sections):
        done = self.run("narrow", *sections)
        if done.returncode != 0:
            raise AssertionError(f"{self.dsn} {' '.join(sections)}: status {done.returncode}\n{done.stderr}")
        return done


def lines_of(done):
    text = done.stdout
    for pattern, name in NORMALISED:
        text = pattern.sub(name, text)
    lines = text.splitlines()
    if done.returncode != 0:
        how = signal.Signals(-done.returncode).name if done.returncode < 0 else f"status {done.returncode}"
        lines.append(f"{ENDED} {how} {done.stderr.strip()[-300:]}")
    return lines


def entries_of(box, done, section):
    """What the driver manager traced: an entry for each call and each return. The file is too large to be kept: searched here."""
    trace = os.path.join(os.path.dirname(done.kept), "trace")
    with open(trace, encoding="utf-8", errors="replace") as file:
        text = file.read()
    if box.secrets_in(text):
        raise AssertionError(f"{section}: a secret in {trace}")
    os.remove(trace)
    entries = text.removeprefix("[ODBC]").split("\n[ODBC]")
    for pattern, name in NORMALISED_TRACES + NORMALISED:
        entries = [pattern.sub(name, entry) for entry in entries]
    return entries


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
    def __init__(self, show=40, out=print, database="pg"):
        self.calls = self.differ = self.known = self.entries = 0
        self.show, self.out = show, out
        self.rows = known_differences(database)
        self.left_out, self.untraced = set(), set()

    def section(self, name, width, base, local):
        """Compares what two drivers printed of one section."""
        self.calls += max(sum(line.lstrip().startswith("SQL") for line in lines) for lines in (base, local))
        self.left_out |= {line for line in base if line.startswith("left out: ")}
        base, local = groups_of(base), groups_of(local)
        if any(group[0].startswith(ENDED) for group in base):
            self.differ += 1
            before = base[-2][0] if len(base) > 1 else "the start"
            self.out(f"{name}, {width}: over the base driver {base[-1][0]}, after {before}")
        self._compare(name, width, base, local)

    def traces(self, name, width, base, local):
        """Compares what the driver manager traced of one section, unless the drivers are known to differ there."""
        if name in UNTRACED or any(row.section == name for row in self.rows):
            self.untraced.add(name)
            return
        self.entries += max(len(base), len(local))
        self._compare(name, width + ", traced", *([(entry,) for entry in entries] for entries in (base, local)))

    def _compare(self, name, width, base, local):
        if base == local:
            return
        matcher = difflib.SequenceMatcher(None, base, local, autojunk=False)
        for what, i1, i2, j1, j2 in matcher.get_opcodes():
            if what == "equal":
                continue
            for at in range(max(i2 - i1, j2 - j1)):
                ours = local[j1 + at] if j1 + at < j2 else ()
                theirs = base[i1 + at] if i1 + at < i2 else ()
                self._different(name, width, theirs, ours, base[i1 - 1][0] if i1 > 0 else "the start")

    def _different(self, name, width, theirs, ours, before):
        for row in self.rows:
            is_row = row.section == name and theirs and ours and row.call.search(theirs[0])
            if is_row and row.holds(list(theirs), list(ours)):
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
        for line in sorted(self.left_out):
            self.out(line)
        for row in self.rows:
            if row.seen:
                self.out(f"known: {row.section}, {row.call.pattern}: {row.reason}")
        if self.entries:
            untraced = ", ".join(sorted(self.untraced))
            self.out(f"{self.entries} entries of the driver manager's traces compared too" +
                     (f" (not of {untraced})" if untraced else ""))
        self.out(f"{self.calls} calls compared, {self.differ} differ, {self.known} known")
        return self.differ == 0 and self.calls > 0


def sections_of(box, program):
    return box.run([program, "--sections"], trace=False).stdout.split()


def compare(box, program=PROGRAM, widths=("narrow", "wide"), sections=(), database="pg", to_itself=False, ansi=False,
            show=40, out=print, env=None):
    """Runs and compares; True if nothing differs that is not known."""
    base = Runner(box, program, f"base-{database}", ansi, env)
    other = base if to_itself else Runner(box, program, f"local-{database}", ansi, env)
    every = sections_of(box, program)
    comparison = Comparison(show, out, database)
    base.must("prepare")
    try:
        for width in widths:
            for section in sections or every:
                runs = [runner.run(width, section, traced=True) for runner in (base, other)]
                comparison.section(section, width, *map(lines_of, runs))
                if all(hasattr(done, "kept") for done in runs):
                    comparison.traces(section, width, *(entries_of(box, done, section) for done in runs))
    finally:
        base.must("clear")
    return comparison.close(is_whole=not to_itself and not sections)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--program", default=PROGRAM)
    parser.add_argument("--width", choices=["narrow", "wide"])
    parser.add_argument("--mariadb", action="store_const", dest="database", const="maria", default="pg")
    parser.add_argument("--ansi", action="store_true")
    parser.add_argument("--self", action="store_true", dest="to_itself")
    parser.add_argument("--show", type=int, default=40, help="how many differing calls to print")
    parser.add_argument("sections", nargs="*", metavar="SECTION")
    options = parser.parse_args()
    widths = (options.width,) if options.width else ("narrow", "wide")
    return 0 if compare(live.the_box(), options.program, widths, options.sections, options.database, options.to_itself,
                        options.ansi, options.show) else 1


if __name__ == "__main__":
    sys.exit(main())
