#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""worlds_client: two base drivers in one process, under one ODBC environment, through the driver manager.

  worlds_client.py STORY [DSN...]    what the story saw (JSON); each story is a function below
"""
import ctypes
import json
import sys
import threading

from odbc_client import (HANDLE_DBC, HANDLE_ENV, HANDLE_STMT, NTS, ODBC_VERSION, handle, odbc, records, rows, text)

HANDLE_DESC = 4
AUTOCOMMIT = 102
APP_ROW, APP_PARAM, IMP_ROW, IMP_PARAM = 10010, 10011, 10012, 10013
C_CHAR, C_LONG, SQL_INTEGER, SQL_VARCHAR, PARAM_INPUT = 1, 4, 4, 12, 1
for name in ("SQLCopyDesc", "SQLExecute", "SQLPrepare", "SQLExecDirect", "SQLDisconnect", "SQLEndTran", "SQLSetConnectAttr",
             "SQLBindCol", "SQLBindParameter", "SQLGetStmtAttr", "SQLFreeHandle", "SQLGetData"):
    getattr(odbc, name).restype = ctypes.c_short

environment = handle(HANDLE_ENV, None)
odbc.SQLSetEnvAttr(environment, ODBC_VERSION, ctypes.c_void_p(3), 0)


def must(status, kind, of):
    if status not in (0, 1):
        raise AssertionError(records(kind, of))


def connect(connection, dsn, wide=True):
    function = odbc.SQLDriverConnectW if wide else odbc.SQLDriverConnect
    must(function(connection, None, text(f"DSN={dsn}", wide), NTS, None, 0, None, 0), HANDLE_DBC, connection)


def opened(dsn, wide=True):
    connection = handle(HANDLE_DBC, environment)
    connect(connection, dsn, wide)
    return connection


def closed(connection):
    must(odbc.SQLDisconnect(connection), HANDLE_DBC, connection)
    must(odbc.SQLFreeHandle(HANDLE_DBC, connection), HANDLE_DBC, connection)


def executed(connection, query):
    statement = handle(HANDLE_STMT, connection)
    must(odbc.SQLExecDirect(statement, query.encode(), NTS), HANDLE_STMT, statement)
    return statement


def first_column(statement):
    """The next row's first column; None behind the last row."""
    status = odbc.SQLFetch(statement)
    if status == 100:
        return None
    must(status, HANDLE_STMT, statement)
    buffer, length = ctypes.create_string_buffer(100), ctypes.c_ssize_t()
    must(odbc.SQLGetData(statement, 1, C_CHAR, buffer, ctypes.c_ssize_t(100), ctypes.byref(length)), HANDLE_STMT, statement)
    return buffer.value.decode()


# ---- stories ----


def back_and_forth(*dsns):
    """One connection handle, connected to each DSN in turn, many times; a statement is left for the disconnect to end."""
    connection, seen = handle(HANDLE_DBC, environment), []
    for turn in range(40):
        connect(connection, dsns[turn % len(dsns)], wide=turn % 3 != 0)
        executed(connection, "select 1")
        seen.append(rows(connection, "select version(), 'sju'"))
        must(odbc.SQLDisconnect(connection), HANDLE_DBC, connection)
    return seen


def interleaved(*dsns):
    """Open results of all DSNs at once, fetched a row of each in turn; then others are opened between two rows."""
    connections = [opened(dsn, wide=place % 2 == 0) for place, dsn in enumerate(dsns)]
    statements = [executed(connection, f"select {place} union all select id from city order by 1")
                  for place, connection in enumerate(connections, 10)]
    seen, between = [[] for _ in dsns], []
    for _ in range(5):
        for place, statement in enumerate(statements):
            seen[place].append(first_column(statement))
            between.append(rows(connections[place - 1], "select count(*) from city"))
    for connection in reversed(connections):
        closed(connection)
    return {"seen": seen, "between": between}


def threads(*dsns):
    """Four threads a DSN: each connects, asks and disconnects many times, with one handle that changes its DSN too."""
    faults, answers = [], []

    def live(place):
        try:
            connection = handle(HANDLE_DBC, environment)
            for turn in range(15):
                connect(connection, dsns[(place + turn) % len(dsns)], wide=turn % 2 == 0)
                here = executed(connection, "select id from city order by id")
                got = [first_column(here), rows(connection, f"select {place}, {turn}"), first_column(here), first_column(here)]
                answers.append(got == ["1", [[str(place), str(turn)]], "2", "3"])
                must(odbc.SQLDisconnect(connection), HANDLE_DBC, connection)
            must(odbc.SQLFreeHandle(HANDLE_DBC, connection), HANDLE_DBC, connection)
        except Exception as fault:  # pylint: disable=broad-except
            faults.append(repr(fault))

    running = [threading.Thread(target=live, args=(place,)) for place in range(4 * len(dsns))]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    return {"right": answers.count(True), "wrong": answers.count(False), "faults": faults}


def transactions(*dsns):
    """A change on each DSN, taken back by the environment's end of transaction; then one that stays."""
    connections = [opened(dsn) for dsn in dsns]
    for connection in connections:
        rows(connection, "create temporary table passing (n integer)")
        must(odbc.SQLSetConnectAttr(connection, AUTOCOMMIT, ctypes.c_void_p(0), 0), HANDLE_DBC, connection)
    seen = []
    for completion in (1, 0):
        for connection in connections:
            executed(connection, "insert into passing values (1)")
        must(odbc.SQLEndTran(HANDLE_ENV, environment, completion), HANDLE_ENV, environment)
        seen.append([rows(connection, "select count(*) from passing")[0][0] for connection in connections])
    return seen


def descriptor(statement, which):
    found = ctypes.c_void_p()
    must(odbc.SQLGetStmtAttr(statement, which, ctypes.byref(found), 0, None), HANDLE_STMT, statement)
    return found


def copied(source, target):
    status = odbc.SQLCopyDesc(source, target)
    return [status, records(HANDLE_DESC, target) if status != 0 else []]


def columns(source, target):
    """Columns bound on one DSN's statement and copied to one of the other, whose rows arrive there."""
    one, other = (handle(HANDLE_STMT, opened(dsn)) for dsn in (source, target))
    number, number_length = ctypes.c_int(), ctypes.c_ssize_t()
    word, word_length = ctypes.create_string_buffer(20), ctypes.c_ssize_t()
    odbc.SQLBindCol(one, 1, C_LONG, ctypes.byref(number), ctypes.c_ssize_t(0), ctypes.byref(number_length))
    odbc.SQLBindCol(one, 2, C_CHAR, word, ctypes.c_ssize_t(20), ctypes.byref(word_length))
    answer = {"copy": copied(descriptor(one, APP_ROW), descriptor(other, APP_ROW)), "rows": []}
    must(odbc.SQLExecDirect(other, b"select id, name from city where id < 3 order by id", NTS), HANDLE_STMT, other)
    while odbc.SQLFetch(other) in (0, 1):
        answer["rows"].append([number.value, word.value.decode(), number_length.value, word_length.value])
    return answer


def parameters(source, target):
    """Parameters bound on one DSN's statement and copied to one of the other, which reads them."""
    one, other = (handle(HANDLE_STMT, opened(dsn)) for dsn in (source, target))
    number, number_length = ctypes.c_int(2), ctypes.c_ssize_t(0)
    word, word_length = ctypes.create_string_buffer(b"abcdef"), ctypes.c_ssize_t(3)
    for place, c_type, sql_type, size, at, room, length in (
            (1, C_LONG, SQL_INTEGER, 10, ctypes.byref(number), 0, number_length),
            (2, C_CHAR, SQL_VARCHAR, 20, word, 7, word_length)):
        must(odbc.SQLBindParameter(one, place, PARAM_INPUT, c_type, sql_type, ctypes.c_size_t(size), 0, at,
                                   ctypes.c_ssize_t(room), ctypes.byref(length)), HANDLE_STMT, one)
    answer = {"application": copied(descriptor(one, APP_PARAM), descriptor(other, APP_PARAM)),
              "implementation": copied(descriptor(one, IMP_PARAM), descriptor(other, IMP_PARAM)), "rows": []}
    if answer["implementation"][0] != 0:
        return answer
    query = b"select name from city where id = ? and concat('x', ?) = 'xabc'"
    must(odbc.SQLPrepare(other, query, NTS), HANDLE_STMT, other)
    for number.value in (1, 2):
        must(odbc.SQLExecute(other), HANDLE_STMT, other)
        answer["rows"].append(first_column(other))
        odbc.SQLFreeStmt(other, 0)
    return answer


def refusals(source, target):
    """What ODBC refuses: a target that describes a result; a source that does before there is one."""
    one, other = (handle(HANDLE_STMT, opened(dsn)) for dsn in (source, target))
    to_result = copied(descriptor(one, APP_ROW), descriptor(other, IMP_ROW))
    too_early = copied(descriptor(one, IMP_ROW), descriptor(other, APP_ROW))
    must(odbc.SQLExecDirect(one, b"select id, name from city", NTS), HANDLE_STMT, one)
    return {"to_result": to_result, "too_early": too_early,
            "from_result": copied(descriptor(one, IMP_ROW), descriptor(other, APP_ROW))}


if __name__ == "__main__":
    json.dump(globals()[sys.argv[1]](*sys.argv[2:]), sys.stdout)
