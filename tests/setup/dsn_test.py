#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`iamodbc dsn`, run as a script and as a person on a terminal runs it, without a server. Environment: as command_test.py."""
import concurrent.futures
import fcntl
import json
import os
import pty
import re
import resource
import select
import stat
import subprocess
import termios
import time
import unittest

from command_test import HOST, CommandTest

DRIVERS = "/usr/lib/x86_64-linux-gnu/odbc"
TEMPLATE = """[PostgreSQL Unicode]
Driver=psqlodbcw.so

[PostgreSQL ANSI]
Driver=psqlodbca.so

[MariaDB Unicode]
Driver=libmaodbc.so
"""


class DsnTest(CommandTest):
    def setUp(self):
        super().setUp()
        self.write(self.system, TEMPLATE)
        self.run_tool("register")
        self.ini = self.folder + "/home/.odbc.ini"

    def dsn(self, *arguments, **options):
        return self.run_tool("dsn", *arguments, **options)

    def add(self, name="sales", *arguments, **options):
        return self.dsn("add", name, "--host", HOST, "--user", "jane_doe", "--engine", "postgresql", *arguments, **options)

    def as_unixodbc_reads(self, section, key):
        """By libodbcinst itself, in a process of its own: it keeps what it read."""
        script = ("import ctypes, sys; text = ctypes.create_string_buffer(4096);"
                  "ctypes.CDLL('libodbcinst.so.2').SQLGetPrivateProfileString(sys.argv[1].encode(), sys.argv[2].encode(), b'', text, 4096,"
                  " b'odbc.ini'); print(text.value.decode())")
        return subprocess.run(["/usr/bin/python3", "-c", script, section, key], env=self.variables, timeout=30, check=True,
                              stdout=subprocess.PIPE, text=True).stdout.rstrip("\n")


class Add(DsnTest):
    def test_a_dsn_is_written_as_unixodbc_reads_it(self):
        done = self.add("sales", "--database", "app", "--profile", "dev", "--set", "Fetch=1000", "--set", "Description=My sales")
        self.assertEqual(f"[sales]\nDriver=iamodbc\nEngine=postgresql\nServer={HOST}\nDatabase=app\nUID=jane_doe\nProfile=dev\n"
                         "Fetch=1000\nDescription=My sales\n", self.read(self.ini))
        self.assertEqual(self.read(self.ini) + f"added to {self.ini}; try it: iamodbc dsn test sales\n", done.stdout)
        self.assertEqual("", done.stderr)
        self.assertEqual(0o644, stat.S_IMODE(os.stat(self.ini).st_mode))
        self.assertEqual(HOST, self.as_unixodbc_reads("sales", "Server"))
        self.assertEqual("My sales", self.as_unixodbc_reads("sales", "Description"))

    def test_the_port_tells_the_base_driver(self):
        self.dsn("add", "pg", "--host", HOST, "--port", "5432", "--user", "j")
        self.dsn("add", "maria", "--host", HOST, "--port", "3306", "--user", "j")
        self.assertIn("BaseDriver=PostgreSQL Unicode\n", self.dsn("show", "pg").stdout)
        self.assertIn("BaseDriver=MariaDB Unicode\n", self.dsn("show", "maria").stdout)

    def test_a_single_installed_base_driver_is_the_one(self):
        self.write(self.system, "[MariaDB Unicode]\nDriver=libmaodbc.so\n")
        self.run_tool("register")
        self.assertIn("BaseDriver=MariaDB Unicode\n", self.dsn("add", "a", "--host", HOST, "--user", "j").stdout)

    def test_a_narrow_base_driver_gets_the_narrow_library(self):
        for name in ("libiamodbca.so", "libiamodbcw.so"):
            os.link(self.driver_file, f"{self.folder}/lib/odbc/{name}")
        self.run_tool("register")
        self.assertIn("Driver=iamodbc narrow\n", self.dsn("add", "a", "--host", HOST, "--user", "j", "--base-driver", "PostgreSQL ANSI").stdout)
        changed = self.dsn("edit", "a", "--base-driver", "PostgreSQL Unicode").stdout
        self.assertIn("Driver=iamodbc\nBaseDriver=PostgreSQL Unicode\n", changed)

    def test_a_script_is_told_what_it_left_out(self):
        done = self.dsn("add", status=2)
        self.assertIn("missing: NAME, --host, --user, --engine or --base-driver", done.stderr)
        self.assertEqual("", done.stdout)
        self.assertFalse(os.path.exists(self.ini))

    def test_a_login_that_is_fetched_needs_no_more_than_its_name(self):
        for option, name, written in (("--secret", "prod/sales", "AuthType=SecretsManager\nSecretID=prod/sales\n"), ("--cluster", "sales", "AuthType=Redshift\nClusterID=sales\n"),
                                      ("--workgroup", "analytics", "AuthType=Redshift\nWorkgroup=analytics\n")):
            with self.subTest(option):
                done = self.dsn("add", option[2:], option, name, "--region", "eu-central-1")
                self.assertIn(written, done.stdout)
                self.assertNotIn("warning", done.stderr)
        self.assertNotIn("BaseDriver", self.read(self.ini))
        done = self.dsn("add", "both", "--secret", "a", "--auth", "IAM", status=2)
        self.assertIn("missing: --host, --user", done.stderr)
        self.assertIn("ClusterID and Workgroup are both given", self.dsn("add", "both", "--cluster", "a", "--workgroup", "b", status=1).stderr)

    def test_a_name_that_is_taken_stays_as_it_is(self):
        self.add()
        before = self.read(self.ini)
        self.assertIn("There is a DSN sales in", self.add("SALES", status=1).stderr)
        self.assertEqual(before, self.read(self.ini))

    def test_names_that_odbc_does_not_take_are_refused(self):
        for name in ("d" * 33, "a]b", "a=b", "a[b", "a;b", "ODBC", " a"):
            with self.subTest(name):
                self.assertIn("DSN", self.add(name, status=1).stderr)
        self.assertFalse(os.path.exists(self.ini))
        self.add("d" * 32)
        self.assertEqual(HOST, self.as_unixodbc_reads("d" * 32, "Server"))

    def test_what_unixodbc_would_cut_is_refused(self):
        self.add("long", "--set", "Description=" + "x" * 987)
        self.assertEqual("x" * 987, self.as_unixodbc_reads("long", "Description"))
        before = self.read(self.ini)
        done = self.add("longer", "--set", "Description=" + "x" * 988, status=1)
        self.assertIn("the line Description=... would have 1000 bytes, and unixODBC cuts lines of more than 999", done.stderr)
        self.assertEqual(before, self.read(self.ini))

    def test_what_a_connect_would_refuse_is_refused(self):
        self.assertIn("TLS=maybe is not", self.add("a", "--tls", "maybe", status=1).stderr)
        self.assertIn("did you mean", self.add("a", "--set", "Regin=eu-central-1", status=1).stderr.lower())
        for host, fault in (("one,other", "is a list of hosts"), ("/var/run/postgresql", "is a socket"), (HOST + ":5432", "holds a port")):
            self.assertIn(fault, self.dsn("add", "a", "--host", host, "--user", "j", "--engine", "postgresql", status=1).stderr)
        self.assertFalse(os.path.exists(self.ini))

    def test_neither_its_driver_nor_its_name_is_an_attribute_to_set(self):
        self.add()
        before = self.read(self.ini)
        for option in ("--set", "--unset"):
            for name, text in (("Driver", "--base-driver"), ("driver64", "--base-driver"), ("dsn", "first argument")):
                value = name + "=x" if option == "--set" else name
                self.assertIn(text, self.dsn("edit", "sales", option, value, status=2).stderr)
        self.assertIn("--base-driver", self.add("new", "--set", "Driver=PostgreSQL Unicode", status=2).stderr)
        self.assertEqual(before, self.read(self.ini))

    def test_what_is_not_there_yet_is_a_warning(self):
        os.remove(self.system)
        self.assertIn("warning: Driver=iamodbc is not a section of odbcinst.ini", self.add().stderr)

    def test_a_dsn_that_another_file_hides_is_a_warning(self):
        self.add()
        done = self.add("sales", "--system")
        self.assertIn(f"[sales] in {self.ini} is found first", done.stderr)
        self.assertIn("[sales]", self.read(self.folder + "/sys/odbc.ini"))

    def test_the_list_of_data_sources_is_kept_where_there_is_one(self):
        self.write(self.ini, "[ODBC Data Sources]\nold = x\n\n[old]\nDriver = x\n")
        self.add()
        self.assertIn("[ODBC Data Sources]\nold = x\nsales=iamodbc\n\n[old]", self.read(self.ini))
        self.dsn("remove", "sales")
        self.assertEqual("[ODBC Data Sources]\nold = x\n\n[old]\nDriver = x\n", self.read(self.ini))


class Secrets(DsnTest):
    def test_no_argument_is_a_secret(self):
        for setting in ("PWD=hunter2", "Password=hunter2", "AWS_SECRET_ACCESS_KEY=hunter2", "SessionToken=hunter2", "TLSKEYPWD=hunter2", "sslpassword=hunter2",
                        "pqopt=password=hunter2", "pqopt={password=hunter2}", "pqopt=password='hunter2", "D5=PassWord = hunter2",
                        "Proxy=http://jane:hunter2@proxy.example:3128"):
            with self.subTest(setting):
                done = self.add("a", "--set", setting, status=2)
                self.assertIn("holds a secret", done.stderr)
                self.no_secret(done.stdout, done.stderr)
        self.assertFalse(os.path.exists(self.ini))
        self.add("a", "--set", "CAN_HANDLE_EXP_PWD=1")

    def test_a_password_is_stored_when_it_is_asked_for(self):
        self.write(self.ini, "[other]\nDriver=x\n")
        done = self.add("pw", "--auth", "Password", "--store-secret", text_in="hunter2\n")
        self.no_secret(done.stdout, done.stderr)
        self.assertIn("PWD=***\n", done.stdout)
        self.assertIn("0600", done.stderr)
        self.assertIn("PWD=hunter2\n", self.read(self.ini))
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.ini).st_mode))
        self.no_secret(self.dsn("show", "pw").stdout, self.dsn("show", "pw", "--json").stdout, self.dsn("list", "--json").stdout)
        self.dsn("edit", "pw", "--store-secret", text_in="hunter3\n")
        self.assertIn("PWD=hunter3\n", self.read(self.ini))

    def test_keys_are_stored_when_they_are_asked_for(self):
        done = self.add("k", "--set", "AccessKeyID=ASIAIOSFODNN7EXAMPLE", "--store-secret", text_in="hunter2\nhunter22\n")
        self.no_secret(done.stdout, done.stderr)
        self.assertIn("SecretAccessKey=hunter2\nSessionToken=hunter22\n", self.read(self.ini))

    def test_there_is_not_always_a_secret_to_store(self):
        self.assertIn("no secret to store", self.add("a", "--store-secret", text_in="hunter2\n", status=2).stderr)
        self.assertIn("No PWD came", self.add("a", "--auth", "Password", "--store-secret", status=2).stderr)
        self.assertFalse(os.path.exists(self.ini))

    def test_everybody_s_file_gets_none(self):
        done = self.add("a", "--system", "--auth", "Password", "--store-secret", text_in="hunter2\n", status=1)
        self.assertIn("A secret is not written to", done.stderr)
        self.assertFalse(os.path.exists(self.folder + "/sys/odbc.ini"))


class Edit(DsnTest):
    BEFORE = ("; Sales \xe9\r\n[sales]\r\nDriver = iamodbc\r\n Servername\t= old.example.com ; not a comment\r\n# note\r\nUID=jane_doe\r\n"
              "Port = 5432\r\nUnknown key = 1\r\nno equals\r\n\r\n; last\r\n")

    def test_only_the_value_changes(self):
        with open(self.ini, "w", encoding="latin-1", newline="") as file:
            file.write(self.BEFORE)
        os.chmod(self.ini, 0o640)
        self.dsn("edit", "sales", "--host", HOST, "--profile", "dev")
        with open(self.ini, encoding="latin-1", newline="") as file:
            after = file.read()
        expected = self.BEFORE.replace("old.example.com ; not a comment", HOST).replace("no equals\r\n", "no equals\r\nProfile=dev\r\n")
        self.assertEqual(expected, after)
        self.assertEqual(0o640, stat.S_IMODE(os.stat(self.ini).st_mode))

    def test_an_attribute_in_two_spellings_becomes_one(self):
        self.write(self.ini, "[s]\nDriver=iamodbc\nPort=5432\nUser=a\nUID=b\nUsername=c\n")
        self.dsn("edit", "s", "--user", "d", "--unset", "port", "--engine", "postgresql")
        self.assertEqual("[s]\nDriver=iamodbc\nUser=d\nEngine=postgresql\n", self.read(self.ini))

    def test_what_is_so_already_is_not_written(self):
        self.add()
        before = os.stat(self.ini).st_ino
        self.assertIn("is so already in", self.dsn("edit", "sales", "--user", "jane_doe").stdout)
        self.assertEqual(before, os.stat(self.ini).st_ino)

    def test_wrong_edits_change_nothing(self):
        self.add()
        self.write(self.ini, self.read(self.ini) + "\n[other]\nDriver=PostgreSQL Unicode\n")
        before = self.read(self.ini)
        for status, text, arguments in ((1, "There is no DSN \"nosuch\"", ("edit", "nosuch", "--user", "x")),
                                        (1, "of another driver", ("edit", "other", "--user", "x")),
                                        (1, "of another driver", ("remove", "other")),
                                        (1, "There is no DSN \"nosuch\"", ("remove", "nosuch")),
                                        (1, "is not", ("edit", "sales", "--set", "Port=x")),
                                        (2, "nothing to change", ("edit", "sales")),
                                        (2, "same attribute", ("edit", "sales", "--user", "x", "--set", "UID=y")),
                                        (2, "is not NAME=VALUE", ("edit", "sales", "--set", "UID"))):
            with self.subTest(arguments):
                self.assertIn(text, self.dsn(*arguments, status=status).stderr)
        self.assertEqual(before, self.read(self.ini))

    def test_the_file_that_a_connect_uses_is_changed(self):
        self.add("sales", "--system")
        self.dsn("edit", "sales", "--profile", "dev")
        self.assertIn("Profile=dev", self.read(self.folder + "/sys/odbc.ini"))
        self.assertFalse(os.path.exists(self.ini))


class ShowListRemove(DsnTest):
    def setUp(self):
        super().setUp()
        self.write(self.ini, "[a]\nDriver=iamodbc\nPort=5432\nServername=host.example\nCredentialProcess=helper --key hunter2\n"
                             "ConnSettings=SET x TO 'hunter2'\nAccessKeyID=AKIAIOSFODNN7EXAMPLE\n\n[b c]\nDriver=PostgreSQL Unicode\nPassword=hunter2\n")

    def test_show(self):
        done = self.dsn("show", "A")
        self.assertEqual(f"# {self.ini}, line 1\n[a]\nDriver=iamodbc\nPort=5432\nServername=host.example\nCredentialProcess=helper ...\n"
                         "ConnSettings=***\nAccessKeyID=AKIA...MPLE\n", done.stdout)
        shown = json.loads(self.dsn("show", "a", "--json").stdout)
        self.assertEqual(("a", self.ini, 1, True), (shown["name"], shown["file"], shown["line"], shown["iamodbc"]))
        self.assertEqual({"name": "Port", "value": "5432", "hidden": False, "line": 3}, shown["attributes"][1])
        self.assertEqual({"name": "ConnSettings", "value": "***", "hidden": True, "line": 6}, shown["attributes"][4])
        self.assertIn("Password=***\n", self.dsn("show", "b c").stdout)

    def test_list(self):
        self.assertEqual(f"a  iamodbc  host.example  ({self.ini})\n", self.dsn("list").stdout)
        rows = json.loads(self.dsn("list", "--all", "--json").stdout)
        self.assertEqual([("a", "host.example"), ("b c", "")], [(row["name"], row["server"]) for row in rows])
        self.dsn("remove", "a")
        done = self.dsn("list")
        self.assertEqual("", done.stdout)
        self.assertIn("1 of other drivers", done.stderr)
        self.assertEqual([], json.loads(self.dsn("list", "--json").stdout))

    def test_a_list_is_aligned_by_characters(self):
        self.add("Köln Süd")
        lines = self.dsn("list").stdout.splitlines()
        self.assertEqual(["a", "Köln Süd"], [line[:8].rstrip() for line in lines])
        self.assertEqual([10, 10], [line.index("iamodbc") for line in lines])

    def test_remove(self):
        self.assertEqual(f"[a] removed from {self.ini}\n", self.dsn("remove", "a").stdout)
        self.assertEqual("[b c]\nDriver=PostgreSQL Unicode\nPassword=hunter2\n", self.read(self.ini).lstrip("\n"))

    def test_test_is_check(self):
        self.assertEqual(self.run_tool("check", "nosuch", status=1).stderr, self.dsn("test", "nosuch", status=1).stderr)


class Files(DsnTest):
    def test_a_dangling_link_leads_to_the_new_file(self):
        os.symlink("dotfiles/odbc.ini", self.ini)
        self.add(status=1)
        os.mkdir(self.folder + "/home/dotfiles")
        self.add()
        self.assertTrue(os.path.islink(self.ini))
        self.assertIn("[sales]", self.read(self.folder + "/home/dotfiles/odbc.ini"))

    def test_writers_at_once_all_get_in(self):
        self.write(self.ini, "[other]\nDriver=x\n")
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            list(pool.map(lambda number: self.add(f"dsn{number}"), range(16)))
        names = re.findall(r"^\[(.*)\]$", self.read(self.ini), re.MULTILINE)
        self.assertEqual(sorted(["other"] + [f"dsn{number}" for number in range(16)]), sorted(names))

    def test_a_full_disk_leaves_the_old_file(self):
        self.write(self.ini, "[other]\nDriver=x\n")
        small = lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))  # noqa: E731
        done = self.add(status=1, preexec_fn=small)
        self.assertIn("cannot be written: File too large", done.stderr)
        self.assertEqual("[other]\nDriver=x\n", self.read(self.ini))
        self.assertEqual([".odbc.ini"], [name for name in os.listdir(self.folder + "/home") if "odbc.ini" in name])

    def test_a_file_that_unixodbc_ignores_is_left_alone(self):
        for text in ("key=value\n[a]\n", "\ufeff[a]\n", "[a]\n\0"):
            with self.subTest(text):
                self.write(self.ini, text)
                self.assertIn("Nothing was changed", self.add(status=1).stderr)
                self.assertEqual(text, self.read(self.ini))

    def test_a_megabyte_and_long_lines_stay_as_they_are(self):
        text = "".join(f"[dsn{number}]\nDriver=x\nlong={'y' * 1500}\n\n" for number in range(700))
        self.write(self.ini, text)
        self.add()
        self.assertTrue(self.read(self.ini).startswith(text + "\n[sales]\n"))
        self.dsn("remove", "sales")
        self.assertEqual(text, self.read(self.ini))


class Import(DsnTest):
    def imported(self, source, *arguments, **options):
        done = self.dsn("import", "new", source, *arguments, **options)
        self.no_secret(done.stdout, done.stderr)
        changes, _, section = done.stdout.partition("[new]\n")
        return changes.splitlines(), section.splitlines()[:-1]

    def test_a_dsn_of_psqlodbc(self):
        self.write(self.ini, f"[old]\nDriver = PostgreSQL Unicode\nDescription = Sales\nServername = {HOST}\nPort = 5432\nDatabase = app\n"
                             "Username = jane_doe\nPassword = hunter2\nSSLmode = require\nDebug = 1\nFetch = 7\nConnSettings = SET a TO b\n"
                             "pqopt = {application_name=x sslrootcert=/etc/rds.pem password=hunter2}\n")
        before = self.read(self.ini)
        changes, section = self.imported("old")
        self.assertEqual(["Driver=iamodbc", "BaseDriver=PostgreSQL Unicode", f"Server={HOST}", "Port=5432", "Database=app", "UID=jane_doe",
                          "TLSCAFile=/etc/rds.pem", "Description=Sales", "Fetch=7", "ConnSettings=***", "pqopt=***"], section)
        self.assertEqual(["Driver=PostgreSQL Unicode -> Driver=iamodbc, BaseDriver=PostgreSQL Unicode", "Servername -> Server", "Username -> UID",
                          "Password: left out; a token takes its place (--store-secret keeps it, with AuthType=Password)"], changes[:4])
        self.assertEqual({"SSLmode=require", "Debug", "application_name", "sslrootcert", "password"},
                         {re.split(r" ->|:", change)[0] for change in changes[4:]})
        after = self.read(self.ini)
        self.assertTrue(after.startswith(before))
        self.assertEqual(1, after.count("Password"))
        self.assertEqual("application_name='x'", self.as_unixodbc_reads("new", "pqopt"))

    def test_a_password_stays_where_it_is_asked_for(self):
        self.write(self.ini, f"[old]\nDriver=PostgreSQL Unicode\nServername={HOST}\nUsername=j\nPassword=hunter2%25\n")
        self.imported("old", "--store-secret")
        self.assertIn("Password=hunter2%25\nAuthType=Password\n", self.read(self.ini).partition("[new]")[2])
        self.assertEqual(0o600, stat.S_IMODE(os.stat(self.ini).st_mode))

    def test_a_dsn_of_mariadb(self):
        self.write(self.ini, f"[old]\nDRIVER=MariaDB Unicode\nSERVER={HOST}\nDB=app\nUSER=j\nPASSWORD=hunter2\nSSLCA=/etc/rds.pem\nFORCETLS=1\n"
                             "SSLVERIFY=1\nOPTION=3\n")
        changes, section = self.imported("old")
        self.assertEqual(["Driver=iamodbc", "BaseDriver=MariaDB Unicode", f"Server={HOST}", "Database=app", "UID=j", "TLSCAFile=/etc/rds.pem",
                          "OPTION=3"], section)
        self.assertIn("SSLCA -> TLSCAFile", changes)
        self.assertIn("FORCETLS: left out; a token never travels without TLS", changes)

    def test_a_dsn_of_aws_s_wrapper(self):
        self.write(self.ini, f"[old]\nDriver=/opt/aws-advanced-odbc-wrapper-w.so\nBASE_DRIVER={DRIVERS}/psqlodbcw.so\nSERVER={HOST}\nPORT=5432\n"
                             "UID=j\nRDS_AUTH_TYPE=AWS_SSO\nREGION=eu-central-1\nSSO_START_URL=https://x.awsapps.com/start\nSSO_ACCOUNT_ID=111122223333\n"
                             "SSO_ROLE_NAME=Db\nSSO_REGION=eu-west-1\nSSO_ALLOW_INTERACTIVE=1\nSSO_LISTEN_PORT=8000\nEXTRA_URL_ENCODE=1\n"
                             "ENABLE_CLUSTER_FAILOVER=1\nLIMITLESS_MODE=LAZY\nSSLmode=verify-full\n")
        changes, section = self.imported("old")
        self.assertEqual(["Driver=iamodbc", f"BaseDriver={DRIVERS}/psqlodbcw.so", f"Server={HOST}", "Port=5432", "UID=j", "Region=eu-central-1",
                          "SSOStartURL=https://x.awsapps.com/start", "SSORegion=eu-west-1", "SSOAccountID=111122223333", "SSORoleName=Db",
                          "SSOLogin=auto"], section)
        left_out = {change.split(":")[0] for change in changes if "left out" in change}
        self.assertEqual({"RDS_AUTH_TYPE", "SSO_LISTEN_PORT", "EXTRA_URL_ENCODE", "ENABLE_CLUSTER_FAILOVER", "LIMITLESS_MODE", "SSLmode"}, left_out)

    def test_urls_and_connection_strings(self):
        pg, maria = "BaseDriver=PostgreSQL Unicode", "BaseDriver=MariaDB Unicode"
        same = [f"Server={HOST}", "Port=5432", "Database=app db", "UID=jane doe"]
        for text, section in ((f"postgresql://jane%20doe:hunter2@{HOST}:5432/app%20db?sslmode=verify-ca", [pg, *same, "TLS=verify-ca"]),
                              (f"postgres://{HOST}:5432/x?user=jane%20doe&dbname=app%20db", [pg, *same]),
                              (f"host={HOST} port=5432 dbname='app db' user='jane doe' password=hunter2", [pg, *same]),
                              (f"host={HOST} port=5432 dbname='app db' password='hunter2 ; x' user='jane doe'", [pg, *same]),
                              (f"jdbc:postgresql://{HOST}:5432/app%20db?user=jane%20doe&password=hunter2&ssl=true", [pg, *same]),
                              (f"Driver={{PostgreSQL Unicode}};Server={HOST};Port=5432;Database={{app db}};UID=jane doe;PWD=hunter2", [pg, *same]),
                              (f"jdbc:aws-wrapper:postgresql://own.example/app?user=j&wrapperPlugins=iam&iamRegion=eu-central-1&iamHost={HOST}"
                               "&awsProfile=dev", [pg, "Server=own.example", "Database=app", "UID=j", "Region=eu-central-1", f"TokenHost={HOST}",
                                                   "Profile=dev"]),
                              (f"jdbc:mysql://{HOST}/app?user=j&useSSL=true", [maria, f"Server={HOST}", "Database=app", "UID=j"]),
                              (f"jdbc:mariadb://{HOST}:3307/?user=j&sslMode=trust", [maria, f"Server={HOST}", "Port=3307", "UID=j"]),
                              (f"mysql://j:hunter2@{HOST}/app?ssl-mode=VERIFY_IDENTITY", [maria, f"Server={HOST}", "Database=app", "UID=j"])):
            with self.subTest(text):
                changes, written = self.imported("-", "--dry-run", text_in=text + "\n")
                self.assertEqual(["Driver=iamodbc", *section], written)
                self.assertEqual("hunter2" in text, any("left out; a token takes its place" in change for change in changes))
        self.assertFalse(os.path.exists(self.ini))

    def test_options_complete_what_a_url_leaves_out(self):
        _, section = self.imported(f"postgresql://{HOST}/app", "--user", "j", "--profile", "dev", "--database", "other")
        self.assertEqual(["Driver=iamodbc", "BaseDriver=PostgreSQL Unicode", f"Server={HOST}", "Database=other", "UID=j", "Profile=dev"], section)
        self.assertIn("missing: --user", self.dsn("import", "n", f"postgresql://{HOST}/app", status=2).stderr)

    def test_a_secret_in_an_argument_is_warned_of_and_not_stored(self):
        url = f"postgresql://j:hunter2@{HOST}/app"
        self.assertIn("it holds a secret", self.dsn("import", "a", url).stderr)
        self.dsn("import", "b", url, "--store-secret", status=2)
        self.assertNotIn("hunter2", self.read(self.ini))

    def test_a_password_in_an_odd_place_is_left_out(self):
        for text, name in ((f"jdbc:postgresql://{HOST}/app?user=j;password=hunter2", "user"),
                           (f"jdbc:mysql://{HOST}/app;user=j;password=hunter2", "dbname"),
                           (f"mysql://j@{HOST}/app&PassWord=hunter2", "dbname"),
                           (f"host={HOST} user=j dbname=postgresql://j:hunter2@{HOST}/app", "dbname"),
                           (f"host={HOST} user=j dbname='host=x password = hunter2'", "dbname"),
                           (f"postgresql://j@{HOST}/app?options=-c%20app.passwd=hunter2", "options"),
                           (f"postgresql://j@{HOST}/app?sslmode=require#pwd=hunter2", "sslmode"),
                           (f"jdbc:postgresql://{HOST}/app?user=j&sslrootcert=http://j:hunter2@x/ca", "sslrootcert"),
                           (f"jdbc:mariadb://{HOST}/app?user=j&keyStorePassword=hunter2", "keyStorePassword"),
                           (f"Driver=PostgreSQL Unicode;Server={HOST};UID=j;pqopt={{options='-c a.password=hunter2'}}", "options"),
                           (f"Driver=PostgreSQL Unicode;Server={HOST};UID=j;pqopt={{sslpassword=hunter2 passfile=hunter2}}", "sslpassword"),
                           (f"Driver=PostgreSQL Unicode;Server={HOST};UID=j;SSLKeyPassword=hunter2", "SSLKeyPassword"),
                           (f"Driver=PostgreSQL Unicode;Server={HOST};UID=j;Proxy=http://j:hunter2@proxy.example:3128", "Proxy")):
            with self.subTest(text):
                done = self.dsn("import", "new", "-", "--user", "j", text_in=text)
                self.no_secret(done.stdout, done.stderr, self.read(self.ini))
                self.assertRegex(done.stdout, rf"(?m)^{name}: left out; it (is a secret|holds a password)")
                os.remove(self.ini)

    def test_what_cannot_be_imported_says_why(self):
        self.add()
        for source, text in (("sales", "is a DSN of iamodbc already"), ("nosuch", "There is no DSN"), ("sqlserver://h/d", "none that can be imported"),
                             ("postgresql://a,b/d", "several hosts"), ("Server=h;UID=u", "no Driver"), ("DSN=sales;UID=u", "by its name"),
                             ("jdbc:oracle:thin:@h", "none that can be imported"), ("aws://h/d?user=u", "none that can be imported"),
                             ("host=a,b user=u", "list of hosts"), ("postgresql:///d?host=/var/run/postgresql&user=u", "is a socket"),
                             ("Driver=iamodbc wide;Server=h", "is a DSN of iamodbc already"),
                             (f"host=j:hunter2@{HOST} user=u", "Server is not a host name"),
                             (f"postgresql://u@{HOST}/d?iamHost=j:hunter2@{HOST}", "TokenHost is not a host name")):
            with self.subTest(source):
                done = self.dsn("import", "n", source, status=1)
                self.assertIn(text, done.stderr)
                self.no_secret(done.stdout, done.stderr)

    def test_what_may_be_a_part_of_a_password_is_not_taken_for_anything_else(self):
        for url, text in ((f"jdbc:mysql://address=(host={HOST})(port=3306)(password=hunter2)/app?user=j", "in parentheses"),
                          (f"jdbc:mysql://(host={HOST},port=3306,user=j,password=@hunter2)/app", "in parentheses"),
                          (f"jdbc:mysql://j:hunter2@(host={HOST},port=3306)/app", "in parentheses"),
                          (f"postgresql://jane:hunter2/x@{HOST}/app?user=j", "write / as %2F"),
                          (f"postgresql://jane:12/hunter2@{HOST}/app?user=j", "write / as %2F"),
                          (f"postgresql://jane:hunter2?x@{HOST}/app", "write / as %2F"),
                          (f"postgresql://jane:12?hunter2@{HOST}/app&user=j", "write / as %2F"),
                          (f"postgresql://jane:12@hunter2/x@{HOST}/app", "write / as %2F"),
                          (f"postgresql://jane:12@hunter2?x@{HOST}/app", "write / as %2F"),
                          ("postgresql://j:hunter2@::1/app", "in brackets"), ("postgresql://j:hunter2@[::1/app", "in brackets")):
            with self.subTest(url):
                done = self.dsn("import", "n", "-", text_in=url, status=1)
                self.assertIn(text, done.stderr)
                self.no_secret(done.stdout, done.stderr)
        self.assertFalse(os.path.exists(self.ini))
        self.assertIn("Server=::1", self.imported("-", "--dry-run", text_in="postgresql://j:hunter2@[::1]:5433/app")[1])


class Terminal:
    """A program on a terminal of its own: expect() reads up to a text, say() types a line."""

    def __init__(self, arguments, env):
        self.screen, mine = "", pty.openpty()
        self.master = mine[0]
        self.process = subprocess.Popen(arguments, stdin=mine[1], stderr=mine[1], stdout=subprocess.PIPE, env=env, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        os.close(mine[1])

    def expect(self, text, seconds=20):
        end = time.monotonic() + seconds
        while text not in self.screen:
            if not select.select([self.master], [], [], max(0, end - time.monotonic()))[0]:
                raise AssertionError(f"{text!r} did not come; seen: {self.screen!r}")
            try:
                self.screen += os.read(self.master, 4096).decode()
            except OSError as error:
                raise AssertionError(f"{text!r} did not come; seen: {self.screen!r}") from error
        seen, _, self.screen = self.screen.partition(text)
        return seen

    def say(self, line):
        os.write(self.master, line.encode())

    def end(self):
        """What it printed, and its exit status."""
        output = self.process.stdout.read().decode()
        self.process.stdout.close()
        status = self.process.wait(20)
        os.close(self.master)
        return output, status


class Interactive(DsnTest):
    def terminal(self, *arguments, **env):
        made = Terminal([self.tool, "dsn", *arguments], {**self.variables, **env})
        self.addCleanup(lambda: made.process.poll() is None and made.process.kill())
        return made

    def test_four_questions_make_a_dsn(self):
        self.write(self.system, "[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n")
        self.run_tool("register")
        terminal = self.terminal("add")
        for question, answer in (("Name of the DSN: ", "sales"), ("host or host:port): ", HOST), ("Database user: ", "jane_doe"),
                                 ("Database (Enter: the server's choice): ", "app")):
            terminal.expect(question)
            terminal.say(answer + "\n")
        output, status = terminal.end()
        self.assertEqual(0, status)
        self.assertIn("added to", output)
        self.assertEqual(f"[sales]\nDriver=iamodbc\nBaseDriver=PostgreSQL Unicode\nServer={HOST}\nDatabase=app\nUID=jane_doe\n", self.read(self.ini))

    def test_drivers_profiles_and_regions_are_offered_where_there_is_a_choice(self):
        self.write(self.folder + "/home/.aws/config", "[profile dev]\n[profile analytics]\n")
        terminal = self.terminal("add", "local")
        terminal.expect("host:port): ")
        terminal.say("localhost:15432\n")
        terminal.expect("Database user: ")
        terminal.say("j\n")
        self.assertEqual("1) PostgreSQL Unicode 2) MariaDB Unicode", " ".join(terminal.expect("Driver of the database").split()[1:]))
        terminal.say("2\n")
        terminal.expect("choice): ")
        terminal.say("\n")
        terminal.expect("1) analytics")
        terminal.expect("2) dev")
        terminal.say("nosuch\n")
        terminal.expect("There is no such profile.")
        terminal.say("2\n")
        terminal.expect("AWS region")
        terminal.expect("? lists them")
        terminal.say("?\n")
        terminal.expect("eu-central-1 (Frankfurt)")
        terminal.say("not a region\n")
        terminal.expect("not a region")
        terminal.say("eu-central-1\n")
        self.assertEqual(0, terminal.end()[1])
        self.assertEqual("[local]\nDriver=iamodbc\nBaseDriver=MariaDB Unicode\nServer=localhost\nPort=15432\nUID=j\nRegion=eu-central-1\nProfile=dev\n",
                         self.read(self.ini))

    def test_nothing_is_asked_where_nothing_is_missing(self):
        terminal = self.terminal("add", "sales", "--host", HOST, "--user", "j", "--port", "5432")
        self.assertEqual(0, terminal.end()[1])
        self.assertEqual("", terminal.screen)

    def test_wrong_answers_are_asked_for_again(self):
        self.add("taken")
        terminal = self.terminal("add", "--port", "5432")
        for answer, fault in (("", "cannot be empty"), ("a]b", "ODBC takes none of"), ("taken", "Take another name")):
            terminal.expect("Name of the DSN: ")
            terminal.say(answer + "\n")
            terminal.expect(fault)
        terminal.say("good\n")
        for answer, fault in (("", "This is needed"), ("h:x", "from 1 to 65535"), (":1", "host:port"), ("a,b", "One host"), ("h:70000", "from 1 to 65535")):
            terminal.expect("host:port): ")
            terminal.say(answer + "\n")
            terminal.expect(fault)
        terminal.process.kill()
        terminal.end()
        self.assertNotIn("good", self.read(self.ini))

    def test_the_end_of_the_answers_writes_nothing(self):
        terminal = self.terminal("add")
        terminal.expect("Name of the DSN: ")
        terminal.say("sales\n")
        terminal.expect("host:port): ")
        terminal.say("\x04")
        terminal.expect("Nothing was written")
        self.assertEqual(1, terminal.end()[1])
        self.assertFalse(os.path.exists(self.ini))

    def test_a_secret_is_not_shown_while_it_is_typed(self):
        terminal = self.terminal("add", "pw", "--host", HOST, "--user", "j", "--port", "5432", "--auth", "Password", "--store-secret")
        terminal.expect("PWD: ")
        terminal.say("hunter2\n")
        terminal.expect("0600")
        output, status = terminal.end()
        self.assertEqual(0, status)
        self.no_secret(output, terminal.screen)
        self.assertIn("PWD=hunter2\n", self.read(self.ini))

    def test_editing_goes_through_the_main_attributes(self):
        self.add("sales", "--database", "app", "--profile", "dev")
        terminal = self.terminal("edit", "sales")
        for question, answer in ((f"Server (Enter keeps it) [{HOST}]: ", ""), ("Port (Enter keeps it): ", "no port"),
                                 ("A port is a number from 1 to 65535.\r\nPort (Enter keeps it): ", "6432"),
                                 ("Database (Enter keeps it; -: none) [app]: ", "-"), ("UID (Enter keeps it) [jane_doe]: ", "john"),
                                 ("Profile (Enter keeps it; -: none) [dev]: ", ""), ("Region (? lists them; Enter keeps it): ", "")):
            terminal.expect(question)
            terminal.say(answer + "\n")
        self.assertEqual(0, terminal.end()[1])
        self.assertEqual(f"[sales]\nDriver=iamodbc\nEngine=postgresql\nServer={HOST}\nUID=john\nProfile=dev\nPort=6432\n", self.read(self.ini))


if __name__ == "__main__":
    unittest.main()
