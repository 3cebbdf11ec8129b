#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "backends/rp.hpp"
#include "backends/spec.hpp"
#include "tests/backends/rp_contract.hpp"

namespace issu::testing {

/// A chassis of its own without ports, folders of its own, and the payloads of a suite; all of it
/// gone again at the end, whatever was left running in it.
class LxcLab {
 public:
  /// `suite`: "frr" or "bird". With `first_id` the containers are in a user namespace.
  explicit LxcLab(const std::string& suite, std::optional<std::uint32_t> first_id = {});
  ~LxcLab();
  LxcLab(const LxcLab&) = delete;
  LxcLab& operator=(const LxcLab&) = delete;

  /// Why the lab cannot run here; empty when it can.
  [[nodiscard]] const std::string& missing() const { return missing_; }
  [[nodiscard]] RpContract contract() const;
  [[nodiscard]] std::unique_ptr<backends::RouteProcessor> make() const;
  [[nodiscard]] std::vector<std::string> traces() const;
  [[nodiscard]] const backends::RouterSpec& spec() const { return spec_; }
  /// Mounts a file system on run_dir from which no program may be run, as many machines' /run is.
  void forbid_programs();
  /// What that left of run_dir goes; nothing may be in it any more.
  void allow_programs();

 private:
  void write_config();

  std::string missing_;
  std::filesystem::path folder_;
  backends::RouterSpec spec_;
  bool programs_forbidden_ = false;
};

}  // namespace issu::testing
