// SPDX-License-Identifier: Apache-2.0
// node_client: the argument is a connection string; prints what a JavaScript program sees of it through the npm package
// `odbc` that writes, reads and fails.
'use strict';
const odbc = require('odbc');

const text = "Zoë € 😀 東京 'q' {a};b=?";
const typed = (key, value) => (typeof value === 'bigint' ? `${value}n` : value);

function show(result) {
  for (const { name, dataTypeName, columnSize, decimalDigits, nullable } of result.columns) {
    console.log(' ', name, dataTypeName, columnSize, decimalDigits, nullable);
  }
  for (const row of result) console.log(' ', JSON.stringify(row, typed));
}

async function main() {
  const connection = await odbc.connect({ connectionString: process.argv[2], loginTimeout: 20 });
  console.log('odbc', require('odbc/package.json').version, 'of npm, Node.js', process.version);
  await connection.query('create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)');
  const insert = await connection.createStatement();
  await insert.prepare('insert into note values (?, ?, ?, ?)');
  for (const row of [[1, text, '12.50', '2024-02-29'], [2, null, null, null], [3, '', '-0.01', null]]) {
    await insert.bind(row);
    console.log('inserted', (await insert.execute()).count);
  }
  await insert.close();
  show(await connection.query('select * from note where id < ? order by id', [10]));
  show(await connection.query('select id from note where body = ?', [text]));
  await connection.beginTransaction();
  console.log('updated', (await connection.query('update note set amount = amount + 1 where id >= 1')).count);
  await connection.rollback();
  show(await connection.query('select sum(amount) as total, count(*) as number from note'));
  const cursor = await connection.query('select name, area, founded from city order by id', { cursor: true, fetchSize: 2 });
  while (!cursor.noData) show(await cursor.fetch());
  await cursor.close();
  for (const column of await connection.columns(null, null, 'city', null)) {
    console.log(' ', column.COLUMN_NAME, column.TYPE_NAME, column.COLUMN_SIZE, column.NULLABLE);
  }
  try {
    await connection.query('select nonsense from note');
  } catch (error) {
    console.log('error', error.message, JSON.stringify(error.odbcErrors));
  }
  await connection.close();
}

main();
