#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The setup library, as unixODBC, iODBC and odbcinst use it: real files in private folders, a C program (library_client)
that calls the installer libraries. IAMODBC_LIBRARIES names the folder of the libraries, IAMODBC_TOOL the command,
IAMODBC_CLIENT that program.
"""
import json
import os
import re
import resource
import shutil
import stat
import subprocess
import tempfile
import unittest

LIBRARIES, TOOL, CLIENT = (os.environ["IAMODBC_" + name] for name in ("LIBRARIES", "TOOL", "CLIENT"))
LIBRARY = os.path.join(LIBRARIES, "libiamodbcS.so")
UNIXODBC, IODBC = "libodbcinst.so.2", "libiodbcinst.so.2"
HOST = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com"
SECRET = "hunter2-is-the-secret"

ADD, CONFIG, REMOVE, ADD_SYSTEM, CONFIG_SYSTEM, REMOVE_SYSTEM, REMOVE_DEFAULT = "1", "2", "3", "4", "5", "6", "7"
INVALID_REQUEST, INVALID_NAME, INVALID_KEYWORD, INVALID_DSN, INVALID_PATH = 5, 7, 8, 9, 12
CREATE_FAILED, WRITE_FAILED, REMOVE_FAILED = 18, 19, 20
NO_WINDOW, WINDOW = "0", "7"
LABEL, TEXT, LIST, COMBINED, FILE, HIDDEN, PASSWORD = range(7)


class Answer:
    def __init__(self, lines):
        self.result = next((int(line.split()[1]) for line in lines if line.startswith("result ")), None)
        self.errors = [(int(line.split(" ", 2)[1]), line.split(" ", 2)[2]) for line in lines if line.startswith("error ")]
        self.lines = lines

    def __str__(self):
        return "\n".join(self.lines)

    def of(self, word):
        return [line[len(word) + 1:] for line in self.lines if line.startswith(word + " ")]


class LibraryTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-library-")
        self.addCleanup(shutil.rmtree, self.folder)
        os.chmod(self.folder, 0o755)
        for name in ("sys", "home/.aws"):
            os.makedirs(f"{self.folder}/{name}")
        self.drivers = self.folder + "/sys/odbcinst.ini"
        self.users = self.folder + "/home/.odbc.ini"
        self.system = self.folder + "/sys/odbc.ini"
        self.variables = {"HOME": self.folder + "/home", "ODBCSYSINI": self.folder + "/sys", "ODBCINI": self.users,
                          "ODBCINSTINI": "odbcinst.ini", "PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"}
        self.write(self.drivers, "[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n\n"
                   f"[iamodbc]\nDriver={LIBRARIES}/libiamodbc.so\nSetup={LIBRARY}\n")

    @staticmethod
    def write(path, content):
        with open(path, "wb") as file:
            file.write(content.encode() if isinstance(content, str) else content)

    @staticmethod
    def read(path):
        with open(path, "rb") as file:
            return file.read().decode("utf-8", "surrogateescape")

    def client(self, *actions, installer=UNIXODBC, env=None, **options):
        """What library_client says to a list of actions."""
        arguments = []
        for action in actions:
            arguments += [*([","] if arguments else []), *action]
        done = subprocess.run([CLIENT, installer, *arguments], env={**self.variables, **(env or {})}, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False, **options)
        output = done.stdout.decode("utf-8", "surrogateescape")
        self.assertEqual((0, b""), (done.returncode, done.stderr), output)
        return Answer(output.splitlines())

    def ask(self, request, *attributes, window=NO_WINDOW, driver="iamodbc", action="config", **options):
        return self.client([action, window, request, driver, *attributes], **options)

    def succeed(self, *arguments, **options):
        answer = self.ask(*arguments, **options)
        self.assertEqual((1, []), (answer.result, answer.errors))

    def fail_with(self, code, words, *arguments, **options):
        answer = self.ask(*arguments, **options)
        self.assertEqual(0, answer.result)
        self.assertEqual([code], [number for number, _ in answer.errors], answer)
        self.assertIn(words, answer.errors[0][1])
        self.assertNotIn(SECRET, str(answer))

    def odbcinst(self, *arguments, status=0):
        done = subprocess.run(["odbcinst", *arguments], env=self.variables, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, timeout=30, check=False)
        self.assertEqual(status, done.returncode, done.stdout)
        return done.stdout.decode()


class Add(LibraryTest):
    def test_a_data_source_of_the_user(self):
        self.succeed(ADD, "DSN=sales", f"Server={HOST}", "UID=jane_doe", "Engine=postgresql", "Description=the shop")
        self.assertEqual(f"[sales]\nDriver=iamodbc\nServer={HOST}\nUID=jane_doe\nEngine=postgresql\nDescription=the shop\n",
                         self.read(self.users))
        self.assertFalse(os.path.exists(self.system))
        self.assertIn(f"Server={HOST}\n", self.odbcinst("-q", "-s", "-n", "sales"))

    def test_a_data_source_of_the_system(self):
        self.write(self.users, "[sales]\nDriver=other\n")
        self.succeed(ADD_SYSTEM, "DSN=sales", "UID=jane_doe")
        self.assertEqual("[sales]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.system))
        self.assertEqual("[sales]\nDriver=other\n", self.read(self.users))

    def test_wide_text(self):
        self.succeed(ADD, "DSN=sales", "UID=jane_doe", action="configw")
        self.assertEqual("[sales]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.users))
        answer = self.client(["dsnw", LIBRARY, NO_WINDOW, ADD, "iamodbc", "DSN=größe 😀", "UID=Żaneta"], ["dsnw", LIBRARY, NO_WINDOW, ADD, "iamodbc"])
        self.assertEqual(1, answer.result)
        self.assertIn("[größe 😀]\nDriver=iamodbc\nUID=Żaneta\n", self.read(self.users))
        self.assertEqual([INVALID_DSN], [code for code, _ in answer.errors])

    def test_again_writes_it_anew_and_in_its_place(self):
        self.write(self.users, "[a]\nx=y\n\n; about sales\n[Sales]\nDriver = iamodbc\n; mine\nUser=old\nPort=5433\n\n[z]\nx=y\n")
        self.succeed(ADD, "DSN=sales", "UID=new", f"Server={HOST}")
        self.assertEqual(f"[a]\nx=y\n\n; about sales\n[Sales]\nDriver = iamodbc\n; mine\nUser=new\nServer={HOST}\n\n[z]\nx=y\n", self.read(self.users))

    def test_with_a_window_nothing_is_overwritten_that_nobody_asked_about(self):
        self.succeed(ADD, "DSN=sales", "UID=old", window=WINDOW)
        before = self.read(self.users)
        self.fail_with(INVALID_DSN, "already", ADD, "DSN=sales", "UID=new", window=WINDOW)
        self.assertEqual(before, self.read(self.users))
        self.succeed(CONFIG, "DSN=sales", "UID=new", window=WINDOW)
        self.succeed(REMOVE, "DSN=sales", window=WINDOW)

    def test_in_the_list_of_data_sources_where_there_is_one(self):
        self.write(self.users, "[ODBC Data Sources]\nother=x\n\n[other]\nDriver=x\n")
        self.succeed(ADD, "DSN=sales", "UID=jane_doe")
        self.assertEqual("[ODBC Data Sources]\nother=x\nsales=iamodbc\n\n[other]\nDriver=x\n\n[sales]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.users))
        self.succeed(REMOVE, "DSN=sales")
        self.assertEqual("[ODBC Data Sources]\nother=x\n\n[other]\nDriver=x\n", self.read(self.users))

    def test_an_empty_value_is_not_written(self):
        self.succeed(ADD, "DSN=sales", "UID=jane_doe", "Port=", "PWD=")
        self.assertEqual("[sales]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.users))

    def test_the_driver_may_be_told_twice(self):
        self.succeed(ADD, "DSN=sales", "DRIVER=IAMODBC", "UID=jane_doe")
        self.succeed(CONFIG, "DSN=sales", f"Driver={LIBRARIES}/libiamodbc.so")
        self.assertEqual("[sales]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.users))

    def test_what_is_written_is_what_the_command_reads(self):
        self.succeed(ADD, "DSN=sales", f"Server={HOST}", "User=jane_doe", "Engine=PostgreSQL", "Profile=dev;=#'\" [x]", "SSLmode=verify-full")
        done = subprocess.run([TOOL, "check", "sales"], env=self.variables, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
        self.assertIn("dev;=#'\" [x]", done.stdout.decode() + done.stderr.decode())


class Change(LibraryTest):
    BEFORE = "; words\r\n\r\n[sales]\r\n# mine\r\nDriver = iamodbc\r\n  Username = old  \r\nUID=older\r\nFetch=100\r\n\r\n[other]\r\nDriver=x\r\nlast=\xe9"

    def setUp(self):
        super().setUp()
        self.write(self.users, self.BEFORE.encode("latin-1"))

    def text(self):
        with open(self.users, "rb") as file:
            return file.read().decode("latin-1")

    def test_the_line_that_is_there_is_changed_and_other_spellings_go(self):
        self.succeed(CONFIG, "DSN=SALES", "DbUser=new", "Fetch=200", "Port=5433")
        self.assertEqual(self.BEFORE.replace("old  \r\nUID=older\r\nFetch=100\r\n", "new\r\nFetch=200\r\nPort=5433\r\n"), self.text())

    def test_what_a_connection_string_may_supply_may_be_missing(self):
        self.write(self.users, "[sales]\nDriver=iamodbc\nServer=\nUID=\nEngine=postgresql\n")
        self.succeed(CONFIG, "DSN=sales", "Port=5433")

    def test_an_empty_value_takes_the_attribute_out(self):
        self.succeed(CONFIG, "DSN=sales", "UID=")
        self.assertEqual(self.BEFORE.replace("  Username = old  \r\nUID=older\r\n", ""), self.text())

    def test_without_attributes_nothing_changes(self):
        self.succeed(CONFIG, "DSN=sales")
        self.assertEqual(self.BEFORE, self.text())

    def test_removing_takes_its_section_alone(self):
        self.succeed(REMOVE, "DSN=sales", "UID=whatever")
        self.assertEqual(self.BEFORE[:9] + self.BEFORE[self.BEFORE.index("\r\n[other]"):], self.text())

    def test_links_and_permissions_stay(self):
        shutil.move(self.users, self.folder + "/real.ini")
        os.symlink("../real.ini", self.users)
        os.chmod(self.folder + "/real.ini", 0o640)
        self.succeed(CONFIG, "DSN=sales", "UID=new")
        self.assertTrue(os.path.islink(self.users))
        self.assertIn("new", self.text())
        self.assertEqual(0o640, stat.S_IMODE(os.stat(self.users).st_mode))
        self.assertEqual([".aws", ".odbc.ini"], sorted(os.listdir(self.folder + "/home")))

    def test_another_drivers_data_source_is_left_alone(self):
        for request in (ADD, CONFIG, REMOVE):
            self.fail_with(INVALID_DSN, "is of another driver (x)", request, "DSN=other", "UID=jane_doe")
        self.assertEqual(self.BEFORE, self.text())

    def test_our_other_names_and_a_path_are_ours(self):
        self.write(self.users, f"[a]\nDriver={LIBRARIES}/libiamodbca.so\n[b]\nDriver=mine\n")
        with open(self.drivers, "a", encoding="utf-8") as file:
            file.write("[mine]\nDriver=/old/place/libiamodbcw.so\n")
        for name in "ab":
            self.succeed(CONFIG, "DSN=" + name, "UID=jane_doe")
            self.succeed(REMOVE, "DSN=" + name)
        self.assertEqual("", self.read(self.users))

    def test_what_is_not_there(self):
        for request, file in ((CONFIG, self.users), (REMOVE, self.users), (CONFIG_SYSTEM, self.system), (REMOVE_SYSTEM, self.system)):
            self.fail_with(INVALID_DSN, f"There is no DSN nosuch in {file}", request, "DSN=nosuch", "UID=jane_doe")
        self.assertEqual(self.BEFORE, self.text())
        self.assertFalse(os.path.exists(self.system))

    def test_a_program_that_has_read_a_value_reads_the_new_one(self):
        answer = self.client(["read", "sales", "Fetch"], ["config", NO_WINDOW, CONFIG, "iamodbc", "DSN=sales", "Fetch=300"], ["read", "sales", "Fetch"])
        self.assertEqual(["100", "300"], answer.of("value"))


class Refused(LibraryTest):
    """What is refused changes no file, and says why."""

    def setUp(self):
        super().setUp()
        self.before = "[sales]\nDriver=iamodbc\nEngine=postgresql\nUID=jane_doe\n"
        self.write(self.users, self.before)

    def refuse(self, code, words, *attributes, **options):
        for request, name in ((ADD, "DSN=new"), (CONFIG, "DSN=sales")):
            with self.subTest(attributes=attributes, request=request):
                self.fail_with(code, words, request, name, *attributes, **options)
        self.assertEqual(self.before, self.read(self.users))
        self.assertEqual([".aws", ".odbc.ini"], sorted(os.listdir(self.folder + "/home")))

    def test_mistakes_as_a_connect_would_call_them(self):
        base = "BaseDriver=PostgreSQL Unicode"
        self.refuse(INVALID_KEYWORD, "Did you mean Region?", "Regoin=eu-central-1", base)
        self.refuse(INVALID_KEYWORD, "Allowed: postgresql, mysql, mariadb", "Engine=oracle")
        self.refuse(INVALID_KEYWORD, "is not a TCP port", "Port=zero", base)
        self.refuse(INVALID_KEYWORD, "Allowed: verify-full, verify-ca, require", "TLS=perhaps", base)
        self.refuse(INVALID_KEYWORD, "disable", "SSLmode=disable", base)
        self.refuse(INVALID_KEYWORD, "is not a DSN of odbc.ini", "BaseDSN=nosuch")

    def test_a_mistake_that_was_there_is_no_reason_to_refuse_another_change(self):
        self.write(self.users, self.before + "SSLmode=disable\n")
        self.succeed(CONFIG, "DSN=sales", "UID=john")
        self.assertIn("UID=john\n", self.read(self.users))
        self.fail_with(INVALID_KEYWORD, "disable", ADD, "DSN=sales", "Engine=postgresql", "SSLmode=disable")
        self.succeed(CONFIG, "DSN=sales", "SSLmode=")

    def test_secrets(self):
        for name in ("PWD", "Password", "SecretAccessKey", "AWS_SESSION_TOKEN"):
            self.refuse(INVALID_KEYWORD, f"{name} holds a secret and is not written to odbc.ini", f"{name}={SECRET}")
        for line in (f"pqopt={{password={SECRET}}}", f"Proxy=http://jane:{SECRET}@proxy.example:3128"):
            self.refuse(INVALID_KEYWORD, "holds a secret and is not written to odbc.ini", line)
        self.succeed(ADD, "DSN=other", "ConnSettings=SET x TO 1")

    def test_lists_that_are_none(self):
        self.refuse(INVALID_KEYWORD, "not of the form Name=value", SECRET)
        self.refuse(INVALID_KEYWORD, "not of the form Name=value", "=" + SECRET)
        self.refuse(INVALID_KEYWORD, "User and UID are the same attribute", "User=a", "UID=b")
        self.refuse(INVALID_KEYWORD, "the driver's name is an argument of its own", "Driver=PostgreSQL Unicode")

    def test_values_that_no_line_can_hold(self):
        self.refuse(INVALID_KEYWORD, "cuts lines of more than 999", "Description=" + "x" * 988)
        self.refuse(INVALID_KEYWORD, "holds a line end", "Description=a\nUID=root")
        self.refuse(INVALID_KEYWORD, "starts or ends with a blank", "Description= a")
        self.refuse(INVALID_KEYWORD, "cannot be a name in an ini file", "[x]=a")
        self.succeed(ADD, "DSN=new", "Description=" + "x" * 987)

    def test_names_that_no_data_source_can_have(self):
        for name, words in (("", "No DSN="), ("x" * 33, "32 at most"), ("a]b", "takes none of"), ("a=b", "takes none of"), ("a;UID=b", "takes none of"),
                            ("a\nb", "control character"), ("ODBC", "a section of that name")):
            for request in (ADD, CONFIG, REMOVE):
                with self.subTest(name=name, request=request):
                    self.fail_with(INVALID_DSN, words, request, "DSN=" + name)
        self.fail_with(INVALID_DSN, "No DSN=", ADD, "UID=jane_doe")
        self.fail_with(INVALID_DSN, "No DSN=", ADD)
        self.assertEqual(self.before, self.read(self.users))
        self.succeed(ADD, "DSN=" + "x" * 32)

    def test_requests_and_drivers(self):
        self.fail_with(INVALID_REQUEST, "ODBC_ADD_DSN", REMOVE_DEFAULT, "DSN=sales")
        for request in ("0", "4", "77"):
            answer = self.client(["dsn", LIBRARY, NO_WINDOW, request, "iamodbc", "DSN=sales"])
            self.assertEqual((0, INVALID_REQUEST), (answer.result, answer.errors[0][0]))
        for action in ("dsn", "dsnw"):
            for driver in ("-", "", "  "):
                answer = self.client([action, LIBRARY, NO_WINDOW, ADD, driver, "DSN=new"])
                self.assertEqual((0, INVALID_NAME), (answer.result, answer.errors[0][0]))
        self.assertEqual(self.before, self.read(self.users))

    def test_a_long_message_is_cut_at_a_whole_character(self):
        answer = self.ask(ADD, "DSN=new", "Engine=" + "ä" * 400)
        self.assertEqual(0, answer.result)
        text = answer.errors[0][1].encode("utf-8", "surrogateescape")
        self.assertTrue(508 <= len(text) <= 511, len(text))
        text.decode()  # whole


class Files(LibraryTest):
    def test_a_file_that_unixodbc_would_not_read(self):
        self.write(self.users, "words\n[sales]\nDriver=iamodbc\n")
        for request, code in ((ADD, CREATE_FAILED), (CONFIG, WRITE_FAILED), (REMOVE, REMOVE_FAILED)):
            self.fail_with(code, "there is text before the first [section]", request, "DSN=sales", "UID=jane_doe")
        self.assertEqual("words\n[sales]\nDriver=iamodbc\n", self.read(self.users))

    def test_a_file_that_may_not_be_written(self):
        # unixODBC takes the system's file where it cannot open the user's; the library is asked for the user's.
        self.write(self.system, "[sales]\nDriver=iamodbc\n")
        os.chmod(self.system, 0o444)
        user = {"user": 65534, "group": 65534, "extra_groups": []} if os.geteuid() == 0 else {}
        for request, code in ((ADD_SYSTEM, CREATE_FAILED), (CONFIG_SYSTEM, WRITE_FAILED), (REMOVE_SYSTEM, REMOVE_FAILED)):
            self.fail_with(code, self.system, request, "DSN=sales", "UID=jane_doe", **user)
        self.assertEqual("[sales]\nDriver=iamodbc\n", self.read(self.system))

    def test_a_folder_in_the_files_place(self):
        os.mkdir(self.users)
        self.fail_with(CREATE_FAILED, "directory", ADD, "DSN=sales")
        self.assertEqual([], os.listdir(self.users))

    def test_no_folder(self):
        self.fail_with(CREATE_FAILED, self.folder + "/none/odbc.ini", ADD, "DSN=sales", env={"ODBCINI": self.folder + "/none/odbc.ini"})

    def test_a_link_to_nothing_yet(self):
        os.symlink("real.ini", self.users)
        self.succeed(ADD, "DSN=sales")
        self.assertTrue(os.path.islink(self.users))
        self.assertEqual("[sales]\nDriver=iamodbc\n", self.read(self.folder + "/home/real.ini"))

    def test_a_large_file_with_lines_longer_than_unixodbc_reads(self):
        before = "".join(f"[dsn{i}]\nDriver=x\nlong={'y' * 5000}\n\n" for i in range(200))
        self.write(self.users, before)
        self.succeed(ADD, "DSN=sales")
        self.assertEqual(before + "\n[sales]\nDriver=iamodbc\n", self.read(self.users))
        self.succeed(REMOVE, "DSN=sales")
        self.assertEqual(before, self.read(self.users))

    def test_a_full_disk(self):
        before = "".join(f"[dsn{i}]\nDriver=iamodbc\n" for i in range(50))
        self.write(self.users, before)
        for request, code in ((ADD, CREATE_FAILED), (CONFIG, WRITE_FAILED), (REMOVE, REMOVE_FAILED)):
            self.fail_with(code, "File too large", request, "DSN=dsn7", "UID=jane_doe", restore_signals=False,
                           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100, 100)))
        self.assertEqual(before, self.read(self.users))
        self.assertEqual([".aws", ".odbc.ini"], sorted(os.listdir(self.folder + "/home")))

    def test_many_threads_and_programs_at_once(self):
        running = [subprocess.Popen([CLIENT, UNIXODBC, "threads", LIBRARY, "8", "iamodbc", f"Description={i}"] if i == 0 else
                                    [CLIENT, UNIXODBC, "config", NO_WINDOW, ADD, "iamodbc", f"DSN=program{i}"],
                                    env=self.variables, stdout=subprocess.PIPE) for i in range(4)]
        for one in running:
            output, _ = one.communicate(timeout=30)
            self.assertIn(b"result 8" if one is running[0] else b"result 1", output)
        self.assertEqual({f"thread{i}" for i in range(8)} | {f"program{i}" for i in range(1, 4)},
                         set(re.findall(r"^\[(.*)\]$", self.read(self.users), re.M)))
        self.assertEqual(11, self.read(self.users).count("Driver=iamodbc"))


class Which(LibraryTest):
    """Which odbc.ini: as SQLSetConfigMode, the request and ODBCSEARCH say."""

    def direct(self, mode, request, *attributes, env=None):
        answer = self.client(["mode", mode], ["dsn", LIBRARY, NO_WINDOW, request, "iamodbc", *attributes], env=env)
        self.assertEqual((1, []), (answer.result, answer.errors))

    def test_the_mode_decides(self):
        self.direct("1", ADD, "DSN=a")
        self.direct("2", ADD, "DSN=b")
        self.direct("0", ADD, "DSN=c")
        self.assertEqual("[a]\nDriver=iamodbc\n\n[c]\nDriver=iamodbc\n", self.read(self.users))
        self.assertEqual("[b]\nDriver=iamodbc\n", self.read(self.system))

    def test_where_both_are_meant_the_one_that_has_it(self):
        self.write(self.users, "[x]\nDriver=x\n")
        self.write(self.system, "[b]\nDriver=iamodbc\n")
        self.direct("0", CONFIG, "DSN=b", "UID=jane_doe")
        self.assertEqual("[b]\nDriver=iamodbc\nUID=jane_doe\n", self.read(self.system))
        self.direct("0", REMOVE, "DSN=b")
        self.assertEqual("[x]\nDriver=x\n", self.read(self.users))

    def test_odbcsearch_decides_over_it(self):
        self.direct("1", ADD, "DSN=a", env={"ODBCSEARCH": "ODBC_SYSTEM_DSN"})
        self.assertEqual("[a]\nDriver=iamodbc\n", self.read(self.system))


class Iodbc(LibraryTest):
    def test_the_same_under_iodbc(self):
        self.write(self.users, "[ODBC Data Sources]\n; none yet\n")
        variables = {"ODBCINSTINI": self.drivers}
        for action in ("config", "configw"):
            self.succeed(ADD, "DSN=größe", "UID=Żaneta 😀", action=action, installer=IODBC, env=variables)
            self.succeed(CONFIG, "DSN=größe", "Port=5433", action=action, installer=IODBC, env=variables)
            self.assertEqual("[ODBC Data Sources]\ngröße=iamodbc\n; none yet\n\n[größe]\nDriver=iamodbc\nUID=Żaneta 😀\nPort=5433\n", self.read(self.users))
            self.succeed(REMOVE, "DSN=größe", action=action, installer=IODBC, env=variables)
            self.assertEqual("[ODBC Data Sources]\n; none yet\n", self.read(self.users))
        self.succeed(ADD_SYSTEM, "DSN=sales", installer=IODBC, env=variables)
        self.assertEqual("[sales]\nDriver=iamodbc\n", self.read(self.system))

    def test_its_list_of_errors_outlives_the_library(self):
        answer = self.client(["config", NO_WINDOW, CONFIG, "iamodbc", "DSN=nosuch"], installer=IODBC, env={"ODBCINSTINI": self.drivers})
        self.assertEqual(0, answer.result)
        self.assertIn((INVALID_DSN, f"There is no DSN nosuch in {self.users}."), answer.errors)


class Properties(LibraryTest):
    def properties(self):
        self.write(self.folder + "/home/.aws/config", "[default]\n[profile dev]\n")
        answer = self.client(["properties", "iamodbc"])
        self.assertEqual((0, ["0"]), (answer.result, answer.of("freed")))
        return [line.split("\t") for line in answer.of("property")]

    def test_the_table_of_attributes_in_its_order(self):
        table = json.loads(subprocess.run([TOOL, "attributes", "--json"], env=self.variables, stdout=subprocess.PIPE, timeout=30, check=True).stdout)
        rows = self.properties()
        self.assertEqual(["Name", "Description", "Driver"], [row[0] for row in rows[:3]])  # unixODBC's own
        self.assertEqual([row["name"] for row in table], [row[0] for row in rows[3:]])
        for attribute, (name, value, kind, text, choices) in zip(table, rows[3:]):
            with self.subTest(name):
                self.assertEqual("", value)
                self.assertTrue(text.startswith(attribute["help"]))
                self.assertEqual(bool(attribute["default"]), f"(default: {attribute['default']})" in text)
                self.assertEqual(attribute["secret"], int(kind) == PASSWORD)
                if attribute["choices"]:
                    self.assertEqual((LIST, ["", *attribute["choices"]]), (int(kind), choices.split("|")))

    def test_files_installed_drivers_and_profiles(self):
        rows = {row[0]: (int(row[2]), row[4]) for row in self.properties()}
        self.assertEqual((COMBINED, "|PostgreSQL Unicode"), rows["BaseDriver"])
        self.assertEqual((COMBINED, "|default|dev"), rows["Profile"])
        self.assertEqual((TEXT, ""), rows["Server"])
        for name in ("TLSCAFile", "LogFile", "WebIdentityTokenFile"):
            self.assertEqual((FILE, ""), rows[name])

    def test_without_drivers_and_profiles_there_is_nothing_to_choose(self):
        self.write(self.drivers, f"[iamodbc]\nDriver={LIBRARIES}/libiamodbc.so\nSetup={LIBRARY}\n")
        rows = {row[0]: (int(row[2]), row[4]) for row in (line.split("\t") for line in self.client(["properties", "iamodbc"]).of("property"))}
        self.assertEqual((FILE, ""), rows["BaseDriver"])
        self.assertEqual((TEXT, ""), rows["Profile"])


class Driver(LibraryTest):
    INSTALL, REMOVE, CONFIG = "1", "2", "3"

    def setup(self, *arguments, wide=False):
        answer = self.client(["setupw" if wide else "setup", LIBRARY, *arguments])
        self.assertEqual(["0"], answer.of("message"))
        return answer.result, [code for code, _ in answer.errors]

    def test_installing_and_removing(self):
        for request in (self.INSTALL, self.REMOVE):
            for wide in (False, True):
                self.assertEqual((1, []), self.setup(request, "iamodbc", "", wide=wide))
            answer = self.client(["driver", request, "iamodbc", ""], installer=IODBC, env={"ODBCINSTINI": self.drivers})
            self.assertEqual((1, []), (answer.result, answer.errors))

    def test_a_driver_that_is_not_there(self):
        for wide in (False, True):
            self.assertEqual((0, [INVALID_NAME]), self.setup(self.INSTALL, "nosuch", "", wide=wide))
            self.assertEqual((0, [INVALID_NAME]), self.setup(self.INSTALL, "", "", wide=wide))
            self.assertEqual((0, [INVALID_REQUEST]), self.setup("4", "iamodbc", "", wide=wide))
        self.write(self.drivers, f"[iamodbc]\nDriver=/nonexistent/libiamodbc.so\nSetup={LIBRARY}\n")
        answer = self.client(["setup", LIBRARY, self.INSTALL, "iamodbc", ""])
        self.assertEqual(INVALID_PATH, answer.errors[0][0])
        self.assertIn("/nonexistent/libiamodbc.so", answer.errors[0][1])

    def test_the_time_out_of_the_pool(self):
        before = self.read(self.drivers)
        for wide in (False, True):
            self.assertEqual((1, []), self.setup(self.CONFIG, "iamodbc", "CPTimeout=60", wide=wide))
            self.assertEqual(before + "CPTimeout=60\n", self.read(self.drivers))
            for wrong in ("", "CPTimeout", "CPTimeout=", "CPTimeout=-1", "CPTimeout=soon", "Setup=/tmp/x.so"):
                self.assertEqual((0, [INVALID_KEYWORD]), self.setup(self.CONFIG, "iamodbc", wrong, wide=wide))
        self.assertEqual(before + "CPTimeout=60\n", self.read(self.drivers))

    def test_of_a_file_with_sections_that_unixodbc_does_not_see_nothing_is_lost(self):
        before = f"[iamodbc]\nDriver={LIBRARIES}/libiamodbc.so\nSetup={LIBRARY}\nCPTimeout=5\r[other]\rDriver=/lib/other.so\n"
        self.write(self.drivers, before)
        self.assertEqual((0, [WRITE_FAILED]), self.setup(self.CONFIG, "iamodbc", "CPTimeout=60"))
        self.assertEqual(before, self.read(self.drivers))


class Odbcinst(LibraryTest):
    def test_odbcinst_and_the_library_see_each_others_data_sources(self):
        self.write(self.folder + "/template.ini", f"[sales]\nDriver=iamodbc\nServer={HOST}\nUID=jane_doe\n")
        self.odbcinst("-i", "-s", "-h", "-f", self.folder + "/template.ini")
        self.succeed(CONFIG, "DSN=sales", "UID=john", "Region=eu-central-1")
        self.assertEqual("[sales]\nDriver=iamodbc\n" + f"Server={HOST}\nUID=john\nRegion=eu-central-1\n", self.odbcinst("-q", "-s", "-n", "sales"))
        self.odbcinst("-u", "-s", "-h", "-n", "sales")
        self.fail_with(INVALID_DSN, "There is no DSN", REMOVE, "DSN=sales")

    def test_a_registered_driver_has_its_setup_library(self):
        os.remove(self.drivers)
        subprocess.run([TOOL, "register", "--driver", LIBRARIES + "/libiamodbc.so"], env=self.variables, stdout=subprocess.PIPE, timeout=30, check=True)
        self.assertIn(f"Setup={LIBRARY}\n", self.odbcinst("-q", "-d", "-n", "iamodbc"))
        self.succeed(ADD, "DSN=sales", "UID=jane_doe")


class Linkage(unittest.TestCase):
    @staticmethod
    def output(*command):
        return subprocess.run(command, stdout=subprocess.PIPE, timeout=30, check=True).stdout.decode()

    def test_it_exports_its_five_functions_and_stays_loaded(self):
        names = {line.split()[-1] for line in self.output("nm", "-D", "--defined-only", LIBRARY).splitlines()}
        self.assertEqual({"ConfigDSN", "ConfigDSNW", "ConfigDriver", "ConfigDriverW", "ODBCINSTGetProperties"}, names)
        dynamic = self.output("readelf", "-dW", LIBRARY)
        for flag in ("NODELETE", "NOW"):
            self.assertRegex(dynamic, rf"\(FLAGS.*{flag}")

    def test_it_links_the_installer_and_nothing_that_goes_to_the_network(self):
        needed = set(re.findall(r"\(NEEDED\).*\[(\S+?)\.so", self.output("readelf", "-dW", LIBRARY)))
        self.assertIn("libodbcinst", needed)
        undefined = self.output("nm", "-D", "--undefined-only", LIBRARY)
        self.assertNotIn("__cxa_atexit", undefined)  # nothing is left to be done when the program ends
        self.assertEqual(set(), needed & {"libodbc", "libcurl", "libcrypto", "libssl", "libcares", "libpugixml"})


if __name__ == "__main__":
    unittest.main()
