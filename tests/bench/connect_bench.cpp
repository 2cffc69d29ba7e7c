// connect_bench: how long connects take, through the driver manager as any program makes them.
// Usage: connect_bench compare BASE_DSN DSN COUNT         microseconds: the medians of both and of the difference, of the
//                                                         pairs that nothing disturbed (measuring.h)
//        connect_bench threads BASE_DSN DSN THREADS COUNT connects per second of both
// The two DSNs take turns, so that whatever else the machine does falls on both alike. Only SQLDriverConnect is timed in
// `compare`; `threads` counts a disconnect in.
// SPDX-License-Identifier: Apache-2.0
#include <string_view>
#include <thread>

#include "tests/bench/measuring.h"

namespace iamodbc::measuring {
namespace {

class Connection {
 public:
  Connection(SQLHENV env, const std::string& dsn) : dsn_(dsn) {
    SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc_);
    connect(dbc_, dsn_);  // what happens once, and the login that is kept
    SQLDisconnect(dbc_);
  }
  ~Connection() { SQLFreeHandle(SQL_HANDLE_DBC, dbc_); }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Microseconds of the connect; a disconnect follows, which is not in it.
  double cycle() {
    const double taken = 1e6 * time_of([&] { connect(dbc_, dsn_); });
    SQLDisconnect(dbc_);
    return taken;
  }

 private:
  std::string dsn_;
  SQLHDBC dbc_ = nullptr;
};

void compare(SQLHENV env, const std::string& base_dsn, const std::string& dsn, int count) {
  Connection base(env, base_dsn);
  Connection ours(env, dsn);
  Pairs taken;
  for (int i = 0; i < count; ++i)
    taken.take_turns([&](Side side) { return side == over_base ? base.cycle() : ours.cycle(); });
  const Pairs counted = taken.undisturbed();
  const std::vector<double> added = counted.each([](double base_time, double time) { return time - base_time; });
  std::printf("%.1f %.1f %.1f\n", median(counted.times[over_base]), median(counted.times[over_iamodbc]), median(added));
}

double per_second(SQLHENV env, const std::string& dsn, int threads, int count) {
  const double seconds = time_of([&] {
    std::vector<std::thread> running;
    for (int i = 0; i < threads; ++i) {
      running.emplace_back([&] {
        Connection connection(env, dsn);
        for (int cycle = 1; cycle < count / threads; ++cycle) connection.cycle();
      });
    }
    for (std::thread& thread : running) thread.join();
  });
  return (count / threads) * threads / seconds;
}

void threads(SQLHENV env, const std::string& base_dsn, const std::string& dsn, int threads, int count) {
  per_second(env, base_dsn, 1, 1);
  per_second(env, dsn, 1, 1);
  Pairs rates;
  for (int turn = 0; turn < 4; ++turn)
    rates.take_turns(
        [&](Side side) { return per_second(env, side == over_base ? base_dsn : dsn, threads, count / 4); });
  std::printf("%.0f %.0f\n", median(rates.times[over_base]), median(rates.times[over_iamodbc]));
}

}  // namespace
}  // namespace iamodbc::measuring

int main(int count, char** arguments) {
  using namespace iamodbc::measuring;  // NOLINT(google-build-using-namespace)
  const std::string_view what = count > 1 ? arguments[1] : "";
  SQLHENV env = new_environment();
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
