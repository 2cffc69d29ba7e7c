#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pyodbc_client: argv[1] is a connection string, argv[2] a query; prints the rows as JSON."""
import json
import sys

import pyodbc

connection = pyodbc.connect(sys.argv[1], timeout=20)
rows = connection.cursor().execute(sys.argv[2]).fetchall()
json.dump([[None if value is None else str(value) for value in row] for row in rows], sys.stdout)
connection.close()
