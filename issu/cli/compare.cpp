#include "issu/compare/compare.hpp"

#include <fmt/format.h>

#include <filesystem>

#include "backends/lxc/lxc.hpp"
#include "backends/vm/vm.hpp"
#include "issu/base/file.hpp"
#include "issu/base/reasons.hpp"
#include "issu/cli/command.hpp"
#include "issu/device.hpp"

namespace issu::cli {
namespace {

namespace fs = std::filesystem;

struct Options {
  std::string out = "compare";
  std::string html;
  std::string markdown;
  std::string json;
  std::string images;
  std::string work;
  std::string shape = "both";
  compare::StudyOptions study;
  bool list = false;
};

/// Empty for an empty one.
fs::path whole(const std::string& path) {
  std::error_code error;
  return fs::absolute(path, error).lexically_normal();
}

compare::StudyOptions study_of(const Options& options) {
  compare::StudyOptions study = options.study;
  study.drills = drill::default_options();
  if (!options.images.empty()) {
    study.drills.images = whole(options.images);
  }
  if (!options.work.empty()) {
    study.drills.work = whole(options.work);
  }
  study.drills.say = [](const std::string& line) { fmt::print(stderr, "{}\n", line); };
  study.evidence = whole(options.out) / "evidence";
  study.device = read_device();
  if (options.shape != "both") {
    study.shapes = {options.shape == "vms" ? compare::Shape::machine : compare::Shape::container};
  }
  return study;
}

Result<void> write_documents(const Options& options, const compare::Comparison& comparison) {
  const fs::path out = whole(options.out);
  const fs::path html = options.html.empty() ? out / "compare.html" : whole(options.html);
  const fs::path markdown = options.markdown.empty() ? out / "compare.md" : whole(options.markdown);
  const std::string json =
      compare::to_json(comparison)
          .dump(2, ' ', false, nlohmann::ordered_json::error_handler_t::replace) +
      "\n";
  ISSU_TRY(write_file_atomic(html, compare::to_html(comparison), 0644), "writing the page");
  ISSU_TRY(write_file_atomic(markdown, compare::to_markdown(comparison), 0644),
           "writing the Markdown");
  ISSU_TRY(write_file_atomic(out / "compare.json", json, 0644), "writing the document");
  if (options.json == "-") {
    fmt::print("{}", json);
  } else if (!options.json.empty()) {
    ISSU_TRY(write_file_atomic(whole(options.json), json, 0644), "writing the document");
  }
  if (options.json != "-") {
    fmt::print("{}", compare::to_markdown(comparison));
  }
  fmt::print(stderr, "{}, {}, {}\n", html.string(), markdown.string(),
             (out / "compare.json").string());
  return {};
}

/// Told before half an hour is spent, not after it.
Result<void> check_files(const Options& options) {
  Reasons reasons;
  if (options.out.empty()) {
    reasons.add(Error("--out names no folder", "--out study", ErrorKind::usage));
  }
  for (const std::string& file : {options.html, options.markdown, options.json}) {
    std::error_code error;
    if (const fs::path folder = whole(file).parent_path();
        !file.empty() && file != "-" && !fs::is_directory(folder, error)) {
      reasons.add(Error("there is no folder " + folder.string() + " for " + file, "make it first",
                        ErrorKind::usage));
    }
  }
  return std::move(reasons).result();
}

Result<bool> run(const Options& options) {
  ISSU_TRY(check_files(options), "");
  const compare::StudyOptions study = study_of(options);
  auto comparison = compare::compare(study, {backends::make_lxc, backends::make_vm});
  if (!comparison) {
    return fail(std::move(comparison).error());
  }
  ISSU_TRY(write_documents(options, *comparison), "");
  return comparison->complete();
}

}  // namespace

void add_compare_command(CLI::App& app, Exit& exit) {
  auto options = std::make_shared<Options>();
  CLI::App* command = app.add_subcommand(
      "compare", "Measure on this machine: containers against virtual machines for a router");
  command
      ->add_option("--out", options->out,
                   "Folder for compare.html, compare.md, compare.json and the evidence")
      ->capture_default_str();
  command->add_option("--html", options->html, "The page, in place of OUT/compare.html");
  command->add_option("--markdown", options->markdown, "In place of OUT/compare.md");
  command
      ->add_option("--json", options->json,
                   "Write the document to this file, too; without a file, to standard output in "
                   "place of the Markdown")
      ->expected(0, 1)
      ->default_str("-");
  command->add_option("--only", options->study.only, "Only these rows, with commas between them")
      ->delimiter(',');
  command->add_flag("--list", options->list, "Say the rows, measure nothing");
  command->add_option("--shape", options->shape, "One side only: containers or vms")
      ->check(CLI::IsMember({"both", "containers", "vms"}))
      ->capture_default_str();
  command->add_option("--limit-minutes", options->study.limit_minutes, "Time for all of it")
      ->capture_default_str();
  command->add_option("--runs", options->study.runs, "Of each measurement, while there is time")
      ->capture_default_str();
  command
      ->add_option("--memory-share", options->study.memory_share,
                   "Of the memory that is free, for the instances that fit")
      ->capture_default_str();
  command
      ->add_option("--instances", options->study.most_instances,
                   "So many of each shape at the most; 0: until memory or time stops it")
      ->capture_default_str();
  command->add_option("--images", options->images, "Folder of the images and their keyring");
  command->add_option("--work", options->work, "Folder for the labs' files, in place of /tmp");
  command->footer(
      "Exits with 0 if each row has a figure on each side, of those that were asked for, with 1 "
      "otherwise.\n"
      "Example:\n  issu compare --out study\n  issu compare --only boot-time,memory --runs 5");
  command->callback([options, &exit] {
    if (options->list) {
      for (const std::string& id : compare::row_ids()) {
        fmt::print("{}\n", id);
      }
      exit.code = 0;
      return;
    }
    auto complete = run(*options);
    exit.code = !complete ? say_error(complete.error(), options->json == "-") : *complete ? 0 : 1;
  });
}

}  // namespace issu::cli
