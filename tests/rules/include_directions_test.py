#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Includes point down only, so that the drawing of the house cannot rot.

  setup -> core, driver -> core; driver and setup do not know each other; core never sees an ODBC header
  login -> credentials -> aws -> ground floor; the rooms at the top of core/ stand above aws and below nobody's feet
  providers never include each other; only profile and default_chain wire them
  each third-party library of core/ is seen by one source file, and by no header
"""
import collections
import glob
import os
import re
import unittest

TOP = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
GROUND_FLOOR = {"deadline", "error", "result", "secret", "system", "log", "encoding", "es256", "json", "loopback", "no_destructor", "not_cancelled", "private_file", "program", "random",
                "sha1", "sha256", "slots", "sigpipe", "text", "user_keyring", "xml"}
WIRING = {"profile", "default_chain"}
PARTS_OF_SSO = {"sso_token", "sso_sign_in"}  # of its provider, and of `iamodbc login`
SHARED_BY_PROVIDERS = {"assumed_role", "between_processes", "cache", "caller", "credential_key", "credentials", "prompt", "provider"} | PARTS_OF_SSO
NOT_PROVIDERS = SHARED_BY_PROVIDERS | WIRING | {"profile_plan"}
# C++ has no dot; the rest are headers of C and of the system. Everything else in <> comes from a third party.
SYSTEM = re.compile(r"[a-z_0-9]+|(sys|netinet|arpa|linux)/[a-z_0-9]+\.h|"
                    r"(arpa|cxxabi|dirent|dlfcn|elf|errno|fcntl|ifaddrs|limits|link|locale|netdb|poll|pthread|pwd|sched|signal|spawn|"
                    r"stdarg|stddef|stdint|stdio|stdlib|string|strings|termios|time|ucontext|unistd|wchar)\.h")
SEES_TLS = ("setup/doctor/tls_probe.cpp", "openssl")  # beside that of core/, which does without libssl, as the driver does
ODBC = re.compile(r"(sql[a-z]*|odbcinst[a-z]*|autotest|uodbc[a-z_]*|iodbc[a-z]*)\.h")
INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.MULTILINE)


def sources(folder):
    return sorted(os.path.relpath(path, TOP) for ending in ("h", "cpp", "c", "def")
                  for path in glob.glob(os.path.join(glob.escape(TOP), folder, "**", "*." + ending), recursive=True))


def includes(path):
    with open(os.path.join(TOP, path), encoding="utf-8") as file:
        return [(mark == '"', name) for mark, name in INCLUDE.findall(file.read())]


def stem(path):
    """core/aws/region.cpp and core/aws/region.h are one module: core/aws/region."""
    return os.path.splitext(path)[0]


class IncludeDirections(unittest.TestCase):
    def setUp(self):
        self.wrong = []

    def tearDown(self):
        self.assertEqual([], self.wrong)

    def each(self, folder):
        files = sources(folder)
        self.assertTrue(files, f"{folder}/ has no sources: the rule looks at nothing")
        for path in files:
            for is_ours, name in includes(path):
                yield path, is_ours, name

    def forbid(self, condition, path, name):
        if condition:
            self.wrong.append(f"{path} includes {name}")

    def test_ours_are_named_from_the_top_and_exist(self):
        for folder in ("core", "driver", "setup"):
            for path, is_ours, name in self.each(folder):
                made = name + ".in"  # by CMake, from this
                self.forbid(is_ours and not any(os.path.exists(os.path.join(TOP, found)) for found in (name, made)), path, name)

    def test_folders(self):
        for folder, allowed in (("core", {"core"}), ("driver", {"core", "driver"}), ("setup", {"core", "setup"})):
            for path, is_ours, name in self.each(folder):
                self.forbid(is_ours and name.split("/")[0] not in allowed, path, name)

    def test_core_never_sees_odbc(self):
        for path, _, name in self.each("core"):
            self.forbid(ODBC.fullmatch(name), path, name)

    def test_rooms_of_core(self):
        above = {  # what each place must not include
            "ground floor": ("core/aws/", "core/credentials/", "core/login/", "room"),
            "core/aws": ("core/credentials/", "core/login/", "room"),
            "core/credentials": ("core/login/", "room"),
            "core/login": ("room of a walk",),
        }
        # ini_files reads files for everybody: it stands directly on the ground floor.
        for path, is_ours, name in self.each("core"):
            if not is_ours or not name.startswith("core/"):
                continue
            folder, module = os.path.split(stem(path))
            target_folder, target = os.path.split(stem(name))
            if folder == "core" and (module in GROUND_FLOOR or module == "ini_files"):
                place = "ground floor"
            elif folder == "core":
                continue
            else:
                place = folder
            is_room = target_folder == "core" and target not in GROUND_FLOOR | {"ini_files"}
            for forbidden in above[place]:
                if forbidden == "room":
                    self.forbid(is_room, path, name)
                elif forbidden == "room of a walk":
                    self.forbid(target_folder == "core" and target == "walk", path, name)
                else:
                    self.forbid(name.startswith(forbidden), path, name)
            self.forbid(place == "ground floor" and module != "ini_files" and target == "ini_files" and target_folder == "core", path, name)

    def test_no_circles_of_headers(self):
        edges = collections.defaultdict(set)
        for folder in ("core", "driver", "setup"):
            for path, is_ours, name in self.each(folder):
                if is_ours and path.endswith(".h"):
                    edges[path].add(name)
        done = set()

        def walk(module, trail):
            if module in trail:
                self.wrong.append(" -> ".join([*trail[trail.index(module):], module]))
                return
            if module in done:
                return
            for target in sorted(edges[module]):
                walk(target, [*trail, module])
            done.add(module)
        for module in sorted(edges):
            walk(module, [])

    def test_providers_never_include_each_other(self):
        for path, is_ours, name in self.each("core/credentials"):
            module = os.path.basename(stem(path))
            target = os.path.basename(stem(name))
            if not is_ours or not name.startswith("core/credentials/") or module in WIRING or target == module:
                continue
            is_list_of_providers = target == "providers"  # declares the factories; it is not a provider itself
            if module in NOT_PROVIDERS:
                self.forbid(target not in NOT_PROVIDERS and not is_list_of_providers, path, name)
            else:
                self.forbid(target not in SHARED_BY_PROVIDERS | {"profile_plan"} and not is_list_of_providers, path, name)

    def test_each_third_party_library_is_seen_by_one_source_file_of_core(self):
        seen = collections.defaultdict(set)
        for path, is_ours, name in self.each("core"):
            if not is_ours and not SYSTEM.fullmatch(name):
                seen[name.split("/")[0]].add(path)
        self.assertTrue(seen, "no third-party header at all: the rule looks at nothing")
        for library, paths in sorted(seen.items()):
            if len(paths) != 1 or not next(iter(paths)).endswith(".cpp"):
                self.wrong.append(f"<{library}...> is seen by {', '.join(sorted(paths))}")

    def test_third_parties_of_driver_and_setup(self):
        for folder, allowed in (("driver", ()), ("setup", ("CLI",))):
            for path, is_ours, name in self.each(folder):
                self.forbid(not is_ours and not SYSTEM.fullmatch(name) and not ODBC.fullmatch(name)
                            and name.split("/")[0] not in allowed and (path, name.split("/")[0]) != SEES_TLS, path, name)

    def test_one_seam_for_clock_and_environment(self):
        asks = re.compile(r"\b(secure_getenv|getenv|gettimeofday|system_clock::now|std::time|::time|setenv|putenv|unsetenv)\s*\(")
        for folder in ("core", "driver", "setup"):
            for path in sources(folder):
                if stem(path) == "core/system":
                    continue
                with open(os.path.join(TOP, path), encoding="utf-8") as file:
                    for number, line in enumerate(file, 1):
                        if asks.search(line.split("//")[0]):
                            self.wrong.append(f"{path}:{number}: {line.strip()}")


if __name__ == "__main__":
    unittest.main()
