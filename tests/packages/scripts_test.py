#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""install.sh and uninstall.sh of the .tar.gz, with stand-ins for the files: what is put where, what is taken away, and what
stays. And what the packages' scripts say to unixODBC's own tool, in a system folder of their own."""
import os
import re
import shutil
import stat
import subprocess
import tempfile
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PACKAGING = os.path.join(TOP, "packaging")
# Stands in for the command: notes how it was called, and registers as far as uninstall.sh looks.
TOOL = """#!/bin/sh
echo "iamodbc $*" >>"$CALLS"
here=$(cd "$(dirname "$0")/../lib/odbc" && pwd -P)
[ "$2" = --user ] && file=$HOME/.odbcinst.ini || file=$ODBCSYSINI/odbcinst.ini
case $1 in
  register) [ -w "$(dirname "$file")" ] || exit 1; printf '[iamodbc]\\nDriver=%s/libiamodbc.so\\n' "$here" >"$file" ;;
  unregister) : >"$file" ;;
esac
"""


def write(path, text, mode=0o644):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(path, mode)


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def tree(folder):
    """What stands under a folder, folders with a slash at the end."""
    found = []
    for root, folders, files in os.walk(folder):
        inside = os.path.relpath(root, folder)
        found += [os.path.normpath(os.path.join(inside, name)) + "/" for name in folders]
        found += [os.path.normpath(os.path.join(inside, name)) for name in files]
    return sorted(found)


class InstallScript(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc scripts ")
        self.addCleanup(shutil.rmtree, self.folder)
        self.archive, self.system, self.home = (os.path.join(self.folder, name) for name in ("archive", "etc", "home"))
        self.calls = os.path.join(self.folder, "calls")
        write(self.calls, "")
        os.makedirs(self.system)
        os.makedirs(self.home)
        for script in ("install.sh", "uninstall.sh"):
            os.makedirs(self.archive, exist_ok=True)
            shutil.copy(os.path.join(PACKAGING, script), self.archive)
        write(self.archive + "/usr/bin/iamodbc", TOOL, 0o755)
        write(self.archive + "/usr/lib/odbc/libiamodbc.so", "the driver")
        write(self.archive + "/usr/share/iamodbc/rds-ca.pem", "certificates")
        write(self.archive + "/usr/share/iamodbc/iamodbc.ini", "[iamodbc]\nDriver=@IAMODBC_LIBRARY_FOLDER@/libiamodbc.so\n")
        write(self.archive + "/usr/share/man/man1/iamodbc.1", "a page")
        self.files = ["bin/iamodbc", "lib/odbc/libiamodbc.so", "share/iamodbc/iamodbc.ini", "share/iamodbc/installed-files",
                      "share/iamodbc/rds-ca.pem", "share/iamodbc/uninstall.sh", "share/man/man1/iamodbc.1"]

    def run_script(self, script, *arguments, status=0, **environment):
        done = subprocess.run(["/bin/sh", script, *arguments], cwd=self.folder, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.PIPE, encoding="utf-8", timeout=20, check=False,
                              env={"PATH": "/usr/bin:/bin", "CALLS": self.calls, "ODBCSYSINI": self.system, "HOME": self.home, **environment})
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done

    def install(self, *arguments, **options):
        return self.run_script(self.archive + "/install.sh", *arguments, **options)

    def uninstall(self, prefix, **options):
        return self.run_script(prefix + "/share/iamodbc/uninstall.sh", **options)

    def test_it_installs_registers_and_takes_away_what_it_brought(self):
        prefix = self.folder + "/a prefix"
        os.makedirs(prefix + "/share")
        write(prefix + "/share/somebody-else", "stays")
        before = tree(prefix)
        self.install("--prefix", prefix)
        self.assertEqual([name for name in tree(prefix) if not name.endswith("/")], sorted([*self.files, "share/somebody-else"]))
        self.assertEqual(read(self.calls), "iamodbc register --system\n")
        self.assertEqual(read(prefix + "/share/iamodbc/iamodbc.ini"), f"[iamodbc]\nDriver={prefix}/lib/odbc/libiamodbc.so\n")
        self.assertTrue(os.stat(prefix + "/bin/iamodbc").st_mode & stat.S_IXOTH)
        self.uninstall(prefix)
        self.assertEqual(tree(prefix), before)
        self.assertEqual(read(self.calls), "iamodbc register --system\niamodbc unregister --system\n")

    def test_for_one_user_it_installs_at_home_and_registers_there(self):
        self.install("--user")
        self.assertEqual(read(self.calls), "iamodbc register --user\n")
        self.assertIn(self.home + "/.local/lib/odbc/libiamodbc.so", read(self.home + "/.odbcinst.ini"))
        self.uninstall(self.home + "/.local")
        self.assertEqual([name for name in tree(self.home) if not name.endswith("/")], [".odbcinst.ini"])
        self.assertEqual(read(self.home + "/.odbcinst.ini"), "")
        self.assertEqual(tree(self.system), [])

    def test_below_destdir_nothing_is_registered_and_paths_are_those_without_it(self):
        stage = self.folder + "/stage"
        self.install("--prefix", "/opt/iamodbc", DESTDIR=stage)
        self.assertEqual(read(self.calls), "")
        self.assertIn("Driver=/opt/iamodbc/lib/odbc/libiamodbc.so", read(stage + "/opt/iamodbc/share/iamodbc/iamodbc.ini"))
        self.assertFalse(os.path.exists("/opt/iamodbc"))
        self.uninstall(stage + "/opt/iamodbc")
        self.assertEqual(tree(stage + "/opt/iamodbc"), [])
        self.assertEqual(read(self.calls), "")

    def test_a_newer_version_takes_the_place_of_an_older_one(self):
        prefix = self.folder + "/prefix"
        write(self.archive + "/usr/share/old/file", "of the older version alone")
        self.install("--prefix=" + prefix)
        shutil.rmtree(self.archive + "/usr/share/old")
        write(self.archive + "/usr/share/iamodbc/rds-ca.pem", "newer certificates")
        with open(prefix + "/lib/odbc/libiamodbc.so", encoding="utf-8") as loaded:
            write(self.archive + "/usr/lib/odbc/libiamodbc.so", "the newer driver")
            self.install("--prefix=" + prefix)
            self.assertEqual(loaded.read(), "the driver", "a program that has the old driver loaded must keep it")
        self.assertEqual([name for name in tree(prefix) if not name.endswith("/")], self.files)
        self.assertEqual(read(prefix + "/share/iamodbc/rds-ca.pem"), "newer certificates")
        self.assertEqual(read(prefix + "/lib/odbc/libiamodbc.so"), "the newer driver")
        self.uninstall(prefix)
        self.assertEqual(tree(prefix), [])

    def test_a_registration_of_another_installation_stays(self):
        prefix = self.folder + "/prefix"
        self.install("--prefix", prefix)
        write(self.system + "/odbcinst.ini", "[iamodbc]\nDriver=/usr/lib/x86_64-linux-gnu/odbc/libiamodbc.so\n")
        self.uninstall(prefix)
        self.assertEqual(read(self.calls), "iamodbc register --system\n")

    def test_no_register_copies_only_and_says_how_to_go_on(self):
        prefix = self.folder + "/prefix"
        self.assertIn(f"{prefix}/bin/iamodbc register --system", self.install("--prefix", prefix, "--no-register").stdout)
        self.assertEqual(read(self.calls), "")

    def test_what_it_does_not_know_or_cannot_do_changes_nothing(self):
        self.install("--prefx", "x", status=2)
        self.install("--prefix", status=2)
        write(self.folder + "/file", "")
        self.assertIn("sudo", self.install("--prefix", self.folder + "/file/prefix", status=1).stderr)
        os.unlink(self.archive + "/usr/bin/iamodbc")
        self.assertIn("whole archive", self.install("--prefix", self.folder + "/prefix", status=1).stderr)
        self.assertFalse(os.path.exists(self.folder + "/prefix"))
        self.run_script(self.archive + "/uninstall.sh", status=1)  # not the installed copy

    def test_a_missing_library_is_named_before_anything_is_copied(self):
        tools = self.folder + "/tools"
        write(tools + "/ldd", "#!/bin/sh\necho '	libinih.so.1 => not found'\n", 0o755)
        said = self.install("--prefix", self.folder + "/prefix", status=1, PATH=tools + ":/usr/bin:/bin").stderr
        self.assertIn("libinih.so.1", said)
        self.assertIn("apt-get install", said)
        self.assertFalse(os.path.exists(self.folder + "/prefix"))


class PackageScripts(unittest.TestCase):
    """register.sh and unregister.sh, as the .deb and the .rpm run them."""

    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-scripts-")
        self.addCleanup(shutil.rmtree, self.folder)
        self.drivers = self.folder + "/odbcinst.ini"
        write(self.folder + "/bin/iamodbc", '#!/bin/sh\necho "iamodbc $*" >>"$CALLS"\n', 0o755)
        write(self.folder + "/calls", "")
        write(self.folder + "/template.ini", re.sub("@.*@", "/usr/lib/odbc", read(TOP + "/odbcinst/iamodbc.ini.in")))

    def run_part(self, name):
        text = read(os.path.join(PACKAGING, name)).replace("/usr/share/iamodbc/iamodbc.ini", self.folder + "/template.ini")
        subprocess.run(["/bin/sh", "-ec", text], stdin=subprocess.DEVNULL, check=True, timeout=20,
                       env={"PATH": self.folder + "/bin:/usr/bin:/bin", "ODBCSYSINI": self.folder, "HOME": self.folder, "CALLS": self.folder + "/calls"})

    def test_the_names_are_those_of_the_template(self):
        names = re.findall(r"^\[(.*)\]", read(TOP + "/odbcinst/iamodbc.ini.in"), re.MULTILINE)
        self.assertEqual(len(names), 3)
        for name in names:
            for part in ("register.sh", "unregister.sh"):
                self.assertRegex(read(os.path.join(PACKAGING, part)), rf"(?m)[ ']{name}[ ';]", part)

    def test_the_first_time_unixodbc_registers_and_removing_leaves_what_was_there(self):
        others = "[PostgreSQL ANSI]\nDriver=psqlodbca.so\n\n"
        write(self.drivers, others)
        self.run_part("register.sh")
        self.assertEqual(re.findall(r"(?m)^\[(.*)\]", read(self.drivers)), ["PostgreSQL ANSI", "iamodbc", "iamodbc narrow", "iamodbc wide"])
        self.assertEqual(read(self.folder + "/calls"), "")
        self.run_part("unregister.sh")
        self.assertEqual(read(self.drivers), others)
        self.run_part("unregister.sh")  # as after an administrator took them out
        self.assertEqual(read(self.drivers), others)

    def test_what_is_registered_is_brought_up_to_date_without_counting_it_twice(self):
        for text in ("[iamodbc]\nDriver=/old/libiamodbc.so\nAllowInString=yes\n", "[iamodbc wide]\nDriver=/old/libiamodbcw.so\n"):
            write(self.drivers, text)
            write(self.folder + "/calls", "")
            self.run_part("register.sh")
            self.assertEqual(read(self.drivers), text)
            self.assertEqual(read(self.folder + "/calls"), "iamodbc register --system\n")


if __name__ == "__main__":
    unittest.main()
