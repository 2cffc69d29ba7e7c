#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""silent_dns: runs a program where the only name server never answers, but for `--alias NAME TARGET`: NAME is an alias of TARGET, which has the address 127.0.0.1.
Needs namespaces of its own for mounts and the network:
unshare --map-root-user --mount --net silent_dns.py [--alias NAME TARGET] PROGRAM..."""
import fcntl
import socket
import struct
import subprocess
import sys
import tempfile
import threading

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
command = sys.argv[1:]


def labels(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def serve(name, target):
    while True:
        query, client = silent.recvfrom(512)
        end = query.index(b"\0", 12) + 5
        question, kind = query[12:end], query[end - 3]
        alias = b"\xc0\x0c\0\5\0\1\0\0\0\x3c" + struct.pack(">H", len(labels(target))) + labels(target)
        address = labels(target) + b"\0\1\0\1\0\0\0\x3c\0\4\x7f\0\0\1" if kind == 1 else b""
        if question.lower().startswith(labels(name)):
            silent.sendto(query[:2] + b"\x81\x80\0\1" + struct.pack(">H", 1 + bool(address)) + b"\0\0\0\0" + question + alias + address, client)


if command[0] == "--alias":
    threading.Thread(target=serve, args=command[1:3], daemon=True).start()
    command = command[3:]
with tempfile.NamedTemporaryFile("w", prefix="iamodbc-resolv-", suffix=".conf") as file:
    file.write("nameserver 127.0.0.1\n")
    file.flush()
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True, timeout=10)
    sys.exit(subprocess.run(command, check=False).returncode)
