#include "issu/drill/drill.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <optional>
#include <system_error>

#include "issu/base/clock.hpp"
#include "issu/base/fd.hpp"
#include "issu/base/file.hpp"
#include "issu/drill/judge.hpp"
#include "issu/drill/lab.hpp"
#include "issu/drill/runner.hpp"
#include "issu/drill/secrets.hpp"

namespace issu::drill {
namespace {

namespace fs = std::filesystem;

void refuse(std::optional<Error>& all, const std::string& what, const std::string& hint) {
  Error error(what, hint, ErrorKind::refused);
  if (all) {
    all->also(std::move(error));
  } else {
    all = std::move(error);
  }
}

bool on_path(const std::string& program) {
  if (program.find('/') != std::string::npos) {
    return ::access(program.c_str(), X_OK) == 0;
  }
  for (const char* folder : {"/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/bin"}) {
    if (::access((fs::path(folder) / program).c_str(), X_OK) == 0) {
      return true;
    }
  }
  return false;
}

void check_tools(const Scenario& scenario, std::optional<Error>& all) {
  const auto need = [&](const std::string& program, const std::string& package) {
    if (!on_path(program)) {
      refuse(all, scenario.name + " needs " + program + ", which is not there",
             "apt-get install " + package);
    }
  };
  need("ip", "iproute2");
  for (const PeerSpec& peer : scenario.lab.peers) {
    if (peer.daemon == "bird") {
      need("bird", "bird2");
      need("birdc", "bird2");
    } else {
      need("/usr/lib/frr/bgpd", "frr");
      need("vtysh", "frr");
    }
  }
}

Territory territory_of(const Layout& layout, bool soft) {
  Territory territory;
  territory.id = layout.id;
  territory.netns.push_back(layout.chassis());
  if (soft) {
    territory.netns.push_back(layout.npu_netns());
  }
  for (const PeerPlace& peer : layout.peers) {
    territory.netns.push_back(peer.netns);
  }
  territory.folders = {layout.state_dir(), layout.run_dir()};
  return territory;
}

}  // namespace

DrillOptions default_options() {
  DrillOptions options;
  std::error_code error;
  options.issu = fs::read_symlink("/proc/self/exe", error);
  options.images = (options.issu.parent_path() / "../../images").lexically_normal();
  options.work = fs::temp_directory_path(error);
  return options;
}

Result<void> check_drills(const std::vector<Scenario>& scenarios, const DrillOptions& options) {
  std::optional<Error> all;
  if (::geteuid() != 0) {
    refuse(all, "drills make network namespaces and containers: they need root",
           "start it as root");
  }
  if (!fs::exists(options.images / "keyring.pem")) {
    refuse(all, "there is no keyring " + (options.images / "keyring.pem").string(),
           "scenarios/setup builds the images, or name their folder with --images");
  }
  for (const Scenario& scenario : scenarios) {
    check_tools(scenario, all);
    for (const std::string& image : images_of(scenario)) {
      if (const fs::path bundle = bundle_of(image, options.images); !fs::exists(bundle)) {
        refuse(all, scenario.name + ": there is no image " + bundle.string(),
               "scenarios/setup builds the images, or name their folder with --images");
      }
    }
  }
  return all ? Result<void>(fail(std::move(*all))) : Result<void>();
}

Result<DrillOutcome> run_drill(const Scenario& scenario, const DrillOptions& options,
                               Interrupt& interrupt) {
  DrillOutcome outcome;
  outcome.scenario = scenario.name;
  outcome.about = scenario.about;
  outcome.run = options.run;
  outcome.labels = scenario.labels;
  outcome.cell = scenario.cell;
  outcome.started = iso_time(wall_now());
  const MonoNs began = mono_now();
  const auto say = [&](const std::string& line) {
    options.say(fmt::format("[{:6.1f}] {}", to_s(mono_now() - began), line));
  };
  auto lab =
      Lab::build(scenario.lab,
                 {options.issu, options.images, options.work, say, scenario.file, options.evidence},
                 interrupt);
  if (!lab) {
    return pass(std::move(lab).error(), "building the lab of " + scenario.name);
  }
  const bool stays = options.keep || !options.evidence.empty();
  const fs::path evidence =
      options.evidence.empty() ? lab->layout().evidence() / scenario.name : options.evidence;
  Stage stage{options.issu,
              lab->layout().router_file(),
              options.images,
              evidence,
              (options.issu.parent_path() / "../lib/libissu-fault.so").lexically_normal(),
              territory_of(lab->layout(), scenario.lab.npu == "soft"),
              lab->layout().peers,
              say};
  Runner runner(stage, interrupt);
  const auto done = runner.run(scenario.steps);
  outcome.judgements = runner.judgements();
  outcome.upgrades = runner.upgrades();
  outcome.soaks = runner.soaks();
  for (const Expectation& expectation : scenario.expectations) {
    outcome.judgements.push_back(judge(expectation, outcome.upgrades));
  }
  for (Judgement& judgement : judge_secrets(lab->layout(), outcome.upgrades)) {
    outcome.judgements.push_back(std::move(judgement));
  }
  const bool good = done && outcome.passed();
  if (!good || stays) {
    lab->save_evidence(evidence);
  }
  if (!good) {
    say("evidence: " + evidence.string());
  }
  const auto gone = options.keep ? lab->keep() : lab->take_away();
  outcome.seconds = to_s(mono_now() - began);
  if (!done) {
    return pass(done.error(), scenario.name);
  }
  if (!gone) {
    outcome.judgements.push_back(
        {"the lab is taken away", "nothing left", gone.error().message(), false, evidence});
  }
  if (outcome.passed() && !stays) {
    ISSU_TRY(remove_tree(lab->layout().evidence()), "removing the evidence of a drill that passed");
  }
  return outcome;
}

Result<std::vector<std::string>> clean_up(const fs::path& work, bool kept_too,
                                          const fs::path& issu) {
  std::vector<std::string> names;
  for (LabRecord& record : abandoned_labs(work, kept_too)) {
    const Fd folder(::open(record.work.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder || ::flock(folder.get(), LOCK_EX) != 0 || !fs::exists(record.file())) {
      continue;  // taken away by another one meanwhile
    }
    if (!fs::exists(record.issu)) {
      record.issu = issu;
    }
    ISSU_TRY(give_back(record), "cleaning up");
    ISSU_TRY(remove_tree(record.work.string() + "-evidence"), "cleaning up");
    names.push_back(record.id);
  }
  return names;
}

}  // namespace issu::drill
