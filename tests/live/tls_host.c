// tls_host DSN FILE: a host program with a TLS or an HTTP library of its own, which it uses before, between and after its connections, and
// gives up while one is open. Prints what it got of its library, and what stands in the library's queue of errors.
// Built by host_libraries.py with -DOF_OPENSSL or -DOF_CURL.
// SPDX-License-Identifier: Apache-2.0
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <sql.h>
#include <sqlext.h>

static void fail(const char* what) {
  fprintf(stderr, "%s\n", what);
  exit(1);
}

#ifdef OF_OPENSSL
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>

static void begin(void) {
  puts(OpenSSL_version(OPENSSL_VERSION));
}

static void use(const char* file) {
  (void)file;
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned length = 0;
  if (EVP_Digest("abc", 3, digest, &length, EVP_sha256(), NULL) != 1 || length != 32 || digest[0] != 0xba)
    fail("a digest");
  SSL_CTX* const context = SSL_CTX_new(TLS_client_method());
  if (context == NULL || SSL_CTX_set_default_verify_paths(context) != 1) fail("a context");
  SSL* const connection = SSL_new(context);
  if (connection == NULL) fail("a connection");
  SSL_free(connection);
  SSL_CTX_free(context);
  printf("errors that others left: %d\n", ERR_peek_error() != 0);
  ERR_clear_error();
}

static void end(void) {}
#else
#include <curl/curl.h>

static void begin(void) {
  if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) fail("curl_global_init");
  puts(curl_version());
}

static size_t count(char* data, size_t size, size_t times, void* sum) {
  (void)data;
  *(size_t*)sum += size * times;
  return size * times;
}

static void use(const char* file) {
  char url[1100];
  size_t sum = 0;
  snprintf(url, sizeof url, "file://%s", file);
  CURL* const handle = curl_easy_init();
  curl_easy_setopt(handle, CURLOPT_URL, url);
  curl_easy_setopt(handle, CURLOPT_WRITEFUNCTION, count);
  curl_easy_setopt(handle, CURLOPT_WRITEDATA, &sum);
  if (handle == NULL || curl_easy_perform(handle) != CURLE_OK) fail("curl_easy_perform");
  curl_easy_cleanup(handle);
  printf("read %zu bytes\n", sum);
}

static void end(void) {
  curl_global_cleanup();
}
#endif

static void must(SQLRETURN code, SQLSMALLINT type, SQLHANDLE handle) {
  SQLCHAR message[600] = "";
  if (SQL_SUCCEEDED(code)) return;
  SQLGetDiagRec(type, handle, 1, NULL, NULL, message, sizeof message, NULL);
  fail((char*)message);
}

static SQLHDBC connected(SQLHENV env, const char* dsn) {
  SQLHDBC dbc = SQL_NULL_HDBC;
  SQLHSTMT stmt = SQL_NULL_HSTMT;
  SQLINTEGER value = 0;
  must(SQLAllocHandle(SQL_HANDLE_DBC, env, &dbc), SQL_HANDLE_ENV, env);
  must(SQLConnect(dbc, (SQLCHAR*)dsn, SQL_NTS, NULL, 0, NULL, 0), SQL_HANDLE_DBC, dbc);
  must(SQLAllocHandle(SQL_HANDLE_STMT, dbc, &stmt), SQL_HANDLE_DBC, dbc);
  must(SQLExecDirect(stmt, (SQLCHAR*)"select 42", SQL_NTS), SQL_HANDLE_STMT, stmt);
  must(SQLFetch(stmt), SQL_HANDLE_STMT, stmt);
  must(SQLGetData(stmt, 1, SQL_C_SLONG, &value, 0, NULL), SQL_HANDLE_STMT, stmt);
  printf("the database says %d\n", (int)value);
  must(SQLFreeHandle(SQL_HANDLE_STMT, stmt), SQL_HANDLE_STMT, stmt);
  return dbc;
}

int main(int count_of_arguments, char** arguments) {
  if (count_of_arguments != 3) return 2;
  const char *const dsn = arguments[1], *const file = arguments[2];
  SQLHENV env = SQL_NULL_HENV;
  if (!SQL_SUCCEEDED(SQLAllocHandle(SQL_HANDLE_ENV, SQL_NULL_HANDLE, &env))) return 2;
  must(SQLSetEnvAttr(env, SQL_ATTR_ODBC_VERSION, (SQLPOINTER)SQL_OV_ODBC3, 0), SQL_HANDLE_ENV, env);
  begin();
  use(file);
  const SQLHDBC first = connected(env, dsn);
  use(file);
  must(SQLDisconnect(first), SQL_HANDLE_DBC, first);
  use(file);
  connected(env, dsn);
  end();
  const SQLHDBC last = connected(env, dsn);
  begin();
  use(file);
  must(SQLDisconnect(last), SQL_HANDLE_DBC, last);
  end();
  return 0;
}
