#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "issu/base/result.hpp"
#include "state-sync/prefix.hpp"

namespace issu::backends::soft {

/// npud's control protocol: a unix stream socket (0600) in its folder. A request is one line of
/// JSON with a "verb"; where it has "prefixes": N, N lines of a prefix each follow. The answer is
/// one line: {"answer": …} or {"error": …, "hint": …, "kind": …}. docs/npu.md lists the verbs.

struct Request {
  nlohmann::json words;
  std::vector<state_sync::Prefix> prefixes;

  [[nodiscard]] std::string verb() const { return words.value("verb", ""); }
};

/// Both with their end of line.
[[nodiscard]] std::string answer_line(const Result<nlohmann::json>& answer);
Result<nlohmann::json> read_answer_line(const std::string& line);

/// The request of a line, its prefixes still missing; `prefixes` says how many they are.
Result<Request> read_request_line(const std::string& line, std::uint64_t& prefixes);

}  // namespace issu::backends::soft
