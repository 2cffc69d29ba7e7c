# SPDX-License-Identifier: Apache-2.0
"""What happens inside the program that has the driver in it: interrupted calls, closed pipes, cancelled threads, forks, a setuid program."""
import os
import shutil
import tempfile

from faults import BASES, STEADY, Fault, NotRun, Outcome, Steady, comes_in, grew, losing, recording, warmed


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
    all goes on. MariaDB Connector/C, alone too, leaves its own lock taken for ever."""
    outcome = Outcome()
    with place.steady() as program, losing(outcome, "cancelled"):
        string = place.string()
        comes_in(outcome, program, string, "before")
        for _ in range(place.more(2, 20)):
            answer = program.say("cancelled", place.more(30, 100), string, seconds=200)
            outcome.expect(answer.startswith("ok"), answer)
            outcome.count += int(answer.split()[1])
            comes_in(outcome, program, string, "after cancelled threads")
    return outcome


def children_of(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as file:
        return file.read().split()


def cancelled_while_asking(place):
    """In our own code, while a program is asked for credentials: its pipes and the program itself go with the thread."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-asked-") as folder:
        key_id, secret, session = place.box.key("session")
        with open(folder + "/keys", "w", encoding="utf-8") as file:
            file.write(f'#!/bin/sh\nsleep 0.1\necho \'{{"Version": 1, "AccessKeyId": "{key_id}", "SecretAccessKey": "{secret}", "SessionToken": "{session}"}}\'\n')
        os.chmod(folder + "/keys", 0o700)
        with open(folder + "/config", "w", encoding="utf-8") as file:
            file.write(f"[profile asked]\ncredential_process = {folder}/keys\n")
        with place.steady({"AWS_PROFILE": "asked", "AWS_CONFIG_FILE": folder + "/config"}) as program, losing(outcome, "cancelled while asking"):
            string = place.string(BaseDriver=recording())
            outcome.expect(program.say("connect", string).startswith("ok"), "before")
            program.say("disconnect")
            before = program.state()
            answer = program.say("cancelled", place.more(60, 600), string, seconds=200)
            outcome.expect(answer.startswith("ok"), answer)
            outcome.count = int(answer.split()[1])
            after = program.state()
            if after[1] > before[1]:
                outcome.leaked.append(f"{after[1] - before[1]} open files")
            outcome.leaked += [f"the process {child}" for child in children_of(program.pid)]
            outcome.expect(program.say("connect", string).startswith("ok"), "after cancelled threads")
    return outcome


def forked(place):
    """While another thread is anywhere in a login. With MariaDB Connector/C a child waits now and then, also without iamodbc, for a lock that a thread of its parent held."""
    outcome, count = Outcome(), place.more(40, 500)
    with place.steady() as program, losing(outcome, "forked"):
        answer = program.say("forked", count, place.string(), seconds=600)
        outcome.count = count
        outcome.expect(answer == "ok 0", f"{answer}; {program.complaints()[-600:]}")
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
          Fault(f"threads are cancelled, {BASES['pg']}", cancelled), Fault("threads are cancelled while a program is asked", cancelled_while_asking),
          Fault(f"the program forks, {BASES['pg']}", forked),
          Fault("the program is setuid", setuid)]
