// tls_probe: the TLS that a database server shows to a client that then sends no login. The only file of setup/ that sees OpenSSL.
// Nothing is refused here: chain and name are judged and told. What is sent holds no secret; MySQL counts it as one interrupted connect.
// Thread rule: any thread; SIGPIPE is held back.
// Source: https://www.postgresql.org/docs/15/protocol-flow.html#id-1.10.6.7.12 (SSLRequest);
//         https://dev.mysql.com/doc/dev/mysql-server/latest/page_protocol_connection_phase_packets_protocol_ssl_request.html
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <variant>
#include <vector>

#include "core/deadline.h"
#include "core/system.h"

namespace iamodbc {

enum class DatabaseProtocol { postgresql, mysql };

struct ShownCertificate {
  std::string subject;  // common name
  std::string issuer;
  Time end;
};

struct TlsSeen {
  std::string protocol;  // "TLSv1.3"
  std::string cipher;
  std::vector<ShownCertificate> chain;  // as the server sends it, its own first
  std::vector<std::string> names;       // that its own is for
  std::string chain_problem;            // empty: a CA of the file vouches for it
  bool has_name = false;                // the name that was asked for is among them
};

struct TlsFault {
  enum class Kind { not_offered, no_such_server, hung_up, timed_out, failed };
  Kind kind = Kind::failed;
  std::string reason;
};

// `descriptor`: connected, not blocking; it stays the caller's. `name`: what the certificate is checked for, and SNI. `ca_file` empty: nobody is trusted.
std::variant<TlsSeen, TlsFault> probe_tls(int descriptor, DatabaseProtocol protocol, const std::string& name,
                                          const std::string& ca_file, Deadline deadline);

}  // namespace iamodbc
