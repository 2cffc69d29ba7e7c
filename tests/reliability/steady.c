// steady: a program that has the driver in it and does what its standard input says, one line after another, so that whoever drives it can break things in between. Each
// line is answered by one line.
//   connect STRING        a connection string; "ok MILLISECONDS", or "refused MILLISECONDS STATE MESSAGE"
//   ask NUMBER            asks the server for it: "ok MILLISECONDS", or "refused ..."; "wrong" when another one comes
//   fetch COUNT SQL       asks for so many rows, numbered from 1, fetches one, pauses for the next line, fetches the rest: "open", then as ask
//   disconnect            and frees the connection; nothing without one: "ok"
//   timeout SECONDS       the login time-out of what connects from now on; 0: none: "ok"
//   storm MICROSECONDS    interrupts this program so often from now on, by a signal whose handler returns; 0: no more: "ok COUNT", of those before
//   pipes                 counts SIGPIPE from now on, which else ends this program: "ok COUNT", of those before
//   cancelled COUNT STRING  a thread connects, asks and disconnects and is cancelled anywhere in that, so many times: "ok COUNT", of those that were not through yet
//   forked COUNT STRING   while a thread connects, asks and disconnects all the time, forks so many times; each child connects and asks: "ok LOST WAITING",
//                         WAITING hung in a lock of the driver manager or the base driver, and are not LOST
//   soak SECONDS THREADS STRING  so many threads connect, ask and disconnect: "ok LOGINS LOST"; each loss is a line on standard error
//   again COUNT STRING    connects, asks and disconnects so many times: "ok MILLISECONDS", or the first refusal; cycle: without the question
//   each STEP ASKS STRING connects once with the first allocation of the driver's own code failing, once with that STEP later, and so on to the last, each in a child of
//                         its own that has never connected (failing.c has to be loaded, IAMODBC_TEST_DRIVER names the driver). It may come in, or be told HY001 (the driver
//                         manager says IM004 or IM005 where the driver could make no handle); a second
//                         connect of the child has to come in, and then as many bytes be in use as without a failure. ASKS: 1 if the base driver can answer. "ok TRIED TOLD
//                         LOST LEAKED": how many were told, how many broke one of these rules, how many left bytes behind (each is a line on standard error)
//   holders TEXT          "ok LIBRARY=COUNT ...": whose memory holds the text, or once did and was not wiped (hoarding.c has to be loaded)
//   state                 "ok HEAP DESCRIPTORS THREADS": bytes that malloc has given out, open files, threads
// SPDX-License-Identifier: Apache-2.0
#include <ctype.h>
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <execinfo.h>
#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <sql.h>
#include <sqlext.h>

enum { longest_line = 200000 };

static SQLHENV env = SQL_NULL_HENV;
static SQLHDBC dbc = SQL_NULL_HDBC;
static SQLULEN login_seconds = 0;
static char line[longest_line], input[BUFSIZ],
    output[BUFSIZ];  // of our own, so that no secret stands in memory that we do not know

typedef void (*Function)(void);

static Function function_in(void* libraries, const char* name) {
  void* const found = dlsym(libraries, name);
  Function function = NULL;
  memcpy(&function, &found, sizeof function);
  return function;
}

// Of the library that is loaded with LD_PRELOAD, or null.
static Function function_named(const char* name) {
  return function_in(RTLD_DEFAULT, name);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec * 1000 + (double)time.tv_nsec / 1e6;
}

static void refused(double start, SQLSMALLINT type, SQLHANDLE handle) {
  SQLCHAR state[6] = "-", message[1024] = "";
  SQLGetDiagRec(type, handle, 1, state, NULL, message, sizeof message, NULL);
  for (SQLCHAR* c = message; *c != 0; ++c) {
    if (!isprint(*c)) *c = ' ';
  }
  printf("refused %.0f %s %s\n", now() - start, (char*)state, (char*)message);
}

static void disconnect(void) {
  if (dbc == SQL_NULL_HDBC) return;
  SQLDisconnect(dbc);
  SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  dbc = SQL_NULL_HDBC;
}

static int connected(double start, char* string) {
  disconnect();
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc))) {
    refused(start, SQL_HANDLE_ENV, env);
    return 0;
  }
  if (login_seconds > 0) SQLSetConnectAttr(dbc, SQL_ATTR_LOGIN_TIMEOUT, (SQLPOINTER)login_seconds, SQL_IS_UINTEGER);
  if (SQL_SUCCEEDED(SQLDriverConnect(dbc, NULL, (SQLCHAR*)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT)))
    return 1;
  refused(start, SQL_HANDLE_DBC, dbc);
  SQLFreeHandle(SQL_HANDLE_DBC, dbc);
  dbc = SQL_NULL_HDBC;
  return 0;
}

static int right_answer(double start, long number) {
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  SQLINTEGER value = -1;
  char sql[40];
  if (dbc == SQL_NULL_HDBC || !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt))) {
    refused(start, SQL_HANDLE_DBC, dbc);
    return 0;
  }
  snprintf(sql, sizeof sql, "select %ld", number);
  const int is_told = SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR*)sql, SQL_NTS)) && SQL_SUCCEEDED(SQLFetch(stmt)) &&
                      SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, NULL));
  if (!is_told) refused(start, SQL_HANDLE_STMT, stmt);
  if (is_told && value != number) puts("wrong");
  SQLFreeHandle(SQL_HANDLE_STMT, stmt);
  return is_told && value == number;
}

static void ok(double start) {
  printf("ok %.0f\n", now() - start);
}

static int next_line(void) {
  fflush(stdout);
  while (fgets(line, sizeof line, stdin) == NULL) {
    if (!ferror(stdin) || errno != EINTR) return 0;
    clearerr(stdin);
  }
  line[strcspn(line, "\n")] = '\0';
  return 1;
}

static void fetch(char* text) {
  char* sql = text;
  const long count = strtol(text, &sql, 10);
  double start = now();
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  if (dbc == SQL_NULL_HDBC || !SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt))) {
    refused(start, SQL_HANDLE_DBC, dbc);
    return;
  }
  SQLINTEGER value = 0;
  long rows = 0;
  SQLRETURN code = SQLExecDirect(stmt, (SQLCHAR*)sql, SQL_NTS);
  if (SQL_SUCCEEDED(code)) code = SQLFetch(stmt);
  if (!SQL_SUCCEEDED(code)) {
    refused(start, SQL_HANDLE_STMT, stmt);
  } else {
    puts("open");
    next_line();
    start = now();
    do {
      ++rows;
      SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, NULL);
      if (value != rows) break;
    } while (SQL_SUCCEEDED(code = SQLFetch(stmt)));
    if (value != rows || (code == SQL_NO_DATA && rows != count)) {
      puts("wrong");
    } else if (code == SQL_NO_DATA) {
      ok(start);
    } else {
      refused(start, SQL_HANDLE_STMT, stmt);
    }
  }
  SQLFreeHandle(SQL_HANDLE_STMT, stmt);
}

static int entries_of(const char* folder) {
  int count = 0;
  DIR* const directory = opendir(folder);
  if (directory == NULL) return -1;
  while (readdir(directory) != NULL) ++count;
  closedir(directory);
  return count - 3;  // ".", ".." and what readdir itself has open
}

// ---- allocations that fail ----

enum Ending { told, came_in, not_reached, wrong_state, not_again, unclear, endings };
static const char* const names_of_endings[endings] = {
    "told", "came in", "not reached", "refused, and not as HY001", "the next connect failed", "the answer was wrong"};

typedef struct {
  long heap;      // bytes, after two connects
  char state[6];  // of the first
  char message[300];
} Report;

static long heap(void) {
  long (*const in_use)(void) = (long (*)(void))function_named("bytes_in_use");
  return in_use();
}

static enum Ending one_failing(long number, int asks, char* string, Report* report) {
  void (*const plan)(long) = (void (*)(long))function_named("fail_allocation");
  long (*const seen)(void) = (long (*)(void))function_named("allocations_seen");
  SQLHDBC own = SQL_NULL_HDBC;
  SQLAllocHandle(SQL_HANDLE_DBC, env, &own);
  plan(number);
  SQLRETURN code = SQLDriverConnect(own, NULL, (SQLCHAR*)string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT);
  const long reached = seen();
  plan(0);
  if (SQL_SUCCEEDED(code)) {
    SQLDisconnect(own);
  } else {
    SQLGetDiagRec(SQL_HANDLE_DBC, own, 1, (SQLCHAR*)report->state, NULL, (SQLCHAR*)report->message,
                  sizeof report->message, NULL);
  }
  SQLFreeHandle(SQL_HANDLE_DBC, own);
  if (!SQL_SUCCEEDED(code) && strcmp(report->state, "HY001") != 0 && strncmp(report->state, "IM00", 4) != 0)
    return wrong_state;
  if (!connected(now(), string)) return not_again;
  if (asks && !right_answer(now(), 7)) return unclear;
  disconnect();
  report->heap = heap();
  return reached < number ? not_reached : SQL_SUCCEEDED(code) ? came_in : told;
}

static enum Ending in_a_child(long number, int asks, char* string, Report* report) {
  *report = (Report){0};
  fflush(stdout);
  const pid_t child = fork();
  if (child == 0) {
    alarm(30);
    _exit((int)one_failing(number, asks, string, report));
  }
  int status = -1;
  if (child < 0 || waitpid(child, &status, 0) != child || !WIFEXITED(status) || WEXITSTATUS(status) >= endings) {
    snprintf(report->message, sizeof report->message, "the child ended with wait status %d", status);
    return unclear;
  }
  return (enum Ending)WEXITSTATUS(status);
}

// What libstdc++ keeps for good of a thread that has thrown for the first time (32 bytes) is there before anything is counted.
static void remember_exceptions(void* driver) {
  void* const found = dlsym(driver, "__cxa_get_globals");
  void* (*get_globals)(void) = NULL;
  memcpy(&get_globals, &found, sizeof get_globals);
  if (get_globals != NULL) get_globals();
}

static void each(char* text) {
  char* rest = text;
  const long step = strtol(rest, &rest, 10);
  const int asks = (int)strtol(rest, &rest, 10);
  char* const string = rest + strspn(rest, " ");
  const char* const driver = getenv("IAMODBC_TEST_DRIVER");
  // The driver manager opens the same copy, and its code is found before it connects.
  void* const opened = driver == NULL ? NULL : dlopen(driver, RTLD_NOW | RTLD_LOCAL);
  if (function_named("fail_allocation") == NULL || opened == NULL) {
    puts("failing.c or the driver is not there");
    return;
  }
  remember_exceptions(opened);
  Report* const report = mmap(NULL, sizeof(Report), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  long tried = 0, were_told = 0, lost = 0, leaked = 0;
  enum Ending ending = in_a_child(1000000000, asks, string, report);
  const long usual = report->heap;
  if (ending != not_reached) fprintf(stderr, "without a failure: %s %s\n", names_of_endings[ending], report->message);
  for (long number = 1; ending == not_reached || number > 1; number += step) {
    const enum Ending one = in_a_child(number, asks, string, report);
    if (one == not_reached) break;
    ++tried;
    were_told += one == told;
    if (one != told && one != came_in) {
      ++lost;
      fprintf(stderr, "allocation %ld: %s: [%s] %s\n", number, names_of_endings[one], report->state, report->message);
    } else if (report->heap > usual) {
      ++leaked;
      fprintf(stderr, "allocation %ld: %s, %ld bytes are left\n", number, names_of_endings[one], report->heap - usual);
    }
  }
  printf("ok %ld %ld %ld %ld\n", tried, were_told, lost, leaked);
  munmap(report, sizeof(Report));
}

static void again(char* text, int asks) {
  char* string = text;
  const double start = now();
  const long count = strtol(text, &string, 10);
  for (long i = 0; i < count; ++i) {
    if (!connected(start, string + strspn(string, " ")) || (asks && !right_answer(start, i))) return;
    disconnect();
  }
  ok(start);
}

static void state(void) {
  const struct mallinfo2 memory = mallinfo2();
  printf("ok %zu %d %d\n", memory.uordblks + memory.hblkhd, entries_of("/proc/self/fd"),
         entries_of("/proc/self/task") + 1);
}

// ---- signals, threads, children ----

static volatile sig_atomic_t signals = 0;

static void count_signal(int number) {
  (void)number;
  ++signals;
}

static void storm(long microseconds) {
  printf("ok %d\n", (int)signals);
  signals = 0;
  struct sigaction action = {.sa_handler = count_signal};  // without SA_RESTART: calls end with EINTR
  sigaction(SIGALRM, &action, NULL);
  const struct timeval every = {microseconds / 1000000, microseconds % 1000000};
  setitimer(ITIMER_REAL, &(struct itimerval){every, every}, NULL);
}

static volatile sig_atomic_t broken_pipes = 0;

static void count_pipe(int number) {
  (void)number;
  ++broken_pipes;
}

static void pipes(void) {
  printf("ok %d\n", (int)broken_pipes);
  broken_pipes = 0;
  sigaction(SIGPIPE, &(struct sigaction){.sa_handler = count_pipe, .sa_flags = SA_RESTART}, NULL);
}

typedef struct {
  const char* string;
  atomic_int* ends;  // whether to go on
  double until;      // in milliseconds of now(); 0: once
  int pause;         // milliseconds between two rounds, at most
  long logins, lost;
  unsigned seed;
} Visitor;

static void rest_for(long microseconds) {
  nanosleep(&(struct timespec){microseconds / 1000000, microseconds % 1000000 * 1000}, NULL);
}

static int visited(Visitor* visitor, SQLHENV own_env) {
  SQLHDBC own = SQL_NULL_HDBC;
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  SQLINTEGER value = -1;
  SQLCHAR state[6] = "-", message[400] = "";
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, own_env, &own))) return 0;
  int is_in = SQL_SUCCEEDED(
      SQLDriverConnect(own, NULL, (SQLCHAR*)visitor->string, SQL_NTS, NULL, 0, NULL, SQL_DRIVER_NOPROMPT));
  if (!is_in) {
    SQLGetDiagRec(SQL_HANDLE_DBC, own, 1, state, NULL, message, sizeof message, NULL);
  } else {
    is_in = SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_STMT, own, &stmt)) &&
            SQL_SUCCEEDED(SQLExecDirect(stmt, (SQLCHAR*)"select 8", SQL_NTS)) && SQL_SUCCEEDED(SQLFetch(stmt)) &&
            SQL_SUCCEEDED(SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, NULL)) && value == 8;
    if (!is_in) SQLGetDiagRec(SQL_HANDLE_STMT, stmt, 1, state, NULL, message, sizeof message, NULL);
    SQLFreeHandle(SQL_HANDLE_STMT, stmt);
    SQLDisconnect(own);
  }
  SQLFreeHandle(SQL_HANDLE_DBC, own);
  if (!is_in) fprintf(stderr, "lost: [%s] %s\n", (char*)state, (char*)message);
  return is_in;
}

static void* visit(void* argument) {
  Visitor* const visitor = argument;
  do {
    if (visited(visitor, env)) {
      ++visitor->logins;
    } else {
      ++visitor->lost;
    }
    if (visitor->pause > 0) rest_for(rand_r(&visitor->seed) % (visitor->pause * 1000));
  } while (now() < visitor->until || (visitor->ends != NULL && !atomic_load(visitor->ends)));
  return NULL;
}

static long length_of_a_visit(Visitor* visitor) {
  const double start = now();
  visit(visitor);
  return (long)((now() - start) * 1000) + 1;
}

// libodbc reads odbcinst.ini under its lock of all environments, anew every 20 s. A thread that is cancelled in there leaves that lock taken for ever, with any driver, and
// the next SQLAllocHandle waits for it. So no thread is cancelled from its fopen to its fclose; these two stand before those of the C library for everybody in this program.
static _Thread_local int state_before = -1;

static int is_driver_manager(void* address) {
  Dl_info found;
  return dladdr(address, &found) != 0 && found.dli_fname != NULL && strstr(found.dli_fname, "/libodbc.so") != NULL;
}

static void end_of_shield(void) {
  const int state = state_before;
  state_before = -1;
  pthread_setcancelstate(state, NULL);
}

FILE* fopen(const char* path, const char* mode) {
  FILE* (*const next)(const char*, const char*) =
      (FILE * (*)(const char*, const char*)) function_in(RTLD_NEXT, "fopen");
  const int is_shielded = state_before < 0 && is_driver_manager(__builtin_return_address(0));
  if (is_shielded) pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &state_before);
  FILE* const file = next(path, mode);
  if (is_shielded && file == NULL) end_of_shield();
  return file;
}

int fclose(FILE* file) {
  int (*const next)(FILE*) = (int (*)(FILE*))function_in(RTLD_NEXT, "fclose");
  const int is_shielded = state_before >= 0 && is_driver_manager(__builtin_return_address(0));
  const int result = next(file);
  if (is_shielded) end_of_shield();
  return result;
}

static void cancelled(char* text) {
  char* string = text;
  const long count = strtol(text, &string, 10);
  Visitor visitor = {.string = string + strspn(string, " ")};
  unsigned seed = (unsigned)time(NULL);
  const long longest = length_of_a_visit(&visitor);
  long ended = 0;
  for (long i = 0; i < count; ++i) {
    pthread_t thread;
    void* result = NULL;
    if (pthread_create(&thread, NULL, visit, &visitor) != 0) break;
    rest_for(rand_r(&seed) % longest);
    pthread_cancel(thread);
    pthread_join(thread, &result);
    ended += result == PTHREAD_CANCELED;
  }
  printf("ok %ld\n", ended);
}

// Which of the program's libraries an address is in, by what /proc/self/maps says; no call here takes a lock, because a child that hangs may hang in any.
static const char* library_at(const char* maps, unsigned long address) {
  static char path[512];
  for (const char* at = maps; at != NULL && *at != '\0'; at = strchr(at, '\n'), at += at != NULL) {
    char* end = NULL;
    const unsigned long first = strtoul(at, &end, 16);
    const unsigned long last = strtoul(end + 1, NULL, 16);
    if (address < first || address >= last) continue;
    const size_t length = strcspn(at, "\n");
    const char* const slash = memchr(at, '/', length);
    if (slash == NULL) return "";
    size_t size = length - (size_t)(slash - at);
    if (size >= sizeof path) size = sizeof path - 1;
    memcpy(path, slash, size);
    path[size] = '\0';
    return path;
  }
  return "";
}

enum { hangs_around_us = 77, hangs_elsewhere = 78 };

// Whose lock it is: that of the innermost library that is not the C library. The driver manager and the base driver with what it stands on wait for theirs without us too.
static int is_around_us(const char* name) {
  static const char* const libraries[] = {"libodbc.so",        "libltdl.so", "psqlodbcw.so",  "libpq.so",
                                          "libgssapi_krb5.so", "libkrb5.so", "libk5crypto.so"};
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; ++i) {
    if (strncmp(name, libraries[i], strlen(libraries[i])) == 0) return 1;
  }
  return 0;
}

static void tell_where_it_hangs(int signal_number) {
  (void)signal_number;
  enum { deepest = 64 };
  static char maps[1 << 18];
  void* frames[deepest];
  const int count = backtrace(frames, deepest);
  const int file = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
  size_t size = 0;
  for (ssize_t got = 0; file >= 0 && (got = read(file, maps + size, sizeof maps - 1 - size)) > 0;) size += (size_t)got;
  int status = 0;
  for (int i = 1; i < count; ++i) {  // the first is here
    const char* const path = library_at(maps, (unsigned long)frames[i]);
    const char* const name = strrchr(path, '/') == NULL ? path : strrchr(path, '/') + 1;
    const int is_c = strncmp(name, "libc.so", 7) == 0 || strncmp(name, "ld-linux", 8) == 0;
    if (status == 0 && !is_c) status = is_around_us(name) ? hangs_around_us : hangs_elsewhere;
    if (write(STDERR_FILENO, name, strlen(name)) < 0 || write(STDERR_FILENO, "\n", 1) < 0) break;
  }
  _exit(status == 0 ? hangs_elsewhere : status);
}

static int be_a_child(const char* string) {
  signal(SIGALRM, tell_where_it_hangs);
  alarm(25);  // a lock that nobody will ever release ends here
  SQLHENV own_env = SQL_NULL_HENV;
  Visitor visitor = {.string = string};
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &own_env))) return 1;
  SQLSetEnvAttr(own_env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  return visited(&visitor, own_env) ? 0 : 1;
}

static void forked(char* text) {
  char* string = text;
  const long count = strtol(text, &string, 10);
  atomic_int ends = 0;
  Visitor visitor = {.string = string + strspn(string, " "), .ends = &ends};
  unsigned seed = (unsigned)time(NULL);
  Visitor first = visitor;
  first.ends = NULL;
  const long longest = length_of_a_visit(&first);
  pthread_t thread;
  pthread_create(&thread, NULL, visit, &visitor);
  void* frame = NULL;
  backtrace(&frame, 1);  // loads what it needs, which a child that hangs must not
  long lost = 0, waiting = 0;
  for (long i = 0; i < count; ++i) {
    rest_for(rand_r(&seed) % longest);
    const pid_t child = fork();
    if (child == 0) _exit(be_a_child(visitor.string));
    int status = -1;
    const int is_ended = child > 0 && waitpid(child, &status, 0) == child;
    if (is_ended && WIFEXITED(status) && WEXITSTATUS(status) == hangs_around_us) {
      ++waiting;
    } else if (!is_ended || status != 0) {
      ++lost;
      fprintf(stderr, "lost: the child ended with wait status %d\n", status);
    }
  }
  atomic_store(&ends, 1);
  pthread_join(thread, NULL);
  printf("ok %ld %ld\n", lost + visitor.lost, waiting);
}

static void soak(char* text) {
  enum { most = 256 };
  static Visitor visitors[most];
  pthread_t threads[most];
  char* rest = text;
  const double until = now() + (double)strtol(rest, &rest, 10) * 1000;
  const long count = strtol(rest, &rest, 10);
  long logins = 0, lost = 0, started = 0;
  for (long i = 0; i < count && i < most; ++i) {
    visitors[i] = (Visitor){.string = rest + strspn(rest, " "), .until = until, .pause = 400, .seed = (unsigned)i};
    started += pthread_create(&threads[i], NULL, visit, &visitors[i]) == 0;
  }
  for (long i = 0; i < started; ++i) {
    pthread_join(threads[i], NULL);
    logins += visitors[i].logins;
    lost += visitors[i].lost;
  }
  printf("ok %ld %ld\n", logins, lost);
}

static void holders(const char* text) {
  void (*const find)(const char*, char*, size_t) = (void (*)(const char*, char*, size_t))function_named("blocks_with");
  char list[2000] = " hoarding.c is not loaded";
  if (find != NULL) find(text, list, sizeof list);
  printf("ok%s\n", list);
}

static void do_one(char* word, char* rest) {
  const double start = now();
  if (strcmp(word, "connect") == 0) {
    if (connected(start, rest)) ok(start);
  } else if (strcmp(word, "ask") == 0) {
    if (right_answer(start, strtol(rest, NULL, 10))) ok(start);
  } else if (strcmp(word, "fetch") == 0) {
    fetch(rest);
  } else if (strcmp(word, "disconnect") == 0) {
    disconnect();
    ok(start);
  } else if (strcmp(word, "timeout") == 0) {
    login_seconds = (SQLULEN)strtol(rest, NULL, 10);
    ok(start);
  } else if (strcmp(word, "storm") == 0) {
    storm(strtol(rest, NULL, 10));
  } else if (strcmp(word, "pipes") == 0) {
    pipes();
  } else if (strcmp(word, "cancelled") == 0) {
    cancelled(rest);
  } else if (strcmp(word, "forked") == 0) {
    forked(rest);
  } else if (strcmp(word, "soak") == 0) {
    soak(rest);
  } else if (strcmp(word, "again") == 0) {
    again(rest, 1);
  } else if (strcmp(word, "cycle") == 0) {
    again(rest, 0);
  } else if (strcmp(word, "each") == 0) {
    each(rest);
  } else if (strcmp(word, "holders") == 0) {
    holders(rest);
  } else if (strcmp(word, "state") == 0) {
    state();
  } else {
    puts("no such command");
  }
}

int main(void) {
  setvbuf(stdin, input, _IOFBF, sizeof input);
  setvbuf(stdout, output, _IOFBF, sizeof output);
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) return 1;
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  while (next_line()) {
    char* const word = line;
    char* rest = strchr(line, ' ');
    if (rest == NULL) rest = line + strlen(line);
    if (*rest != '\0') *rest++ = '\0';
    do_one(word, rest);
    memset(line, 0, sizeof line);
  }
  disconnect();
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
