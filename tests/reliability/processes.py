# SPDX-License-Identifier: Apache-2.0
"""What happens inside the program that has the driver in it: interrupted calls, closed pipes, cancelled threads, forks, a setuid program."""
import os
import random
import re
import shutil
import tempfile

from faults import BASES, ROLE, STEADY, Fault, NotRun, Outcome, Steady, Sts, comes_in, grew, losing, program_of, recording, role_of, warmed
from servers import LOGIN_SECONDS, Relay, port_of, through


def interrupted(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        string, count = place.string(base), place.more(40, 500)
        with place.steady() as program, losing(outcome, "interrupted"):
            before = warmed(outcome, program, string)
            program.say("storm", 500)
            answer = program.say("again", count, string, seconds=300)
            outcome.expect(answer.startswith("ok"), f"interrupted: {answer}")
            outcome.count = int(program.say("storm", 0).split()[1])
            outcome.expect(outcome.count >= count, f"only {outcome.count} interruptions")
            comes_in(outcome, program, string, "afterwards")
            grew(outcome, "the program", before, program.state())
        return outcome
    return run


def cancelled(place):
    """Anywhere in a login, the base driver included. What the base driver and libodbc hold of a call that never ends is theirs: only that nobody waits for ever, and that
    all goes on. The connection of a thread that is gone stays open until its program ends, so that each program has few. MariaDB Connector/C, alone too, leaves its own
    lock taken for ever."""
    outcome, string = Outcome(), place.string()
    for _ in range(place.more(2, 40)):
        with place.steady() as program, losing(outcome, "cancelled"):
            comes_in(outcome, program, string, "before")
            answer = program.say("cancelled", place.more(30, 50), string, seconds=200)
            outcome.expect(answer.startswith("ok"), answer)
            outcome.count += int(answer.split()[1])
            comes_in(outcome, program, string, "after cancelled threads")
    return outcome


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def cancelled_while_asking(way):
    """In our own code, while a program or AWS is asked for credentials: pipes, connections and the program itself go with the thread."""
    def run(place):
        outcome = Outcome()
        with tempfile.TemporaryDirectory(prefix="iamodbc-asked-") as folder, Sts(region=place.box.exports["RDS_REGION"], delay=0.05) as sts:
            env = program_of(place, folder, before="sleep 0.1") if way == "program" else role_of(place, sts, folder)
            with place.steady(env) as program, losing(outcome, "cancelled while asking"):
                string = place.string(BaseDriver=recording(), LoginCache="off")
                for _ in range(2):
                    outcome.expect(program.say("connect", string).startswith("ok"), "before")
                    program.say("disconnect")
                before = program.state()
                answer = program.say("cancelled", place.more(60, 600), string, seconds=400)
                outcome.expect(answer.startswith("ok"), answer)
                outcome.count = int(answer.split()[1])
                outcome.expect(way == "program" or len(sts.calls) > outcome.count // 4, f"AWS was asked {len(sts.calls)} times only")
                outcome.expect(program.say("connect", string).startswith("ok"), "after cancelled threads")
                program.say("disconnect")
                after = program.state()
                if after[1] > before[1]:
                    outcome.leaked.append(f"{after[1] - before[1]} open files")
                outcome.leaked += [f"the process {child}" for child in children_of(program.pid)]
        return outcome
    return run


def broken_pipes(place):
    """Whoever is written to has gone: the server, AWS's side of a call over TLS, whoever read the log. Of that the program hears nothing by SIGPIPE, which would end it.
    (MariaDB Connector/C, alone too, switches SIGPIPE off in the whole program, once, and leaves it to that.)"""
    outcome = Outcome()
    certificate = [os.path.join(place.box.exports["RDS_BOX"], "tls", name) for name in ("server.pem", "server.key")]
    with tempfile.TemporaryDirectory(prefix="iamodbc-pipes-") as folder, Sts(region=place.box.exports["RDS_REGION"], certificate=certificate) as sts, Relay(sts.port) as aws, \
            Relay(port_of(place, "pg")) as relay:
        env = role_of(place, sts, folder, AWS_PROFILE="base", AWS_ENDPOINT_URL_STS=f"https://localhost:{aws.port}", AWS_CA_BUNDLE=place.box.ca, AWS_MAX_ATTEMPTS="2")

        def string_of(name):
            return through(place, "pg", relay, RoleArn=ROLE, RoleSessionName=name, LogLevel="debug")

        reader, writer = os.pipe()
        with place.steady(env, errors=open(writer, "wb", buffering=0)) as program, losing(outcome, "broken pipes"):
            os.close(reader)
            outcome.expect(program.say("pipes") == "ok 0", "asking for SIGPIPE")
            comes_in(outcome, program, string_of("before"), "before")
            wholes = aws.passed, relay.passed
            for number in range(place.more(20, 100)):
                which, whole = ((aws, wholes[0]), (relay, wholes[1]))[number % 2]
                which.cut_after, which.resets = random.randrange(whole), number % 4 < 2
                program.say("timeout", LOGIN_SECONDS)
                program.say("connect", string_of(f"pipe-{number}"))
                program.say("disconnect")
                outcome.count += 1
                which.cut_after = None
                comes_in(outcome, program, string_of(f"pipe-{number}"), f"after a broken pipe, {number}")
            answer = program.say("pipes")
            outcome.expect(answer == "ok 0", f"SIGPIPE came: {answer}")
    return outcome


def forked(place):
    """While another thread is anywhere in a login. With MariaDB Connector/C a child waits now and then, also without iamodbc, for a lock that a thread of its parent held;
    with unixODBC and libpq less often: those children are told by their stacks and not counted."""
    outcome, count = Outcome(), place.more(40, 500)
    with place.steady() as program, losing(outcome, "forked"):
        answer = program.say("forked", count, place.string(), seconds=600)
        outcome.count = count
        waiting = re.fullmatch(r"ok 0 (\d+)", answer)
        if outcome.expect(waiting, f"{answer}; {program.complaints()[-600:]}"):
            outcome.count -= int(waiting[1])
        comes_in(outcome, program, place.string(), "afterwards")
    return outcome


def setuid(place):
    """Variables are whoever's started it, so none of ours and of AWS's counts; what stands in the string does."""
    if os.geteuid() != 0:
        raise NotRun("a setuid program of another user needs root")
    outcome = Outcome()
    key_id, secret, session = place.box.key("session")
    with tempfile.TemporaryDirectory(prefix="iamodbc-setuid-") as folder:
        os.chmod(folder, 0o755)
        program = shutil.copy(STEADY, folder + "/steady")
        os.chown(program, 65534, 65534)
        os.chmod(program, 0o4755)
        for variables in ({"AWS_ACCESS_KEY_ID": key_id, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": session}, {"AWS_PROFILE": "session"}):
            env = place.environment(**variables, HOME=folder)
            string = place.string(TLSCAFile=place.box.exports["RDS_CA"])
            with Steady(env, program=program) as run, losing(outcome, "setuid"):
                answer = run.say("connect", string)
                outcome.count += 1
                outcome.expect(answer.startswith("refused") and "AWS" in answer, f"variables of whoever started it count: {answer}")
                comes_in(outcome, run, f"{string};AccessKeyID={key_id};SecretAccessKey={secret};SessionToken={session}", "keys of the string")
            with Steady(env) as run:
                comes_in(outcome, run, string, "the same variables without setuid")
    return outcome


FAULTS = [Fault(f"calls are interrupted (EINTR), {BASES['pg']}", interrupted("pg")), Fault(f"calls are interrupted (EINTR), {BASES['maria']}", interrupted("maria")),
          Fault("pipes break (SIGPIPE)", broken_pipes),
          Fault(f"threads are cancelled, {BASES['pg']}", cancelled), Fault("threads are cancelled while a program is asked", cancelled_while_asking("program")),
          Fault("threads are cancelled while AWS is asked", cancelled_while_asking("role")),
          Fault(f"the program forks, {BASES['pg']}", forked),
          Fault("the program is setuid", setuid)]
