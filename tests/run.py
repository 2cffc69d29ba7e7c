#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""run: runs one group of tests for ./dev and counts it.

  run.py ctest BUILD_DIR [JOBS [WITHOUT]]
                                    the unit tests of a build folder, without those whose names match a regular expression
  run.py unittest [--at-once N | --boxes BOX:BOX...] PATH...
                                    Python tests: a *_test.py file, or a folder of them. N files at once, each in a process
                                    of its own; or as many as there are local RDSs, each of which serves one file at a time
  run.py secrets BOX[:BOX...] PATH...
                                    no file under PATH, and no log of a local RDS whose env.sh is in BOX, holds a secret

The last line is `N passed, M failed`. Lines that begin with `SHOW: ` are results that ./dev test repeats in its summary.
What was skipped is a line `NOT RUN: what: reason` and in neither count. The exit
status is 0 only if something passed and nothing failed.
"""
import glob
import importlib.util
import json
import os
import queue
import re
import subprocess
import sys
import tempfile
import threading
import time
import unittest
import xml.etree.ElementTree

SHOWN = "SHOW: "
TOP = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def close(passed, failed):
    print(f"{passed} passed, {failed} failed", flush=True)
    return 0 if passed and not failed else 1


# ---------------------------------------------------------------------------------------------------------------------
# ctest


def run_ctest(build_dir, jobs="2", without=""):
    with tempfile.NamedTemporaryFile(suffix=".xml") as report:
        done = subprocess.run(["ctest", "--test-dir", build_dir, "-j", jobs, "--timeout", "60", "--no-tests=error",
                               "--output-on-failure", "--output-junit", report.name, *(["--exclude-regex", without] if without else [])], check=False)
        try:
            cases = list(xml.etree.ElementTree.parse(report.name).iter("testcase"))
        except xml.etree.ElementTree.ParseError:
            cases = []
    passed = failed = 0
    for case in cases:
        skipped = case.find("skipped")
        if case.get("status") == "run":
            passed += 1
        elif case.get("status") == "notrun" and skipped is not None and "SKIP_" in skipped.get("message", ""):
            print(f"NOT RUN: {case.get('name')}: {skip_reason(case.findtext('system-out') or '')}")
        else:  # failed, disabled, or a test program that is not there
            failed += 1
            print(f"FAILED  {case.get('name')}")
    if done.returncode != 0 and not failed:
        failed = 1
        print(f"ctest itself ended with status {done.returncode}")
    return close(passed, failed)


def skip_reason(output):
    """Why a test left itself out, which GoogleTest prints after the line that names the place."""
    match = re.search(r": Skipped\n(.+)", output)
    return match[1].strip() if match else "no reason given"


# ---------------------------------------------------------------------------------------------------------------------
# unittest


class Counted(unittest.TextTestResult):
    """Counts tests that passed; a test with a failed subtest is one failure, however many subtests failed."""

    def __init__(self, *arguments, **options):
        super().__init__(*arguments, **options)
        self.passed = 0
        self.started = 0.0

    def startTest(self, test):
        self.started = time.monotonic()
        super().startTest(test)

    def addSuccess(self, test):
        self.passed += 1
        super().addSuccess(test)

    def addSkip(self, test, reason):
        super().addSkip(test, reason)
        print(f"NOT RUN: {test.id()}: {reason}", flush=True)

    def stopTest(self, test):
        super().stopTest(test)
        seconds = time.monotonic() - self.started
        if seconds > 5:
            self.stream.writeln(f"  ({test.id()} took {seconds:.1f} s)")


def load(path):
    """The tests of one file; a file that cannot be loaded is one test that fails."""
    directory, name = os.path.split(os.path.abspath(path))
    name = name[:-3]
    if directory not in sys.path:
        sys.path.insert(0, directory)
    specification = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module
    try:
        specification.loader.exec_module(module)
    except Exception:  # pylint: disable=broad-except
        sys.modules.pop(name)
        return unittest.FunctionTestCase(lambda error=sys.exc_info()[1]: reraise(error), description=f"{path} loads")
    tests = unittest.defaultTestLoader.loadTestsFromModule(module)
    if not tests.countTestCases():
        return unittest.FunctionTestCase(lambda: reraise(AssertionError("no test in it")), description=path)
    return tests


def reraise(error):
    raise error


def run_unittest(arguments):
    environments = [{}]
    if arguments[0] == "--at-once":
        environments *= int(arguments[1])
    elif arguments[0] == "--boxes":
        environments = [{"IAMODBC_TEST_BOX": box} for box in arguments[1].split(":")]
    files = []
    for path in arguments[2:] if arguments[0].startswith("--") else arguments:
        files += sorted(glob.glob(os.path.join(glob.escape(path), "*_test.py"))) if os.path.isdir(path) else [path]
    return run_at_once(files, environments) if len(environments) > 1 else run_one_after_the_other(files)


def run_at_once(files, environments):
    """One file at a time for each environment, the largest files first: they tend to take longest."""
    waiting = queue.SimpleQueue()
    for path in sorted(files, key=os.path.getsize, reverse=True):
        waiting.put(path)
    counts = []
    printing = threading.Lock()

    def work(environment):
        while True:
            try:
                path = waiting.get_nowait()
            except queue.Empty:
                return
            started = time.monotonic()
            done = subprocess.run([sys.executable, os.path.abspath(__file__), "unittest", path], stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env={**os.environ, **environment}, check=False)
            output = done.stdout.decode("utf-8", "replace")
            count = re.search(r"^(\d+) passed, (\d+) failed\n\Z", output, re.MULTILINE)
            passed, failed = map(int, count.groups()) if count else (0, 0)
            if not count or (done.returncode != 0 and not failed):
                failed += 1
                output += f"FAILED  {path} ended with status {done.returncode}\n"
            with printing:
                counts.append((passed, failed))
                print(f"=== {path}: {time.monotonic() - started:.1f} s\n{output[:count.start()] if count else output}", flush=True)

    threads = [threading.Thread(target=work, args=(environment,)) for environment in environments]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if len(counts) != len(files):
        counts.append((0, 1))
        print(f"FAILED  {len(files) - len(counts) + 1} files were not run")
    return close(sum(passed for passed, _ in counts), sum(failed for _, failed in counts))


def run_one_after_the_other(files):
    suite = unittest.TestSuite(load(path) for path in files)
    result = unittest.TextTestRunner(stream=sys.stdout, verbosity=2, resultclass=Counted).run(suite)
    failed = {test_of(test) for test, _ in result.failures + result.errors + [(t, "") for t in result.unexpectedSuccesses]}
    return close(result.passed, len(failed))


def test_of(test):
    return getattr(test, "test_case", test).id()


# ---------------------------------------------------------------------------------------------------------------------
# secrets

# What a token or a key looks like, whoever made it.
PATTERNS = {
    "a signature of a token": re.compile(rb"X-Amz-Signature(=|%3[Dd])[0-9a-f]{16}"),
    "a session token inside a token": re.compile(rb"X-Amz-Security-Token(=|%3[Dd])[A-Za-z0-9%/+]{16}"),
    "a key of a credentials file": re.compile(rb"aws_(secret_access_key|session_token)\s*=\s*[A-Za-z0-9/+]{16}"),
}


def exports_of(box):
    """What BOX/env.sh exports."""
    script = '. "$1" && env -0'
    output = subprocess.run(["sh", "-c", script, "sh", box + "/env.sh"], stdout=subprocess.PIPE, check=True, timeout=10).stdout
    return dict(os.fsdecode(line).split("=", 1) for line in output.split(b"\0") if line)


def known_secrets(exports):
    """Each secret of the box by name."""
    with open(exports["RDS_KEYS"], encoding="utf-8") as file:
        keys = json.load(file)
    found = {}
    for user, password in keys.get("passwords", {}).items():
        found[f"the password of {user}"] = password
    with open(exports["AWS_SHARED_CREDENTIALS_FILE"], encoding="utf-8") as file:
        profile = ""
        for line in file:
            if line.startswith("["):
                profile = line.strip(" []\n")
            name, _, value = line.partition(" = ")
            if name in ("aws_secret_access_key", "aws_session_token"):
                found[f"{name} of profile {profile}"] = value.strip()
    return found


def needles(secrets):
    """What to look for: each secret as it is and percent-encoded. Long ones by their head and their tail: logs cut."""
    rows = []
    for name, secret in secrets.items():
        encoded = "".join(c if c.isalnum() or c in "-._~" else f"%{ord(c):02X}" for c in secret)
        for text in {secret, encoded}:
            pieces = {text} if len(text) <= 64 else {text[:48], text[-48:]}
            rows += [(name, piece.encode()) for piece in pieces]
    return rows


def findings(content, rows):
    names = {name for name, needle in rows if needle in content}
    return names | {name for name, pattern in PATTERNS.items() if pattern.search(content)}


def run_secrets(boxes, paths):
    secrets = {}
    files = []
    for box in boxes.split(":"):
        exports = exports_of(box)
        secrets.update({f"{name} of {box}": secret for name, secret in known_secrets(exports).items()})
        files += [exports["RDS_SERVER_LOG"], exports["RDS_TOKENS_LOG"], exports["RDS_BOX"] + "/verifier.log"]
    rows = needles(secrets)
    for path in paths:
        files += [os.path.join(root, name) for root, _, names in os.walk(path) for name in names]
    # A search that finds nothing must be able to find something.
    planted = [f"line\nbefore {secret} after\n".encode() for secret in secrets.values()]
    planted += [b"h:1/?X-Amz-Signature=" + b"0a" * 32, b"&X-Amz-Security-Token=IQoJb3JpZ2luX2VjEJ", b"aws_session_token = IQoJb3JpZ2luX2VjEJ"]
    blind = [content for content in planted if not findings(content, rows)]
    searched = failed = 0
    if blind or len(secrets) < 3 or not paths:
        print(f"the search itself is broken: {len(blind)} of {len(planted)} planted secrets not found, {len(secrets)} known")
        failed += 1
    for path in files:
        try:
            with open(path, "rb") as file:
                found = findings(file.read(), rows)
        except FileNotFoundError:
            continue
        searched += 1
        if found:
            failed += 1
            print(f"FAILED  {path} holds {', '.join(sorted(found))}")
    print(f"{len(secrets)} secrets and {len(PATTERNS)} patterns looked for in {searched} files")
    return close(1 if searched and not failed else 0, failed)  # one search, however many files


def main():
    os.chdir(TOP)
    commands = {"ctest": lambda arguments: run_ctest(*arguments), "unittest": run_unittest,
                "secrets": lambda arguments: run_secrets(arguments[0], arguments[1:])}
    if len(sys.argv) < 3 or sys.argv[1] not in commands:
        print(__doc__, file=sys.stderr)
        return 2
    return commands[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
