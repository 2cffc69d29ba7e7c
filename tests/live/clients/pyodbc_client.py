#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""pyodbc_client: argv[1] is a connection string; prints what a program sees of it that writes, reads and fails."""
import datetime
import decimal
import sys

import pyodbc

TEXT = "Zoë € 😀 東京 'q' {a};b=?"

connection = pyodbc.connect(sys.argv[1], timeout=20)
cursor = connection.cursor()


def show(query, *parameters):
    cursor.execute(query, *parameters)
    for name, kind, _, size, precision, scale, nullable in cursor.description:
        print(f"  {name}: {kind.__name__} {size} {precision} {scale} {nullable}")
    for row in cursor.fetchall():
        print(" ", " | ".join(f"{type(value).__name__} {value}" for value in row))


print(connection.getinfo(pyodbc.SQL_DRIVER_NAME), connection.getinfo(pyodbc.SQL_DBMS_NAME))
cursor.execute("create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)")
cursor.executemany("insert into note values (?, ?, ?, ?)", [
    (1, TEXT, decimal.Decimal("12.50"), datetime.date(2024, 2, 29)), (2, None, None, None), (3, "", decimal.Decimal("-0.01"), None)])
connection.commit()
show("select * from note where id < ? order by id", 10)
show("select id from note where body = ?", TEXT)
cursor.execute("update note set amount = amount + ? where id >= ?", decimal.Decimal("1.25"), 1)
print("updated", cursor.rowcount)
connection.rollback()
show("select sum(amount) as total, count(*) as number from note")
show("select name, area, founded from city where id <= ? order by id", 2)
for column in cursor.columns(table="city"):
    print(" ", column.column_name, column.type_name, column.column_size, column.nullable)
try:
    cursor.execute("select nonsense from note where id = ?", 1)
except pyodbc.Error as error:
    print("error", type(error).__name__, *error.args)
connection.close()
