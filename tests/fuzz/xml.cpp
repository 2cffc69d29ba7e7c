// xml: an XML text (first part) and a path in it (second): a text that is found stands in there.
// SPDX-License-Identifier: Apache-2.0
#include "core/xml.h"

#include <string>

#include "tests/fuzz/fuzz.h"

namespace iamodbc::fuzz {
namespace of_xml {

void run(std::string_view input) {
  const auto parts = parts_of(input, 2);
  auto xml = Xml::parse(parts[0]);
  if (!xml) return;
  // Entities and line ends are read as what they mean.
  const bool is_literal = parts[0].find_first_of("&\r") == std::string_view::npos;
  const std::string path(parts[1]);
  for (const std::string& one :
       {path, std::string("AssumeRoleResult/Credentials/SecretAccessKey"), std::string("Error/Code"), std::string()}) {
    const std::string text = xml->text(one);
    require(!is_literal || parts[0].find(text) != std::string_view::npos, "a text of nowhere: ", text);
    for (const std::string& each : xml->texts(one, ""))
      require(!is_literal || parts[0].find(each) != std::string_view::npos, "a text of nowhere: ", each);
    static_cast<void>(xml->texts("member", one));
  }
  Xml moved = *std::move(xml);
  const auto other = Xml::parse("<a><b>c</b></a>");
  require(other && other->text("b") == "c", "an XML text is not read");
  require(moved.text(path).size() <= parts[0].size() * 4, "a text longer than all");
}

const Registration registered("xml", run);

}  // namespace of_xml
}  // namespace iamodbc::fuzz
