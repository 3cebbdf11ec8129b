#include "backends/npu/soft/control.hpp"

namespace issu::backends::soft {
namespace {

using nlohmann::json;

std::string dumped(const json& line) {
  return line.dump(-1, ' ', false, json::error_handler_t::replace) + "\n";
}

ErrorKind kind_of(int number) {
  for (const ErrorKind kind :
       {ErrorKind::usage, ErrorKind::refused, ErrorKind::timeout, ErrorKind::needs_person}) {
    if (number == static_cast<int>(kind)) {
      return kind;
    }
  }
  return ErrorKind::failed;
}

}  // namespace

std::string answer_line(const Result<json>& answer) {
  if (answer) {
    return dumped({{"answer", *answer}});
  }
  std::string what = answer.error().what();
  for (const std::string& context : answer.error().contexts()) {
    what = context + ": " + what;
  }
  return dumped({{"error", what},
                 {"hint", answer.error().hint()},
                 {"kind", static_cast<int>(answer.error().kind())}});
}

Result<json> read_answer_line(const std::string& line) {
  json read = json::parse(line, nullptr, false);
  if (read.is_object() && read.contains("answer")) {
    return std::move(read["answer"]);
  }
  if (read.is_object() && read.contains("error") && read["error"].is_string()) {
    return fail(read["error"].get<std::string>(), read.value("hint", ""),
                kind_of(read.value("kind", 0)));
  }
  return fail("npud's answer can't be read");
}

Result<Request> read_request_line(const std::string& line, std::uint64_t& prefixes) {
  Request request;
  request.words = json::parse(line, nullptr, false);
  prefixes = 0;
  if (!request.words.is_object() || !request.words.contains("verb") ||
      !request.words["verb"].is_string()) {
    return fail("npud does not know the request \"" + line.substr(0, 40) + "\"");
  }
  const auto count = request.words.find("prefixes");
  if (count != request.words.end() && !count->is_number_unsigned()) {
    return fail("npud takes \"prefixes\" as a number only");
  }
  prefixes = count == request.words.end() ? 0 : count->get<std::uint64_t>();
  return request;
}

}  // namespace issu::backends::soft
