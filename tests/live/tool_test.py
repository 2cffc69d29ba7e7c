#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`iamodbc check` against the local RDS, right and wrong; and the tool's tokens and credentials in the hands of others."""
import json
import os
import re
import socket
import time
import unittest

import box

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
OTHER_HOST = "other.cabc123def45.eu-central-1.rds.amazonaws.com"


class Check(box.LiveTest):
    def check(self, source="local-pg", *options, status=0, **more):
        done = self.box.run([TOOL, "check", source, *options], **more)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout + done.stderr)
        self.assertNotIn("X-Amz-", done.stdout + done.stderr)
        return done

    def failed(self, source, room, state, *words, **more):
        """It stops at this room, and stderr says why."""
        done = self.check(source, status=1, **more)
        self.assertRegex(done.stdout.splitlines()[-1], rf"^{room} +FAILED \[{state}\]$")
        self.assertIn(f"iamodbc: [{state}] ", done.stderr)
        self.assert_says(done.stderr, *words)
        return done

    def test_every_room_of_a_good_login(self):
        with self.box.verdicts() as seen:
            done = self.check()
        self.assertEqual("", done.stderr)
        self.assertEqual(["accepted"], [line["verdict"] for line in seen])
        date = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"
        ini = r"\(\[local-pg\] in .*/odbc\.ini, line \d+\)"
        wanted = [
            r"attributes +DSN=local-pg \(the connection string\)",
            r" +Driver=iamodbc " + ini,
            r" +BaseDriver=PostgreSQL Unicode " + ini,
            r" +Server=localhost " + ini,
            rf" +Port={self.box.port} " + ini,
            r" +Database=app " + ini,
            r" +UID=jane_doe " + ini,
            r" +Region=eu-central-1 " + ini,
            r" +TLSCAFile=.*/rds-ca\.pem " + ini,
            r"driver +/.*/libiamodbc\.so \(\[iamodbc\] in odbcinst\.ini\)",
            r"base driver +.*psqlodbcw\.so \(psqlODBC \d[\d.]+, libpq \d[\d.]+; \[PostgreSQL Unicode\] in odbcinst\.ini\)",
            rf"settings +AuthType=IAM, user jane_doe at localhost:{self.box.port}, database app",
            rf"clock +{date} \(UTC\)",
            r"TLS +verify-full \(the default\)",
            rf"CA file +/.*/rds-ca\.pem \(TLSCAFile\); 1 certificate, the earliest end is {date}",
            r"region +eu-central-1 \(Region=\)",
            rf"signed +localhost:{self.box.port} \(Server\)",
            r"credentials +AKIA\.\.\.[A-Z2-7]{4} from profile default in .*/aws/credentials",
            r" +environment: AWS_ACCESS_KEY_ID is not set",
            r" +profile: used",
            rf"token +\d+ bytes, until {date}",
            r"connected +in \d+ ms; SELECT 1 gives 1",
            r"user +jane_doe",
            r"server +PostgreSQL \d+.*",
            r"TLS in use +on \(TLSv1\.[23], \w+\)",
            r"clock +[01]\.\d s (ahead of|behind) the server's",
        ]
        lines = done.stdout.splitlines()
        self.assertEqual(len(wanted), len(lines), done.stdout)
        for pattern, line in zip(wanted, lines):
            self.assertRegex(line, "^" + pattern + "$")

    def test_the_rooms_as_json(self):
        shown = json.loads(self.check("local-pg", "--json").stdout)
        self.assertEqual(("local-pg", True, []), (shown["subject"], shown["ok"], shown["errors"]))
        rooms = {room["room"]: room["found"] for room in shown["rooms"]}
        self.assertEqual(["jane_doe"], rooms["user"])
        self.assertRegex(rooms["TLS in use"][0], r"^on \(TLSv1")
        self.assertIn("profile: used", rooms["credentials"])

    def test_the_token_length_shown_is_the_length_sent(self):
        for profile in ("default", "session", "session10000"):
            with self.subTest(profile), self.box.verdicts() as seen:
                done = self.check("DSN=local-pg;Profile=" + profile)
            shown = int(re.search(r"^token +(\d+) bytes", done.stdout, re.MULTILINE)[1])
            self.assertEqual([shown], [line["length"] for line in seen])

    def test_a_clock_that_differs_is_measured(self):
        self.assert_says(self.check(clock="+90s").stdout, r"clock +(89|90|91)\.\d s ahead of the server's")
        self.assert_says(self.check(clock="-90s").stdout, r"clock +(89|90|91)\.\d s behind the server's")

    def test_another_name_is_signed_than_is_dialled(self):
        done = self.check(f"DSN=local-pg;TokenHost={self.box.exports['RDS_HOST']};TokenPort=5432;Region=")
        self.assert_says(done.stdout, rf"TLS +verify-full \(the default\), checked against {self.box.exports['RDS_HOST']}\n",
                         rf"signed +{self.box.exports['RDS_HOST']}:5432 \(TokenHost\), the endpoint of an RDS instance\n", "region +eu-central-1 ")

    def test_an_overridden_attribute_is_marked(self):
        done = self.check("DSN=local-pg;Port=" + str(self.box.port))
        self.assert_says(done.stdout, r"Port=\d+ \(the connection string\)\n", r"Port=\d+ \(\[local-pg\] in [^)]*; overridden\)\n")

    def test_a_password_login_is_shown_as_such(self):
        section = self.box.section("base-pg")
        ini = {"plain": {"Driver": "iamodbc", "BaseDSN": "base-pg", "AuthType": "Password", "BaseDriver": "PostgreSQL Unicode"}}
        done = self.check("plain", ini=ini)
        self.assertNotIn(section["Password"], done.stdout)
        self.assert_says(done.stdout, r"settings +AuthType=Password", r"TLS +left to the base driver", r"user +plain_user\n",
                         r"Password=\*\*\* \(\[base-pg\]", r"TLS in use +on ")

    # ---- what is wrong, one thing at a time ----

    def test_what_mariadb_says_of_the_session(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        done = self.check("local-maria")
        self.assert_says(done.stdout, r"\nbase driver +.*libmaodbc\.so \(MariaDB Connector/ODBC \d", r"\nconnected +in \d+ ms; SELECT 1 gives 1\n", r"\nuser +jane_doe@%\n",
                         r"\nserver +MariaDB \d+\.\d+\.\d+", r"\nTLS in use +on \(TLSv1\.[23], [A-Z0-9_-]+\)\n", r"\nclock +0\.\d s (ahead of|behind) the server's\n")

    def test_wrong_key(self):
        done = self.failed("local-pg", "connect", "08001", 'PAM authentication failed for user "jane_doe"', "rds_iam", "rds-db:connect",
                           rf"localhost:{self.box.port}", "eu-central-1", "profile wrong", env={"AWS_PROFILE": "wrong"})
        self.assert_says(done.stdout, "credentials +AKIA.* from profile wrong", "token +\\d+ bytes")

    def test_wrong_key_in_the_string_and_on_standard_input(self):
        key_id, _, _ = self.box.key()
        string = f"DSN=local-pg;AccessKeyID={key_id};SecretAccessKey=no/such+secret0123456789abcdefghijklmnop"
        for source, text_in, warnings in ((string, "", 1), ("-", string + "\n", 0)):
            done = self.failed(source, "connect", "08001", "PAM authentication failed", text_in=text_in, trace=False)
            self.assertNotIn("no/such+secret", done.stdout + done.stderr)
            self.assertEqual(warnings, done.stderr.count("warning"), done.stderr)
            self.assert_says(done.stdout, r"SecretAccessKey=\*\*\* ", rf"AccessKeyID={key_id[:4]}\.\.\.{key_id[-4:]} ")
            self.assertNotIn(key_id, done.stdout)

    def test_no_region(self):
        self.failed("noregion", "region", "08001", "region", "Region", "AWS_REGION", ini={"noregion": self.box.section(Region=None)})

    def test_no_credentials(self):
        nothing = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials", "AWS_CONFIG_FILE": "/nonexistent/config"}
        done = self.failed("local-pg", "credentials", "28000", "AWS_ACCESS_KEY_ID", "Profile", env=nothing)
        self.assert_says(done.stdout, r"\ncredentials +environment: .*\n +profile.*: .*\n")

    def test_unknown_dsn(self):
        self.failed("nosuch", "DSN", "IM002", 'no DSN "nosuch"', "local-pg", "base-pg", r"odbc\.ini")

    def test_another_drivers_dsn(self):
        self.failed("base-pg", "driver", "IM003", "psqlodbcw", "not iamodbc", "Driver=iamodbc")

    def test_missing_base_driver(self):
        self.failed("DSN=local-pg;BaseDriver=/nonexistent/psqlodbcw.so", "base driver", "IM003", "/nonexistent/psqlodbcw.so", "Install it")

    def test_wrong_ca(self):
        self.failed("DSN=local-pg;TLSCAFile=" + self.box.exports["RDS_WRONG_CA"], "connect", "08001", "certificate verify failed", "TLSCAFile")

    def test_name_mismatch(self):
        self.failed(f"DSN=local-pg;TokenHost={OTHER_HOST}", "connect", "08001", "does not match host name", OTHER_HOST)

    def test_server_down(self):
        with socket.socket() as closed:
            closed.bind(("127.0.0.1", 0))
            port = closed.getsockname()[1]
            self.failed(f"DSN=local-pg;Server=127.0.0.1;Port={port}", "connect", "08001", "Connection refused", "Server and Port")

    def test_a_server_that_does_not_answer(self):
        with socket.socket() as silent:
            silent.bind(("127.0.0.1", 0))
            silent.listen()
            port = silent.getsockname()[1]
            started = time.monotonic()
            done = self.check(f"DSN=local-pg;Server=127.0.0.1;Port={port}", "--timeout", "2", status=1)
            self.assertLess(time.monotonic() - started, 15)
            self.assert_says(done.stdout.splitlines()[-1], r"^connect +FAILED")
            self.assert_says(done.stderr, "time|timeout|expired")


class Others(box.LiveTest):
    def test_psql_logs_in_with_a_token_of_the_tool(self):
        # Through a shell, so that the token is in nobody's captured output.
        script = ('PGPASSWORD=$("$0" token local-pg) psql -X -At -c "select current_user" '
                  f'"host=localhost port={self.box.port} dbname=app user=jane_doe sslmode=verify-full sslrootcert={self.box.ca}"')
        done = self.box.run(["sh", "-c", script, TOOL])
        self.assertEqual("jane_doe\n", done.stdout, done.stderr)

    def test_the_driver_takes_the_tools_credentials(self):
        section = self.box.section(CredentialProcess=f'"{TOOL}" credentials --profile session')
        with self.box.verdicts() as seen:
            done = self.box.run([TOOL, "check", "process"], ini={"process": section})
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertEqual(["accepted"], [line["verdict"] for line in seen])
        self.assert_says(done.stdout, "credentials +ASIA.* from CredentialProcess", r"CredentialProcess=.+? \.\.\. \(")
        self.no_secret(done.stdout + done.stderr)

    def test_a_registered_driver_logs_in(self):
        # A fresh ODBCSYSINI that `register` fills; the base driver is named by its file.
        base = re.search(r"^Driver=(.*psqlodbcw\.so)$", open(self.box.directory + "/odbcinst.ini", encoding="utf-8").read(), re.MULTILINE)[1]
        script = ('export ODBCSYSINI="$PWD/registered" && mkdir registered && "$0" register >&2 && "$0" check local-pg | grep "^connected" && '
                  '"$0" unregister >&2 && test ! -s registered/odbcinst.ini')
        done = self.box.run(["sh", "-c", script, TOOL], ini={"unused": {}},
                            env={"ODBCINI": self.private_ini(BaseDriver=base)})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assert_says(done.stdout, "connected +in")

    def private_ini(self, **changes):
        path = os.path.join(self.box.capture, "registered.ini")
        with open(path, "w", encoding="utf-8") as file:
            file.write("[local-pg]\n" + "".join(f"{name}={value}\n" for name, value in self.box.section(**changes).items()))
        return path


class Dsn(box.LiveTest):
    def made(self, *arguments, text_in=""):
        """A DSN made in an odbc.ini of its own: the path of that."""
        path = os.path.join(self.box.capture, f"{self.id()}.ini")
        done = self.box.run([TOOL, "dsn", *arguments], env={"ODBCINI": path}, text_in=text_in)
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout + done.stderr)
        return path

    def connects(self, path, *words):
        with self.box.verdicts() as seen:
            done = self.box.run([TOOL, "dsn", "test", "made"], env={"ODBCINI": path})
        self.assertEqual(0, done.returncode, done.stdout + done.stderr)
        self.assertEqual(["accepted"], [line["verdict"] for line in seen])
        self.assert_says(done.stdout, "connected +in", *words)

    def test_a_dsn_that_was_added_connects(self):
        own = self.box.section()
        path = self.made("add", "made", "--host", "localhost", "--port", own["Port"], "--user", "jane_doe", "--database", "app", "--region",
                         "eu-central-1", "--ca-file", own["TLSCAFile"], "--base-driver", own["BaseDriver"])
        self.connects(path, "base driver .*psqlodbcw", "user +jane_doe")
        done = self.box.run(["isql", "-b", "made"], text_in="select 6 * 7\n", env={"ODBCINI": path})
        self.assertIn("42", done.stdout)

    def test_a_url_that_was_imported_connects(self):
        own = self.box.section()
        url = f"postgresql://jane_doe:hunter2@localhost:{own['Port']}/app?sslmode=require&sslrootcert={own['TLSCAFile']}&application_name=a%20b"
        self.connects(self.made("import", "made", "-", "--region", "eu-central-1", text_in=url), "TLS +verify-full")

    def test_a_dsn_of_mariadb_that_was_imported_connects(self):
        own = self.box.section("local-maria")
        text = (f"Driver={own['BaseDriver']};SERVER=localhost;PORT={own['Port']};UID=jane_doe;DB=app;SSLCA={own['TLSCAFile']};FORCETLS=1;"
                "PWD=hunter2")
        self.connects(self.made("import", "made", "-", "--region", "eu-central-1", text_in=text), "base driver .*libmaodbc")


if __name__ == "__main__":
    unittest.main()
