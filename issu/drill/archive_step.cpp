#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "issu/base/fd.hpp"
#include "issu/config/router_config.hpp"
#include "issu/drill/archive_tools.hpp"
#include "issu/drill/archive_words.hpp"

namespace issu::drill {
namespace {

using nlohmann::json;

constexpr std::size_t kFlips = 12;

Result<void> flip(const std::filesystem::path& file, std::uint64_t at) {
  const Fd fd(::open(file.c_str(), O_RDWR | O_CLOEXEC));
  unsigned char byte = 0;
  if (!fd || ::pread(fd.get(), &byte, 1, static_cast<off_t>(at)) != 1) {
    return fail_errno("reading " + file.string());
  }
  byte ^= 1U;
  if (::pwrite(fd.get(), &byte, 1, static_cast<off_t>(at)) != 1) {
    return fail_errno("changing " + file.string());
  }
  return {};
}

std::size_t went_down(const measure::Measurement& seen) {
  return static_cast<std::size_t>(std::count_if(seen.sessions.begin(), seen.sessions.end(),
                                                [](const auto& each) { return each.went_down; }));
}

}  // namespace

void Runner::judge_fact(const std::string& what, const std::string& expected,
                        const std::string& got) {
  judgements_.push_back({what, expected, got, expected == got, {}});
}

Result<json> Runner::archive_command(const std::string& name, Argv words, int expected) {
  const std::string verb = words.at(1);
  auto program = start(std::move(words));
  auto status = program ? end(*program) : Result<int>(fail(program.error()));
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name + ": " + verb, expected, *status, *program);
  json answer = json::parse(program->output(), nullptr, false);
  return answer.is_object() ? answer : json::object();
}

Result<void> Runner::archive_keeps_secrets(const std::string& name,
                                           const std::filesystem::path& file) {
  const auto config = config::load_router(stage_->router_file);
  if (!config) {
    return fail(config.error());
  }
  const auto words = telling_words(config->router.config_dir);
  const auto stored = words_in_file(file, words);
  if (!stored) {
    return fail(stored.error());
  }
  auto program = start({"checkpoint", "show", file.string()});
  auto status = program ? end(*program) : Result<int>(fail(program.error()));
  if (!status) {
    return fail(std::move(status).error());
  }
  judge_exit(name + ": show without its key", 0, *status, *program);
  // The name of the file is no secret.
  auto shown = words_in(program->output(), words);
  std::erase_if(shown,
                [&](const auto& word) { return file.string().find(word) != std::string::npos; });
  stage_->say(fmt::format("  looked for {} words of the configuration", words.size()));
  judge_fact(name + ": there are words to look for", "true", words.size() > 10 ? "true" : "false");
  judge_fact(name + ": words of the configuration in the archive's bytes", "",
             fmt::format("{}", fmt::join(*stored, " ")));
  judge_fact(name + ": words of the configuration that show tells without the key", "",
             fmt::format("{}", fmt::join(shown, " ")));
  return {};
}

Result<void> Runner::archive_save(const ArchiveStep& step, const std::string& name) {
  ISSU_TRY(make_archive_key(*stage_, step.passphrase), "making the archive's key");
  auto watch = Watch::begin(*stage_, "save");
  if (!watch) {
    return fail(std::move(watch).error());
  }
  const auto keys = stage_->images / "keys";
  auto said =
      archive_command(name,
                      with_archive_key(*stage_, {"save", archive_name, "--certificate",
                                                 (keys / "signer.pem").string(), "--signing-key",
                                                 (keys / "signer.key").string(), "--force"}),
                      0);
  if (!said) {
    return fail(std::move(said).error());
  }
  if (interrupt_->sleep(stream_tail)) {
    return fail("interrupted");
  }
  const auto seen = watch->end();
  if (!seen) {
    return fail(seen.error());
  }
  stage_->say(
      fmt::format("  {:.1f} MiB, control plane dark for {:.0f} ms, {} packets sent, {} lost",
                  static_cast<double>(said->value("file_bytes", std::uint64_t{0})) / (1U << 20U),
                  said->value("dark_ms", 0.0), seen->sent, seen->lost));
  judge_fact(name + ": the data plane was measured", "true", seen->measured ? "true" : "false");
  judge_fact(name + ": packets lost", "0", fmt::format("{}", seen->lost));
  judge_fact(name + ": sessions that left Established", "0", fmt::format("{}", went_down(*seen)));
  judge_fact(name + ": routes withdrawn at the peers", "0", fmt::format("{}", withdrawn(*seen)));
  auto verified = archive_command(name, with_archive_key(*stage_, {"verify", archive_name}), 0);
  if (!verified) {
    return fail(std::move(verified).error());
  }
  auto shown = archive_command(name, with_archive_key(*stage_, {"show", archive_name}), 0);
  if (!shown) {
    return fail(std::move(shown).error());
  }
  judge_fact(name + ": the archive says of which router it is", stage_->territory.id,
             shown->value("/manifest/router"_json_pointer, ""));
  judge_fact(name + ": it is closed with", step.passphrase ? "passphrase" : "key file",
             shown->value("key", ""));
  return archive_keeps_secrets(name, shown->value("file", ""));
}

Result<void> Runner::archive_tamper(const std::string& name) {
  auto shown = archive_command(name, with_archive_key(*stage_, {"show", archive_name}), 0);
  if (!shown) {
    return fail(std::move(shown).error());
  }
  const std::filesystem::path file = shown->value("file", "");
  const auto size = shown->value("file_bytes", std::uint64_t{1});
  const auto before = npu_routes(*stage_);
  for (std::size_t i = 0; i < kFlips; ++i) {
    const std::uint64_t at = (size - 1) * i / (kFlips - 1);
    ISSU_TRY(flip(file, at), "tampering");
    auto refused = archive_command(fmt::format("{}: byte {} flipped", name, at),
                                   with_archive_key(*stage_, {"verify", archive_name}), 3);
    if (refused && i + 1 == kFlips) {
      refused =
          archive_command(fmt::format("{}: byte {} flipped", name, at),
                          with_archive_key(*stage_, {"restore", archive_name, "--replace"}), 3);
    }
    ISSU_TRY(flip(file, at), "tampering");
    if (!refused) {
      return fail(std::move(refused).error());
    }
  }
  judge_fact(name + ": the router has its routes", fmt::format("{}", before),
             fmt::format("{}", npu_routes(*stage_)));
  auto good = archive_command(name, with_archive_key(*stage_, {"verify", archive_name}), 0);
  return good ? Result<void>{} : fail(std::move(good).error());
}

Result<void> Runner::take_archive(const ArchiveStep& step, const std::string& name) {
  if (step.what == "save") {
    return archive_save(step, name);
  }
  if (step.what == "tamper") {
    return archive_tamper(name);
  }
  return archive_restore(step, name);
}

}  // namespace issu::drill
