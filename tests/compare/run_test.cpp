// A short study of real containers: two rows, one start of each image.

#include <doctest/doctest.h>
#include <signal.h>
#include <unistd.h>

#include <nlohmann/json.hpp>

#include "issu/base/child.hpp"
#include "issu/base/file.hpp"
#include "tests/skip.hpp"
#include "tests/temp_dir.hpp"

using namespace issu;
using Json = nlohmann::ordered_json;

namespace {

std::string missing() {
  const std::filesystem::path images = ISSU_SOURCE_DIR "/build/images";
  for (const char* image : {"keyring.pem", "frr-bookworm.raucb", "frr-trixie.raucb"}) {
    if (!std::filesystem::exists(images / image)) {
      return (images / image).string() + " is not there: scenarios/images/build makes it";
    }
  }
  return ::geteuid() == 0 ? "" : "containers need root";
}

/// Whatever has the id of this process' study in its name.
std::vector<std::string> traces(const std::filesystem::path& folder) {
  std::vector<std::string> found;
  std::error_code error;
  for (const char* root : {"/run/issu", "/run/netns", folder.c_str()}) {
    for (const auto& entry : std::filesystem::directory_iterator(root, error)) {
      const std::string name = entry.path().filename().string();
      if (name.starts_with("cmp") || name.starts_with("issu-cmp") ||
          name.starts_with("issu-compare-")) {
        found.push_back(entry.path());
      }
    }
  }
  return found;
}

}  // namespace

Argv study(const tests::TempDir& folder, Argv more) {
  Argv argv{ISSU_BIN_DIR "/issu",
            "compare",
            "--shape",
            "containers",
            "--out",
            (folder / "out").string(),
            "--work",
            (folder / "work").string(),
            "--images",
            ISSU_SOURCE_DIR "/build/images"};
  argv.insert(argv.end(), more.begin(), more.end());
  return argv;
}

TEST_CASE("two rows of containers are measured, the other side says that nobody asked for it") {
  if (const std::string reason = missing(); !reason.empty()) {
    ISSU_SKIP(reason);
  }
  const tests::TempDir folder;
  std::filesystem::create_directories(folder / "work");
  const auto before = traces(folder / "work");
  RunOptions patient;
  patient.timeout = std::chrono::minutes(2);
  const auto done =
      run(study(folder, {"--only", "image-size,boot-time", "--runs", "1", "--json"}), patient);
  REQUIRE(done);
  CAPTURE(done->err);
  REQUIRE(done->status == 0);
  const Json study = Json::parse(done->out);
  for (const Json& row : study["rows"]) {
    const std::string id = row["id"];
    CAPTURE(id);
    CHECK(row["asked"] == (id == "image-size" || id == "boot-time"));
    for (const Json& figure : row["figures"]) {
      const std::string name = figure["name"];
      CAPTURE(name);
      if (name.find("kernel") == std::string::npos) {  // containers alone need no card's kernel
        CHECK(figure["containers"]["measured"] == true);
        CHECK(figure["containers"]["value"] > 0);
      }
      CHECK(figure["vms"]["value"].is_null());
      CHECK(figure["vms"]["why_not"] == "not asked for (--shape)");
      CHECK(figure["ratio"].is_null());
    }
  }
  CHECK(study["rows"][6]["figures"].size() == 4);
  const auto page = read_file(folder / "out/compare.html");
  REQUIRE(page);
  CHECK(page->find("Boot time") != std::string::npos);
  const auto kept = read_file(folder / "out/evidence/boot-time.json");
  REQUIRE(kept);
  CHECK(Json::parse(*kept)[0]["version"] == "8.4.4");
  const auto valid =
      run({ISSU_SOURCE_DIR "/tests/report/schema/validate-json", ISSU_SOURCE_DIR "/docs/schema",
           "compare", (folder / "out/compare.json").string()});
  REQUIRE(valid);
  CAPTURE(valid->out);
  CHECK((valid->status == 0 || valid->status == 77));
  CHECK(traces(folder / "work") == before);
}

TEST_CASE("a study that is killed or interrupted leaves nothing: the next one takes it away") {
  if (const std::string reason = missing(); !reason.empty()) {
    ISSU_SKIP(reason);
  }
  const tests::TempDir folder;
  std::filesystem::create_directories(folder / "work");
  const auto before = traces(folder / "work");
  RunOptions patient;
  patient.timeout = std::chrono::minutes(1);
  for (const int signal : {SIGKILL, SIGTERM}) {
    CAPTURE(signal);
    const auto begun = spawn_detached(study(folder, {"--only", "instances"}));
    REQUIRE(begun);
    const std::string third = "/run/issu/cmp" + std::to_string(begun->pid) + "-c003";
    CHECK(wait_until([&] { return std::filesystem::exists(third); },
                     Deadline::in(std::chrono::seconds(30))));
    REQUIRE(send_signal(*begun, signal));
    CHECK(wait_until([&] { return !is_alive(*begun); }, Deadline::in(std::chrono::seconds(30))));
    if (signal == SIGKILL) {
      CHECK(traces(folder / "work").size() > before.size());
      const auto next = run(study(folder, {"--only", "image-size"}), patient);
      REQUIRE(next);
      CAPTURE(next->err);
      CHECK(next->status == 0);
    }
    CHECK(traces(folder / "work") == before);
  }
}
