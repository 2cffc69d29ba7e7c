#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""silent_dns: runs a program where the only name server never answers. Needs namespaces of its own for mounts and the network:
unshare --map-root-user --mount --net silent_dns.py PROGRAM..."""
import fcntl
import socket
import struct
import subprocess
import sys
import tempfile

SIOCSIFFLAGS, IFF_UP = 0x8914, 1

with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
    fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
silent = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
silent.bind(("127.0.0.1", 53))
with tempfile.NamedTemporaryFile("w", prefix="iamodbc-resolv-", suffix=".conf") as file:
    file.write("nameserver 127.0.0.1\n")
    file.flush()
    subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True, timeout=10)
    sys.exit(subprocess.run(sys.argv[1:], check=False).returncode)
