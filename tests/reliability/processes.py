# SPDX-License-Identifier: Apache-2.0
"""What happens inside the program that has the driver in it: interrupted calls, closed pipes, cancelled threads, forks, a setuid program."""
import os
import shutil
import tempfile

from faults import BASES, STEADY, Fault, NotRun, Outcome, Steady, comes_in, grew, losing, warmed


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


def cancelled(base):
    """What a base driver and libodbc hold of a call that never ends is theirs: only that nobody waits for ever, and that all goes on."""
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        with place.steady() as program, losing(outcome, "cancelled"):
            comes_in(outcome, program, place.string(base), "before")
            for _ in range(place.more(2, 10)):
                answer = program.say("cancelled", place.more(30, 100), place.string(base), seconds=200)
                outcome.expect(answer.startswith("ok"), answer)
                outcome.count += int(answer.split()[1])
                comes_in(outcome, program, place.string(base), "after cancelled threads")
        return outcome
    return run


def forked(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome, count = Outcome(), place.more(30, 500)
        with place.steady() as program, losing(outcome, "forked"):
            answer = program.say("forked", count, place.string(base), seconds=600)
            outcome.count = count
            outcome.expect(answer == "ok 0", f"{answer}; {program.complaints()[-600:]}")
            comes_in(outcome, program, place.string(base), "afterwards")
        return outcome
    return run


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
          Fault(f"threads are cancelled, {BASES['pg']}", cancelled("pg")), Fault(f"threads are cancelled, {BASES['maria']}", cancelled("maria")),
          Fault(f"the program forks, {BASES['pg']}", forked("pg")), Fault(f"the program forks, {BASES['maria']}", forked("maria")),
          Fault("the program is setuid", setuid)]
