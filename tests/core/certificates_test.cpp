// SPDX-License-Identifier: Apache-2.0
#include "core/certificates.h"

#include <unistd.h>

#include <fstream>
#include <string>

#include <gtest/gtest.h>

namespace iamodbc {
namespace {

// Self-signed, "CN = Amazon RDS eu-central-1 Root CA RSA2048 G1", until 2126.
constexpr std::string_view frankfurt = R"(-----BEGIN CERTIFICATE-----
MIIBwTCCAWegAwIBAgIUIgMSQN8H3fWSbPCSBgcugzF94xEwCgYIKoZIzj0EAwIw
NTEzMDEGA1UEAwwqQW1hem9uIFJEUyBldS1jZW50cmFsLTEgUm9vdCBDQSBSU0Ey
MDQ4IEcxMCAXDTI2MTEyMjA1Mzk1MFoYDzIxMjYxMDI5MDUzOTUwWjA1MTMwMQYD
VQQDDCpBbWF6b24gUkRTIGV1LWNlbnRyYWwtMSBSb290IENBIFJTQTIwNDggRzEw
WTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAATmhW78VLh62CnjSC2u4K8vIn93t6Kl
EMJOYGhfrIdDcqa/4+G4B75azV9x503RU3DCX/81Yo9lOC8GUYZvgaPMo1MwUTAd
BgNVHQ4EFgQUnkcTRtKYOquZZAPSCkz88YMW2CQwHwYDVR0jBBgwFoAUnkcTRtKY
OquZZAPSCkz88YMW2CQwDwYDVR0TAQH/BAUwAwEB/zAKBggqhkjOPQQDAgNIADBF
AiEA8zi9XEVXewKWn9pJ2SEyr0n26cI3k2mEdKBwAgmdl90CIEoNeJGR3RDAc369
FPljeyi/muxn5n8S5NfRweJz/dJV
-----END CERTIFICATE-----
)";

// Self-signed, "CN = For ever", until 9999-12-31T23:59:59Z: X.509's way to say that it never ends (RFC 5280, 4.1.2.5).
constexpr std::string_view for_ever = R"(-----BEGIN CERTIFICATE-----
MIIBEDCBtgIBATAKBggqhkjOPQQDAjATMREwDwYDVQQDDAhGb3IgZXZlcjAgFw0y
NDAxMDEwMDAwMDBaGA85OTk5MTIzMTIzNTk1OVowEzERMA8GA1UEAwwIRm9yIGV2
ZXIwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAASWjJUA7+TR8cYTmkwFK/LQPM//
sA4Q5qTmZXlD6xLLXI2XZCTb9JTZvdnsDNSQhVCfRw++GV15XLjw2AZ4WQEBMAoG
CCqGSM49BAMCA0kAMEYCIQCMKXi+mDf4na6A9XWRiONvsq5ANM0lxxUzUYqYnSSh
AgIhAOf1YcNZu2PDNQZeETajthlHmj1eRGZzuX58WeclxyQW
-----END CERTIFICATE-----
)";

std::string file_with(const std::string& text) {
  static int count = 0;
  std::string name =
      testing::TempDir() + "iamodbc-certificates-" + std::to_string(getpid()) + "-" + std::to_string(++count) + ".pem";
  std::ofstream(name) << text;
  return name;
}

TEST(Certificates, AreReadInOrderWithNameAndEnd) {
  const std::string file =
      file_with("words before\n" + std::string(frankfurt) + "words between\n" + std::string(for_ever));
  const auto certificates = read_certificates(file);
  ASSERT_TRUE(certificates) << certificates.error().message;
  ASSERT_EQ(certificates.value().size(), 2U);
  EXPECT_EQ(certificates.value()[0].subject, "Amazon RDS eu-central-1 Root CA RSA2048 G1");
  EXPECT_EQ(extended_time(certificates.value()[0].end), "2126-10-29T05:39:50Z");
  EXPECT_EQ(certificates.value()[1].subject, "For ever");
}

TEST(Certificates, AnEndBeyondTheClockIsTheFarthestThatItHolds) {
  const auto certificates = read_certificates(file_with(std::string(for_ever)));
  ASSERT_TRUE(certificates);
  EXPECT_GT(certificates.value()[0].end, std::chrono::sys_days(std::chrono::year(2200) / 1 / 1));
}

TEST(Certificates, AFileThatCannotBeReadIsAnErrorThatNamesIt) {
  const auto none = read_certificates("/nowhere/ca.pem");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().sqlstate, "08001");
  EXPECT_NE(none.error().message.find("/nowhere/ca.pem"), std::string::npos);
  EXPECT_NE(none.error().message.find("No such file"), std::string::npos) << none.error().message;
}

TEST(Certificates, AFileWithoutACertificateIsAnError) {
  for (const char* text : {"", "hello\n", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"}) {
    const auto none = read_certificates(file_with(text));
    ASSERT_FALSE(none) << text;
    EXPECT_NE(none.error().message.find("no certificate"), std::string::npos) << none.error().message;
  }
}

}  // namespace
}  // namespace iamodbc
