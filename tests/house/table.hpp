#pragma once

#include <string_view>
#include <vector>

namespace house {

/// A folder of the tree and what its files may include beside themselves and `issu/base`.
/// The deepest folder that holds a file decides. An entry that ends in ".hpp" is that file only;
/// any other is a folder, without the folders below it that have a row of their own.
struct Folder {
  std::string_view name;
  std::vector<std::string_view> may_include;
  bool includes_anything = false;
};

inline const std::vector<Folder>& folders() {
  static const std::vector<Folder> table = {
      {"issu/base", {}},
      // Signatures of images and of archives: both may reach it.
      {"issu/signing", {}},
      {"state-sync", {}},
      {"state-sync/tables", {"state-sync"}},
      {"state-sync/fpm", {"state-sync", "state-sync/tables"}},
      {"checkpoint", {}},
      {"checkpoint/archive", {"checkpoint/state_document.hpp", "issu/signing"}},
      // The two ports and what they are made of.
      {"backends", {"state-sync/prefix.hpp"}},
      {"backends/daemons", {"backends", "state-sync/prefix.hpp"}},
      {"backends/suite",
       {"backends", "backends/daemons", "issu/init/plan.hpp", "state-sync/prefix.hpp"}},
      {"backends/npu",
       {"backends", "checkpoint/state_document.hpp", "state-sync", "state-sync/fpm",
        "state-sync/tables"}},
      {"backends/npu/soft",
       {"backends", "backends/npu", "backends/npu/soft/engine", "checkpoint/state_document.hpp",
        "state-sync", "state-sync/fpm", "state-sync/tables"}},
      // Frames by the tables: no feeds, no coordinator, nothing of the rest of the driver.
      {"backends/npu/soft/engine",
       {"backends/npu/soft/engine/bpf", "state-sync/tables", "state-sync/prefix.hpp"}},
      {"backends/npu/soft/engine/bpf", {"backends/npu/soft/engine", "state-sync/tables"}},
      {"backends/lxc",
       {"backends", "backends/daemons", "backends/suite", "checkpoint", "issu/init/answers.hpp",
        "issu/init/plan.hpp", "state-sync/prefix.hpp"}},
      // The program in a card, which is a machine with containers. Its document is the host's, too.
      {"backends/card", {"backends", "backends/lxc", "backends/npu", "checkpoint"}},
      {"backends/vm",
       {"backends", "backends/card/document.hpp", "backends/card/initrd.hpp", "backends/daemons",
        "backends/suite", "checkpoint", "issu/init/answers.hpp", "issu/init/plan.hpp",
        "state-sync/prefix.hpp"}},
      {"issu/image", {"issu/signing"}},
      {"issu/init", {}},
      {"issu/config",
       {"backends/spec.hpp", "issu/measure/plan.hpp", "issu/phases.hpp",
        "issu/report/ledger/budget.hpp", "state-sync/prefix.hpp"}},
      {"issu/measure", {"backends/daemons", "state-sync/prefix.hpp"}},
      {"issu/report", {}},
      // Reads result documents; knows neither the coordinator nor router.toml.
      {"issu/report/ledger", {}},
      {"issu/doctor", {"backends/spec.hpp", "checkpoint"}},
      // Of the coordinator it knows the names of the phases, and nothing that acts.
      {"issu/drill",
       {"backends/daemons", "backends/spec.hpp", "issu/config", "issu/measure", "issu/phases.hpp",
        "issu/report", "issu/report/ledger/statistics.hpp", "state-sync/prefix.hpp"}},
      // The study: it has drills played and starts routers through the port, whoever stands behind
      // it.
      {"issu/compare",
       {"backends", "issu/doctor", "issu/drill", "issu/image", "issu/report",
        "issu/report/ledger"}},
      // The coordinator: it knows the ports, never who stands behind them.
      {"issu",
       {"backends", "state-sync", "issu/config", "issu/image", "issu/measure", "issu/report",
        "issu/report/ledger", "issu/signing"}},
      {"issu/cli", {}, true},
      {"tests", {}, true},
  };
  return table;
}

/// Who may be derived from outside of tests, and why.
struct Base {
  std::string_view name;
  std::string_view why;
};

inline const std::vector<Base>& bases() {
  static const std::vector<Base> table = {
      {"RouteProcessor", "a port"},
      {"Npu", "a port"},
      {"std::streambuf", "cereal reads and writes streams"},
      {"nlohmann::json_sax<nlohmann::json>", "its parser calls back"},
      {"Common", "words of a command line, no virtual member"},
      {"image::BuildOptions", "words of a command line, no virtual member"},
  };
  return table;
}

/// What only one source file of the product may know.
struct SoleOwner {
  std::string_view name;    ///< for the message
  std::string_view marker;  ///< a piece of a line that gives it away
};

inline const std::vector<SoleOwner>& sole_owners() {
  static const std::vector<SoleOwner> table = {
      {"cereal", "#include <cereal/"},  {"Boost.Interprocess", "#include <boost/interprocess/"},
      {"liblxc", "#include <lxc/"},     {"libvirt", "#include <libvirt/"},
      {"SQLite", "#include <sqlite3"},  {"libcriu", "#include <criu/"},
      {"the CRIU program", "\"criu\""},
  };
  return table;
}

/// A file that gives words to a shell, and why that is no shell of the router's machine that reads
/// what somebody else wrote. Everything else starts programs by a list of words.
struct Shell {
  std::string_view file;
  std::string_view why;
};

inline const std::vector<Shell>& shells() {
  static const std::vector<Shell> table = {
      {"backends/vm/guest_words.cpp", "a script of the tree, in a guest; values are its arguments"},
      {"backends/vm/guest_files.hpp", "the name of the guest's shell"},
      {"backends/vm/guest_files.cpp", "a script of the tree, written for the guest"},
      {"backends/vm/route_processor.cpp", "a script of the tree without values, in a guest"},
      {"issu/cli/manual.cpp", "the name of a completion that is written out"},
      {"issu/drill/hypervisors.cpp",
       "a script of the tree, for a drill; the folder is an argument"},
  };
  return table;
}

/// What no file of the tree says. Each is written in two halves, so that this file passes too.
struct Forbidden {
  std::string_view first;
  std::string_view second;
  std::string_view why;
};

inline const std::vector<Forbidden>& forbidden() {
  constexpr std::string_view registry = "a package registry: the machine's own sources name it";
  constexpr std::string_view unfinished = "unfinished work";
  static const std::vector<Forbidden> table = {
      {"deb.", "debian.org", registry},
      {"ftp.", "debian.org", registry},
      {"snapshot.", "debian.org", registry},
      {"security.", "debian.org", registry},
      {"archive.", "ubuntu.com", registry},
      {"py", "pi.org", registry},
      {"files.python", "hosted.org", registry},
      {"registry.", "npmjs", registry},
      {"crates", ".io", registry},
      {"docker", ".io", registry},
      {"gh", "cr.io", registry},
      {"TO", "DO", unfinished},
      {"FIX", "ME", unfinished},
      {"not imple", "mented", unfinished},
      {"#define private", " public", "private members are private"},
      {"/tmp", "/wt", "a path of one machine"},
  };
  return table;
}

}  // namespace house
