# SPDX-License-Identifier: Apache-2.0
"""hosts: what the tests of the driver in somebody else's process share: the program (host.c), the pairs of DSNs, the driver manager's settings."""
import os
import tempfile

import box as live

PROGRAM = os.path.join(os.environ.get("IAMODBC_TEST_BUILD", live.BUILD), "tests", "live", "host")
SECTIONS = {"base-pg": "PostgreSQL Unicode", "base-maria": "MariaDB Unicode", "local-pg": "iamodbc", "local-maria": "iamodbc"}
SLEEP = {"pg": "select pg_sleep(30)", "maria": "select sleep(30)"}
PLAIN = 0  # what the driver manager calls a driver that is safe in every call: it takes no lock around ours


class HostTest(live.LiveTest):
    def databases(self):
        if "RDS_MARIA_PORT" in self.box.exports:
            return ("pg", "maria")
        print("\nNOT RUN: host programs over MariaDB: its server is not installed")
        return ("pg",)

    def run_over(self, dsn, command, text_in="", manager=None, program=None, **options):
        """Runs a program for which `dsn` is called "mine". `manager`: settings of the driver's section in odbcinst.ini, before its
        own; those that begin with "ODBC." are the driver manager's."""
        settings = manager or {}
        of_driver = "".join(f"{name}={value}\n" for name, value in settings.items() if not name.startswith("ODBC."))
        of_manager = "".join(f"{name[5:]}={value}\n" for name, value in settings.items() if name.startswith("ODBC."))
        with open(self.box.directory + "/odbcinst.ini", encoding="utf-8") as file:
            drivers = file.read().replace(f"[{SECTIONS[dsn]}]\n", f"[{SECTIONS[dsn]}]\n{of_driver}")
        with tempfile.TemporaryDirectory(prefix="iamodbc-host-") as folder:
            with open(folder + "/odbcinst.ini", "w", encoding="utf-8") as file:
                file.write(f"{drivers}\n[ODBC]\n{of_manager}")
            ini = {"mine": self.box.section(dsn, **options.pop("changes", {})), "another": self.box.section(dsn)}
            env = {**options.pop("env", {}), "ODBCSYSINI": folder}
            done = self.box.run([program or PROGRAM, *command], text_in, ini=ini, env=env, trace=False, **options)
        self.no_secret(done.stdout + done.stderr)
        return done

    def tells(self, dsn, *story, **options):
        """What a story prints that ends well."""
        story = (story[0], "mine", *story[1:])
        done = self.run_over(dsn, story, **options)
        self.assertEqual(0, done.returncode, f"{dsn} {' '.join(story)}: {done.stdout}{done.stderr}")
        return done.stdout

    def tell_the_same(self, *story, databases=None, **options):
        """A story over each base driver alone and over iamodbc: {database: what it prints}."""
        told = {}
        for database in databases or self.databases():
            with self.subTest(story=story[0], database=database):
                alone, ours = (self.tells(f"{which}-{database}", *story, **options) for which in ("base", "local"))
                self.assertEqual(alone, ours)
                told[database] = ours
        return told
