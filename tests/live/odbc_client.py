#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""odbc_client: one ODBC connection through the driver manager, as a plain C program makes it, with every diagnostic record.

Reads a request from standard input (JSON), writes the answer to standard output (JSON):
  request  connection_string | dsn, uid, pwd (null: a null pointer); wide (SQL...W or not); login_timeout (seconds);
           queries; out_length (0: no buffer); completion (of SQLDriverConnect: 0 SQL_DRIVER_NOPROMPT, 1 SQL_DRIVER_COMPLETE)
  answer   connected; status (SQLRETURN of the connect); records [[SQLSTATE, native, text]]; out, out_length (the out
           connection string); results: for each query its rows, or {"records": ...}; seconds (of the connect)
"""
import ctypes
import json
import sys
import time

HANDLE_ENV, HANDLE_DBC, HANDLE_STMT = 1, 2, 3
NTS, C_CHAR, NULL_DATA = -3, 1, -1
LOGIN_TIMEOUT, ODBC_VERSION = 103, 200
odbc = ctypes.CDLL("libodbc.so.2")
for function in ("SQLDriverConnect", "SQLDriverConnectW", "SQLConnect", "SQLConnectW", "SQLGetDiagRecW", "SQLFetch"):
    getattr(odbc, function).restype = ctypes.c_short


def handle(kind, parent):
    made = ctypes.c_void_p()
    assert odbc.SQLAllocHandle(kind, parent, ctypes.byref(made)) in (0, 1)
    return made


def text(value, wide):
    if value is None:
        return None
    return ctypes.create_string_buffer(value.encode("utf-16-le") + b"\0\0" if wide else value.encode())


def records(kind, of):
    found = []
    state, native = ctypes.create_string_buffer(12), ctypes.c_int()
    message, length = ctypes.create_string_buffer(8192), ctypes.c_short()
    while odbc.SQLGetDiagRecW(kind, of, len(found) + 1, state, ctypes.byref(native), message, 4096, ctypes.byref(length)) in (0, 1):
        found.append([state.raw[:10].decode("utf-16-le"), native.value,
                      message.raw.decode("utf-16-le", "replace").split("\0")[0]])
    return found


def rows(connection, query):
    statement = handle(HANDLE_STMT, connection)
    try:
        if odbc.SQLExecDirect(statement, query.encode(), NTS) not in (0, 1):
            return {"records": records(HANDLE_STMT, statement)}
        columns = ctypes.c_short()
        odbc.SQLNumResultCols(statement, ctypes.byref(columns))
        result, buffer, length = [], ctypes.create_string_buffer(65536), ctypes.c_ssize_t()
        while columns.value and odbc.SQLFetch(statement) in (0, 1):
            row = []
            for column in range(1, columns.value + 1):
                odbc.SQLGetData(statement, column, C_CHAR, buffer, ctypes.c_ssize_t(65536), ctypes.byref(length))
                row.append(None if length.value == NULL_DATA else buffer.value.decode("utf-8", "replace"))
            result.append(row)
        return result
    finally:
        odbc.SQLFreeHandle(HANDLE_STMT, statement)


def main():
    request = json.load(sys.stdin)
    wide = request.get("wide", True)
    environment = handle(HANDLE_ENV, None)
    odbc.SQLSetEnvAttr(environment, ODBC_VERSION, ctypes.c_void_p(3), 0)
    connection = handle(HANDLE_DBC, environment)
    if request.get("login_timeout") is not None:
        odbc.SQLSetConnectAttr(connection, LOGIN_TIMEOUT, ctypes.c_void_p(request["login_timeout"]), 0)
    out_length = request.get("out_length", 4096)
    out = ctypes.create_string_buffer(2 * out_length + 2) if out_length else None
    out_needed = ctypes.c_short()
    started = time.monotonic()
    if request.get("connection_string") is not None:
        connect = odbc.SQLDriverConnectW if wide else odbc.SQLDriverConnect
        status = connect(connection, None, text(request["connection_string"], wide), NTS, out, out_length, ctypes.byref(out_needed),
                         request.get("completion", 0))
    else:
        connect = odbc.SQLConnectW if wide else odbc.SQLConnect
        arguments = [part for name in ("dsn", "uid", "pwd")
                     for part in (text(request.get(name), wide), NTS if request.get(name) is not None else 0)]
        status = connect(connection, *arguments)
    answer = {"status": status, "connected": status in (0, 1), "seconds": time.monotonic() - started,
              "records": records(HANDLE_DBC, connection) if status != 0 else [], "results": []}
    if out is not None and status in (0, 1):
        answer["out"] = out.raw.decode("utf-16-le", "replace").split("\0")[0] if wide else out.value.decode("utf-8", "replace")
        answer["out_length"] = out_needed.value
    if answer["connected"]:
        answer["results"] = [rows(connection, query) for query in request.get("queries", [])]
        odbc.SQLDisconnect(connection)
    odbc.SQLFreeHandle(HANDLE_DBC, connection)
    odbc.SQLFreeHandle(HANDLE_ENV, environment)
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
