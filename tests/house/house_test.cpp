#include <doctest/doctest.h>

#include <cstdio>

#include "tests/house/rules.hpp"

namespace {

const house::Tree& our_tree() {
  static const house::Tree tree = house::read_tree(ISSU_SOURCE_DIR);
  return tree;
}

void expect_none(const std::vector<std::string>& violations) {
  for (const std::string& violation : violations) {
    FAIL_CHECK(violation);
  }
}

std::size_t including(const std::string& path, const std::string& included) {
  return house::include_violations({{path, "#include \"" + included + "\"\n"}}).size();
}

}  // namespace

TEST_CASE("the tree was read") {
  CHECK(our_tree().contains("issu/base/result.hpp"));
  CHECK(our_tree().contains("backends/rp.hpp"));
}

TEST_CASE("each folder includes only what the architecture allows it") {
  expect_none(house::include_violations(our_tree()));
}

TEST_CASE("one file only knows each vendor's library") {
  expect_none(house::sole_owner_violations(our_tree()));
}

TEST_CASE("only the two ports are derived from") {
  expect_none(house::inheritance_violations(our_tree()));
}

TEST_CASE("a class that derives from something else is found") {
  const auto count = [](const std::string& text, const std::string& path = "issu/x.cpp") {
    return house::inheritance_violations({{path, text}}).size();
  };
  CHECK(count("class A : public B {\n};\n") == 1);
  CHECK(count("struct A final : B {};\n") == 1);
  CHECK(count("class A\n    : public Npu, private B {\n};\n") == 1);
  CHECK(count("class A final : public backends::B<int> {\n};\n") == 1);
  CHECK(count("class A final : public Npu {\n};\n") == 0);
  CHECK(count("class Sink : public std::streambuf {\n};\n") == 0);
  CHECK(count("enum class A : std::uint8_t { one };\n") == 0);
  CHECK(count("struct A::B {\n};\nclass A {\n public:\n};\n") == 0);
  CHECK(count("class A : public B {\n};\n", "tests/x.cpp") == 0);
}

TEST_CASE("no registry, no machine's path and no unfinished work is named") {
  expect_none(house::word_violations(our_tree()));
}

TEST_CASE("no file is longer than a reader can hold") {
  std::vector<std::string> notes;
  expect_none(house::length_violations(our_tree(), notes));
  for (const std::string& note : notes) {
    std::printf("note: %s\n", note.c_str());
  }
}

TEST_CASE("each invariant has tests, and they are there") {
  expect_none(house::invariant_violations(our_tree()));
}

TEST_CASE("an invariant without a test, and a test that is not there, are found") {
  const std::string table = "| 1 | The old side is fenced. |\n";
  const auto count = [&](const std::string& held) {
    return house::invariant_violations({{"docs/architecture.md", table},
                                        {"docs/invariants.md", held},
                                        {"scenarios/repeat.toml", ""},
                                        {"tests/a_test.cpp", "TEST_CASE(\"it holds\") {\n"}})
        .size();
  };
  CHECK(count("## 1. The old side is fenced\n- `tests/a_test.cpp`: it holds\n") == 0);
  CHECK(count("## 1. The old side is fenced\n- drill `repeat`\n") == 0);
  CHECK(count("## 1. The old side is fenced\n- `tests/a_test.cpp`: it holds not\n") == 1);
  CHECK(count("## 1. The old side is fenced\n- `tests/b_test.cpp`: it holds\n") == 1);
  CHECK(count("## 1. The old side is fenced\n- drill `another`\n") == 1);
  CHECK(count("## 1. The old side is fenced\n") == 1);
  CHECK(count("") == 1);
  CHECK(house::invariant_violations({}).size() == 1);
}

TEST_CASE("a planted include is found") {
  CHECK(including("issu/base/x.cpp", "issu/image/bundle.hpp") == 1);
  CHECK(including("backends/lxc/x.cpp", "issu/coordinator.hpp") == 1);
  CHECK(including("backends/lxc/x.cpp", "backends/npu/kernel.hpp") == 1);
  CHECK(including("issu/phases.cpp", "backends/lxc/lxc.hpp") == 1);
  CHECK(including("issu/phases.cpp", "checkpoint/criu.hpp") == 1);
  CHECK(including("issu/drill/lab.cpp", "issu/journal.hpp") == 1);
  CHECK(including("issu/config/read.cpp", "issu/measure/probe.hpp") == 1);
  CHECK(including("issu/measure/probe.cpp", "issu/journal.hpp") == 1);
  CHECK(including("issu/base/x.cpp", "result.hpp") == 1);
  CHECK(including("elsewhere/x.cpp", "issu/base/fd.hpp") == 1);
  CHECK(house::include_violations({{"issu/base/x.cpp", "  #  include\t\"issu/phases.hpp\"\n"}})
            .size() == 1);
}

TEST_CASE("an include that is allowed passes") {
  CHECK(including("issu/base/x.cpp", "issu/base/fd.hpp") == 0);
  CHECK(including("issu/phases.cpp", "backends/rp.hpp") == 0);
  CHECK(including("issu/phases.cpp", "issu/journal.hpp") == 0);
  CHECK(including("issu/cli/upgrade.cpp", "issu/journal.hpp") == 0);
  CHECK(including("issu/cli/upgrade.cpp", "backends/lxc/lxc.hpp") == 0);
  CHECK(including("issu/config/read.cpp", "issu/measure/plan.hpp") == 0);
  CHECK(including("tests/issu/x.cpp", "issu/journal.hpp") == 0);
}

TEST_CASE("commands are run without a shell") {
  expect_none(house::shell_violations(our_tree()));
}

TEST_CASE("words for a shell are found") {
  const auto count = [](const std::string& text, const std::string& path = "issu/x.cpp") {
    return house::shell_violations({{path, text}}).size();
  };
  CHECK(count("  system(\"ls\");\n") == 1);
  CHECK(count("  return ::system(text.c_str());\n") == 1);
  CHECK(count("  if (std::system (nullptr) == 0) {\n") == 1);
  CHECK(count("  FILE* f = popen(command, \"r\");\n") == 1);
  CHECK(count("  run({\"sh\", \"-c\", text});\n") == 1);
  CHECK(count("  run({\"/bin/bash\", file});\n") == 1);
  CHECK(count("  run({\"busybox\", \"sh\"});\n") == 1);
  CHECK(count("  const auto file_system = system_of(x);  // system(\n") == 0);
  CHECK(count("  run({\"ssh\", \"host\"}); the_system(x);\n") == 0);
  CHECK(count("\"(nothing of the system (it) runs)\"\n") == 0);
  CHECK(count("  system(\"ls\");\n", "tests/x.cpp") == 0);
}

TEST_CASE("a second owner of a vendor's library is found") {
  const std::string line = "#include <lxc/lxccontainer.h>\n";
  CHECK(house::sole_owner_violations({{"backends/lxc/a.cpp", line}}).empty());
  CHECK(house::sole_owner_violations({{"backends/lxc/a.cpp", line}, {"tests/lxc/b.cpp", line}})
            .empty());
  CHECK(house::sole_owner_violations({{"backends/lxc/a.cpp", line}, {"backends/lxc/b.cpp", line}})
            .size() == 1);
}

TEST_CASE("forbidden words and long files are found") {
  CHECK(house::word_violations({{"docs/a.md", std::string("from deb.") + "debian.org\n"}}).size() ==
        1);
  CHECK(house::word_violations({{"issu/a.cpp", std::string("// TO") + "DO\n"}}).size() == 1);
  std::vector<std::string> notes;
  CHECK(house::length_violations({{"issu/a.cpp", std::string(401, '\n')}}, notes).size() == 1);
  CHECK(notes.empty());
  CHECK(house::length_violations({{"issu/a.cpp", std::string(301, '\n')}}, notes).empty());
  CHECK(notes.size() == 1);
  CHECK(house::length_violations({{"docs/a.md", std::string(900, '\n')}}, notes).empty());
}
