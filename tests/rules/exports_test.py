#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The three libraries export what driver/functions.def says and nothing else, and are linked as guests in another process.

Usage: exports_test.py FOLDER_OF_THE_LIBRARIES
"""
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[2]
line = re.compile(r"^(PASS|OWN|PASS_RACING|PASS_AW|OWN_AW)\s*\(\s*\w+,\s*\d+,\s*(\w+)")


def table():
    """[(function, has a W twin)]"""
    rows = []
    for text in (root / "driver/functions.def").read_text().splitlines():
        if match := line.match(text):
            rows.append((match[2], match[1].endswith("_AW")))
    return rows


def output(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def exported(library):
    return {text.split()[-1] for text in output("nm", "-D", "--defined-only", str(library)).splitlines()}


def mapped(script):
    return set(re.findall(r"^\s+(SQL\w+);$", (root / "driver" / script).read_text(), re.M))


def main(folder):
    rows = table()
    narrow = {name for name, _ in rows}
    wide = {name + "W" if twin else name for name, twin in rows}
    assert len(rows) == 60 and len(narrow | wide) == 91, "functions.def is not the 91 names of the design"
    faults = []
    for library, script, names in (("libiamodbc.so", "exports.map", narrow | wide),
                                   ("libiamodbca.so", "exports-narrow.map", narrow),
                                   ("libiamodbcw.so", "exports-wide.map", wide)):
        path = folder / library
        for what, found in ((library, exported(path)), (script, mapped(script))):
            faults += [f"{what} lacks {name}" for name in sorted(names - found)]
            faults += [f"{what} has {name} besides" for name in sorted(found - names)]
        dynamic = output("readelf", "-dW", str(path))
        needed = re.findall(r"\(NEEDED\).*\[(.*)\]", dynamic)
        faults += [f"{library} needs {name}: bare SQL... calls would bind there" for name in needed if "odbc" in name]
        faults += [f"{library} is not linked with {flag}" for flag in ("NODELETE", "NOW")
                   if not re.search(rf"\(FLAGS.*{flag}", dynamic)]
        undefined = output("nm", "-D", "--undefined-only", str(path))
        faults += [f"{library} calls {name} by its bare name" for name in re.findall(r"\bSQL\w+", undefined)]
    print("\n".join(faults) or f"3 libraries, {len(narrow | wide)} names: as functions.def says")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
