#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Roles, chains of them and web identities, from profiles, variables and the DSN, against an STS that checks every signature."""
import fcntl
import json
import os
import pty
import re
import select
import signal
import subprocess
import time
import unittest

from login_services import Logins
from sts import ACCOUNT, Sts, error, random_keys
from stand_in import Fault, Reply
from world import BUILD, DRIVER, HERE, HOST, PYTHON, TOOL, World

ROLE = "arn:aws:iam::444455556666:role/app"
SECOND = "arn:aws:iam::777788889999:role/deep/data"
MFA = f"arn:aws:iam::{ACCOUNT}:mfa/jane"
ALONE = ["setsid", "--wait"]  # without a terminal


class RolesTest(World):
    def setUp(self):
        super().setUp()
        self.secrets = set()  # none of these may be printed but as data that was asked for
        self.sts = self.enterContext(Sts())
        self.variables = {"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_STS": self.sts.url}
        self.jane = self.sts.user("jane")

    def environment(self, **variables):
        return super().environment(**{**self.variables, **variables})

    def files(self, config="", credentials=""):
        self.write(".aws/config", config)
        self.write(".aws/credentials", credentials)

    @staticmethod
    def string(attributes):
        """A connection string for the driver of the build: what a DSN would say."""
        return f"Driver={BUILD}/lib/libiamodbc.so;BaseDriver=psqlodbcw.so;Server={HOST};UID=jane_doe;{attributes}"

    def run_tool(self, *arguments, status=0, shows_keys=False, text_in="", prefix=(), env=None):
        done = self.tool(*arguments, text_in=text_in, prefix=prefix, **(env or {}))
        self.assertEqual(status, done.returncode, done.stderr)
        if not shows_keys:
            self.no_secret(done.stdout)
        return done

    def profiles(self, config, credentials=None):
        self.files(config, credentials if credentials is not None else self.keys_section("base", self.jane))

    @staticmethod
    def keys_section(name, keys):
        token = f"aws_session_token = {keys[2]}\n" if keys[2] else ""
        return f"[{name}]\naws_access_key_id = {keys[0]}\naws_secret_access_key = {keys[1]}\n{token}"

    @staticmethod
    def keys_variables(keys):
        found = {"AWS_ACCESS_KEY_ID": keys[0], "AWS_SECRET_ACCESS_KEY": keys[1]}
        return {**found, "AWS_SESSION_TOKEN": keys[2]} if keys[2] else found

    def role_profile(self, more="", name="ops", role=ROLE, source="source_profile = base"):
        return f"[profile {name}]\nrole_arn = {role}\n{source}\n{more}\n"

    def arn_of(self, *arguments, **options):
        """Whom STS takes the credentials for that the command finds."""
        done = self.run_tool("whoami", *arguments, **options)
        return re.search(r"(?m)^arn +(.*)$", done.stdout)[1]

    def fails(self, *arguments, words=(), calls=None, command="credentials", **options):
        self.secrets |= self.sts.every_secret()
        done = self.run_tool(command, *arguments, status=1, **options)
        for word in words:
            self.assertIn(word, done.stderr)
        if calls is not None:
            self.assertEqual(calls, self.sts.actions())
        return done.stderr


class Profiles(RolesTest):
    def test_a_role_is_assumed_with_the_keys_of_its_source_profile(self):
        self.sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/jane"})
        self.profiles(self.role_profile())
        printed = json.loads(self.run_tool("credentials", "--profile", "ops", shows_keys=True).stdout)
        call = self.sts.calls[0]
        self.assertEqual(["AssumeRole"], self.sts.actions())
        self.assertTrue(printed["AccessKeyId"].startswith("ASIA"))
        self.assertEqual(self.sts.secrets[printed["AccessKeyId"]], (printed["SecretAccessKey"], printed["SessionToken"]))
        self.assertIn("Expiration", printed)
        self.assertRegex(call.form["RoleSessionName"], r"^iamodbc-[\w+=,.@-]+$")
        for absent in ("ExternalId", "DurationSeconds", "SerialNumber", "TokenCode"):
            self.assertNotIn(absent, call.form)

    def test_all_that_a_profile_says_of_its_role_is_sent(self):
        self.sts.role(ROLE, external_id="a/b+c d")
        self.profiles(self.role_profile("external_id = a/b+c d\nrole_session_name = jane@work\nduration_seconds = 1800"))
        self.assertTrue(self.arn_of("--profile", "ops").endswith(":assumed-role/app/jane@work"))
        self.assertEqual("1800", self.sts.calls[0].form["DurationSeconds"])

    def test_a_duration_that_is_no_number_is_not_sent(self):
        self.sts.role(ROLE)
        self.profiles(self.role_profile("duration_seconds = abc"))
        self.arn_of("--profile", "ops")
        self.assertNotIn("DurationSeconds", self.sts.calls[0].form)

    def test_a_chain_of_roles_is_walked_role_by_role(self):
        self.sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/jane"})
        self.sts.role(SECOND, trusts={"arn:aws:sts::444455556666:assumed-role/app/one"})
        self.profiles(self.role_profile("role_session_name = one") +
                      self.role_profile("role_session_name = two", "data", SECOND, "source_profile = ops"))
        self.assertEqual("arn:aws:sts::777788889999:assumed-role/data/two", self.arn_of("--profile", "data"))
        self.assertEqual(["AssumeRole", "AssumeRole", "GetCallerIdentity"], self.sts.actions())

    def test_a_profile_may_assume_with_its_own_keys(self):
        self.sts.role(ROLE)
        self.profiles(self.role_profile(name="self", source="source_profile = self"), self.keys_section("self", self.jane))
        self.assertIn("assumed-role/app/", self.arn_of("--profile", "self"))

    def test_a_process_may_be_the_source(self):
        self.sts.role(ROLE)
        text = json.dumps({"Version": 1, "AccessKeyId": self.jane[0], "SecretAccessKey": self.jane[1]})
        path = self.write("printed", text)
        self.profiles(self.role_profile() + f"[profile base]\ncredential_process = cat {path}\n", "")
        self.assertIn("assumed-role/app/", self.arn_of("--profile", "ops"))

    def test_the_environment_may_be_the_source(self):
        keys = self.sts.user("pod")
        self.sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/pod"})
        self.profiles(self.role_profile(source="credential_source = Environment"))
        self.assertIn("assumed-role/app/", self.arn_of("--profile", "ops", env=self.keys_variables(keys)))
        self.fails("--profile", "ops", words=["Error when retrieving credentials from Environment", "AWS_ACCESS_KEY_ID is not set"])

    def test_aws_profile_chooses_the_role(self):
        self.sts.role(ROLE)
        self.profiles(self.role_profile())
        self.assertIn("assumed-role/app/", self.arn_of(env={"AWS_PROFILE": "ops"}))

    def test_keys_of_the_environment_come_before_aws_profile(self):
        bob = self.sts.user("bob")
        self.profiles(self.role_profile())
        self.assertEqual(f"arn:aws:iam::{ACCOUNT}:user/bob", self.arn_of(env={"AWS_PROFILE": "ops", **self.keys_variables(bob)}))

    def test_a_refused_role_says_which_and_who_asked(self):
        self.sts.role(ROLE, external_id="secret of the partner")
        self.profiles(self.role_profile())
        self.fails("--profile", "ops", words=[f"Profile ops: role {ROLE} could not be assumed with key AKIA...", "profile base in ",
                                              "An error occurred (AccessDenied) when calling the AssumeRole operation", f"on resource: {ROLE}. The role's trust policy"],
                   calls=["AssumeRole"])

    def test_a_failing_sts_is_asked_three_times(self):
        self.sts.role(ROLE)
        self.profiles(self.role_profile())
        self.sts.faults = [Fault("status", 500)] * 3
        self.fails("--profile", "ops", words=["AssumeRole", "reached max retries: 2"])
        self.assertEqual(3, len(self.sts.requests))
        self.assertIn("assumed-role/app/", self.arn_of("--profile", "ops"))

    def test_keys_that_have_ended_already_are_refused(self):
        self.sts.role(ROLE, lifetime=-60)
        self.profiles(self.role_profile())
        self.fails("--profile", "ops", words=["Credentials were refreshed, but the refreshed credentials are still expired", ROLE])

    def test_explain_names_the_way(self):
        self.sts.role(ROLE)
        self.profiles(self.role_profile())
        self.secrets |= self.sts.every_secret()
        done = self.run_tool("credentials", "--explain", "--profile", "ops")
        self.assertRegex(done.stdout, rf"profile: used\nkey ASIA\.\.\..... from role {ROLE} of profile ops, with profile base in .*, with a session token, until ")


class Mfa(RolesTest):
    def setUp(self):
        super().setUp()
        self.sts.role(ROLE, mfa=(MFA, "123456"))
        self.profiles(self.role_profile(f"mfa_serial = {MFA}"))

    def in_terminal(self, *arguments, typed=b"123456\n", seconds=20, program=(TOOL,), pause=0):
        """The command on a terminal of its own: all that the terminal showed, and the exit status. Every question is answered, after a pause."""
        pid, terminal = pty.fork()
        if pid == 0:
            os.execve(program[0], [*program, *arguments], self.environment())
        shown, end, answered = b"", time.monotonic() + seconds, 0
        while time.monotonic() < end:
            if select.select([terminal], [], [], 0.1)[0]:
                try:
                    part = os.read(terminal, 4096)
                except OSError:  # the other side is closed
                    break
                if not part:
                    break
                shown += part
            if shown.count(b"Enter MFA code") > answered:
                time.sleep(pause)
                os.write(terminal, typed)
                answered += 1
        else:
            os.kill(pid, 9)
        status = os.waitpid(pid, 0)[1]
        os.close(terminal)
        return shown.decode(), os.waitstatus_to_exitcode(status)

    def test_the_code_is_asked_on_the_terminal_and_not_shown(self):
        shown, status = self.in_terminal("whoami", "--profile", "ops")
        self.assertEqual(0, status, shown)
        self.assertIn(f"Enter MFA code for {MFA}: \r\n", shown)
        self.assertIn("assumed-role/app/", shown)
        self.assertNotIn("123456", shown)

    def test_one_question_at_a_time_on_one_terminal(self):
        two = ("/bin/sh", "-c", '"$0" "$@" & "$0" "$@"; wait', TOOL)
        shown, _ = self.in_terminal("whoami", "--profile", "ops", program=two, pause=1)
        self.assertEqual(2, shown.count("Enter MFA code"), shown)
        self.assertEqual(2, shown.count("assumed-role/app/"), shown)
        self.assertNotRegex(shown, "Enter MFA code for [^\n]*Enter MFA code")

    def test_a_question_on_another_terminal_is_not_waited_for(self):
        pid, other = pty.fork()
        if pid == 0:
            held = os.open("/dev/tty", os.O_RDWR)
            fcntl.flock(held, fcntl.LOCK_EX)
            os.write(1, b"held")
            time.sleep(60)
            os._exit(0)
        try:
            self.assertEqual(b"held", os.read(other, 4))
            shown, status = self.in_terminal("whoami", "--profile", "ops", seconds=10)
        finally:
            os.kill(pid, signal.SIGKILL)
            os.waitpid(pid, 0)
            os.close(other)
        self.assertEqual(0, status, shown)

    def test_a_question_that_nobody_answers_ends(self):
        hasty = ("/usr/bin/faketime", "-f", "+0 x60", TOOL)  # two minutes in two seconds
        shown, status = self.in_terminal("whoami", "--profile", "ops", program=hasty, typed=b"")
        self.assertEqual(1, status, shown)
        self.assertIn("nobody answered within two minutes", shown)

    def test_typing_errors_can_be_taken_back(self):
        shown, status = self.in_terminal("whoami", "--profile", "ops", typed=b"99\x15999\x7f\x7f\x7f 123456\r")
        self.assertEqual(0, status, shown)

    def test_control_c_ends_the_question(self):
        shown, status = self.in_terminal("whoami", "--profile", "ops", typed=b"12\x03")
        self.assertEqual(1, status)
        self.assertIn("left unanswered", shown)
        self.assertEqual([], self.sts.calls)

    def test_a_code_is_six_digits(self):
        shown, status = self.in_terminal("whoami", "--profile", "ops", typed=b"12345\n")
        self.assertEqual(1, status)
        self.assertIn("not six digits", shown)
        self.assertNotIn("12345", shown)
        self.assertEqual([], self.sts.calls)

    def test_a_wrong_code_is_told_as_sts_tells_it(self):
        shown, status = self.in_terminal("whoami", "--profile", "ops", typed=b"000000\n")
        self.assertEqual(1, status)
        self.assertIn("MultiFactorAuthentication failed", shown)

    def test_without_terminal_and_prompt_the_error_says_what_to_do(self):
        self.fails("--profile", "ops", calls=[], prefix=ALONE,
                   words=[f"Profile ops takes role {ROLE} with the code of MFA device {MFA}, and there is no terminal", "MFAPrompt",
                          "CredentialProcess=aws configure export-credentials"])

    def dsn(self, prompt, more=""):
        self.write("odbc.ini", "[sales]\n" + self.string(f"Profile=ops;MFAPrompt={prompt};{more}").replace(";", "\n"))
        return "sales"

    def test_the_prompt_of_the_dsn_is_run_without_a_shell(self):
        program = self.write("ask", "#!/bin/sh\nprintf '%s\\n' \"$1\" > \"$HOME/asked\"\necho ' 123456 '\n")
        os.chmod(program, 0o755)
        self.assertIn("assumed-role/app/", self.arn_of(self.dsn(f"{program} '$HOME'"), prefix=ALONE))
        with open(self.home + "/asked", encoding="utf-8") as file:
            self.assertEqual("$HOME\n", file.read())

    def test_a_prompt_that_fails_or_is_silent_is_an_error(self):
        self.fails(self.dsn("false"), words=["MFAPrompt (false) failed with exit status 1"], calls=[], prefix=ALONE)
        self.fails(self.dsn("true"), words=["MFAPrompt (true) gave no answer"], calls=[], prefix=ALONE)
        self.fails(self.dsn("/nonexistent/ask"), words=["MFAPrompt (ask) cannot be started"], calls=[], prefix=ALONE)

    def test_a_prompt_is_not_taken_from_a_connection_string(self):
        self.fails(self.string("Profile=ops;MFAPrompt=true"), words=["MFAPrompt is not taken from a connection string"], calls=[])

    def test_the_role_of_the_dsn_may_ask_for_a_code(self):
        program = self.write("ask", "#!/bin/sh\necho 123456\n")
        os.chmod(program, 0o755)
        self.write("odbc.ini", "[sales]\n" + self.string(f"Profile=base;RoleArn={ROLE};MFASerial={MFA};MFAPrompt={program}").replace(";", "\n"))
        self.assertIn("assumed-role/app/", self.arn_of("sales", prefix=ALONE))
        self.assertEqual(MFA, self.sts.calls[0].form["SerialNumber"])


class WebIdentities(RolesTest):
    TOKEN = "eyJhbGciOi.eyJzdWIiOi.c2lnbmF0dXJl\n"  # with the line end that files have

    def setUp(self):
        super().setUp()
        self.token_file = self.write("token", self.TOKEN)
        self.sts.role(ROLE, web_token=self.TOKEN.encode())
        self.secrets.add(self.TOKEN.strip())
        self.variables |= {"AWS_WEB_IDENTITY_TOKEN_FILE": self.token_file, "AWS_ROLE_ARN": ROLE}

    def without_variables(self):
        return {"AWS_WEB_IDENTITY_TOKEN_FILE": None, "AWS_ROLE_ARN": None}

    def test_of_the_environment(self):
        self.assertRegex(self.arn_of(), r"assumed-role/app/iamodbc-")
        self.assertEqual(["AssumeRoleWithWebIdentity", "GetCallerIdentity"], self.sts.actions())

    def test_the_session_name_of_the_environment(self):
        self.assertTrue(self.arn_of(env={"AWS_ROLE_SESSION_NAME": "pod-7"}).endswith("/pod-7"))

    def test_it_comes_before_static_keys_of_the_default_profile(self):
        self.files("", self.keys_section("default", self.jane))
        self.assertIn("assumed-role/app/", self.arn_of())

    def test_of_a_profile(self):
        self.profiles(f"[profile web]\nweb_identity_token_file = {self.token_file}\nrole_arn = {ROLE}\nrole_session_name = pipeline\n")
        self.assertTrue(self.arn_of("--profile", "web", env=self.without_variables()).endswith("/pipeline"))

    def test_as_the_source_of_a_role(self):
        self.sts.role(SECOND, trusts={"arn:aws:sts::444455556666:assumed-role/app/pipeline"})
        self.profiles(f"[profile web]\nweb_identity_token_file = {self.token_file}\nrole_arn = {ROLE}\nrole_session_name = pipeline\n" +
                      self.role_profile(name="data", role=SECOND, source="source_profile = web"))
        self.assertIn(":assumed-role/data/", self.arn_of("--profile", "data", env=self.without_variables()))

    def test_of_the_dsn(self):
        string = self.string(f"WebIdentityTokenFile={self.token_file};RoleArn={ROLE};RoleSessionName=dsn;RoleDuration=900")
        env = {**self.without_variables(), **self.keys_variables(self.jane)}
        self.assertTrue(self.arn_of(string, env=env).endswith("/dsn"))
        self.assertEqual("900", self.sts.calls[0].form["DurationSeconds"])

    def test_a_role_of_the_dsn_beyond_it_keeps_its_duration_to_itself(self):
        self.sts.role(SECOND)
        self.assertIn("assumed-role/data/", self.arn_of(self.string(f"RoleArn={SECOND};RoleDuration=7200")))
        self.assertEqual([None, "7200"], [call.form.get("DurationSeconds") for call in self.sts.calls[:2]])

    def test_a_bare_role_name_is_of_the_expected_account(self):
        string = self.string(f"WebIdentityTokenFile={self.token_file};RoleArn=app;ExpectedAccountID=444455556666")
        self.assertIn("assumed-role/app/", self.arn_of(string))
        self.assertEqual(ROLE, self.sts.calls[0].form["RoleArn"])

    def test_a_bare_role_name_needs_the_expected_account(self):
        self.fails(self.string(f"WebIdentityTokenFile={self.token_file};RoleArn=app"), calls=[],
                   words=["RoleArn=app is a name without its account", "ExpectedAccountID"])

    def test_chosen_by_the_dsn_and_found_in_the_environment(self):
        self.assertIn("assumed-role/app/", self.arn_of(self.string("Credentials=WebIdentity"), env=self.keys_variables(self.jane)))

    def test_chosen_by_the_dsn_and_not_there(self):
        self.fails(self.string("Credentials=WebIdentity"), env={**self.without_variables(), **self.keys_variables(self.jane)}, calls=[],
                   words=["chooses web identity", "neither WebIdentityTokenFile nor AWS_WEB_IDENTITY_TOKEN_FILE is set"])

    def test_without_a_role(self):
        self.fails(env={"AWS_ROLE_ARN": None}, words=["no role", "AWS_ROLE_ARN"], calls=[])
        self.fails(self.string(f"WebIdentityTokenFile={self.token_file}"), env=self.without_variables(), words=["no role", "RoleArn"], calls=[])

    def pipe(self, name):
        os.mkfifo(os.path.join(self.home, name))
        return os.path.join(self.home, name)

    def test_what_sts_repeats_of_the_token_is_not_shown(self):
        """The file may be another than was meant: nothing of it belongs into a message or a log."""
        self.write("token", "hush dear\n")
        self.secrets |= {"hush dear"}
        self.sts.faults = [Fault("reply", Reply(400, "<ErrorResponse><Error><Code>ValidationError</Code><Message>Value 'hush dear\n' at "
                                                "'webIdentityToken' and 'hush dear' failed to satisfy constraint</Message></Error></ErrorResponse>"))]
        self.fails(words=["ValidationError", "at 'webIdentityToken'"])

    def test_files_that_hold_no_token(self):
        for path, reason in ((self.home + "/nosuch", "No such file or directory"), (self.home, "Is a directory"),
                             (self.write("empty", ""), "is empty"), (self.write("big", "x" * 20001), "larger than 20000 bytes"),
                             (self.pipe("pipe"), "is empty"), ("/dev/zero", "larger than 20000 bytes")):
            with self.subTest(path):
                self.fails(env={"AWS_WEB_IDENTITY_TOKEN_FILE": path}, words=[path, reason], calls=[])

    def test_a_token_that_the_role_does_not_take(self):
        self.write("token", "eyJ.other.token")
        self.secrets.add("eyJ.other.token")
        self.fails(words=[f"Role {ROLE} could not be assumed with the web identity of {self.token_file}", "InvalidIdentityToken"],
                   calls=["AssumeRoleWithWebIdentity"])

    def test_a_provider_that_cannot_be_reached_for_a_moment_is_asked_again(self):
        self.sts.faults = [Fault("reply", error(400, "IDPCommunicationError", "try again"))]
        self.assertIn("assumed-role/app/", self.arn_of())


class FromTheDsn(RolesTest):
    def env(self, **more):
        return {**self.keys_variables(self.jane), **more}

    def test_a_role_is_assumed_with_what_was_found(self):
        self.sts.role(ROLE, trusts={f"arn:aws:iam::{ACCOUNT}:user/jane"}, external_id="partner")
        string = self.string(f"RoleArn={ROLE};ExternalId=partner;RoleSessionName=from-dsn;RoleDuration=1200")
        self.assertEqual("arn:aws:sts::444455556666:assumed-role/app/from-dsn", self.arn_of(string, env=self.env()))
        self.assertEqual("1200", self.sts.calls[0].form["DurationSeconds"])

    def test_a_role_is_assumed_on_top_of_a_profile_with_a_role(self):
        self.sts.role(ROLE)
        self.sts.role(SECOND, trusts={"arn:aws:sts::444455556666:assumed-role/app/one"})
        self.profiles(self.role_profile("role_session_name = one"))
        self.assertIn(":assumed-role/data/", self.arn_of(self.string(f"Profile=ops;RoleArn={SECOND}")))

    def test_a_bare_role_name_is_of_the_callers_account(self):
        self.sts.role(f"arn:aws:iam::{ACCOUNT}:role/team/reader")
        self.assertIn("assumed-role/reader/", self.arn_of(self.string("RoleArn=team/reader"), env=self.env()))
        self.assertEqual(["GetCallerIdentity", "AssumeRole", "GetCallerIdentity"], self.sts.actions())

    def test_a_bare_role_name_is_of_the_expected_account(self):
        self.sts.role(ROLE)
        self.assertIn("444455556666:assumed-role/app/", self.arn_of(self.string("RoleArn=app;ExpectedAccountID=444455556666"), env=self.env()))
        self.assertEqual("AssumeRole", self.sts.actions()[0])

    def test_a_bare_role_name_in_china(self):
        self.sts.region = "cn-north-1"
        self.sts.role("arn:aws-cn:iam::444455556666:role/app")
        string = self.string("RoleArn=app;ExpectedAccountID=444455556666").replace("eu-central-1.rds.amazonaws.com", "rds.cn-north-1.amazonaws.com.cn")
        self.run_tool("credentials", string, env=self.env(AWS_REGION=None), shows_keys=True)

    def test_the_expected_account_agrees(self):
        done = self.run_tool("credentials", "--explain", self.string(f"ExpectedAccountID={ACCOUNT}"), env=self.env())
        self.assertIn("environment: used\nExpectedAccountID: agrees\n", done.stdout)
        self.assertEqual(["GetCallerIdentity"], self.sts.actions())

    def test_another_account_than_expected_is_an_error(self):
        for command in ("credentials", "token", "check", "whoami"):
            self.fails(self.string("ExpectedAccountID=444455556666"), command=command, env=self.env(AWS_ACCOUNT_ID="444455556666"),
                       words=[f"are of AWS account {ACCOUNT} (arn:aws:iam::{ACCOUNT}:user/jane", "ExpectedAccountID is 444455556666",
                              "Nothing was sent to the database"])

    def test_an_expected_account_that_cannot_be_asked_is_an_error(self):
        self.sts.faults = [Fault("close")] * 3
        self.fails(self.string(f"ExpectedAccountID={ACCOUNT}"), env=self.env(), words=["AWS does not say whose the credentials are"])

    def test_an_expected_account_is_twelve_digits(self):
        for value in ("1111-2222-3333", "11112222333", "1111222233334", "jane"):
            self.fails(self.string(f"ExpectedAccountID={value}"), env=self.env(), words=["twelve digits"], calls=[])

    def test_what_belongs_to_a_role_is_not_lost_without_one(self):
        for attribute in ("ExternalId=x", f"MFASerial={MFA}", "RoleSessionName=x", "RoleDuration=900"):
            name = attribute.partition("=")[0]
            self.fails(self.string(attribute), env=self.env(), words=[f"{name} belongs to RoleArn"], calls=[])
        self.fails(self.string(f"Credentials=WebIdentity;RoleArn={ROLE};ExternalId=x"), words=["ExternalId is for a role that is assumed with keys"],
                   calls=[])

    def test_what_is_chosen_is_asked_alone(self):
        bob = self.sts.user("bob")
        self.files("", self.keys_section("dev", bob))
        env = self.env(AWS_PROFILE="dev")
        jane, bobs = f"arn:aws:iam::{ACCOUNT}:user/jane", f"arn:aws:iam::{ACCOUNT}:user/bob"
        keys = f"AccessKeyID={bob[0]};SecretAccessKey={bob[1]}"
        for attributes, arn in (("", jane), ("Profile=dev", bobs), ("Credentials=Default", jane), ("Credentials=Environment", jane),
                                ("Credentials=Profile", bobs), ("Credentials=Profile;Profile=dev", bobs),
                                ("Credentials=Environment;Profile=dev", jane)):
            with self.subTest(attributes):
                self.assertEqual(arn, self.arn_of(self.string(attributes), env=env))
        self.assertEqual(bobs, self.arn_of("-", text_in=self.string(keys), env=env))
        self.assertEqual(jane, self.arn_of("-", text_in=self.string(keys + ";Credentials=Environment"), env=env))

    def test_what_is_chosen_and_not_there_fails_loudly(self):
        self.files("", self.keys_section("default", self.jane))
        for attributes, words in (("Credentials=Environment", ["chooses environment", "AWS_ACCESS_KEY_ID is not set"]),
                                  ("Credentials=Keys", ["chooses keys of the DSN", "AccessKeyID is not given"]),
                                  ("Credentials=Process", ["chooses CredentialProcess", "CredentialProcess is not given"]),
                                  ("Credentials=Profile;Profile=nosuch", ["nosuch", "could not be found"]),
                                  ("Credentials=Nosuch", ["not a value of Credentials", "WebIdentity"])):
            with self.subTest(attributes):
                self.fails(self.string(attributes), words=words, calls=[])
        self.files("", "")
        self.fails(self.string("Credentials=Profile"), words=["chooses profile", "no profile default"], calls=[], env=self.env())


class AtOnce(RolesTest):
    THREADS = 1000

    def setUp(self):
        super().setUp()
        self.sts.role(ROLE)
        self.sts.delay = 1.5  # until all are waiting
        self.profiles(self.role_profile("region = eu-central-1"))

    def connect(self):
        done = subprocess.run([PYTHON, os.path.join(HERE, "driver_client.py"), "Profile=ops"], input=json.dumps({"threads": self.THREADS, "login_timeout": 0}),
                              env=self.environment(IAMODBC_TEST_DRIVER=DRIVER, IAMODBC_TEST_BUILD=BUILD), timeout=60, check=False, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        self.assertEqual(0, done.returncode, done.stderr[-2000:])
        return json.loads(done.stdout)["said"]

    def test_a_thousand_threads_that_connect_cause_one_call(self):
        self.assertEqual({"connected": self.THREADS}, self.connect())
        self.assertEqual(["AssumeRole"], self.sts.actions())

    def test_a_thousand_threads_share_one_refusal(self):
        self.sts.delay = 4  # a refusal is shared by those who wait for it, and is not kept for who comes after
        self.sts.roles.clear()
        (message, count), = self.connect().items()
        self.assertIn("(AccessDenied) when calling the AssumeRole operation", message)
        self.assertEqual((self.THREADS, ["AssumeRole"]), (count, self.sts.actions()))


class ARevokedSession(RolesTest):
    THREADS = 64

    def test_all_who_hold_it_try_once_more_with_the_new_one(self):
        revoked = random_keys()
        self.sts.role(ROLE, keys=[revoked, random_keys()])
        identity, refused = self.sts._GetCallerIdentity, error(403, "InvalidClientTokenId", "The security token included in the request is invalid")
        self.sts._GetCallerIdentity = lambda *_: refused  # nobody knows that the first connect's keys are good
        self.profiles(self.role_profile("region = eu-central-1"))
        with subprocess.Popen(["/usr/bin/faketime", "-f", "+0 x25", PYTHON, os.path.join(HERE, "driver_client.py"), f"Profile=ops;ExpectedAccountID={ROLE.split(':')[4]}"], text=True,
                              stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=self.environment(IAMODBC_TEST_DRIVER=DRIVER, IAMODBC_TEST_BUILD=BUILD, FAKETIME_DONT_FAKE_MONOTONIC="1")) as client:
            def connect(threads):
                client.stdin.write(json.dumps({"threads": threads, "login_timeout": 0}) + "\n")
                client.stdin.flush()
                return json.loads(client.stdout.readline())["said"]
            (message, _), = connect(1).items()
            self.assertIn("InvalidClientTokenId", message)
            self.sts.callers[revoked[0]] += "/revoked"
            self.sts._GetCallerIdentity = lambda form, caller: refused if caller.endswith("/revoked") else identity(form, caller)
            time.sleep(3)  # more than a minute there
            self.assertEqual({"connected": self.THREADS}, connect(self.THREADS))
            client.stdin.close()
        self.assertEqual(2, self.sts.actions().count("AssumeRole"))


class APersonsKeys(RolesTest):
    """A refusal makes the session of the role doubtful once it is a minute old: the next connect takes a new one."""

    def asks_in_three_connects(self, *lines):
        """How often the person was asked, and STS for the role, until the end of each: the first, one when the session is a minute old, and one right behind it."""
        self.sts.role(ROLE)
        program = self.write("ask", "#!/bin/sh\necho asked >>\"$HOME/asked\"\ncat \"$HOME/keys.json\"\n")
        os.chmod(program, 0o700)
        self.write("keys.json", json.dumps({"Version": 1, "AccessKeyId": self.jane[0], "SecretAccessKey": self.jane[1]}))
        self.write("odbc.ini", "\n".join(["[sales]", f"KeyPrompt={program}", f"RoleArn={ROLE}", *lines, ""]))
        fast = ["/usr/bin/faketime", "-f", "+0 x25"]  # a minute in 2.4 seconds
        counts = []
        with subprocess.Popen([*fast, PYTHON, os.path.join(HERE, "driver_client.py"), "DSN=sales"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
                              env=self.environment(IAMODBC_TEST_DRIVER=DRIVER, IAMODBC_TEST_BUILD=BUILD)) as client:
            for seconds in (0, 3, 0):
                time.sleep(seconds)
                client.stdin.write(json.dumps({"threads": 1, "login_timeout": 0}) + "\n")
                client.stdin.flush()
                (message, _), = json.loads(client.stdout.readline())["said"].items()
                self.assertIn("InvalidClientTokenId", message)
                with open(self.home + "/asked", encoding="utf-8") as file:
                    counts.append((len(file.readlines()), self.sts.actions().count("AssumeRole")))
        return counts

    def test_a_connect_whose_kept_keys_are_refused_does_not_ask_for_keys_again(self):
        self.sts._GetCallerIdentity = lambda *_: error(403, "InvalidClientTokenId", "The security token included in the request is invalid")
        self.assertEqual([(1, 1), (2, 1), (3, 2)], self.asks_in_three_connects(f"ExpectedAccountID={ACCOUNT}"))

    def test_neither_where_a_login_is_fetched_with_them(self):
        with Logins() as logins:  # which does not know the session
            self.variables.update(logins.endpoints())
            self.assertEqual([(1, 1), (2, 1), (3, 2)], self.asks_in_three_connects("AuthType=SecretsManager", "SecretID=sales"))
            self.assertEqual([], logins.calls)


class WhoAmI(RolesTest):
    def test_it_shows_account_arn_user_id_and_source(self):
        self.secrets |= self.sts.every_secret()
        done = self.run_tool("whoami", env=self.keys_variables(self.jane))
        self.assertRegex(done.stdout, rf"^account  {ACCOUNT}\narn      arn:aws:iam::{ACCOUNT}:user/jane\nuser id  AIDATEST\n"
                                      r"key      AKIA\.\.\.....\nsource   environment variables\nasked    environment: used\n$")

    def test_it_lists_who_was_asked_and_why_each_passed(self):
        self.profiles("", self.keys_section("default", self.jane))
        self.assertRegex(self.run_tool("whoami").stdout, r"\nsource   profile default in .+\n"
                                                         r"asked    environment: AWS_ACCESS_KEY_ID is not set\n         profile: used\n$")

    def test_a_refusal_says_why(self):
        wrong = (self.jane[0], "x" * 40, None)
        self.fails(command="whoami", env=self.keys_variables(wrong), words=["does not say whose key AKIA...", "SignatureDoesNotMatch"])

    def test_a_line_break_in_a_key_does_not_reach_a_header(self):
        for keys in (("AKIAX\r\nX-Other: 1", "x", None), ("AKIAX\nX-Other: 1", "x", None), ("AKIAX", "x", "token\r\nX-Other: 1")):
            self.fails(command="whoami", env=self.keys_variables(keys), words=["would hold a line break"])
        self.assertEqual([], self.sts.requests)

    def test_without_credentials_it_lists_who_was_asked(self):
        self.fails(command="whoami", words=["environment: AWS_ACCESS_KEY_ID is not set; profile: "], calls=[])
        done = self.run_tool("whoami", status=1)
        self.assertRegex(done.stdout, r"^asked    environment: .+\n         profile: .+\n         container: .+\n         instance: .+\n$")


if __name__ == "__main__":
    unittest.main()
