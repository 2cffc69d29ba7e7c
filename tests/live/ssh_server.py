# SPDX-License-Identifier: Apache-2.0
"""ssh_server: a real sshd on a port of 127.0.0.1, with keys, settings and one account of its own in a private folder, run by an ordinary user (nobody, if we are root), and the
words of an ssh that forwards ports through it. The account, of that user's number, comes from nss_wrapper: sshd lets nobody in whose own one is locked."""
import contextlib
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

SSHD = "/usr/sbin/sshd"


def missing():
    """Why there can be none; empty if there can."""
    absent = [program for program in (SSHD, "ssh", "ssh-keygen") if not shutil.which(program)]
    return f"{', '.join(absent)} not installed" if absent else ""


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def is_listening(port):
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


def descendants(pid):
    with contextlib.suppress(FileNotFoundError), open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        children = [int(child) for child in file.read().split()]
        return children + [one for child in children for one in descendants(child)]
    return []


class SshServer:
    """Within the with block the server runs."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-ssh-")
        os.chmod(self.folder, 0o711)
        account = pwd.getpwnam("nobody") if os.getuid() == 0 else pwd.getpwuid(os.getuid())
        self.port, self._server = free_port(), None
        self.log = self.folder + "/log"
        for name in ("host", "user"):
            subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "", "-f", f"{self.folder}/{name}"], check=True, timeout=20)
        with open(self.folder + "/host.pub", encoding="utf-8") as file:
            self._write("known", f"[127.0.0.1]:{self.port} {file.read()}")
        with open(self.folder + "/user.pub", encoding="utf-8") as file:
            self._write("authorized", file.read())
        self._write("config", "\n".join([
            f"Port {self.port}", "ListenAddress 127.0.0.1", f"HostKey {self.folder}/host", f"AuthorizedKeysFile {self.folder}/authorized",
            "PidFile none", "UsePAM no", "UseDNS no", "StrictModes no", "PasswordAuthentication no", "KbdInteractiveAuthentication no",
            "LogLevel VERBOSE", "AllowTcpForwarding yes", "MaxStartups 100", ""]))
        self._write("passwd", f"jump:x:{account.pw_uid}:{account.pw_gid}::/:/bin/sh\n")
        self._write("group", f"jump:x:{account.pw_gid}:\n")
        self._as_user = []
        if os.getuid() == 0:
            os.chown(self.folder + "/host", account.pw_uid, account.pw_gid)
            self._as_user = ["setpriv", f"--reuid={account.pw_uid}", f"--regid={account.pw_gid}", "--clear-groups"]

    def _write(self, name, text):
        with open(f"{self.folder}/{name}", "w", encoding="utf-8") as file:
            file.write(text)
        os.chmod(f"{self.folder}/{name}", 0o644)

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self):
        environment = {"PATH": "/usr/bin:/bin", "LD_PRELOAD": "libnss_wrapper.so", "NSS_WRAPPER_PASSWD": self.folder + "/passwd",
                       "NSS_WRAPPER_GROUP": self.folder + "/group"}
        with open(self.log, "ab") as log:
            self._server = subprocess.Popen([*self._as_user, SSHD, "-D", "-e", "-f", self.folder + "/config"], cwd="/", env=environment, stdin=subprocess.DEVNULL,
                                            stdout=log, stderr=log, start_new_session=True)
        end = time.monotonic() + 10
        while not is_listening(self.port):
            if self._server.poll() is not None or time.monotonic() > end:
                with open(self.log, encoding="utf-8", errors="replace") as log:
                    raise AssertionError("sshd did not start: " + log.read())
            time.sleep(0.01)

    def stop(self):
        """The server and the connections that it has."""
        if self._server is None:
            return
        for pid in [self._server.pid, *descendants(self._server.pid)]:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)
        self._server.wait(timeout=10)
        self._server = None

    def logins(self):
        with open(self.log, encoding="utf-8", errors="replace") as log:
            return sum("Accepted publickey for" in line for line in log)

    def command(self, *forwards, options=()):
        """`forwards`: (port here, port there), both of 127.0.0.1."""
        words = ["ssh", "-N", "-F", "none", "-i", self.folder + "/user", "-p", str(self.port), "-o", "BatchMode=yes", "-o", "ExitOnForwardFailure=yes",
                 "-o", f"UserKnownHostsFile={self.folder}/known", "-o", "StrictHostKeyChecking=yes", "-o", "IdentitiesOnly=yes", *options]
        for here, there in forwards:
            words += ["-L", f"127.0.0.1:{here}:127.0.0.1:{there}"]
        return " ".join([*words, "jump@127.0.0.1"])
