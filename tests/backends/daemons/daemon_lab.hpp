#pragma once

#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "issu/base/child.hpp"
#include "issu/base/result.hpp"

namespace issu::test {

/// Network namespaces, links and real routing daemons for a test. Everything carries the test's
/// pid in its name and is taken away at the end.
class DaemonLab {
 public:
  /// Why such a lab can't be made here; empty when it can.
  static std::string missing();

  DaemonLab();
  ~DaemonLab();
  DaemonLab(const DaemonLab&) = delete;
  DaemonLab& operator=(const DaemonLab&) = delete;

  /// Creates the namespace at the first call; gives back its full name.
  std::string netns(const std::string& name);
  /// A veth pair between two namespaces, both ends up and with their addresses.
  void link(const std::string& left, const std::string& left_port,
            const std::vector<std::string>& left_addresses, const std::string& right,
            const std::string& right_port, const std::vector<std::string>& right_addresses);
  /// `ip -n NETNS WORDS…`
  void ip(const std::string& name, const std::string& words);
  void sysctl(const std::string& name, const std::string& key, const std::string& value);

  /// Starts BIRD with this configuration; it logs to `log(name)` and listens on `control(name)`.
  void start_bird(const std::string& name, const std::string& config, const Argv& options = {});
  /// Starts an FRR daemon ("bgpd"); its vty socket is in `folder()`.
  void start_frr(const std::string& name, const std::string& daemon, const std::string& config,
                 const Argv& options = {});
  /// Starts any program inside a namespace; it is ended with the lab.
  void start(const std::string& what, const Argv& argv, const std::string& in);
  /// Ends what was started under this name: SIGKILL, nobody is told.
  void kill(const std::string& what);
  [[nodiscard]] ProcessId process(const std::string& what) const { return processes_.at(what); }

  [[nodiscard]] std::filesystem::path folder() const { return folder_; }
  [[nodiscard]] std::filesystem::path control(const std::string& name) const {
    return folder_ / (name + ".ctl");
  }
  [[nodiscard]] std::filesystem::path log(const std::string& name) const {
    return folder_ / (name + ".log");
  }

 private:
  std::string full(const std::string& name) const;

  std::filesystem::path folder_;
  std::vector<std::string> namespaces_;
  std::map<std::string, ProcessId> processes_;
};

}  // namespace issu::test
