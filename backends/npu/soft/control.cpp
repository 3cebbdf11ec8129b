#include "backends/npu/soft/control.hpp"

#include <array>

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

/// A word of a request, and what it has to be: who reads it may rely on that.
struct Word {
  const char* name;
  bool (json::*is)() const noexcept;
  const char* kind;
};

constexpr std::array<Word, 8> words_of_requests{{
    {"verb", &json::is_string, "a text"},
    {"prefixes", &json::is_number_unsigned, "a number"},
    {"epoch", &json::is_number_unsigned, "a number"},
    {"limit", &json::is_number_unsigned, "a number"},
    {"slot", &json::is_number_unsigned, "a number"},
    {"chassis", &json::is_boolean, "true or false"},
    {"within", &json::is_string, "a text"},
    {"file", &json::is_string, "a text"},
}};

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
    const json hint = read.value("hint", json());
    const json kind = read.value("kind", json());
    return fail(read["error"].get<std::string>(),
                hint.is_string() ? hint.get<std::string>() : std::string(),
                kind_of(kind.is_number_integer() ? kind.get<int>() : 0));
  }
  return fail("npud's answer can't be read");
}

Result<Request> read_request_line(const std::string& line, std::uint64_t& prefixes) {
  Request request;
  request.words = json::parse(line, nullptr, false);
  prefixes = 0;
  if (!request.words.is_object() || !request.words.contains("verb")) {
    return fail("npud does not know the request \"" + line.substr(0, 40) + "\"");
  }
  for (const Word& word : words_of_requests) {
    const auto found = request.words.find(word.name);
    if (found != request.words.end() && !((*found).*word.is)()) {
      return fail("npud takes \"" + std::string(word.name) + "\" as " + word.kind + " only",
                  "say it so in the request", ErrorKind::usage);
    }
  }
  prefixes = request.words.value("prefixes", std::uint64_t{0});
  return request;
}

}  // namespace issu::backends::soft
