// cancel: stops a statement of a base driver whose own SQLCancel would send the token in clear (core's cancels_in_clear): over a second connection, made as the
// first one was, which asks the server to end what the first one runs. Where nothing runs it does nothing, as ODBC 3 says.
// For MariaDB and MySQL servers. A second connection takes as long as any connect; its token comes out of the cache of logins as a rule.
// Errors: those of a connect and of the server, on the statement; HY000 when the second connection reached another server (a name of several, a failover); HYC00 when the server did not tell the number of the first connection.
// Thread rule: as SQLCancel, from any thread while another one is inside the statement.
// Source: https://mariadb.com/kb/en/kill/, https://dev.mysql.com/doc/refman/8.0/en/kill.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>

#include "core/secret.h"
#include "core/width.h"
#include "driver/handles.h"

namespace iamodbc {

// What cancelling needs to know of a connection. Immutable, and shared: a disconnect may come while another thread cancels.
struct CancelWay {
  Secret string;  // the application's, with which the connection was made
  Width width = Width::narrow;
  SQLULEN login_timeout = 0;  // seconds
  std::string session;        // the server's number of the connection: digits
  std::string server;         // what the server calls itself
};

// The table of a base driver with SQLCancel and SQLCancelHandle of our own.
BaseFunctions with_own_cancel(BaseFunctions functions);

// Asks the server for its name and its number of this connection, which has just been made; costs one exchange. Without an answer SQLCancel will say that it cannot.
void prepare_to_cancel(Dbc& dbc, Secret string, Width width);

}  // namespace iamodbc
