#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Logins that are fetched, in all their ways: what a secret may hold, what AWS may answer, every character of a password, what may not be led elsewhere."""
import json
import secrets
import unittest

from fetching import Fetched, FormerServer, FromCluster
from stand_in import Fault

PRINTABLE = "".join(map(chr, range(0x20, 0x7F)))
PASSWORDS = {"printable": PRINTABLE[1:], "ends with }": "a}", "a};PWD={b": "a};PWD={b", ";": ";a;b=c", "{}": "{}}{", "%41+": "%41+", "blanks at both ends": "  a b ",
             "UTF-8": "paß€😀w", "4,096 characters": "1a}b" * 1024, "line ends": "a\nb\r\nc\r", "a tab": "\ta\t"}
BLANK_AT_AN_END = {name for name, password in PASSWORDS.items() if password.strip() != password}


class SecretsManager(Fetched):
    def test_the_dsn_counts_more_than_the_secret_but_for_the_user(self):
        self.secret(host="nowhere.invalid", port="1", dbname="none", engine="mysql")
        self.logs_in(ini=self.section(UID="jane_doe", Engine="postgresql"))

    def test_a_secret_of_user_and_password_alone_needs_a_server_in_the_dsn(self):
        self.aws.secret("sales", {"username": "plain_user", "password": self.plain})
        self.logs_in()
        self.fails("Server is missing", "RDS manages", ini=self.section(Server=None))

    def test_the_port_may_be_a_text_and_the_secret_binary_and_other_keys_named(self):
        content = {"u": "plain_user", "p": self.plain, "host": "localhost", "port": str(self.box.port), "dbname": "app", "engine": "aurora-postgresql"}
        self.aws.secret("binary", json.dumps(content).encode())
        silent = {"Server": None, "Port": None, "Database": None, "BaseDriver": None}
        self.logs_in(ini=self.section(SecretID="binary", SecretUsernameKey="u", SecretPasswordKey="p", **silent))

    def test_a_region_that_nothing_tells_is_the_step_that_fails(self):
        silent = self.section(Region=None, Server=None)
        for command in ("check", "doctor"):
            done = self.tool(command, "mine", ini=silent, status=1, env={"AWS_EC2_METADATA_DISABLED": "true", "AWS_REGION": "", "AWS_DEFAULT_REGION": ""})
            self.assert_says(done.stdout + done.stderr, r"(?m)^(FAILED +)?region\b.*(FAILED|08001)", "Region= is not set, there is no Server, and neither AWS_REGION")
            self.assertNotRegex(done.stdout, r"settings +(FAILED|\[08001)")

    def test_a_profile_beside_the_dsn_counts_for_the_commands_about_credentials(self):
        for profile, key in (("mine", "AKIAMINEMINEMINEMINE"), ("other", "AKIAOTHEROTHEROTHERO")):
            with open(self.home + "/credentials", "a", encoding="utf-8") as file:
                file.write(f"[{profile}]\naws_access_key_id = {key}\naws_secret_access_key = x\n")
        env = {"AWS_SHARED_CREDENTIALS_FILE": self.home + "/credentials"}
        ini = self.section(Profile="mine")
        self.assertIn("AKIAMINE", self.tool("credentials", "mine", ini=ini, env=env).stdout)
        self.assertIn("AKIAOTHER", self.tool("credentials", "mine", "--profile", "other", ini=ini, env=env).stdout)

    def test_a_name_is_of_secret_region_and_an_arn_of_its_own(self):
        self.aws.secret("sales", {"username": "plain_user", "password": self.plain}, region="us-east-1")
        self.logs_in(ini=self.section(SecretRegion="us-east-1"))
        arn = self.aws.secret("other", {"username": "plain_user", "password": self.plain}, region="us-west-2")
        self.logs_in(ini=self.section(SecretID=arn))
        self.assertEqual(["us-east-1", "us-west-2"], [call.region for call in self.aws.calls])
        self.fails("SecretRegion=us-east-1", "us-west-2", state="HY024", ini=self.section(SecretID=arn, SecretRegion="us-east-1"))

    def test_an_unchanged_secret_is_not_tried_twice(self):
        self.aws.secret("sales", {"username": "plain_user", "password": "wrong"})
        answers = self.steps({"connect": "DSN=mine"}, {"sleep": 1.1}, {"connect": "DSN=mine"})
        for answer in answers:
            self.assert_says(answer, "28P01|08001", "fetched was refused", "the secret sales", "rotation")
            self.assertNotIn("'wrong'", answer)
        self.assertEqual(2, len(self.aws.calls))  # what was refused is not kept

    def test_a_kept_secret_that_did_not_change_is_not_tried_again(self):
        password = secrets.token_urlsafe(12)
        self.postgresql(f"CREATE ROLE unchanged LOGIN PASSWORD '{password}'")
        self.drop_after("unchanged")
        self.aws.secret("sales", {"username": "unchanged", "password": password})
        before = self.refusals("unchanged")
        done = self.client(f"""
print(connect("DSN=mine"))
subprocess.run({self.psql_command!r} + ["-c", "ALTER ROLE unchanged PASSWORD 'other'"], check=True)
time.sleep(1.1)
print(connect("DSN=mine"))
""")
        self.assert_says(done.stdout, "^unchanged\n", "fetched was refused")
        self.assertEqual(2, len(self.aws.calls))  # fetched once more
        self.assertEqual(1, self.refusals("unchanged") - before)  # and not tried

    def test_what_rotates_may_move_too(self):
        password = secrets.token_urlsafe(12)
        self.postgresql(f"CREATE ROLE moved LOGIN PASSWORD '{password}'", f"CREATE ROLE moved_2 LOGIN PASSWORD '{password}'")
        self.drop_after("moved", "moved_2")
        contents = [{"username": "moved", "password": password, "dbname": "app"}, {"username": "moved_2", "password": password, "dbname": "postgres"}]
        self.serve_one_by_one(contents)
        done = self.client(f"""
print(connect("DSN=mine"))
subprocess.run({self.psql_command!r} + ["-c", "ALTER ROLE moved PASSWORD 'other'"], check=True)
time.sleep(1.1)
print(connect("DSN=mine"))
""", ini=self.section(Database=None))
        self.assertEqual("moved\nmoved_2\n", done.stdout, done.stderr)

    def test_a_secret_that_tells_another_place_is_tried_there_with_the_same_password(self):
        with FormerServer(self.box.exports["RDS_ADMIN_HOST"], self.box.port) as former:
            content = {"username": "plain_user", "password": self.plain, "host": "localhost"}
            self.serve_one_by_one([{**content, "port": former.port}, {**content, "port": self.box.port}])
            answers = self.steps({"connect": "DSN=mine"}, {"sleep": 1.1}, {"connect": "DSN=mine"}, ini=self.section(Server=None, Port=None))
            self.assertEqual(["plain_user"] * 2, answers)
            self.assertEqual([self.plain], former.passwords)

    def test_what_was_fetched_does_not_stand_in_the_out_string(self):
        self.secret()
        answer = self.logs_in(ini=self.section(Server=None, Port=None, Database=None, BaseDriver=None), out_length=4096)
        for name in ("Server", "Port", "Database", "UID", "PWD", "Engine"):
            self.assertNotIn(name + "=", answer.out)

    def test_all_threads_share_one_call_and_zero_keeps_nothing(self):
        self.secret()
        self.assertEqual([["plain_user"] * 8], self.steps({"threads": 8, "connect": "DSN=mine"}))
        self.assertEqual(1, len(self.aws.calls))
        self.assertEqual(["plain_user"] * 2, self.steps({"connect": "DSN=mine"}, {"connect": "DSN=mine"}, ini=self.section(SecretLifetime="0")))
        self.assertEqual(3, len(self.aws.calls))

    def test_a_kept_secret_is_fetched_anew_after_its_lifetime(self):
        self.secret()
        self.steps({"connect": "DSN=mine"}, {"sleep": 0.5}, {"connect": "DSN=mine"}, {"sleep": 1.6}, {"connect": "DSN=mine"}, ini=self.section(SecretLifetime="2"))
        self.assertEqual(2, len(self.aws.calls))

    def test_while_aws_does_not_answer_other_logins_go_on(self):
        self.secret()
        self.aws.secret("slow", {"username": "plain_user", "password": self.plain})
        self.aws.faults = [Fault("hang")]
        answer = self.connect(ini=self.section(SecretID="slow"), login_timeout=2)
        self.assertEqual("HYT00", answer.state, answer)
        self.assertLess(answer.seconds, 5)

    def test_what_is_no_login_says_so(self):
        for value, *words in (("hunter2hunter2", "secret sales is no JSON object"),
                              ('["a"]', "is no JSON object"), (b"\xff\xfe\x00", "is no JSON object"), ("", "is no JSON object"),
                              ({"username": "plain_user"}, "no text under the key password", "SecretPasswordKey"),
                              ({"username": "plain_user", "password": ""}, "no text under the key password"),
                              ({"username": "plain_user", "password": 12345678}, "no text under the key password"),
                              ({"password": "hunter2hunter2"}, "no text under the key username", "SecretUsernameKey"),
                              ({"username": ["a"], "password": "hunter2hunter2"}, "no text under the key username"),
                              ({"username": "u", "password": "a\0b"}, "NUL"),
                              ({"username": "u", "password": "hunter2hunter2", "engine": "sqlserver"}, "engine sqlserver", "does not reach"),
                              ({"username": "u", "password": "hunter2hunter2", "engine": "mysql"}, "engine mysql", "psqlODBC does not speak")):
            with self.subTest(value=value):
                self.aws.secret("sales", value)
                answer = self.fails(*words)
                self.assertNotIn("hunter2", answer.text)
        for port in ("no", 0, 65536, -1, 5432.5, True):
            self.aws.secret("sales", {"username": "u", "password": "p", "port": port})
            with self.subTest(port=port):
                self.fails("is not a TCP port", "the secret sales", state="HY024", ini=self.section(Port=None))

    def test_what_aws_refuses_names_the_secret_and_what_to_do(self):
        self.fails("secret sales was not given", "can't find the specified secret", "SecretID, and the region", state="28000")
        self.secret()
        self.aws.denied = {"GetSecretValue"}
        self.fails("not authorized", "secretsmanager:GetSecretValue", state="28000")
        self.fails("SecretID is missing", ini=self.section(SecretID=None))
        self.aws.denied = set()
        for fault in (Fault("body", "{}"), Fault("body", "no"), Fault("body", '{"SecretString": 1}'), Fault("body", '{"SecretBinary": "***"}')):
            self.aws.faults = [fault]
            self.fails("not what AWS sends", state="28000")
        self.aws.faults = [Fault("body", json.dumps({"SecretString": '{"username": "u", "password": "p"'}))]
        self.fails("no JSON object")

    def test_the_string_may_not_lead_the_password_elsewhere(self):
        self.secret()
        ini = self.section(TLSCAFile=None)
        for more in (f"Server=localhost;TLSCAFile={self.box.ca}", f"Port=1;TLSCAFile={self.box.ca}", "Server=evil.example", "TLS=verify-ca;Server=evil.example"):
            self.fails("lead the password to any host", "AllowInString", state="HY024", string="DSN=mine;" + more, ini=ini)
        self.fails("lead the password to any host", state="HY024", string="DSN=mine;TLS=require", ini=ini)
        self.logs_in(string=f"DSN=mine;TLSCAFile={self.box.ca}", ini=ini)
        self.logs_in(string="DSN=mine;Server=localhost")  # TLSCAFile is of the DSN
        self.logs_in(string=f"DSN=mine;Server=localhost;TLSCAFile={self.box.ca}", ini=ini, driver={"AllowInString": "yes"})

    def test_tls_is_forced_and_a_given_password_is_not_used(self):
        self.secret()
        self.fails("SSLmode=disable", string="DSN=mine;SSLmode=disable")
        answer = self.logs_in(string="DSN=mine;PWD=typed-in;UID=jane_doe", out_length=4096)
        self.assertIn("UID=jane_doe", answer.out)
        self.assertNotIn(self.plain, answer.out)

    def test_every_character_of_a_password_reaches_postgresql(self):
        self.every_character("local-pg", {"PGPASSWORD": None}, set())
        self.every_character("local-pg", {"PGPASSWORD": "beats a password file"}, set())

    def test_every_character_of_a_password_reaches_mariadb(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("NOT RUN: MariaDB's server is not installed")  # reason
        self.every_character("local-maria", {}, BLANK_AT_AN_END)

    def every_character(self, dsn, env, refused):
        is_maria = dsn == "local-maria"
        escaped = {name: password.replace("'", "''") for name, password in PASSWORDS.items()}
        users = {name: f"fetched_{i}" for i, name in enumerate(PASSWORDS)}
        if is_maria:
            self.mariadb(*[f"CREATE USER {users[name]} IDENTIFIED BY '{password}' REQUIRE SSL; GRANT SELECT ON app.* TO {users[name]}" for name, password in escaped.items()])
            self.addCleanup(self.mariadb, *[f"DROP USER IF EXISTS {user}" for user in users.values()])
        else:
            self.postgresql(*[f"CREATE ROLE {users[name]} LOGIN PASSWORD '{password}'" for name, password in escaped.items()])
        sections = {}
        for name, password in PASSWORDS.items():
            self.aws.secret(users[name], {"username": users[name], "password": password})
            sections[users[name]] = self.section(dsn, SecretID=users[name])["mine"]
        answers = self.steps(*[{"connect": "DSN=" + user} for user in users.values()], ini=sections, env=env)
        if not is_maria:
            self.postgresql(*[f"DROP ROLE {user}" for user in users.values()])
        for name, answer in zip(PASSWORDS, answers):
            with self.subTest(dsn=dsn, password=name):
                if name in refused:
                    self.assert_says(answer, "begins or ends with a blank", "MariaDB")
                else:
                    self.assertTrue(answer.startswith(users[name]), answer)
                self.assertNotIn(PASSWORDS[name], answer.replace(users[name], "")) if len(PASSWORDS[name]) > 3 else None

    def test_doctor_finds_what_is_wrong_with_a_secret(self):
        self.secret()
        done = self.tool("doctor", "mine")
        self.assert_says(done.stdout, "fetched", "the secret sales: user plain_user", r"rights +plain_user, may use")
        self.assertNotIn("rds_iam", done.stdout)
        self.aws.secret("sales", {"username": "plain_user", "password": "not-current"})
        done = self.tool("doctor", "mine", status=1)
        self.assert_says(done.stdout, "password-not-current|password that was fetched is refused")
        self.aws.denied = {"GetSecretValue"}
        done = self.tool("doctor", "mine", status=1)
        self.assert_says(done.stdout, "No login was fetched|login-not-fetched")
        self.assert_says(self.tool("doctor", "mine", "--offline").stdout, "because of --offline")

    def test_token_and_whoami_know_that_there_is_no_token(self):
        self.secret()
        self.assert_says(self.tool("token", "mine", status=1).stderr, "AuthType=SecretsManager signs no token")
        self.assert_says(self.tool("credentials", "mine").stdout, "AKIA")


class Redshift(FromCluster):
    def test_a_user_of_the_cluster_logs_in_with_the_name_that_comes_back(self):
        self.logs_in("IAM:ann", ini=self.section(ClusterID="sales", DbUser="ann", Database="app", IAMDuration="1800"))
        self.assertEqual({"ClusterIdentifier": "sales", "DbUser": "ann", "DbName": "app", "DurationSeconds": "1800"}, self.aws.calls[-1].members)
        self.logs_in("IAMA:new:readers:writers", ini=self.section(ClusterID="sales", UID="new", AutoCreate="1", DbGroups="readers, writers"))
        self.assertEqual({"ClusterIdentifier": "sales", "DbUser": "new", "AutoCreate": "true", "DbGroups.DbGroup.1": "readers", "DbGroups.DbGroup.2": "writers"},
                         self.aws.calls[-1].members)
        self.logs_in("IAM:jane", ini=self.section(ClusterID="sales", UID="ann", group_federation="1"))
        self.assertEqual("GetClusterCredentialsWithIAM", self.aws.calls[-1].operation)

    def test_a_server_in_the_dsn_is_not_asked_for(self):
        self.logs_in("IAM:jane", ini=self.section(ClusterID="sales", Server="localhost", Port=self.box.port, Database="app"))
        self.assertEqual(["GetClusterCredentialsWithIAM"], self.aws.operations())

    def test_one_password_serves_until_its_end(self):
        ini = self.section(ClusterID="sales")
        self.assertEqual(["IAM:jane"] * 2, self.steps({"connect": "DSN=mine"}, {"connect": "DSN=mine"}, ini=ini))
        self.assertEqual(2, len(self.aws.calls))
        self.aws.lifetime = 61  # a minute less is a second
        self.assertEqual(["IAM:jane"] * 2, self.steps({"connect": "DSN=mine"}, {"sleep": 2.1}, {"connect": "DSN=mine"}, ini=ini)[::1])
        self.assertEqual(6, len(self.aws.calls))

    def test_what_is_missing_or_wrong_says_so(self):
        self.fails("Which cluster or workgroup", "ClusterID", ini=self.section())
        self.fails("Which cluster", "db.example is not an endpoint", ini=self.section(Server="db.example"))
        self.fails("both given", state="HY024", ini=self.section(ClusterID="sales", Workgroup="bi"))
        self.fails("IAMDuration", "900", state="HY024", ini=self.section(ClusterID="sales", IAMDuration="60"))
        self.fails("AutoCreate", state="HY024", ini=self.section(ClusterID="sales", AutoCreate="maybe"))
        self.fails("not found", "Region", state="28000", ini=self.section(ClusterID="none"))
        self.fails("not found", "Region", state="28000", ini=self.section(Workgroup="none", Database="app"))
        self.fails("Database is missing", ini=self.section(Workgroup="bi"))
        self.aws.cluster("paused", **{**self.about, "host": "", "status": "paused"})
        self.fails("no endpoint", "paused", ini=self.section(ClusterID="paused"))
        self.aws.denied = {"DescribeClusters"}
        self.fails("redshift:DescribeClusters, or Server", state="28000", ini=self.section(ClusterID="sales"))
        self.aws.denied = {"GetClusterCredentials", "GetCredentials"}
        self.fails("redshift:GetClusterCredentials", state="28000", ini=self.section(ClusterID="sales", UID="ann"))
        self.fails("redshift-serverless:GetCredentials", state="28000", ini=self.section(Workgroup="bi", Database="app"))
        self.aws.denied = set()
        for body in ("", "no", "<a/>", "<DescribeClustersResponse><DescribeClustersResult><Clusters/></DescribeClustersResult></DescribeClustersResponse>"):
            self.aws.faults = [Fault("body", body)]
            answer = self.connect(ini=self.section(ClusterID="sales"))
            self.assertFalse(answer.connected)
            self.assert_says(answer.first, "not what AWS sends|no endpoint")

    def test_it_needs_psqlodbc(self):
        if "RDS_MARIA_PORT" in self.box.exports:
            self.fails("needs psqlODBC", ini=self.section(ClusterID="sales", BaseDriver="MariaDB Unicode"))

    def test_check_and_doctor_show_cluster_and_user(self):
        ini = self.section(ClusterID="sales")
        done = self.tool("check", "mine", ini=ini)
        self.assert_says(done.stdout, rf"\nfetched +the cluster sales: user IAM:jane, host localhost, port {self.box.port}, database app, engine postgresql; until ", r"\nuser +IAM:jane\n")
        self.assert_says(self.tool("doctor", "mine", ini=ini).stdout, "the cluster sales: user IAM:jane")


if __name__ == "__main__":
    unittest.main()
