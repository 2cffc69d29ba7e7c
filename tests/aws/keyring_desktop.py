#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Keys in the real keyring of a desktop: gnome-keyring on a D-Bus session of its own, reached by the real secret-tool."""
import json
import os
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from keyring_test import process_json  # noqa: E402
from world import TOOL, World  # noqa: E402

SCRIPT = """
export DBUS_SESSION_BUS_ADDRESS
printf word | gnome-keyring-daemon --unlock --components=secrets --foreground >/dev/null 2>&1 &
daemon=$!
for i in 1 2 3 4 5 6 7 8 9 10; do secret-tool search none none >/dev/null 2>&1 && break; sleep 0.2; done
"$1" login --keys here <keys.json && "$1" credentials here
echo "looked up: $(secret-tool lookup application iamodbc profile default)"
"$1" login --keys --remove here
"$1" credentials here || echo refused
kill $daemon
wait $daemon 2>/dev/null
"""


class Desktop(World):
    def test_keys_go_into_the_keyring_and_come_out_of_it(self):
        found = self.new_keys()
        self.write("keys.json", process_json(found))
        self.dsn(Credentials="Keyring")
        with tempfile.TemporaryDirectory(prefix="iamodbc-run-") as folder:
            done = self.run_script(folder)
        lines = done.stdout.splitlines()
        self.assertEqual("the keyring holds the keys of profile default; Credentials=Keyring uses them", lines[0], done.stderr)
        self.assertEqual(list(found), [json.loads(lines[1])[name] for name in ("AccessKeyId", "SecretAccessKey", "SessionToken")])
        self.assertEqual(found[1], json.loads(lines[2].removeprefix("looked up: "))["SecretAccessKey"])
        self.assertEqual(["the keyring holds no keys of profile default any more", "refused"], lines[3:])
        self.assertIn("The keyring holds no keys of profile default", done.stderr)

    def run_script(self, folder):
        done = subprocess.run(["dbus-run-session", "--", "sh", "-c", SCRIPT, "sh", TOOL], cwd=self.home, text=True, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False, env=self.environment(XDG_RUNTIME_DIR=folder))
        self.no_secret(done.stderr)
        return done


if __name__ == "__main__":
    unittest.main()
