// measuring: what the benchmarks that are ordinary ODBC programs share: sessions over two DSNs, turns, medians.
//
// What is compared takes turns, the first of each pair being now one, now the other, so that whatever else the machine
// does falls on both alike. The figure to trust is the median of the pairs' ratios, not the ratio of two medians.
// What fails ends the program with status 3 and the driver's message.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <cstddef>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

// clang-format off
#include <sql.h>
#include <sqlext.h>
// clang-format on

namespace iamodbc::measuring {

inline void check(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const std::string& what) {
  if (SQL_SUCCEEDED(code)) return;
  SQLCHAR state[6] = {};
  SQLCHAR message[1024] = {};
  SQLINTEGER native = 0;
  SQLGetDiagRec(type, handle, 1, state, &native, message, sizeof(message), nullptr);
  std::fprintf(stderr, "%s: %s %s\n", what.c_str(), state, message);
  std::_Exit(3);
}

inline SQLHENV new_environment() {
  SQLHENV env = nullptr;
  SQLAllocHandle(SQL_HANDLE_ENV, nullptr, &env);
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, reinterpret_cast<SQLPOINTER>(SQL_OV_ODBC3), 0);
  return env;
}

inline SQLCHAR* characters(std::string& text) {
  return reinterpret_cast<SQLCHAR*>(text.data());
}

inline void connect(SQLHDBC dbc, const std::string& dsn) {
  std::string string = "DSN=" + dsn;
  const SQLRETURN code =
      SQLDriverConnect(dbc, nullptr, characters(string), SQL_NTS, nullptr, 0, nullptr, SQL_DRIVER_NOPROMPT);
  check(code, SQL_HANDLE_DBC, dbc, string);
}

// A connection and a statement of it.
class Session {
 public:
  Session(SQLHENV env, const std::string& dsn) {
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc);
    connect(dbc, dsn);
    check(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_HANDLE_DBC, dbc, "SQLAllocHandle");
  }
  ~Session() {
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    SQLDisconnect(dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  }
  Session(const Session&) = delete;
  Session& operator=(const Session&) = delete;

  void execute(std::string text) {
    check(SQLExecDirect(stmt, characters(text), SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLExecDirect");
  }

  SQLHDBC dbc = nullptr;
  SQLHSTMT stmt = nullptr;
};

// A query in which %d stands for the number of rows.
inline std::string with_rows(std::string query, int rows) {
  const std::size_t place = query.find("%d");
  if (place == std::string::npos) std::_Exit(2);
  return query.replace(place, 2, std::to_string(rows));
}

using Clock = std::chrono::steady_clock;

// Seconds.
template <class Work>
double time_of(Work work) {
  const auto start = Clock::now();
  work();
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// The value below which so much of all lies; 0.5: the median. REQUIRES: values is not empty.
inline double quantile(std::vector<double> values, double part) {
  const auto at = values.begin() + static_cast<std::ptrdiff_t>(part * static_cast<double>(values.size() - 1));
  std::nth_element(values.begin(), at, values.end());
  return *at;
}

inline double median(const std::vector<double>& values) {
  return quantile(values, 0.5);
}

enum Side { over_base, over_iamodbc };

// Times of the same work over both, pair by pair.
struct Pairs {
  std::array<std::vector<double>, 2> times;

  // work(side) returns a time.
  template <class Work>
  void take_turns(Work work) {
    const Side first = times[0].size() % 2 == 0 ? over_base : over_iamodbc;
    const Side second = first == over_base ? over_iamodbc : over_base;
    times[first].push_back(work(first));
    times[second].push_back(work(second));
  }

  // Those in which neither side took more than 1.5 times what a tenth of its turns stays below: where it took more, the
  // machine did something else, or a scheduler kept program and server on two processors. All, if no pair is so.
  [[nodiscard]] Pairs undisturbed() const {
    const std::array<double, 2> most{1.5 * quantile(times[0], 0.1), 1.5 * quantile(times[1], 0.1)};
    Pairs found;
    for (std::size_t i = 0; i < times[0].size(); ++i) {
      if (times[0][i] > most[0] || times[1][i] > most[1]) continue;
      found.times[0].push_back(times[0][i]);
      found.times[1].push_back(times[1][i]);
    }
    return found.times[0].empty() ? *this : found;
  }

  // What each pair comes to.
  template <class Of>
  [[nodiscard]] std::vector<double> each(Of of) const {
    std::vector<double> all;
    for (std::size_t i = 0; i < times[0].size(); ++i) all.push_back(of(times[over_base][i], times[over_iamodbc][i]));
    return all;
  }
};

}  // namespace iamodbc::measuring
