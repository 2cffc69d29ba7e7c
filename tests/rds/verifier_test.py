#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""verifier_test: shows that the local RDS can be trusted as a judge, before anything of ours is built.

Everything goes the long way: tokens are made by botocore (never by our own signer), carried by psql and by mariadb over
TLS to a fresh local RDS of its own, judged by its verifier. Good tokens get in, each of 24 altered ones is refused in
the words of Amazon RDS and for the reason that the case names, and no token, key or password turns up where it does not
belong.
Last, that rds.py starts, stops and cleans up as it says.

Usage: verifier_test.py [part of a name ...]     prints a line a test and "N passed, N failed"; exit status accordingly
"""
import contextlib
import datetime
import hashlib
import json
import os
import re
import secrets
import shlex
import signal
import shutil
import subprocess
import sys
import tempfile
import time
import traceback
import urllib.parse

os.environ["BOTO_DISABLE_CRT"] = "true"  # botocore must sign in Python, where its clock can be set.
import botocore.auth  # noqa: E402
import botocore.awsrequest  # noqa: E402
import botocore.credentials  # noqa: E402
import botocore.session  # noqa: E402

HERE = os.path.dirname(os.path.abspath(__file__))
RDS = os.path.join(HERE, "rds.py")
REFUSED = 'FATAL:  PAM authentication failed for user "jane_doe"'
MARIA_REFUSED = "ERROR 1045 (28000): Access denied for user 'jane_doe'@'127.0.0.1' (using password: YES)"


class Box:
    """A local RDS in a directory of its own."""

    def __init__(self, directory, **environment):
        self.directory = directory
        self.process_environment = {**os.environ, **environment}
        self.up = self.command("up")
        exports = {}
        with open(directory + "/env.sh", encoding="utf-8") as file:
            for line in file:
                if line.startswith("export "):
                    name, _, value = shlex.split(line)[1].partition("=")
                    exports[name] = value
        self.exports = exports
        self.port = int(exports["RDS_PORT"])
        self.maria_port = int(exports.get("RDS_MARIA_PORT", 0))
        with open(exports["RDS_KEYS"], encoding="utf-8") as file:
            self.known = json.load(file)

    def command(self, name, expected_status=0):
        done = subprocess.run([sys.executable, RDS, name, "--dir", self.directory], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=120,
                              check=False, env=self.process_environment)
        assert done.returncode == expected_status, f"rds.py {name}: status {done.returncode}\n{done.stdout}"
        return done.stdout

    def key(self, profile):
        """A profile's (id, secret, session token or None), as a client reads it."""
        session = botocore.session.Session(profile=profile)
        session.set_config_variable("credentials_file", self.exports["AWS_SHARED_CREDENTIALS_FILE"])
        session.set_config_variable("config_file", self.exports["AWS_CONFIG_FILE"])
        found = session.get_credentials()
        return found.access_key, found.secret_key, found.token

    def login(self, token, user="jane_doe", host="localhost"):
        """Logs in with psql: what it printed, "jane_doe|t" (user, TLS) if it was let in."""
        environment = {"PATH": os.environ["PATH"], "PGPASSWORD": token, "HOME": "/nonexistent"}
        quoted_user = user.replace("'", "\\'")
        database = (f"host={host} hostaddr=127.0.0.1 port={self.port} dbname=app user='{quoted_user}' "
                    f"sslmode=verify-full sslrootcert={self.exports['RDS_CA']}")
        sql = "SELECT current_user, ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()"
        done = subprocess.run(["psql", "-X", "-At", "-c", sql, database], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", timeout=30,
                              check=False, env=environment)
        return done.stdout.strip()

    def maria_login(self, token, user="jane_doe", options=("--ssl-verify-server-cert",)):
        """Logs in with mariadb: what it printed, "jane_doe@%|t" (user, TLS) if it was let in."""
        environment = {"PATH": os.environ["PATH"], "MYSQL_PWD": token, "HOME": "/nonexistent"}
        sql = ("SELECT CONCAT(current_user(), '|', IF(variable_value = '', 'f', 't')) "
               "FROM information_schema.session_status WHERE variable_name = 'Ssl_cipher'")
        done = subprocess.run(["mariadb", "--no-defaults", "--protocol=tcp", "--host=localhost", f"--port={self.maria_port}",
                               f"--user={user}", "--default-character-set=utf8mb4", "--database=app", "-N", "-e", sql,
                               f"--ssl-ca={self.exports['RDS_CA']}", *options],
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              encoding="utf-8", timeout=30, check=False, env=environment)
        return done.stdout.strip()

    def log(self):
        with open(self.exports["RDS_TOKENS_LOG"], encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def rewrite(self, name, value):
        path = self.exports[name]
        with open(path + ".new", "w", encoding="utf-8") as file:
            json.dump(value, file)
        os.replace(path + ".new", path)


def sign(key, endpoint, user="jane_doe", region="eu-central-1", age=0, expires=900, service="rds-db",
         action="connect"):
    """A token by botocore for endpoint "host:port", signed `age` seconds ago; one of Aurora DSQL has no port and no user."""
    class Clock(datetime.datetime):
        @classmethod
        def utcnow(cls):
            return datetime.datetime.utcnow() - datetime.timedelta(seconds=age)

    class Module:
        datetime = Clock

    query = urllib.parse.urlencode({"Action": action, **({"DBUser": user} if user else {})}, quote_via=urllib.parse.quote)
    request = botocore.awsrequest.AWSRequest(method="GET", url=f"https://{endpoint}/?{query}")
    real = botocore.auth.datetime
    botocore.auth.datetime = Module
    try:
        botocore.auth.SigV4QueryAuth(botocore.credentials.Credentials(*key), service, region,
                                     expires=expires).add_auth(request)
    finally:
        botocore.auth.datetime = real
    return request.url[len("https://"):]


def replaced(token, pattern, text):
    """The token with the one place that matches replaced; a case that alters nothing is a mistake."""
    new, count = re.subn(pattern, lambda _: text, token)
    assert count == 1 and new != token, f"{pattern} matches {count} times"
    return new


def altered_tokens(box, port):
    """The 24 ways in which a token is wrong: (name, token, the reason that the verifier must give)."""
    here = f"localhost:{port}"
    static, session, other_session = box.key("default"), box.key("session"), box.key("session1500")
    good, session_good = sign(static, here), sign(session, here)
    last = good[-1]
    head, query = good.split("?")
    security = r"&X-Amz-Security-Token=[^&]*"
    return [
        ("older than 900 s", sign(static, here, age=901), "expired"),
        ("dated 400 s ahead", sign(static, here, age=-400), "future"),
        ("signature tampered with", good[:-1] + ("0" if last != "0" else "1"), "signature"),
        ("X-Amz-Expires altered", replaced(good, "X-Amz-Expires=900", "X-Amz-Expires=899"), "signature"),
        ("signed for 901 s", sign(static, here, expires=901), "expires"),
        ("another user's token", sign(static, here, user="o'neil;x"), "user"),
        ("DBUser rewritten", replaced(sign(static, here, user="zoe"), "DBUser=zoe", "DBUser=jane_doe"), "signature"),
        ("signed for another host", sign(static, f"elsewhere.example:{port}"), "endpoint"),
        ("host rewritten", replaced(sign(static, f"127.0.0.1:{port}"), r"^127\.0\.0\.1", "localhost"), "signature"),
        ("signed for another port", sign(static, "localhost:1"), "endpoint"),
        ("signed for another region", sign(static, here, region="eu-west-1"), "region"),
        ("signed for another service", sign(static, here, service="rds"), "scope"),
        ("scope of another day", replaced(good, r"%2F\d{8}%2F", "%2F20200101%2F"), "scope day"),
        ("signed with a wrong secret", sign(box.key("wrong"), here), "signature"),
        ("an unknown key", sign(box.key("unknown"), here), "key"),
        ("session token missing", replaced(session_good, security, ""), "session token"),
        ("another key's session token", sign(session[:2] + other_session[2:], here), "session token"),
        ("a session token too many", sign(static[:2] + session[2:], here), "session token"),
        ("cut off at 255", good[:255], "parameter text"),
        ("with https://", "https://" + good, "scheme"),
        ("without the slash before ?", head[:-1] + "?" + query, "no /?"),
        ("percent-decoded", urllib.parse.unquote(good), "percent-encoding"),
        ("a parameter twice", good + "&Action=connect", "duplicate parameter"),
        ("a plain word", "correct-horse-battery-staple", "no /?"),
    ]


def misshapen_tokens(box):
    """Tokens of a wrong form that Amazon might or might not take; this verifier does not, so that sloppiness shows."""
    here, key = f"localhost:{box.port}", box.key("default")
    good = sign(key, here)
    return [
        ("a newline at the end", good + "\n", "not ascii"),
        ("a path", good.replace("/?", "/x?", 1), "path"),
        ("no port", replaced(good, r"^localhost:\d+", "localhost"), "unknown parameter"),
        ("a port of no digits", replaced(good, r"^localhost:\d+", "localhost:x"), "endpoint text"),
        ("small letters in percent-encoding", good.replace("%2F", "%2f"), "percent-encoding"),
        ("a parameter too many", good + "&X-Amz-Meta=1", "unknown parameter"),
        ("a parameter too few", replaced(good, "&X-Amz-SignedHeaders=host", ""), "missing parameter"),
        ("another action", sign(key, here, action="disconnect"), "action"),
        ("another algorithm", replaced(good, "HMAC-SHA256", "HMAC-SHA512"), "algorithm"),
        ("another signed header", replaced(good, "SignedHeaders=host", "SignedHeaders=host%3Bdate"), "signed headers"),
        ("a date of another form", replaced(good, r"Date=\d{8}T\d{6}Z", "Date=2024012T030405Z"), "date text"),
    ]


# ---------------------------------------------------------------------------------------------------------------------
# The tests: every function below whose name begins with test_; the docstring is the name.


def assert_accepted(box, token, user="jane_doe", host="localhost"):
    answer = box.login(token, user, host)
    assert answer == f"{user}|t", answer
    entry = box.log()[-1]
    assert (entry["verdict"], entry["reason"], entry["user"]) == ("accepted", "ok", user), entry
    assert entry["length"] == len(token) and entry["sha256"] == hashlib.sha256(token.encode()).hexdigest(), entry


def assert_refused(box, token, reason):
    before = len(box.log())
    answer = box.login(token)
    assert answer.endswith(REFUSED), answer
    entries = box.log()[before:]
    assert len(entries) == 1, entries
    assert (entries[0]["verdict"], entries[0]["reason"]) == ("refused", reason), entries[0]
    assert entries[0]["sha256"] == hashlib.sha256(token.encode()).hexdigest()


def assert_maria_accepted(box, token, user="jane_doe"):
    answer = box.maria_login(token, user)
    assert answer == f"{user}@%|t", answer
    entry = box.log()[-1]
    assert (entry["service"], entry["verdict"], entry["user"]) == ("mysql", "accepted", user), entry
    assert entry["length"] == len(token) and entry["sha256"] == hashlib.sha256(token.encode()).hexdigest(), entry


def assert_maria_refused(box, token, reason):
    before = len(box.log())
    answer = box.maria_login(token)
    assert answer == MARIA_REFUSED, answer
    entries = box.log()[before:]
    assert [(entry["service"], entry["verdict"], entry["reason"]) for entry in entries] == \
        [("mysql", "refused", reason)], entries


def maria_tests(box):
    port = box.maria_port
    for profile in ("default", "session", "session1500", "session4000", "session10000"):
        yield f"MariaDB accepts a token, profile {profile}", lambda box, profile=profile: assert_maria_accepted(
            box, sign(box.key(profile), f"localhost:{port}"))
    for user in ("zoë", "o'neil;x"):
        yield f"MariaDB accepts user {user}", lambda box, user=user: assert_maria_accepted(
            box, sign(box.key("default"), f"localhost:{port}", user=user), user)
    altered = altered_tokens(box, port)
    assert len(altered) == 24
    for name, token, reason in altered:
        yield f"MariaDB refuses: {name}", lambda box, token=token, reason=reason: assert_maria_refused(box, token, reason)

    def other_database(box):
        assert_maria_refused(box, sign(box.key("default"), f"localhost:{box.port}"), "endpoint")
        assert_refused(box, sign(box.key("default"), f"localhost:{port}"), "endpoint")

    def without_tls(box):
        # As RDS: the token is asked for before TLS is missed. It is the client that must not send it.
        answer = box.maria_login(sign(box.key("default"), f"localhost:{port}"), options=("--skip-ssl",))
        assert answer == MARIA_REFUSED, answer

    def wrong_ca(box):
        answer = box.maria_login("x", options=("--ssl-verify-server-cert", "--ssl-ca=" + box.exports["RDS_WRONG_CA"]))
        assert "ERROR 2026 (HY000): TLS/SSL error" in answer, answer

    def plain_user(box):
        assert box.maria_login(box.known["passwords"]["plain_user"], "plain_user") == "plain_user@%|t"
        assert "Access denied for user 'plain_user'" in box.maria_login("wrong", "plain_user")

    yield "MariaDB and PostgreSQL refuse each other's tokens", other_database
    yield "MariaDB refuses a connection without TLS", without_tls
    yield "MariaDB: the other CA does not vouch for the server", wrong_ca
    yield "MariaDB: the password user logs in with his password, and not with another one", plain_user


def good_token_tests():
    def generated(box, profile):
        key = box.key(profile)
        session = botocore.session.Session()
        session.set_credentials(*key)
        client = session.create_client("rds", region_name="eu-central-1")
        return client.generate_db_auth_token("localhost", box.port, "jane_doe")

    yield "accepts what botocore generates for a long-term key", lambda box: assert_accepted(
        box, generated(box, "default"))
    yield "accepts what botocore generates for a session key", lambda box: assert_accepted(
        box, generated(box, "session"))
    for profile in ("default", "session", "session1500", "session4000", "session10000"):
        yield f"accepts a token aged 890 s, profile {profile}", lambda box, profile=profile: assert_accepted(
            box, sign(box.key(profile), f"localhost:{box.port}", age=890))
    yield "accepts a token dated 290 s ahead", lambda box: assert_accepted(
        box, sign(box.key("default"), f"localhost:{box.port}", age=-290))
    yield "accepts a token for the name of the instance and port 5432", lambda box: assert_accepted(
        box, sign(box.key("default"), box.exports["RDS_HOST"] + ":5432"), host=box.exports["RDS_HOST"])
    yield "accepts a host name in capitals that was signed in small letters", lambda box: assert_accepted(
        box, sign(box.key("default"), f"localhost:{box.port}").replace("localhost", "LOCALHOST", 1))
    yield "accepts parameters in any order", lambda box: assert_accepted(
        box, re.sub(r"\?(.*)", lambda match: "?" + "&".join(reversed(match[1].split("&"))),
                    sign(box.key("session"), f"localhost:{box.port}")))
    for user in ("zoë", "o'neil;x"):
        yield f"accepts user {user}", lambda box, user=user: assert_accepted(
            box, sign(box.key("default"), f"localhost:{box.port}", user=user), user)


def dsql_token(box, action="DbConnect", **options):
    return sign(box.key("default"), box.exports["RDS_DSQL_HOST"], **{"user": None, "service": "dsql", "action": action, **options})


def dsql_tests():
    """Under a name of Aurora DSQL."""
    def accepts(name, user, profile="default", **options):
        def test(box):
            host = box.exports["RDS_DSQL_HOST"]
            token = sign(box.key(profile), host, **{"user": None, "service": "dsql", **options})
            assert_accepted(box, token, user, host)
        yield "DSQL: accepts " + name, test

    yield from accepts("DbConnectAdmin of admin", "admin", action="DbConnectAdmin")
    yield from accepts("DbConnect of another user", "jane_doe", action="DbConnect")
    yield from accepts("a session key", "jane_doe", "session4000", action="DbConnect")
    yield from accepts("a token of a week, six days old", "jane_doe", action="DbConnect", expires=604800, age=6 * 86400)

    def refuses(name, reason, make):
        yield "DSQL: refuses " + name, lambda box: assert_refused(box, make(box), reason)

    yield from refuses("DbConnectAdmin of somebody else", "action", lambda box: dsql_token(box, "DbConnectAdmin"))
    yield from refuses("connect, the action of RDS", "action", lambda box: dsql_token(box, "connect"))
    yield from refuses("a user in the token", "unknown parameter", lambda box: dsql_token(box, user="jane_doe"))
    yield from refuses("the service of RDS", "scope", lambda box: dsql_token(box, service="rds-db"))
    yield from refuses("more than a week", "expires", lambda box: dsql_token(box, expires=604801))
    yield from refuses("what is older than it may be", "expired", lambda box: dsql_token(box, expires=100, age=101))
    yield from refuses("another region", "region", lambda box: dsql_token(box, region="us-east-1"))
    yield from refuses("a name of RDS", "endpoint", lambda box: sign(
        box.key("default"), box.exports["RDS_HOST"], user=None, service="dsql", action="DbConnect"))
    yield from refuses("a token of RDS under its name", "endpoint", lambda box: sign(
        box.key("default"), f"{box.exports['RDS_DSQL_HOST']}:{box.port}"))
    yield from refuses("a life that was altered", "signature", lambda box: replaced(dsql_token(box), "Expires=900", "Expires=9000"))

    def admin_needs_its_own(box):
        before = len(box.log())
        answer = box.login(dsql_token(box), "admin", box.exports["RDS_DSQL_HOST"])
        assert answer.endswith('FATAL:  PAM authentication failed for user "admin"'), answer
        assert [entry["reason"] for entry in box.log()[before:]] == ["action"]
    yield "DSQL: refuses DbConnect of admin", admin_needs_its_own


def length_tests():
    for length in (350, 1500, 5000, 16000, 30000):
        def accepts(box, length=length):
            key_id = "ASIA" + secrets.token_hex(8).upper()
            endpoint = f"localhost:{box.port}"
            bare = len(sign((key_id, "secret", "x"), endpoint)) - 1
            session_token = "x" * max(0, length - bare) or None
            box.rewrite("RDS_KEYS", {**box.known, "keys": {
                **box.known["keys"], key_id: {"secret": "secret", "session_token": session_token}}})
            token = sign((key_id, "secret", session_token), endpoint)
            assert abs(len(token) - length) <= 40, len(token)
            assert_accepted(box, token)
        yield f"accepts a token of about {length} characters whole", accepts


def refusal_tests(tokens, kind):
    for name, token, reason in tokens:
        yield f"{kind}: {name}", lambda box, token=token, reason=reason: assert_refused(box, token, reason)


def test_empty_password(box):
    """an empty password never reaches the server's PAM"""
    before = len(box.log())
    assert "no password supplied" in box.login(""), box.login("")
    assert len(box.log()) == before


def test_no_tls(box):
    """a connection without TLS is refused, whoever comes"""
    database = f"host=localhost port={box.port} dbname=app user=jane_doe sslmode=disable"
    done = subprocess.run(["psql", "-X", "-c", "SELECT 1", database], stdin=subprocess.DEVNULL, capture_output=True,
                          encoding="utf-8", timeout=30, check=False, env={**os.environ, "PGPASSWORD": "x"})
    assert 'FATAL:  no pg_hba.conf entry for host "127.0.0.1", user "jane_doe"' in done.stderr, done.stderr
    assert "no encryption" in done.stderr, done.stderr


def test_wrong_ca(box):
    """the other CA does not vouch for the server"""
    right = box.exports["RDS_CA"]
    box.exports["RDS_CA"] = box.exports["RDS_WRONG_CA"]
    try:
        answer = box.login("x")
    finally:
        box.exports["RDS_CA"] = right
    assert "certificate verify failed" in answer, answer


def test_wrong_name(box):
    """the certificate of the server is not for every name"""
    answer = box.login("x", host="elsewhere.example")
    assert 'does not match host name "elsewhere.example"' in answer, answer


def test_plain_user(box):
    """the password user logs in with his password, and not with another one"""
    password = box.known["passwords"]["plain_user"]
    assert box.login(password, "plain_user") == "plain_user|t"
    assert 'password authentication failed for user "plain_user"' in box.login("wrong", "plain_user")
    assert 'password authentication failed for user "nosuch"' in box.login("wrong", "nosuch")


def test_busy_user(box):
    """user busy has too many connections"""
    token = sign(box.key("default"), f"localhost:{box.port}", user="busy")
    answer = box.login(token, "busy")
    assert 'too many connections for role "busy"' in answer, answer


def test_control_date(box):
    """control: refuses tokens dated before"""
    endpoint, key = f"localhost:{box.port}", box.key("default")
    limit = (datetime.datetime.utcnow() - datetime.timedelta(seconds=60)).strftime("%Y%m%dT%H%M%SZ")
    box.rewrite("RDS_CONTROL", {"refuse_dated_before": limit})
    assert_refused(box, sign(key, endpoint, age=120), "control: date")
    assert_accepted(box, sign(key, endpoint))


def test_control_signature(box):
    """control: refuses a signature, and a token by its hash"""
    endpoint, key = f"localhost:{box.port}", box.key("default")
    one, two, three = (sign(key, endpoint, age=age) for age in (10, 20, 30))
    box.rewrite("RDS_CONTROL", {"refuse_signatures": [one[-64:]],
                                "refuse_tokens": [hashlib.sha256(two.encode()).hexdigest()]})
    assert_refused(box, one, "control: signature")
    assert_refused(box, two, "control: token")
    assert_accepted(box, three)


def test_control_delay(box):
    """control: delays the answer"""
    box.rewrite("RDS_CONTROL", {"delay_seconds": 1.5})
    start = time.monotonic()
    assert_accepted(box, sign(box.key("default"), f"localhost:{box.port}"))
    assert time.monotonic() - start >= 1.5


def test_control_broken(box):
    """a broken control file lets nobody in"""
    with open(box.exports["RDS_CONTROL"], "w", encoding="utf-8") as file:
        file.write("{")
    assert_refused(box, sign(box.key("default"), f"localhost:{box.port}"), "verifier")


def test_many(box):
    """60 logins at once all get in"""
    token = sign(box.key("session10000"), f"localhost:{box.port}")
    environment = {"PATH": os.environ["PATH"], "PGPASSWORD": token, "HOME": "/nonexistent"}
    database = (f"host=localhost port={box.port} dbname=app user=jane_doe sslmode=verify-full "
                f"sslrootcert={box.exports['RDS_CA']}")
    clients = [subprocess.Popen(["psql", "-X", "-At", "-c", "SELECT pg_sleep(0.3)", database], env=environment,
                                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
               for _ in range(60)]
    errors = [client.communicate(timeout=60)[1] for client in clients]
    assert not any(client.returncode for client in clients), [error for error in errors if error][:3]


def test_verifier_down(box):
    """without a verifier nobody gets in"""
    path = box.exports["RDS_BOX"] + "/verifier.sock"
    os.rename(path, path + ".away")
    try:
        answer = box.login(sign(box.key("default"), f"localhost:{box.port}"))
    finally:
        os.rename(path + ".away", path)
    assert answer.endswith(REFUSED), answer


def leaks(box, given):
    """No token, key or password in a log, in env.sh, or in the arguments of a process of the box."""
    needles = {token for token in given if len(token) > 40} | set(box.known["passwords"].values())
    needles |= {token.rpartition("X-Amz-Signature=")[2] for token in given if "X-Amz-Signature=" in token}
    for key_id, key in box.known["keys"].items():
        needles |= {key_id, key["secret"], key["session_token"] or key["secret"]}
    needles |= {box.key(profile)[1] for profile in ("default", "session", "wrong", "unknown")}
    texts = {}
    for path in (box.exports["RDS_TOKENS_LOG"], box.exports["RDS_SERVER_LOG"], box.directory + "/env.sh",
                 box.exports["RDS_BOX"] + "/verifier.log", *filter(None, [box.exports.get("RDS_MARIA_LOG")])):
        with open(path, encoding="utf-8") as file:
            texts[path] = file.read()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", "rb") as file:
            texts[f"arguments of {pid}"] = file.read().decode("utf-8", "replace")
    assert "PAM authentication failed" in texts[box.exports["RDS_SERVER_LOG"]]  # The right file, then.
    found = [name for name, text in texts.items() if any(needle in text for needle in needles)]
    assert not found, found
    assert len(needles) > 40, len(needles)


def running(box):
    """Processes whose command line names the box, and PostgreSQL's children whatever they are called."""
    ours = set()
    for pid in filter(str.isdigit, os.listdir("/proc")):
        with contextlib.suppress(OSError):
            with open(f"/proc/{pid}/cmdline", "rb") as file:
                arguments = os.fsdecode(file.read())
            with open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
                state, parent = file.read().rpartition(")")[2].split()[:2]
            if state != "Z":
                ours.add((int(pid), int(parent), box.exports["RDS_BOX"] in arguments))
    named = {pid for pid, _, is_named in ours if is_named}
    return named | {pid for pid, parent, _ in ours if parent in named}


def assert_gone(box, processes):
    deadline = time.monotonic() + 10
    while (left := processes & {int(pid) for pid in filter(str.isdigit, os.listdir("/proc")) if is_alive(pid)}):
        assert time.monotonic() < deadline, f"still running: {left}"
        time.sleep(0.05)
    assert not os.path.exists(box.exports["RDS_BOX"]), "the box is still there"
    assert not os.path.exists(box.directory), os.listdir(box.directory)


def is_alive(pid):
    with contextlib.suppress(OSError), open(f"/proc/{pid}/stat", encoding="utf-8", errors="replace") as file:
        return file.read().rpartition(")")[2].split()[0] != "Z"
    return False


def lifecycle_tests(scratch):
    def twice(box):
        before = running(box)
        again = box.command("up")
        assert again == "It is already up.\n" + box.up, again
        assert running(box) <= before  # Less if a session of an earlier test had not quite ended.
        assert box.command("status") == box.up

    def side_by_side(box):
        other = Box(scratch + "/other")
        try:
            assert other.port != box.port and other.exports["RDS_BOX"] != box.exports["RDS_BOX"]
            assert_accepted(other, sign(other.key("default"), f"localhost:{other.port}"))
            assert_refused(other, sign(box.key("default"), f"localhost:{other.port}"), "key")
            processes = running(other)
            assert len(processes) >= 4, processes
        finally:
            other.command("down")
        assert_gone(other, processes)
        assert_accepted(box, sign(box.key("default"), f"localhost:{box.port}"))
        assert other.command("down") == "The local RDS is down already.\n"

    def after_crash(_):
        other = Box(scratch + "/crash")
        processes = running(other)
        for pid in processes:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        time.sleep(0.2)
        other.command("status", expected_status=1)
        assert other.command("down") == "The local RDS is down.\n"
        assert_gone(other, processes)

    def one_half_dead(_):
        other = Box(scratch + "/half")
        with open(other.directory + "/box.json", encoding="utf-8") as file:
            os.kill(json.load(file)["processes"]["verifier"], signal.SIGKILL)
        time.sleep(0.2)
        first = running(other)
        again = Box(other.directory)  # `up` clears the ruin away and starts anew.
        assert not os.path.exists(other.exports["RDS_BOX"])
        assert not first & running(again)
        processes = running(again)
        again.command("down")
        assert_gone(again, processes)

    def killed_while_starting(_):
        for delay in (0.05, 0.15, 0.3, 0.5):
            directory = f"{scratch}/killed{delay}"
            starting = subprocess.Popen([sys.executable, RDS, "up", "--dir", directory], stdin=subprocess.DEVNULL,
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            time.sleep(delay)
            starting.kill()
            starting.wait()
            box = None
            with contextlib.suppress(OSError), open(directory + "/box.json", encoding="utf-8") as file:
                box = json.load(file)["box"]
            subprocess.run([sys.executable, RDS, "down", "--dir", directory], stdout=subprocess.DEVNULL, timeout=60,
                           check=True)
            assert not os.path.exists(directory), os.listdir(directory)
            assert box is None or not os.path.exists(box), box

    def spares_others(box):
        # A pid file that names somebody else's process, and a program whose arguments name the box, are left alone.
        other = Box(scratch + "/others")
        data = other.exports["RDS_BOX"] + "/pg/data"
        bystander = subprocess.Popen(["sleep", "60"])
        namesake = subprocess.Popen(["/usr/bin/python3", "-c", "import time; time.sleep(60)", "-D", data])
        try:
            with open(other.directory + "/box.json", "r+", encoding="utf-8") as file:
                state = json.load(file)
                state["processes"] = {"verifier": bystander.pid, "postgresql": bystander.pid}
                file.seek(0)
                file.truncate()
                json.dump(state, file)
            other.command("down")
            assert bystander.poll() is None and namesake.poll() is None
        finally:
            bystander.kill()
            namesake.kill()
            bystander.wait()
            namesake.wait()
        assert running(box)

    def keeps_foreign_files(_):
        other = Box(scratch + "/foreign")
        with open(other.directory + "/mine.txt", "w", encoding="utf-8") as file:
            file.write("mine")
        other.command("down")
        assert os.listdir(other.directory) == ["mine.txt"]

    def failing(_):
        directory = scratch + "/failing"
        tools = scratch + "/tools"
        os.mkdir(tools)
        with open(tools + "/cc", "w", encoding="utf-8") as file:
            file.write("#!/bin/sh\necho no compiler today\nexit 1\n")
        os.chmod(tools + "/cc", 0o755)
        boxes = set(os.listdir(tempfile.gettempdir()))
        done = subprocess.run([sys.executable, RDS, "up", "--dir", directory], stdin=subprocess.DEVNULL,
                              capture_output=True, encoding="utf-8", timeout=60, check=False,
                              env={**os.environ, "PATH": tools + ":" + os.environ["PATH"]})
        assert done.returncode == 1 and "no compiler today" in done.stderr, done.stderr
        assert not os.path.exists(directory)
        left = [name for name in set(os.listdir(tempfile.gettempdir())) - boxes if name.startswith("iamodbc-rds-")]
        assert not left, left

    def env_sh(box):
        script = (f'set -eu; . {shlex.quote(box.directory + "/env.sh")}; env; '
                  'isql -b base-pg </dev/null && echo isql is content')
        done = subprocess.run(["sh", "-c", script], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, encoding="utf-8", timeout=30, check=False,
                              env={**os.environ, "AWS_PROFILE": "x", "AWS_SESSION_TOKEN": "x", "PGHOSTADDR": "x"})
        assert done.returncode == 0 and "isql is content" in done.stdout, done.stdout
        assert not re.search("^(AWS_PROFILE|AWS_SESSION_TOKEN|PGHOSTADDR)=", done.stdout, re.M), done.stdout
        assert f"\nRDS_PORT={box.port}\n" in done.stdout

    yield "rds: up twice says so and starts nothing", twice
    yield "rds: two side by side", side_by_side
    yield "rds: down after everything was killed", after_crash
    yield "rds: up over a ruin", one_half_dead
    yield "rds: down after up was killed", killed_while_starting
    yield "rds: down spares processes that are not its own", spares_others
    yield "rds: down leaves foreign files", keeps_foreign_files
    yield "rds: a failing up says why and leaves nothing", failing
    def without_mariadb(_):
        script = ("import sys; sys.argv = ['rds.py', 'up', '--dir', sys.argv[1]]; sys.path.insert(0, %r); import rds; "
                  "rds.MARIADB_HEADERS = '/nonexistent'; sys.exit(rds.main())" % HERE)
        directory = scratch + "/alone"
        done = subprocess.run([sys.executable, "-c", script, directory], stdin=subprocess.DEVNULL, capture_output=True,
                              encoding="utf-8", timeout=60, check=False)
        try:
            assert done.returncode == 0 and done.stdout.count("without MariaDB: ") == 1, done.stdout + done.stderr
            with open(directory + "/odbc.ini", encoding="utf-8") as file:
                assert "maria" not in file.read()
        finally:
            subprocess.run([sys.executable, RDS, "down", "--dir", directory], stdout=subprocess.DEVNULL, timeout=60,
                           check=True)

    yield "rds: up without MariaDB says so and goes on with PostgreSQL", without_mariadb
    yield "rds: env.sh points a shell here, and base-pg logs in", env_sh


def main():
    wanted = sys.argv[1:]
    passed, failed = 0, 0
    scratch = tempfile.mkdtemp(prefix="iamodbc-verifier-test-")
    try:
        box = Box(scratch + "/box")
        try:
            altered = altered_tokens(box, box.port)
            assert len(altered) == 24 and len({name for name, _, _ in altered}) == 24
            tests = [*good_token_tests(), *length_tests(), *dsql_tests(), *refusal_tests(altered, "refuses"),
                     *refusal_tests(misshapen_tokens(box), "refuses misshapen")]
            tests += [(function.__doc__, function) for name, function in globals().items() if name.startswith("test_")]
            if box.maria_port:
                tests += maria_tests(box)
            else:
                print("NOT RUN: MariaDB's half of the verifier's tests: its server is not installed")
            tests += [("no token, key or password in logs and process arguments",
                       lambda box: leaks(box, [token for _, token, _ in altered])), *lifecycle_tests(scratch)]
            for name, test in tests:
                if wanted and not any(word in name for word in wanted):
                    continue
                try:
                    test(box)
                    passed += 1
                    print(f"ok      {name}", flush=True)
                except Exception:
                    failed += 1
                    print(f"FAILED  {name}\n{traceback.format_exc()}", flush=True)
                box.rewrite("RDS_CONTROL", {})
                box.rewrite("RDS_KEYS", box.known)
        finally:
            box.command("down")
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
