-- SPDX-License-Identifier: Apache-2.0
-- What isql, iusql and iodbctest are given, one statement a line; lines that begin with -- are left out. The failing one
-- is the last, because isql ends there.
create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)
insert into note values (1, 'Zoë € 😀 東京 ''q'' {a}', 12.50, '2024-02-29')
insert into note values (2, null, null, null)
select * from note order by id
update note set amount = amount + 1 where id <= 2
select id, body, amount, amount * 3 as three, length(body) as longer from note order by id desc
select id, name, area from city where id < 3 order by id
delete from note where id = 2
select count(*) as rest from note
select nonsense from note
