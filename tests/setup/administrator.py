#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The graphical administrator of Debian's ODBC packages, iODBC's, on a screen of its own: its mouse and keyboard add,
configure and remove a data source of ours through the setup library.
"""
import os
import shutil
import subprocess
import tempfile
import time
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
LIBRARIES = os.environ.get("IAMODBC_LIBRARIES", os.path.join(TOP, "build", "dev", "lib"))
MAIN, CHOOSER, SETUP, CONFIRM = "iODBC Data Source Administrator", "Choose an ODBC Driver", "Setup of DSN", "Confirm"
FIRST_DSN, ADD, REMOVE, CONFIGURE = (100, 90), (544, 67), (544, 107), (544, 146)
FIRST_DRIVER, FINISH = (250, 57), (450, 426)
NAME, VALUE, UPDATE, OK = (390, 51), (280, 384), (542, 384), (547, 426)
AUTH_TYPE = (40, 155)  # of the names, which are sorted, the second


class Administrator(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-administrator-")
        self.addCleanup(shutil.rmtree, self.folder)
        drivers = self.folder + "/odbcinst.ini"
        self.users = self.folder + "/odbc.ini"
        with open(drivers, "w", encoding="utf-8") as file:
            file.write(f"[ODBC Drivers]\niamodbc=Installed\n\n[iamodbc]\nDriver={LIBRARIES}/libiamodbc.so\nSetup={LIBRARIES}/libiamodbcS.so\n")
        with open(self.users, "w", encoding="utf-8") as file:
            file.write("; mine\n[ODBC Data Sources]\n")
        self.variables = {"HOME": self.folder, "ODBCSYSINI": self.folder, "ODBCINI": self.users, "ODBCINSTINI": drivers, "SYSODBCINSTINI": drivers,
                          "SYSODBCINI": self.folder + "/system.ini", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        readable, writable = os.pipe()
        with os.fdopen(readable, encoding="ascii") as number:
            self.start(["Xvfb", "-displayfd", str(writable), "-screen", "0", "1000x800x24"], pass_fds=[writable])
            os.close(writable)
            self.variables["DISPLAY"] = ":" + number.readline().strip()
        self.start(["iodbcadm-gtk"])

    def start(self, command, **options):
        process = subprocess.Popen(command, env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, **options)
        self.addCleanup(process.wait, 10)
        self.addCleanup(process.terminate)

    def xdotool(self, *arguments):
        done = subprocess.run(["xdotool", *map(str, arguments)], env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.DEVNULL, timeout=20, check=False)
        return done.stdout.decode().split()

    def window(self, title):
        """Waits for it, and until it is drawn."""
        for _ in range(100):
            if found := self.xdotool("search", "--onlyvisible", "--name", title):
                time.sleep(0.5)
                return found[-1]
            time.sleep(0.1)
        self.fail(f"no window {title}")

    def click(self, title, *places):
        window = self.window(title)
        for place in places:
            self.xdotool("mousemove", "--window", window, *place, "click", "1")
            time.sleep(0.3)

    def wait_for(self, expected):
        for _ in range(50):
            with open(self.users, encoding="utf-8") as file:
                if (content := file.read()) == expected:
                    return
            time.sleep(0.1)
        self.assertEqual(expected, content)

    def test_a_data_source_comes_changes_and_goes(self):
        self.click(MAIN, ADD)
        self.click(CHOOSER, FIRST_DRIVER, FINISH)
        self.click(SETUP, NAME)
        self.xdotool("type", "sales")
        self.click(SETUP, AUTH_TYPE, VALUE)  # the names of our attributes are there to be chosen
        self.xdotool("type", "Password")
        self.click(SETUP, UPDATE, OK)
        with_type = f"; mine\n[ODBC Data Sources]\nsales = iamodbc\n\n[sales]\nDriver   = {LIBRARIES}/libiamodbc.so\nAuthType = "
        self.wait_for(with_type + "Password\n")

        self.click(MAIN, FIRST_DSN, CONFIGURE)
        self.click(SETUP, AUTH_TYPE, VALUE)
        self.xdotool("key", "ctrl+a", "type", "IAM")
        self.click(SETUP, UPDATE, OK)
        self.wait_for(with_type + "IAM\n")

        self.click(MAIN, FIRST_DSN, REMOVE)
        self.window(CONFIRM)
        self.xdotool("key", "alt+y")
        self.wait_for("; mine\n[ODBC Data Sources]\n")


if __name__ == "__main__":
    unittest.main()
