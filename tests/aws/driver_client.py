#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""driver_client: connects by the driver itself, without a driver manager, over the base driver of the tests that connects to nobody. Each line of standard input is one step,
{"threads": how many connect at once, "login_timeout": seconds, 0 for none}; each line of the output says how often each message came, "connected" among them, and how many
files and threads the process has afterwards: {"said": {message: count}, "files": number, "threads": number}.

    driver_client.py [ATTRIBUTES]        # what is to be added to the connection string"""
import collections
import ctypes
import json
import os
import sys
import threading
import time

ENV, DBC, ODBC_VERSION, LOGIN_TIMEOUT, NTS = 1, 2, 200, 103, -3
BUILD = os.environ["IAMODBC_TEST_BUILD"]
BASE = os.path.join(BUILD, "tests", "driver", "recording_psqlodbc", "psqlodbcw.so")
STRING = (f"BaseDriver={BASE};Server=mydb.cabc123def45.eu-central-1.rds.amazonaws.com;UID=jane;TLSCAFile={os.path.abspath(__file__)};"
          + ";".join(sys.argv[1:])).encode()  # that base driver does not read the file
driver = ctypes.CDLL(os.environ["IAMODBC_TEST_DRIVER"])
for function in (driver.SQLSetEnvAttr, driver.SQLSetConnectAttr):
    function.argtypes = [ctypes.c_void_p, ctypes.c_int, ctypes.c_void_p, ctypes.c_int]
threading.stack_size(512 * 1024)


def handle(kind, parent):
    made = ctypes.c_void_p()
    assert driver.SQLAllocHandle(kind, parent, ctypes.byref(made)) == 0
    return made


def message(connection):
    state, text = ctypes.create_string_buffer(6), ctypes.create_string_buffer(2048)
    driver.SQLGetDiagRec(DBC, connection, 1, state, None, text, len(text), None)
    return f"[{state.value.decode()}] {text.value.decode()}"


def connect(all_are_here, login_timeout, said):
    environment = handle(ENV, None)
    driver.SQLSetEnvAttr(environment, ODBC_VERSION, 3, 0)
    connection = handle(DBC, environment)
    driver.SQLSetConnectAttr(connection, LOGIN_TIMEOUT, login_timeout, 0)
    all_are_here.wait()
    connected = driver.SQLDriverConnect(connection, None, STRING, NTS, None, 0, None, 0) in (0, 1)
    said.append("connected" if connected else message(connection))
    if connected:
        driver.SQLDisconnect(connection)
    driver.SQLFreeHandle(DBC, connection)
    driver.SQLFreeHandle(ENV, environment)


def threads_that_stay():
    """The system needs a moment to forget those that have ended."""
    for _ in range(100):
        if len(os.listdir("/proc/self/task")) == 1:
            break
        time.sleep(0.02)
    return len(os.listdir("/proc/self/task"))


for line in sys.stdin:
    step, messages = json.loads(line), []
    barrier = threading.Barrier(max(step["threads"], 1))
    threads = [threading.Thread(target=connect, args=(barrier, step["login_timeout"], messages)) for _ in range(step["threads"])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps({"said": collections.Counter(messages), "files": len(os.listdir("/proc/self/fd")), "threads": threads_that_stay()}), flush=True)
