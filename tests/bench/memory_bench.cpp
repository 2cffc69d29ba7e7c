// memory_bench: what a DSN's driver and the driver manager take of the heap: bytes a statement, and allocations a call.
// Run for a base driver alone and through iamodbc, the difference is iamodbc's. Nothing here is timed: the numbers are
// the same each time.
// Usage: memory_bench DSN ROWS_QUERY
// Prints a line each: name, tab, number.
// SPDX-License-Identifier: Apache-2.0
#include <malloc.h>

#include <atomic>

#include "tests/bench/measuring.h"

// glibc's own, behind the names that this program takes for the whole process.
// NOLINTBEGIN(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)
extern "C" void* __libc_malloc(std::size_t size);
extern "C" void* __libc_calloc(std::size_t count, std::size_t size);
extern "C" void* __libc_realloc(void* memory, std::size_t size);
extern "C" void __libc_free(void* memory);

namespace {

std::atomic<long> bytes{0};
std::atomic<long> allocations{0};

void* counted(void* memory) {
  bytes += static_cast<long>(malloc_usable_size(memory));
  ++allocations;
  return memory;
}

void discount(void* memory) {
  bytes -= static_cast<long>(malloc_usable_size(memory));
}

}  // namespace

extern "C" void* malloc(std::size_t size) {
  return counted(__libc_malloc(size));
}
extern "C" void* calloc(std::size_t count, std::size_t size) {
  return counted(__libc_calloc(count, size));
}
extern "C" void* realloc(void* memory, std::size_t size) {
  discount(memory);
  return counted(__libc_realloc(memory, size));
}
extern "C" void free(void* memory) {
  discount(memory);
  __libc_free(memory);
}
// NOLINTEND(bugprone-reserved-identifier,cert-dcl37-c,cert-dcl51-cpp)

namespace iamodbc::measuring {
namespace {

constexpr int times = 1'000;
constexpr int statements = 3'000;

template <class Call>
void count_allocations(const char* name, Call call) {
  call();  // what happens once
  const long before = allocations;
  for (int i = 0; i < times; ++i) call();
  std::printf("%s\t%.3f\n", name, static_cast<double>(allocations - before) / times);
}

void count_all(Session& session, const std::string& rows_query) {
  const SQLHSTMT stmt = session.stmt;
  SQLINTEGER value = 0;
  SQLULEN attribute = 0;
  count_allocations("SQLGetStmtAttr", [&] { SQLGetStmtAttr(stmt, SQL_ATTR_MAX_LENGTH, &attribute, 0, nullptr); });
  session.execute(with_rows(rows_query, 2 * times));
  count_allocations("SQLNumResultCols", [&] {
    SQLSMALLINT columns = 0;
    SQLNumResultCols(stmt, &columns);
  });
  count_allocations("SQLFetch", [&] { check(SQLFetch(stmt), SQL_HANDLE_STMT, stmt, "SQLFetch"); });
  SQLFreeStmt(stmt, SQL_CLOSE);
  session.execute("SELECT 1");
  SQLFetch(stmt);
  count_allocations("SQLGetData", [&] { SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, nullptr); });
  SQLFreeStmt(stmt, SQL_CLOSE);
  count_allocations("SELECT 1", [&] {
    session.execute("SELECT 1");
    SQLFetch(stmt);
    SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, nullptr);
    SQLFreeStmt(stmt, SQL_CLOSE);
  });
  count_allocations("statement allocated and freed", [&] {
    SQLHSTMT one = nullptr;
    SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &one);
    SQLFreeHandle(SQL_HANDLE_STMT, one);
  });
}

}  // namespace
}  // namespace iamodbc::measuring

int main(int count, char** arguments) {
  using namespace iamodbc::measuring;  // NOLINT(google-build-using-namespace)
  if (count != 3) return 2;
  SQLHENV env = new_environment();
  {
    Session session(env, arguments[1]);
    count_all(session, arguments[2]);
    std::vector<SQLHSTMT> every(statements);
    const long before = bytes;
    for (SQLHSTMT& stmt : every)
      check(SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &stmt), SQL_HANDLE_DBC, session.dbc, "SQLAllocHandle");
    std::printf("bytes a statement\t%.1f\n", static_cast<double>(bytes - before) / statements);
    for (const SQLHSTMT stmt : every) SQLFreeHandle(SQL_HANDLE_STMT, stmt);
  }
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
