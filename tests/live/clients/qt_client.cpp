// SPDX-License-Identifier: Apache-2.0
// qt_client: the argument is a DSN or a connection string; prints what a Qt program sees of it through QODBC that writes,
// reads and fails.
#include <QCoreApplication>
#include <QDate>
#include <QSqlDatabase>
#include <QSqlError>
#include <QSqlField>
#include <QSqlIndex>
#include <QSqlQuery>
#include <QSqlRecord>
#include <QSqlTableModel>
#include <QTextStream>
#include <QVariant>
#include <cstdlib>

namespace {

const QString text = QStringLiteral(u"Zoë € \U0001F600 東京 'q' {a};b=?");
QTextStream out(stdout);

void show_fields(const QSqlRecord& record) {
  for (int i = 0; i < record.count(); ++i) {
    const QSqlField field = record.field(i);
    out << "  " << field.name() << ": " << QVariant::typeToName(static_cast<int>(field.type())) << ' ' << field.length()
        << ' ' << field.precision() << ' ' << field.requiredStatus() << '\n';
  }
}

void show(QSqlQuery& query) {
  show_fields(query.record());
  while (query.next()) {
    for (int i = 0; i < query.record().count(); ++i) {
      const QVariant value = query.value(i);
      out << (i == 0 ? "  " : " | ") << value.typeName() << ' '
          << (value.isNull() ? QString("NULL") : value.toString());
    }
    out << '\n';
  }
}

template <class Doer>  // of QSqlDatabase, QSqlQuery, QSqlTableModel
void must(bool done, const Doer& doer) {
  if (done) return;
  out << "failed: " << doer.lastError().nativeErrorCode() << ' ' << doer.lastError().text() << '\n' << Qt::flush;
  std::exit(1);
}

void run(QSqlQuery& query, const QString& statement) {
  must(query.exec(statement), query);
}

void write_and_read(QSqlDatabase& database) {
  QSqlQuery query(database);
  run(query, "create temporary table note (id integer, body varchar(60), amount decimal(8,2), written date)");
  must(query.prepare("insert into note values (?, ?, ?, ?)"), query);
  const QVariant nothing(QVariant::String);
  query.addBindValue(QVariantList{1, 2, 3});
  query.addBindValue(QVariantList{text, nothing, QString("")});
  query.addBindValue(QVariantList{QString("12.50"), nothing, QString("-0.01")});
  query.addBindValue(QVariantList{QDate(2024, 2, 29), QVariant(QVariant::Date), QDate(1999, 12, 31)});
  must(query.execBatch(), query);
  must(query.prepare("select * from note where id < :most order by id"), query);
  query.bindValue(":most", 10);
  must(query.exec(), query);
  show(query);
  must(database.transaction(), database);
  run(query, "update note set amount = amount + 1 where id >= 1");
  out << "updated " << query.numRowsAffected() << '\n';
  must(database.rollback(), database);
  run(query, "select sum(amount) as total, count(*) as number from note");
  show(query);
}

void read_the_catalogue(QSqlDatabase& database) {
  out << "tables: " << database.tables().filter("city").join(' ') << '\n';
  show_fields(database.record("city"));
  out << "primary key: " << database.primaryIndex("city").fieldName(0) << '\n';
  QSqlTableModel model(nullptr, database);
  model.setTable("city");
  model.setSort(0, Qt::DescendingOrder);
  must(model.select(), model);
  for (int row = 0; row < model.rowCount(); ++row)
    out << "  " << model.data(model.index(row, 0)).toString() << ' ' << model.data(model.index(row, 1)).toString()
        << '\n';
}

}  // namespace

int main(int count, char** arguments) {
  const QCoreApplication application(count, arguments);
  out.setCodec("UTF-8");
  out << "QODBC of Qt " << qVersion() << '\n';
  QSqlDatabase database = QSqlDatabase::addDatabase("QODBC");
  database.setDatabaseName(QString::fromUtf8(arguments[1]));
  must(database.open(), database);
  write_and_read(database);
  read_the_catalogue(database);
  QSqlQuery query(database);
  if (query.exec("select nonsense from note")) return 1;
  out << "error " << query.lastError().type() << ' ' << query.lastError().nativeErrorCode() << ' '
      << query.lastError().text() << '\n';
  return 0;
}
