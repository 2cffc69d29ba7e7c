#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# ogr_client: $1 is a DSN or a connection string, $2 what stands before a table's name to make a layer's; shows what GDAL's
# programs see of it that read a table, convert one, write by SQL and fail. Each of them is a process of its own.
source="ODBC:$1"
case $1 in *=*) ;; *) source="ODBC:@$1" ;; esac
note="'Zoë € 😀 東京 ''q'' {a}'"

ask() { ogrinfo -q "$source" "$@" 2>&1; }

ogrinfo --version
ogrinfo -ro "$source" "$2city" 2>&1 | grep -v '^INFO: Open of '
ogr2ogr -f CSV /vsistdout/ "$source" -sql "select id, name, area, $note as note from city order by id" 2>&1
ask -sql "create table ogr_note (id integer, body varchar(60), amount decimal(8,2))"
ask -sql "insert into ogr_note values (1, $note, 12.50), (2, null, null)"
ask -sql "select * from ogr_note order by id"
ask -where "amount > 12" "$2ogr_note"
ask -sql "drop table ogr_note"
ask -sql "select nonsense from city"
exit 0
