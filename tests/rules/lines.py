#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""lines: how many lines of core/ and driver/ the tests ran, as gcovr counted them.

  lines.py SUMMARY REASONS     SUMMARY is what `gcovr --json-summary` wrote

REASONS has a line for each file of which less than 90 % ran: file <TAB> percent that ran, at least <TAB> why the rest does not.
Prints lines and percent of each folder and of both together. The last line is `N passed, M failed`, one for each file and one for the whole.
"""
import json
import sys

LEAST = 90  # percent, of all lines and of a file that needs no reason
PLENTY = 95  # percent of a file whose reason is stale; between the two the moment decides
SHOWN = "SHOW: "  # ./dev repeats these lines


def percent(ran, lines):
    return 100 * ran / lines if lines else 100.0


def counted(text):
    """{file: (lines that ran, lines)}, without those that have none"""
    return {file["filename"]: (file["line_covered"], file["line_total"]) for file in json.loads(text)["files"] if file["line_total"]}


def known(text):
    """{file: (percent, why)}"""
    rows = [line.split("\t") for line in text.splitlines() if line and not line.startswith("#")]
    return {name: (float(least), why) for name, least, why in rows}


def faults(files, reasons):
    """What is wrong, a line each; the whole first."""
    found = []
    ran, lines = sum(count[0] for count in files.values()), sum(count[1] for count in files.values())
    if not lines:
        return ["nothing was counted"]
    if percent(ran, lines) < LEAST:
        found.append(f"{percent(ran, lines):.2f} % of all lines ran, less than {LEAST} %")
    for name, (part, whole) in sorted(files.items()):
        share = percent(part, whole)
        if name not in reasons and share < LEAST:
            found.append(f"{name}: {share:.1f} % of {whole} lines ran, and no reason says why not more")
        elif name in reasons and share < reasons[name][0]:
            found.append(f"{name}: {share:.1f} % of {whole} lines ran, less than the {reasons[name][0]:g} % that its reason allows")
        elif name in reasons and share >= PLENTY:
            found.append(f"{name}: {share:.1f} % of {whole} lines ran; it needs no reason any more")
    found += [f"{name}: has a reason, but there is no such file" for name in sorted(set(reasons) - set(files))]
    found += [f"{name}: its reason is empty" for name, (_, why) in sorted(reasons.items()) if not why.strip()]
    return found


def table(files):
    """A line a folder, and one for all."""
    folders = {}
    for name, (ran, lines) in files.items():
        folder = name.rsplit("/", 1)[0] + "/"
        before = folders.get(folder, (0, 0, 0))
        folders[folder] = (before[0] + 1, before[1] + ran, before[2] + lines)
    folders = dict(sorted(folders.items()))
    folders["together"] = tuple(sum(column) for column in zip(*folders.values())) or (0, 0, 0)
    return [f"{name:18} {count:3} files {ran:6} of {lines:6} lines ran  {percent(ran, lines):6.2f} %" for name, (count, ran, lines) in folders.items()]


def main():
    with open(sys.argv[1], encoding="utf-8") as summary, open(sys.argv[2], encoding="utf-8") as file:
        files, reasons = counted(summary.read()), known(file.read())
    for line in table(files):
        print(SHOWN + line)
    found = faults(files, reasons)
    for line in found:
        print("FAILED  " + line)
    print(f"{max(len(files) + 1 - len(found), 0)} passed, {len(found)} failed")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
