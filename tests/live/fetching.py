# SPDX-License-Identifier: Apache-2.0
"""fetching: what the tests of logins that are fetched stand on: Secrets Manager, Redshift and Redshift Serverless on loopback, which recompute the signature of every call, and the
local RDS, where what they hand out opens the door or does not."""
import contextlib
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading

import box
from box import HERE, PYTHON, LiveTest

sys.path.insert(0, os.path.join(os.path.dirname(HERE), "aws"))
from login_services import Logins  # noqa: E402  pylint: disable=wrong-import-position
from sts import Sts  # noqa: E402  pylint: disable=wrong-import-position

# PostgreSQL's protocol: https://www.postgresql.org/docs/15/protocol-message-formats.html
ASKS_FOR_PASSWORD = b"R" + struct.pack("!ii", 8, 3)
FIRST_REFUSED = 2

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)


class Fetched(LiveTest):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        exports = cls.box.exports
        with open(exports["RDS_KEYS"], encoding="utf-8") as file:
            cls.plain = json.load(file)["passwords"]["plain_user"]
        cls.psql_command = ["psql", "-X", "-q", "-A", "-t", "-v", "ON_ERROR_STOP=1", "-h", exports["RDS_ADMIN_HOST"], "-p", exports["RDS_PORT"], "-U", "rdsadmin", "-d", "app"]
        cls.mariadb_command = ["mariadb", "--no-defaults", "--default-character-set=utf8mb4", "--user=root", "--socket=" + exports.get("RDS_MARIA_SOCKET", "")]

    def setUp(self):
        self.home = tempfile.mkdtemp(prefix="iamodbc-fetched-")
        self.addCleanup(shutil.rmtree, self.home)
        self.region = self.box.section()["Region"]
        self.aws = self.enterContext(Logins(region=self.region))
        sts = self.enterContext(Sts(region=self.region))
        keys = sts.user("jane", keys=self.aws.user())
        self.env = {"HOME": self.home, **self.aws.variables(keys), "AWS_ENDPOINT_URL_STS": sts.url, "AWS_SHARED_CREDENTIALS_FILE": self.home + "/none", "AWS_CONFIG_FILE": self.home + "/none"}

    @staticmethod
    def administer(command, statements):
        done = subprocess.run(command, input=";\n".join(statements) + ";\n", encoding="utf-8", stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False)
        if done.returncode:
            raise AssertionError(done.stderr)
        return done.stdout

    def postgresql(self, *statements):
        return self.administer(self.psql_command, ["SET standard_conforming_strings = on", *statements])

    def mariadb(self, *statements):
        return self.administer(self.mariadb_command, ["SET sql_mode = 'NO_BACKSLASH_ESCAPES'", *statements])

    def drop_after(self, *names):
        quoted = [f'"{name}"' for name in names]
        self.addCleanup(self.postgresql, *[f"DROP ROLE IF EXISTS {name}" for name in quoted])

    def section(self, dsn="local-pg", **changes):
        return {"mine": self.box.section(dsn, **{"UID": None, "AuthType": "SecretsManager", "SecretID": "sales", **changes})}

    def secret(self, name="sales", **content):
        """Of plain_user, as the console makes one."""
        return self.aws.secret(name, {"engine": "postgres", "host": "localhost", "username": "plain_user", "password": self.plain, "dbname": "app",
                                      "port": self.box.port, "dbInstanceIdentifier": "db", **content})

    def connect(self, string="DSN=mine", ini=None, **options):
        answer = self.box.connect(string, ini=ini or self.section(), env={**self.env, **options.pop("env", {})}, queries=["select current_user"], **options)
        self.no_secret(answer.text)
        self.assertNotIn(self.plain, answer.text)
        return answer

    def logs_in(self, user="plain_user", **options):
        answer = self.connect(**options)
        self.assertTrue(answer.connected, answer)
        self.assertRegex(str(answer.results[0]), re.escape(user))
        return answer

    def fails(self, *words, state="08001", **options):
        answer = self.connect(**options)
        self.assertFalse(answer.connected)
        self.assertEqual(state, answer.state, answer)
        self.assert_says(answer.first, *words)
        return answer

    def tool(self, *arguments, ini=None, status=0, env=None):
        done = self.box.run([TOOL, *arguments], ini=ini or self.section(), env={**self.env, **(env or {})}, trace=False)
        self.assertEqual(status, done.returncode, done.stdout + done.stderr)
        self.no_secret(done.stdout + done.stderr)
        self.assertNotIn(self.plain, done.stdout + done.stderr)
        return done

    def steps(self, *steps, ini=None, env=None):
        done = self.box.run([PYTHON, os.path.join(HERE, "steps_client.py")], json.dumps(steps), ini=ini or self.section(), env={**self.env, **(env or {})}, trace=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return json.loads(done.stdout)

    def client(self, program, ini=None):
        """One process in which `program` (Python) connects by connect(), as steps_client.py does."""
        done = self.box.run([PYTHON, "-c", f"""
import subprocess, sys, time
sys.path.insert(0, {HERE!r})
exec(open({os.path.join(HERE, 'steps_client.py')!r}).read().split("answers, kept, first")[0])
{program}
sys.stdout.flush()
"""], ini=ini or self.section(), env=self.env, trace=False)
        self.assertEqual(0, done.returncode, done.stderr)
        return done

    def serve_one_by_one(self, contents):
        """The secret `sales`: each call gets the next one, the last for ever."""
        serve, left = self.aws._GetSecretValue, list(contents)  # pylint: disable=protected-access

        def one_by_one(members, region):
            self.aws.secret("sales", left.pop(0) if len(left) > 1 else left[0])
            return serve(members, region)
        self.aws._GetSecretValue = one_by_one  # pylint: disable=protected-access

    def refusals(self, user):
        with open(self.box.exports["RDS_SERVER_LOG"], encoding="utf-8") as file:
            return file.read().count(f'password authentication failed for user "{user}"')


class FormerServer:
    """Where the database was till it moved: the first connection is led to `port` of this computer, to the later ones it is a PostgreSQL, of the same certificate, that knows the password no more."""

    def __init__(self, box_folder, port):
        self.target, self.passwords = port, []
        self._tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._tls.load_cert_chain(box_folder + "/server.pem", box_folder + "/server.key")
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port = self._listener.getsockname()[1]
        threading.Thread(target=self._serve, daemon=True).start()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._listener.close()

    def _serve(self):
        count = 0
        while True:
            try:
                client = self._listener.accept()[0]
            except OSError:
                return
            # A look whether somebody answers says nothing.
            client.settimeout(10)
            if not client.recv(8, socket.MSG_PEEK):
                client.close()
                continue
            count += 1
            threading.Thread(target=self._lead if count < FIRST_REFUSED else self._refuse, args=(client,), daemon=True).start()

    def _lead(self, client):
        with client, socket.create_connection(("127.0.0.1", self.target)) as server:
            threading.Thread(target=self._copy, args=(server, client), daemon=True).start()
            self._copy(client, server)

    @staticmethod
    def _copy(source, sink):
        with contextlib.suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)

    def _refuse(self, client):
        with contextlib.suppress(OSError), client:
            client.recv(8)  # SSLRequest
            client.sendall(b"S")
            with self._tls.wrap_socket(client, server_side=True) as talk:
                words = talk.recv(4096)[8:].split(b"\0")
                user = words[words.index(b"user") + 1]
                talk.sendall(ASKS_FOR_PASSWORD)
                self.passwords.append(talk.recv(4096)[5:-1].decode())
                fields = b"SFATAL\0C28P01\0Mpassword authentication failed for user \"" + user + b"\"\0\0"
                talk.sendall(b"E" + struct.pack("!i", 4 + len(fields)) + fields)


class FromCluster(Fetched):
    """The local PostgreSQL stands in for Redshift: it knows IAM:jane as Redshift would."""

    def setUp(self):
        super().setUp()
        self.passwords = {}
        self.about = {"host": "localhost", "port": self.box.port, "passwords": self.password_of, "database": "app"}
        self.aws.cluster("sales", **self.about)
        self.aws.workgroup("bi", **self.about)

    def password_of(self, user):
        """A new one each time, good at once, as Redshift's are."""
        password = secrets.token_urlsafe(12)
        quoted = user.replace('"', '""')
        if user not in self.passwords:
            self.postgresql(f'DROP ROLE IF EXISTS "{quoted}"', f'CREATE ROLE "{quoted}" LOGIN')
            self.drop_after(user)
        self.postgresql(f"ALTER ROLE \"{quoted}\" PASSWORD '{password}'")
        self.passwords[user] = password
        return password

    def section(self, dsn="local-pg", **changes):
        silent = {"Server": None, "Port": None, "Database": None, "BaseDriver": None, "UID": None}
        return {"mine": self.box.section(dsn, **{**silent, "AuthType": "Redshift", **changes})}
