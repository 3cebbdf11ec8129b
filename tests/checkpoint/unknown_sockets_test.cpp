#include <doctest/doctest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>
#include <vector>

#include "checkpoint/conditioner/conditioner.hpp"
#include "issu/base/fd.hpp"
#include "tests/skip.hpp"

namespace issu::tests {
namespace {

std::vector<std::string> obstacles_of_this_process() {
  const std::array<pid_t, 1> us{::getpid()};
  const auto conditioner = checkpoint::Conditioner::collect(us);
  REQUIRE_MESSAGE(conditioner.has_value(), (conditioner ? "" : conditioner.error().message()));
  return conditioner->obstacles();
}

struct Kind {
  int family;
  int type;
  int protocol;
  const char* name;
};

TEST_CASE("a kind of socket that CRIU does not know is named by process, descriptor and kind") {
  if (::geteuid() != 0) {
    ISSU_SKIP("root is needed to look into processes");
  }
  const auto before = obstacles_of_this_process().size();
  int seen = 0;
  for (const auto& [family, type, protocol, name] :
       {Kind{AF_XDP, SOCK_RAW, 0, "AF_XDP"},
        {AF_VSOCK, SOCK_STREAM, 0, "AF_VSOCK"},
        {AF_ALG, SOCK_SEQPACKET, 0, "AF_ALG"},
        {AF_TIPC, SOCK_STREAM, 0, "AF_TIPC"},
        {AF_INET, SOCK_STREAM, IPPROTO_MPTCP, "type 1, protocol 262"},
        {AF_INET, SOCK_STREAM, IPPROTO_SCTP, "type 1, protocol 132"}}) {
    const Fd strange(::socket(family, type | SOCK_CLOEXEC, protocol));
    if (!strange) {
      MESSAGE("this kernel has no socket of " << std::string(name));
      continue;
    }
    ++seen;
    const auto found = obstacles_of_this_process();
    REQUIRE(found.size() == before + 1);
    INFO(found.back());
    for (const std::string& word : {std::to_string(::getpid()), std::string(name),
                                    "descriptor " + std::to_string(strange.get())}) {
      CHECK_MESSAGE(found.back().find(word) != std::string::npos, word);
    }
  }
  CHECK(seen > 0);
}

}  // namespace
}  // namespace issu::tests
