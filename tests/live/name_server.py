#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""name_server: a DNS of the test's own, and a program that asks it, in namespaces of its own for mounts and the network; no root, and no port of the machine.

    with Names({"db.corp.example": ["CNAME", host], host: ["A", "127.0.0.1"]}, ports=[5432]) as prefix:
        subprocess.run([*prefix, program, ...])         # servers on these ports of 127.0.0.1 are reached as ever

What a name may be: ["A", address], ["CNAME", target], ["SILENT"] (never an answer), ["FAILS"] (the server's failure), ["EMPTY"] (it exists, without a record).
Other names do not exist. A name server follows its own aliases in one answer, `links` of them. AAAA has no answers.
As a program, in the new namespaces: name_server.py ZONE FOLDER PROGRAM... (ZONE: JSON; FOLDER: a Unix-domain socket for each port)
"""
import contextlib
import fcntl
import json
import os
import shutil
import socket
import struct
import subprocess
import sys
import tempfile
import threading

SIOCSIFFLAGS, IFF_UP = 0x8914, 1
NAMESPACES = ["unshare", "--map-root-user", "--mount", "--net"]
A, CNAME = 1, 5
FAILED, UNKNOWN = 2, 3


def can_be_made():
    done = subprocess.run([*NAMESPACES, "mount", "--bind", "/etc/resolv.conf", "/etc/resolv.conf"], stderr=subprocess.DEVNULL, check=False, timeout=10)
    return done.returncode == 0


# ---- two sides of a wall ----

def pour(source, target):
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    with contextlib.suppress(OSError):
        target.shutdown(socket.SHUT_WR)


def join(one, make_other):
    try:
        other = make_other()
    except OSError:
        one.close()
        return
    back = threading.Thread(target=pour, args=(other, one), daemon=True)
    back.start()
    pour(one, other)
    back.join()
    one.close()
    other.close()


def serve(listening, make_other):
    with contextlib.suppress(OSError):
        while True:
            threading.Thread(target=join, args=(listening.accept()[0], make_other), daemon=True).start()


def unix_socket(path):
    made = socket.socket(socket.AF_UNIX)
    made.connect(path)
    return made


class Names:
    def __init__(self, zone, ports=(), links=100):
        self.zone, self.ports, self.links = zone, ports, links

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="iamodbc-names-")
        self.listening = []
        os.mkdir(self.folder + "/ports")
        for port in self.ports:
            listening = socket.socket(socket.AF_UNIX)
            listening.bind(f"{self.folder}/ports/{port}")
            listening.listen(64)
            self.listening.append(listening)
            threading.Thread(target=serve, args=(listening, lambda port=port: socket.create_connection(("127.0.0.1", port))), daemon=True).start()
        with open(self.folder + "/zone.json", "w", encoding="utf-8") as file:
            json.dump({"links": self.links, "names": {name.lower(): record for name, record in self.zone.items()}}, file)
        return [*NAMESPACES, "/usr/bin/python3", os.path.abspath(__file__), self.folder + "/zone.json", self.folder + "/ports"]

    def __exit__(self, *_):
        for listening in self.listening:
            listening.shutdown(socket.SHUT_RDWR)
            listening.close()
        shutil.rmtree(self.folder, ignore_errors=True)


# ---- the name server ----

def wire(name):
    return b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0"


def record(name, kind, data):
    return wire(name) + struct.pack(">HHIH", kind, 1, 60, len(data)) + data


def answer(query, zone):
    """The reply to a query; None: silence."""
    end = query.index(b"\0", 12) + 5
    labels, at = [], 12
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode())
        at += 1 + query[at]
    name, kind = ".".join(labels).lower(), struct.unpack(">H", query[end - 4:end - 2])[0]
    records, code = [], 0
    for _ in range(zone["links"]):
        found = zone["names"].get(name, ["UNKNOWN"])
        if found[0] != "CNAME" or kind == CNAME and records:
            break
        records.append(record(name, CNAME, wire(found[1])))
        name = found[1].lower()
    found = zone["names"].get(name, ["UNKNOWN"])
    if found[0] == "SILENT":
        return None
    if found[0] == "A" and kind == A:
        records.append(record(name, A, socket.inet_aton(found[1])))
    if found[0] in ("FAILS", "UNKNOWN"):
        code = FAILED if found[0] == "FAILS" else UNKNOWN
    return query[:2] + struct.pack(">HHHHH", 0x8180 | code, 1, len(records), 0, 0) + query[12:end] + b"".join(records)


def serve_names(listening, zone):
    while True:
        query, client = listening.recvfrom(2048)
        reply = answer(query, zone)
        if reply is not None:
            listening.sendto(reply, client)


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        zone = json.load(file)
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP))
    names = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    names.bind(("127.0.0.1", 53))
    threading.Thread(target=serve_names, args=(names, zone), daemon=True).start()
    for port in os.listdir(sys.argv[2]):
        listening = socket.create_server(("127.0.0.1", int(port)), backlog=64)
        threading.Thread(target=serve, args=(listening, lambda path=f"{sys.argv[2]}/{port}": unix_socket(path)), daemon=True).start()
    with tempfile.NamedTemporaryFile("w", prefix="iamodbc-resolv-", suffix=".conf") as file:
        file.write("nameserver 127.0.0.1\n")
        file.flush()
        subprocess.run(["mount", "--bind", file.name, "/etc/resolv.conf"], check=True, timeout=10)
        return subprocess.run(sys.argv[3:], check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
