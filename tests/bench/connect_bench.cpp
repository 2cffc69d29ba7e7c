// connect_bench: how long connects take, through the driver manager as any program makes them.
// Usage: connect_bench compare BASE_DSN DSN COUNT         microseconds: the medians of both and of the difference, pairwise
//        connect_bench threads BASE_DSN DSN THREADS COUNT connects per second of both
// The two DSNs take turns, so that whatever else the machine does falls on both alike. Only SQLDriverConnect is timed in
// `compare`; `threads` counts a disconnect in.
// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

// clang-format off
#include <sql.h>
#include <sqlext.h>
// clang-format on

namespace {

using Clock = std::chrono::steady_clock;
using Microseconds = std::chrono::duration<double, std::micro>;

class Connection {
 public:
  Connection(SQLHENV env, const std::string& dsn) : string_("DSN=" + dsn) {
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc_);
    connect();  // what happens once, and the login that is kept
    SQLDisconnect(dbc_);
  }
  ~Connection() { SQLFreeHandle(SQL_HANDLE_DBC, dbc_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // The time of the connect; a disconnect follows, which is not in it.
  double cycle() {
    const auto start = Clock::now();
    connect();
    const double taken = Microseconds(Clock::now() - start).count();
    SQLDisconnect(dbc_);
    return taken;
  }

 private:
  void connect() {
    auto* const text = reinterpret_cast<SQLCHAR*>(string_.data());
    if (SQL_SUCCEEDED(SQLDriverConnect(dbc_, nullptr, text, SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT))) return;
    SQLCHAR state[6] = {};
    SQLCHAR message[1024] = {};
    SQLINTEGER native = 0;
    SQLGetDiagRec(SQL_HANDLE_DBC, dbc_, 1, state, &native, message, sizeof(message), nullptr);
    std::fprintf(stderr, "%s: %s %s\n", string_.c_str(), state, message);
    std::_Exit(3);
  }

  std::string string_;
  SQLHDBC dbc_ = nullptr;
};

double median(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void compare(SQLHENV env, const std::string& base_dsn, const std::string& dsn, int count) {
  Connection base(env, base_dsn);
  Connection ours(env, dsn);
  std::vector<double> of_base;
  std::vector<double> of_ours;
  std::vector<double> added;
  for (int i = 0; i < count; ++i) {
    const bool base_first = i % 2 == 0;
    const double first = base_first ? base.cycle() : ours.cycle();
    const double second = base_first ? ours.cycle() : base.cycle();
    of_base.push_back(base_first ? first : second);
    of_ours.push_back(base_first ? second : first);
    added.push_back(of_ours.back() - of_base.back());
  }
  std::printf("%.1f %.1f %.1f\n", median(of_base), median(of_ours), median(added));
}

double per_second(SQLHENV env, const std::string& dsn, int threads, int count) {
  std::vector<std::thread> running;
  const auto start = Clock::now();
  for (int i = 0; i < threads; ++i) {
    running.emplace_back([&] {
      Connection connection(env, dsn);
      for (int cycle = 1; cycle < count / threads; ++cycle) connection.cycle();
    });
  }
  for (std::thread& thread : running) thread.join();
  return (count / threads) * threads / (Microseconds(Clock::now() - start).count() / 1e6);
}

void threads(SQLHENV env, const std::string& base_dsn, const std::string& dsn, int threads, int count) {
  std::vector<double> of_base;
  std::vector<double> of_ours;
  per_second(env, base_dsn, 1, 1);
  per_second(env, dsn, 1, 1);
  for (int turn = 0; turn < 4; ++turn) {
    const bool base_first = turn % 2 == 0;
    const double first = per_second(env, base_first ? base_dsn : dsn, threads, count / 4);
    const double second = per_second(env, base_first ? dsn : base_dsn, threads, count / 4);
    of_base.push_back(base_first ? first : second);
    of_ours.push_back(base_first ? second : first);
  }
  std::printf("%.0f %.0f\n", median(of_base), median(of_ours));
}

}  // namespace

int main(int count, char** arguments) {
  const std::string_view what = count > 1 ? arguments[1] : "";
  SQLHENV env = nullptr;
  SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env);
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  if (what == "compare" && count == 5) {
    compare(env, arguments[2], arguments[3], std::atoi(arguments[4]));
  } else if (what == "threads" && count == 6) {
    threads(env, arguments[2], arguments[3], std::atoi(arguments[4]), std::atoi(arguments[5]));
  } else {
    return 2;
  }
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
