<?php
// SPDX-License-Identifier: Apache-2.0
// php_pdo_client: the argument is a DSN or a connection string; prints what a PHP program sees of it through PDO that
// writes, reads and fails.
const TEXT = "Zoë € 😀 東京 'q' {a};b=?";

function show(PDO $db, string $query, array $parameters): void
{
    $result = $db->prepare($query);
    $result->execute($parameters);
    echo "  ", $result->columnCount(), " columns\n";
    foreach ($result->fetchAll(PDO::FETCH_ASSOC) as $row) {
        echo "  ", json_encode($row, JSON_UNESCAPED_UNICODE | JSON_THROW_ON_ERROR), "\n";
    }
}

$db = new PDO("odbc:" . $argv[1]);
$db->exec("create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)");
$insert = $db->prepare("insert into note values (?, ?, ?, ?)");
foreach ([[1, TEXT, "12.50", "2024-02-29"], [2, null, null, null], [3, "", "-0.01", null]] as $row) {
    $insert->execute($row);
    echo "inserted ", $insert->rowCount(), "\n";
}
show($db, "select * from note where id < :limit order by id", ["limit" => 10]);
show($db, "select id from note where body = ?", [TEXT]);
$db->beginTransaction();
echo "updated ", $db->exec("update note set amount = amount + 1 where id >= 1"), "\n";
$db->rollBack();
show($db, "select sum(amount) as total, count(*) as number from note", []);
show($db, "select name, area, founded from city where id <= ? order by id", [2]);
try {
    show($db, "select nonsense from note where id = ?", [1]);
} catch (PDOException $error) {
    echo "error ", $error->getMessage(), " ", json_encode($error->errorInfo, JSON_UNESCAPED_UNICODE), "\n";
}
