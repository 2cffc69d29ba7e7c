#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""steps_client: does the steps of standard input (a JSON list) in one process, so that what the driver keeps is seen.
A step is {"connect": connection string}, {"threads": number, "connect": ...} (all at once), {"sleep": seconds},
{"control": {...}} (what the verifier refuses), {"refuse_seen": true} (every token that it has seen so far),
{"open": connection string, "as": name, "wide": or not}, {"ask": query, "of": name} or {"close": name}.
Prints the user or the error of each connect, a list for threads; the status of an open that succeeded or its error; the rows of
each question, in which {} stands for the first value of the first answer."""
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


def opened(string, name, wide=True):
    """Stays open, in an environment of its own; which the driver manager's pools are not."""
    odbc, environment = client.odbc, client.handle(client.HANDLE_ENV, None)
    odbc.SQLSetEnvAttr(environment, client.ODBC_VERSION, ctypes.c_void_p(3), 0)
    connection = client.handle(client.HANDLE_DBC, environment)
    function = odbc.SQLDriverConnectW if wide else odbc.SQLDriverConnect
    status = function(connection, None, client.text(string, wide), client.NTS, None, 0, None, 0)
    if status not in (0, 1):
        return " ".join(f"[{state}] {text}" for state, _, text in client.records(client.HANDLE_DBC, connection))
    kept[name] = (environment, connection)
    return status


def closed(name):
    environment, connection = kept.pop(name)
    client.odbc.SQLDisconnect(connection)
    client.odbc.SQLFreeHandle(client.HANDLE_DBC, connection)
    client.odbc.SQLFreeHandle(client.HANDLE_ENV, environment)


def asked(connection, query):
    statement = ctypes.c_void_p()
    if client.odbc.SQLAllocHandle(client.HANDLE_STMT, connection, ctypes.byref(statement)) not in (0, 1):
        return {"records": client.records(client.HANDLE_DBC, connection)}
    client.odbc.SQLFreeHandle(client.HANDLE_STMT, statement)
    return client.rows(connection, query)


answers, kept, first = [], {}, []
for step in json.load(sys.stdin):
    if "threads" in step:
        answers.append(at_once(step["threads"], step["connect"]))
    elif "connect" in step:
        answers.append(connect(step["connect"]))
    elif "open" in step:
        answers.append(opened(step["open"], step["as"], step.get("wide", True)))
    elif "ask" in step:
        answers.append(asked(kept[step["of"]][1], step["ask"].format(*first)))
        first = first or answers[-1][0][:1]
    elif "close" in step:
        closed(step["close"])
    elif "sleep" in step:
        time.sleep(step["sleep"])
    elif "control" in step:
        control(step["control"])
    else:
        control({"refuse_tokens": seen()})
json.dump(answers, sys.stdout)
