// SPDX-License-Identifier: Apache-2.0
#include "core/certificates.h"

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <memory>

namespace iamodbc {
namespace {

std::string common_name(X509* certificate) {
  X509_NAME* const subject = X509_get_subject_name(certificate);
  const int at = X509_NAME_get_index_by_NID(subject, NID_commonName, -1);
  if (at < 0) return {};
  unsigned char* utf8 = nullptr;
  const int size = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(X509_NAME_get_entry(subject, at)));
  if (size < 0) return {};
  std::string name(reinterpret_cast<const char*>(utf8), static_cast<std::size_t>(size));
  OPENSSL_free(utf8);
  return name;
}

}  // namespace

Result<std::vector<Certificate>> read_certificates(const std::string& file) {
  errno = 0;
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_file(file.c_str(), "r"), BIO_free);
  if (!bio) {
    ERR_clear_error();
    return cannot_connect("The CA file " + file + " cannot be read: " + std::strerror(errno) + ". Check TLSCAFile.");
  }
  std::vector<Certificate> certificates;
  while (X509* const raw = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    const std::unique_ptr<X509, void (*)(X509*)> certificate(raw, X509_free);
    std::tm end{};
    if (ASN1_TIME_to_tm(X509_get0_notAfter(raw), &end) != 1) continue;
    const auto day = std::chrono::sys_days(std::chrono::year(end.tm_year + 1900) / (end.tm_mon + 1) / end.tm_mday);
    const auto time = day + std::chrono::hours(end.tm_hour) + std::chrono::minutes(end.tm_min) + std::chrono::seconds(end.tm_sec);
    certificates.push_back(Certificate{common_name(raw), time});
  }
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  if (certificates.empty()) {
    return cannot_connect("The CA file " + file + " holds no certificate. Give a PEM file with the certificate authority of the database.");
  }
  return certificates;
}

}  // namespace iamodbc
