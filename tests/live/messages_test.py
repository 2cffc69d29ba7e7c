#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What a beginner reads when something is not as it should be: SQLSTATE, what failed, and what to do next. Never a secret."""
import contextlib
import os
import socket
import tempfile
import threading
import unittest

from box import LiveTest


class Messages(LiveTest):
    def fails(self, states, *words, string="DSN=local-pg", **options):
        """A connect that fails with one of the SQLSTATEs and says each of the words; no token was sent."""
        with self.box.verdicts() as seen:
            answer = self.box.connect(string, **options)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual([], seen, "a token was sent")
        self.assertIn(answer.state, states.split(), str(answer))
        self.assert_says(answer.text, *words)
        self.no_secret(answer.text)
        self.assertLessEqual(len(answer.first), 511)
        return answer

    def fails_dsn(self, states, *words, dsn=None, **options):
        return self.fails(states, *words, string="DSN=mine", ini={"mine": dsn or self.box.section()}, **options)

    # ---- names and files of ODBC ----

    def test_unknown_dsn(self):
        self.fails("IM002", "data source name not found", string="DSN=no-such-dsn")  # the driver manager's own words

    def test_unknown_base_dsn(self):
        self.fails_dsn("08001 IM002", "BaseDSN", "no-such-dsn", r"odbc\.ini", dsn=self.box.section(BaseDSN="no-such-dsn"))

    def test_missing_base_driver_by_name(self):
        self.fails("08001 IM003", "No Such Driver", r"odbcinst\.ini|installed", "PostgreSQL Unicode|BaseDriver",
                   string="DSN=local-pg;BaseDriver=No Such Driver")

    def test_missing_base_driver_by_path(self):
        self.fails("08001 IM003", "/nonexistent/libno\\.so", "no such file", "BaseDriver",
                   string="DSN=local-pg;BaseDriver=/nonexistent/libno.so")

    def test_a_folder_as_base_driver(self):
        self.fails("08001 IM003", "/usr/lib", "not a file", "set BaseDriver to the path", string="DSN=local-pg;BaseDriver=/usr/lib")

    def test_no_base_driver_at_all(self):
        self.fails_dsn("08001 IM003", "BaseDriver", "Engine|PostgreSQL Unicode", dsn=self.box.section(BaseDriver=None))

    def test_iamodbc_as_its_own_base_driver(self):
        self.fails("08001 IM003", "BaseDriver", "iamodbc itself|itself", string="DSN=local-pg;BaseDriver=iamodbc")

    def test_unreadable_odbcinst_ini(self):
        with without_rights() as prefix, tempfile.TemporaryDirectory() as home:
            os.chmod(home, 0o755)
            with open(home + "/.odbcinst.ini", "w", encoding="utf-8") as file:
                file.write("[Hidden Driver]\nDriver=psqlodbcw.so\n")
            os.chmod(home + "/.odbcinst.ini", 0)
            self.fails("08001 IM003", "Hidden Driver", r"\.odbcinst\.ini", "cannot be read|permission denied|may not read",
                       string="DSN=local-pg;BaseDriver=Hidden Driver", env={"HOME": home}, prefix=prefix)

    # ---- a slip in what was typed ----

    def test_misspelt_attribute(self):
        self.fails("HY024 08001", "did you mean", "Region", string="DSN=local-pg;Regoin=eu-central-1")

    def test_misspelt_value(self):
        self.fails("HY024 08001", "AuthType", "IAM", "Password", string="DSN=local-pg;AuthType=IMA")

    def test_port_is_no_number(self):
        self.fails("HY024 08001", "Port", "1.*65535", string="DSN=local-pg;Port=54x2")

    def test_no_server(self):
        self.fails_dsn("08001 HY024", "Server", dsn=self.box.section(Server=None))

    def test_no_user(self):
        self.fails_dsn("08001 28000 HY024", "UID", "user", dsn=self.box.section(UID=None))

    def test_program_in_a_connection_string(self):
        self.fails("08001 HY024", "CredentialProcess", r"odbc\.ini|ini file", string="DSN=local-pg;CredentialProcess=/bin/false")

    # ---- AWS ----

    def test_no_credentials(self):
        empty = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials", "AWS_CONFIG_FILE": "/nonexistent/config"}
        self.fails("28000 08001", "credentials", "AWS_ACCESS_KEY_ID", "profile", "aws configure|AccessKeyID|Profile=", env=empty)

    def test_unknown_profile(self):
        self.fails("28000 08001", "profile", "no-such-profile", "credentials|config", string="DSN=local-pg;Profile=no-such-profile")

    def test_half_a_key(self):
        self.fails("28000 08001", "AWS_SECRET_ACCESS_KEY|SecretAccessKey", "AWS_ACCESS_KEY_ID|AccessKeyID",
                   string="DSN=local-pg;AccessKeyID=AKIAIOSFODNN7EXAMPLE")

    def test_broken_credentials_file(self):
        with tempfile.NamedTemporaryFile("w", prefix="credentials-") as file:
            file.write("[default]\naws_access_key_id = AKIAIOSFODNN7EXAMPLE\n[broken\nthis is no line\n")
            file.flush()
            self.fails("28000 08001", "credentials-", "line 3|:3", env={"AWS_SHARED_CREDENTIALS_FILE": file.name})

    def test_unreadable_credentials_file(self):
        with without_rights() as prefix, tempfile.TemporaryDirectory() as home:
            path = home + "/credentials"
            with open(path, "w", encoding="utf-8") as file:
                file.write("[default]\n")
            os.chmod(path, 0)
            self.fails("28000 08001", "/credentials", "cannot be read|permission denied",
                       env={"AWS_SHARED_CREDENTIALS_FILE": path}, prefix=prefix)

    def test_failing_credential_process(self):
        answer = self.fails_dsn("28000 08001", "CredentialProcess|credential_process", "no luck today|status 3|exit",
                                dsn=self.box.section(CredentialProcess="/bin/sh -c 'echo no luck today >&2; exit 3'"))
        self.assertEqual(1, len(answer.records))

    def test_no_region(self):
        self.fails_dsn("08001", "region", "Region=", "AWS_REGION", dsn=self.box.section(Region=None))

    # ---- network and TLS ----

    def test_server_down(self):
        with closed_port() as port:
            self.fails("08001", "connection refused", f"localhost.*{port}|{port}", "Server|Port|running", string=f"DSN=local-pg;Port={port}")

    def test_unresolvable_host(self):
        self.fails("08001", r"nowhere\.invalid", "Server|host name", string="DSN=local-pg;Server=nowhere.invalid")

    def test_wrong_ca(self):
        self.fails("08001", "certificate verify failed", "TLSCAFile", string=f"DSN=local-pg;TLSCAFile={self.box.exports['RDS_WRONG_CA']}")

    def test_missing_ca_file(self):
        self.fails("08001", r"/nonexistent/ca\.pem", "TLSCAFile", string="DSN=local-pg;TLSCAFile=/nonexistent/ca.pem")

    def test_name_mismatch(self):
        self.fails("08001", "does not match host name", "TokenHost|verify-ca|host name",
                   string="DSN=local-pg;TokenHost=other.cabc123def45.eu-central-1.rds.amazonaws.com")

    def test_login_time_out(self):
        databases = [("local-pg", "HYT00 08001", "time-?out|timed out|timeout")]
        if "RDS_MARIA_PORT" in self.box.exports:
            databases.append(("local-maria", "08S01 HY000", "No answer in time"))
        for dsn, states, words in databases:
            with self.subTest(dsn), silent_server() as port:
                answer = self.fails(states, words, string=f"DSN={dsn};Port={port}", login_timeout=3)
                self.assertGreater(answer.seconds, 1.5)
                self.assertLess(answer.seconds, 6)

    def test_unknown_database(self):
        answer = self.box.connect("DSN=local-pg;Database=nosuch")
        self.assertFalse(answer.connected)
        self.assert_says(answer.first, 'database "nosuch" does not exist')
        self.assertNotRegex(answer.text, "rds-db:connect", "the login was not at fault")


@contextlib.contextmanager
def without_rights():
    """What to put before a command so that file permissions hold for it: root is not asked for them."""
    yield [] if os.geteuid() != 0 else ["setpriv", "--inh-caps=-all", "--bounding-set=-all"]


@contextlib.contextmanager
def closed_port():
    """A port of localhost at which nobody listens, and nobody else will meanwhile."""
    with contextlib.ExitStack() as stack:
        port = 0
        for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")):
            with contextlib.suppress(OSError):
                held = stack.enter_context(socket.socket(family))
                held.bind((address, port))
                port = held.getsockname()[1]
        yield port


@contextlib.contextmanager
def silent_server():
    """A server on localhost that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        taken = []

        def accept():
            with contextlib.suppress(OSError):
                while True:
                    taken.append(server.accept()[0])
        threading.Thread(target=accept, daemon=True).start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        for connection in taken:
            connection.close()


if __name__ == "__main__":
    unittest.main()
