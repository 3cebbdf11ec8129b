#include "issu/cli/command.hpp"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

namespace issu::cli {
namespace {

nlohmann::json to_json(const Error& error) {
  nlohmann::json json{{"what", error.what()}, {"hint", error.hint()}};
  std::string context;
  for (auto each = error.contexts().rbegin(); each != error.contexts().rend(); ++each) {
    context += (context.empty() ? "" : ": ") + *each;
  }
  json["context"] = context;
  return json;
}

}  // namespace

int exit_code_of(const Error& error) {
  switch (error.kind()) {
    case ErrorKind::usage:
      return 2;
    case ErrorKind::refused:
      return 3;
    case ErrorKind::needs_person:
      return 4;
    case ErrorKind::failed:
    case ErrorKind::timeout:
      break;
  }
  return 1;
}

int say_error(const Error& error, bool json) {
  const int code = exit_code_of(error);
  if (json) {
    nlohmann::json reasons = nlohmann::json::array({to_json(error)});
    for (const Error& other : error.others()) {
      reasons.push_back(to_json(other));
    }
    fmt::print("{}\n", nlohmann::json{{"exit_code", code}, {"errors", reasons}}.dump(
                           2, ' ', false, nlohmann::json::error_handler_t::replace));
  }
  fmt::print(stderr, "issu: {}\n", error.message());
  return code;
}

void add_common(CLI::App& command, Common& common) {
  command.add_option("-f,--file", common.file, "The router's description (router.toml)")
      ->capture_default_str();
  command.add_flag("--json", common.json, "Answer in JSON on standard output");
}

void add_example(CLI::App& command, const std::string& example) {
  command.footer("Example:\n  " + example);
}

}  // namespace issu::cli
