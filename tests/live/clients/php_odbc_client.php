<?php
// SPDX-License-Identifier: Apache-2.0
// php_odbc_client: the argument is a DSN or a connection string; prints what a PHP program sees of it by the odbc_...
// functions that writes, reads and fails.
const TEXT = "Zoë € 😀 東京 'q' {a};b=?";

function show($db, string $query, array $parameters): void
{
    $result = odbc_prepare($db, $query);
    odbc_execute($result, $parameters);
    for ($i = 1; $i <= odbc_num_fields($result); ++$i) {
        echo "  ", odbc_field_name($result, $i), ": ", odbc_field_type($result, $i), " ", odbc_field_len($result, $i), " ",
            odbc_field_scale($result, $i), "\n";
    }
    while ($row = odbc_fetch_array($result)) {
        echo "  ", json_encode($row, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
    }
}

$db = odbc_connect($argv[1], "", "");
if (!$db) {
    exit(1);
}
odbc_exec($db, "create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)");
$insert = odbc_prepare($db, "insert into note values (?, ?, ?, ?)");
foreach ([[1, TEXT, "12.50", "2024-02-29"], [2, null, null, null], [3, "", "-0.01", null]] as $row) {
    echo "inserted ", odbc_execute($insert, $row) ? odbc_num_rows($insert) : odbc_errormsg($db), "\n";
}
show($db, "select * from note where id < ? order by id", [10]);
show($db, "select id from note where body = ?", [TEXT]);
odbc_autocommit($db, false);
echo "updated ", odbc_num_rows(odbc_exec($db, "update note set amount = amount + 1 where id >= 1")), "\n";
odbc_rollback($db);
odbc_autocommit($db, true);
show($db, "select sum(amount) as total, count(*) as number from note", []);
show($db, "select name, area, founded from city where id <= ? order by id", [2]);
$columns = odbc_columns($db, null, null, "city", "%");
while ($row = odbc_fetch_array($columns)) {
    echo "  ", implode(" ", [$row["COLUMN_NAME"], $row["TYPE_NAME"], $row["NULLABLE"]]), "\n";
}
if (!@odbc_exec($db, "select nonsense from note where id = 1")) {
    echo "error ", odbc_error($db), " ", odbc_errormsg($db), "\n";
}
odbc_close($db);
