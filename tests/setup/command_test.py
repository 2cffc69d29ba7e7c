#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The `iamodbc` command, run as a person runs it, without a server: register and unregister, token, credentials,
attributes, and how check stops. It is copied into the shape of an installation (bin/ and lib/odbc/) in a private folder;
HOME, ODBCSYSINI and the AWS files are private too. The program is named by IAMODBC_TOOL, the library by IAMODBC_LIBRARY.
"""
import datetime
import json
import os
import pwd
import re
import shutil
import stat
import subprocess
import tempfile
import unittest
import unittest.mock
import urllib.parse

os.environ["BOTO_DISABLE_CRT"] = "true"
import botocore.auth  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.credentials  # noqa: E402

HOST = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com"
KEY = ("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
SESSION_TOKEN = "IQoJb3JpZ2luX2VjEJ" + "/+a" * 200 + "=="
NAMES = [("iamodbc", "libiamodbc.so"), ("iamodbc narrow", "libiamodbca.so"), ("iamodbc wide", "libiamodbcw.so")]


class CommandTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-command-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        for name in ("bin", "lib/odbc", "sys", "home/.aws"):
            os.makedirs(f"{self.folder}/{name}")
        self.tool = self.folder + "/bin/iamodbc"
        self.place(os.environ["IAMODBC_TOOL"], self.tool)
        self.driver_file = self.folder + "/lib/odbc/libiamodbc.so"
        self.place(os.environ["IAMODBC_LIBRARY"], self.driver_file)
        self.system = self.folder + "/sys/odbcinst.ini"
        self.users = self.folder + "/home/.odbcinst.ini"
        self.variables = {"HOME": self.folder + "/home", "ODBCSYSINI": self.folder + "/sys", "PATH": "/usr/bin:/bin",
                          "ODBCINI": self.folder + "/home/.odbc.ini", "LC_ALL": "C.UTF-8", "AWS_EC2_METADATA_DISABLED": "true"}

    @staticmethod
    def place(source, target):
        try:
            os.link(source, target)  # it is large
        except OSError:
            shutil.copy(source, target)

    def run_tool(self, *arguments, status=0, text_in="", env=None, program=None, **options):
        done = subprocess.run([program or self.tool, *arguments], input=text_in.encode(), stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, env={**self.variables, **(env or {})}, timeout=30, check=False, **options)
        done.stdout, done.stderr = done.stdout.decode(), done.stderr.decode()
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done

    @staticmethod
    def write(path, text):
        with open(path, "w", encoding="utf-8", newline="") as file:
            file.write(text)

    @staticmethod
    def read(path):
        with open(path, encoding="utf-8", newline="") as file:
            return file.read()

    def no_secret(self, *texts):
        for text in texts:
            for secret in (KEY[1], SESSION_TOKEN[:40], "hunter2"):
                self.assertNotIn(secret, text)


class Usage(CommandTest):
    def test_wrong_usage_is_status_2_and_goes_to_stderr(self):
        for arguments in ([], ["nosuch"], ["check"], ["token"], ["token", "--host", HOST], ["register", "--user", "--system"],
                          ["token", "sales", "--host", HOST], ["attributes", "--json", "--markdown"], ["check", "a", "b"]):
            with self.subTest(arguments):
                done = self.run_tool(*arguments, status=2)
                self.assertEqual("", done.stdout)
                self.assertNotEqual("", done.stderr)

    def test_version_and_help(self):
        self.assertRegex(self.run_tool("--version").stdout, r"^iamodbc \d+\.\d+\.\d+\n$")
        for command in ("check", "doctor", "token", "credentials", "whoami", "attributes", "register", "unregister"):
            self.assertIn(command, self.run_tool("--help").stdout)
            self.assertIn("Examples:\n", self.run_tool(command, "--help").stdout)

    def test_a_full_disk_is_a_failure(self):
        with open("/dev/full", "wb") as full:
            done = subprocess.run([self.tool, "attributes"], stdout=full, stderr=subprocess.PIPE, env=self.variables, timeout=30,
                                  check=False)
        self.assertEqual(1, done.returncode)
        self.assertIn(b"standard output could not be written", done.stderr)


class Attributes(CommandTest):
    def test_three_forms_of_one_table(self):
        rows = json.loads(self.run_tool("attributes", "--json").stdout)
        names = [row["name"] for row in rows]
        self.assertEqual(len(names), len({name.lower() for name in names}))
        self.assertTrue({"BaseDriver", "Server", "UID", "AuthType", "Region", "TLS", "LogFile"} <= set(names))
        self.assertEqual({"PWD", "SecretAccessKey", "SessionToken"}, {row["name"] for row in rows if row["secret"]})
        self.assertEqual({"CredentialProcess", "KeyPrompt", "LogFile", "MFAPrompt", "SSOLogin", "SecretUsernameKey", "StrictPermissions", "Tunnel"}, {row["name"] for row in rows if not row["in_string"]})
        self.assertIn({"verify-full", "verify-ca", "require"}, [set(row["choices"]) for row in rows])
        text = self.run_tool("attributes").stdout
        markdown = self.run_tool("attributes", "--markdown").stdout.splitlines()
        self.assertEqual(len(rows) + 2, len(markdown))
        self.assertEqual({6}, {line.count("|") for line in markdown})
        for row, line in zip(rows, markdown[2:]):
            self.assertTrue(line.startswith(f"| `{row['name']}` | "), line)
            self.assertIn(row["help"], line)
            self.assertRegex(text, rf"(?m)^{row['name']} +\S")


class Doctor(CommandTest):
    def test_the_document_has_the_advice_of_the_code_and_no_other(self):
        listed = self.run_tool("doctor", "--list").stdout.strip()
        document = self.read(os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../docs/troubleshooting.md"))
        block = re.search(r"<!-- advice: iamodbc doctor --list -->\n(.*?)\n<!-- /advice -->", document, re.DOTALL)[1]
        self.assertEqual(listed, block.strip())
        ids = re.findall(r"^### (\S+)$", document, re.MULTILINE)
        self.assertEqual(len(ids), len(set(ids)))
        self.assertLessEqual(40, len(ids))
        self.assertLessEqual(set(re.findall(r"\(#([a-z0-9-]+)\)", document)), set(ids))
        for path in self.sources():
            for name in re.findall(r'(?:\{|, |return |\? |: )"([a-z]+(?:-[a-z0-9]+)+)"', self.read(path)):
                self.assertIn(name, ids, path)

    @staticmethod
    def sources():
        folder = os.path.join(os.path.dirname(os.path.abspath(__file__)), "../../setup/doctor")
        return [os.path.join(folder, name) for name in sorted(os.listdir(folder)) if name.endswith(".cpp") and name != "findings.cpp"]

    def test_an_installation_without_anything(self):
        done = self.run_tool("doctor", "--offline", status=1)
        self.assertRegex(done.stdout, r"(?m)^FAILED +driver +no section of odbcinst\.ini leads to libiamodbc\.so$")
        self.assertIn("-> driver-not-registered: ", done.stdout)
        self.assertIn("-> base-driver-missing: ", done.stdout)
        self.assertRegex(done.stdout, r"\n[23] failed, \d warnings?\n$")

    def test_a_registered_driver_is_loaded(self):
        self.run_tool("register")
        self.assertRegex(self.run_tool("doctor", "--offline", status=1).stdout, r"(?m)^ok +driver +/.*/lib/odbc/libiamodbc\.so \(\[iamodbc\] in odbcinst\.ini\)$")


class Register(CommandTest):
    ODD = "; of the administrator\r\n\r\n[PostgreSQL Unicode]\r\nDriver = psqlodbcw.so\r\n# why\r\nEmpty =\r\n\r\n[ODBC]\r\nTrace=No\r\n"

    def sections(self, path):
        listed = subprocess.run(["odbcinst", "-q", "-d"], env={**self.variables, "ODBCSYSINI": os.path.dirname(path)},
                                stdout=subprocess.PIPE, timeout=30, check=True).stdout.decode()
        return [line.strip("[]") for line in listed.splitlines()]

    def test_into_a_new_file(self):
        done = self.run_tool("register", "--system")
        self.assertIn(f"registered in {self.system}", done.stdout)
        self.assertEqual(["iamodbc"], self.sections(self.system))
        self.assertEqual(f"[iamodbc]\nDescription=Logs in to databases on AWS with IAM\nDriver={self.driver_file}\nThreading=0\nUsageCount=1\n",
                         self.read(self.system))
        self.assertEqual(0o644, stat.S_IMODE(os.stat(self.system).st_mode))

    def test_all_three_names_where_there_are_three_libraries(self):
        for _, file in NAMES[1:]:
            shutil.copy(self.driver_file, self.folder + "/lib/odbc/" + file)
        self.run_tool("register")
        self.assertEqual([name for name, _ in NAMES], self.sections(self.system))
        for _, file in NAMES:
            self.assertIn(f"Driver={self.folder}/lib/odbc/{file}\n", self.read(self.system))

    def test_twice_is_as_once(self):
        self.run_tool("register")
        first = self.read(self.system)
        self.assertIn("is registered already", self.run_tool("register").stdout)
        self.assertEqual(first, self.read(self.system))

    def test_everything_else_stays_as_it_was(self):
        self.write(self.system, self.ODD)
        os.chmod(self.system, 0o640)
        self.run_tool("register")
        self.assertTrue(self.read(self.system).startswith(self.ODD))
        self.assertEqual(["PostgreSQL Unicode", "iamodbc"], self.sections(self.system))
        self.run_tool("unregister")
        self.assertEqual(self.ODD, self.read(self.system))
        self.assertEqual(0o640, stat.S_IMODE(os.stat(self.system).st_mode))

    def test_the_driver_manager_loads_it(self):
        self.run_tool("register")
        done = self.run_tool("check", "Driver=iamodbc;BaseDriver=psqlodbcw.so;Server=127.0.0.1;Port=1;UID=u;Region=us-east-1", status=1,
                             env={"AWS_ACCESS_KEY_ID": KEY[0], "AWS_SECRET_ACCESS_KEY": KEY[1]})
        self.assertIn(f"{self.driver_file} ([iamodbc] in odbcinst.ini)", done.stdout)
        self.assertIn("Connection refused", done.stderr)
        self.assertIn("[iamodbc] Nothing listens there", done.stderr)  # that is our driver's word

    def test_a_moved_library_is_found_anew_and_own_changes_stay(self):
        self.write(self.system, "[IAMODBC]\nDriver=/old/libiamodbc.so\nDriver64=/old/libiamodbc.so\nThreading=1\nAllowInString=yes\n")
        self.run_tool("register")
        self.assertEqual(f"[IAMODBC]\nDriver={self.driver_file}\nDriver64={self.driver_file}\nThreading=1\nAllowInString=yes\n"
                         "Description=Logs in to databases on AWS with IAM\n", self.read(self.system))

    def test_the_setup_library_is_named_where_it_is_there(self):
        library = self.folder + "/lib/odbc/libiamodbcS.so"
        self.write(self.system, "[iamodbc]\nSetup=/old/libiamodbcS.so\nSetup64=/old/libiamodbcS.so\n")
        self.run_tool("register")
        self.assertEqual(2, self.read(self.system).count("=/old/libiamodbcS.so\n"))
        shutil.copy(self.driver_file, library)
        self.run_tool("register")
        self.assertTrue(self.read(self.system).startswith(f"[iamodbc]\nSetup={library}\nSetup64={library}\n"))

    def test_a_list_of_drivers_is_kept_where_there_is_one(self):
        self.write(self.system, "[ODBC Drivers]\nother=Installed\n")
        self.run_tool("register")
        self.assertTrue(self.read(self.system).startswith("[ODBC Drivers]\nother=Installed\niamodbc=Installed\n\n[iamodbc]\n"))
        self.run_tool("unregister")
        self.assertEqual("[ODBC Drivers]\nother=Installed\n", self.read(self.system))

    def test_usage_count_of_others_is_respected(self):
        self.write(self.system, "[iamodbc]\nDriver=/x/libiamodbc.so\nUsageCount=2\n")
        self.assertIn("UsageCount", self.run_tool("unregister").stdout)
        self.assertEqual("[iamodbc]\nDriver=/x/libiamodbc.so\nUsageCount=1\n", self.read(self.system))
        self.run_tool("unregister")
        self.assertEqual("", self.read(self.system))
        self.assertIn("is not registered", self.run_tool("unregister").stdout)

    def test_for_the_user(self):
        self.write(self.system, "")
        done = self.run_tool("register", "--user")
        self.assertEqual("", done.stderr)
        self.assertEqual("", self.read(self.system))
        self.assertIn(f"Driver={self.driver_file}\n", self.read(self.users))
        self.assertEqual(["iamodbc"], self.sections(self.system))  # unixODBC reads both
        self.run_tool("unregister", "--user")
        self.assertEqual("", self.read(self.users))

    def test_a_user_file_that_is_not_read_is_told(self):
        self.assertIn(f"only where {self.system} exists", self.run_tool("register", "--user").stderr)
        self.write(self.system, "[iamodbc]\nDriver=/x/libiamodbc.so\n")
        self.assertIn("is found first", self.run_tool("register", "--user").stderr)

    def test_a_file_that_unixodbc_ignores_is_not_touched(self):
        for text in ("Driver=x\n[a]\n", "\ufeff[a]\n", " [a]\n", "[a]\nb=\0\n"):
            with self.subTest(text):
                self.write(self.system, text)
                done = self.run_tool("register", status=1)
                self.assertIn(self.system, done.stderr)
                self.assertIn("Nothing was changed", done.stderr)
                self.assertEqual(text, self.read(self.system))

    def test_odbcinstini_names_the_file(self):
        self.run_tool("register", env={"ODBCINSTINI": "other.ini"})
        self.assertFalse(os.path.exists(self.system))
        self.assertIn("[iamodbc]", self.read(self.folder + "/sys/other.ini"))

    def test_a_named_library(self):
        other = self.folder + "/my libiamodbc.so"
        shutil.copy(self.driver_file, other)
        self.run_tool("register", "--driver", "my libiamodbc.so", cwd=self.folder)
        self.assertIn(f"Driver={other}\n", self.read(self.system))
        done = self.run_tool("register", "--driver", "/nonexistent/lib.so", status=1)
        self.assertIn("/nonexistent/lib.so: there is no such file", done.stderr)

    def test_without_a_library(self):
        os.unlink(self.driver_file)
        done = self.run_tool("register", status=1)
        self.assertIn("--driver FILE", done.stderr)
        self.assertFalse(os.path.exists(self.system))

    def test_a_missing_folder(self):
        done = self.run_tool("register", env={"ODBCSYSINI": self.folder + "/none"}, status=1)
        self.assertIn("No such file or directory", done.stderr)

    def test_without_rights_the_way_out_is_named(self):
        as_other = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            as_other = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
        self.write(self.system, self.ODD)
        os.chmod(self.system, 0o444)
        os.chmod(self.folder + "/sys", 0o555)
        self.addCleanup(os.chmod, self.folder + "/sys", 0o755)
        for command in ("register", "unregister"):
            if command == "unregister":
                os.chmod(self.folder + "/sys", 0o755)
                os.chmod(self.system, 0o644)
                self.run_tool("register")
                os.chmod(self.system, 0o444)
                os.chmod(self.folder + "/sys", 0o555)
            before = self.read(self.system)
            done = self.run_tool(command, status=1, **as_other)
            self.assertIn("Permission denied", done.stderr)
            self.assertIn("--user", done.stderr)
            self.assertEqual(before, self.read(self.system))


class Credentials(CommandTest):
    def setUp(self):
        super().setUp()
        self.write(self.folder + "/home/.aws/credentials",
                   f"[default]\naws_access_key_id={KEY[0]}\naws_secret_access_key={KEY[1]}\n"
                   f"[session]\naws_access_key_id=ASIAIOSFODNN7EXAMPLE\naws_secret_access_key={KEY[1]}\naws_session_token={SESSION_TOKEN}\n")
        self.write(self.system, f"[iamodbc]\nDriver={self.driver_file}\n[PG]\nDriver=psqlodbcw.so\n")
        self.write(self.folder + "/home/.odbc.ini",
                   f"[sales]\nDriver=iamodbc\nBaseDriver=PG\nServer={HOST}\nUID=jane_doe\n"
                   "[process]\nDriver=iamodbc\nBaseDriver=PG\nServer=h\nUID=u\nCredentialProcess=" + self.process() + " hunter2\n"
                   "[plain]\nDriver=iamodbc\nBaseDriver=PG\nServer=h\nUID=u\nAuthType=Password\n")

    def process(self):
        path = self.folder + "/keys.sh"
        self.write(path, "#!/bin/sh\necho '{\"Version\": 1, \"AccessKeyId\": \"ASIAPROCESSEXAMPLE22\", \"SecretAccessKey\": \"s/+=\", "
                         "\"SessionToken\": \"t\\\"\\\\u00e9\", \"Expiration\": \"2099-01-02T03:04:05+01:00\"}'\n")
        os.chmod(path, 0o755)
        return path

    def test_process_json_of_a_long_term_key(self):
        done = self.run_tool("credentials")
        self.assertEqual({"Version": 1, "AccessKeyId": KEY[0], "SecretAccessKey": KEY[1]}, json.loads(done.stdout))
        self.assertEqual("", done.stderr)

    def test_process_json_with_all_fields(self):
        done = self.run_tool("credentials", "process")
        self.assertEqual({"Version": 1, "AccessKeyId": "ASIAPROCESSEXAMPLE22", "SecretAccessKey": "s/+=", "SessionToken": 't"é',
                          "Expiration": "2099-01-02T02:04:05Z"}, json.loads(done.stdout))
        done = self.run_tool("credentials", "process", "--profile", "session")
        self.assertEqual(SESSION_TOKEN, json.loads(done.stdout)["SessionToken"])

    def test_they_serve_another_program_as_credential_process(self):
        self.write(self.folder + "/home/.aws/config", f"[profile chained]\ncredential_process={self.tool} credentials --profile session\n")
        done = self.run_tool("credentials", "--profile", "chained")
        self.assertEqual(SESSION_TOKEN, json.loads(done.stdout)["SessionToken"])

    def test_explain_names_who_was_asked_and_no_secret(self):
        done = self.run_tool("credentials", "--explain")
        self.assertRegex(done.stdout, r"environment: .*AWS_ACCESS_KEY_ID.*\nprofile.*: used\nkey AKIA\.\.\.MPLE from .*profile default")
        self.no_secret(done.stdout, done.stderr)
        done = self.run_tool("credentials", "--explain", "process")
        self.assertIn("until 2099-01-02T02:04:05Z", done.stdout)
        self.no_secret(done.stdout, done.stderr)

    def test_explain_tells_why_there_are_none(self):
        os.unlink(self.folder + "/home/.aws/credentials")
        done = self.run_tool("credentials", "--explain", status=1)
        self.assertRegex(done.stdout, r"environment: .+\nprofile.*: .+")
        self.assertIn("[28000]", done.stderr)
        self.assertEqual("", self.run_tool("credentials", status=1).stdout)

    # ---- token ----

    def as_botocore(self, made, key, host=HOST, port=5432, user="jane_doe", region="eu-central-1"):
        """The token that botocore makes at the moment at which `made` was."""
        date = urllib.parse.parse_qs(made.partition("?")[2])["X-Amz-Date"][0]
        now = datetime.datetime.strptime(date, "%Y%m%dT%H%M%SZ")
        self.assertLess(abs((datetime.datetime.utcnow() - now).total_seconds()), 60)
        request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://{host}:{port}/", params={"Action": "connect", "DBUser": user})
        with unittest.mock.patch("botocore.auth.datetime") as clock:
            clock.datetime.utcnow.return_value = now
            botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(*key), "rds-db", region, expires=900).add_auth(request)
        return request.url.removeprefix("https://")

    def test_token_is_botocores_to_the_letter(self):
        arguments = ["token", "--host", HOST, "--port", "5432", "--user", "jane_doe"]
        for more, key in (([], KEY), (["--profile", "session"], ("ASIAIOSFODNN7EXAMPLE", KEY[1], SESSION_TOKEN))):
            done = self.run_tool(*arguments, *more)
            self.assertEqual(self.as_botocore(done.stdout[:-1], key) + "\n", done.stdout)
            self.assertEqual("", done.stderr)
        done = self.run_tool("token", "--hostname", "db.example.com", "--port", "3306", "--username", "zoë", "--region", "US-west-2")
        self.assertEqual(self.as_botocore(done.stdout[:-1], KEY, "db.example.com", 3306, "zoë", "us-west-2") + "\n", done.stdout)

    def test_token_of_a_dsn_and_of_a_string(self):
        for source in ("sales", "DSN=sales;Port=5432", f"Driver=iamodbc;BaseDriver=PG;Server={HOST};UID=jane_doe",
                       "DSN=sales;BaseDriver=PostgreSQL nobody has", "DSN=sales;BaseDriver=other;Port=5432"):  # nothing connects here
            done = self.run_tool("token", source)
            self.assertEqual(self.as_botocore(done.stdout[:-1], KEY) + "\n", done.stdout)

    def test_a_string_from_standard_input(self):
        text = f"DSN=sales;AccessKeyID={KEY[0]};SecretAccessKey={KEY[1]};UID={{o}}}}neil;x}}\n"
        done = self.run_tool("token", "-", text_in=text)
        self.assertEqual(self.as_botocore(done.stdout[:-1], KEY, user="o}neil;x") + "\n", done.stdout)
        self.assertEqual("", done.stderr)

    def test_standard_input_that_is_too_long_is_refused(self):
        for arguments in (["token", "-"], ["dsn", "import", "new", "-"], ["login", "--keys", "--profile", "dev"]):
            with self.subTest(arguments):
                done = self.run_tool(*arguments, text_in="\0" * (3 << 20), status=1)
                self.assertEqual("", done.stdout)
                self.assertIn("more than 1 MiB", done.stderr)

    def test_a_secret_among_the_arguments_is_warned_of_once(self):
        done = self.run_tool("token", f"DSN=sales;AccessKeyID={KEY[0]};SecretAccessKey={KEY[1]};PWD=hunter2")
        self.assertEqual(1, done.stderr.count("warning"))
        self.assertIn("standard input", done.stderr)
        self.no_secret(done.stderr)

    def test_token_as_json_tells_what_was_signed(self):
        shown = json.loads(self.run_tool("token", "--json", "DSN=sales;UID={o}}neil \"x\"}").stdout)
        self.assertEqual(["token", "host", "port", "region", "user", "expiry"], list(shown))
        self.assertEqual((HOST, 5432, "eu-central-1", 'o}neil "x"'), tuple(shown[name] for name in ("host", "port", "region", "user")))
        self.assertEqual(self.as_botocore(shown["token"], KEY, user=shown["user"]), shown["token"])
        signed = urllib.parse.parse_qs(shown["token"].partition("?")[2])["X-Amz-Date"][0]
        end = datetime.datetime.strptime(signed, "%Y%m%dT%H%M%SZ") + datetime.timedelta(minutes=15)
        self.assertEqual(end.strftime("%Y-%m-%dT%H:%M:%SZ"), shown["expiry"])
        self.assertEqual("", self.run_tool("token", "--json", "nosuch", status=1).stdout)

    def test_whoami_as_json_tells_who_was_asked_when_nobody_answers(self):
        done = self.run_tool("whoami", "--json", "sales", status=1, env={"AWS_ENDPOINT_URL_STS": "http://127.0.0.1:1"})
        shown = json.loads(done.stdout)
        self.assertIs(shown["ok"], False)
        self.assertIn("127.0.0.1:1", shown["error"]["message"])
        self.assertEqual("08001", shown["error"]["sqlstate"])
        self.assertEqual({"provider": "profile", "outcome": "used"}, shown["asked"][-1])
        self.assertIn("does not say whose key", done.stderr)
        self.no_secret(done.stdout, done.stderr)
        shown = json.loads(self.run_tool("whoami", "--json", "nosuch", status=1).stdout)
        self.assertEqual(("IM002", []), (shown["error"]["sqlstate"], shown["asked"]))

    def test_token_failures(self):
        for arguments, words in (
                (["--host", "db.example.com", "--port", "1", "--user", "u"], "region"),
                (["--host", f"https://{HOST}/", "--port", "1", "--user", "u"], "is not a host name"),
                (["--host", HOST, "--port", "1", "--user", ""], "--user is empty"),
                (["--host", HOST, "--port", "1", "--user", "u", "--profile", "nosuch"], "nosuch"),
                (["plain"], "AuthType"), (["nosuch"], "Known: sales, process, plain")):
            with self.subTest(arguments):
                done = self.run_tool("token", *arguments, status=1)
                self.assertEqual("", done.stdout)
                self.assertIn(words, done.stderr)

    def test_a_region_that_contradicts_the_host_is_warned_of(self):
        done = self.run_tool("token", "--host", HOST, "--port", "5432", "--user", "u", "--region", "us-east-1")
        self.assertIn("warning", done.stderr)
        self.assertIn("us-east-1", done.stdout)

    # ---- check, as far as it comes without a server ----

    def check(self, source, state, words, room, **options):
        done = self.run_tool("check", source, status=1, **options)
        self.assertIn(f"[{state}]", done.stderr)
        self.assertIn(words, done.stderr)
        self.assertRegex(done.stdout.splitlines()[-1], rf"^{room} +FAILED \[{state}\]$")
        self.no_secret(done.stdout, done.stderr)
        return done

    def test_check_stops_at_the_first_room_that_fails(self):
        self.check("nosuch", "IM002", f'no DSN "nosuch". Known: sales, process, plain. Looked in {self.folder}', "DSN")
        self.check("DSN=nosuch;UID=x", "IM002", "Known: sales", "DSN")
        self.check("Server=h", "IM002", "Add Driver=iamodbc", "driver")
        self.check("Driver=PG;Server=h", "IM003", "not iamodbc", "driver")
        self.check("Driver=nosuch;Server=h", "IM003", "not a section of odbcinst.ini", "driver")
        self.check("DSN=sales;BaseDriver=nosuch", "IM003", "nosuch", "base driver")
        self.check("DSN=sales;BaseDriver=/nonexistent/psqlodbcw.so", "IM003", "/nonexistent/psqlodbcw.so", "base driver")
        self.check("DSN=sales;BaseDriver=libodbc.so.2", "IM003", "not an ODBC driver", "base driver")
        self.check("DSN=sales;Port=x", "HY024", "1 to 65535", "base driver")
        self.check("DSN=sales;AuthTyp=IAM", "HY024", "Did you mean AuthType", "settings")
        self.check("DSN=sales;SSLmode=disable", "08001", "SSLmode", "settings")
        self.check("DSN=sales;Server=a,b", "08001", "list of hosts", "TLS")
        self.check("DSN=sales;TLSCAFile=/nonexistent.pem", "08001", "/nonexistent.pem", "TLS")
        self.check(f"DSN=sales;TLSCAFile={self.system}", "08001", "holds no certificate", "CA file")
        self.check("DSN=sales;Server=db.example.com", "08001", "Region", "region")
        self.check("DSN=sales;Profile=nosuch", "28000", "nosuch", "credentials")
        self.check("DSN=sales;Server=127.0.0.1;Port=1;Region=eu-central-1", "08001", "Connection refused", "connect")

    def test_check_as_json_has_the_rooms_and_the_errors(self):
        done = self.run_tool("check", "--json", "DSN=sales;Server=127.0.0.1;Port=1;Region=eu-central-1;PWD=hunter2;Foo=\x1bhunter2", status=1)
        shown = json.loads(done.stdout)
        self.assertEqual(("a connection string", False), (shown["subject"], shown["ok"]))
        self.assertEqual(["attributes", "driver", "base driver", "settings", "clock", "TLS", "CA file", "region", "signed", "credentials", "token", "connect"],
                         [room["room"] for room in shown["rooms"]])
        self.assertIn("PWD=*** (the connection string)", shown["rooms"][0]["found"])
        self.assertEqual(["FAILED [08001]"], shown["rooms"][-1]["found"])
        self.assertEqual("08001", shown["errors"][0]["sqlstate"])
        self.assertIn("Connection refused", shown["errors"][0]["message"])
        self.assertIn("Connection refused", done.stderr)
        self.no_secret(done.stdout, done.stderr)
        shown = json.loads(self.run_tool("check", "--json", "nosuch", status=1).stdout)
        self.assertEqual(("nosuch", ["DSN"]), (shown["subject"], [room["room"] for room in shown["rooms"]]))

    def test_check_of_a_library_that_is_gone(self):
        os.unlink(self.driver_file)
        self.check("sales", "IM003", "iamodbc register", "driver")

    def test_check_shows_attributes_with_their_origin_and_no_secret(self):
        done = self.check("-", "08001", "Connection refused", "connect", text_in=f"DSN=process;Region=eu-central-1;Server=127.0.0.1;Port=1;PWD=hunter2;Foo=hunter2")
        self.assertIn("Server=127.0.0.1 (the connection string)\n", done.stdout)
        self.assertRegex(done.stdout, r"Server=h \(\[process\] in .*/\.odbc\.ini, line 9; overridden\)")
        self.assertRegex(done.stdout, r"PWD=\*\*\* \(the connection string\)")
        self.assertRegex(done.stdout, r"Foo=\*\*\* \(the connection string\)")
        self.assertIn(f"CredentialProcess={self.folder}/keys.sh ... (", done.stdout)

    def test_check_needs_no_attribute_in_a_terminal_free_form(self):
        done = self.check("DSN=sales;Server=127.0.0.1;Port=1;Region=eu-central-1;Description=a\x1b[2Jb", "08001", "refused", "connect")
        self.assertNotIn("\x1b", done.stdout)

    def test_check_names_credentials_that_were_asked(self):
        os.unlink(self.folder + "/home/.aws/credentials")
        done = self.check("sales", "28000", "Asked, in this order", "credentials")
        self.assertRegex(done.stdout, r"credentials +environment: .+\n +profile.*: .+\n")

    def test_check_stops_at_the_credentials_when_nobody_could_be_asked(self):
        for string, env, provider, words in (("DSN=sales", {"AWS_PROFILE": "dve"}, "profile", "The config profile (dve) could not be found"),
                                             ("DSN=sales;ExternalId=x", {}, "RoleArn", "ExternalId belongs to RoleArn"),
                                             ("DSN=sales;ExpectedAccountID=1", {}, "ExpectedAccountID", "twelve digits")):
            with self.subTest(string):
                done = self.run_tool("check", string, status=1, env=env)
                self.assertRegex(done.stdout, rf"\ncredentials +{provider}: .+\ncredentials +FAILED \[\w+\]\n$")
                self.assertIn(words, done.stderr)

    def test_check_names_the_provider_that_failed_once(self):
        done = self.check("DSN=sales;RoleArn=arn:aws:iam::111122223333:role/a;MFASerial=arn:aws:iam::111122223333:mfa/j", "28000",
                          "RoleArn takes role", "credentials")
        self.assertRegex(done.stdout, r"\n +RoleArn: takes role arn:")


if __name__ == "__main__":
    unittest.main()
