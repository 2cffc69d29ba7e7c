#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""without_keyrings PROGRAM...: runs a program that may not use the kernel's keyrings, as container managers forbid them: add_key, keyctl and request_key
end with "Operation not permitted"."""
import ctypes
import errno
import os
import platform
import struct
import sys

CALLS = {"x86_64": (248, 249, 250), "aarch64": (217, 218, 219)}[platform.machine()]
LOAD, JUMP_IF_EQUAL, RETURN = 0x20, 0x15, 0x06
ALLOW, FAIL = 0x7FFF0000, 0x00050000 | errno.EPERM
SET_NO_NEW_PRIVS, SET_SECCOMP, FILTER = 38, 22, 2

rules = [(LOAD, 0, 0, 0)] + [(JUMP_IF_EQUAL, len(CALLS) - at, 0, number) for at, number in enumerate(CALLS)] + [(RETURN, 0, 0, ALLOW), (RETURN, 0, 0, FAIL)]
code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *rule) for rule in rules))
program = struct.pack("HxxxxxxP", len(rules), ctypes.addressof(code))
libc = ctypes.CDLL(None, use_errno=True)
if libc.prctl(SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 or libc.prctl(SET_SECCOMP, FILTER, program, 0, 0) != 0:
    sys.exit("the calls cannot be forbidden: " + os.strerror(ctypes.get_errno()))
os.execv(sys.argv[1], sys.argv[1:])
