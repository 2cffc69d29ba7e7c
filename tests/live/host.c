// host: a program that has the driver in it, and whose threads, children and end the driver has to live with. Each story is told over the
// base driver alone and over iamodbc; a good one ends with status 0 and prints what it saw.
//   host threads DSN COUNT ROUNDS      COUNT threads, each connects, asks and disconnects ROUNDS times; every other one in an environment of its own
//   host statements DSN COUNT ROUNDS   COUNT threads, each with statements of its own, all of one connection
//   host cancel DSN SQL                SQLCancel from another thread, then SQLCancelHandle: the time from the cancelling to the statement's end, in ms
//   host fork DSN                      connects, forks; the child connects too, and both ask
//   host fork-while-connecting DSN     forks while another thread connects; the child connects too
//   host exit DSN                      returns from main with a connection, a transaction and a cursor open
//   host exit-in-thread DSN SQL        calls exit while another thread waits for a statement
//   host exit-then-disconnect DSN      calls exit; what it registered for that before everything else asks once more and disconnects
//   host reconnect DSN                 connects three times with one handle, each time leaving a cursor and changed attributes; prints what it finds
//   host once DSN                      connects once; prints who it is then
//   host cycles DSN COUNT              connects in a new environment COUNT times; prints the KiB of memory after a tenth of them and at the end
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

enum { most_threads = 64, patience = 25 };  // seconds, of a child

// ---- calls that must succeed ----

static void must(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle, const char* what) {
  if (SQL_SUCCEEDED(code)) return;
  SQLCHAR state[6] = "-", message[600] = "";
  SQLGetDiagRec(type, handle, 1, state, NULL, message, sizeof message, NULL);
  fprintf(stderr, "%s: %d [%s] %s\n", what, code, (char*)state, (char*)message);
  _exit(1);
}

static SQLHENV new_environment(void) {
  SQLHENV env = SQL_NULL_HENV;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) _exit(1);
  must(SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0), SQL_HANDLE_ENV, env, "SQLSetEnvAttr");
  return env;
}

static SQLHDBC connected(SQLHENV env, const char* dsn) {
  SQLHDBC dbc = SQL_NULL_HDBC;
  must(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env, "SQLAllocHandle(DBC)");
  must(SQLConnect(dbc, (SQLCHAR*)dsn, SQL_NTS, NULL, 0, NULL, 0), SQL_HANDLE_DBC, dbc, "SQLConnect");
  return dbc;
}

static void disconnected(SQLHDBC dbc) {
  must(SQLDisconnect(dbc), SQL_HANDLE_DBC, dbc, "SQLDisconnect");
  must(SQLFreeHandle(SQL_HANDLE_DBC, dbc), SQL_HANDLE_DBC, dbc, "SQLFreeHandle(DBC)");
}

static SQLHSTMT new_statement(SQLHDBC dbc) {
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  must(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_HANDLE_DBC, dbc, "SQLAllocHandle(STMT)");
  return stmt;
}

// The first column of the next row.
static int fetched(SQLHSTMT stmt) {
  SQLINTEGER value = -1;
  must(SQLFetch(stmt), SQL_HANDLE_STMT, stmt, "SQLFetch");
  must(SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, NULL), SQL_HANDLE_STMT, stmt, "SQLGetData");
  return value;
}

static void expect(int is_so, const char* what) {
  if (is_so) return;
  fprintf(stderr, "not so: %s\n", what);
  _exit(1);
}

// Asks for a number and gets it.
static void ask(SQLHDBC dbc, int number) {
  const SQLHSTMT stmt = new_statement(dbc);
  char sql[40];
  snprintf(sql, sizeof sql, "select %d", number);
  must(SQLExecDirect(stmt, (SQLCHAR*)sql, SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLExecDirect");
  expect(fetched(stmt) == number, "the answer of the statement that asked");
  must(SQLFreeHandle(SQL_HANDLE_STMT, stmt), SQL_HANDLE_STMT, stmt, "SQLFreeHandle(STMT)");
}

static void pause_for(int milliseconds) {
  const struct timespec time = {milliseconds / 1000, milliseconds % 1000 * 1000000L};
  nanosleep(&time, NULL);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

// ---- threads ----

static pthread_barrier_t start;

typedef struct {
  const char* dsn;
  SQLHENV env;  // shared, or null
  SQLHDBC dbc;  // shared, or null
  int number, rounds;
} Worker;

static void* connect_and_ask(void* argument) {
  const Worker* const worker = argument;
  const SQLHENV env = worker->env != SQL_NULL_HENV ? worker->env : new_environment();
  pthread_barrier_wait(&start);
  for (int round = 0; round < worker->rounds; ++round) {
    const SQLHDBC dbc = connected(env, worker->dsn);
    for (int i = 0; i < 3; ++i) ask(dbc, worker->number * 1000 + i);
    disconnected(dbc);
  }
  if (env != worker->env) SQLFreeHandle(SQL_HANDLE_ENV, env);
  return NULL;
}

// Each error must be told on the statement that made it, and each parameter be its own.
static void* use_statements(void* argument) {
  const Worker* const worker = argument;
  pthread_barrier_wait(&start);
  for (int round = 0; round < worker->rounds; ++round) {
    const int number = worker->number * 10000 + round;
    SQLINTEGER given = number;
    SQLHDESC rows = SQL_NULL_HDESC;
    const SQLHSTMT stmt = new_statement(worker->dbc);
    must(SQLBindParameter(stmt, 1, SQL_PARAM_INPUT, SQL_C_SLONG, SQL_INTEGER, 0, 0, &given, 0, NULL), SQL_HANDLE_STMT,
         stmt, "SQLBindParameter");
    must(SQLPrepare(stmt, (SQLCHAR*)"select ? + 0", SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLPrepare");
    must(SQLExecute(stmt), SQL_HANDLE_STMT, stmt, "SQLExecute");
    must(SQLGetStmtAttr(stmt, SQL_ATTR_APP_ROW_DESC, &rows, SQL_IS_POINTER, NULL), SQL_HANDLE_STMT, stmt,
         "SQLGetStmtAttr");
    expect(fetched(stmt) == number, "each statement has its own parameter");
    must(SQLFreeStmt(stmt, SQL_CLOSE), SQL_HANDLE_STMT, stmt, "SQLFreeStmt");
    must(SQLFreeStmt(stmt, SQL_RESET_PARAMS), SQL_HANDLE_STMT, stmt, "SQLFreeStmt");
    char sql[60];
    snprintf(sql, sizeof sql, "select * from nowhere_%d", number);
    expect(SQLExecDirect(stmt, (SQLCHAR*)sql, SQL_NTS) == SQL_ERROR, "there is no such table");
    SQLCHAR message[600] = "";
    SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, NULL, NULL, message, sizeof message, NULL);
    expect(strstr((char*)message, sql + strlen("select * from ")) != NULL, "each statement has its own error");
    must(SQLFreeHandle(SQL_HANDLE_STMT, stmt), SQL_HANDLE_STMT, stmt, "SQLFreeHandle(STMT)");
  }
  return NULL;
}

static void run_threads(void* (*work)(void*), const char* dsn, int count, int rounds, int is_one_connection) {
  expect(count > 0 && count <= most_threads && rounds > 0, "COUNT and ROUNDS");
  pthread_t threads[most_threads];
  Worker workers[most_threads];
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = is_one_connection ? connected(env, dsn) : SQL_NULL_HDBC;
  pthread_barrier_init(&start, NULL, (unsigned)count);
  for (int i = 0; i < count; ++i) {
    workers[i] = (Worker){dsn, i % 2 == 0 ? env : SQL_NULL_HENV, dbc, i + 1, rounds};
    expect(pthread_create(&threads[i], NULL, work, &workers[i]) == 0, "a thread");
  }
  for (int i = 0; i < count; ++i) pthread_join(threads[i], NULL);
  if (dbc != SQL_NULL_HDBC) {
    ask(dbc, 1);
    disconnected(dbc);
  }
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  printf("%d threads\n", count);
}

// ---- cancelling ----

typedef struct {
  SQLHSTMT stmt;
  int is_by_handle;
  SQLRETURN code;
  double time;
} Canceller;

static void* cancel_soon(void* argument) {
  Canceller* const canceller = argument;
  pause_for(500);
  canceller->time = now();
  canceller->code =
      canceller->is_by_handle ? SQLCancelHandle(SQL_HANDLE_STMT, canceller->stmt) : SQLCancel(canceller->stmt);
  return NULL;
}

static void cancel(const char* dsn, const char* sql) {
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = connected(env, dsn);
  for (int is_by_handle = 0; is_by_handle < 2; ++is_by_handle) {
    Canceller canceller = {new_statement(dbc), is_by_handle, SQL_ERROR, 0};
    pthread_t thread;
    expect(pthread_create(&thread, NULL, cancel_soon, &canceller) == 0, "a thread");
    const SQLRETURN code = SQLExecDirect(canceller.stmt, (SQLCHAR*)sql, SQL_NTS);
    const double end = now();
    pthread_join(thread, NULL);
    SQLCHAR state[6] = "-";
    if (!SQL_SUCCEEDED(code)) SQLGetDiagRec(SQL_HANDLE_STMT, canceller.stmt, 1, state, NULL, NULL, 0, NULL);
    printf("%s %d %s %.0f\n", is_by_handle ? "SQLCancelHandle" : "SQLCancel", canceller.code, (char*)state,
           end - canceller.time);
    SQLFreeHandle(SQL_HANDLE_STMT, canceller.stmt);
    ask(dbc, 2);
  }
  disconnected(dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
}

// ---- children ----

static void be_a_child(const char* dsn) {
  alarm(patience);  // a lock that nobody will ever release ends here
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = connected(env, dsn);
  ask(dbc, 3);
  disconnected(dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  exit(0);
}

static void wait_for(pid_t child) {
  int status = -1;
  expect(child > 0 && waitpid(child, &status, 0) == child && status == 0, "the child got in");
  puts("the child got in");
}

static void fork_connected(const char* dsn) {
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = connected(env, dsn);
  ask(dbc, 4);
  const pid_t child = fork();
  if (child == 0) be_a_child(dsn);
  ask(dbc, 5);
  wait_for(child);
  ask(dbc, 6);
  disconnected(dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
}

static void* connect_once(void* argument) {
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = connected(env, argument);
  ask(dbc, 7);
  disconnected(dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return NULL;
}

static void fork_while_connecting(const char* dsn) {
  pthread_t thread;
  expect(pthread_create(&thread, NULL, connect_once, (void*)dsn) == 0, "a thread");
  pause_for(400);
  const pid_t child = fork();
  if (child == 0) be_a_child(dsn);
  wait_for(child);
  pthread_join(thread, NULL);
}

// ---- ends ----

static void leave_open(const char* dsn) {
  const SQLHDBC dbc = connected(new_environment(), dsn);
  must(SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0), SQL_HANDLE_DBC, dbc,
       "SQLSetConnectAttr");
  const SQLHSTMT stmt = new_statement(dbc);
  must(SQLExecDirect(stmt, (SQLCHAR*)"select 8", SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLExecDirect");
  expect(fetched(stmt) == 8, "the answer");
  puts("left open");
}

typedef struct {
  SQLHDBC dbc;
  const char* sql;
} Waiting;

static void* wait_for_a_statement(void* argument) {
  const Waiting* const waiting = argument;
  SQLExecDirect(new_statement(waiting->dbc), (SQLCHAR*)waiting->sql, SQL_NTS);
  return NULL;
}

static void exit_in_a_call(const char* dsn, const char* sql) {
  static Waiting waiting;
  pthread_t thread;
  waiting = (Waiting){connected(new_environment(), dsn), sql};
  expect(pthread_create(&thread, NULL, wait_for_a_statement, &waiting) == 0, "a thread");
  pause_for(300);
  puts("left waiting");
  exit(0);
}

static SQLHDBC at_the_end = SQL_NULL_HDBC;

static void ask_and_disconnect(void) {
  ask(at_the_end, 9);
  disconnected(at_the_end);
  puts("disconnected");
  fflush(stdout);
}

static void exit_then_disconnect(const char* dsn) {
  atexit(ask_and_disconnect);
  at_the_end = connected(new_environment(), dsn);
  exit(0);
}

// ---- what is left of a connection ----

static void print_state(SQLHDBC dbc) {
  static const SQLINTEGER attributes[] = {SQL_ATTR_AUTOCOMMIT,      SQL_ATTR_TXN_ISOLATION, SQL_ATTR_ACCESS_MODE,
                                          SQL_ATTR_CONNECTION_DEAD, SQL_ATTR_LOGIN_TIMEOUT, SQL_ATTR_METADATA_ID};
  for (size_t i = 0; i < sizeof attributes / sizeof *attributes; ++i) {
    SQLUINTEGER value = 99;
    const SQLRETURN code = SQLGetConnectAttr(dbc, attributes[i], &value, SQL_IS_UINTEGER, NULL);
    printf("%d %u; ", code, (unsigned)value);
  }
}

static void reconnect(const char* dsn) {
  const SQLHENV env = new_environment();
  SQLHDBC dbc = SQL_NULL_HDBC;
  must(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env, "SQLAllocHandle(DBC)");
  for (int i = 0; i < 3; ++i) {
    must(SQLConnect(dbc, (SQLCHAR*)dsn, SQL_NTS, NULL, 0, NULL, 0), SQL_HANDLE_DBC, dbc, "SQLConnect");
    print_state(dbc);
    ask(dbc, 10 + i);
    SQLSetConnectAttr(dbc, SQL_ATTR_TXN_ISOLATION, (SQLPOINTER)SQL_TXN_SERIALIZABLE, 0);
    if (i == 1) SQLSetConnectAttr(dbc, SQL_ATTR_AUTOCOMMIT, (SQLPOINTER)SQL_AUTOCOMMIT_OFF, 0);
    const SQLHSTMT stmt = new_statement(dbc);
    must(SQLExecDirect(stmt, (SQLCHAR*)"select 13", SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLExecDirect");
    expect(fetched(stmt) == 13, "the answer");
    SQLRETURN code = SQLDisconnect(dbc);
    SQLCHAR state[6] = "-";
    if (code != SQL_SUCCESS) SQLGetDiagRec(SQL_HANDLE_DBC, dbc, 1, state, NULL, NULL, 0, NULL);
    printf("%d %s\n", code, (char*)state);
    if (SQL_SUCCEEDED(code)) continue;
    must(SQLEndTran(SQL_HANDLE_DBC, dbc, SQL_ROLLBACK), SQL_HANDLE_DBC, dbc, "SQLEndTran");
    must(SQLDisconnect(dbc), SQL_HANDLE_DBC, dbc, "SQLDisconnect");
  }
  SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
}

// ---- cycles ----

static long resident(void) {
  long pages = -1, in_memory = -1;
  FILE* const file = fopen("/proc/self/statm", "r");
  expect(file != NULL && fscanf(file, "%ld %ld", &pages, &in_memory) == 2, "/proc/self/statm");
  fclose(file);
  return in_memory * (sysconf(_SC_PAGESIZE) / 1024);
}

static void cycles(const char* dsn, int count) {
  for (int i = 1; i <= count; ++i) {
    const SQLHENV env = new_environment();
    const SQLHDBC dbc = connected(env, dsn);
    ask(dbc, i);
    disconnected(dbc);
    must(SQLFreeHandle(SQL_HANDLE_ENV, env), SQL_HANDLE_ENV, env, "SQLFreeHandle(ENV)");
    if (i == count / 10 || i == count) printf("%ld\n", resident());
  }
}

// ---- one of many ----

static void log_in_once(const char* dsn) {
  const SQLHENV env = new_environment();
  const SQLHDBC dbc = connected(env, dsn);
  const SQLHSTMT stmt = new_statement(dbc);
  SQLCHAR user[100] = "";
  must(SQLExecDirect(stmt, (SQLCHAR*)"select current_user", SQL_NTS), SQL_HANDLE_STMT, stmt, "SQLExecDirect");
  must(SQLFetch(stmt), SQL_HANDLE_STMT, stmt, "SQLFetch");
  must(SQLGetData(stmt, 1, SQL_C_CHAR, user, sizeof user, NULL), SQL_HANDLE_STMT, stmt, "SQLGetData");
  printf("%s\n", (char*)user);
  must(SQLFreeHandle(SQL_HANDLE_STMT, stmt), SQL_HANDLE_STMT, stmt, "SQLFreeHandle(STMT)");
  disconnected(dbc);
  must(SQLFreeHandle(SQL_HANDLE_ENV, env), SQL_HANDLE_ENV, env, "SQLFreeHandle(ENV)");
}

int main(int count, char** arguments) {
  const char* const story = count > 2 ? arguments[1] : "";
  const char* const dsn = count > 2 ? arguments[2] : "";
  const char* const sql = count > 3 ? arguments[3] : "";
  const int times = count > 3 ? (int)strtol(arguments[3], NULL, 10) : 0;
  const int rounds = count > 4 ? (int)strtol(arguments[4], NULL, 10) : 0;
  if (strcmp(story, "threads") == 0) {
    run_threads(connect_and_ask, dsn, times, rounds, 0);
  } else if (strcmp(story, "statements") == 0) {
    run_threads(use_statements, dsn, times, rounds, 1);
  } else if (strcmp(story, "cancel") == 0) {
    cancel(dsn, sql);
  } else if (strcmp(story, "fork") == 0) {
    fork_connected(dsn);
  } else if (strcmp(story, "fork-while-connecting") == 0) {
    fork_while_connecting(dsn);
  } else if (strcmp(story, "exit") == 0) {
    leave_open(dsn);
  } else if (strcmp(story, "exit-in-thread") == 0) {
    exit_in_a_call(dsn, sql);
  } else if (strcmp(story, "exit-then-disconnect") == 0) {
    exit_then_disconnect(dsn);
  } else if (strcmp(story, "reconnect") == 0) {
    reconnect(dsn);
  } else if (strcmp(story, "once") == 0) {
    log_in_once(dsn);
  } else if (strcmp(story, "cycles") == 0) {
    cycles(dsn, times);
  } else {
    fputs("host STORY DSN ...\n", stderr);
    return 2;
  }
  return 0;
}
