#include "issu/doctor/capability.hpp"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

using issu::doctor::Capability;
using issu::doctor::Present;

namespace {

std::vector<Capability> sample() {
  return {
      {"root", "root", Present::yes, "uid 0", "everything", "sudo", {"checkpoint", "lxc"}},
      {"criu",
       "CRIU",
       Present::no,
       "none \"found\"",
       "checkpoints",
       "scenarios/setup",
       {"checkpoint"}},
      {"kvm", "KVM", Present::unknown, "not tried", "speed", "", {}},
  };
}

}  // namespace

TEST_CASE("a user can run only if everything that it needs is there") {
  CHECK(issu::doctor::can_run(sample(), "lxc"));
  CHECK_FALSE(issu::doctor::can_run(sample(), "checkpoint"));
  const auto missing = issu::doctor::lacking(sample(), "checkpoint");
  REQUIRE(missing.size() == 1);
  CHECK(missing[0].id == "criu");
}

TEST_CASE("unknown is not a yes, and an unknown user can't run") {
  auto capabilities = sample();
  capabilities[0].present = Present::unknown;
  CHECK_FALSE(issu::doctor::can_run(capabilities, "lxc"));
  CHECK_FALSE(issu::doctor::can_run(capabilities, "lcx"));
  CHECK_FALSE(issu::doctor::ready(sample(), {"lxc", "lcx"}));
}

TEST_CASE("what nobody needs keeps nobody from running") {
  CHECK(issu::doctor::ready(sample(), {"lxc"}));
  CHECK(issu::doctor::ready(sample(), {}));
}

TEST_CASE("JSON holds every field and the verdict") {
  const auto json = nlohmann::json::parse(issu::doctor::as_json(sample(), {"lxc"}));
  CHECK(json.at("ready") == true);
  CHECK(json.at("can_run").at("checkpoint") == false);
  REQUIRE(json.at("capabilities").size() == 3);
  const auto& criu = json.at("capabilities")[1];
  CHECK(criu.at("id") == "criu");
  CHECK(criu.at("present") == "no");
  CHECK(criu.at("detail") == "none \"found\"");
  CHECK(criu.at("how_to_get") == "scenarios/setup");
  CHECK(criu.at("needed_by") == nlohmann::json::array({"checkpoint"}));
  CHECK(json.at("capabilities")[2].at("present") == "unknown");
}

TEST_CASE("the table says what is missing, what for, and what to do") {
  const std::string text = issu::doctor::as_text(sample(), {"checkpoint"});
  CHECK(text.find("MISSING  CRIU") != std::string::npos);
  CHECK(text.find("-> scenarios/setup") != std::string::npos);
  CHECK(text.find("can't run; lacks CRIU") != std::string::npos);
  CHECK(text.find("NOT ready for checkpoint") != std::string::npos);
}
