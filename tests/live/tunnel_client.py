#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""tunnel_client: does the steps of standard input (a JSON list) in one process that has its own ideas about children.
A step is {"open": string, "as": name}, {"open_in_thread": ...} (a thread that ends afterwards), {"threads": [string, ...]} (all at once, each closed again), {"ask": name},
{"close": name}, {"fork": [step, ...]} (a child does them; its answers), {"signal": number} (to every child of this process), {"sleep": seconds}, {"children": true},
{"files_of_children": true} (their open files above 2), {"reap": true} (a child, whichever, waits for none), {"ignore_children": true} (SIGCHLD), {"die": true} (SIGKILL).
Prints one answer a step, as it is done: a line of JSON."""
import ctypes
import glob
import json
import os
import signal
import sys
import threading
import time

import odbc_client as client

kept = {}


def opened(string, seconds=20):
    """(environment, connection), or the error."""
    odbc, environment = client.odbc, client.handle(client.HANDLE_ENV, None)
    odbc.SQLSetEnvAttr(environment, client.ODBC_VERSION, ctypes.c_void_p(3), 0)
    connection = client.handle(client.HANDLE_DBC, environment)
    if seconds:
        odbc.SQLSetConnectAttr(connection, client.LOGIN_TIMEOUT, ctypes.c_void_p(seconds), 0)
    if odbc.SQLDriverConnectW(connection, None, client.text(string, True), client.NTS, None, 0, None, 0) in (0, 1):
        return environment, connection
    return " ".join(f"[{state}] {text}" for state, _, text in client.records(client.HANDLE_DBC, connection))


def closed(pair):
    environment, connection = pair
    client.odbc.SQLDisconnect(connection)
    client.odbc.SQLFreeHandle(client.HANDLE_DBC, connection)
    client.odbc.SQLFreeHandle(client.HANDLE_ENV, environment)


def asked(connection):
    rows = client.rows(connection, "select current_user")
    return rows[0][0] if isinstance(rows, list) else "lost"


def open_as(name, string, seconds):
    pair = opened(string, seconds)
    if isinstance(pair, str):
        return pair
    kept[name] = pair
    return asked(pair[1])


def children():
    found = []
    for name in glob.glob("/proc/self/task/*/children"):
        with open(name, encoding="utf-8") as file:
            found += [int(number) for number in file.read().split()]
    return sorted(found)


def files_of(pid):
    found = {}
    for name in os.listdir(f"/proc/{pid}/fd"):
        if int(name) > 2:
            try:
                found[name] = os.readlink(f"/proc/{pid}/fd/{name}")
            except OSError:
                pass
    return found


def at_once(strings):
    answers, barrier = [None] * len(strings), threading.Barrier(len(strings))

    def one(index):
        barrier.wait()
        pair = opened(strings[index])
        answers[index] = pair if isinstance(pair, str) else asked(pair[1])
        barrier.wait()
        if not isinstance(pair, str):
            closed(pair)
    threads = [threading.Thread(target=one, args=(index,)) for index in range(len(strings))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


def in_thread(function):
    answer = []
    thread = threading.Thread(target=lambda: answer.append(function()))
    thread.start()
    thread.join()
    return answer[0]


def forked(steps):
    reader, writer = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(writer, json.dumps([done(step) for step in steps]).encode())
        os._exit(0)
    os.close(writer)
    with os.fdopen(reader, encoding="utf-8") as file:
        answers = json.load(file)
    os.waitpid(child, 0)
    return answers


def done(step):
    if "open" in step:
        return open_as(step["as"], step["open"], step.get("seconds", 20))
    if "open_in_thread" in step:
        return in_thread(lambda: open_as(step["as"], step["open_in_thread"], 20))
    if "threads" in step:
        return at_once(step["threads"])
    if "ask" in step:
        return asked(kept[step["ask"]][1])
    if "close" in step:
        started = time.monotonic()
        closed(kept.pop(step["close"]))
        return time.monotonic() - started
    if "fork" in step:
        return forked(step["fork"])
    if "signal" in step:
        for child in children():
            os.kill(child, step["signal"])
    if "sleep" in step:
        time.sleep(step["sleep"])
    if "reap" in step:
        return os.waitpid(-1, 0)[0]
    if "ignore_children" in step:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    if "files_of_children" in step:
        return [files_of(child) for child in children()]
    if "children" in step:
        return children()
    if "die" in step:
        os.kill(os.getpid(), signal.SIGKILL)
    return None


if __name__ == "__main__":
    for one_step in json.load(sys.stdin):
        print(json.dumps(done(one_step)), flush=True)
