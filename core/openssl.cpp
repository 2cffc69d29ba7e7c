// The only file that sees OpenSSL: digests (sha256.h, sha1.h), signatures (es256.h) and certificates (certificates.h).
// SPDX-License-Identifier: Apache-2.0
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <ctime>
#include <limits>
#include <memory>
#include <stdexcept>

#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "core/certificates.h"
#include "core/es256.h"
#include "core/sha1.h"
#include "core/sha256.h"

namespace iamodbc {
namespace {

[[noreturn]] void throw_unavailable() {
  throw std::runtime_error("OpenSSL could not compute SHA-256");
}

}  // namespace

Sha256 sha256(std::string_view bytes) {
  Sha256 digest;
  if (EVP_Digest(bytes.data(), bytes.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) throw_unavailable();
  return digest;
}

Sha256 hmac_sha256(std::string_view key, std::string_view bytes) {
  // The one-shot call takes about 1.2 us, a kept EVP_MAC about 0.8 us: not worth an object that lives until exit.
  if (key.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) throw_unavailable();
  // A null key would mean "the key of the call before".
  const char* const key_bytes = key.empty() ? "" : key.data();
  Sha256 digest;
  if (HMAC(EVP_sha256(), key_bytes, static_cast<int>(key.size()), reinterpret_cast<const unsigned char*>(bytes.data()),
           bytes.size(), digest.data(), nullptr) == nullptr) {
    throw_unavailable();
  }
  return digest;
}

void wipe(Sha256& digest) noexcept {
  OPENSSL_cleanse(digest.data(), digest.size());
}

std::string sha1(std::string_view bytes) {
  std::string digest(20, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(digest.data());
  if (EVP_Digest(bytes.data(), bytes.size(), out, nullptr, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("OpenSSL could not compute SHA-1");
  return digest;
}

// ---- signatures ----

namespace {

constexpr int coordinate_bytes = 32;

template <class Object, void (*free)(Object*)>
struct Freed {
  void operator()(Object* object) const { free(object); }
};
template <class Object, void (*free)(Object*)>
using Owned = std::unique_ptr<Object, Freed<Object, free>>;

using Key = Owned<EVP_PKEY, EVP_PKEY_free>;
using Number = Owned<BIGNUM, BN_free>;

// Without a callback OpenSSL asks for the password of an encrypted key on the terminal.
int no_password(char*, int, int, void*) {
  return -1;
}

Key p256_key(const Secret& pem) {
  if (pem.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) return nullptr;
  const std::unique_ptr<BIO, int (*)(BIO*)> bio(BIO_new_mem_buf(pem.reveal().data(), static_cast<int>(pem.size())),
                                                BIO_free);
  Key key(bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_password, nullptr) : nullptr);
  ERR_clear_error();
  std::array<char, 32> group{};
  if (!key || EVP_PKEY_get_group_name(key.get(), group.data(), group.size(), nullptr) != 1) {
    ERR_clear_error();
    return nullptr;
  }
  if (std::string_view(group.data()) != "prime256v1") return nullptr;
  return key;
}

std::string padded(const BIGNUM* number) {
  std::string bytes(coordinate_bytes, '\0');
  if (BN_bn2binpad(number, reinterpret_cast<unsigned char*>(bytes.data()), coordinate_bytes) != coordinate_bytes)
    return {};
  return bytes;
}

std::string coordinate(EVP_PKEY* key, const char* name) {
  BIGNUM* raw = nullptr;
  if (EVP_PKEY_get_bn_param(key, name, &raw) != 1) return {};
  const Number number(raw);
  return padded(number.get());
}

}  // namespace

std::optional<Es256PublicKey> es256_public_key(const Secret& pem) {
  const Key key = p256_key(pem);
  if (!key) return std::nullopt;
  Es256PublicKey found{coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_X),
                       coordinate(key.get(), OSSL_PKEY_PARAM_EC_PUB_Y)};
  if (found.x.empty() || found.y.empty()) return std::nullopt;
  return found;
}

std::optional<std::string> es256_signature(const Secret& pem, std::string_view bytes) {
  const Key key = p256_key(pem);
  const Owned<EVP_MD_CTX, EVP_MD_CTX_free> context(EVP_MD_CTX_new());
  if (!key || !context) return std::nullopt;
  std::array<unsigned char, 128> der{};  // at most 72 for this curve
  std::size_t size = der.size();
  if (EVP_DigestSignInit(context.get(), nullptr, EVP_sha256(), nullptr, key.get()) != 1 ||
      EVP_DigestSign(context.get(), der.data(), &size, reinterpret_cast<const unsigned char*>(bytes.data()),
                     bytes.size()) != 1) {
    ERR_clear_error();
    return std::nullopt;
  }
  const unsigned char* at = der.data();
  const Owned<ECDSA_SIG, ECDSA_SIG_free> parts(d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(size)));
  if (!parts) return std::nullopt;
  return padded(ECDSA_SIG_get0_r(parts.get())) + padded(ECDSA_SIG_get0_s(parts.get()));
}

// ---- certificates ----

namespace {

// The end of a certificate; "never" is the year 9999, which the clock cannot hold.
Time time_of(const std::tm& tm) {
  if (tm.tm_year + 1900 > 2200) return Time::max();
  const auto day = std::chrono::sys_days(std::chrono::year(tm.tm_year + 1900) / (tm.tm_mon + 1) / tm.tm_mday);
  return day + std::chrono::hours(tm.tm_hour) + std::chrono::minutes(tm.tm_min) + std::chrono::seconds(tm.tm_sec);
}

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
    certificates.push_back(Certificate{common_name(raw), time_of(end)});
  }
  ERR_clear_error();  // the end of the file is an error to OpenSSL
  if (certificates.empty()) {
    return cannot_connect("The CA file " + file +
                          " holds no certificate. Give a PEM file with the certificate authority of the database.");
  }
  return certificates;
}

}  // namespace iamodbc
