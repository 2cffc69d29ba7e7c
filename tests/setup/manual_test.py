#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The manual pages and the completion, which the command makes of its own tables. IAMODBC_TOOL names the program, MANUAL_FOLDER where the
build put its pages."""
import json
import os
import re
import shutil
import subprocess
import tempfile
import unittest

TOOL, PAGES = os.environ["IAMODBC_TOOL"], os.environ["MANUAL_FOLDER"]


def output(arguments, **options):
    return subprocess.run(arguments, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=True, text=True, **options).stdout


def commands(*names):
    """Those that --help lists, each with its own --help and its commands'."""
    text = output([TOOL, *names, "--help"])
    found = {" ".join(names): text}
    listed = text.partition("\nSubcommands:\n")[2].partition("\nExamples:")[0]
    for name in re.findall(r"^  (\S+)  ", listed, re.MULTILINE):
        found.update(commands(*names, name))
    return found


def read(page):
    """As a reader sees it, in lines of any length and without bold."""
    return output(["/usr/bin/groff", "-man", "-Tutf8", "-rLL=1000n", "-P-c", "-P-b", "-P-u", "-P-o", os.path.join(PAGES, page)])


class ManualTest(unittest.TestCase):
    def test_groff_has_nothing_to_say_about_a_page(self):
        for page in filter(lambda name: re.search(r"\.[15]$", name), os.listdir(PAGES)):
            done = subprocess.run(["/usr/bin/groff", "-man", "-Tutf8", "-ww", "-z", os.path.join(PAGES, page)],
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=30, check=True, text=True)
            self.assertEqual("", done.stdout, page)

    def test_every_command_and_option_of_the_help_stands_in_a_page(self):
        every = commands()
        self.assertIn("check", every)
        for name, text in every.items():
            words = name.split()
            page = read("iamodbc-%s.1" % words[0] if len(words) > 1 else "iamodbc.1")
            if name:
                self.assertTrue(" ".join(["iamodbc", *words]) in page, name)
            for option in re.findall(r"^  (?:-\w,)?(--[\w-]+)", text, re.MULTILINE) if name else []:
                self.assertIn(option, page, name)

    def test_a_command_with_commands_has_a_page_of_its_own_and_is_built(self):
        of_its_own = {name.split()[0] for name in commands() if " " in name}
        built = {name[len("iamodbc-"):-2] for name in os.listdir(PAGES) if re.match(r"iamodbc-.*\.1$", name)}
        self.assertEqual(of_its_own, built)
        for name in of_its_own:
            self.assertTrue(f"iamodbc-{name}(1)" in read("iamodbc.1"), name)

    def test_every_attribute_stands_in_iamodbc_5(self):
        page = read("iamodbc.5")
        for row in json.loads(output([TOOL, "attributes", "--json"])):
            at = re.search(rf"^ +{row['name']}\b", page, re.MULTILINE)
            self.assertTrue(at, row["name"])
            self.assertIn(row["help"], page)
            for word in row["aliases"] + row["choices"]:
                self.assertIn(word, page[at.start():], row["name"])

    def test_minus_backslash_and_a_leading_dot_come_through_as_they_are(self):
        self.assertIn("--markdown", read("iamodbc.1"))
        self.assertIn("~/.odbc.ini", read("iamodbc.1"))

    def test_a_page_that_is_none_is_a_wrong_use(self):
        done = subprocess.run([TOOL, "manual", "iamodbc.7"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=30, check=False, text=True)
        self.assertEqual((2, "", "iamodbc: there is no manual page iamodbc.7\n"), (done.returncode, done.stdout, done.stderr))


class CompletionTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-completion-")
        self.addCleanup(shutil.rmtree, self.folder)
        for name, text in (("odbc.ini", "[sales]\nDriver=iamodbc\n[sales eu]\nDriver=iamodbc\n[books]\nDriver=iamodbc\n"),
                           ("config", "[profile dev]\nregion=eu-central-1\n[profile prod]\nregion=eu-central-1\n")):
            with open(os.path.join(self.folder, name), "w", encoding="utf-8") as file:
                file.write(text)
        os.symlink(TOOL, self.folder + "/iamodbc")
        self.variables = {"HOME": self.folder, "ODBCSYSINI": self.folder, "ODBCINI": self.folder + "/odbc.ini", "LC_ALL": "C.UTF-8",
                          "AWS_CONFIG_FILE": self.folder + "/config", "PATH": self.folder + ":/usr/bin:/bin"}

    def in_bash(self, *words):
        script = 'eval "$(iamodbc completion bash)"; COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1)); _iamodbc; printf "%s\\n" "${COMPREPLY[@]}"'
        return output(["/bin/bash", "--norc", "-c", script, "bash", "iamodbc", *words], env=self.variables).splitlines()

    def in_zsh(self, *words):
        script = ('compdef() { : }; _files() { print files }; compadd() { print -rl -- "${(@P)2}" }; eval "$(iamodbc completion zsh)"; '
                  'words=("$@"); CURRENT=$#; _iamodbc')
        return output(["/usr/bin/zsh", "-f", "-c", script, "zsh", "iamodbc", *words], env=self.variables).splitlines()

    def both(self, *words):
        bash = [word for word in self.in_bash(*words) if word]
        self.assertEqual(bash or ["files"], [word.replace(" ", "\\ ") for word in self.in_zsh(*words)])
        return bash

    def test_commands_options_and_shells_are_completed(self):
        self.assertEqual(["check"], self.both("chec"))
        self.assertIn("--timeout", self.both("check", "--"))
        self.assertEqual(["--timeout"], self.both("check", "--t"))
        self.assertEqual(["bash"], self.both("completion", "b"))
        self.assertNotIn("words", self.both(""))

    def test_names_of_data_sources_are_completed_also_with_a_blank(self):
        self.assertEqual(["sales", "sales\\ eu"], self.both("check", "sal"))
        self.assertEqual(["books"], self.both("check", "--timeout", "5", "b"))
        self.assertEqual([], self.both("check", "sales", ""))

    def test_a_name_is_completed_behind_its_blank_and_in_quotes(self):
        self.assertEqual(["sales\\ eu"], self.in_bash("check", "sales\\ e"))
        self.assertEqual(["sales eu"], self.in_bash("check", '"sales e'))
        self.assertEqual(["sales", "sales eu"], self.in_bash("check", "'sal"))
        self.assertEqual(["sales eu"], [word.replace("\\ ", " ") for word in self.in_zsh("check", "sales\\ e")])

    def test_names_of_profiles_are_completed_for_an_option_of_profiles(self):
        self.assertEqual(["dev", "prod"], self.both("whoami", "--profile", ""))
        self.assertEqual(["prod"], self.in_bash("whoami", "--profile", "=", "p"))

    def test_regions_are_completed(self):
        self.assertEqual(["eu-central-1", "eu-central-2"], self.both("discover", "--region", "eu-cen"))

    def test_files_are_left_to_the_shell(self):
        self.assertEqual([], self.both("register", "--driver", ""))


if __name__ == "__main__":
    unittest.main()
