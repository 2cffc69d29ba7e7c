# SPDX-License-Identifier: Apache-2.0
"""reading: runs the command blocks of a document as a reader types them, one after the other, in a home folder of its own,
against the local RDS.

What a document calls by a name of AWS is something here: the endpoint is the local server, with the port, region and CA file that
this one needs; DSNs `sales` (PostgreSQL) and `orders` (MySQL, here MariaDB) are there, unless the document itself makes them; the
profile `analytics` has the keys of the local RDS. An ini block becomes a part of odbc.ini, from its place on.

A command has to end with status 0. What stands below a command, or below a program as a block of text, is what it prints; what
`iamodbc` prints may differ in paths, numbers and versions. A line `...` stands for any lines.
"""
import collections
import os
import re
import shlex
import shutil
import sys
import tempfile

import box

sys.path.insert(0, os.path.join(box.TOP, "tests"))
import documents  # noqa: E402

TOOL = os.environ.get("IAMODBC_TEST_TOOL", box.TOOL)
ENDPOINT = r"[a-z]+\.(?:cluster-|proxy-)?cabc123def45\.eu-central-1\.rds\.amazonaws\.com"
MARIADB = re.compile(r"MariaDB|\borders\b|mysql|AWSAuthenticationPlugin")  # a block that needs its server
DSNS = {"sales": "pg", "orders": "maria"}
ROOTS = ("sudo", "apt", "apt-get")  # a document may not change the computer that runs the tests
PROGRAMS = {"python": [box.PYTHON], "r": ["Rscript", "--vanilla"], "php": ["php"], "perl": ["/usr/bin/perl"]}
SECONDS = 60  # for a block, with all that it starts
STATUS = "\x01"  # before the status of a command, in its output


def same_everywhere(text):
    """Without what changes from one computer and moment to the next: folders of a path, key ids, versions, numbers."""
    text = re.sub(r"(?:/[^\s/;,()\]]+)+/([^\s/;,()\]]+)", r"/\1", text)
    text = re.sub(r"AKIA\.\.\.\w+", "AKIA...", text)
    text = re.sub(r"PostgreSQL \d[^\n]*", "PostgreSQL N", text)
    text = re.sub(r"\d+", "0", text)
    return lines_of(text)


def lines_of(text):
    return [line.rstrip() for line in text.strip("\n").splitlines()]


def printed_as_written(written, printed, read=lines_of):
    """Whether lines are those of the document; `...` there stands for any."""
    printed = printed.replace(box.TOP, "/clone")  # its path may hold blanks
    pattern = "".join("(?:.*\n)*?" if line.strip() == "..." else re.escape(line) + "\n" for line in read(written))
    return re.fullmatch(pattern, "".join(line + "\n" for line in read(printed))) is not None


class Reader:
    """Someone who reads one document from its beginning and does what it says."""

    def __init__(self, the_box, document):
        self.box, self.document = the_box, document
        self.blocks = documents.blocks(document)
        self.folder = tempfile.mkdtemp(prefix="iamodbc-reader-")
        self.home = self.folder + "/home"
        self.ini = self.home + "/.odbc.ini"
        os.makedirs(self.home + "/.aws", mode=0o700)
        os.mkdir(self.folder + "/bin")
        os.symlink(TOOL, self.folder + "/bin/iamodbc")
        os.symlink(box.PYTHON, self.folder + "/bin/python3")
        for name in ROOTS:
            self.write(f"../bin/{name}", f'#!/bin/sh\necho "{name} is not run: say so above the block" >&2\nexit 126\n', 0o755)
        exports = the_box.exports
        shutil.copyfile(exports["AWS_CONFIG_FILE"], self.home + "/.aws/config")
        with open(exports["AWS_SHARED_CREDENTIALS_FILE"], encoding="utf-8") as file:
            keys = file.read()
        default = re.search(r"\[default\]\n(.*?)(\n\n|\Z)", keys, re.DOTALL).group(1)
        self.write(".aws/credentials", keys + f"\n[analytics]\n{default}\n")
        self.write(".odbc.ini", "")
        commands = "".join(block.text for block in self.blocks if not block.reason)
        for dsn, name in DSNS.items():
            if not re.search(rf"^\[{dsn}\]|iamodbc dsn (add|import) .*\b{dsn}\b", commands, re.MULTILINE) and f"local-{name}" in self.dsns():
                self.add_section(dsn, the_box.section(f"local-{name}"))

    def close(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def dsns(self):
        """Those of the local RDS."""
        with open(self.box.directory + "/odbc.ini", encoding="utf-8") as file:
            return re.findall(r"^\[(.*)\]$", file.read(), re.MULTILINE)

    def write(self, name, content, mode=0o600):
        with open(os.path.join(self.home, name), "w", encoding="utf-8") as file:
            file.write(content)
        os.chmod(os.path.join(self.home, name), mode)

    def add_section(self, name, attributes):
        with open(self.ini, encoding="utf-8") as file:
            before = re.sub(rf"^\[{re.escape(name)}\]\n(?:[^\[].*\n|\n)*", "", file.read(), flags=re.MULTILINE)
        self.write(".odbc.ini", before + f"[{name}]\n" + "".join(f"{key} = {value}\n" for key, value in attributes.items()) + "\n")

    def local(self, text):
        """A text of the document with the names of this place."""
        engine = "RDS_MARIA_PORT" if MARIADB.search(text) else "RDS_PORT"
        port, region, ca = self.box.exports[engine], self.box.exports["RDS_REGION"], self.box.ca
        text = text.replace("./dev rds up && . build/rds/env.sh", '. "$RDS_DIR/env.sh"').replace("build/dev/setup/iamodbc", "iamodbc")
        text = re.sub(rf"^(Server|Servername)( *= *){ENDPOINT}$", rf"\1\2localhost\nPort = {port}\nRegion = {region}\nTLSCAFile = {ca}", text, flags=re.MULTILINE | re.IGNORECASE)
        text = re.sub(rf"\b(Server|Servername)={ENDPOINT}", rf"\1=localhost;Port={port};Region={region};TLSCAFile={ca}", text)
        text = re.sub(rf"\bhost={ENDPOINT} port=\d+", f"host=localhost port={port}", text).replace("/usr/share/iamodbc/rds-ca.pem", ca)
        text = re.sub(rf"--host {ENDPOINT}", f"--host localhost --port {port} --region {region} --set TLSCAFile={shlex.quote(ca)}", text)
        return re.sub(ENDPOINT, "localhost", text)

    def reason_to_leave_out(self, block):
        """Why a block is not run here, or ""."""
        if block.language not in documents.COMMANDS | {"ini"}:
            return "it has no commands"
        if not block.reason and MARIADB.search(block.text) and "RDS_MARIA_PORT" not in self.box.exports:
            return "MariaDB's server is not installed"
        return block.reason

    def read(self, block):
        """Runs a block; what is wrong with it, or ""."""
        if block.language == "ini":
            for name, lines in re.findall(r"^\[([\w-]+)\]\n((?:[^\[].*\n|\n)*)", self.local(block.text), re.MULTILINE):
                attributes = dict(re.findall(r"^(\w+) *= *(.*?) *$", lines, re.MULTILINE))
                if "Driver" in attributes:
                    self.add_section(name, attributes)
            return ""
        if block.language == "console":
            return self.type(block)
        if block.language == "sql":
            return self.administer(block)
        if block.language == "sh":
            command = ["/bin/bash", "-e", "-c", self.local(block.text)]
        else:
            path = f"{self.folder}/block-{block.line}"
            with open(path, "w", encoding="utf-8") as file:
                file.write(("<?php\n" if block.language == "php" and "<?php" not in block.text else "") + self.local(block.text))
            command = [*PROGRAMS[block.language], path]
        done = self.run(command)
        if done.returncode != 0:
            return f"status {done.returncode}: {done.stdout}{done.stderr}"
        return "" if not block.output or printed_as_written(block.output.text, done.stdout) else f"it prints:\n{done.stdout}{done.stderr}"

    def type(self, block):
        """Types the commands of a console block into one shell."""
        commands = [(self.local(command), written) for command, written in block.commands()]
        script = "".join(f"{command}\nprintf '\\001%d\\n' $?\n" for command, _ in commands)
        done = self.run(["/bin/bash", "-c", script])
        parts = done.stdout.replace(self.home, "/home/me").split(STATUS)
        outputs = [parts[0]] + [part.partition("\n")[2] for part in parts[1:]]
        statuses = [part.partition("\n")[0] for part in parts[1:]]
        wrong = []
        for (command, written), status, output in zip(commands, statuses + ["none"] * len(commands), outputs + [""] * len(commands)):
            if status != "0":
                wrong.append(f"$ {command}\nstatus {status}: {output}{done.stderr}")
            elif written and not printed_as_written("\n".join(written), output, same_everywhere if "iamodbc" in command else lines_of):
                wrong.append(f"$ {command}\nprints:\n{output}")
        return "\n".join(wrong)

    def administer(self, block):
        """What an administrator of the database does; of a user that is there for this alone, so that it can be done again."""
        statements, exports = block.text.replace("jane_doe", "a_reader"), self.box.exports
        if "AWSAuthenticationPlugin" in statements:
            command = ["mariadb", "--no-defaults", "--user=root", f"--socket={exports['RDS_MARIA_SOCKET']}", "app"]
        else:
            command = ["psql", "-X", "-q", "-v", "ON_ERROR_STOP=1", "-h", exports["RDS_ADMIN_HOST"], "-p", exports["RDS_PORT"], "-U", "rdsadmin", "app"]
        done = self.run(command, statements)
        again = self.run(command, ("" if command[0] == "mariadb" else "DROP OWNED BY a_reader;") + "DROP USER a_reader;")
        return "" if done.returncode == again.returncode == 0 else done.stderr + again.stderr

    def run(self, command, text_in=""):
        # No command may reach AWS itself, wherever the tests run.
        environment = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1", "HOME": self.home, "PATH": f"{self.folder}/bin:{os.environ['PATH']}", "ODBCINI": self.ini, "TERM": "dumb",
                       "AWS_SHARED_CREDENTIALS_FILE": None, "AWS_CONFIG_FILE": None, "READER": self.folder}
        done = self.box.run(["timeout", "--kill-after=5", str(SECONDS), "/bin/sh", "-c", 'cd "$READER" && exec "$@"', "sh", *command], text_in,
                            env=environment, seconds=SECONDS + 10)
        if self.box.secrets_in(done.stdout + done.stderr):
            raise AssertionError(f"{self.document}: a command prints a secret")
        return done


class ReadingTest(box.LiveTest):
    """Reads documents; a subclass says which (`is_heavy`)."""
    is_heavy = False

    def test_what_the_documents_tell_to_do_works(self):
        names = [name for name in documents.documents() if documents.is_heavy(name) == self.is_heavy]
        left_out = collections.defaultdict(list)
        for name in names:
            reader = Reader(self.box, name)
            try:
                for block in reader.blocks:
                    reason = reader.reason_to_leave_out(block)
                    if not reason:
                        with self.subTest(block.place):
                            self.assertEqual("", reader.read(block))
                    if block.language in documents.COMMANDS:
                        left_out[reason].append(block.place)
            finally:
                reader.close()
        ran = len(left_out.pop("", []))
        self.assertGreater(ran, 0, "no document has a command")
        box.show(f"documents: {ran} blocks of commands in {len(names)} were run, {sum(map(len, left_out.values()))} were not")
        for reason, places in sorted(left_out.items()):
            print(f"NOT RUN: {len(places)} of the documents' blocks of commands ({', '.join(places)}): {reason}")
