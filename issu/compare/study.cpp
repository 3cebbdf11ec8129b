#include "issu/compare/study.hpp"

#include <fmt/format.h>

#include <unistd.h>

#include <algorithm>

#include "issu/base/file.hpp"
#include "issu/image/bundle.hpp"

namespace issu::compare {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;
using backends::Slot;

/// The first reason, on one line: a cell of a table has no room for more.
std::string short_reason(const Error& error) {
  std::string text;
  for (auto each = error.contexts().rbegin(); each != error.contexts().rend(); ++each) {
    text += *each + ": ";
  }
  text += error.what();
  for (char& c : text) {
    c = c == '\n' ? ' ' : c;
  }
  return text;
}

}  // namespace

void Study::begin_row(const std::string& id, Deadline until) {
  row_ = id;
  until_ = until;
  interrupt_->end_at(until);
}

Side Study::not_wanted() {
  return not_measured("not asked for (--shape)");
}

void Study::say(const std::string& line) const {
  options_->drills.say(row_.empty() ? line : row_ + ": " + line);
}

std::string Study::why_stopped() {
  return !interrupt_->came()        ? "no run gave it"
         : interrupt_->time_is_up() ? "the time of this row was up"
                                    : "interrupted";
}

Result<Payload> Study::payload(const std::string& image) {
  if (const auto found = payloads_.find(image); found != payloads_.end()) {
    return found->second;
  }
  const fs::path bundle_file = drill::bundle_of(image, options_->drills.images);
  auto bundle = image::open_bundle(bundle_file, options_->drills.images / "keyring.pem");
  if (!bundle) {
    return fail(std::move(bundle).error());
  }
  const fs::path folder = place_->work() / "payloads";
  ISSU_TRY(make_dirs(folder), "extracting " + image);
  Payload payload{{folder / image, bundle->manifest().version}, bundle->manifest().kind_text()};
  ISSU_TRY(image::extract_payload(*bundle, payload.staged.file), "extracting " + image);
  payloads_.emplace(image, payload);
  return payload;
}

Result<Instance> Study::start(Shape shape, const std::string& image, const std::string& suite) {
  auto found = payload(image);
  if (!found) {
    return fail(short_reason(found.error()), found.error().hint());
  }
  auto spec = place_->new_router(shape, suite);
  if (!spec) {
    return fail(std::move(spec).error());
  }
  Instance instance;
  instance.name = spec->name;
  const auto bring_up = [&]() -> Result<void> {
    auto rp = place_->make(shape, *spec);
    if (!rp) {
      return fail(std::move(rp).error());
    }
    const std::vector<std::string> kinds = (*rp)->kinds();
    if (std::find(kinds.begin(), kinds.end(), found->kind) == kinds.end()) {
      return fail(fmt::format("takes images of kind {}, not of kind {}", fmt::join(kinds, " or "),
                              found->kind));
    }
    ISSU_TRY((*rp)->stage(Slot::a, found->staged), "");
    const MonoNs began = mono_now();
    ISSU_TRY((*rp)->boot(Slot::a), "");
    instance.booted_s = to_s(mono_now() - began);
    ISSU_TRY((*rp)->activate(Slot::a), "");
    instance.answers_s = to_s(mono_now() - began);
    auto view = (*rp)->control_plane(Slot::a);
    if (!view) {
      return fail(std::move(view).error());
    }
    if (!view->answering) {
      return fail("a daemon of " + instance.name + " does not answer");
    }
    instance.version = view->version;
    return {};
  };
  if (auto up = bring_up(); !up) {
    Error error(short_reason(up.error()), up.error().hint());
    if (auto gone = place_->end_router(instance.name); !gone) {
      error.also(std::move(gone).error());
    }
    return fail(std::move(error));
  }
  return instance;
}

Result<drill::Scenario> Study::scenario(const LabFacts& lab) {
  const fs::path file = place_->work() / (std::string(lab.name) + ".toml");
  ISSU_TRY(write_file_atomic(file, scenario_text(lab)), "writing a lab's scenario");
  auto scenario = drill::load_scenario(file);
  if (scenario) {
    ISSU_TRY(drill::check_drills({*scenario}, options_->drills), "");
  }
  return scenario;
}

Result<drill::Lab> Study::build(const drill::LabSpec& spec) {
  const drill::DrillOptions& how = options_->drills;
  const auto tell = [this](const std::string& line) { say(line); };
  auto lab = drill::Lab::build(spec, {how.issu, how.images, how.work, tell}, *interrupt_);
  if (!lab) {
    return fail(Error((interrupt_->came() ? why_stopped() : short_reason(lab.error())) +
                      keep_lab("lab-" + spec.image)));
  }
  return lab;
}

void Study::play(LabKind kind) {
  const LabFacts& lab = facts_of(kind);
  Played& played = played_[kind];
  auto ready = scenario(lab);
  if (!ready) {
    played.why_not = short_reason(ready.error());
    return;
  }
  drill::DrillOptions how = options_->drills;
  how.run = "compare";
  how.say = [this](const std::string& line) { say(line); };
  auto outcome = drill::run_drill(*ready, how, *interrupt_);
  if (!outcome) {
    played.why_not = (interrupt_->came() ? why_stopped() : short_reason(outcome.error())) +
                     keep_lab(std::string(lab.name));
    return;
  }
  const std::string name = fmt::format("{}-{}.json", lab.name, ++times_[kind]);
  const std::string evidence = keep(name, Json::parse(drill::to_json(*outcome)));
  for (const drill::UpgradeRun& run : outcome->upgrades) {
    Json upgrade = Json::parse(run.document, nullptr, false);
    const std::string ended = upgrade.is_object() ? upgrade.value("outcome", "") : "";
    if (ended == "committed") {
      played.upgrades.push_back(std::move(upgrade));
      played.evidence += (played.evidence.empty() ? "" : ", ") + evidence;
    } else {
      played.why_not = "the upgrade ended " + (ended.empty() ? "without a result" : ended) +
                       (upgrade.is_object() ? ": " + upgrade.value("reason", "") : "");
    }
  }
  if (outcome->upgrades.empty()) {
    played.why_not = "the drill left no result";
  }
  if (const std::string left = keep_lab(std::string(lab.name)); !left.empty()) {
    played.why_not += left;
  }
}

std::string Study::keep_lab(const std::string& name) {
  const fs::path left =
      options_->drills.work / ("issu-drill-" + std::to_string(::getpid()) + "-evidence");
  std::error_code error;
  if (!fs::exists(left, error)) {
    return "";
  }
  const std::string kept = fmt::format("{}-left-{}", name, ++left_);
  fs::copy(left, options_->evidence / kept, fs::copy_options::recursive, error);
  if (error) {
    say("the evidence of " + name + " stays in " + left.string() + ": " + error.message());
    return " (evidence: " + left.string() + ")";
  }
  if (auto gone = remove_tree(left); !gone) {
    say(gone.error().message());
  }
  return " (evidence: " + kept + ")";
}

std::string Study::keep(const std::string& name, const Json& document) {
  const auto written =
      write_file_atomic(options_->evidence / name,
                        document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n", 0644);
  if (!written) {
    say("the evidence " + name + " could not be written: " + written.error().what());
    return "";
  }
  return name;
}

}  // namespace issu::compare
