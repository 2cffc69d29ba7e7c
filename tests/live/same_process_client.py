#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""same_process_client: opens the connection strings of standard input (a JSON list) one after the other in one process and keeps all of them open.
Prints its process id and, for each, the current user or the error."""
import json
import os
import sys

import pyodbc

pyodbc.pooling = False
connections, answers = [], []
for string in json.load(sys.stdin):
    try:
        connections.append(pyodbc.connect(string, timeout=20))
        answers.append(connections[-1].cursor().execute("select current_user").fetchall()[0][0])
    except pyodbc.Error as error:
        answers.append(str(error))
json.dump({"pid": os.getpid(), "answers": answers}, sys.stdout)
