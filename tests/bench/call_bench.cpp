// call_bench: what calls cost over iamodbc and over the base driver alone, through the driver manager as any program
// makes them. call_bench.py runs it.
// Usage: call_bench calls BASE_DSN DSN PAIRS ROUNDS ROWS_QUERY     PAIRS of each short call, ROUNDS of each way to fetch
//        call_bench threads BASE_DSN DSN PAIRS ROWS_QUERY          1, 4 and 16 threads, each with a connection of its own
//        call_bench versions DSN
// Prints a line a measurement, fields parted by tabs: name, threads, nanoseconds over the base driver alone, and over
// iamodbc (medians); then the speed over iamodbc as a part of the base driver's: lower quartile, median and upper
// quartile of the pairs that nothing disturbed; and which part of all these are. ROWS_QUERY gives an integer, a text and a double.
// SPDX-License-Identifier: Apache-2.0
#include <functional>
#include <memory>
#include <string_view>
#include <thread>

#include "tests/bench/measuring.h"

namespace iamodbc::measuring {
namespace {

constexpr int rows_in_all = 1'000'000;
constexpr int rows_a_turn = 10'000;
constexpr int rows_a_block = 1'000;
constexpr double least_time = 0.01;  // of a turn, seconds

// `operations`: how many one time stands for.
void print(const char* name, int threads, const Pairs& all, int operations) {
  const Pairs pairs = all.undisturbed();
  const std::vector<double> speeds = pairs.each([](double base, double ours) { return base / ours; });
  const double scale = 1e9 / operations;
  const double part = static_cast<double>(speeds.size()) / static_cast<double>(all.times[0].size());
  std::printf("%s\t%d\t%.1f\t%.1f\t%.4f\t%.4f\t%.4f\t%.2f\n", name, threads, scale * median(pairs.times[over_base]),
              scale * median(pairs.times[over_iamodbc]), quantile(speeds, 0.25), median(speeds), quantile(speeds, 0.75),
              part);
  std::fflush(stdout);
}

// Where rows go, one or a block.
struct Room {
  std::array<SQLINTEGER, rows_a_block> numbers;
  std::array<std::array<SQLCHAR, 32>, rows_a_block> texts;
  std::array<double, rows_a_block> doubles;
  std::array<std::array<SQLLEN, rows_a_block>, 3> lengths;
  SQLULEN fetched = 0;
  std::int64_t sum = 0;
};

void bind(SQLHSTMT stmt, Room& room) {
  SQLBindCol(stmt, 1, SQL_C_SLONG, room.numbers.data(), 0, room.lengths[0].data());
  SQLBindCol(stmt, 2, SQL_C_CHAR, room.texts.data(), sizeof(room.texts[0]), room.lengths[1].data());
  SQLBindCol(stmt, 3, SQL_C_DOUBLE, room.doubles.data(), 0, room.lengths[2].data());
}

void fetch_bound(SQLHSTMT stmt, Room& room, int rows) {
  for (int row = 0; row < rows; ++row) {
    if (SQLFetch(stmt) != SQL_SUCCESS) check(SQL_ERROR, SQL_HANDLE_STMT, stmt, "SQLFetch");
    room.sum += room.numbers[0];
  }
}

void fetch_and_get(SQLHSTMT stmt, Room& room, int rows) {
  for (int row = 0; row < rows; ++row) {
    if (SQLFetch(stmt) != SQL_SUCCESS ||
        SQLGetData(stmt, 1, SQL_C_SLONG, room.numbers.data(), 0, room.lengths[0].data()) != SQL_SUCCESS ||
        SQLGetData(stmt, 2, SQL_C_CHAR, room.texts.data(), sizeof(room.texts[0]), room.lengths[1].data()) !=
            SQL_SUCCESS ||
        SQLGetData(stmt, 3, SQL_C_DOUBLE, room.doubles.data(), 0, room.lengths[2].data()) != SQL_SUCCESS)
      check(SQL_ERROR, SQL_HANDLE_STMT, stmt, "SQLGetData");
    room.sum += room.numbers[0];
  }
}

void fetch_blocks(SQLHSTMT stmt, Room& room, int rows) {
  for (int row = 0; row < rows; row += rows_a_block) {
    if (SQLFetch(stmt) != SQL_SUCCESS || room.fetched != rows_a_block)
      check(SQL_ERROR, SQL_HANDLE_STMT, stmt, "SQLFetch of a block");
    for (const SQLINTEGER number : room.numbers) room.sum += number;
  }
}

struct Way {
  const char* name;
  bool is_bound;
  SQLULEN block;
  void (*fetch)(SQLHSTMT, Room&, int);
};
constexpr Way ways[] = {{"fetch bound", true, 1, fetch_bound},
                        {"fetch by SQLGetData", false, 1, fetch_and_get},
                        {"fetch in blocks", true, rows_a_block, fetch_blocks}};

using BothSessions = std::array<std::unique_ptr<Session>, 2>;

// Two results stand open, and are read by turns: a machine that is slow for a second is so for both.
void fetch_by_turns(const Way& way, BothSessions& sessions, const std::string& query, Pairs& executed, Pairs& fetched) {
  std::array<std::unique_ptr<Room>, 2> rooms;
  for (const Side side : {over_base, over_iamodbc}) {
    rooms[side] = std::make_unique<Room>();
    const SQLHSTMT stmt = sessions[side]->stmt;
    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(way.block), 0);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, &rooms[side]->fetched, 0);
    if (way.is_bound) bind(stmt, *rooms[side]);
  }
  executed.take_turns([&](Side side) { return time_of([&] { sessions[side]->execute(query); }); });
  for (int row = 0; row < rows_in_all; row += rows_a_turn)
    fetched.take_turns(
        [&](Side side) { return time_of([&] { way.fetch(sessions[side]->stmt, *rooms[side], rows_a_turn); }); });
  for (const Side side : {over_base, over_iamodbc}) {
    const SQLHSTMT stmt = sessions[side]->stmt;
    if (SQLFetch(stmt) != SQL_NO_DATA || rooms[side]->sum != std::int64_t{rows_in_all} * (rows_in_all + 1) / 2) {
      std::fprintf(stderr, "%s: the rows are not those of the query\n", way.name);
      std::_Exit(3);
    }
    SQLFreeStmt(stmt, SQL_CLOSE);
    SQLFreeStmt(stmt, SQL_UNBIND);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROWS_FETCHED_PTR, nullptr, 0);
    SQLSetStmtAttr(stmt, SQL_ATTR_ROW_ARRAY_SIZE, reinterpret_cast<SQLPOINTER>(SQLULEN{1}), 0);
  }
}

void get_an_attribute(Session& session, int count) {
  SQLULEN value = 0;
  for (int i = 0; i < count; ++i) SQLGetStmtAttr(session.stmt, SQL_ATTR_MAX_LENGTH, &value, 0, nullptr);
}

void allocate_and_free(Session& session, int count) {
  for (int i = 0; i < count; ++i) {
    SQLHSTMT stmt = nullptr;
    SQLAllocHandle(SQL_HANDLE_STMT, session.dbc, &stmt);
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
  }
}

void select_1(Session& session, int count) {
  SQLINTEGER value = 0;
  for (int i = 0; i < count; ++i) {
    session.execute("SELECT 1");
    SQLFetch(session.stmt);
    check(SQLGetData(session.stmt, 1, SQL_C_SLONG, &value, 0, nullptr), SQL_HANDLE_STMT, session.stmt, "SELECT 1");
    SQLFreeStmt(session.stmt, SQL_CLOSE);
  }
}

// How many calls take long enough to be timed, at their fastest.
template <class Work>
int enough(Work work) {
  for (int count = 1;; count *= 2) {
    double fastest = least_time;
    for (int i = 0; i < 3 && fastest >= least_time; ++i) fastest = time_of([&] { work(count); });
    if (fastest >= least_time) return count;
  }
}

struct ShortCall {
  const char* name;
  std::function<void(Session&, int)> repeat;
};

std::vector<ShortCall> short_calls() {
  return {{"SQLGetStmtAttr", get_an_attribute},
          {"SELECT 1", select_1},
          {"statement allocated and freed", allocate_and_free}};
}

// Connections are made anew every so often, for where the scheduler puts a connection's server may last as long as it.
void time_short_call(SQLHENV env, const std::array<std::string, 2>& dsns, const ShortCall& call, int pairs) {
  constexpr int pairs_a_connection = 10;
  Pairs taken;
  int count = 0;
  for (int done = 0; done < pairs; done += pairs_a_connection) {
    Session base(env, dsns[over_base]);
    Session ours(env, dsns[over_iamodbc]);
    if (count == 0) count = enough([&](int times) { call.repeat(base, times); });
    call.repeat(base, count);
    call.repeat(ours, count);
    for (int i = 0; i < pairs_a_connection; ++i)
      taken.take_turns(
          [&](Side side) { return time_of([&] { call.repeat(side == over_base ? base : ours, count); }); });
  }
  print(call.name, 1, taken, count);
}

void calls(SQLHENV env, const std::array<std::string, 2>& dsns, int pairs, int rounds, const std::string& rows_query) {
  for (const ShortCall& call : short_calls()) time_short_call(env, dsns, call, pairs);
  BothSessions sessions{std::make_unique<Session>(env, dsns[0]), std::make_unique<Session>(env, dsns[1])};
  const std::string query = with_rows(rows_query, rows_in_all);
  Pairs executed;
  for (const Way& way : ways) {
    Pairs fetched;
    for (int round = 0; round < rounds; ++round) fetch_by_turns(way, sessions, query, executed, fetched);
    print(way.name, 1, fetched, rows_a_turn);
  }
  print("execute", 1, executed, rows_in_all);
}

// One query of 1,000 rows and all its rows, bound.
void select_rows(Session& session, const std::string& query, Room& room, int count) {
  bind(session.stmt, room);
  for (int i = 0; i < count; ++i) {
    session.execute(query);
    fetch_bound(session.stmt, room, rows_a_block);
    SQLFreeStmt(session.stmt, SQL_CLOSE);
  }
  SQLFreeStmt(session.stmt, SQL_UNBIND);
}

using Sessions = std::vector<std::unique_ptr<Session>>;

// The time until so many threads have all made `count` calls.
double time_of_threads(const ShortCall& call, Sessions& sessions, int threads, int count) {
  return time_of([&] {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i)
      running.emplace_back([&, i] { call.repeat(*sessions[static_cast<std::size_t>(i)], count); });
    for (std::thread& thread : running) thread.join();
  });
}

void threads(SQLHENV env, const std::array<std::string, 2>& dsns, int pairs, const std::string& rows_query) {
  std::array<Sessions, 2> sessions;
  for (const Side side : {over_base, over_iamodbc})
    for (int i = 0; i < 16; ++i) sessions[side].push_back(std::make_unique<Session>(env, dsns[side]));
  const std::string query = with_rows(rows_query, rows_a_block);
  std::vector<ShortCall> every = short_calls();
  every.push_back({"SELECT of 1,000 rows", [&](Session& session, int count) {
                     const auto room = std::make_unique<Room>();
                     select_rows(session, query, *room, count);
                   }});
  for (const ShortCall& call : every)
    for (const int number : {1, 4, 16}) {
      const int count = enough([&](int times) { time_of_threads(call, sessions[over_base], number, times); });
      time_of_threads(call, sessions[over_iamodbc], number, count);
      Pairs taken;
      for (int i = 0; i < pairs; ++i)
        taken.take_turns([&](Side side) { return time_of_threads(call, sessions[side], number, count); });
      print(call.name, number, taken, count * number);
    }
}

void versions(SQLHENV env, const std::string& dsn) {
  const Session session(env, dsn);
  const std::array<std::pair<const char*, SQLUSMALLINT>, 4> every{{{"base driver", SQL_DRIVER_NAME},
                                                                   {"base driver version", SQL_DRIVER_VER},
                                                                   {"server", SQL_DBMS_NAME},
                                                                   {"server version", SQL_DBMS_VER}}};
  for (const auto& [name, what] : every) {
    SQLCHAR text[256] = {};
    check(SQLGetInfo(session.dbc, what, text, sizeof(text), nullptr), SQL_HANDLE_DBC, session.dbc, name);
    std::printf("%s\t%s\n", name, reinterpret_cast<const char*>(text));
  }
}

}  // namespace
}  // namespace iamodbc::measuring

int main(int count, char** arguments) {
  using namespace iamodbc::measuring;  // NOLINT(google-build-using-namespace)
  const std::string_view what = count > 1 ? arguments[1] : "";
  SQLHENV env = new_environment();
  if (what == "calls" && count == 7) {
    calls(env, {arguments[2], arguments[3]}, std::atoi(arguments[4]), std::atoi(arguments[5]), arguments[6]);
  } else if (what == "threads" && count == 6) {
    threads(env, {arguments[2], arguments[3]}, std::atoi(arguments[4]), arguments[5]);
  } else if (what == "versions" && count == 3) {
    versions(env, arguments[2]);
  } else {
    return 2;
  }
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
