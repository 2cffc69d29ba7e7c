// encoding: percent-encoding (RFC 3986 unreserved set, upper-case hex), hex, UTF-8 <-> UTF-16.
// Never fails: a lone surrogate becomes its three-byte form (WTF-8) and comes back as it was, so wide text survives a
// round trip. Bytes that are not UTF-8 become U+FFFD on the way to UTF-16: one for each longest run that begins a
// character and does not end it.
// Source: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html (UriEncode);
//         WTF-8 https://simonsapin.github.io/wtf-8/
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace iamodbc {

std::string percent_encoded(std::string_view bytes);  // all but A-Z a-z 0-9 - . _ ~
std::string hex(std::string_view bytes);              // lower case
std::string base64url(std::string_view bytes);        // RFC 4648, section 5, without `=`
std::optional<std::string> base64_decoded(
    std::string_view text);  // section 4, `=` at the end and blanks between allowed; nullopt: it is none
std::string percent_decoded(std::string_view text);  // `+` is a blank, as in a query; a `%` that is no code stays
std::string utf8_from_utf16(std::u16string_view units);
std::u16string utf16_from_utf8(std::string_view bytes);

}  // namespace iamodbc
