// logins: does the logins that standard input asks for, one after another, under one environment of ODBC, and says how each went.
// A line asks for one: FUNCTION WIDTH STACK TEXT [USER PASSWORD]
//   FUNCTION  SQLConnect (TEXT is the DSN) or SQLDriverConnect (TEXT is the connection string)
//   WIDTH     narrow or wide
//   STACK     KiB of stack of the thread that connects; 0: the main thread
//   TEXT ...  UTF-8 in hexadecimal digits; "-" is a null pointer
// A line answers: STATUS FROM TO SQLSTATE NATIVE MESSAGE
//   STATUS    what the function returned
//   FROM, TO  length of the file $RDS_TOKENS_LOG before and after: what the verifier saw of this login stands between
//   SQLSTATE  of the first record, "-" without one; NATIVE its code; MESSAGE its text, in hexadecimal digits of UTF-16
// Texts up to 32,767 characters go with their length, longer ones with SQL_NTS: ODBC's lengths end there. SQLDriverConnect has an out
// buffer of 1,024 characters; the program ends with status 3 when something is written behind it.
// SPDX-License-Identifier: Apache-2.0
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sql.h>
#include <sqlext.h>

enum { out_characters = 1024, guard_characters = 64, guard = 0x5A };

typedef struct {
  void* at;  // SQLCHAR or SQLWCHAR, ending with 0
  SQLSMALLINT length;
} Text;

typedef struct {
  int is_connect;  // SQLConnect
  int is_wide;
  Text texts[3];
  SQLHDBC dbc;
  SQLRETURN status;
} Login;

static void* must(void* memory) {
  if (memory == NULL) exit(4);
  return memory;
}

static size_t bytes_of(const char* digits, unsigned char* bytes) {
  size_t count = 0;
  for (; digits[0] != '\0' && digits[1] != '\0'; digits += 2) {
    const char pair[3] = {digits[0], digits[1], '\0'};
    bytes[count++] = (unsigned char)strtoul(pair, NULL, 16);
  }
  return count;
}

// Valid UTF-8 only.
static size_t units_of(const unsigned char* bytes, size_t size, SQLWCHAR* units) {
  size_t count = 0;
  for (size_t i = 0; i < size;) {
    const unsigned char first = bytes[i++];
    const int more = first < 0x80 ? 0 : first < 0xE0 ? 1 : first < 0xF0 ? 2 : 3;
    uint32_t point = more == 0 ? first : first & (0x3FU >> more);
    for (int k = 0; k < more && i < size; ++k) point = point << 6 | (bytes[i++] & 0x3FU);
    if (point < 0x10000) {
      units[count++] = (SQLWCHAR)point;
    } else {
      units[count++] = (SQLWCHAR)(0xD800 + ((point - 0x10000) >> 10));
      units[count++] = (SQLWCHAR)(0xDC00 + ((point - 0x10000) & 0x3FF));
    }
  }
  return count;
}

static Text text_of(const char* digits, int is_wide) {
  Text text = {NULL, 0};
  if (strcmp(digits, "-") == 0) return text;
  unsigned char* bytes = must(calloc(strlen(digits) / 2 + 1, 1));
  size_t count = bytes_of(digits, bytes);
  if (is_wide) {
    SQLWCHAR* units = must(calloc(count + 1, sizeof *units));
    count = units_of(bytes, count, units);
    free(bytes);
    text.at = units;
  } else {
    text.at = bytes;
  }
  text.length = count <= INT16_MAX ? (SQLSMALLINT)count : SQL_NTS;
  return text;
}

static void driver_connect(Login* login) {
  const size_t width = login->is_wide ? sizeof(SQLWCHAR) : 1;
  unsigned char out[(out_characters + guard_characters) * sizeof(SQLWCHAR)];
  memset(out, guard, sizeof out);
  SQLSMALLINT length = 0;
  const Text* text = &login->texts[0];
  login->status = login->is_wide ? SQLDriverConnectW(login->dbc, NULL, text->at, text->length, (SQLWCHAR*)(void*)out,
                                                     out_characters, &length, SQL_DRIVER_NOPROMPT)
                                 : SQLDriverConnect(login->dbc, NULL, text->at, text->length, out, out_characters,
                                                    &length, SQL_DRIVER_NOPROMPT);
  for (size_t i = out_characters * width; i < sizeof out; ++i) {
    if (out[i] != guard) exit(3);
  }
}

static void* log_in(void* argument) {
  Login* login = argument;
  const Text* texts = login->texts;
  if (!login->is_connect) {
    driver_connect(login);
  } else if (login->is_wide) {
    login->status = SQLConnectW(login->dbc, texts[0].at, texts[0].length, texts[1].at, texts[1].length, texts[2].at,
                                texts[2].length);
  } else {
    login->status = SQLConnect(login->dbc, texts[0].at, texts[0].length, texts[1].at, texts[1].length, texts[2].at,
                               texts[2].length);
  }
  return NULL;
}

static void log_in_with_stack(Login* login, size_t stack) {
  if (stack == 0) {
    log_in(login);
    return;
  }
  pthread_attr_t attributes;
  pthread_t thread;
  if (pthread_attr_init(&attributes) != 0 || pthread_attr_setstacksize(&attributes, stack * 1024) != 0 ||
      pthread_create(&thread, &attributes, log_in, login) != 0 || pthread_join(thread, NULL) != 0) {
    exit(4);
  }
  pthread_attr_destroy(&attributes);
}

static void print_first_record(SQLHDBC dbc) {
  SQLWCHAR state[6] = {0};
  SQLWCHAR message[1024] = {0};
  SQLINTEGER native = 0;
  SQLSMALLINT length = 0;
  if (!SQL_SUCCEEDED(SQLGetDiagRecW(SQL_HANDLE_DBC, dbc, 1, state, &native, message, 1024, &length))) {
    printf(" - 0 -");
    return;
  }
  putchar(' ');
  for (const SQLWCHAR* unit = state; *unit != 0; ++unit) putchar(*unit);
  printf(" %d ", (int)native);
  for (const SQLWCHAR* unit = message; *unit != 0; ++unit) printf("%04x", (unsigned)*unit);
}

static long long size_of_log(void) {
  struct stat file;
  const char* name = getenv("RDS_TOKENS_LOG");
  return name != NULL && stat(name, &file) == 0 ? (long long)file.st_size : -1;
}

int main(void) {
  SQLHENV env = SQL_NULL_HENV;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) return 4;
  SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0);
  char* line = NULL;
  size_t capacity = 0;
  while (getline(&line, &capacity, stdin) > 0) {
    Login login = {0};
    const char* separators = " \n";
    const char* function = strtok(line, separators);
    const char* width = strtok(NULL, separators);
    const char* stack = strtok(NULL, separators);
    if (function == NULL || width == NULL || stack == NULL) return 4;
    login.is_connect = strcmp(function, "SQLConnect") == 0;
    login.is_wide = strcmp(width, "wide") == 0;
    for (int i = 0; i < 3; ++i) {
      const char* digits = strtok(NULL, separators);
      if (digits != NULL) login.texts[i] = text_of(digits, login.is_wide);
    }
    if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_DBC, env, &login.dbc))) return 4;
    const long long from = size_of_log();
    log_in_with_stack(&login, strtoul(stack, NULL, 10));
    printf("%d %lld %lld", login.status, from, size_of_log());
    print_first_record(login.dbc);
    putchar('\n');
    fflush(stdout);
    if (SQL_SUCCEEDED(login.status)) SQLDisconnect(login.dbc);
    SQLFreeHandle(SQL_HANDLE_DBC, login.dbc);
    for (int i = 0; i < 3; ++i) free(login.texts[i].at);
  }
  free(line);
  SQLFreeHandle(SQL_HANDLE_ENV, env);
  return 0;
}
