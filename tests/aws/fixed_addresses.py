#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""fixed_addresses: runs a program where the fixed addresses of AWS's metadata services are stand-ins. Needs a network of its own:
unshare --map-root-user --net fixed_addresses.py KEYS-OF-CONTAINER KEYS-OF-INSTANCE PROGRAM...
Then it prints what was asked, a line each, to the file that ASKED names."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from instance_service import InstanceService  # noqa: E402
from stand_in import Reply, StandIn  # noqa: E402

SIOCSIFFLAGS, SIOCSIFADDR, IFF_UP = 0x8914, 0x8916, 1


def add_address(number, address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
        fcntl.ioctl(any_socket, SIOCSIFADDR, struct.pack("16sHH4s8x", b"lo:%d" % number, socket.AF_INET, 0, socket.inet_aton(address)))


def container(request):
    return Reply(200, sys.argv[1]) if request.path == "/v2/credentials/uuid" else Reply(404)


for number, address in enumerate(("169.254.170.2", "169.254.169.254"), 1):
    add_address(number, address)
with StandIn(container, address="169.254.170.2", port=80) as first, StandIn(InstanceService(sys.argv[2]), address="169.254.169.254", port=80) as second:
    status = subprocess.run(sys.argv[3:], check=False).returncode
    with open(os.environ["ASKED"], "w", encoding="utf-8") as file:
        for name, server in (("container", first), ("instance", second)):
            file.write("".join(f"{name} {request.method} {request.path}\n" for request in server.requests))
sys.exit(status)
