#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Real client programs whose packages are large (./dev clients): as those of clients_test.py, each writes, reads and fails
through iamodbc, and prints what it prints over the base driver alone, byte for byte. A picture of the sheet that
LibreOffice filled goes to IAMODBC_TEST_PICTURES."""
import hashlib
import os
import shutil
import subprocess
import tempfile
import unittest

import clients_test  # as a module: its own tests are not run again
from box import BUILD, PYTHON, TOP, LiveTest, show
from clients_test import CLIENTS

QT_CLIENT = os.path.join(os.environ.get("IAMODBC_TEST_BUILD", BUILD), "tests", "live", "qt_client")
INSTALLED = os.path.join(TOP, "build", "clients")  # where npm installs
SECONDS = 150  # for any one program, which ends itself and what it started before


def bounded(*command):
    return ["timeout", "--kill-after=20", str(SECONDS - 30), *command]


def install_node_client():
    """The npm package under build/, once for each lock file, which has its hash; built here from its sources."""
    with open(CLIENTS + "node/package-lock.json", "rb") as file:
        folder = os.path.join(INSTALLED, hashlib.sha256(file.read()).hexdigest()[:16])
    if not os.path.exists(folder + "/built"):
        shutil.rmtree(folder, ignore_errors=True)
        shutil.copytree(CLIENTS + "node", folder)
        # Debian's own headers of Node.js, in place of what node-gyp would fetch.
        for command in (["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
                        ["npm", "run", "build", "--prefix", "node_modules/odbc", "--", "--nodedir=/usr"]):
            done = subprocess.run(command, cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300)
            if done.returncode != 0:
                raise AssertionError(f"{' '.join(command)}: {done.stdout.decode(errors='replace')[-2000:]}")
        with open(folder + "/built", "w", encoding="utf-8"):
            pass
    return folder + "/node_modules"


class HeavyOnPostgreSql(clients_test.ClientTest):
    name, service, port_variable = "pg", "postgresql", "RDS_PORT"
    quote = '"'
    layers, quotes = "public.", ""  # how OGR names the tables; what lets it quote them

    def all_the_same(self, base, ours, logins=1, **options):
        status, printed, agreed = self.same(bounded(*base), [bounded(*command) for command in ours], logins=logins, seconds=SECONDS, **options)
        self.assertEqual(0, status, printed)
        client = printed.decode().split("\n", 1)[0].strip()
        show(f"{client}, {self.service}: {len(printed)} bytes, the same in {agreed} of {len(ours)} runs through iamodbc; logins a run: {logins}")

    def test_r_rodbc(self):
        command = ["Rscript", "--vanilla", CLIENTS + "rodbc_client.R"]
        ours = [[*command, given, self.quote] for given in (f"local-{self.name}", self.string())]
        self.all_the_same([*command, f"base-{self.name}", self.quote], ours)

    def test_qt_qodbc(self):
        self.all_the_same([QT_CLIENT, f"base-{self.name}"], [[QT_CLIENT, f"local-{self.name}"], [QT_CLIENT, self.string()]])

    def test_gdal_ogr(self):
        # By string: with a DSN GDAL gives SQLConnect an empty user, which MariaDB's driver takes for one, and no way of quoting.
        command = ["/bin/sh", CLIENTS + "ogr_client.sh"]
        ours = [f"DSN=local-{self.name}{self.quotes}", self.string() + self.quotes] + ([] if self.quotes else [f"local-{self.name}"])
        self.all_the_same([*command, f"DSN=base-{self.name}{self.quotes}", self.layers], [[*command, given, self.layers] for given in ours], logins=8)

    def test_npm_odbc(self):
        command, env = ["node", CLIENTS + "node_client.js"], {"NODE_PATH": install_node_client()}
        self.all_the_same([*command, f"DSN=base-{self.name}"], [[*command, f"DSN=local-{self.name}"], [*command, self.string()]], env=env)

    def test_libreoffice(self):
        # One login for Base, one for each part of the sheet.
        command = [PYTHON, CLIENTS + "libreoffice_client.py"]
        ours = [[*command, f"local-{self.name}"], [*command, f"local-{self.name};Database=app"]]
        self.all_the_same([*command, f"base-{self.name}"], ours, logins=4)

    def test_a_refused_login_is_shown(self):
        # But by GDAL, which keeps the driver's message to itself.
        node = install_node_client()
        for command in (["Rscript", "--vanilla", CLIENTS + "rodbc_client.R", f"local-{self.name}", self.quote], [QT_CLIENT, f"local-{self.name}"],
                        ["node", CLIENTS + "node_client.js", f"DSN=local-{self.name}"], [PYTHON, CLIENTS + "libreoffice_client.py", f"local-{self.name}"]):
            with self.subTest(command[0]), self.box.verdicts() as seen:
                done = self.box.run(bounded(*command), env={"AWS_PROFILE": "wrong", "NODE_PATH": node}, seconds=SECONDS)
                self.assertEqual(1, done.returncode, done.stdout + done.stderr)
                self.assert_says(done.stdout + done.stderr, "The IAM token was refused")
                self.no_secret(done.stdout + done.stderr)
            self.assertEqual({"refused"}, {line["verdict"] for line in seen})


class HeavyOnMariaDb(HeavyOnPostgreSql):
    name, service, port_variable = "maria", "mysql", "RDS_MARIA_PORT"
    quote = "`"  # RODBC itself knows that of MySQL, not that MariaDB has the same
    layers, quotes = "", ";INITSTMT={SET SESSION sql_mode=ANSI_QUOTES}"


class Picture(LiveTest):
    def test_a_sheet_that_libreoffice_filled(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-picture-") as folder:
            path = os.path.join(os.environ.get("IAMODBC_TEST_PICTURES") or folder, "libreoffice.png")
            done = self.box.run(bounded(PYTHON, CLIENTS + "libreoffice_client.py", "local-maria", path), seconds=SECONDS)
            self.assertEqual(0, done.returncode, done.stdout + done.stderr)
            self.assertIn("=SUM(C2:C4) [2736.07]", done.stdout)
            self.assertGreater(os.path.getsize(path), 15000, "an empty window has less")


if __name__ == "__main__":
    unittest.main()
