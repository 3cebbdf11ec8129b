#pragma once

#include <fstream>
#include <string>

#include "issu/drill/scenario.hpp"
#include "tests/temp_dir.hpp"

namespace issu::drill::testing {

/// A whole good scenario; its lines are counted on by the tests.
inline const std::string kGood = R"(name = "sample"
about = "one upgrade"

[lab]
suite = "frr"
image = "one"
timers = { converge_s = 30 }

[[lab.peer]]
name = "east"
daemon = "bird"
announce = [{ first = "10.0.0.0/24", count = 300 }, { first = "2001:db8:1000::/48", count = 20 }]

[[lab.peer]]
name = "west"
daemon = "frr"
hold_s = 30
announce = [{ first = "10.128.0.0/20", count = 100 }]

[[lab.stream]]
from = "east"
to = "west"
rate_pps = 2000

[[step]]
upgrade = "two"
args = ["--auto-accept"]

[[expect]]
path = "data_plane.lost"
equals = 0
)";

/// The good sample with one piece of its text replaced (all of it must be there).
inline std::string with(const std::string& old_text, const std::string& new_text) {
  std::string text = kGood;
  const auto at = text.find(old_text);
  return at == std::string::npos ? "sample has no: " + old_text
                                 : text.replace(at, old_text.size(), new_text);
}

inline Result<Scenario> load_text(const std::string& text) {
  const tests::TempDir folder;
  std::ofstream(folder / "sample.toml") << text;
  return load_scenario(folder / "sample.toml");
}

}  // namespace issu::drill::testing
