#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every attribute of ours, by what it changes in a real login: in odbc.ini, in the connection string, under its other names."""
import json
import os
import stat
import tempfile
import unittest

from box import LiveTest

WHO = "select current_user, current_database()"
NO_AWS = {"AWS_SHARED_CREDENTIALS_FILE": "/nonexistent/credentials", "AWS_CONFIG_FILE": "/nonexistent/config"}


class Attributes(LiveTest):
    def opens(self, string="", dsn=None, rows=None, **options):
        """A login that gets in; returns what the verifier read in the token."""
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine;" + string, ini={"mine": dsn or self.box.section(), **options.pop("ini", {})}, queries=[WHO], **options)
        self.assertTrue(answer.connected, str(answer))
        if rows is not None:
            self.assertEqual([rows], answer.results)
        self.assertNotIn("X-Amz", answer.out)
        return seen[-1] if seen else None

    def fails(self, string="", *words, dsn=None, ini=None, **options):
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine;" + string, ini={"mine": dsn or self.box.section(), **(ini or {})}, **options)
        self.assertFalse(answer.connected, "it was let in")
        self.assert_says(answer.text, *words)
        self.no_secret(answer.text)
        return seen[-1] if seen else None

    def test_base_driver(self):
        without = self.box.section(BaseDriver=None)
        for name in ("BaseDriver", "basedriver", "BASE_DRIVER"):
            for value in ("PostgreSQL Unicode", "psqlodbcw.so"):
                with self.subTest(name=name, value=value):
                    self.opens(dsn={**without, name: value})
                    self.opens(f"{name}={value}", dsn=without)
        self.fails("BaseDriver=Nothing", "Nothing", "BaseDriver")

    def test_base_dsn(self):
        base = {name: value for name, value in self.box.section("base-pg").items() if name not in ("Username", "Password")}
        own = self.box.section(Server=None, Port=None, Database=None)
        for name in ("BaseDSN", "BASE_DSN"):
            with self.subTest(name):
                self.opens(dsn={**own, name: "base"}, ini={"base": base}, rows=[["jane_doe", "app"]])
        self.opens("BaseDSN=base", dsn=own, ini={"base": base}, rows=[["jane_doe", "app"]])
        # What our own section says counts for more.
        self.opens(dsn={**own, "BaseDSN": "base", "Database": "postgres"}, ini={"base": base}, rows=[["jane_doe", "postgres"]])

    def test_engine(self):
        without = self.box.section(BaseDriver=None)
        self.opens("Engine=postgresql", dsn=without)
        self.opens(dsn={**without, "Engine": "PostgreSQL"})
        self.fails("Engine=oracle", "Engine", "postgresql", "mysql", "mariadb", dsn=without)

    def test_server(self):
        elsewhere = self.box.section(Server="nowhere.invalid")
        for name in ("Server", "SERVER", "Servername", "Host", "HostName"):
            with self.subTest(name):
                self.assertEqual("127.0.0.1", self.opens(f"{name}=127.0.0.1", dsn=elsewhere)["host"])
                self.assertEqual("localhost", self.opens(dsn={**self.box.section(Server=None), name: "localhost"})["host"])
        self.assertEqual("localhost", self.opens("Server=nowhere.invalid;Host=localhost", dsn=elsewhere)["host"])

    def test_port(self):
        self.assertEqual(self.box.port, self.opens(f"PORT={self.box.port}", dsn=self.box.section(Port="1"))["port"])
        for value in ("0", "65536", "abc", "-1", "5432 x"):
            with self.subTest(value):
                self.fails(f"Port={value}", "Port", "65535")

    def test_database(self):
        for name in ("Database", "DB", "DbName"):
            with self.subTest(name):
                self.opens(f"{name}=postgres", rows=[["jane_doe", "postgres"]])
                self.opens(dsn={**self.box.section(Database=None), name: "postgres"}, rows=[["jane_doe", "postgres"]])

    def test_uid(self):
        nobody = self.box.section(UID="nobody")
        for name in ("UID", "User", "Username", "DbUser"):
            with self.subTest(name):
                self.opens(f"{name}=jane_doe", dsn=nobody, rows=[["jane_doe", "app"]])
        self.assertEqual("zoë", self.opens("UID=zoë", dsn=nobody)["user"])
        self.opens("UID=;PWD=", rows=[["jane_doe", "app"]])  # as Perl's DBI appends them: absent
        self.fails("", "UID", dsn=self.box.section(UID=None))

    def test_pwd(self):
        base = self.box.section("base-pg")
        own = self.box.section(AuthType="Password", UID="plain_user", SSLmode="verify-full", pqopt=base["pqopt"], TLSCAFile=None)
        password = base["Password"]
        for name in ("PWD", "Password"):
            with self.subTest(name):
                # The driver manager's trace hides PWD, not Password.
                self.assertIsNone(self.opens(f"{name}={{{password}}}", dsn=own, rows=[["plain_user", "app"]], trace=False))
        self.opens("PWD=typed into a login box", rows=[["jane_doe", "app"]])  # IAM has no use for it

    def test_auth_type(self):
        base = self.box.section("base-pg")
        own = self.box.section(UID="plain_user", PWD=base["Password"], SSLmode="verify-full", pqopt=base["pqopt"], TLSCAFile=None)
        for name in ("AuthType", "RDS_AUTH_TYPE", "Auth_Type"):
            with self.subTest(name):
                self.opens(dsn={**own, name: "password"}, rows=[["plain_user", "app"]])
                self.assertEqual("jane_doe", self.opens(f"{name}=iam")["user"])
        self.fails("AuthType=Kerberos", "AuthType", "IAM", "Password")

    def test_region(self):
        nowhere = self.box.section(Region=None)
        for name in ("Region", "AWS_REGION"):
            with self.subTest(name):
                self.assertEqual("eu-central-1", self.opens(f"{name}=eu-central-1", dsn=nowhere)["region"])
                self.assertEqual("eu-central-1", self.opens(dsn={**nowhere, name: "eu-central-1"})["region"])
        self.assertEqual("eu-central-1", self.opens(dsn=nowhere, env={"AWS_REGION": "eu-central-1"})["region"])
        self.assertEqual("eu-central-1", self.opens(dsn=nowhere, env={"AWS_DEFAULT_REGION": "eu-central-1"})["region"])
        self.assertEqual("us-east-2", self.fails("", "us-east-2", dsn=nowhere, env={"AWS_REGION": "us-east-2"})["region"])

    def test_token_host(self):
        host, cluster = self.box.exports["RDS_HOST"], self.box.exports["RDS_CLUSTER_HOST"]
        for name in ("TokenHost", "IAM_HOST", "IAMHost"):
            with self.subTest(name):
                self.assertEqual(host, self.opens(f"{name}={host}")["host"])
                self.assertEqual(cluster, self.opens(dsn=self.box.section(**{name: cluster}))["host"])
        # The region is in the name that is signed, and the certificate is checked against it.
        self.assertEqual(host, self.opens(f"TokenHost={host}", dsn=self.box.section(Region=None))["host"])
        self.assertIsNone(self.fails("TokenHost=other.cabc123def45.eu-central-1.rds.amazonaws.com", "does not match host name"))

    def test_token_port(self):
        for name in ("TokenPort", "IAM_PORT", "IAMPort"):
            with self.subTest(name):
                self.assertEqual(5432, self.opens(f"{name}=5432")["port"])
        self.fails("TokenPort=no", "TokenPort", "65535")

    def keys(self, profile, prefix=("AccessKeyID", "SecretAccessKey", "SessionToken")):
        return {name: value for name, value in zip(prefix, self.box.key(profile)) if value}

    def test_access_key_id(self):
        for names in (("AccessKeyID", "SecretAccessKey", "SessionToken"),
                      ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")):
            with self.subTest(names[0]):
                self.opens(dsn={**self.box.section(), **self.keys("default", names)}, env=NO_AWS)
        # The DSN's keys are used although the environment and the profile have others.
        self.opens(dsn={**self.box.section(), **self.keys("default")}, env={"AWS_PROFILE": "wrong"})

    def test_secret_access_key(self):
        keys = self.keys("default")
        string = "".join(f"{name}={{{value}}};" for name, value in keys.items())
        self.opens(string, env=NO_AWS, trace=False)  # the trace shows the application's own string
        only_id = {"AccessKeyID": keys["AccessKeyID"]}
        self.fails("", "SecretAccessKey", dsn={**self.box.section(), **only_id})

    def test_session_token(self):
        # In odbc.ini too, although unixODBC itself would cut a line at 999 bytes.
        for profile in ("session", "session1500", "session10000"):
            attributes = self.keys(profile)
            with self.subTest(profile=profile):
                self.opens(dsn={**self.box.section(), **attributes}, env=NO_AWS)
                string = "".join(f"{name}={{{value}}};" for name, value in attributes.items())
                self.opens(string, env=NO_AWS, trace=False)

    def test_profile(self):
        for name in ("Profile", "AWS_PROFILE"):
            with self.subTest(name):
                self.opens(f"{name}=session10000", env={"AWS_PROFILE": "wrong"})
                self.opens(dsn=self.box.section(**{name: "session"}), env={"AWS_PROFILE": "wrong"})
        self.fails("Profile=none-such", "none-such")

    def test_credential_process(self):
        key_id, secret, token = self.box.key("session")
        content = {"Version": 1, "AccessKeyId": key_id, "SecretAccessKey": secret, "SessionToken": token,
                   "Expiration": "2099-01-01T00:00:00Z"}
        with tempfile.NamedTemporaryFile("w", suffix=" keys.json") as file:
            json.dump(content, file)
            file.flush()
            for name in ("CredentialProcess", "Credential_Process"):
                with self.subTest(name):
                    self.opens(dsn=self.box.section(**{name: f'cat "{file.name}"'}), env=NO_AWS)
        self.fails("CredentialProcess=cat /dev/null", "CredentialProcess", r"odbc\.ini|ini file")

    def test_tls(self):
        other = {"TokenHost": "other.cabc123def45.eu-central-1.rds.amazonaws.com"}
        mismatch, endpoint = "does not match host name", "authentication failed"
        self.assertIsNone(self.fails("", mismatch, dsn=self.box.section(**other)))
        self.assertIsNone(self.fails("", mismatch, dsn=self.box.section(TLS="verify-full", **other)))
        self.assertEqual("endpoint", self.fails("TLS=verify-ca", endpoint, dsn=self.box.section(**other))["reason"])
        self.assertEqual("endpoint", self.fails("", endpoint, dsn=self.box.section(TLS="require", TLSCAFile=None, **other))["reason"])
        # The base driver's own spelling asks for a level too, in any letter case.
        self.assertEqual("endpoint", self.fails("SSLmode=VERIFY-CA", endpoint, dsn=self.box.section(**other))["reason"])
        self.assertIsNone(self.fails("TLS=require;TokenHost=" + other["TokenHost"], "TLS", "TokenHost", dsn=self.box.section(TLSCAFile=None)))
        self.opens("TLS=require")
        self.fails("TLS=none", "TLS", "verify-full", "verify-ca", "require")

    def test_tls_ca_file(self):
        wrong = self.box.section(TLSCAFile=self.box.exports["RDS_WRONG_CA"])
        self.opens(f"TLSCAFile={self.box.ca}", dsn=wrong)
        self.assertIsNone(self.fails("", "certificate verify failed", dsn=wrong))
        self.opens(f"pqopt={{sslrootcert={self.box.ca}}}", dsn=self.box.section(TLSCAFile=None))

    def test_log_level(self):
        with tempfile.TemporaryDirectory() as folder:
            sizes = {}
            for level in ("off", "error", "warning", "info", "debug"):
                path = f"{folder}/{level}.log"
                self.opens(f"LogLevel={level}", dsn=self.box.section(LogFile=path), env={"AWS_PROFILE": "session"})
                sizes[level] = os.path.getsize(path) if os.path.exists(path) else 0
                if sizes[level]:
                    with open(path, encoding="utf-8") as file:
                        text = file.read()
                    self.no_secret(text)
                    self.assertRegex(text, r"(?m)^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ \d+ (error|warning|info|debug) ")
            self.assertEqual(0, sizes["off"])
            self.assertGreater(sizes["info"], 0)
            self.assertGreaterEqual(sizes["debug"], sizes["info"])
        self.fails("LogLevel=loud", "LogLevel", "off", "debug")

    def test_log_file(self):
        with tempfile.TemporaryDirectory() as folder:
            path = folder + "/a log"
            self.opens(dsn=self.box.section(LogLevel="info", LogFile=path))
            self.assertEqual(0o600, stat.S_IMODE(os.stat(path).st_mode))
            self.fails(f"LogFile={folder}/other", "LogFile", r"odbc\.ini|ini file")
            self.assertEqual(["a log"], os.listdir(folder))
            # A log that cannot be written keeps nobody out.
            self.opens(dsn=self.box.section(LogLevel="info", LogFile=folder + "/none/log"))


if __name__ == "__main__":
    unittest.main()
