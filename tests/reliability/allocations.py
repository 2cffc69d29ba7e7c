# SPDX-License-Identifier: Apache-2.0
"""Each allocation that our own code asks for during a first connect fails once (failing.c): the application is told HY001, or is connected; the next
connect of the process comes in, and then not one byte more is in use than in a process where nothing failed: of our code's, of the base driver's, of anybody's."""
import tempfile

from faults import Fault, NotRun, Outcome, Sts, library, recording, role_of


def outcome_of(program, answer):
    outcome = Outcome()
    if not outcome.expect(answer.startswith("ok "), answer):
        return outcome
    tried, told, lost, leaked = map(int, answer.split()[1:])
    complaints = [line for line in program.complaints().splitlines() if line.startswith("allocation")]
    outcome.count = tried
    outcome.expect(told > tried // 2, f"only {told} of {tried} were told HY001: nothing fails")
    outcome.lost += [line for line in complaints if "bytes are left" not in line]
    outcome.leaked += [line for line in complaints if "bytes are left" in line]
    outcome.expect((len(outcome.lost), len(outcome.leaked)) == (lost, leaked), f"{answer}, and {len(complaints)} complaints")
    return outcome


def each(place, string, step, asks, env=None, seconds=600):
    with place.steady({**(env or {}), "LD_PRELOAD": library("failing")}) as program:
        return outcome_of(program, program.say("each", step, asks, string, seconds=seconds))


def keys_of_a_profile(place):
    return each(place, place.string(BaseDriver=recording()), 1, 0, {"AWS_PROFILE": "session"})


def keys_of_the_string(place):
    key_id, secret, session = place.box.key("session")
    return each(place, place.string("pg", BaseDriver=recording("mariadb"), AccessKeyID=key_id, SecretAccessKey=secret, SessionToken=session), 1, 0)


def keys_of_a_role(place):
    with tempfile.TemporaryDirectory(prefix="iamodbc-role-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts:
        return each(place, place.string(BaseDriver=recording()), place.more(3, 1), 0, role_of(place, sts, folder))


def over_the_server(base):
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        return each(place, place.string(base), place.more(11, 1), 1, {"AWS_PROFILE": "session"}, seconds=3600)
    return run


FAULTS = [Fault("an allocation fails: keys of a profile", keys_of_a_profile),
          Fault("an allocation fails: keys of the string", keys_of_the_string),
          Fault("an allocation fails: a role, over HTTP", keys_of_a_role),
          Fault("an allocation fails: over PostgreSQL", over_the_server("pg")),
          Fault("an allocation fails: over MariaDB", over_the_server("maria"))]
