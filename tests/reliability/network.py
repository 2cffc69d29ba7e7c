# SPDX-License-Identifier: Apache-2.0
"""A network that is cut and healed. Everything, the local RDS too, is in a network namespace whose only link goes down and comes up again."""
import ctypes
import dataclasses
import json
import os
import subprocess
import sys
import time

from faults import BASES, Fault, NotRun, Outcome, comes_in, left_open, losing, timed, warmed
from servers import LOGIN_SECONDS, ROWS, SLACK

CLONE_NEWNET = 0x40000000


def link(state):
    subprocess.run(["ip", "link", "set", "lo", state], check=True, timeout=10)


def own_network(work):
    """Runs work(place) in a child process that has a network of its own; its Outcome comes back as JSON."""
    def run(place):
        if os.geteuid() != 0:
            raise NotRun("a network namespace of one's own needs root")
        done = subprocess.run([sys.executable, os.path.abspath(__file__), work.__name__, "full" if place.full else "quick"], stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, text=True, timeout=900, check=False, env={name: value for name, value in os.environ.items() if name != "IAMODBC_TEST_BOX"})
        if done.returncode == 77:
            raise NotRun(done.stdout.strip())
        outcome = Outcome()
        if not outcome.expect(done.returncode == 0, done.stderr.strip()[-600:]):
            return outcome
        said = json.loads(done.stdout)
        outcome.count, outcome.lost, outcome.leaked = said["count"], said["lost"], said["leaked"]
        return outcome
    return run


def cut_before_a_login(place):
    outcome = Outcome()
    for base in place.bases:
        with place.steady() as program, losing(outcome, "cut before a login"):
            string = place.string(base)
            before = warmed(outcome, program, string)
            program.say("timeout", LOGIN_SECONDS)
            for _ in range(place.more(3, 10)):
                link("down")
                answer = program.say("connect", string)
                outcome.count += 1
                outcome.expect(answer.startswith("refused") and timed(answer) < (LOGIN_SECONDS + SLACK) * 1000, f"cut, {BASES[base]}: {answer}")
                link("up")
                comes_in(outcome, program, string, f"healed, {BASES[base]}")
            left_open(outcome, f"a login over {BASES[base]}", before, program.state())
    return outcome


def cut_in_a_login(place):
    """Cut while the verifier takes its time: the answer is on its way when nobody can be reached."""
    outcome = Outcome()
    for base in place.bases:
        with place.steady() as program, losing(outcome, "cut in a login"):
            string = place.string(base)
            before = warmed(outcome, program, string)
            # MariaDB Connector/ODBC, alone too, waits for ever for an answer within TLS: with it the network comes back.
            for is_healed in ([True, False] if base == "pg" else [True]) * place.more(1, 5):
                with place.box.control(delay_seconds=1):
                    program.say("timeout", LOGIN_SECONDS + (5 if is_healed else 0))
                    program.begin("connect", string)
                    time.sleep(0.5)
                    link("down")
                    if is_healed:
                        time.sleep(1)
                        link("up")
                    answer = program.answer()
                    outcome.count += 1
                    if is_healed:
                        outcome.expect(answer.startswith("ok"), f"healed in the login, {BASES[base]}: {answer}")
                    else:
                        outcome.expect(answer.startswith("refused") and timed(answer) < (LOGIN_SECONDS + SLACK) * 1000, f"cut in the login, {BASES[base]}: {answer}")
                    program.say("disconnect")
                    link("up")
                comes_in(outcome, program, string, f"healed, {BASES[base]}")
            left_open(outcome, f"a login over {BASES[base]}", before, program.state())
    return outcome


def cut_in_a_fetch(place):
    outcome = Outcome()
    with place.steady() as program, losing(outcome, "cut in a fetch"):
        string = place.string("pg", UseDeclareFetch=1, Fetch=50)
        for _ in range(place.more(2, 10)):
            outcome.expect(program.say("connect", string).startswith("ok"), "connecting")
            outcome.expect(program.say("fetch", *ROWS) == "open", "opening")
            link("down")
            program.begin("go on")
            time.sleep(1.5)
            link("up")
            answer = program.answer(60)
            outcome.count += 1
            outcome.expect(answer.startswith("ok"), f"healed in a fetch: {answer}")
            program.say("disconnect")
    return outcome


FAULTS = [Fault("the network is cut before a login, and healed", own_network(cut_before_a_login)),
          Fault("the network is cut in a login, and healed", own_network(cut_in_a_login)),
          Fault("the network is cut in a fetch, and healed", own_network(cut_in_a_fetch))]


def main():
    if ctypes.CDLL(None, use_errno=True).unshare(CLONE_NEWNET) != 0:
        print("this machine allows no network namespace")
        return 77
    link("up")
    from faults import Place  # pylint: disable=import-outside-toplevel
    outcome = globals()[sys.argv[1]](Place(sys.argv[2] == "full"))
    print(json.dumps(dataclasses.asdict(outcome)))
    return 0


if __name__ == "__main__":
    sys.exit(main())
