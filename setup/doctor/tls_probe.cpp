// SPDX-License-Identifier: Apache-2.0
#include "setup/doctor/tls_probe.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>
#include <optional>
#include <string_view>
#include <system_error>

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include "core/addresses.h"
#include "core/sigpipe.h"
#include "core/text.h"

namespace iamodbc {
namespace {

using Kind = TlsFault::Kind;
using MaybeFault = std::optional<TlsFault>;

// True when it is ready, false at the deadline.
bool wait_for(int descriptor, short events, Deadline deadline) {
  while (true) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    if (left.count() <= 0) return false;
    pollfd one{descriptor, events, 0};
    const int ready = poll(&one, 1, static_cast<int>(std::min<long long>(left.count(), 60000)));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

TlsFault timed_out(const char* what) {
  return {Kind::timed_out, std::string("the server takes too long ") + what};
}

MaybeFault send_all(int descriptor, std::string_view bytes, Deadline deadline) {
  while (!bytes.empty()) {
    const ssize_t count = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (count > 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_for(descriptor, POLLOUT, deadline)) return timed_out("to read");
    } else if (errno != EINTR) {
      return TlsFault{Kind::hung_up, "the server hangs up: " + std::generic_category().message(errno)};
    }
  }
  return std::nullopt;
}

MaybeFault receive_all(int descriptor, std::string& bytes, std::size_t size, Deadline deadline) {
  bytes.clear();
  std::array<char, 512> buffer{};
  while (bytes.size() < size) {
    const ssize_t count = recv(descriptor, buffer.data(), std::min(buffer.size(), size - bytes.size()), 0);
    if (count > 0) {
      bytes.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (count < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
      if (!wait_for(descriptor, POLLIN, deadline)) return timed_out("to answer");
    } else if (count == 0) {
      return TlsFault{Kind::hung_up, "the server hangs up before it says anything"};
    } else if (errno != EINTR) {
      return TlsFault{Kind::hung_up, "the server hangs up: " + std::generic_category().message(errno)};
    }
  }
  return std::nullopt;
}

MaybeFault ask_postgresql(int descriptor, Deadline deadline) {
  constexpr std::string_view ssl_request("\x00\x00\x00\x08\x04\xd2\x16\x2f", 8);
  if (auto fault = send_all(descriptor, ssl_request, deadline)) return fault;
  std::string answer;
  if (auto fault = receive_all(descriptor, answer, 1, deadline)) return fault;
  if (answer == "S") return std::nullopt;
  if (answer == "N") return TlsFault{Kind::not_offered, "the server does not support TLS"};
  return TlsFault{Kind::no_such_server, "the server does not answer as PostgreSQL does"};
}

std::size_t little_endian(std::string_view bytes) {
  std::size_t value = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    value |= static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])) << 8U * i;
  return value;
}

// "\xff" code message, or protocol 10, version, NUL, 4 + 8 + 1 bytes, the lower half of the capabilities.
MaybeFault fault_of_greeting(std::string_view greeting) {
  constexpr std::size_t tls_capability = 0x0800;
  if (!greeting.empty() && greeting.front() == '\xff') {
    return TlsFault{Kind::hung_up, "the server refuses: " +
                                       on_one_line(greeting.substr(std::min<std::size_t>(3, greeting.size())), 200)};
  }
  const std::size_t version_end = greeting.find('\0');
  const std::size_t capabilities = version_end + 1 + 4 + 8 + 1;
  if (greeting.empty() || greeting.front() != '\x0a' || version_end == std::string_view::npos ||
      greeting.size() < capabilities + 2)
    return TlsFault{Kind::no_such_server, "the server does not greet as MySQL or MariaDB do"};
  if ((little_endian(greeting.substr(capabilities, 2)) & tls_capability) == 0)
    return TlsFault{Kind::not_offered, "the server does not support TLS"};
  return std::nullopt;
}

MaybeFault ask_mysql(int descriptor, Deadline deadline) {
  std::string header;
  if (auto fault = receive_all(descriptor, header, 4, deadline)) return fault;
  const std::size_t size = little_endian(std::string_view(header).substr(0, 3));
  if (size == 0 || size > 4096)
    return TlsFault{Kind::no_such_server, "the server does not greet as MySQL or MariaDB do"};
  std::string greeting;
  if (auto fault = receive_all(descriptor, greeting, size, deadline)) return fault;
  if (auto fault = fault_of_greeting(greeting)) return fault;
  // Protocol 4.1, TLS, secure connection; 16 MB; utf8mb4.
  std::string request("\x20\x00\x00\x01\x00\x8a\x08\x00\x00\x00\x00\x01\x2d", 13);
  request.append(23, '\0');
  return send_all(descriptor, request, deadline);
}

std::string reason_of_openssl() {
  std::array<char, 256> text{};
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return "the server hangs up in the middle of it";
  ERR_error_string_n(code, text.data(), text.size());
  const char* const reason = ERR_reason_error_string(code);
  return reason != nullptr ? reason : text.data();
}

std::string common_name(const X509_NAME* name) {
  const int at = X509_NAME_get_index_by_NID(name, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(name, at)));
  if (size < 0) return {};
  std::string text(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return text;
}

Time end_of(const X509* certificate) {
  std::tm end{};
  if (ASN1_TIME_to_tm(X509_get0_notAfter(certificate), &end) != 1 || end.tm_year + 1900 > 2200) return Time::max();
  return std::chrono::sys_days(std::chrono::year(end.tm_year + 1900) / (end.tm_mon + 1) / end.tm_mday) +
         std::chrono::hours(end.tm_hour) + std::chrono::minutes(end.tm_min) + std::chrono::seconds(end.tm_sec);
}

std::string address_text(std::string_view bytes) {
  std::array<char, INET6_ADDRSTRLEN> text{};
  const int family = bytes.size() == 4 ? AF_INET : AF_INET6;
  if (bytes.size() != 4 && bytes.size() != 16) return {};
  return inet_ntop(family, bytes.data(), text.data(), text.size()) != nullptr ? text.data() : "";
}

std::vector<std::string> names_of(const X509* certificate) {
  std::vector<std::string> names;
  const std::unique_ptr<GENERAL_NAMES, void (*)(GENERAL_NAMES*)> list(
      static_cast<GENERAL_NAMES*>(X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr)),
      GENERAL_NAMES_free);
  for (int i = 0; list && i < sk_GENERAL_NAME_num(list.get()); ++i) {
    const GENERAL_NAME* const one = sk_GENERAL_NAME_value(list.get(), i);
    if (one->type != GEN_DNS && one->type != GEN_IPADD) continue;
    const ASN1_STRING* const content = one->type == GEN_DNS ? one->d.dNSName : one->d.iPAddress;
    const std::string bytes(reinterpret_cast<const char*>(ASN1_STRING_get0_data(content)),
                            static_cast<std::size_t>(ASN1_STRING_length(content)));
    names.push_back(one->type == GEN_DNS ? bytes : address_text(bytes));
  }
  return names;
}

TlsSeen seen(SSL* ssl, const std::string& name, bool has_authorities) {
  TlsSeen found;
  found.protocol = SSL_get_version(ssl);
  found.cipher = SSL_get_cipher_name(ssl);
  if (const STACK_OF(X509)* const chain = SSL_get_peer_cert_chain(ssl)) {
    for (int i = 0; i < sk_X509_num(chain); ++i) {
      const X509* const one = sk_X509_value(chain, i);
      found.chain.push_back(
          {common_name(X509_get_subject_name(one)), common_name(X509_get_issuer_name(one)), end_of(one)});
    }
  }
  const std::unique_ptr<X509, void (*)(X509*)> own(SSL_get1_peer_certificate(ssl), X509_free);
  if (!own) return found;
  found.names = names_of(own.get());
  found.has_name = is_numeric_address(name) ? X509_check_ip_asc(own.get(), name.c_str(), 0) == 1
                                            : X509_check_host(own.get(), name.data(), name.size(), 0, nullptr) == 1;
  if (const long result = SSL_get_verify_result(ssl); has_authorities && result != X509_V_OK)
    found.chain_problem = X509_verify_cert_error_string(result);
  return found;
}

MaybeFault shake_hands(SSL* ssl, int descriptor, Deadline deadline) {
  while (true) {
    ERR_clear_error();
    const int status = SSL_connect(ssl);
    if (status == 1) return std::nullopt;
    const int wanted = SSL_get_error(ssl, status);
    if (wanted != SSL_ERROR_WANT_READ && wanted != SSL_ERROR_WANT_WRITE) {
      const TlsFault fault{Kind::failed, "TLS cannot be agreed on: " + reason_of_openssl()};
      ERR_clear_error();
      return fault;
    }
    if (!wait_for(descriptor, wanted == SSL_ERROR_WANT_READ ? POLLIN : POLLOUT, deadline)) return timed_out("with TLS");
  }
}

}  // namespace

std::variant<TlsSeen, TlsFault> probe_tls(int descriptor, DatabaseProtocol protocol, const std::string& name,
                                          const std::string& ca_file, Deadline deadline) {
  const SigpipeHeld held;
  auto fault =
      protocol == DatabaseProtocol::postgresql ? ask_postgresql(descriptor, deadline) : ask_mysql(descriptor, deadline);
  if (fault) return *fault;
  const std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context(SSL_CTX_new(TLS_client_method()), SSL_CTX_free);
  // The file's certificates; one that cannot be read was told before.
  if (context && !ca_file.empty()) static_cast<void>(SSL_CTX_load_verify_file(context.get(), ca_file.c_str()));
  const std::unique_ptr<SSL, void (*)(SSL*)> ssl(context ? SSL_new(context.get()) : nullptr, SSL_free);
  if (!ssl) return TlsFault{Kind::failed, "OpenSSL makes no connection"};
  SSL_set_min_proto_version(ssl.get(), TLS1_2_VERSION);
  SSL_set_verify(ssl.get(), SSL_VERIFY_NONE, nullptr);  // judged below, not refused
  std::string sni = name;                               // OpenSSL's macro for this casts as C does
  if (!is_numeric_address(name))
    SSL_ctrl(ssl.get(), SSL_CTRL_SET_TLSEXT_HOSTNAME, TLSEXT_NAMETYPE_host_name, sni.data());
  if (SSL_set_fd(ssl.get(), descriptor) != 1) return TlsFault{Kind::failed, reason_of_openssl()};
  if (auto failed = shake_hands(ssl.get(), descriptor, deadline)) return *failed;
  return seen(ssl.get(), name, !ca_file.empty());
}

}  // namespace iamodbc
