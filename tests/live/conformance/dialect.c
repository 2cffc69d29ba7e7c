// dialect: the program speaks PostgreSQL's SQL; with --mariadb, what MariaDB says otherwise (in sql_mode ANSI) is looked
// up here. What is in no row is sent as it is, also where MariaDB refuses it: a refusal is compared as well.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <string.h>

#include "conformance.h"

int is_mariadb;

typedef struct {
  const char* postgresql;
  const char* mariadb;
} Words;

static const Words rows[] = {
    {"drop schema if exists conformance cascade", "drop schema if exists conformance"},
    // waiting, sessions, settings
    {"select pg_sleep(3)", "select sleep(1.5)"},
    {"select pg_terminate_backend(0)", "kill 0"},
    {"select pg_terminate_backend(pg_backend_pid())", "kill connection_id()"},
    {"select * from pg_authid", "select * from mysql.global_priv"},
    {"select current_database()", "select database()"},
    {"select current_setting('transaction_isolation')", "select @@tx_isolation"},
    {"select current_setting('transaction_isolation'), current_setting('transaction_read_only'), current_database()",
     "select @@tx_isolation, @@tx_read_only, database()"},
    {"begin isolation level serializable read only", "start transaction read only"},
    {"show application_name", "show variables like 'version_comment'"},
    {"explain (costs off) select 1", "explain select 1"},
    {"set local work_mem = '1MB'", "set sort_buffer_size = 1000000"},
    // messages of the server
    {"do $$ begin raise notice 'heard'; end $$", "select cast('heard' as integer)"},
    {"do $$ begin raise warning 'heard twice'; raise notice 'again'; end $$",
     "select cast('heard' as integer), cast('twice' as integer)"},
    {"do $$ begin raise exception using errcode = 'ZZ123', message = 'own', detail = 'more', hint = 'less'; end $$",
     "signal sqlstate 'ZZ123' set message_text = 'own', mysql_errno = 4711"},
    {"do $$ begin raise exception '%', repeat('long ', 400); end $$",
     "signal sqlstate '45000' set message_text = 'long long long long long long long long long long long long long "
     "long'"},
    {"do $$ begin for i in 1..3 loop raise notice 'number %', i; end loop; end $$", "do cast('number' as integer)"},
    // types
    {"select 'a'::integer", "select cast('a' as integer)"},
    {"select 'Zürich € 東京 😀'::integer", "select json_extract('Zürich € 東京 😀', '$', 1)"},
    {"select ?::text, ?::bytea", "select cast(? as char), cast(? as binary)"},
    {"select ?::integer + ?::integer, ?::text", "select cast(? as integer) + cast(? as integer), cast(? as char)"},
    {"select 'abc', null::text", "select 'abc', null"},
    {"select repeat('story ', 20), 'Zürich € 東京 😀', '\\x00ff1001'::bytea, 42, null::text, ''",
     "select repeat('story ', 20), 'Zürich € 東京 😀', x'00ff1001', 42, null, ''"},
    {"select cast(? as bigint)", "select cast(? as integer)"},
    {"select cast(? as smallint)", "select cast(? as integer)"},
    {"select cast(? as boolean)", "select cast(? as unsigned)"},
    {"select cast(? as double precision)", "select cast(? as double)"},
    {"select cast(? as real)", "select cast(? as float)"},
    {"select cast(? as numeric)", "select cast(? as decimal(12,3))"},
    {"select cast(? as text)", "select cast(? as char)"},
    {"select cast(? as bytea)", "select cast(? as binary)"},
    {"select cast(? as timestamp)", "select cast(? as datetime(3))"},
    {"select cast(? as uuid)", "select cast(? as char)"},
    // statements
    {"update conformance.scratch set words = 'uno' where id = 1 returning id, words",
     "delete from conformance.scratch where id = 1 returning id, words"},
    {"insert into conformance.scratch (id, words) select n, 'w' || n from generate_series(1, 5) n",
     "insert into conformance.scratch (id, words) select seq, 'w' || seq from seq_1_to_5"},
};

int is_left_out(const char* call) {
  if (is_mariadb) printf("left out: %s\n", call);
  return is_mariadb;
}

const char* in_dialect(const char* postgresql) {
  for (size_t i = 0; is_mariadb && i < COUNT(rows); ++i) {
    if (strcmp(rows[i].postgresql, postgresql) == 0) return rows[i].mariadb;
  }
  return postgresql;
}
