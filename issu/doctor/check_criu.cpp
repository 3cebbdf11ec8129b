#include <sched.h>

#include "checkpoint/conditioner/self_test.hpp"
#include "checkpoint/criu.hpp"
#include "issu/doctor/checks.hpp"

namespace issu::doctor {
namespace {

constexpr const char* get_one = "scenarios/setup finds or fetches one that works on this kernel";

Result<std::string> try_check() {
  auto criu = checkpoint::locate_criu();
  if (!criu) {
    return fail(std::move(criu).error());
  }
  return criu->version + ", " + criu->program.string() + ", its check passes";
}

Result<std::string> try_restore() {
  auto criu = checkpoint::locate_criu();
  if (!criu) {
    return fail("no CRIU to try it with");
  }
  ISSU_TRY(checkpoint::criu_self_test(*criu), "a child with a socket");
  return std::string("dumped and restored a child with a socket");
}

Result<std::string> try_conditioner() {
  if (::unshare(CLONE_NEWNET) != 0) {
    return fail_errno("a network namespace for the trial");
  }
  ISSU_TRY(checkpoint::conditioner_self_test(), "a socket with a key");
  return std::string("a TCP MD5 key and a hop limit are read and put back from outside");
}

}  // namespace

std::vector<Capability> check_criu(const Options& options) {
  Capability check{"criu.check", "CRIU",        Present::unknown, "", "the strategy checkpoint",
                   get_one,      {"checkpoint"}};
  Capability restore{"criu.restore",
                     "CRIU restores",
                     Present::unknown,
                     "",
                     "the strategy checkpoint: the same daemons on a new kernel",
                     get_one,
                     {"checkpoint"}};
  Capability conditioner{"criu.conditioner",
                         "sockets from outside",
                         Present::unknown,
                         "",
                         "what CRIU forgets: TCP MD5, ttl-security, multicast groups",
                         "a kernel from 5.6 on with CONFIG_INET_DIAG (modprobe tcp_diag) and "
                         "CONFIG_TCP_MD5SIG",
                         {"checkpoint"}};
  return {tried(std::move(check), try_check, options),
          tried(std::move(restore), try_restore, options),
          tried(std::move(conditioner), try_conditioner, options)};
}

}  // namespace issu::doctor
