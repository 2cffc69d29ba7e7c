#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""rds: a local stand-in for Amazon RDS, for tests and for trying the driver; no root, no container, no account.

  rds.py up [--dir D] [--driver FILE]    start server and verifier in the background (seconds); D/env.sh says the rest
  rds.py status [--dir D]                what runs; exit status 0 if all of it does, else 1
  rds.py down [--dir D]                  end them and remove everything, also what a crash left behind

It behaves as RDS does: TLS only. PostgreSQL lets members of rds_iam in with an IAM token through PAM, everybody else
with SCRAM. Under the names of Aurora DSQL a token has to be of that kind. MariaDB lets users in with an IAM token who are identified with AWSAuthenticationPlugin. Behind both sits
verifier.py, which recomputes the signature of every token (pam_stand_in.c and aws_authentication_plugin.c lead there).
Where MariaDB is not installed, `up` says so and goes on with PostgreSQL alone.

D (default: build/rds at the top of the project) holds what a client needs:
  env.sh        `. D/env.sh` points a shell at all this (ODBC and AWS files, RDS_* names for tests) and drops AWS_* and
                PG* variables that would interfere; nothing in it is secret
  odbc.ini      local-secret, local-redshift and local-workgroup (PostgreSQL by a fetched login, see docs);
                local-pg (through iamodbc, IAM) and base-pg (straight through psqlODBC, password), same rights;
                local-maria and base-maria likewise through MariaDB Connector/ODBC; local-dsql (as Aurora DSQL)
  odbcinst.ini  iamodbc, PostgreSQL Unicode, PostgreSQL ANSI, MariaDB Unicode
  rds-ca.pem    the CA of the server; wrong-ca.pem is another one
  aws/          credentials and config: profile default (long-term key), session, session1500, session4000,
                session10000 (by length of the session token), token1500, token5000, token16000, token30000, token40000,
                token70000 (by length of the whole token of jane_doe), wrong (its secret is wrong), unknown (an unknown key)
  tokens.jsonl  one line for each token that the verifier saw
  box.json      where the box is

The box is a private directory under TMPDIR with all that the servers need: pg/ and maria/ (owned by the user they run
as, which is nobody if we are root), tls/, keys.json and control.json (verifier.py tells their shape), logs. Every process that we
start names the box in its command line; `down` ends exactly those, so a re-used process id is never hit.

Users of database app: jane_doe, zoë and "o'neil;x" (IAM), admin (IAM, as Aurora DSQL's), busy (IAM, connection limit 0), plain_user (password in
base-pg and keys.json), rdsadmin (superuser, over the Unix socket RDS_ADMIN_HOST only). MariaDB has the same but busy and rdsadmin:
jane_doe, zoë and "o'neil;x" (IAM), plain_user (password), root (over its Unix socket only).
"""
import argparse
import base64
import concurrent.futures
import contextlib
import datetime
import errno
import fcntl
import glob
import json
import os
import pwd
import re
import secrets
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
REGION = "eu-central-1"
RDS_NAME = "mydb.cabc123def45.eu-central-1.rds.amazonaws.com"
CLUSTER_NAME = "mycluster.cluster-cabc123def45.eu-central-1.rds.amazonaws.com"
GLOBAL_NAME = "world.global-cabc123def45.global.rds.amazonaws.com"
# Of Aurora DSQL: the public one, and one of a private link.
DSQL_NAME = "iamodbclocalstandin4tests0.dsql.eu-central-1.on.aws"
DSQL_PRIVATE_NAME = "iamodbclocalstandin4tests0.dsql-ab12.eu-central-1.on.aws"
MARIADB_HEADERS = "/usr/include/mariadb"
IAM_USERS = ["jane_doe", "zoë", "o'neil;x", "busy"]
DSQL_USERS = ["admin"]  # besides them
SESSION_TOKEN_LENGTHS = {"session": 356, "session1500": 1500, "session4000": 4000, "session10000": 10000}
TOKEN_LENGTHS = {f"token{length}": length for length in (1500, 5000, 16000, 30000, 40000, 70000)}
# Of a token for jane_doe at localhost with a port of five digits: all of it but the percent-encoded session token.
REST_OF_TOKEN = 342
FILES_OF_D = ["env.sh", "odbc.ini", "odbcinst.ini", "rds-ca.pem", "wrong-ca.pem", "tokens.jsonl", "box.json",
              "aws/credentials", "aws/config"]
LONGEST_SOCKET_PATH = 107
START_SECONDS = 60


class Failure(Exception):
    """Something did not work; the text is for a person."""


# ---------------------------------------------------------------------------------------------------------------------
# Files, programs, processes


def write(path, text, mode=0o600):
    """Writes a file anew and whole: a reader sees the old one or the new one."""
    with open(os.open(path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)
    os.replace(path + ".new", path)


def run(command, what, text_in=None, **options):
    """Runs a program to its end and returns what it printed."""
    try:
        done = subprocess.run(command, input=text_in, stdin=None if text_in is not None else subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace",
                              timeout=START_SECONDS, check=False, **options)
    except FileNotFoundError:
        raise Failure(f"{what}: the program {command[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Failure(f"{what}: {command[0]} did not end within {START_SECONDS} s") from None
    if done.returncode != 0:
        raise Failure(f"{what}: {command[0]} failed:\n{last_lines(done.stdout)}")
    return done.stdout


def last_lines(text, count=15):
    return "\n".join("    " + line for line in text.strip().splitlines()[-count:])


def log_of(box, name):
    with contextlib.suppress(OSError), open(os.path.join(box, name), encoding="utf-8", errors="replace") as file:
        return file.read()
    return ""


def command_line(pid):
    try:
        with open(f"/proc/{pid}/cmdline", "rb") as file:
            return os.fsdecode(file.read()).split("\0")
    except OSError:
        return []


def role_in(box, arguments):
    """What a process with these arguments is for the box: "verifier", "postgresql", "mariadb" or None."""
    if f"--datadir={box}/maria/data" in arguments and \
            {"mariadbd", "mariadb-install-db"} & set(map(os.path.basename, arguments[:2])):
        return "mariadb"
    for name, option in zip(arguments, arguments[1:]):
        if name == "--box" and option == box and "verifier.py" in map(os.path.basename, arguments[:4]):
            return "verifier"
        if name == "--box" and option == box and "services.py" in map(os.path.basename, arguments[:4]):
            return "services"
        if name == "-D" and option == box + "/pg/data" and os.path.basename(arguments[0]) in ("postgres", "initdb"):
            return "postgresql"
    return None


def processes(box):
    """The living processes that were started for the box: {process id: role}."""
    roles = {int(pid): role_in(box, command_line(pid)) for pid in os.listdir("/proc") if pid.isdigit()}
    return {pid: role for pid, role in roles.items() if role}


def end(box, signals, seconds):
    """Sends each role its signal and waits; True when none is left."""
    deadline = time.monotonic() + seconds
    for pid, role in processes(box).items():
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            try:
                if role_in(box, command_line(pid)) == role:  # Asked again: the handle keeps the id from being re-used.
                    signal.pidfd_send_signal(handle, signals[role])
            finally:
                os.close(handle)
    while processes(box):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


# ---------------------------------------------------------------------------------------------------------------------
# The box


def server_user():
    """How to run the server: options for subprocess, user and group id. PostgreSQL refuses to run as root."""
    if os.geteuid() != 0:
        return {}, os.geteuid(), os.getegid()
    nobody = pwd.getpwnam("nobody")
    return {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}, nobody.pw_uid, nobody.pw_gid


def new_box(directory):
    """A fresh private directory that the server's user can reach, with room for the path of a socket in it, and with a
    plain name (LD_PRELOAD knows no quoting). box.json names it before it exists, so that `down` always finds it."""
    as_server, uid, gid = server_user()
    for parent in dict.fromkeys([tempfile.gettempdir(), "/tmp", "/var/tmp"]):
        try:
            box = f"{os.path.realpath(parent)}/iamodbc-rds-{secrets.token_hex(5)}"
            if not re.fullmatch(r"[A-Za-z0-9._/+-]+", box):
                continue
            write(directory + "/box.json", json.dumps({"box": box}) + "\n")
            os.mkdir(box, 0o700)
        except OSError:
            continue
        os.chmod(box, 0o711 if as_server else 0o700)
        for name in ("/pg", "/maria"):
            os.mkdir(box + name, 0o700)
            os.chown(box + name, uid, gid)
        is_reachable = subprocess.run(["test", "-w", box + "/pg"], check=False, **as_server).returncode == 0
        if is_reachable and len(os.fsencode(box + "/pg/.s.PGSQL.65535")) <= LONGEST_SOCKET_PATH:
            return box
        shutil.rmtree(box)
    raise Failure("no directory for the box: TMPDIR, /tmp and /var/tmp are closed to the server's user, too long, or "
                  "oddly named")


def free_port():
    """A port that is free on every loopback address that the server will listen on."""
    for _ in range(50):
        with contextlib.ExitStack() as sockets:
            port = 0
            try:
                for family, _, _, _, address in sorted(socket.getaddrinfo("localhost", 0, type=socket.SOCK_STREAM)):
                    probe = sockets.enter_context(socket.socket(family, socket.SOCK_STREAM))
                    probe.bind((address[0], port) + address[2:])
                    port = probe.getsockname()[1]
            except OSError as error:
                if not port or error.errno == errno.EADDRINUSE:  # Else an address in name only: ::1 without IPv6.
                    continue
            return port
    raise Failure("no free port on localhost")


def make_certificates(box):
    """tls/ca.pem signs tls/server.pem; tls/wrong-ca.pem signs nothing. Valid since two days ago (for clients whose
    clock is made to differ) for 20 and 30 days more. `openssl ca` because only it can date a certificate back."""
    tls = box + "/tls"
    os.mkdir(tls, 0o700)
    now = datetime.datetime.now(datetime.timezone.utc)
    day = lambda days: (now + datetime.timedelta(days=days)).strftime("%Y%m%d%H%M%SZ")
    write(tls + "/openssl.cnf", f"""
[req]
distinguished_name = name
prompt = no
[name]
O = iamodbc local RDS
[ca]
default_ca = ours
[ours]
database = {tls}/index.txt
new_certs_dir = {tls}
rand_serial = yes
default_md = sha256
unique_subject = no
policy = any
[any]
commonName = supplied
organizationName = optional
[ca_extensions]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[server_extensions]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
authorityKeyIdentifier = keyid
subjectAltName = DNS:localhost, IP:127.0.0.1, IP:::1, DNS:{RDS_NAME}, DNS:{CLUSTER_NAME}, DNS:{GLOBAL_NAME}, DNS:{DSQL_NAME}, DNS:{DSQL_PRIVATE_NAME}
""")
    for name, title, days, signer in [("ca", "iamodbc local RDS root", 30, ["-selfsign"]),
                                      ("wrong-ca", "iamodbc local RDS wrong root", 30, ["-selfsign"]),
                                      ("server", "localhost", 20, ["-cert", tls + "/ca.pem"])]:
        write(tls + "/index.txt", "")
        key = f"{tls}/{'ca' if name == 'server' else name}.key"
        run(["openssl", "req", "-config", tls + "/openssl.cnf", "-new", "-newkey", "ec", "-pkeyopt",
             "ec_paramgen_curve:prime256v1", "-nodes", "-subj", f"/O=iamodbc local RDS/CN={title}",
             "-keyout", f"{tls}/{name}.key", "-out", f"{tls}/{name}.csr"], "certificates")
        run(["openssl", "ca", "-config", tls + "/openssl.cnf", "-batch", "-notext", *signer, "-keyfile", key,
             "-in", f"{tls}/{name}.csr", "-out", f"{tls}/{name}.pem", "-startdate", day(-2), "-enddate", day(days),
             "-extensions", "server_extensions" if name == "server" else "ca_extensions"], "certificates")


def make_keys():
    """Access keys by profile: (id, secret, session token or None)."""
    letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
    key_id = lambda kind: kind + "".join(secrets.choice(letters) for _ in range(16))

    def blob(length, tail=""):
        # Plus, slash and equals sign always occur: they are what goes wrong on the way.
        return ("/+" + base64.b64encode(secrets.token_bytes(length)).decode())[:length - len(tail)] + tail

    def encoded_blob(length):
        """One that has this length when it is percent-encoded."""
        text, left = "", length - len("%2F%2B%3D%3D")
        for character in base64.b64encode(secrets.token_bytes(length)).decode():
            character = character if left >= 3 else "A"
            text += character
            left -= 3 if character in "+/" else 1
            if not left:
                break
        return "/+" + text + "=="

    keys = {"default": (key_id("AKIA"), blob(40), None)}
    for profile, length in SESSION_TOKEN_LENGTHS.items():
        keys[profile] = (key_id("ASIA"), blob(40), blob(length, "=="))
    for profile, length in TOKEN_LENGTHS.items():
        keys[profile] = (key_id("ASIA"), blob(40), encoded_blob(length - REST_OF_TOKEN))
    keys["wrong"] = (key_id("AKIA"), blob(40), None)
    keys["unknown"] = (key_id("AKIA"), blob(40), None)
    return keys


# ---------------------------------------------------------------------------------------------------------------------
# PostgreSQL


def postgresql_programs():
    """The directory of initdb and postgres: Debian's newest, else what PATH finds."""
    found = [os.path.dirname(path) for path in glob.glob("/usr/lib/postgresql/*/bin/postgres")]
    if found:
        return max(found, key=lambda path: float(path.split("/")[4]))
    on_path = shutil.which("postgres")
    if on_path:
        return os.path.dirname(os.path.realpath(on_path))
    raise Failure("PostgreSQL's server is not installed (Debian: postgresql)")


def server_environment(box, uid, gid, preload=()):
    """A small environment of our own. A user id without a name gets one through nss_wrapper: initdb insists."""
    environment = {"PATH": "/usr/bin:/bin", "LC_ALL": "C", "TZ": "UTC", "IAMODBC_RDS_VERIFIER": box + "/verifier.sock"}
    preload = list(preload)
    try:
        pwd.getpwuid(uid)
    except KeyError:
        write(box + "/passwd", f"rds:x:{uid}:{gid}:rds:{box}:/bin/sh\n")
        write(box + "/group", f"rds:x:{gid}:\n")
        environment.update(NSS_WRAPPER_PASSWD=box + "/passwd", NSS_WRAPPER_GROUP=box + "/group")
        preload.append("libnss_wrapper.so")
    if preload:
        environment["LD_PRELOAD"] = " ".join(preload)
    return environment


def hand_over_certificate(box, directory):
    """The server's certificate and key, for the user who runs it."""
    _, uid, gid = server_user()
    for name in ("server.pem", "server.key"):
        shutil.copyfile(f"{box}/tls/{name}", f"{directory}/{name}")
        os.chmod(f"{directory}/{name}", 0o600)
        os.chown(f"{directory}/{name}", uid, gid)


def compile_shared(source, target, what, *options):
    """A shared library of one C file of this folder, for whoever runs the server."""
    run(["cc", "-shared", "-fPIC", "-O1", *options, "-o", target, os.path.join(HERE, source)], what)
    os.chmod(target, 0o755)


def start_server(title, log_path, command, port, is_ready, environment):
    """Starts `command(port)`; gives the port once the server takes connections, another one where somebody was quicker."""
    as_server, _, _ = server_user()
    deadline = time.monotonic() + START_SECONDS
    while True:
        with open(log_path, "wb") as log:
            server = subprocess.Popen(command(port), cwd="/", stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                      start_new_session=True, env=environment, **as_server)
        while server.poll() is None:
            if is_ready(server):
                return port
            if time.monotonic() > deadline:
                raise Failure(f"{title} was not ready within {START_SECONDS} s")
            time.sleep(0.01)
        if "Address already in use" not in log_of(*os.path.split(log_path)) or time.monotonic() > deadline:
            raise Failure(f"{title} did not start")
        port = free_port()


def sql_name(name):
    return '"' + name.replace('"', '""') + '"'


def start_postgresql(box, port, password):
    """Makes the cluster, starts the server on `port` of localhost, creates users and data."""
    as_server, uid, gid = server_user()
    programs, data = postgresql_programs(), box + "/pg/data"
    shim = box + "/pam_stand_in.so"
    compile_shared("pam_stand_in.c", shim, "the PAM stand-in")
    run([programs + "/initdb", "-D", data, "-U", "rdsadmin", "-A", "trust", "-E", "UTF8", "--locale=C", "-N"],
        "initdb", cwd="/", env=server_environment(box, uid, gid), **as_server)
    hand_over_certificate(box, box + "/pg")
    with open(data + "/pg_hba.conf", "w", encoding="utf-8") as file:
        # As on RDS, whose administrators come in by a door of their own too; nobody comes in without TLS.
        file.write("local   all rdsadmin          trust\n"
                   "hostssl all +rds_iam all      pam pamservice=postgresql\n"
                   "hostssl all all      all      scram-sha-256\n")
    settings = {
        "listen_addresses": "localhost", "unix_socket_directories": box + "/pg", "ssl": "on",
        "ssl_cert_file": box + "/pg/server.pem", "ssl_key_file": box + "/pg/server.key", "max_connections": "600",
        "shared_buffers": "16MB", "dynamic_shared_memory_type": "mmap", "huge_pages": "off", "fsync": "off",
        "full_page_writes": "off", "synchronous_commit": "off", "wal_level": "minimal", "max_wal_senders": "0",
        "timezone": "UTC", "log_timezone": "UTC", "lc_messages": "C", "log_line_prefix": "%m [%p] ",
        "log_min_error_statement": "panic", "logging_collector": "off", "autovacuum": "off",
        "max_logical_replication_workers": "0"}
    with open(data + "/postgresql.conf", "a", encoding="utf-8") as file:
        file.write("".join(f"{name} = '{value}'\n" for name, value in settings.items()))

    port = start_server("PostgreSQL's server", box + "/postgresql.log",
                        lambda port: [programs + "/postgres", "-D", data, "-p", str(port)], port,
                        lambda server: is_postgresql_ready(data, server), server_environment(box, uid, gid, [shim]))
    if "cannot be preloaded" in log_of(box, "postgresql.log"):
        raise Failure(f"{shim} cannot be loaded; if its file system is mounted noexec, choose another TMPDIR")

    users = "".join(f"CREATE ROLE {sql_name(user)} LOGIN IN ROLE rds_iam;\n" for user in IAM_USERS + DSQL_USERS)
    everybody = ", ".join(map(sql_name, IAM_USERS + DSQL_USERS + ["plain_user"]))
    psql(box, port, "postgres", f"""
CREATE ROLE rds_iam NOLOGIN;
{users}
ALTER ROLE busy CONNECTION LIMIT 0;
CREATE ROLE plain_user LOGIN PASSWORD '{password}';
CREATE DATABASE app;
""")
    psql(box, port, "app", f"""
GRANT CREATE, TEMPORARY ON DATABASE app TO {everybody};
GRANT ALL ON SCHEMA public TO {everybody};
ALTER DEFAULT PRIVILEGES FOR ROLE {everybody} IN SCHEMA public GRANT ALL ON TABLES TO {everybody};
ALTER DEFAULT PRIVILEGES FOR ROLE {everybody} IN SCHEMA public GRANT ALL ON SEQUENCES TO {everybody};
CREATE TABLE city (id integer PRIMARY KEY, name varchar(20) NOT NULL, area numeric(8,2), founded date);
INSERT INTO city VALUES (1, 'Oslo', 454.12, '1048-01-01'), (2, 'Zürich', 87.88, NULL), (3, '東京', 2194.07, NULL);
GRANT ALL ON city TO {everybody};
""")
    return port


def is_postgresql_ready(data, server):
    with contextlib.suppress(OSError), open(data + "/postmaster.pid", encoding="utf-8") as file:
        lines = file.read().split("\n")
        return len(lines) > 7 and int(lines[0]) == server.pid and lines[7].strip() == "ready"
    return False


def psql(box, port, database, statements):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PG")}
    environment["PGCLIENTENCODING"] = "UTF8"
    run(["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", box + "/pg", "-p", str(port), "-U", "rdsadmin",
         "-d", database], "creating users and data", text_in=statements, env=environment)


# ---------------------------------------------------------------------------------------------------------------------
# MariaDB


def missing_of_mariadb():
    """What keeps MariaDB from being started, for a person; empty if nothing does."""
    for program in ("mariadbd", "mariadb-install-db"):
        if not mariadb_program(program):
            return f"the program {program} is not installed (Debian: mariadb-server-core)"
    if not os.path.exists(MARIADB_HEADERS + "/mysql/plugin_auth.h"):
        return "its headers are not installed (Debian: libmariadb-dev)"
    return ""


def mariadb_program(name):
    return shutil.which(name, path=os.environ.get("PATH", "") + ":/usr/sbin:/usr/bin")


def sql_text(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def start_mariadb(box, port, password):
    """Makes the data directory, starts the server on `port` of 127.0.0.1, creates users and data. Returns the port."""
    as_server, uid, gid = server_user()
    own = box + "/maria"
    plugins = box + "/maria-plugins"
    environment = {**server_environment(box, uid, gid), "TMPDIR": own, "HOME": own}
    os.mkdir(plugins, 0o755)
    os.chmod(plugins, 0o755)
    compile_shared("aws_authentication_plugin.c", plugins + "/aws.so", "AWSAuthenticationPlugin", "-fvisibility=hidden",
                   "-I", MARIADB_HEADERS)
    small = ["--innodb-log-file-size=4M", "--innodb-flush-method=nosync", "--innodb-buffer-pool-size=8M"]
    run([mariadb_program("mariadb-install-db"), "--no-defaults", f"--datadir={own}/data", "--skip-test-db",
         "--auth-root-authentication-method=normal", "--skip-name-resolve", *small], "mariadb-install-db", cwd="/",
        env=environment, **as_server)
    hand_over_certificate(box, own)
    users = "".join(f"CREATE USER {sql_text(user)} IDENTIFIED WITH AWSAuthenticationPlugin AS 'RDS' REQUIRE SSL;\n"
                    for user in IAM_USERS if user != "busy")
    users += f"CREATE USER 'plain_user' IDENTIFIED BY {sql_text(password)} REQUIRE SSL;\n"
    everybody = ", ".join(sql_text(user) for user in IAM_USERS + ["plain_user"] if user != "busy")
    # Read by the server before it takes connections, one statement a line; it ends if one of them fails.
    write(own + "/users.sql", f"""DELETE FROM mysql.global_priv WHERE User = '' OR (User = 'root' AND Host != 'localhost');
FLUSH PRIVILEGES;
SET NAMES utf8mb4;
CREATE DATABASE app CHARACTER SET utf8mb4;
{users}GRANT ALL ON app.* TO {everybody};
GRANT ALL ON conformance.* TO {everybody};
CREATE TABLE app.city (id integer PRIMARY KEY, name varchar(20) NOT NULL, area numeric(8,2), founded date);
INSERT INTO app.city VALUES (1, 'Oslo', 454.12, '1048-01-01'), (2, 'Zürich', 87.88, NULL), (3, '東京', 2194.07, NULL);
""")
    os.chown(own + "/users.sql", uid, gid)
    command = [mariadb_program("mariadbd"), "--no-defaults", f"--datadir={own}/data", "--bind-address=127.0.0.1",
               f"--socket={own}/socket", f"--pid-file={own}/pid", f"--tmpdir={own}", f"--plugin-dir={plugins}",
               "--plugin-load-add=aws.so", f"--init-file={own}/users.sql", f"--ssl-cert={own}/server.pem",
               f"--ssl-key={own}/server.key", "--skip-log-bin", "--skip-name-resolve", "--max-connections=150",
               "--default-time-zone=+00:00", "--character-set-server=utf8mb4", *small]
    port = start_server("MariaDB's server", box + "/mariadb.log", lambda port: [*command, f"--port={port}"], port,
                        lambda _: "ready for connections" in log_of(box, "mariadb.log"), environment)
    os.unlink(own + "/users.sql")
    return port


# ---------------------------------------------------------------------------------------------------------------------
# The verifier


def start_verifier(box, log):
    with open(box + "/verifier.log", "wb") as errors:
        verifier = subprocess.Popen(["/usr/bin/python3", "-I", HERE + "/verifier.py", "--box", box, "--log", log],
                                    cwd="/", stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                    start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not os.path.exists(box + "/verifier.sock"):
        if verifier.poll() is not None or time.monotonic() > deadline:
            raise Failure("the verifier did not start")
        time.sleep(0.01)
    _, uid, gid = server_user()
    os.chown(box + "/verifier.sock", uid, gid)


def start_services(box, port, maria_port):
    """Secrets Manager and Redshift; their port."""
    write(box + "/services.json", json.dumps({"region": REGION, "port": port, "maria_port": maria_port}) + "\n")
    with open(box + "/services.log", "wb") as errors:
        services = subprocess.Popen(["/usr/bin/python3", "-B", HERE + "/services.py", "--box", box], cwd="/", stdin=subprocess.DEVNULL, stdout=errors, stderr=errors,
                                    start_new_session=True)
    deadline = time.monotonic() + START_SECONDS
    while not os.path.exists(box + "/services.port"):
        if services.poll() is not None or time.monotonic() > deadline:
            raise Failure("the stand-ins of AWS's services did not start")
        time.sleep(0.01)
    return int(log_of(box, "services.port"))


# ---------------------------------------------------------------------------------------------------------------------
# What a client needs


def base_driver(name):
    """The file of a base driver: Debian's place, Fedora's, else the bare name."""
    found = glob.glob(f"/usr/lib/*/odbc/{name}") + glob.glob(f"/usr/lib64/{name}") + glob.glob(f"/usr/lib/{name}")
    return found[0] if found else name


def write_drivers(directory, driver):
    write(directory + "/odbcinst.ini", f"""[iamodbc]
Driver={driver}

[PostgreSQL Unicode]
Driver={base_driver("psqlodbcw.so")}

[PostgreSQL ANSI]
Driver={base_driver("psqlodbca.so")}

[MariaDB Unicode]
Driver={base_driver("libmaodbc.so")}
""", 0o644)


def write_client_files(directory, box, port, maria_port, services_port, keys, password):
    os.makedirs(directory + "/aws", mode=0o700, exist_ok=True)
    shutil.copyfile(box + "/tls/ca.pem", directory + "/rds-ca.pem")
    shutil.copyfile(box + "/tls/wrong-ca.pem", directory + "/wrong-ca.pem")
    credentials = ""
    for profile, (key_id, secret, session_token) in keys.items():
        credentials += f"[{profile}]\naws_access_key_id = {key_id}\naws_secret_access_key = {secret}\n"
        credentials += f"aws_session_token = {session_token}\n\n" if session_token else "\n"
    write(directory + "/aws/credentials", credentials)
    write(directory + "/aws/config", "[default]\noutput = json\n")
    ca = directory + "/rds-ca.pem"
    write(directory + "/odbc.ini", f"""[local-pg]
Driver=iamodbc
BaseDriver=PostgreSQL Unicode
Server=localhost
Port={port}
Database=app
UID=jane_doe
Region={REGION}
TLSCAFile={ca}

[local-secret]
Driver=iamodbc
AuthType=SecretsManager
SecretID=local-pg
Region={REGION}
TLSCAFile={ca}

[local-redshift]
Driver=iamodbc
AuthType=Redshift
ClusterID=local-cluster
Region={REGION}
TLSCAFile={ca}

[local-workgroup]
Driver=iamodbc
AuthType=Redshift
Workgroup=local-workgroup
Database=app
Region={REGION}
TLSCAFile={ca}

[local-dsql]
Driver=iamodbc
BaseDriver=PostgreSQL Unicode
AuthType=DSQL
Server=localhost
Port={port}
TokenHost={DSQL_NAME}
Database=app
UID=admin
TLSCAFile={ca}

[base-pg]
Driver=PostgreSQL Unicode
Servername=localhost
Port={port}
Database=app
Username=plain_user
Password={password}
SSLmode=verify-full
pqopt=sslrootcert={libpq_value(ca)}
""" + (f"""
[local-maria]
Driver=iamodbc
BaseDriver=MariaDB Unicode
Server=localhost
Port={maria_port}
Database=app
UID=jane_doe
Region={REGION}
TLSCAFile={ca}

[base-maria]
Driver=MariaDB Unicode
SERVER=localhost
TCPIP=1
PORT={maria_port}
DATABASE=app
UID=plain_user
PWD={password}
FORCETLS=1
SSLVERIFY=1
SSLCA={ca}
""" if maria_port else ""))
    exports = {
        "ODBCSYSINI": directory, "ODBCINI": directory + "/odbc.ini",
        "AWS_SHARED_CREDENTIALS_FILE": directory + "/aws/credentials", "AWS_CONFIG_FILE": directory + "/aws/config",
        "AWS_EC2_METADATA_DISABLED": "true",
        **{f"AWS_ENDPOINT_URL_{service}": f"http://127.0.0.1:{services_port}" for service in ("SECRETS_MANAGER", "REDSHIFT", "REDSHIFT_SERVERLESS", "RDS", "DSQL", "STS")},
        "RDS_DIR": directory, "RDS_BOX": box, "RDS_PORT": port, "RDS_HOST": RDS_NAME, "RDS_CLUSTER_HOST": CLUSTER_NAME,
        "RDS_GLOBAL_HOST": GLOBAL_NAME, "RDS_DSQL_HOST": DSQL_NAME,
        "RDS_REGION": REGION, "RDS_USER": "jane_doe", "RDS_PLAIN_USER": "plain_user", "RDS_DATABASE": "app",
        "RDS_CA": ca, "RDS_WRONG_CA": directory + "/wrong-ca.pem", "RDS_TOKENS_LOG": directory + "/tokens.jsonl",
        "RDS_KEYS": box + "/keys.json", "RDS_CONTROL": box + "/control.json", "RDS_ADMIN_HOST": box + "/pg",
        "RDS_SERVER_LOG": box + "/postgresql.log"}
    if maria_port:
        exports.update(RDS_MARIA_PORT=maria_port, RDS_MARIA_SOCKET=box + "/maria/socket",
                       RDS_MARIA_LOG=box + "/mariadb.log")
    write(directory + "/env.sh",
          "# The local RDS: read by `. env.sh`, in any POSIX shell. Variables that would lead elsewhere are dropped.\n"
          "for rds_name in $(env | sed -n 's/^\\(\\(AWS\\|PG\\|RDS_\\)[A-Za-z0-9_]*\\)=.*/\\1/p') ODBCINSTINI; do\n"
          '  unset "$rds_name"\n'
          "done\n"
          "unset rds_name\n" +
          "".join(f"export {name}={shlex.quote(str(value))}\n" for name, value in exports.items()), 0o644)


def libpq_value(value):
    """A value as libpq's conninfo strings quote it."""
    if not any(character in value for character in " '\\"):
        return value
    return "'" + value.replace("\\", "\\\\").replace("'", "\\'") + "'"


# ---------------------------------------------------------------------------------------------------------------------
# The commands


# PostgreSQL: end all sessions at once, then without writing anything. MariaDB keeps nothing outside of its directory.
SIGNALS = [({"services": signal.SIGTERM, "verifier": signal.SIGTERM, "postgresql": signal.SIGINT, "mariadb": signal.SIGKILL}, 10),
           ({"services": signal.SIGKILL, "verifier": signal.SIGKILL, "postgresql": signal.SIGQUIT, "mariadb": signal.SIGKILL}, 10),
           ({"services": signal.SIGKILL, "verifier": signal.SIGKILL, "postgresql": signal.SIGKILL, "mariadb": signal.SIGKILL}, 5)]


@contextlib.contextmanager
def locked(directory):
    """One command at a time in a directory: others wait, at most 2 minutes."""
    deadline = time.monotonic() + 120
    while True:
        os.makedirs(directory, exist_ok=True)
        handle = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if os.path.samestat(os.fstat(handle), os.stat(directory)):
                break
        except BlockingIOError:
            if time.monotonic() > deadline:
                os.close(handle)
                raise Failure(f"another rds.py has been busy in {directory} for 2 minutes") from None
        except FileNotFoundError:
            pass  # A `down` removed it meanwhile.
        os.close(handle)
        time.sleep(0.05)
    try:
        yield
    finally:
        os.close(handle)


def state_of(directory):
    with contextlib.suppress(OSError, ValueError), open(directory + "/box.json", encoding="utf-8") as file:
        return json.load(file)
    return None


def is_up(state):
    return bool(state) and bool(state.get("port")) and \
        set(processes(state["box"]).values()) == {"services", "verifier", "postgresql"} | ({"mariadb"} if state["maria_port"] else set())


def remove_shared_memory(box):
    """What PostgreSQL leaves in the system when it is killed the hard way: one small segment, named in its pid file."""
    with contextlib.suppress(OSError, ValueError, IndexError):
        with open(box + "/pg/data/postmaster.pid", encoding="utf-8") as file:
            lines = file.read().split("\n")
        server, segment = int(lines[0]), int(lines[6].split()[1])
        with open("/proc/sysvipc/shm", encoding="ascii") as file:
            rows = [[int(word) for word in line.split()] for line in file.readlines()[1:]]
        if any(row[1] == segment and row[4] == server and row[6] == 0 for row in rows):  # shmid, cpid, nattch
            subprocess.run(["ipcrm", "-m", str(segment)], check=False, timeout=10)


def remove(directory):
    """Ends what runs and removes box and files, however far `up` came. False if there was nothing."""
    state = state_of(directory)
    if state:
        box = state["box"]
        if not any(end(box, signals, seconds) for signals, seconds in SIGNALS):
            raise Failure(f"these processes do not end: {processes(box)}")
        remove_shared_memory(box)
        if os.path.basename(box).startswith("iamodbc-rds-"):
            shutil.rmtree(box, ignore_errors=True)
    for name in FILES_OF_D:
        for suffix in ("", ".new"):
            with contextlib.suppress(FileNotFoundError):
                os.unlink(f"{directory}/{name}{suffix}")
    for path in (directory + "/aws", directory):
        with contextlib.suppress(OSError):  # Somebody else's files stay, and so does their directory.
            os.rmdir(path)
    return state is not None


def say_up(directory, state):
    maria = f", MariaDB on localhost:{state['maria_port']}" if state["maria_port"] else ""
    print(f"The local RDS is up: PostgreSQL on localhost:{state['port']}{maria}, box {state['box']}\n"
          f"  . {shlex.quote(directory + '/env.sh')} && isql local-pg" + ("    or isql local-maria" if maria else ""))
    if not maria:
        print(f"  without MariaDB: {missing_of_mariadb() or 'it was not installed when this was started'}")


def up(directory, driver):
    state = state_of(directory)
    if is_up(state):
        write_drivers(directory, driver)  # The only thing that may differ the second time.
        print("It is already up.")
        say_up(directory, state)
        return 0
    remove(directory)
    os.makedirs(directory, exist_ok=True)
    box = ""
    try:
        box = new_box(directory)
        port, keys, password = free_port(), make_keys(), secrets.token_urlsafe(18)
        write(box + "/control.json", "{}\n")
        make_certificates(box)
        open(os.open(directory + "/tokens.jsonl", os.O_CREAT | os.O_WRONLY, 0o600), "w", encoding="ascii").close()
        start_verifier(box, directory + "/tokens.jsonl")
        maria_port = 0 if missing_of_mariadb() else free_port()
        while maria_port == port:
            maria_port = free_port()
        with concurrent.futures.ThreadPoolExecutor(1) as pool:
            maria = pool.submit(start_mariadb, box, maria_port, password) if maria_port else None
            port = start_postgresql(box, port, password)
            if maria:
                maria_port = maria.result()
        known = {key_id: {"secret": secret, "session_token": session_token}
                 for profile, (key_id, secret, session_token) in keys.items() if profile != "unknown"}
        known[keys["wrong"][0]]["secret"] = secrets.token_urlsafe(30)
        endpoints = [{"service": "postgresql", "host": host, "port": number, "region": REGION}
                     for host in ("localhost", "127.0.0.1", RDS_NAME, CLUSTER_NAME, GLOBAL_NAME) for number in (port, 5432)]
        endpoints += [{"service": "mysql", "host": host, "port": number, "region": REGION}
                      for host in ("localhost", "127.0.0.1", RDS_NAME, CLUSTER_NAME, GLOBAL_NAME)
                      for number in (maria_port, 3306) if maria_port]
        endpoints += [{"service": "postgresql", "host": host, "port": None, "region": REGION}
                      for host in (DSQL_NAME, DSQL_PRIVATE_NAME)]
        write(box + "/keys.json", json.dumps({"keys": known, "endpoints": endpoints,
                                              "passwords": {"plain_user": password}}, indent=1) + "\n")
        services_port = start_services(box, port, maria_port)
        write_client_files(directory, box, port, maria_port, services_port, keys, password)
        write_drivers(directory, driver)
        started = sorted(processes(box).items(), reverse=True)  # Of a server and its children: the server.
        state = {"box": box, "port": port, "maria_port": maria_port, "processes": {role: pid for pid, role in started}}
        write(directory + "/box.json", json.dumps(state) + "\n")
    except BaseException:
        for name in ("postgresql.log", "mariadb.log", "verifier.log", "services.log"):
            if box and log_of(box, name).strip():
                print(f"The end of {name}:\n{last_lines(log_of(box, name))}", file=sys.stderr)
        remove(directory)
        raise
    say_up(directory, state)
    return 0


def status(directory):
    state = state_of(directory)
    if is_up(state):
        say_up(directory, state)
        return 0
    running = ", ".join(f"{role} {pid}" for pid, role in processes(state["box"]).items()) if state else ""
    print("The local RDS is down." if not state else f"The local RDS is half up ({running or 'nothing runs'}); "
          "`down` clears it away.")
    return 1


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("command", choices=["up", "down", "status"])
    parser.add_argument("--dir", default=os.path.join(TOP, "build", "rds"), help="default: build/rds")
    parser.add_argument("--driver", default=os.path.join(TOP, "build", "dev", "lib", "libiamodbc.so"),
                        help="the library of iamodbc that odbcinst.ini names; it need not exist yet")
    options = parser.parse_args()
    directory = os.path.abspath(options.dir)
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, lambda *_: sys.exit(1))
    try:
        if options.command == "status":
            return status(directory)
        if options.command == "down" and not os.path.isdir(directory):
            print("The local RDS is down already.")
            return 0
        with locked(directory):
            if options.command == "up":
                return up(directory, os.path.abspath(options.driver))
            print("The local RDS is down." if remove(directory) else "The local RDS is down already.")
            return 0
    except Failure as failure:
        print(f"rds.py: {failure}", file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
