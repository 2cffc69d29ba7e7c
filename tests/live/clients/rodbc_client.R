# SPDX-License-Identifier: Apache-2.0
# rodbc_client: the arguments are a DSN or a connection string, and what names are quoted with; prints what an R program
# sees of it that writes data frames, reads them and fails. The table is dropped at its end: sqlSave makes no temporary ones.
library(RODBC)
options(width = 200)

given <- commandArgs(trailingOnly = TRUE)
connect <- if (grepl("=", given[1], fixed = TRUE)) odbcDriverConnect else odbcConnect
channel <- connect(given[1], tabQuote = given[2], colQuote = given[2])
if (channel == -1) quit(status = 1)
about <- odbcGetInfo(channel)
cat("RODBC", format(packageVersion("RODBC")), "of", R.version.string, "\n")
print(about[c("DBMS_Name", "DBMS_Ver", "Driver_ODBC_Ver", "Driver_Name", "Driver_Ver", "ODBC_Ver")])

notes <- data.frame(id = 1:3, body = c("Zoë € 😀 東京 'q' {a};b=?", NA, ""), amount = c(12.5, NA, -0.01),
                    written = as.Date(c("2024-02-29", NA, "1999-12-31")), stringsAsFactors = FALSE)
sqlSave(channel, notes, "r_note", rownames = FALSE, varTypes = c(body = "varchar(60)", written = "date"))
print(sqlFetch(channel, "r_note", stringsAsFactors = FALSE))
notes$amount <- c(1.25, 2.5, NA)
sqlUpdate(channel, notes[c("id", "amount")], "r_note", index = "id")
odbcSetAutoCommit(channel, FALSE)
print(sqlQuery(channel, "delete from r_note where id > 1"))
odbcEndTran(channel, FALSE)
odbcSetAutoCommit(channel, TRUE)
str(sqlQuery(channel, "select * from r_note order by id", stringsAsFactors = FALSE))
print(sqlQuery(channel, "select sum(amount) as total, count(*) as number from r_note"))
print(sqlQuery(channel, "select name, area, founded from city order by id", max = 2))
print(sqlGetResults(channel, max = 1))
print(sqlColumns(channel, "city")[c("COLUMN_NAME", "TYPE_NAME", "COLUMN_SIZE", "NULLABLE")])
print(head(sqlTypeInfo(channel)[1:3], 20))
print("r_note" %in% sqlTables(channel)$TABLE_NAME)
sqlDrop(channel, "r_note")
print(sqlQuery(channel, "select nonsense from city"))
odbcClose(channel)
