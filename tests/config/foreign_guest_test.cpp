#include <doctest/doctest.h>

#include "tests/config/sample.hpp"

namespace issu::config {
namespace {

std::string agentless(const std::string& more, const std::string& npu = "") {
  std::string text = testing::kGood;
  text.insert(text.find("config_dir"), "backend = \"vm\"\n");
  return text + "\n[npu]\ndriver = \"soft\"\n" + npu + "\n[vm]\nagent = false\n" + more;
}

TEST_CASE("a guest without an agent: its routes come by way of the kernel") {
  const testing::SampleFolder folder;
  auto config = folder.load(agentless("[vm.foreign]\nready = \"login:\"\nas = 64512\n"));
  REQUIRE_MESSAGE(config, config.error().message());
  REQUIRE(config->router.vm.foreign);
  CHECK(config->router.vm.foreign->ready == "login:");
  CHECK(config->router.vm.foreign->as == 64512);
  CHECK(config->router.vm.foreign->address == "169.254.0.2");
  CHECK(config->router.npu.feed == "netlink");
  CHECK(config->router.npu.punt_links == backends::PuntLinks::taps);
}

TEST_CASE("what a guest without an agent can't have is refused by name") {
  const testing::SampleFolder folder;
  const auto refused = [&](const std::string& text, const std::string& words) {
    const auto config = folder.load(text);
    REQUIRE_FALSE(config);
    CHECK_MESSAGE(config.error().message().find(words) != std::string::npos,
                  config.error().message());
  };
  refused(agentless("", "feed = \"fpm\"\n"), "collector");
  refused(agentless("[vm.foreign]\naddress = \"fe80::1\"\n"), "no IPv4 address");
  refused(agentless("[vm.foreign]\ncollector = \"169.254.0.1\"\n"), "with a length");
  refused(agentless("[vm.foreign]\nconfig_disk = \"nowhere.img\"\n"), "is no file");
  std::string text = agentless("[vm.foreign]\nready = \"x\"\n");
  text.replace(text.find("agent = false"), 13, "agent = true");
  refused(text, "without an agent");
}

TEST_CASE("a machine's processors are named as a list, or refused") {
  const testing::SampleFolder folder;
  const auto load = [&](const std::string& cpus) {
    return folder.load(agentless("cpus = \"" + cpus + "\"\n[vm.foreign]\n"));
  };
  const auto good = load("0-1,4");
  REQUIRE_MESSAGE(good, good.error().message());
  CHECK(good->router.vm.cpus == "0-1,4");
  const auto bad = load("one");
  REQUIRE_FALSE(bad);
  CHECK(bad.error().message().find("vm.cpus") != std::string::npos);
  CHECK(bad.error().message().find("\"one\" is not a list of processors") != std::string::npos);
}

}  // namespace
}  // namespace issu::config
