#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""`iamodbc doctor` where things go wrong: each fault of the usual lists is produced, and the advice that it leads to is read.

All but a few of the advices of `iamodbc doctor --list` occur here; the last test says which do not, and why."""
import contextlib
import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import threading
import unittest

import box
import name_server
from box import LiveTest
from messages_test import closed_port

sys.path.insert(0, os.path.join(box.TOP, "tests", "aws"))
import sso  # noqa: E402
from stand_in import Reply, StandIn  # noqa: E402
from sts import ACCOUNT, Sts, error  # noqa: E402

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
OTHER_HOST = "other.cabc123def45.eu-central-1.rds.amazonaws.com"
ROLE = "arn:aws:iam::444455556666:role/app"
# What nobody here can produce: of no advice is it hidden that its words were only read.
NOT_PRODUCED = {
    "no-pg-hba": "the local server has a rule for everybody who uses TLS",
    "no-route": "needs namespaces of its own: OwnNetwork, where it can run",
}
seen_advice = set()


@contextlib.contextmanager
def server(answer):
    """A server on loopback that does `answer(connection)` with each who comes; gives its port."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        def serve():
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    with connection, contextlib.suppress(OSError):
                        connection.settimeout(5)
                        answer(connection)
        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join(10)


class DoctorTest(LiveTest):
    """A doctor who asks no AWS but the stand-in that a test names."""

    def setUp(self):
        self.home = self.enterContext(tempfile.TemporaryDirectory(prefix="iamodbc-doctor-"))
        self.env = {"HOME": self.home, "AWS_ENDPOINT_URL_STS": f"http://127.0.0.1:{self.enterContext(closed_port())}"}

    def write(self, name, text, mode=0o600):
        path = os.path.join(self.home, name)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(path, mode)
        return path

    def doctor(self, *arguments, env=None, status=None, prefix=(), **options):
        done = self.box.run([*prefix, TOOL, "doctor", *arguments], env={**self.env, **(env or {})}, trace=False, **options)
        self.no_secret(done.stdout + done.stderr)
        self.assertNotIn("X-Amz-", done.stdout + done.stderr)
        if status is not None:
            self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        return done

    def steps(self, *arguments, **options):
        """{step: [results, lines, advice]} of the JSON."""
        done = self.doctor("--json", *arguments, **options)
        content = json.loads(done.stdout)
        self.assertEqual(content["ok"], done.returncode == 0)
        steps = {}
        for step in content["steps"]:
            results, found, advice = steps.setdefault(step["step"], ([], [], []))
            results.append(step["result"])
            found += step["found"]
            advice += [one["id"] for one in step["advice"]]
        return steps

    def finds(self, step, result, advice, *words, source="local-pg", **options):
        """This step ends so, leads to this advice, and says each of the words."""
        steps = self.steps(*([source] if isinstance(source, str) else source), **options)
        self.assertIn(step, steps)
        results, found, given = steps[step]
        self.assertIn(result, results, steps)
        self.assertIn(advice, given, steps[step])
        self.assert_says("\n".join(found), *words)
        seen_advice.update(one for _, _, ids in steps.values() for one in ids)
        return steps

    def section(self, dsn="local-pg", **changes):
        return {"mine": self.box.section(dsn, **changes)}


class Good(DoctorTest):
    def test_every_step_of_a_good_login(self):
        with Sts(region="eu-central-1") as sts:
            sts.know(self.box.key(), f"arn:aws:iam::{ACCOUNT}:user/jane")
            steps = self.steps("local-pg", env={"AWS_ENDPOINT_URL_STS": sts.url}, status=0)
        self.assertEqual(["ini files", "attributes", "driver", "base driver", "settings", "permissions", "TLS wanted", "CA file", "region", "signed", "credentials",
                          "token", "clock", "identity", "DNS", "TCP", "TLS", "login", "server", "rights"], list(steps))
        says = {step: "\n".join(found) for step, (_, found, _) in steps.items()}
        self.assert_says(says["base driver"], r"psqlodbcw\.so \(psqlODBC \d[\d.]+, libpq")
        self.assert_says(says["clock"], "right by AWS's clock")
        self.assert_says(says["identity"], f"arn:aws:iam::{ACCOUNT}:user/jane", f"rds-db:connect on arn:aws:rds-db:eu-central-1:{ACCOUNT}:dbuser:DbiResourceId/jane_doe")
        self.assert_says(says["DNS"], r"localhost is .*127\.0\.0\.1")
        self.assert_says(says["TLS"], r"TLSv1\.[23]", "certificate of localhost, signed by iamodbc local RDS root: until .*, (19|20) days left", "it is for localhost, 127")
        self.assert_says(says["rights"], r"jane_doe, a member of rds_iam, may use \d+ of \d+ table")
        self.assert_says(says["server"], "TLS is on", r"this clock is \d\.\d s")

    def test_a_good_login_to_mariadb(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        steps = self.steps("local-maria", status=0)
        self.assertEqual("mysql_clear_password loads", steps["client plugin"][1][0])
        self.assertEqual((["ok"], ["warning"]), (steps["login"][0], steps["TLS"][0]))
        self.assert_says(steps["rights"][1][0], r"jane_doe@%, may use \d+ table")

    def test_the_installation(self):
        with Sts(region="eu-central-1") as sts:
            sts.know(self.box.key(), f"arn:aws:iam::{ACCOUNT}:user/jane")
            steps = self.steps(env={"AWS_ENDPOINT_URL_STS": sts.url, "AWS_REGION": "eu-central-1"}, status=0)
        self.assertNotIn("login", steps)
        self.assert_says("\n".join(steps["ini files"][1]), "DSNs through iamodbc: local-pg", r"odbcinst\.ini \(\d+ sections\)")
        self.assertLessEqual(2, len(steps["base driver"][1]))
        self.assert_says(steps["identity"][1][0], "user/jane")

    def test_text_for_people(self):
        done = self.doctor("local-pg", status=0)
        self.assert_says(done.stdout, r"\nok       login          in \d+ ms, and SELECT 1 gives 1\n", r"\nwarning  signed +localhost:\d+ \(Server\)\n",
                         r"\n +-> custom-dns-name: .*\n +What to do: .*TokenHost", r"\n0 failed, \d warnings\n$")
        self.assertEqual("", done.stderr)

    def test_nobody_is_asked_offline(self):
        with Sts(region="eu-central-1") as sts, self.box.verdicts() as tokens:
            steps = self.steps("--offline", "local-pg", env={"AWS_ENDPOINT_URL_STS": sts.url}, status=0)
            self.assertEqual([], sts.requests)
        self.assertEqual([], tokens)
        self.assertEqual(["skipped"], steps["network"][0])
        self.assertNotIn("login", steps)

    def test_a_report_for_others_has_no_secrets_ids_or_hosts(self):
        with Sts(region="eu-central-1") as sts:
            sts.know(self.box.key(), f"arn:aws:sts::{ACCOUNT}:assumed-role/admin/jane@example.com")
            texts = [self.doctor("--report", *more, "DSN=local-pg;UID=plain_user", env={"AWS_ENDPOINT_URL_STS": sts.url}, status=1).stdout
                     for more in ((), ("--keep-hosts",))]
        for text in texts:
            self.assertNotIn(ACCOUNT, text)
            self.assertNotIn("jane@example.com", text)
            self.assertNotIn(self.home, text)
            self.assert_says(text, r"^iamodbc \d+\.\d+\.\d+, Linux ", f"\\.\\.\\.{ACCOUNT[-4:]}:assumed-role/admin/\\.\\.\\.", "```\n", "FAILED +login", "user-without-rds-iam", "Read it through")
        self.assertNotIn("localhost", texts[0])
        self.assertNotIn("rds.amazonaws.com", texts[0])
        self.assert_says(texts[0], r"Server=host-\d")
        self.assertIn("localhost", texts[1])

    def test_a_report_of_what_fails_early_has_no_hosts_either(self):
        text = self.doctor("--report", "DSN=local-pg;Server=db.corp.example;Regoin=x", status=1).stdout
        self.assertNotIn("corp", text)
        self.assert_says(text, r"Server=host-\d")

    def test_a_report_names_no_proxy_and_no_endpoint_of_ones_own(self):
        for env, words in (({"HTTPS_PROXY": "bob:hunter2@proxy.corp.internal:3128", "AWS_ENDPOINT_URL_STS": ""}, "Could not resolve proxy: host-\\d"),
                           ({"AWS_ENDPOINT_URL_STS": "http://sts.corp.internal:81"}, "Could not resolve host: host-\\d"),
                           ({"AWS_ENDPOINT_URL_STS": "http://[fd00::1234]:81"}, "clock")):
            with self.subTest(env):
                text = self.doctor("--report", "--timeout", "3", "DSN=local-pg;Server=127.0.0.1;Port=1", env=env, status=1).stdout
                for part in ("corp", "internal", "hunter2", "bob", "1234", "127.0.0.1"):
                    self.assertNotIn(part, text)
                self.assert_says(text, words)

    def test_usage(self):
        for arguments in (("--json", "--report"), ("--keep-hosts",), ("a", "b"), ("--nosuch",)):
            self.doctor(*arguments, status=2)


class Installation(DoctorTest):
    def odbcinst(self, text):
        os.makedirs(self.home + "/sys", exist_ok=True)
        self.write("sys/odbcinst.ini", text)
        return {"ODBCSYSINI": self.home + "/sys"}

    def test_unknown_dsn(self):
        steps = self.finds("DSN", "failed", "dsn-unknown", "There is no DSN", "local-pg", source="nosuch")
        self.assertNotIn("login", steps)

    def test_a_section_that_hides_another(self):
        self.finds("shadowed", "warning", "dsn-shadowed", r"\[local-pg\] in .*, line \d+ hides \[local-pg\] in .*, line \d+", ini={"local-pg": {"Driver": "nosuch"}})

    def test_a_key_that_hides_another(self):
        self.finds("shadowed", "warning", "dsn-shadowed", r"Region in line \d+ hides that in line \d+ of \[mine\]", source="mine",
                   ini={"mine": {**self.box.section(), "region": "us-east-1"}})

    def test_an_ini_file_that_is_not_read(self):
        self.write(".odbcinst.ini", "Driver=x\n[a]\n")
        self.finds("ini files", "warning", "ini-not-read", r"\.odbcinst\.ini, line 1", source=())

    def test_nothing_is_registered(self):
        steps = self.finds("driver", "failed", "driver-not-registered", "no section", source=(), env=self.odbcinst("[PostgreSQL Unicode]\nDriver=psqlodbcw.so\n"))
        self.assertEqual(["ok"], steps["base driver"][0])

    def test_a_dsn_whose_driver_is_not_registered(self):
        self.finds("driver", "failed", "driver-not-registered", "Driver=nosuch", source="mine", ini=self.section(Driver="nosuch"))

    def test_a_driver_that_does_not_load(self):
        broken = self.write("libiamodbc.so", "no library\n", 0o755)
        self.finds("driver", "failed", "driver-not-loadable", "libiamodbc.so", source=(), env=self.odbcinst(f"[iamodbc]\nDriver={broken}\n"))

    def test_a_dsn_of_another_driver(self):
        self.finds("driver", "failed", "driver-is-another", "psqlodbcw", source="base-pg")

    def test_no_base_driver(self):
        self.finds("base driver", "failed", "base-driver-missing", "/nonexistent", source="DSN=local-pg;BaseDriver=/nonexistent/psqlodbcw.so")
        self.finds("base driver", "failed", "base-driver-missing", "none that iamodbc knows", source=(), env=self.odbcinst("[x]\nDriver=y.so\n"))

    def test_a_credentials_file_that_others_can_read(self):
        path = self.write("credentials", "[default]\n", 0o644)
        self.finds("permissions", "warning", "file-permissions", r"credentials \(mode 0644\)", source=(), env={"AWS_SHARED_CREDENTIALS_FILE": path})

    def test_a_config_file_that_others_can_change_or_replace(self):
        path = self.write("config", "[default]\n", 0o644)
        self.assertNotIn(path, "\n".join(self.steps(env={"AWS_CONFIG_FILE": path})["permissions"][1]))
        os.chmod(path, 0o664)
        self.finds("permissions", "warning", "file-permissions", rf"others can change {path} \(mode 0664\): chmod go-w {path}", source=(), env={"AWS_CONFIG_FILE": path})
        os.chmod(path, 0o644)
        os.chmod(os.path.dirname(path), 0o777)
        self.finds("permissions", "warning", "file-permissions", r"others can change \S+ \(mode 0777\), on the way to \S+config: chmod go-w \S+", source=(), env={"AWS_CONFIG_FILE": path})

    def test_an_odbc_ini_with_a_password_that_others_can_read(self):
        path = self.write("odbc.ini", "[x]\nDriver=iamodbc\nPWD=hunter2\n", 0o640)
        self.finds("permissions", "warning", "file-permissions", r"odbc\.ini \(mode 0640\)", source=(), env={"ODBCINI": path})

    def test_a_misspelt_attribute(self):
        self.finds("settings", "failed", "attribute-wrong", "Did you mean Region", source="DSN=local-pg;Regoin=x")


class Aws(DoctorTest):
    def sts(self):
        sts = self.enterContext(Sts(region="eu-central-1"))
        self.env["AWS_ENDPOINT_URL_STS"] = sts.url
        return sts

    def profile(self, config, credentials=""):
        self.env["AWS_CONFIG_FILE"] = self.write("config", config)
        self.env["AWS_SHARED_CREDENTIALS_FILE"] = self.write("credentials", credentials)

    def keys_of(self, name, keys):
        return f"[{name}]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n"

    def test_no_region(self):
        self.finds("region", "failed", "region-unknown", "Region=", source="mine", ini=self.section(Region=None))

    def test_the_network_is_looked_at_without_a_token_too(self):
        steps = self.finds("region", "failed", "region-unknown", source="mine", ini=self.section(Region=None))
        self.assertEqual((["ok"], ["warning"], ["skipped"]), (steps["TCP"][0], steps["TLS"][0], steps["login"][0]))

    def test_a_region_that_contradicts_the_host(self):
        self.finds("region", "warning", "region-contradicts", "us-west-2", "eu-central-1", source=f"DSN=local-pg;Region=us-west-2;TokenHost={OTHER_HOST}")

    def test_sign_in_that_is_missing(self):
        self.profile("[default]\nsso_session = corp\nsso_account_id = 111122223333\nsso_role_name = reader\n"
                     f"[sso-session corp]\nsso_region = eu-central-1\nsso_start_url = {sso.START_URL}\n")
        self.finds("credentials", "failed", "sso-expired", "Error loading SSO Token", "iamodbc login|aws sso login")

    def test_keys_that_have_ended(self):
        content = {"Version": 1, "AccessKeyId": "ASIAIOSFODNN7EXAMPLE", "SecretAccessKey": "no/such+secret", "SessionToken": "x", "Expiration": "2020-01-01T00:00:00Z"}
        self.write("keys.json", json.dumps(content))
        self.finds("credentials", "failed", "credentials-ended", "expired", source="mine", ini=self.section(CredentialProcess=f"/bin/cat {self.home}/keys.json"))

    def test_an_unknown_key(self):
        def handler(request):
            return Reply() if request.method == "GET" else error(403, "InvalidClientTokenId", "The security token included in the request is invalid.")
        self.env["AWS_ENDPOINT_URL_STS"] = self.enterContext(StandIn(handler)).url
        self.finds("identity", "failed", "key-unknown", "InvalidClientTokenId")

    def test_a_wrong_secret_key(self):
        sts = self.sts()
        sts.know((self.box.key()[0], "another", None), f"arn:aws:iam::{ACCOUNT}:user/jane")
        self.finds("identity", "failed", "secret-key-wrong", "SignatureDoesNotMatch")

    def test_a_clock_that_is_wrong(self):
        self.sts()
        self.finds("clock", "failed", "clock-wrong", r"(399|400|401) s ahead of AWS's", clock="+400s")
        self.finds("clock", "failed", "clock-wrong", r"(999|1000|1001) s behind AWS's", clock="-1000s")
        self.finds("clock", "warning", "clock-wrong", r"1(19|20|21) s behind AWS's", clock="-120s")

    def test_a_role_that_may_not_be_assumed(self):
        sts = self.sts()
        jane = sts.user("jane")
        sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/joe"})
        self.profile(f"[default]\nrole_arn = {ROLE}\nsource_profile = base\n", self.keys_of("base", jane))
        self.finds("credentials", "failed", "role-denied", "not authorized to perform: sts:AssumeRole", "user/jane")

    def test_another_account(self):
        sts = self.sts()
        sts.know(self.box.key(), f"arn:aws:iam::{ACCOUNT}:user/jane")
        self.finds("credentials", "failed", "account-other", "ExpectedAccountID", source="mine", ini=self.section(ExpectedAccountID="999988887777"))

    def test_an_unknown_profile(self):
        self.finds("credentials", "failed", "profile-unknown", "nosuch", source="DSN=local-pg;Profile=nosuch")

    def test_no_credentials(self):
        self.profile("")
        self.finds("credentials", "failed", "no-credentials", "environment: AWS_ACCESS_KEY_ID is not set")
        self.finds("credentials", "warning", "no-credentials", "Unable to locate", source=())

    def test_aws_is_not_reached(self):
        steps = self.finds("clock", "note", "aws-not-reached", "not compared")
        self.assertEqual(["ok"], steps["login"][0])

    def test_a_token_that_cannot_be_generated(self):
        self.finds("credentials", "failed", "token-not-made", "CredentialProcess", source="mine", ini=self.section(CredentialProcess="/bin/false"))

    def test_a_token_that_is_too_long(self):
        self.finds("login", "failed", "token-too-long", source="DSN=local-pg;Profile=token70000")


class Network(DoctorTest):
    def at(self, port, dsn="local-pg", host="127.0.0.1"):
        return f"DSN={dsn};Server={host};Port={port}"

    def test_a_tunnel_that_leads_nowhere(self):
        section = self.section(Tunnel="sh -c 'echo no key; exit 3' {port}")
        steps = self.finds("tunnel", "failed", "tunnel", r"Tunnel \(sh\) leads nowhere: it failed with exit status 3", "Its last lines: no key", source="mine", ini=section)
        self.assertEqual(["skipped"], steps["login"][0])

    def test_connection_refused(self):
        with closed_port() as port:
            steps = self.finds("TCP", "failed", "connection-refused", "127.0.0.1 port", "refused", source=self.at(port))
        self.assertEqual(["skipped"], steps["login"][0])

    def test_no_answer(self):
        with server(lambda connection: connection.recv(100) and connection.recv(100)) as port:
            self.finds("TLS", "failed", "no-answer", "too long", source=("--timeout", "1", self.at(port)))

    def test_a_name_without_an_address(self):
        steps = self.finds("DNS", "warning", "dns-unknown", "nowhere.invalid", source=self.at(5432, host="nowhere.invalid"))
        self.assertEqual((["failed"], ["dns-unknown"]), (steps["login"][0], steps["login"][2]))

    def test_a_server_that_hangs_up(self):
        with server(lambda connection: connection.recv(1)) as port:
            self.finds("TLS", "failed", "hung-up", "hangs up", source=self.at(port))

    def test_something_else_than_a_database(self):
        with server(lambda connection: connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")) as port:
            self.finds("TLS", "failed", "hung-up", "does not (answer|greet) as", source=self.at(port))

    def test_a_server_without_tls(self):
        def answer(connection):
            connection.recv(8)
            connection.sendall(b"N")
            connection.recv(100)
        with server(answer) as port:
            steps = self.finds("TLS", "failed", "tls-not-offered", "does not support TLS", source=self.at(port))
        self.assertEqual((["failed"], ["tls-not-offered"]), (steps["login"][0], steps["login"][2]))

    def test_a_mariadb_without_tls(self):
        greeting = b"\x0a10.11.0-MariaDB\x00" + b"\x01\x00\x00\x00" + b"abcdefgh\x00" + b"\x00\xf7" + b"\x08\x02\x00\x00\x00" + b"\x15" + b"\x00" * 10 + b"abcdefghijkl\x00"
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        with server(lambda connection: (connection.sendall(len(greeting).to_bytes(3, "little") + b"\x00" + greeting), connection.recv(100))) as port:
            self.finds("TLS", "failed", "tls-not-offered", "does not support TLS", source=self.at(port, "local-maria", "localhost"))

    def test_a_mariadb_that_blocks_this_host(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        refusal = b"\xff\x69\x04Host '10.0.0.1' is blocked because of many connection errors"
        with server(lambda connection: connection.sendall(len(refusal).to_bytes(3, "little") + b"\x00" + refusal)) as port:
            self.finds("TLS", "failed", "hung-up", "the server refuses: Host '10.0.0.1' is blocked", source=self.at(port, "local-maria", "localhost"))

    def test_another_certificate_authority(self):
        for dsn in self.dsns():
            steps = self.finds("TLS", "failed", "certificate-authority", "not trusted", source=f"DSN={dsn};TLSCAFile={self.box.exports['RDS_WRONG_CA']}")
            self.assertEqual((["failed"], ["certificate-authority"]), (steps["login"][0], steps["login"][2]))

    def dsns(self):
        return ["local-pg"] + (["local-maria"] if "RDS_MARIA_PORT" in self.box.exports else [])

    def test_another_name_in_the_certificate(self):
        steps = self.finds("TLS", "failed", "certificate-name", f"it is not for {OTHER_HOST}", source=f"DSN=local-pg;TokenHost={OTHER_HOST}")
        self.assertEqual((["failed"], ["certificate-name"]), (steps["login"][0], steps["login"][2]))

    def test_a_certificate_that_ends(self):
        self.finds("TLS", "warning", "certificate-ends", "days left")
        self.finds("TLS", "failed", "certificate-ends", "expired", "ended", clock="+25d")

    def test_certificate_authorities_that_end(self):
        self.finds("CA file", "warning", "ca-file-ends", "earliest end")
        self.finds("CA file", "failed", "ca-file-ends", "1 of them ended", source=("--offline", "local-pg"), clock="+40d")

    def test_a_file_of_authorities_that_is_not_there(self):
        self.finds("TLS wanted", "failed", "ca-file", "/nonexistent", source="DSN=local-pg;TLSCAFile=/nonexistent")

    def test_less_tls_than_a_token_needs(self):
        self.finds("settings", "failed", "tls-weakened", "SSLmode", source="DSN=local-pg;SSLmode=disable")
        self.finds("TLS wanted", "failed", "tls-weakened", "PGSERVICE", env={"PGSERVICE": "x"})

    def test_a_name_of_ones_own(self):
        self.finds("signed", "warning", "custom-dns-name", "not the name of an endpoint")
        steps = self.steps(f"DSN=local-pg;TokenHost={self.box.exports['RDS_HOST']};TokenPort=5432", status=0)
        self.assertEqual((["ok"], ["ok"]), (steps["signed"][0], steps["login"][0]))

    def test_it_ends_in_time(self):
        with socket.socket() as full:
            full.bind(("127.0.0.1", 0))
            full.listen(0)
            port = full.getsockname()[1]
            with contextlib.ExitStack() as stack:
                for _ in range(4):  # whoever comes next is not answered
                    waiting = stack.enter_context(socket.socket())
                    waiting.setblocking(False)
                    waiting.connect_ex(("127.0.0.1", port))
                self.finds("TCP", "failed", "no-answer", "no answer", source=("--timeout", "1", self.at(port)), seconds=8)


class OwnNetwork(DoctorTest):
    def test_a_name_that_leads_to_an_endpoint(self):
        if not name_server.can_be_made():
            self.skipTest("no namespaces of its own for mounts and network can be made")
        with name_server.Names({"db.example": ["CNAME", OTHER_HOST], OTHER_HOST: ["A", "127.0.0.1"]}) as prefix:
            steps = self.finds("DNS", "warning", "custom-dns-name", f"it is another name of {OTHER_HOST}", f"write TokenHost={OTHER_HOST}, or ResolveCNAME=yes",
                               source=("--timeout", "5", "DSN=local-pg;Server=db.example"), prefix=prefix)
        self.assertEqual(["failed"], steps["TCP"][0])

    def test_no_way_to_the_network(self):
        prefix = ["unshare", "--map-root-user", "--net"]
        if subprocess.run([*prefix, "true"], stderr=subprocess.DEVNULL, check=False, timeout=10).returncode != 0:
            self.skipTest("no network namespace of its own can be made")
        self.finds("TCP", "failed", "no-route", "unreachable", source="DSN=local-pg;Server=192.0.2.1", prefix=prefix)


class Login(DoctorTest):
    def maria(self):
        if "RDS_MARIA_PORT" not in self.box.exports:
            self.skipTest("the local RDS has no MariaDB")
        return "local-maria"

    def password(self, dsn="local-pg", **changes):
        return self.section(dsn, AuthType="Password", Region=None, **changes)

    def test_a_refused_token(self):
        steps = self.finds("login", "failed", "token-refused", "PAM authentication failed", "signed for localhost", "rds-db:connect", env={"AWS_PROFILE": "wrong"})
        self.assertEqual(["token-refused", "custom-dns-name", "policy-conditions", "memory-on-small-instances"], steps["login"][2])

    def test_the_remedy_is_written_out(self):
        done = self.doctor("local-pg", env={"AWS_PROFILE": "wrong"}, status=1)
        self.assert_says(done.stdout, r"-> token-refused: .*\n +What to do: .*rds-db:connect", "aws:SourceIp", r"-> custom-dns-name: see above", "300 to 1,000 MiB", r"1 failed, \d warnings\n$")

    def test_a_login_that_is_not_fetched(self):
        self.finds("fetched", "failed", "login-not-fetched", "ResourceNotFoundException", source="DSN=local-secret;SecretID=nosuch")

    def test_a_password_that_is_not_current(self):
        self.finds("login", "failed", "password-not-current", "password authentication failed", source="DSN=local-pg;AuthType=SecretsManager;SecretID=not-current")

    def test_access_denied(self):
        steps = self.finds("login", "failed", "access-denied", "Access denied", source=self.maria(), env={"AWS_PROFILE": "wrong"})
        self.assertEqual(["access-denied", "custom-dns-name", "policy-conditions", "instance-class", "memory-on-small-instances"], steps["login"][2])

    def test_a_user_without_rds_iam(self):
        self.finds("login", "failed", "user-without-rds-iam", "password authentication failed", source="DSN=local-pg;UID=plain_user")

    def test_a_user_of_iam_who_logs_in_with_a_password(self):
        self.finds("login", "failed", "iam-user-with-password", "PAM authentication failed", source="mine", ini=self.password(PWD="hunter2", TLS="verify-full"))

    def test_a_user_of_iam_who_logs_in_with_a_password_to_mariadb(self):
        steps = self.finds("login", "failed", "iam-user-with-password", "Access denied", source="mine", ini=self.password(self.maria(), PWD="hunter2", TLS="verify-full"))
        self.assertEqual(["wrong-password", "iam-user-with-password"], steps["login"][2])

    def test_a_wrong_password(self):
        self.finds("login", "failed", "wrong-password", "password authentication failed", source="mine", ini=self.password(UID="plain_user", PWD="hunter2", TLS="verify-full"))

    def test_tls_that_the_server_wants(self):
        self.finds("login", "failed", "tls-required", "no encryption", source="mine", ini=self.password(PWD="hunter2", SSLmode="disable", TLSCAFile=None))

    def test_a_replication_connection(self):
        self.finds("login", "failed", "replication", "standby|replication", source="DSN=local-pg;pqopt={replication=true}")

    def test_too_many_connections(self):
        self.finds("login", "failed", "login-rate", "too many connections", source="DSN=local-pg;UID=busy")

    def test_an_unknown_database(self):
        self.finds("login", "failed", "database-unknown", "nodb", source="DSN=local-pg;Database=nodb")
        if "RDS_MARIA_PORT" in self.box.exports:
            self.finds("login", "failed", "database-unknown", "nodb", source="DSN=local-maria;Database=nodb")

    def test_no_rights(self):
        self.finds("rights", "warning", "no-rights", "may use 0 of 0", source="DSN=local-pg;Database=postgres")

    def test_no_cleartext_plugin(self):
        steps = self.finds("client plugin", "failed", "cleartext-plugin", "mysql_clear_password", source=f"DSN={self.maria()};PLUGIN_DIR=/nonexistent")
        self.assertEqual((["failed"], ["cleartext-plugin"]), (steps["login"][0], steps["login"][2]))

    def test_another_failure(self):
        self.finds("login", "failed", "login-failed", "not currently accepting connections", source="DSN=local-pg;Database=template0")


class Zone(DoctorTest):  # by its name the last
    def test_every_advice_was_produced_here(self):
        listed = set(re.findall(r"^### (\S+)$", self.doctor("--list", status=0).stdout, re.MULTILINE))
        self.assertLessEqual(set(NOT_PRODUCED), listed)
        if len(seen_advice) < 5:
            self.skipTest("run with the other tests; none of them needs root or a namespace")
        self.assertEqual(set(), listed - seen_advice - set(NOT_PRODUCED))


if __name__ == "__main__":
    unittest.main()
