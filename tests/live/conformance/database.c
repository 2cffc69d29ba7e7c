// database: what all sections find, in a schema of its own.
// SPDX-License-Identifier: Apache-2.0
#include "conformance.h"

static const char* const in_postgresql[] = {
    "create schema conformance",
    "create domain conformance.share as numeric(5,2) check (value <= 100)",
    "create type conformance.mood as enum ('calm', 'cross')",
    "create table conformance.kinds (id integer primary key, small smallint, big bigint, single real, precise double "
    "precision, "
    "exact numeric(12,3), flag boolean default true, day date, hour time, moment timestamp, zoned timestamptz, letters "
    "char(5), "
    "words varchar(40) not null, story text, raw bytea, tag uuid, part conformance.share, mood conformance.mood, "
    "list integer[], json jsonb, money money, span interval)",
    "insert into conformance.kinds values (1, 12, 1234567890123, 1.5, 2.25, 123456.789, true, '2024-02-29', "
    "'23:59:58', "
    "'2024-02-29 12:34:56.789', '2024-02-29 12:34:56+00', 'ab', 'Zürich € 東京', repeat('story ', 50), '\\x00ff10', "
    "'11111111-2222-3333-4444-555555555555', 12.5, 'calm', '{1,2}', '{\"a\": 1}', 1.5, '1 day')",
    "insert into conformance.kinds (id, words) values (2, '')",
    "insert into conformance.kinds values (3, -32768, -9223372036854775808, 'NaN', 'Infinity', -0.001, false, "
    "'0001-01-01', "
    "'00:00:00', '9999-12-31 23:59:59', '1970-01-01 00:00:00+00', '', '😀', '', '', "
    "'00000000-0000-0000-0000-000000000000', 0, "
    "'cross', '{}', '[]', -1, '-3 months')",
    "create table conformance.scratch (id integer primary key, words varchar(30), amount numeric(10,2), raw bytea)",
    "create table conformance.\"Odd Name\" (\"A b\" integer not null, kind integer references conformance.kinds(id), "
    "serial_number serial, check (\"A b\" > 0), unique (\"A b\", kind))",
    "create index odd_index on conformance.\"Odd Name\" (kind desc)",
    "create table conformance.series as select n as n, 'row ' || n as words from generate_series(1, 20) as n",
    "alter table conformance.series add primary key (n)",
    "create view conformance.seen as select id, words from conformance.kinds where flag",
    "create function conformance.add(a integer, b integer) returns integer language sql as 'select a + b'",
    "create function conformance.split(whole numeric, out integral integer, out fraction numeric) language sql as "
    "'select whole::integer, whole - whole::integer'",
    "comment on table conformance.kinds is 'one column a kind'",
    "comment on column conformance.kinds.words is 'never null'",
    "grant select on conformance.kinds to public",
    "grant update (words) on conformance.kinds to public",
};

// The same kinds as near as MariaDB has them; a procedure `add` stands beside the function, for {call}.
static const char* const in_mariadb[] = {
    "create schema conformance",
    "create table conformance.kinds (id integer primary key, small smallint, big bigint, single float, precise double, "
    "exact numeric(12,3), flag boolean default true, day date, hour time, moment datetime(3), zoned timestamp null, "
    "letters char(5), words varchar(40) not null comment 'never null', story text, raw blob, tag char(36), part "
    "numeric(5,2) check (part <= 100), mood enum('calm', 'cross'), list set('a', 'b'), json json, money year, span "
    "bit(9)) comment 'one column a kind'",
    "insert into conformance.kinds values (1, 12, 1234567890123, 1.5, 2.25, 123456.789, true, '2024-02-29', "
    "'23:59:58', '2024-02-29 12:34:56.789', '2024-02-29 12:34:56', 'ab', 'Zürich € 東京', repeat('story ', 50), "
    "x'00ff10', '11111111-2222-3333-4444-555555555555', 12.5, 'calm', 'a,b', '{\"a\": 1}', 2024, b'101')",
    "insert into conformance.kinds (id, words) values (2, '')",
    "insert into conformance.kinds values (3, -32768, -9223372036854775808, -1.5e30, 1.5e300, -0.001, false, "
    "'1000-01-01', '00:00:00', '9999-12-31 23:59:59', '1970-01-02 00:00:00', '', '😀', '', '', "
    "'00000000-0000-0000-0000-000000000000', 0, 'cross', '', '[]', 1901, b'0')",
    "create table conformance.scratch (id integer primary key, words varchar(30), amount numeric(10,2), raw blob)",
    "create table conformance.\"Odd Name\" (\"A b\" integer not null check (\"A b\" > 0), kind integer, serial_number "
    "integer auto_increment unique, unique (\"A b\", kind), foreign key (kind) references conformance.kinds(id))",
    "create index odd_index on conformance.\"Odd Name\" (kind desc)",
    "create table conformance.series (n integer primary key, words varchar(20)) select seq as n, concat('row ', seq) "
    "as "
    "words from seq_1_to_20",
    "create view conformance.seen as select id, words from conformance.kinds where flag",
    "create function conformance.add(a integer, b integer) returns integer deterministic return a + b",
    "create procedure conformance.add(a integer, b integer) select a + b",
    "create procedure conformance.split(whole numeric(10,3), out integral integer, out fraction numeric(10,3)) set "
    "integral = truncate(whole, 0), fraction = whole - truncate(whole, 0)",
};

void clear_database(void) {
  const Session session = open_session();
  must(session.dbc, "drop schema if exists conformance cascade");
  close_session(session);
}

void prepare_database(void) {
  clear_database();
  const Session session = open_session();
  const char* const* const statements = is_mariadb ? in_mariadb : in_postgresql;
  const size_t count = is_mariadb ? COUNT(in_mariadb) : COUNT(in_postgresql);
  for (size_t i = 0; i < count; ++i) must(session.dbc, statements[i]);
  close_session(session);
}
