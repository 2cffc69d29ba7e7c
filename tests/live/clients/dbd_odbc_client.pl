#!/usr/bin/perl
# SPDX-License-Identifier: Apache-2.0
# dbd_odbc_client: the argument is a DSN or a connection string; prints what a Perl program sees of it that writes, reads
# and fails. DBD::ODBC writes UID= and PWD= behind a string, empty as they are here.
use strict;
use warnings;
use DBI;    # text is bytes here, UTF-8 as this file is: Debian's DBD::ODBC is the narrow one

my $text = "Zoë € 😀 東京 'q' {a};b=?";
my $db = DBI->connect("dbi:ODBC:$ARGV[0]", "", "", {RaiseError => 1, PrintError => 0, AutoCommit => 1});

sub show {
    my ($query, @parameters) = @_;
    my $statement = $db->prepare($query);
    $statement->execute(@parameters);
    my ($names, $types, $sizes, $nullable) = @$statement{qw(NAME TYPE PRECISION NULLABLE)};
    print "  $names->[$_]: $types->[$_] $sizes->[$_] $nullable->[$_]\n" for 0 .. $#$names;
    while (my $row = $statement->fetchrow_arrayref) {
        print "  [", join("|", map { defined $_ ? $_ : "NULL" } @$row), "]\n";
    }
}

print $db->get_info(6), " ", $db->get_info(17), "\n";    # SQL_DRIVER_NAME, SQL_DBMS_NAME
$db->do("create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)");
my $insert = $db->prepare("insert into note values (?, ?, ?, ?)");
for my $row ([1, $text, "12.50", "2024-02-29"], [2, undef, undef, undef], [3, "", "-0.01", undef]) {
    print "inserted ", $insert->execute(@$row), "\n";
}
show("select * from note where id < ? order by id", 10);
show("select id from note where body = ?", $text);
$db->begin_work;
print "updated ", $db->do("update note set amount = amount + 1 where id >= ?", undef, 1), "\n";
$db->rollback;
show("select sum(amount) as total, count(*) as number from note");
show("select name, area, founded from city where id <= ? order by id", 2);
my $columns = $db->column_info(undef, undef, "city", undef);
while (my $row = $columns->fetchrow_hashref("NAME_uc")) {
    print "  @$row{qw(COLUMN_NAME TYPE_NAME COLUMN_SIZE NULLABLE)}\n";
}
eval { show("select nonsense from note where id = ?", 1) };
print "error ", $db->state, " ", $db->err, " ", $db->errstr, "\n";
$db->disconnect;
