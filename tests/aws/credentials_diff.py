#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""credentials_diff: asks our command, Debian's botocore and the AWS SDK for JavaScript the same questions, the folders of tests/data/credentials, and prints one
table: agree; differs (row of docs/credentials.md); not applicable (why).

  credentials_diff.py [--words] [--only PART]
    --words  what each answered, where it is not the credentials that were expected
    --only   the scenarios whose name has this part

Two tools agree when both find the same keys, session token and end, or both none; and when every request that the scenario tells came to the stand-in, with the same
content. How often and in which order is only ours, unless the scenario says that it "counts". All run in a network of their own, where
nothing beyond the stand-ins can be reached; what asks there differs. The exit status is 0 only if our command does all that the folders
say, and every difference is one that a row explains, and every explained one is there.
The SDK for JavaScript is installed in build/ by npm, from the versions and hashes of references/package-lock.json.
"""
import argparse
import collections
import concurrent.futures
import hashlib
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import scenarios  # noqa: E402 pylint: disable=wrong-import-position
import scenarios_test  # noqa: E402 pylint: disable=wrong-import-position

REFERENCES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "references")
INSTALLED = os.path.join(scenarios.TOP, "build", "references")
AGREES = "agree"


# ---------------------------------------------------------------------------------------------------------------------
# The references


def install_js():
    """The SDK for JavaScript under build/, once for each lock file; npm compares every package with its hash."""
    with open(os.path.join(REFERENCES, "package-lock.json"), "rb") as file:
        lock = hashlib.sha256(file.read()).hexdigest()
    mark = os.path.join(INSTALLED, "installed")
    version = subprocess.run(["node", "--version"], stdout=subprocess.PIPE, check=True, timeout=30).stdout.decode().strip()
    if int(version.lstrip("v").split(".")[0]) < 20:
        raise SystemExit(f"the AWS SDK for JavaScript needs Node.js 20 or newer; this is {version}. Put a newer one first in PATH.")
    if not os.path.exists(mark) or open(mark, encoding="utf-8").read() != lock:
        shutil.rmtree(INSTALLED, ignore_errors=True)
        os.makedirs(INSTALLED)
        for name in ("package.json", "package-lock.json"):
            shutil.copy(os.path.join(REFERENCES, name), INSTALLED)
        done = subprocess.run(["npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"], cwd=INSTALLED, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False, timeout=300)
        if done.returncode != 0:
            raise SystemExit("npm could not install the AWS SDK for JavaScript:\n" + done.stdout.decode(errors="replace")[-2000:])
        with open(mark, "w", encoding="utf-8") as file:
            file.write(lock)
    shutil.copy(os.path.join(REFERENCES, "js_reference.mjs"), INSTALLED)


def versions():
    with open(os.path.join(REFERENCES, "package.json"), encoding="utf-8") as file:
        js = json.load(file)["dependencies"]["@aws-sdk/credential-providers"]
    botocore = subprocess.run([sys.executable, "-c", "import botocore; print(botocore.__version__)"], stdout=subprocess.PIPE, check=True, timeout=30)
    return f"botocore {botocore.stdout.decode().strip()}, @aws-sdk/credential-providers {js}"


COMMANDS = {"botocore": [sys.executable, os.path.join(REFERENCES, "botocore_reference.py")], "js": ["node", os.path.join(INSTALLED, "js_reference.mjs")]}


def arguments_of(scenario):
    """The scenario's question for a reference: an explicit profile, or a token."""
    command = scenario.expect.get("command")
    if command:
        given = dict(zip(command[1::2], command[2::2]))
        return ["token", given["--host"], given["--port"], given["--user"], given["--region"]]
    profile = scenario.expect.get("settings", {}).get("profile")
    return ["--profile", profile] if profile else []


def reason_not_to_ask(scenario, tool):
    if tool in scenario.expect.get("not_applicable", {}):
        return scenario.expect["not_applicable"][tool]
    others = sorted(set(scenario.expect.get("settings", {})) - {"profile"})
    return f"only a DSN says {', '.join(scenarios.ATTRIBUTES.get(name, name) for name in others)}" if others else None


def compared(scenario, tool, clock):
    """{"verdict": agree, differs or not applicable, "words": ...} of one tool."""
    reason = reason_not_to_ask(scenario, tool)
    if reason:
        return {"verdict": "not applicable", "words": reason}
    with scenarios.Stage(scenario, clock) as stage:
        try:
            done = subprocess.run([*COMMANDS[tool], *arguments_of(scenario)], env=stage.environment(), cwd=stage.folder, stdin=subprocess.DEVNULL,
                                  stdout=subprocess.PIPE, stderr=subprocess.PIPE, check=False, timeout=60)
        except subprocess.TimeoutExpired:
            return {"verdict": "differs", "words": "no answer within 60 s"}
        requests = stage.requests()
    try:
        answer = json.loads(done.stdout.decode().strip().splitlines()[-1])
    except (ValueError, IndexError):
        return {"verdict": "broken", "words": "the reference itself failed: " + done.stderr.decode(errors="replace")[-500:]}
    if "Errno 22" in answer.get("error", ""):  # what a program says whose waiting the stopped clock has spoilt
        return {"verdict": "broken", "words": "the reference was disturbed: " + scenarios.shown(answer)}
    faults = scenarios.faults_of_answer(expect_of(scenario), normal(answer)) + faults_of_content(scenario.expect, requests)
    if re.search(r"ENOTFOUND|EAI_AGAIN|ENETUNREACH|Could not connect to the endpoint", answer.get("error", "")):
        faults.append("a host beyond the scenario was asked: " + scenarios.shown(answer))
    if "Unable to parse config file" in answer.get("error", "") and "Unable to parse" not in str(scenario.expect.get("error", "")):
        faults.append("it refuses the files, so it says nothing of what is asked: " + scenarios.shown(answer))
    said = scenarios.shown(answer) if "error" in answer else ""
    return {"verdict": "differs" if faults else AGREES, "words": "; ".join([*faults, *([said] if said and not faults else [])])}


def faults_of_content(expect, requests):
    """Each request told came at least once; a service of which none is told got none."""
    if expect.get("counts"):
        return scenarios.faults_of_requests(expect, requests)
    faults = []
    for service, wanted in expect.get("requests", {}).items():
        came = requests.get(service, [])
        if not wanted and came:
            faults.append(f"{service} was asked")
        faults += [f"{service} was not asked as told" for one in wanted if not any(scenarios.fits(one, request) for request in came)]
    return faults


def normal(answer):
    return {"token": scenarios.sorted_query(answer["token"])} if "token" in answer else answer


def expect_of(scenario):
    return {**scenario.expect, **normal(scenario.expect)} if "token" in scenario.expect else scenario.expect


# ---------------------------------------------------------------------------------------------------------------------
# The table


def judged(name, clock):
    """Our faults, and how each reference compares."""
    scenario = scenarios.Scenario(name)
    return {"ours": scenarios.judged_product(scenario, clock), **{tool: compared(scenario, tool, clock) for tool in scenarios.TOOLS}}


def cell(found, explained):
    """The text of a cell, and whether it is in order."""
    if found["verdict"] != "differs":
        return (found["verdict"], not explained and found["verdict"] != "broken")
    return (f"differs [{explained}]" if explained else "differs (no row)", bool(explained))


def table(all_found, with_words):
    totals = {tool: collections.Counter() for tool in scenarios.TOOLS}
    totals["ours"] = collections.Counter()
    width = max(len(name) for name in all_found)
    in_order = True
    print(f"{'scenario':{width}}  {'iamodbc':12}  {'botocore':18}  {'js':18}")
    for name, found in all_found.items():
        differs = scenarios.Scenario(name).expect.get("differs", {})
        ours = "as told" if not found["ours"] else "NOT AS TOLD"
        totals["ours"][ours] += 1
        in_order = in_order and not found["ours"]
        cells = [ours]
        for tool in scenarios.TOOLS:
            text, good = cell(found[tool], differs.get(tool))
            if tool in differs and found[tool]["verdict"] != "differs":
                text += f" (not [{differs[tool]}])"
            totals[tool][found[tool]["verdict"] if good else "unexplained"] += 1
            in_order = in_order and good
            cells.append(text)
        print(f"{name:{width}}  {cells[0]:12}  {cells[1]:18}  {cells[2]}".rstrip())
        if with_words or found["ours"]:
            for fault in found["ours"]:
                print(f"    iamodbc: {fault}")
        for tool in scenarios.TOOLS:
            _, good = cell(found[tool], differs.get(tool))
            if (with_words or not good) and found[tool]["words"]:
                print(f"    {tool}: {found[tool]['words']}")
    print(f"\n{len(all_found)} scenarios")
    for tool, counts in totals.items():
        print(f"{'iamodbc' if tool == 'ours' else tool}: " + ", ".join(f"{count} {what}" for what, count in sorted(counts.items())))
    return in_order


def main():
    parser = argparse.ArgumentParser(description="compares credentials with botocore and the SDK for JavaScript")
    parser.add_argument("--words", action="store_true")
    parser.add_argument("--only", default="")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if not options.inside:
        install_js()
        addresses = sorted({address for name in scenarios.names() for address in scenarios.fixed_addresses(scenarios.Scenario(name))})
        return scenarios.in_own_network(addresses, [sys.executable, os.path.abspath(__file__), "--inside", *sys.argv[1:]], check=False).returncode
    clock = scenarios.clock_variables()
    names = [name for name in scenarios.names() if options.only in name]
    if not names:
        raise SystemExit(f"no scenario has {options.only!r} in its name")
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        all_found = dict(zip(names, pool.map(lambda name: judged(name, clock), names)))
    print(versions() + "\n")
    in_order = table(all_found, options.words)
    rows = scenarios_test.rows_of_docs()
    named = {row for name in names for row in scenarios.Scenario(name).expect.get("differs", {}).values()}
    for row in sorted(named, key=lambda row: int(row[1:])):
        print(f"[{row}] {rows.get(row, 'IS NOT in docs/credentials.md')}")
    return 0 if in_order and named <= set(rows) else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except scenarios.NoNamespace as reason:
        sys.exit(str(reason))
