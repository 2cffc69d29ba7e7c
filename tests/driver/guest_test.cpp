// A good guest: many threads, cancelled threads, forks, no memory.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include <new>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "driver/handles.h"
#include "tests/driver/driver_library.h"

namespace {

// The n-th allocation from now fails, and all after it, unless the recording base driver asks; negative: none does.
thread_local int allocations_left = -1;

bool is_of_the_base_driver(const void* caller) {
  Dl_info info{};
  return dladdr(caller, &info) != 0 && std::string_view(info.dli_fname).ends_with("psqlodbcw.so");
}

}  // namespace

// Replaces the allocation of the whole process, the driver's included.
[[gnu::noinline]] void* operator new(std::size_t size) {
  if (allocations_left >= 0 && !is_of_the_base_driver(__builtin_return_address(0))) {
    if (allocations_left == 0) throw std::bad_alloc();
    --allocations_left;
  }
  if (void* const memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t /*size*/) noexcept {
  std::free(memory);
}

namespace iamodbc {
namespace {

class Guest : public DriverTest {
 protected:
  // Runs `call` with fewer and fewer failing allocations until it succeeds; before, it must fail with HY001. Returns
  // how often it failed.
  template <class Call>
  int until_memory_suffices(SQLSMALLINT type, SQLHANDLE handle, SQLRETURN good, Call call) {
    for (int allocations = 0; allocations < 100; ++allocations) {
      allocations_left = allocations;
      const SQLRETURN code = call();
      allocations_left = -1;
      SQLCHAR state[6] = {};
      driver().SQLGetDiagRec(type, handle, 1, state, nullptr, nullptr, 0, nullptr);
      const bool exhausted = std::string_view(reinterpret_cast<char*>(state)) == "HY001";
      if (code == good && !exhausted) return allocations;
      EXPECT_EQ(code, SQL_ERROR);
      EXPECT_TRUE(exhausted) << state;
    }
    ADD_FAILURE() << "never succeeds";
    return 0;
  }
};

TEST_F(Guest, FourThreadsAllocateUseAndFreeStatementsOfOneConnection) {
  connect_well();
  std::atomic<int> faults{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 500; ++round) {
        SQLHSTMT stmts[3] = {};
        for (SQLHSTMT& stmt : stmts) faults += driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &stmt) != SQL_SUCCESS;
        for (const SQLHSTMT stmt : stmts) {
          SQLHDESC desc = nullptr;
          faults += driver().SQLGetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, &desc, SQL_IS_POINTER, nullptr) != SQL_SUCCESS;
          faults += driver().SQLSetDescField(desc, 0, 0, nullptr, 0) != SQL_SUCCESS;
          faults += driver().SQLFetch(stmt) != SQL_SUCCESS;
          faults += driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, dbc_, 0) != SQL_ERROR;
          faults +=
              driver().SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, nullptr, nullptr, nullptr, 0, nullptr) != SQL_SUCCESS;
          faults += driver().SQLFreeHandle(SQL_HANDLE_STMT, stmt) != SQL_SUCCESS;
        }
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
  EXPECT_EQ(live(SQL_HANDLE_STMT), 0);
}

TEST_F(Guest, ThreadsLeaveStatementsWithRecordsToTheDisconnectOfConnectionsOfTheirOwn) {
  const std::string string = connection_string();
  std::atomic<int> faults{0};
  std::vector<std::thread> threads;
  for (int i = 0; i < 4; ++i) {
    threads.emplace_back([&] {
      for (int round = 0; round < 50; ++round) {
        SQLHDBC dbc = nullptr;
        faults += driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc) != SQL_SUCCESS;
        faults += driver().SQLDriverConnect(dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr,
                                            SQL_DRIVER_NOPROMPT) != SQL_SUCCESS;
        SQLHDESC desc = nullptr;
        faults += driver().SQLAllocHandle(SQL_HANDLE_DESC, dbc, &desc) != SQL_SUCCESS;
        SQLHSTMT stmts[40] = {};
        for (SQLHSTMT& stmt : stmts) {
          faults += driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt) != SQL_SUCCESS;
          faults +=
              driver().SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, nullptr, nullptr, nullptr, 0, nullptr) != SQL_NO_DATA;
          faults += driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, dbc, 0) != SQL_ERROR;
        }
        faults += driver().SQLDisconnect(dbc) != SQL_SUCCESS;
        faults += driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc) != SQL_SUCCESS;
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  EXPECT_EQ(faults, 0);
  for (const int each : {SQL_HANDLE_DBC, SQL_HANDLE_STMT, SQL_HANDLE_DESC})
    EXPECT_EQ(live(static_cast<SQLSMALLINT>(each)), 0) << each;
}

TEST_F(Guest, OneOfManyThreadsFreesAHandle) {
  connect_well();
  base().plan().frees_slowly = true;  // so that the others come meanwhile
  for (int round = 0; round < 5; ++round) {
    const SQLHSTMT stmt = statement();
    std::atomic<int> freed{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < 3; ++i) {
      threads.emplace_back([&] { freed += driver().SQLFreeHandle(SQL_HANDLE_STMT, stmt) == SQL_SUCCESS; });
    }
    for (std::thread& thread : threads) thread.join();
    ASSERT_EQ(freed, 1);
    ASSERT_EQ(live(SQL_HANDLE_STMT), 0);
  }
  base().plan().frees_slowly = false;
}

TEST_F(Guest, CancelRunsWhileTheStatementFails) {
  connect_well();
  const SQLHSTMT stmt = statement();
  std::atomic<bool> done{false};
  std::thread canceller([&] {
    while (!done) driver().SQLCancel(stmt);
  });
  int faults = 0;
  for (int i = 0; i < 2000; ++i) {
    faults += driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, dbc_, 0) != SQL_ERROR;
    faults += state_of(SQL_HANDLE_STMT, stmt) != "HY024";
  }
  done = true;
  canceller.join();
  EXPECT_EQ(faults, 0);
}

TEST_F(Guest, ACancelledThreadUnwindsThroughForwardedCallsAndThroughOurs) {
  connect_well();
  struct Call {
    SQLHSTMT stmt;
    bool forwarded;
  };
  for (const bool forwarded : {true, false}) {
    Call call{statement(), forwarded};
    base().plan().sleeps = true;
    pthread_t thread{};
    ASSERT_EQ(pthread_create(
                  &thread, nullptr,
                  [](void* argument) -> void* {
                    const Call& todo = *static_cast<Call*>(argument);
                    todo.forwarded ? driver().SQLExecute(todo.stmt) : driver().SQLFreeStmt(todo.stmt, SQL_CLOSE);
                    return nullptr;
                  },
                  &call),
              0);
    usleep(50000);
    ASSERT_EQ(pthread_cancel(thread), 0);
    void* result = nullptr;
    ASSERT_EQ(pthread_join(thread, &result), 0);
    base().plan().sleeps = false;
    EXPECT_EQ(result, PTHREAD_CANCELED) << (forwarded ? "SQLExecute" : "SQLFreeStmt");
    EXPECT_EQ(driver().SQLFetch(call.stmt), SQL_SUCCESS) << "the handle is as it was";
  }
}

TEST_F(Guest, AForkWhileAnotherThreadAllocatesLeavesTheChildUsable) {
#ifdef __SANITIZE_THREAD__
  GTEST_SKIP() << "ThreadSanitizer ends such a child";  // it runs in the plain and the ASan build
#endif
  connect_well();
  const SQLHSTMT stmt = statement();
  const auto has_descriptor = [&] {
    SQLHDESC desc = nullptr;
    return driver().SQLGetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, &desc, SQL_IS_POINTER, nullptr) == SQL_SUCCESS;
  };
  std::atomic<bool> done{false};
  std::thread busy([&] {
    while (!done) {
      SQLHDBC dbc = nullptr;
      driver().SQLAllocHandle(SQL_HANDLE_DBC, env_, &dbc);
      driver().SQLFreeHandle(SQL_HANDLE_DBC, dbc);
    }
  });
  std::thread busy_with_the_connection([&] {
    while (!done) has_descriptor();
  });
  int faults = 0;
  for (int i = 0; i < 50; ++i) {
    const pid_t child = fork();
    if (child == 0) {
      alarm(5);  // a lock that nobody will ever release ends here
      SQLHENV env = nullptr;
      _exit(driver().SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env) == SQL_SUCCESS && has_descriptor() ? 0 : 1);
    }
    int status = 0;
    waitpid(child, &status, 0);
    if (status == 0) continue;
    ++faults;
    break;
  }
  done = true;
  busy.join();
  busy_with_the_connection.join();
  EXPECT_EQ(faults, 0);
}

// How many allocations the base driver's caller makes for one call with zeroes.
template <class... Rest>
int allocations_of(SQLRETURN (*function)(SQLHANDLE, Rest...), SQLHANDLE handle) {
  constexpr int enough = 1000;
  allocations_left = enough;
  function(handle, Rest{}...);
  const int made = enough - allocations_left;
  allocations_left = -1;
  return made;
}

TEST_F(Guest, NoForwardedCallTakesMemory) {
  connect_well();
  const SQLHSTMT stmt = statement();
  const SQLHDESC desc = descriptor(stmt);
  const auto handle = [&](std::uint32_t tag) { return tag == Dbc::tag ? dbc_ : tag == Stmt::tag ? stmt : desc; };
#define PASS(kind, arguments, function, id) \
  EXPECT_EQ(allocations_of(driver().function, handle(kind::tag)), 0) << #function;
#define OWN(kind, arguments, function, id)
#include "driver/functions.def"
  SQLHSTMT other = nullptr;
  allocations_left = 1000;
  for (int i = 0; i < 64; ++i) driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &other);
  EXPECT_LT(allocations_left, 1000) << "what does take memory is seen";
  allocations_left = -1;
}

TEST_F(Guest, WithoutMemoryAStatementIsHY001AndNothingIsLost) {
  connect_well();
  std::vector<SQLHSTMT> statements;
  // Enough for the lists to grow on the way.
  int failures = 0;
  for (int i = 0; i < 100; ++i) {
    SQLHSTMT stmt = nullptr;
    failures += until_memory_suffices(SQL_HANDLE_DBC, dbc_, SQL_SUCCESS,
                                      [&] { return driver().SQLAllocHandle(SQL_HANDLE_STMT, dbc_, &stmt); });
    statements.push_back(stmt);
    ASSERT_EQ(live(SQL_HANDLE_STMT), i + 1);
  }
  EXPECT_GT(failures, 3);
  for (const SQLHSTMT stmt : statements) EXPECT_EQ(driver().SQLFetch(stmt), SQL_SUCCESS);
}

TEST_F(Guest, WithoutMemoryARecordIsHY001) {
  connect_well();
  const SQLHSTMT stmt = statement();
  EXPECT_GT(until_memory_suffices(SQL_HANDLE_STMT, stmt, SQL_ERROR,
                                  [&] { return driver().SQLSetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, dbc_, 0); }),
            0);
  EXPECT_EQ(state_of(SQL_HANDLE_STMT, stmt), "HY024");
}

TEST_F(Guest, WithoutMemoryAnAttributeIsHY001) {
  const std::string catalog = "a catalog with a long name";
  EXPECT_GT(
      until_memory_suffices(
          SQL_HANDLE_DBC, dbc_, SQL_SUCCESS,
          [&] { return driver().SQLSetConnectAttr(dbc_, SQL_ATTR_CURRENT_CATALOG, characters(catalog), SQL_NTS); }),
      0);
}

TEST_F(Guest, WithoutMemoryAConnectIsHY001AndTheNextOneSucceeds) {
  connect_well();
  ASSERT_EQ(driver().SQLDisconnect(dbc_), SQL_SUCCESS);
  const std::string string = connection_string();
  allocations_left = 5;
  const SQLRETURN code = connect(string);
  allocations_left = -1;
  EXPECT_EQ(code, SQL_ERROR);
  EXPECT_EQ(state_of(SQL_HANDLE_DBC, dbc_), "HY001");
  connect_well();
}

}  // namespace
}  // namespace iamodbc
