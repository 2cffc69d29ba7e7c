# SPDX-License-Identifier: Apache-2.0
"""The database and its verifier fail: a connection is cut after so many bytes of a login, or in the middle of rows; the server is restarted by a crash; the verifier is slow."""
import contextlib
import os
import random
import select
import signal
import socket
import struct
import subprocess
import tempfile
import threading
import time

import pyodbc

from faults import BASES, ROLE, Fault, NotRun, Outcome, Sts, comes_in, grew, left_open, losing, role_of, timed, warmed

LOGIN_SECONDS = 5
SLACK = 3  # seconds that a busy machine may add


class Relay:
    """A port that leads to the server. `cut_after`: bytes of either way after which both sides lose the connection, by a reset if it `resets`; `silent_after`: ... after which nothing goes on."""

    def __init__(self, port):
        self.target = port
        self.cut_after = self.silent_after = None
        self.resets = False
        self.passed = 0  # bytes of the last connection
        self.listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = self.listener.getsockname()[1]
        self.ends = False

    def __enter__(self):
        self.thread = threading.Thread(target=self.serve, daemon=True)
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ends = True
        self.listener.close()
        self.thread.join(5)

    def serve(self):
        while not self.ends:
            readable, _, _ = select.select([self.listener], [], [], 0.2)
            if readable:
                with contextlib.suppress(OSError):
                    client, _ = self.listener.accept()
                    threading.Thread(target=self.lead, args=(client,), daemon=True).start()

    def lead(self, client):
        with client, contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.target)) as server:
            self.passed = 0
            while not self.ends:
                for source in select.select([client, server], [], [], 0.2)[0]:
                    data = source.recv(65536)
                    if not data:
                        return
                    limit = self.cut_after if self.cut_after is not None else self.silent_after
                    room = len(data) if limit is None else max(0, min(len(data), limit - self.passed))
                    self.passed += len(data)
                    (server if source is client else client).sendall(data[:room])
                    if room < len(data):
                        if self.cut_after is not None:
                            if self.resets:
                                client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                            return
                        self.silence()

    def silence(self):
        while not self.ends and self.silent_after is not None:
            time.sleep(0.05)


def through(place, base, relay, **changes):
    """A connection string whose login goes through the relay; the token is signed for the server itself."""
    port = relay.target
    return place.string(base, Port=relay.port, TokenHost="localhost", TokenPort=port, **changes)


def port_of(place, base):
    return int(place.box.exports["RDS_PORT" if base == "pg" else "RDS_MARIA_PORT"])


def in_login(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        with Relay(port_of(place, base)) as relay, place.steady() as program, losing(outcome, "cut in a login"):
            string = through(place, base, relay)
            comes_in(outcome, program, string, "before")
            comes_in(outcome, program, string, "before")
            relay.cut_after = None
            program.say("connect", string)
            whole = relay.passed
            program.say("disconnect")
            for cut in [0, 1, 100, whole // 2, whole - 10]:  # so that what is made once for every kind of failure is there
                relay.cut_after = cut
                program.say("connect", string)
                program.say("disconnect")
            relay.cut_after = None
            before = warmed(outcome, program, string)
            for cut in [0, 1, *sorted(random.sample(range(2, whole - 1), place.more(25, 250)))]:
                with losing(outcome, f"cut after {cut} bytes"):
                    relay.cut_after = cut
                    answer = program.say("connect", string)
                    outcome.count += 1
                    # Cut at the very end it may have come in; then it is dead.
                    if answer.startswith("ok"):
                        outcome.expect(program.say("ask", 2).startswith("refused"), f"cut after {cut} of {whole} bytes it came in, and answers")
                        program.say("disconnect")
                    relay.cut_after = None
                    if cut % 5 == 0 or answer.startswith("ok"):
                        comes_in(outcome, program, string, f"after a cut at byte {cut}")
            comes_in(outcome, program, string, "at the end")
            grew(outcome, "the program", before, program.state())
        return outcome
    return run


def silent_in_login(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        with Relay(port_of(place, base)) as relay, place.steady() as program, losing(outcome, "silent in a login"):
            string = through(place, base, relay)
            comes_in(outcome, program, string, "before")
            comes_in(outcome, program, string, "before")
            program.say("connect", string)
            whole = relay.passed
            program.say("disconnect")
            relay.silent_after = 3
            program.say("timeout", 2)
            program.say("connect", string)
            relay.silent_after = None
            before = warmed(outcome, program, string)
            # MariaDB Connector/ODBC, alone too, waits for ever where the server falls silent within TLS: it is asked for the beginning only. So does psqlODBC, for the answers to
            # what it asks after the login: the last tenth and more of all bytes.
            for silent in [0, 5, *sorted(random.sample(range(6, whole * 3 // 4 if base == "pg" else 200), place.more(1, 6)))]:
                with losing(outcome, f"silent after {silent} bytes"):
                    relay.silent_after = silent
                    answer = program.say("timeout", LOGIN_SECONDS) and program.say("connect", string)
                    outcome.count += 1
                    outcome.expect(answer.startswith("refused") and timed(answer) < (LOGIN_SECONDS + SLACK) * 1000, f"silent after {silent} bytes: {answer}")
                    relay.silent_after = None
                    comes_in(outcome, program, string, f"after silence at byte {silent}")
            grew(outcome, "the program", before, program.state())
        return outcome
    return run


ROWS = (2000, "select n, repeat('x', 100) from generate_series(1, 2000) n, pg_sleep(0.0001)")
MARIA_ROWS = (2000, "select seq, repeat('x', 100) from seq_1_to_2000")


def in_fetch(place):
    outcome = Outcome()
    with Relay(port_of(place, "pg")) as relay, place.steady() as program, losing(outcome, "a fetch"):
        string = through(place, "pg", relay, UseDeclareFetch=1, Fetch=10)
        before = warmed(outcome, program, string)
        for _ in range(place.more(5, 50)):
            with losing(outcome, "cut in fetch"):
                outcome.expect(program.say("connect", string).startswith("ok"), "connecting")
                opened = program.say("fetch", *ROWS)
                if not outcome.expect(opened == "open", opened):
                    continue
                relay.cut_after = relay.passed + random.randrange(1, 20000)
                answer = program.say("go on")
                outcome.count += 1
                outcome.expect(answer.startswith("refused"), f"a cut in fetch: {answer}")
                relay.cut_after = None
                program.say("disconnect")
                comes_in(outcome, program, string, "after a cut in fetch")
        left_open(outcome, "the program", before, program.state())
    return outcome


def in_answer(place):
    """MariaDB Connector/ODBC 3.1 takes all rows with the first, so the cut comes before that."""
    if "maria" not in place.bases:
        raise NotRun("MariaDB's server is not installed")
    outcome = Outcome()
    with Relay(port_of(place, "maria")) as relay, place.steady() as program, losing(outcome, "an answer"):
        string = through(place, "maria", relay)
        before = warmed(outcome, program, string)
        for _ in range(place.more(5, 50)):
            with losing(outcome, "cut in an answer"):
                outcome.expect(program.say("connect", string).startswith("ok"), "connecting")
                relay.cut_after = relay.passed + random.randrange(1, 200000)
                answer = program.say("fetch", *MARIA_ROWS)
                outcome.count += 1
                outcome.expect(answer.startswith("refused"), f"a cut in an answer: {answer}")
                relay.cut_after = None
                program.say("disconnect")
                comes_in(outcome, program, string, "after a cut in an answer")
        left_open(outcome, "the program", before, program.state())
    return outcome


def restarting(base):
    """All sessions are gone, and nobody comes in for a while."""
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        with place.steady() as program, place.steady() as other:
            string = place.string(base)
            comes_in(outcome, program, string, "before")
            for _ in range(place.more(2, 10)):
                with losing(outcome, "a restart"):
                    outcome.expect(program.say("connect", string).startswith("ok"), "connecting")
                    {"pg": crash, "maria": crash_maria}[base](place)
                    outcome.count += 1
                    answer = program.say("ask", 5)
                    outcome.expect(answer.startswith("refused"), f"asked over a connection that is gone: {answer}")
                    program.say("disconnect")
                    until = time.monotonic() + 30
                    while not (answer := other.say("connect", string)).startswith("ok") and time.monotonic() < until:
                        time.sleep(0.2)
                    outcome.expect(answer.startswith("ok"), f"after a restart: {answer}")
                    other.say("disconnect")
                    comes_in(outcome, program, string, "after a restart")
        return outcome
    return run


def crash_maria(place):
    """Kills the server itself, and starts it again as it was started."""
    box = place.box.exports["RDS_BOX"]
    with open(box + "/maria/pid", encoding="ascii") as file:
        pid = int(file.read())
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        command = [word for word in os.fsdecode(file.read()).split("\0")[:-1] if not word.startswith("--init-file=")]
    with open(f"/proc/{pid}/environ", "rb") as file:
        env = dict(word.split("=", 1) for word in os.fsdecode(file.read()).split("\0") if "=" in word)
    owner = os.stat(f"/proc/{pid}")
    os.kill(pid, signal.SIGKILL)
    until = time.monotonic() + 10
    while os.path.exists(f"/proc/{pid}/exe") and time.monotonic() < until:
        time.sleep(0.02)
    as_server = {} if os.geteuid() == owner.st_uid else {"user": owner.st_uid, "group": owner.st_gid, "extra_groups": []}
    with open(box + "/mariadb.log", "ab") as log:
        subprocess.Popen(command, cwd="/", env=env, stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True, **as_server)


def crash(place):
    """Kills the server's process behind a session of ours, as running out of memory would."""
    os.environ.update(ODBCSYSINI=place.box.directory, ODBCINI=place.box.directory + "/odbc.ini")
    connection = pyodbc.connect("DSN=base-pg", autocommit=True)
    try:
        os.kill(connection.execute("select pg_backend_pid()").fetchone()[0], signal.SIGKILL)
        time.sleep(0.3)
    finally:
        with contextlib.suppress(pyodbc.Error):
            connection.close()


def slow_verifier(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        with place.steady() as program, losing(outcome, "a slow verifier"):
            string = place.string(base)
            comes_in(outcome, program, string, "before")
            for delay in place.more((4,), (4, 6)):
                with place.box.control(delay_seconds=delay):
                    # libpq waits for two seconds at least; MariaDB Connector/ODBC, alone too, waits for as long as it takes.
                    for login_seconds, is_enough in ((2, False), (delay + 6, True)) if base == "pg" else ((delay + 6, True),):
                        program.say("timeout", login_seconds)
                        answer = program.say("connect", string)
                        outcome.count += 1
                        if is_enough:
                            outcome.expect(answer.startswith("ok"), f"{delay} s slow, {login_seconds} s given: {answer}")
                        else:
                            outcome.expect(answer.startswith("refused") and timed(answer) < (login_seconds + SLACK) * 1000, f"{delay} s slow, {login_seconds} s given: {answer}")
                        program.say("disconnect")
            program.say("timeout", 0)
            comes_in(outcome, program, string, "afterwards")
        return outcome
    return run


def sts_cut_off(place):
    """AWS's side ends in the middle of a call: no answer, or half of one. Each time other credentials are needed, so that none are at hand."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-sts-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts, Relay(sts.port) as relay:
        env = role_of(place, sts, folder, AWS_PROFILE="base", AWS_ENDPOINT_URL_STS=f"http://127.0.0.1:{relay.port}", AWS_MAX_ATTEMPTS="2")
        with place.steady(env) as program:
            comes_in(outcome, program, place.string(RoleArn=ROLE, RoleSessionName="before"), "before")
            whole = relay.passed
            before = program.state()
            for number, cut in enumerate([0, 1, *sorted(random.sample(range(2, whole - 1), place.more(10, 100)))]):
                with losing(outcome, f"cut after {cut} of {whole} bytes"):
                    string = place.string(RoleArn=ROLE, RoleSessionName=f"cut-{number}")
                    relay.cut_after = cut
                    program.say("timeout", LOGIN_SECONDS)
                    answer = program.say("connect", string)
                    outcome.count += 1
                    outcome.expect(answer.startswith("refused") and timed(answer) < (LOGIN_SECONDS + SLACK) * 1000, f"cut after {cut} of {whole} bytes: {answer}")
                    relay.cut_after = None
                    comes_in(outcome, program, string, f"after a cut at byte {cut}")
            outcome.leaked += [f"{more} open files" for more in [program.state()[1] - before[1]] if more > 0]
    return outcome


FAULTS = [Fault(f"{BASES['pg']} cuts a login off", in_login("pg")), Fault(f"{BASES['maria']} cuts a login off", in_login("maria")),
          Fault(f"{BASES['pg']} falls silent in a login", silent_in_login("pg")), Fault(f"{BASES['maria']} falls silent in a login", silent_in_login("maria")),
          Fault(f"{BASES['pg']} dies in a fetch", in_fetch), Fault(f"{BASES['maria']} dies in an answer", in_answer),
          Fault(f"{BASES['pg']} restarts", restarting("pg")), Fault(f"{BASES['maria']} restarts", restarting("maria")),
          Fault(f"the verifier is slow, {BASES['pg']}", slow_verifier("pg")), Fault(f"the verifier is slow, {BASES['maria']}", slow_verifier("maria")),
          Fault("AWS's answer is cut off", sts_cut_off)]
