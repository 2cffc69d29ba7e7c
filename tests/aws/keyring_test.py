#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys that stand in no file: from the program of KeyPrompt, from the terminal, and from a keyring, which is here a stand-in of secret-tool that shows what it is
told. keyring_desktop.py has the real one."""
import json
import os
import pty
import select
import signal
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from world import TOOL, World, keys  # noqa: E402

# Keeps items in files under $HOME/items, and every command line in $HOME/told.
SECRET_TOOL = """#!/bin/sh
printf '%s\\n' "$*" >>"$HOME/told"
command=$1; shift
case $1 in --label=*) shift ;; esac
item=$HOME/items/$(printf '%s' "$*" | tr ' /' '__')
case $command in
  store) mkdir -p "$HOME/items" && cat >"$item" ;;
  lookup) cat "$item" 2>/dev/null || exit 1 ;;
  clear) rm "$item" 2>/dev/null || exit 1 ;;
esac
"""


def process_json(found):
    content = {"Version": 1, "AccessKeyId": found[0], "SecretAccessKey": found[1], "SessionToken": found[2]}
    return json.dumps({name: value for name, value in content.items() if value})


class Keyring(World):
    def setUp(self):
        super().setUp()
        self.keys = self.new_keys()

    def program(self, name, text):
        path = self.write("bin/" + name, text)
        os.chmod(path, 0o700)
        return path

    def with_secret_tool(self, text=SECRET_TOOL):
        self.program("secret-tool", text)
        return {"PATH": self.home + "/bin:" + os.environ["PATH"]}

    # ---- KeyPrompt ----

    def test_a_program_that_asks_for_keys(self):
        program = self.program("ask", "#!/bin/sh\necho asked >>\"$HOME/asked\"\ncat \"$HOME/keys.json\"\n")
        self.write("keys.json", process_json(self.keys))
        for more in ({}, {"Credentials": "Keyring"}):
            self.found(self.keys, self.dsn(KeyPrompt=program, **more), AWS_ACCESS_KEY_ID="AKIAOTHER", AWS_SECRET_ACCESS_KEY="other")
        with open(self.home + "/asked", encoding="utf-8") as file:
            self.assertEqual(2, len(file.readlines()), "at each connect")
        self.write("keys.json", "nothing")
        self.fails("KeyPrompt (ask)", "not a JSON object", arguments=["here"])
        self.write("keys.json", json.dumps({"Version": 1, "AccessKeyId": "AKIAENDED", "SecretAccessKey": "ended", "Expiration": "2024-01-01T00:00:00Z"}))
        self.fails("The credentials are expired: KeyPrompt (ask) gives keys that ended at 2024-01-01T00:00:00Z", arguments=["here"])
        with open(self.home + "/asked", encoding="utf-8") as file:
            self.assertEqual(4, len(file.readlines()), "a person is asked once")

    def test_a_string_may_not_name_that_program(self):
        program = self.program("ask", "#!/bin/sh\ntouch \"$HOME/asked\"\n")
        self.fails("KeyPrompt is not taken from a connection string", state="HY024", arguments=[f"DSN={self.dsn()};KeyPrompt={program}"])
        self.assertFalse(os.path.exists(self.home + "/asked"))

    # ---- the keyring ----

    def test_login_puts_keys_there_and_the_dsn_finds_them(self):
        at = self.with_secret_tool()
        dsn = self.dsn(Credentials="Keyring", Profile="work")
        done = self.tool("login", "--keys", dsn, text_in=process_json(self.keys), **at)
        self.assertEqual((0, "the keyring holds the keys of profile work; Credentials=Keyring with Profile=work uses them\n"), (done.returncode, done.stdout))
        self.found(self.keys, dsn, **at)
        done = self.tool("credentials", "--explain", dsn, **at)
        self.assertIn("keyring: used", done.stdout)
        self.assertIn("from the keyring, profile work", done.stdout)
        with open(self.home + "/told", encoding="utf-8") as file:
            told = file.read()
        self.no_secret(told)
        self.assertNotIn(self.keys[0], told)
        self.assertIn("lookup application iamodbc profile work\n", told)
        self.assertEqual(0, self.tool("login", "--keys", "--remove", "--profile", "work", **at).returncode)
        self.fails("The keyring holds no keys of profile work", "iamodbc login --keys", "no terminal", arguments=[dsn], **at)

    def test_each_profile_has_its_own(self):
        at, other = self.with_secret_tool(), self.new_keys()
        self.tool("login", "--keys", text_in=process_json(self.keys), **at)
        self.tool("login", "--keys", "--profile", "dev", text_in=process_json(other), **at)
        self.found(self.keys, self.dsn(Credentials="Keyring"), **at)
        self.found(other, self.dsn(Credentials="Keyring", Profile="dev"), **at)

    def test_what_is_not_keys_is_not_kept_nor_used(self):
        at = self.with_secret_tool()
        for text in ("", "keys", json.dumps({"AccessKeyId": "AKIA"})):
            done = self.tool("login", "--keys", text_in=text, **at)
            self.assertEqual(1, done.returncode)
            self.assertIn("Standard input holds no AWS keys", done.stderr)
        self.assertFalse(os.path.exists(self.home + "/told"))
        self.write("items/application_iamodbc_profile_default", "junk")
        self.fails("What the keyring holds for profile default are no AWS keys", arguments=[self.dsn(Credentials="Keyring")], **at)

    def test_without_a_keyring(self):
        dsn = self.dsn(Credentials="Keyring")
        self.fails("The keyring cannot be reached", "cannot be started", "libsecret-tools", "KeyPrompt", "no terminal", arguments=[dsn], PATH=self.home)
        at = self.with_secret_tool("#!/bin/sh\necho 'secret-tool: Cannot autolaunch D-Bus' >&2\nexit 1\n")
        self.fails("The keyring cannot be reached: secret-tool: Cannot autolaunch D-Bus", "no terminal", arguments=[dsn], **at)
        done = self.tool("login", "--keys", text_in=process_json(self.keys), **at)
        self.assertEqual(1, done.returncode)
        self.assertIn("The keyring cannot be reached: secret-tool: Cannot autolaunch D-Bus", done.stderr)
        done = self.tool("login", "--keys", text_in=process_json(self.keys), **self.with_secret_tool("#!/bin/sh\nexit 1\n"))
        self.assertIn("The keyring cannot be reached: secret-tool gives no reason.", done.stderr)

    def test_a_keyring_that_waits_for_its_owner_keeps_to_the_login_time(self):
        at = self.with_secret_tool("#!/bin/sh\nexec sleep 60\n")
        dsn = self.dsn(Credentials="Keyring", TLS="require")
        done = self.tool("check", "--timeout", "1", dsn, **at)
        self.assertEqual(1, done.returncode)
        self.assertIn("[HYT00]", done.stderr)
        self.assertLess(done.seconds, 3)

    # ---- the terminal ----

    def on_terminal(self, arguments, answers, **variables):
        """Runs the tool on a terminal of its own and types the answers; gives status and all that the terminal showed."""
        pid, terminal = pty.fork()
        if pid == 0:
            try:
                os.chdir(self.home)
                os.execve(TOOL, [TOOL, *arguments], self.environment(**variables))
            finally:
                os._exit(99)
        shown, typed, ends = "", 0, time.monotonic() + 20
        try:
            while time.monotonic() < ends:
                if select.select([terminal], [], [], 0.1)[0]:
                    try:
                        got = os.read(terminal, 65536)
                    except OSError:
                        break
                    if not got:
                        break
                    shown += got.decode()
                if typed < len(answers) and shown.count("(not shown): ") > typed:
                    os.write(terminal, answers[typed].encode() + b"\n")
                    typed += 1
            else:
                os.kill(pid, signal.SIGKILL)
        finally:
            os.close(terminal)
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown

    def test_the_terminal_is_asked_where_the_keyring_has_none(self):
        at, dsn = self.with_secret_tool(), self.dsn(Credentials="Keyring")
        status, shown = self.on_terminal(["credentials", "--explain", dsn], self.keys, **at)
        self.assertEqual(0, status, shown)
        self.assertIn("AWS access key id of default", shown)
        self.assertIn("AWS session token", shown)
        self.assertIn("from the terminal, with a session token", shown)
        self.no_secret(shown)
        status, shown = self.on_terminal(["credentials", dsn], self.keys[:1] + ("",), **at)
        self.assertEqual(1, status)
        self.assertIn("gave no answer", shown)

    def test_login_asks_on_the_terminal(self):
        at, found = self.with_secret_tool(), keys("AKIA")[:2] + (None,)  # long-term keys: no session token is asked for
        self.secrets.append(found[1])
        status, shown = self.on_terminal(["login", "--keys"], found[:2], **at)
        self.assertEqual(0, status, shown)
        self.assertNotIn("session token", shown)
        self.no_secret(shown)
        self.found(found, self.dsn(Credentials="Keyring"), **at)


if __name__ == "__main__":
    unittest.main()
