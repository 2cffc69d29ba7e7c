# SPDX-License-Identifier: Apache-2.0
"""What is left of secrets in the memory of a program that is connected, and of one that has disconnected.

A core of the program, which gdb takes, is searched for secret access key, session token, token, and the lines of the password file. Memory that was given back is
mostly used again at once, so the same is asked of a program that gives nothing back (hoarding.c), which also tells whose memory it is."""
import os
import re
import shutil
import subprocess
import tempfile
import urllib.parse

from faults import BASES, ROLE, Fault, NotRun, Outcome, Sts, library
from sts import ACCOUNT
import user_keyring

SIGNATURE = rb"X-Amz-Signature=[0-9a-f]{64}"
# Whose memory may hold the token or a part of it, and the line of the password file; docs/security.md says why.
OF_THE_BASE = {"pg": {"libpq.so.5", "libc.so.6", "libcrypto.so.3", "libssl.so.3", "psqlodbcw.so"},
               "maria": {"libmariadb.so.3", "libmaodbc.so", "libc.so.6", "libcrypto.so.3", "libssl.so.3"}}
# Copies that the JSON library leaves of a text while it reads it, where keys come as JSON.
OF_THE_JSON_READER = 9


def keys_of(place):
    """What must never stay behind, by name, of the keys of profile session."""
    _, secret, token = place.box.key("session")
    return {"the secret access key": secret, "the session token": token[:48], "the end of the session token": token[-48:]}


def core_of(pid, folder):
    """The program's writable memory, byte for byte."""
    if shutil.which("gdb") is None:
        raise NotRun("gdb is not installed")
    path = os.path.join(folder, "core")
    done = subprocess.run(["gdb", "-nx", "-batch", "-p", str(pid), "-ex", "set use-coredump-filter off", "-ex", "set dump-excluded-mappings on",
                           "-ex", f"generate-core-file {path}"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=120, check=False)
    if not os.path.exists(path):
        if b"ptrace" in done.stdout:
            raise NotRun("this machine lets nobody look into a program (ptrace)")
        raise AssertionError(done.stdout[-500:])
    with open(path, "rb") as file:
        content = file.read()
    os.unlink(path)
    return content


def search(outcome, core, place, when, most_tokens):
    """`most_tokens`: how often the token may stand there."""
    for name, value in keys_of(place).items():
        if count := core.count(value.encode()):
            outcome.leaked.append(f"{when}: {name}, {count} times")
    tokens = len(re.findall(SIGNATURE, core))
    if tokens > most_tokens:
        outcome.leaked.append(f"{when}: a token with its signature, {tokens} times")
    return tokens


def in_a_core(base):
    def run(place):
        outcome = Outcome()
        env = {"AWS_PROFILE": "session"}
        with tempfile.TemporaryDirectory(prefix="iamodbc-core-") as folder, place.steady(env) as program:
            answer = program.say("connect", f"DSN=local-{base}")
            if not outcome.expect(answer.startswith("ok"), answer):
                return outcome
            program.say("ask", 1)
            # The cache of logins holds one; what else there is belongs to the base driver, and goes by what was seen of it.
            connected = core_of(program.pid, folder)
            found = search(outcome, connected, place, "connected", 1 + {"pg": 4, "maria": 10}[base])
            # A search that finds nothing must be able to find something.
            outcome.expect(found >= 1 and place.box.exports["RDS_USER"].encode() in connected, "the search finds nothing at all in the core")
            if re.search(rb"\*:\*:\*:\*:[^\n]*X-Amz-Signature", connected):
                outcome.leaked.append("connected: the password file")
            program.say("disconnect")
            search(outcome, core_of(program.pid, folder), place, "disconnected", 1 + {"pg": 3, "maria": 10}[base])
            outcome.count = 2
        return outcome
    return run


def holders(program, text):
    """{library: how often its memory holds the text}"""
    return {name: int(count) for name, _, count in (word.partition("=") for word in program.say("holders", text).split()[1:])}


def in_memory_given_back(base, way):
    """`way`: from where the keys come."""
    def run(place):
        outcome = Outcome()
        key_id, secret, session = place.box.key("session")
        env, string = {"AWS_PROFILE": "session"}, f"DSN=local-{base}"
        if way == "string":
            env, string = {}, f"DSN=local-{base};AccessKeyID={key_id};SecretAccessKey={secret};SessionToken={session}"
        with tempfile.TemporaryDirectory(prefix="iamodbc-given-") as folder:
            if way == "process":
                os.chmod(folder, 0o700)
                with open(folder + "/keys", "w", encoding="utf-8") as file:
                    file.write(f'#!/bin/sh\necho \'{{"Version": 1, "AccessKeyId": "{key_id}", "SecretAccessKey": "{secret}", "SessionToken": "{session}"}}\'\n')
                os.chmod(folder + "/keys", 0o700)
                with open(folder + "/config", "w", encoding="utf-8") as file:
                    file.write(f"[profile other]\ncredential_process = {folder}/keys\n")
                env = {"AWS_PROFILE": "other", "AWS_CONFIG_FILE": folder + "/config"}
            with place.steady({**env, "LD_PRELOAD": library("hoarding")}) as program:
                answer = program.say("connect", string)
                if not outcome.expect(answer.startswith("ok"), answer):
                    return outcome
                program.say("ask", 1)
                program.say("disconnect")
                parts = {**keys_of(place), "the beginning of its key": "AWS4" + secret}
                for name, value in parts.items():
                    found = holders(program, value)
                    if way == "process" and found.get("iamodbc", 0) <= OF_THE_JSON_READER:
                        found.pop("iamodbc", None)
                    # What the application itself gave passes through the driver manager, which keeps it.
                    allowed = {"libodbc.so.2", "libodbcinst.so.2"} if way == "string" else set()
                    outcome.leaked += [f"{name} in memory of {where}, {count} times" for where, count in found.items() if where not in allowed]
                    outcome.count += 1
                for name, value in (("the session token within a token", urllib.parse.quote(session, safe="-._~")[:48]), ("a signature", "X-Amz-Signature=")):
                    found = holders(program, value)
                    # The one login that is kept.
                    if found.get("iamodbc", 0) != 1:
                        outcome.leaked.append(f"{name} in our own memory, {found.get('iamodbc', 0)} times instead of once")
                    outcome.leaked += [f"{name} in memory of {where}" for where in found if where not in OF_THE_BASE[base] | {"iamodbc"}]
                    outcome.count += 1
                found = holders(program, "*:*:*:*:")
                outcome.leaked += [f"the password file in memory of {where}" for where in found if where not in OF_THE_BASE[base]]
                outcome.count += 1
        return outcome
    return run


def of_a_role(place):
    """Keys go out in headers and come in by XML. Of the key that asks nothing stays with us; what came is kept once. libcurl keeps its headers and what it read."""
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-role-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts:
        asking, given = place.box.key("session1500"), place.box.key("session")
        sts.know(asking, f"arn:aws:iam::{ACCOUNT}:user/jane")
        sts.role(ROLE, keys=[given])
        with open(folder + "/credentials", "w", encoding="utf-8") as file:
            file.write(f"[base]\naws_access_key_id = {asking[0]}\naws_secret_access_key = {asking[1]}\naws_session_token = {asking[2]}\n")
        with open(folder + "/config", "w", encoding="utf-8") as file:
            file.write(f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n")
        env = {"HOME": folder, "AWS_CONFIG_FILE": folder + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials", "AWS_PROFILE": "ops",
               "AWS_ENDPOINT_URL_STS": sts.url, "LD_PRELOAD": library("hoarding")}
        with place.steady(env) as program:
            answer = program.say("connect", "DSN=local-pg")
            outcome.expect(answer.startswith("ok"), answer)
            program.say("disconnect")
            of_curl = {"libcurl.so.4"}
            for name, value, ours, others in (("the secret key that asks", asking[1], 0, set()), ("the beginning of its key", "AWS4" + asking[1], 0, set()),
                                              ("the session token that asks", asking[2][:48], 0, of_curl), ("the end of it", asking[2][-48:], 0, of_curl),
                                              ("the secret key that came", given[1], 1, of_curl), ("the session token that came", given[2][:48], 1, of_curl),
                                              ("the end of that", given[2][-48:], 1, of_curl)):
                found = holders(program, value)
                outcome.count += 1
                if found.get("iamodbc", 0) != ours:
                    outcome.leaked.append(f"{name} in our own memory, {found.get('iamodbc', 0)} times instead of {ours}")
                outcome.leaked += [f"{name} in memory of {where}" for where in found if where not in others | {"iamodbc"}]
    return outcome


def taken_from_the_keyring(place):
    """With LoginCache=user, in the program that fetched keys, signed a token and put both there, and in the one that took both."""
    if not user_keyring.is_usable():
        raise NotRun("the kernel's user keyring is forbidden here")
    outcome = Outcome()
    with tempfile.TemporaryDirectory(prefix="iamodbc-kept-") as folder, Sts(region=place.box.exports["RDS_REGION"]) as sts, user_keyring.left_as_found():
        given, asking = place.box.key("session"), sts.user("jane")
        sts.role(ROLE, keys=[given])
        with open(folder + "/credentials", "w", encoding="utf-8") as file:
            file.write(f"[base]\naws_access_key_id = {asking[0]}\naws_secret_access_key = {asking[1]}\n")
        with open(folder + "/config", "w", encoding="utf-8") as file:
            file.write(f"[profile ops]\nrole_arn = {ROLE}\nsource_profile = base\n")
        env = {"HOME": folder, "XDG_RUNTIME_DIR": folder, "AWS_CONFIG_FILE": folder + "/config", "AWS_SHARED_CREDENTIALS_FILE": folder + "/credentials", "AWS_PROFILE": "ops",
               "AWS_ENDPOINT_URL_STS": sts.url, "LD_PRELOAD": library("hoarding")}
        for who in ("who put them there", "who took them"):
            with place.steady(env) as program:
                answer = program.say("connect", "DSN=local-pg;LoginCache=user")
                outcome.expect(answer.startswith("ok"), answer)
                program.say("disconnect")
                for name, value, most in (("the secret key", given[1], 1 + OF_THE_JSON_READER), ("the session token", given[2][:48], 1 + OF_THE_JSON_READER),
                                          ("the beginning of a signing key", "AWS4" + given[1], 0), ("a signature", "X-Amz-Signature=", 1)):
                    found = holders(program, value).get("iamodbc", 0)
                    outcome.count += 1
                    if found > most:
                        outcome.leaked.append(f"{who}: {name} in our own memory, {found} times instead of {most}")
        outcome.expect(sts.actions() == ["AssumeRole"], f"the second one asked too: {sts.actions()}")
    return outcome


def only_with_maria(run):
    def judged(place):
        if "maria" not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        return run(place)
    return judged


FAULTS = [Fault(f"secrets in a core of the program, {BASES['pg']}", in_a_core("pg")),
          Fault(f"secrets in a core of the program, {BASES['maria']}", only_with_maria(in_a_core("maria"))),
          Fault("secrets in memory given back: keys of a profile", in_memory_given_back("pg", "profile")),
          Fault("secrets in memory given back: keys of the string", in_memory_given_back("pg", "string")),
          Fault("secrets in memory given back: keys of a program", in_memory_given_back("pg", "process")),
          Fault("secrets in memory given back: keys of a role", of_a_role),
          Fault("secrets in memory given back: keys and tokens of the kernel's keyring", taken_from_the_keyring),
          Fault(f"secrets in memory given back, {BASES['maria']}", only_with_maria(in_memory_given_back("maria", "profile")))]
