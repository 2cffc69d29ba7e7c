#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every forwarded function of the optimised library leaves by an indirect jump, without a call, a lock or a loop.

Prints the instructions of each hot path: what a forwarded call adds. Knows x86-64; elsewhere it says that it did not run (exit 77).
Usage: disassembly_test.py LIBRARY
"""
import platform
import re
import subprocess
import sys
from pathlib import Path

root = Path(__file__).resolve().parents[2]
few_arguments, most_few, most_many = 6, 15, 35  # the promise: instructions added per call
line = re.compile(r"^(PASS|PASS_RACING|PASS_AW)\s*\(\s*\w+,\s*(\d+),\s*(\w+)")
# Jumps out of the hot path: handles that are null or not ready.
escapes = 2


def forwarded():
    """{function: number of arguments}"""
    functions = {}
    for text in (root / "driver/functions.def").read_text().splitlines():
        if match := line.match(text):
            functions[match[3]] = int(match[2])
            if match[1] == "PASS_AW":
                functions[match[3] + "W"] = int(match[2])
    return functions


def bodies(library):
    """{function: its instructions}"""
    listing = subprocess.run(["objdump", "-d", "--no-show-raw-insn", str(library)],
                             check=True, capture_output=True, text=True).stdout
    found, current = {}, None
    for text in listing.splitlines():
        if match := re.match(r"^[0-9a-f]+ <(SQL\w+)>:$", text):
            current = found.setdefault(match[1], [])
        elif not text.strip():
            current = None
        elif current is not None and (match := re.match(r"^\s+[0-9a-f]+:\s+(.*)$", text)):
            current.append(match[1].strip())
    return found


def fault(instructions, arguments):
    """What is wrong with a hot path, and its length. It is the straight line from the entry to the indirect jump."""
    jumps = 0
    for count, instruction in enumerate(instructions, 1):
        name = instruction.split()[0]
        if name == "jmp" and "*" in instruction:
            most = most_few if arguments <= few_arguments else most_many
            return (f"{count} instructions, at most {most}" if count > most else None), count
        if name.startswith("call"):
            return "calls: " + instruction, count
        if name.startswith(("lock", "xchg")):
            return "locks: " + instruction, count
        if name == "jmp" or name == "ret":
            return "leaves by: " + instruction, count
        jumps += name.startswith("j")
        if jumps > escapes:
            return f"branches more than {escapes} times", count
    return "ends without a jump", len(instructions)


def main(library):
    if platform.machine() != "x86_64":
        print("NOT RUN: reads x86-64 machine code only")
        return 77
    code = bodies(library)
    lengths, faults = {}, []
    for function, arguments in forwarded().items():
        wrong, length = fault(code.get(function, []), arguments)
        lengths.setdefault((arguments, length), []).append(function)
        if wrong:
            faults.append(f"{function}: {wrong}")
    for (arguments, length), functions in sorted(lengths.items()):
        print(f"{arguments:2} arguments, {length:2} instructions: {' '.join(functions)}")
    print("\n".join(faults) or f"{len(forwarded())} functions leave by a tail jump")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
