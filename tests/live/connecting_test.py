#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""docs/connecting.md, what only the real psqlODBC and a real server can prove."""
import contextlib
import glob
import json
import os
import string as characters
import subprocess
import tempfile
import unittest

from box import HERE, PYTHON, LiveTest
import run

USER_AND_TLS = "select current_user, ssl, current_setting('application_name') from pg_stat_ssl where pid = pg_backend_pid()"


def read(name):
    with open(name, "rb") as file:
        return file.read()


class Connecting(LiveTest):
    def opens(self, string="", dsn=None, ini=None, query="select current_user", **options):
        """A login that gets in by a token that was accepted; returns the Answer."""
        sections = {"mine": dsn or self.box.section(), **(ini or {})}
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine" + (";" + string if string else ""), ini=sections, queries=[query], **options)
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual(["accepted"], [line["verdict"] for line in seen])
        self.assertNotIn("X-Amz", answer.out or "")
        return answer

    def refuses(self, string, *words, dsn=None, ini=None, **options):
        """A login that we refuse ourselves: one record, and no token was sent."""
        sections = {"mine": dsn or self.box.section(), **(ini or {})}
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=mine" + (";" + string if string else ""), ini=sections, **options)
        self.assertFalse(answer.connected, "it was let in")
        self.assertEqual([], seen, "a token was sent")
        self.assertEqual(1, len(answer.records), str(answer))
        self.assert_says(answer.text, *words)
        self.no_secret(answer.text)
        return answer

    # ---- what the base driver sees ----

    def test_foreign_attributes_reach_the_base_driver(self):
        answer = self.opens("ConnSettings={set extra_float_digits to 0;set application_name to 'b}}c'}", query=USER_AND_TLS)
        self.assertEqual([[["jane_doe", "1", "b}c"]]], answer.results)

    def test_the_last_of_duplicates_counts(self):
        self.opens("Server=nowhere.invalid;UID=nobody;Servername=localhost;User=jane_doe")
        self.refuses("Port=1;Port=0", "Port", "65535")

    def test_nothing_is_smuggled_by_a_value(self):
        for text in ("Database={app;Servername=nowhere.invalid}", "UID={jane_doe;SSLmode=disable}", "UID={jane_doe}};PWD={x}"):
            with self.subTest(text):
                self.refuses(text, "psqlODBC|closed|closing")
        for text in ("note={x;Servername=nowhere.invalid;SSLmode=disable;UID=rdsadmin;PWD=x}", "note={x}};Servername=nowhere.invalid}",
                     "note=x=y;{a=Servername=nowhere.invalid", " \tSSLmode = verify-full ", "=;=Servername=nowhere.invalid", "note"):
            with self.subTest(text):
                answer = self.opens(text, query=USER_AND_TLS)
                self.assertEqual(["jane_doe", "1"], answer.results[0][0][:2])

    def test_a_dsn_name_smuggles_nothing(self):
        string = (f"Driver=iamodbc;DSN={{x;SSLmode=disable;Servername=nowhere.invalid}};BaseDriver=PostgreSQL Unicode;Server=localhost;Port={self.box.port};"
                  f"Database=app;UID=jane_doe;Region={self.box.exports['RDS_REGION']};TLSCAFile={self.box.ca}")
        with self.box.verdicts() as seen:
            answer = self.box.connect(string)
        self.assertFalse(answer.connected)
        self.assertEqual([], seen)
        self.assert_says(answer.text, "DSN")

    def test_a_password_of_the_section_does_not_win(self):
        self.opens(dsn={**self.box.section(), "Password": "of the section"})
        self.opens(dsn={**self.box.section(), "Password": "of the section"}, env={"PGPASSWORD": "of the environment"})

    def test_base_dsn_supplies_what_is_left_out(self):
        base = {**self.box.section("base-pg"), "Username": "nobody", "ReadOnly": "1"}
        del base["pqopt"]
        own = self.box.section(Server=None, Port=None, Database=None)
        answer = self.opens("", dsn={**own, "BaseDSN": "base"}, ini={"base": base}, query="create temp table t (i int)")
        self.assertIn("records", answer.results[0], "ReadOnly of the BaseDSN's section was not seen")

    def test_empty_user_and_password_mean_absent(self):
        self.opens("UID=;PWD=")
        self.opens("UID={};PWD={};Password=")
        with self.box.verdicts() as seen:
            answer = self.box.connect(dsn="local-pg", uid="", pwd="")
        self.assertTrue(answer.connected, str(answer))
        self.assertEqual(1, len(seen))

    def test_a_password_typed_in_is_not_used(self):
        with tempfile.NamedTemporaryFile(prefix="iamodbc-log-") as log:
            self.opens("PWD=typed-by-hand", dsn=self.box.section(LogFile=log.name))
            text = read(log.name).decode()
        self.assertEqual(1, text.count("is not used"), text)
        self.assertNotIn("typed-by-hand", text)
        with self.box.verdicts():
            self.assertTrue(self.box.connect(dsn="local-pg", uid="jane_doe", pwd="typed-by-hand").connected)

    # ---- TLS ----

    def test_tls_spellings_of_the_base_driver(self):
        for text in ("SSLmode=REQUIRE", "CA=r", "TLS=require", "SSLmode=Verify-Full", "CA=vf", "SSLmode=verify-ca", "CA=vc"):
            with self.subTest(text):
                answer = self.opens(text, query=USER_AND_TLS)
                self.assertEqual(["jane_doe", "1"], answer.results[0][0][:2])

    def test_less_than_tls_is_refused_by_name(self):
        for text, name in (("SSLmode=disable", "SSLmode=disable"), ("SSLmode=allow", "SSLmode=allow"), ("SSLmode=prefer", "SSLmode=prefer"),
                           ("CA=d", "CA=d"), ("CA=a", "CA=a"), ("CA=p", "CA=p")):
            with self.subTest(text):
                self.refuses(text, name, "verify-full")
        self.refuses("", "SSLmode=prefer", r"\[mine\]", dsn=self.box.section(SSLmode="prefer"))

    def test_the_certificate_is_checked(self):
        answer = self.box.connect("DSN=local-pg;TLSCAFile=" + self.box.exports["RDS_WRONG_CA"])
        self.assertFalse(answer.connected)
        self.assert_says(answer.first, "certificate verify failed", "TLSCAFile")
        self.opens("TLS=require;TLSCAFile=")

    def test_sslrootcert_in_pqopt_means_tls_ca_file(self):
        own = self.box.section(TLSCAFile=None)
        self.opens("pqopt={sslrootcert='" + self.box.ca + "'}", dsn=own)
        self.opens("", dsn={**own, "pqopt": "sslrootcert='" + self.box.ca + "'"})

    def test_pqopt_may_not_redirect_or_weaken(self):
        for name in ("host", "port", "user", "dbname", "password", "passfile", "service", "sslmode", "sslcert", "sslcrl", "gssencmode", "gsslib"):
            with self.subTest(name):
                self.refuses("pqopt={" + name + "=x}", r"pqopt", rf"\b{name}\b")
        self.refuses("pqopt={postgresql://nowhere.invalid/x=y}", "pqopt")
        self.refuses("", r"pqopt", r"\bhost\b", dsn=self.box.section(pqopt="host=x"))

    def test_the_rest_of_pqopt_arrives(self):
        answer = self.opens(r"pqopt={application_name='it\'s; a {test}}' connect_timeout=9}", query=USER_AND_TLS)
        self.assertEqual("it's; a {test}", answer.results[0][0][2])

    def test_hostaddr_needs_verify_full(self):
        self.opens("pqopt={hostaddr=127.0.0.1}")
        for level in ("verify-ca", "require"):
            self.refuses(f"pqopt={{hostaddr=127.0.0.1}};TLS={level}", "hostaddr", "verify-full")

    def test_sockets_and_host_lists_are_refused(self):
        for host in ("/var/run/postgresql", "@abstract", self.box.exports["RDS_ADMIN_HOST"], "localhost,nowhere.invalid", "localhost,", "a b"):
            with self.subTest(host):
                self.refuses(f"Server={host}", "Server")
        self.refuses("TokenHost=localhost,other", "TokenHost")

    def test_variables_that_would_redirect(self):
        self.refuses("", "PGHOSTADDR", env={"PGHOSTADDR": "127.0.0.1"})
        self.refuses("", "PGSERVICE", env={"PGSERVICE": "other"})
        self.refuses("", "PGSSLMINPROTOCOLVERSION", env={"PGSSLMINPROTOCOLVERSION": "TLSv1"})

    def test_variables_that_are_overridden(self):
        self.opens("", query=USER_AND_TLS, env={"PGSSLMODE": "disable", "PGHOST": "nowhere.invalid", "PGPORT": "1", "PGUSER": "nobody", "PGPASSFILE": "/nonexistent",
                                                "PGSSLROOTCERT": "/nonexistent", "PGGSSENCMODE": "require", "PGDATABASE": "nothing"})

    def test_token_host_is_checked_while_server_is_dialled(self):
        for host in ("localhost", self.box.exports["RDS_HOST"], self.box.exports["RDS_CLUSTER_HOST"]):
            with self.subTest(host):
                self.opens(f"Server=127.0.0.1;TokenHost={host}")
        with self.box.verdicts() as seen:
            answer = self.box.connect("DSN=local-pg;Server=127.0.0.1;TokenHost=other.cabc123def45.eu-central-1.rds.amazonaws.com")
        self.assertFalse(answer.connected)
        self.assertEqual([], seen, "a token was sent to a host of another name")
        self.assert_says(answer.first, "does not match host name")
        # The variable is no matter when we name the address ourselves.
        self.opens("Server=127.0.0.1;TokenHost=localhost", env={"PGHOSTADDR": "192.0.2.1"})

    def test_less_tls_with_token_host_only_from_files(self):
        self.refuses("TokenHost=localhost;TLS=require", "TokenHost", "TLS=require")
        self.opens("", dsn=self.box.section(Server="127.0.0.1", TokenHost="localhost", TLS="require"))
        self.refuses("Server=127.0.0.1", "TokenHost", dsn=self.box.section(TokenHost="localhost", TLS="require"))

    def test_a_string_does_not_choose_both_where_a_token_goes_and_who_vouches_for_it(self):
        own = self.box.section(TLSCAFile=None)
        for string in ("pqopt={hostaddr=127.0.0.1 sslrootcert='%s'}", "pqopt={hostaddr=127.0.0.1};TLSCAFile=%s", "Server=127.0.0.1;TokenHost=localhost;TLSCAFile=%s"):
            with self.subTest(string):
                self.assertEqual("HY024", self.refuses(string % self.box.ca, "could lead the token", r"odbc\.ini", "AllowInString", dsn=own).state)
        self.opens(f"TLSCAFile={self.box.ca}", dsn={**own, "Server": "127.0.0.1", "TokenHost": "localhost"})
        self.opens(f"TLSCAFile={self.box.ca};Server=localhost;TokenHost=LOCALHOST", dsn=own)

    # ---- handing over the secret ----

    def in_one_process(self, strings, **options):
        done = self.box.run([PYTHON, os.path.join(HERE, "same_process_client.py")], json.dumps(strings), **options)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    @contextlib.contextmanager
    def psqlodbc_logs(self, pid):
        """What psqlODBC logged in that process. It writes to /tmp unless odbcinst.ini says otherwise."""
        files = glob.glob(f"/tmp/mylog_*{pid}.log") + glob.glob(f"/tmp/psqlodbc_*{pid}.log")
        try:
            yield b"".join(map(read, files))
        finally:
            for name in files:
                os.unlink(name)

    def test_the_log_of_another_connection_does_not_see_the_token(self):
        logging = "DSN=base-pg;Debug=1;CommLog=1"
        section = self.box.section(Debug="1", CommLog="1")
        answer = self.in_one_process([logging, "DSN=mine", "DSN=local-pg;Debug=1;B2=1;CommLog=1;CX=1bc00000", logging, "DSN=local-pg"], ini={"mine": section})
        self.assertEqual(["plain_user", "jane_doe", "jane_doe", "plain_user", "jane_doe"], answer["answers"])
        with self.psqlodbc_logs(answer["pid"]) as log:
            self.assertIn(b"Servername=localhost", log, "it did not log our connection strings: the test proves nothing")
            self.assertIn(b"passfile=", log)
            self.assertNotIn(b"X-Amz", log)
            box_password = self.box.section("base-pg")["Password"]  # the base driver logs that of its own DSN
            secrets = {name: value for name, value in self.box.secrets.items() if value != box_password}
            self.assertEqual(set(), run.findings(log, run.needles(secrets)))

    def test_a_set_pgpassword_does_not_win(self):
        for text in ("", "TLS=require"):
            self.opens(text, env={"PGPASSWORD": "of somebody else"})

    def test_pgpassfile_does_not_win(self):
        with tempfile.NamedTemporaryFile("w", prefix="iamodbc-pgpass-") as file:
            file.write("*:*:*:*:of somebody else\n")
            file.flush()
            self.opens("", env={"PGPASSFILE": file.name})

    def test_nothing_of_the_pass_file_stays(self):
        answer = self.in_one_process(["DSN=local-pg"] * 3)
        self.assertEqual(["jane_doe"] * 3, answer["answers"])
        done = self.box.run([PYTHON, "-c", "import os, pyodbc; c = pyodbc.connect('DSN=local-pg'); "
                             "print([os.readlink('/proc/self/fd/' + n) for n in os.listdir('/proc/self/fd') if os.path.islink('/proc/self/fd/' + n)])"])
        self.assertEqual(0, done.returncode, done.stderr)
        self.assertNotIn("memfd", done.stdout)

    def test_long_tokens_pass_the_wide_functions(self):
        self.opens("", env={"AWS_PROFILE": "session10000"})
        self.opens("", env={"AWS_PROFILE": "session10000"}, wide=False)

    def test_a_refusal_does_not_speak_of_our_file(self):
        for wide in (True, False):
            answer = self.box.connect("DSN=local-pg", env={"AWS_PROFILE": "wrong"}, wide=wide)
            self.assertFalse(answer.connected)
            self.assertNotIn("password retrieved", answer.text)
            self.assertNotIn("/proc/self", answer.text)

    def test_passwords_of_every_printable_character(self):
        """A password is the base driver's business; that it arrives whole, the verifier's log tells by its hash."""
        import hashlib
        printable = "".join(c for c in characters.printable if c.isprintable())
        for password in (printable, "{" + printable + "}", "%41+b", "a;b", "a}b}}", "{a", "}"):
            for wide in (False, True):
                section = self.box.section(AuthType="Password", Region=None, TLSCAFile=None, SSLmode="verify-full", pqopt=self.box.section("base-pg")["pqopt"])
                with self.subTest(password=password, wide=wide):
                    for options in ({"string": "DSN=mine;PWD={" + password.replace("}", "}}") + "}"}, {"dsn": "mine", "uid": "jane_doe", "pwd": password}):
                        with self.box.verdicts() as seen:
                            answer = self.box.connect(**options, ini={"mine": section}, wide=wide)
                        self.assertFalse(answer.connected)
                        self.assertEqual([hashlib.sha256(password.encode()).hexdigest()], [line["sha256"] for line in seen], str(answer))

    # ---- out connection string ----

    def test_the_out_string_is_what_was_asked_for_completed(self):
        section = self.box.section(AccessKeyID=self.box.key()[0], SecretAccessKey=self.box.key()[1], PWD="of-the-dsn")
        for wide in (True, False):
            answer = self.opens("Fetch={7};PWD=of-the-string;User=jane_doe", dsn=section, wide=wide)
            self.assertEqual(f"DSN=mine;Fetch={{7}};User=jane_doe;Server=localhost;Port={self.box.port};Database=app;PWD=of-the-string", answer.out)
            self.no_secret(answer.out)
            self.assertNotIn("of-the-dsn", answer.out)

    def test_the_out_string_connects_again(self):
        answer = self.opens("Fetch=7;UID=;PWD=")
        again = self.box.connect(answer.out, ini={"mine": self.box.section()})
        self.assertTrue(again.connected, str(again))

    def test_a_short_buffer_is_a_warning_and_the_length_that_of_the_whole(self):
        for wide in (True, False):
            whole = self.opens("", wide=wide)
            length = len(whole.out)
            for size in (length + 1, length, 10, 1):
                with self.subTest(wide=wide, size=size):
                    answer = self.opens("", wide=wide, out_length=size)
                    self.assertEqual(whole.out[:size - 1], answer.out)
                    self.assertEqual(length, answer.out_length)
                    if size > length:
                        self.assertEqual(0, answer.status)
                    else:
                        self.assertEqual((1, "01004"), (answer.status, answer.state))

    def test_savefile_gets_no_secret(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-save-") as folder:
            name = os.path.join(folder, "saved.dsn")
            answer = self.opens(f"SAVEFILE={name};PWD=of-the-string")
            self.assertNotIn("of-the-string", answer.out)
            if os.path.exists(name):
                self.assertNotIn(b"of-the-string", read(name))

    def test_a_file_dsn_connects_and_so_does_a_saved_one(self):
        # unixODBC reads and writes these files for SQLDriverConnect only; SQLDriverConnectW hands on the words.
        with tempfile.TemporaryDirectory(prefix="iamodbc-save-") as folder:
            mine, saved = os.path.join(folder, "mine.dsn"), os.path.join(folder, "saved.dsn")
            attributes = {**self.box.section(), "Profile": "session4000"}
            with open(mine, "w", encoding="utf-8") as file:
                file.write("[ODBC]\n" + "".join(f"{name.upper()}={value}\n" for name, value in attributes.items()))
            self.opens(f"SAVEFILE={saved}", dsn=attributes, wide=False)
            for name in (mine, saved):
                for more in ("", ";Database=app;"):
                    with self.box.verdicts() as seen:
                        answer = self.box.connect(f"FILEDSN={name}{more}", wide=False)
                    self.assertTrue(answer.connected, f"{name}: {answer}")
                    self.assertEqual([("accepted", True)], [(line["verdict"], line["length"] > 4000) for line in seen])
            self.assertEqual(set(), self.box.secrets_in(read(saved).decode()))

    def test_a_long_token_gives_no_warning_about_the_out_buffer(self):
        for wide in (True, False):
            answer = self.opens("", env={"AWS_PROFILE": "session4000"}, wide=wide)
            self.assertEqual(0, answer.status, str(answer))

    # ---- attributes and diagnostics ----

    def test_the_login_timeout_holds_for_the_whole_walk(self):
        # 192.0.2.1 (TEST-NET-1) answers nowhere; where the network refuses at once there is nothing to wait for.
        answer = self.box.connect("DSN=local-pg;Server=192.0.2.1;TokenHost=localhost", login_timeout=2)
        self.assertFalse(answer.connected)
        self.assertLess(answer.seconds, 6)

    def test_without_proc_the_token_goes_down_in_the_string(self):
        hidden = ["unshare", "--map-root-user", "--mount", "sh", "-c", 'mount -t tmpfs none /proc && exec "$@"', "sh"]
        if subprocess.run([*hidden, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("needs a namespace of its own for mounts, which this user may not make")
        with tempfile.NamedTemporaryFile(prefix="iamodbc-log-") as log:
            self.opens("", dsn=self.box.section(LogLevel="info", LogFile=log.name), prefix=hidden)
            written = read(log.name).decode()
        self.assert_says(written, "the token stands in psqlODBC's connection string")
        self.no_secret(written)

    def test_a_silent_name_server_does_not_outlast_the_login_timeout(self):
        namespaces = ["unshare", "--map-root-user", "--mount", "--net"]
        if subprocess.run([*namespaces, "true"], stderr=subprocess.DEVNULL, check=False).returncode != 0:
            self.skipTest("needs namespaces of its own, which this user may not make")
        answer = self.box.connect("DSN=local-pg;Server=database.example;TokenHost=localhost", login_timeout=2,
                                  prefix=[*namespaces, PYTHON, os.path.join(HERE, "silent_dns.py")])
        self.assertFalse(answer.connected)
        self.assertEqual("HYT00", answer.state, str(answer))
        self.assert_says(answer.first, "DNS", "database.example")
        self.assertGreater(answer.seconds, 1.5)
        self.assertLess(answer.seconds, 6)

    def test_our_own_failure_is_our_record_alone(self):
        answer = self.refuses("TLS=verify-fully", "TLS=verify-fully", "verify-full, verify-ca, require")
        self.assertEqual("HY024", answer.state)

    def test_browse_connect_is_the_base_drivers_answer(self):
        program = ("import ctypes, sys; o = ctypes.CDLL('libodbc.so.2'); e, c = ctypes.c_void_p(), ctypes.c_void_p(); o.SQLAllocHandle(1, None, ctypes.byref(e)); "
                   "o.SQLSetEnvAttr(e, 200, ctypes.c_void_p(3), 0); o.SQLAllocHandle(2, e, ctypes.byref(c)); b = ctypes.create_string_buffer(1024); n = ctypes.c_short(); "
                   "r = o.SQLBrowseConnect(c, ('DSN=' + sys.argv[1]).encode(), -3, b, 1024, ctypes.byref(n)); s, t = ctypes.create_string_buffer(6), "
                   "ctypes.create_string_buffer(512); o.SQLGetDiagRec(2, c, 1, s, ctypes.byref(ctypes.c_int()), t, 512, ctypes.byref(n)); "
                   "print(ctypes.c_short(r).value, s.value.decode(), t.value.decode())")
        with self.box.verdicts() as seen:
            base, ours = (self.box.run([PYTHON, "-c", program, dsn]).stdout for dsn in ("base-pg", "local-pg"))
        self.assertEqual([], seen)
        self.assertEqual(base, ours)


if __name__ == "__main__":
    unittest.main()
