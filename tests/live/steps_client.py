#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""steps_client: does the steps of standard input (a JSON list) in one process, so that what the driver keeps is seen.
A step is {"connect": connection string}, {"threads": number, "connect": ...} (all at once), {"sleep": seconds},
{"control": {...}} (what the verifier refuses) or {"refuse_seen": true} (every token that it has seen so far).
Prints the user or the error of each connect, a list for threads."""
import ctypes
import json
import os
import sys
import threading
import time

import odbc_client as client


def connect(string):
    """With an environment of its own; after its last connection the driver manager may unload the driver (DontDLClose=0)."""
    odbc, environment = client.odbc, client.handle(client.HANDLE_ENV, None)
    odbc.SQLSetEnvAttr(environment, client.ODBC_VERSION, ctypes.c_void_p(3), 0)
    connection = client.handle(client.HANDLE_DBC, environment)
    if odbc.SQLDriverConnectW(connection, None, client.text(string, True), client.NTS, None, 0, None, 0) in (0, 1):
        answer = client.rows(connection, "select current_user")[0][0]
        odbc.SQLDisconnect(connection)
    else:
        answer = " ".join(f"[{state}] {text}" for state, _, text in client.records(client.HANDLE_DBC, connection))
    odbc.SQLFreeHandle(client.HANDLE_DBC, connection)
    odbc.SQLFreeHandle(client.HANDLE_ENV, environment)
    return answer


def control(content):
    name = os.environ["RDS_CONTROL"]
    with open(name + ".new", "w", encoding="utf-8") as file:
        json.dump(content, file)
    os.replace(name + ".new", name)


def seen():
    with open(os.environ["RDS_TOKENS_LOG"], encoding="utf-8") as file:
        return sorted({json.loads(line)["sha256"] for line in file})


def at_once(count, string):
    answers, barrier = [None] * count, threading.Barrier(count)

    def one(index):
        barrier.wait()
        answers[index] = connect(string)
    threads = [threading.Thread(target=one, args=(index,)) for index in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


answers = []
for step in json.load(sys.stdin):
    if "threads" in step:
        answers.append(at_once(step["threads"], step["connect"]))
    elif "connect" in step:
        answers.append(connect(step["connect"]))
    elif "sleep" in step:
        time.sleep(step["sleep"])
    elif "control" in step:
        control(step["control"])
    else:
        control({"refuse_tokens": seen()})
json.dump(answers, sys.stdout)
