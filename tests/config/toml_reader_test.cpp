#include "issu/config/toml_reader.hpp"

#include <doctest/doctest.h>

using namespace issu;
using issu::config::parse_toml;
using Kind = issu::config::TomlValue::Kind;

TEST_CASE("values come with their kinds and lines, keys in the order of the file") {
  const auto document =
      parse_toml("z = 1\na = 2.5\n\n[t]\nb = true\nlist = [\"x\",\n  \"y\"]\n", "f");
  REQUIRE(document);
  REQUIRE(document->members.size() == 3);
  CHECK(document->members[0].key == "z");
  CHECK(document->members[0].value.integer == 1);
  CHECK(document->members[0].value.number == 1.0);
  CHECK(document->members[1].value.number == 2.5);
  const auto* table = document->find("t");
  REQUIRE(table != nullptr);
  CHECK(table->line == 4);
  CHECK(table->value.find("b")->value.boolean);
  CHECK(table->value.find("b")->line == 5);
  REQUIRE(table->value.find("list")->value.items.size() == 2);
  CHECK(table->value.find("list")->value.items[1].line == 7);
  CHECK(table->value.find("none") == nullptr);
}

TEST_CASE("a syntax error names file and line") {
  const auto document = parse_toml("a = 1\nb = = 2\n", "edge.toml");
  REQUIRE_FALSE(document);
  CHECK(document.error().kind() == ErrorKind::refused);
  CHECK(document.error().what().find("edge.toml:2: not TOML") != std::string::npos);
}

TEST_CASE("a table whose name begins with no letter is an error, not the end of the program") {
  for (const char* text : {"[!x]\n", "[[{b=1}]]\n", "[[[x]]]\n", "[.a]\n", "[[ ]]\n"}) {
    CAPTURE(text);
    const auto document = parse_toml(text, "edge.toml");
    REQUIRE_FALSE(document);
    CHECK(document.error().message().find("edge.toml:1: not TOML") != std::string::npos);
  }
}

TEST_CASE("letters beyond ASCII stand in texts and comments, nowhere else") {
  const auto good = parse_toml(
      "\xEF\xBB\xBF# é\na = \"é \\\" é\" # é \"\nb = 'é\\'\nc = \"\"\"é\n\"é\"\"\"\"\n"
      "d = '''é'\né'''\n\"é\" = 1\n",
      "f");
  REQUIRE_MESSAGE(good, good.error().message());
  CHECK(good->members.size() == 5);
  CHECK(good->find("a")->value.text == "é \" é");
  CHECK(good->find("c")->value.text == "é\n\"é\"");
  for (const char* text : {"a = 1\nb = é\n", "a = 1\né = 2\n", "a = 1\n[té]\n",
                           "a = 'x'\nb = 1 \u00a0\n", "\n\xff\n", "a = \"\"\"\n\"\"\" \u2028\n"}) {
    CAPTURE(text);
    const auto document = parse_toml(text, "edge.toml");
    REQUIRE_FALSE(document);
    CHECK(document.error().message().find("edge.toml:2: not TOML") != std::string::npos);
  }
}

TEST_CASE("the same key twice is an error") {
  CHECK_FALSE(parse_toml("a = 1\na = 2\n", "f"));
}

TEST_CASE("a line that nests without end is refused, not descended into") {
  std::string text = "a";
  for (int i = 0; i < 100'000; ++i) {
    text += ".a";
  }
  const auto document = parse_toml("x = 1\n" + text + " = 1\n", "f");
  REQUIRE_FALSE(document);
  CHECK(document.error().what().find("f:2:") != std::string::npos);
}

TEST_CASE("the deepest nesting that the line limit lets through is read and refused in peace") {
  std::string header = "[a";
  while (header.size() < 4090) {
    header += ".a";
  }
  CHECK_NOTHROW(parse_toml(header + "]\nx = 1\n", "f"));
  const std::string brackets(4000, '[');
  CHECK_FALSE(parse_toml("x = " + brackets + "\n", "f"));
}

TEST_CASE("a file that is not there is refused") {
  const auto document = config::read_toml("/nonexistent/router.toml");
  REQUIRE_FALSE(document);
  CHECK(document.error().kind() == ErrorKind::refused);
  CHECK(document.error().what().find("/nonexistent/router.toml") != std::string::npos);
}
