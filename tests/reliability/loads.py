# SPDX-License-Identifier: Apache-2.0
"""Many connects one after the other, and many threads for a long time while the keys change."""
import json
import os
import secrets
import tempfile
import threading
import time

from faults import BASES, Fault, NotRun, Outcome, comes_in, grew, losing, recording

# A key that is kept at the one moment and not at the other, with its token. Half a million logins that left a byte each would leave more.
KEPT_BYTES = 16384
ON_THE_WAY = 5  # seconds that a login takes at most, of a token that was signed at the end of its key


def cycles(base, count_of):
    """Memory is flat: no more in use at the end than after the first tenth."""
    def run(place):
        if base == "maria" and base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome, count = Outcome(), count_of(place)
        string = place.string(BaseDriver=recording()) if base == "recording" else place.string(base)
        ask = "again" if base != "recording" else "cycle"
        with place.steady() as program, losing(outcome, "connecting again and again"):
            for part in (count // 10, count - count // 10):
                answer = program.say(ask, part, string, seconds=3600)
                outcome.expect(answer.startswith("ok"), answer)
                outcome.count += part
                if part == count // 10:
                    before = program.state()
            grew(outcome, f"{count} connects", before, program.state())
        return outcome
    return run


class Rotation:
    """Keys of a credential program: each is handed out for `key_seconds`, and taken by the server for `overlap` longer, so that whoever has just been given it gets in, also
    where a busy machine is late with the next one; the program's answer says when it ends. They change from the beginning to the end, however long the program takes."""

    def __init__(self, place, folder, key_seconds, overlap):
        self.place, self.folder, self.key_seconds, self.overlap, self.keys = place, folder, key_seconds, overlap, []
        with open(os.open(folder + "/keys", os.O_WRONLY | os.O_CREAT, 0o700), "w", encoding="utf-8") as file:
            file.write(f"#!/bin/sh\necho asked >> {folder}/asked\ncat {folder}/answer\n")
        with open(folder + "/config", "w", encoding="utf-8") as file:
            file.write(f"[profile changing]\ncredential_process = {folder}/keys\n")
        self.env = {"AWS_PROFILE": "changing", "AWS_CONFIG_FILE": folder + "/config"}
        self.path = place.box.exports["RDS_KEYS"]
        with open(self.path, encoding="utf-8") as file:
            self.before = file.read()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.go_on, daemon=True)

    def __enter__(self):
        self.next()
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.ended.set()
        self.thread.join()
        self.write(self.path, self.before, os.stat(self.path).st_mode)

    def go_on(self):
        while not self.ended.wait(self.key_seconds):
            self.next()

    def next(self):
        now = time.time()
        key = ("ASIA" + secrets.token_hex(8).upper(), secrets.token_urlsafe(30), secrets.token_urlsafe(400), now + self.key_seconds + self.overlap)
        self.keys = [one for one in self.keys if one[3] + ON_THE_WAY > now] + [key]
        known = json.loads(self.before)
        for key_id, secret, session, _ in self.keys:
            known["keys"][key_id] = {"secret": secret, "session_token": session}
        self.write(self.path, json.dumps(known), os.stat(self.path).st_mode)
        end = time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(key[3]))
        answer = {"Version": 1, "AccessKeyId": key[0], "SecretAccessKey": key[1], "SessionToken": key[2], "Expiration": end}
        self.write(self.folder + "/answer", json.dumps(answer), 0o600)

    def asked(self):
        """How often the program was asked for keys."""
        with open(self.folder + "/asked", encoding="utf-8") as file:
            return len(file.readlines())

    @staticmethod
    def write(path, text, mode):
        with open(os.open(path + ".next", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path + ".next", mode & 0o777)
        os.replace(path + ".next", path)


def soak(base):
    """64 threads reconnect while keys come and go; a login fails only if the server would not have taken any key that AWS had given out."""
    def run(place):
        if base not in place.bases:
            raise NotRun("MariaDB's server is not installed")
        outcome = Outcome()
        seconds = int(os.environ.get("IAMODBC_SOAK_SECONDS", place.more(20, 1800 if base == "pg" else 180)))
        threads = place.more(32, 64)
        with tempfile.TemporaryDirectory(prefix="iamodbc-soak-") as folder, Rotation(place, folder, *place.more((4, 6), (20, 10))) as rotation:
            with place.steady(rotation.env) as program, losing(outcome, "the soak"):
                comes_in(outcome, program, place.string(base), "before")
                answer = program.say("soak", 2, threads, place.string(base), seconds=60)
                outcome.expect(answer.endswith(" 0"), f"before: {answer}")
                before, asked = program.state(), rotation.asked()
                answer = program.say("soak", seconds, threads, place.string(base), seconds=seconds + 120).split()
                outcome.expect(answer[0] == "ok", " ".join(answer))
                outcome.count, lost = int(answer[1]), int(answer[2])
                if lost:
                    outcome.lost += [line for line in program.complaints().splitlines() if line.startswith("lost")][:20] or [f"{lost} logins"]
                outcome.expect(outcome.count > seconds, f"only {outcome.count} logins in {seconds} s")
                # Keys are asked for at their end.
                changes, expected = rotation.asked() - asked, seconds // (rotation.key_seconds + rotation.overlap) // 2
                outcome.expect(changes >= max(1, expected), f"the keys changed {changes} times only")
                comes_in(outcome, program, place.string(base), "afterwards")
                grew(outcome, "the soak", before, program.state(), KEPT_BYTES)
        return outcome
    return run


FAULTS = [Fault("connects, our own code alone at work", cycles("recording", lambda place: 10000)),
          Fault(f"connects to {BASES['pg']}", cycles("pg", lambda place: place.more(300, 10000))),
          Fault(f"connects to {BASES['maria']}", cycles("maria", lambda place: place.more(300, 10000))),
          Fault(f"threads reconnect while keys change, {BASES['pg']}", soak("pg")),
          Fault(f"threads reconnect while keys change, {BASES['maria']}", soak("maria"))]
