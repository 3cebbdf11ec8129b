#pragma once

#include <cstdint>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "issu/base/result.hpp"

namespace issu::archive {

/// Where a state was saved, and with what; decides where it can go on.
struct Machine {
  std::string host;
  std::string architecture;  ///< "x86_64", as uname says it
  std::string kernel;        ///< "6.1.0-50-amd64"
  std::string criu;          ///< version
};

/// The image that the daemons run from.
struct ImageIdentity {
  std::string version;
  std::string compatible;
  std::string kind;
  std::string sha256;  ///< of the payload
};

/// An interface of the chassis as the saved daemons know it.
struct Link {
  std::string name;
  std::uint32_t index = 0;
  std::string address;  ///< of the link layer: "52:54:00:12:34:56"
};

/// What the saved daemons believe that the kernel around them has.
struct Chassis {
  std::vector<Link> links;
  std::vector<std::uint32_t> nexthops;  ///< ids of next-hop objects
};

/// What an archive is of. What was not known when it was made has no value.
struct Manifest {
  std::string program;  ///< version of the program that wrote it
  std::string made;     ///< "2026-01-31T12:00:00.123Z"
  std::string router;
  std::string slot;  ///< "a" or "b"
  std::string suite;
  std::string suite_version;  ///< what the daemons said of themselves
  std::vector<std::string> daemons;
  ImageIdentity image;
  Machine machine;
  std::string npu_driver;  ///< "kernel": then there is no snapshot of its tables
  bool npu_snapshot = false;
  std::optional<std::uint64_t> sessions;            ///< that were known to the daemons
  std::optional<std::uint64_t> established;         ///< of those
  std::optional<std::uint64_t> routes;              ///< in the daemons' own table
  std::map<std::string, std::uint64_t> conditions;  ///< what CRIU would have forgotten, counted
  Chassis chassis;
  std::optional<double> dark_ms;  ///< that saving it took
};

[[nodiscard]] nlohmann::ordered_json to_json(const Manifest& manifest);
/// Missing and additional keys are fine; a value of the wrong type is refused.
Result<Manifest> manifest_from(const nlohmann::json& json);

}  // namespace issu::archive
