// Images of kind kernel: the payload that runs stays, another kernel goes beside it.

#include <doctest/doctest.h>

#include "issu/image_fit.hpp"
#include "tests/issu/router_lab.hpp"

using namespace issu;
using namespace issu::tests;

namespace {

constexpr const char* old_kernel = "6.1.0-50-cloud-amd64";
constexpr const char* new_kernel = "6.12.1-cloud-amd64";
/// What `sha256sum` says of "the disk".
constexpr const char* of_the_disk =
    "9adbe61c0a85928d12e6d42eb41c5f28e84b024885fa115be30469fb5c43445f";

/// A router of virtual machines, and an image with another kernel.
struct KernelLab : Lab {
  std::filesystem::path image;

  explicit KernelLab(image::Kind kind = image::Kind::kernel) : image(dir / "kernel.raucb") {
    world.kinds = {"disk", "kernel"};
    world.kernel = old_kernel;
    world.staged_kernel = new_kernel;
    REQUIRE(write_file_atomic(store.payload(backends::Slot::a), "the disk"));
    REQUIRE(store.set_image(backends::Slot::a, {"8.4.4", "issu-test", "disk", of_the_disk}));
    image::BuildOptions options = bundle().defaults();
    options.output = image;
    options.version = kind == image::Kind::kernel ? new_kernel : "10.3";
    options.kind = kind;
    const auto built = image::build_bundle(options);
    REQUIRE_MESSAGE(built, built.error().message());
  }
  void open_kernel(const std::string& request = "accept") {
    UpgradeOptions options;
    options.id = new_upgrade_id();
    options.image = image;
    options.strategy = strategy;
    options.way_back = way_back;
    options.soak_s = 0.01;
    REQUIRE(open_upgrade(store, options));
    if (!request.empty()) {
      REQUIRE(store.ask(request));
    }
  }
  Outcome upgrade() {
    open_kernel();
    const auto outcome = run();
    REQUIRE(outcome);
    return *outcome;
  }
};

}  // namespace

TEST_CASE("a kernel goes beside the payload that runs, and is what the upgrade was from and to") {
  KernelLab lab;
  CHECK(lab.upgrade() == Outcome::committed);
  lab.check_ended(Outcome::committed);
  const auto slot = backends::Slot::b;
  CHECK(*read_file(lab.store.payload(slot)) == "the disk");
  CHECK(*read_file(lab.store.kernel(slot)) == SignedBundle::payload_text());
  CHECK(lab.rp.staged[slot].kernel == lab.store.kernel(slot));
  CHECK(lab.rp.staged[slot].file == lab.store.payload(slot));
  const auto image = *lab.store.image(slot);
  REQUIRE(image);
  CHECK(image->version == "8.4.4");
  CHECK(image->kind == "disk");
  CHECK(image->sha256 == of_the_disk);
  CHECK(image->before_sha256 == of_the_disk);
  CHECK(image->kernel == new_kernel);
  CHECK_FALSE(image->kernel_sha256.empty());
  CHECK(lab.document()["kind"] == "kernel");
  CHECK(lab.document()["from"] == old_kernel);
  CHECK(lab.document()["to"] == new_kernel);
}

TEST_CASE("a payload that was changed on its disk is not taken along") {
  KernelLab lab;
  REQUIRE(write_file_atomic(lab.store.payload(backends::Slot::a), "thy disk"));
  CHECK(lab.upgrade() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  const std::string reason = lab.document()["reason"];
  CHECK(reason.find("is not what was verified when it was brought in") != std::string::npos);
  CHECK_FALSE(lab.called("stage b"));
}

TEST_CASE("a kernel comes with the strategy of virtual machines, too") {
  KernelLab lab;
  lab.strategy = "standby";
  CHECK(lab.upgrade() == Outcome::committed);
  lab.check_ended(Outcome::committed);
  CHECK(lab.rp.staged[backends::Slot::b].kernel == lab.store.kernel(backends::Slot::b));
  CHECK(lab.document()["from"] == old_kernel);
  CHECK(lab.document()["to"] == new_kernel);
}

TEST_CASE("killed inside any verb of a port, an upgrade to a kernel ends whole") {
  for (const bool accept : {true, false}) {
    for (int call = 1;; ++call) {
      CAPTURE(accept);
      CAPTURE(call);
      KernelLab lab;
      lab.open_kernel(accept ? "accept" : "");
      int seen = 0;
      const bool killed = killed_and_resumed(lab, [&](Listener&, bool&) {
        lab.world.fault = [&](const std::string&) -> Result<void> {
          if (++seen == call) {
            throw Killed{};
          }
          return {};
        };
      });
      lab.check_ended(accept ? Outcome::committed : Outcome::rolled_back);
      const auto runs = accept ? backends::Slot::b : backends::Slot::a;
      CHECK(*read_file(lab.store.payload(runs)) == "the disk");
      if (!killed) {
        break;
      }
    }
  }
}

TEST_CASE("a disk brings its own kernel: the one beside the old disk is not taken along") {
  KernelLab lab(image::Kind::disk);
  SlotImage before = **lab.store.image(backends::Slot::a);
  before.kernel = "6.12.0";
  REQUIRE(lab.store.set_image(backends::Slot::a, before));
  CHECK(lab.upgrade() == Outcome::committed);
  const auto image = *lab.store.image(backends::Slot::b);
  REQUIRE(image);
  CHECK(image->version == "10.3");
  CHECK(image->kernel.empty());
  CHECK(image->before_sha256 == of_the_disk);
  CHECK(lab.rp.staged[backends::Slot::b].kernel.empty());
  CHECK(lab.document()["from"] == "8.4.4");
}

TEST_CASE("a slot that runs on another kernel than the image's goes back") {
  KernelLab lab;
  lab.world.staged_kernel = old_kernel;
  CHECK(lab.upgrade() == Outcome::rolled_back);
  lab.check_ended(Outcome::rolled_back);
  const std::string reason = lab.document()["reason"];
  CHECK(reason.find(std::string("the image says ") + new_kernel) != std::string::npos);
}

TEST_CASE("an image of a kind that the backend does not take is refused by its name") {
  for (const auto kind : {image::Kind::kernel, image::Kind::disk}) {
    KernelLab lab(kind);
    lab.world.kinds = {"rootfs"};
    CHECK(lab.upgrade() == Outcome::refused);
    const std::string reason = lab.document()["reason"];
    CHECK(reason.find("is an image of kind " + std::string(image::name_of(kind)) +
                      ", the backend fake takes rootfs") != std::string::npos);
    CHECK_FALSE(lab.called("stage b"));
  }
}

TEST_CASE("a router's first image has its daemons") {
  FakeWorld world;
  world.kinds = {"disk", "kernel"};
  const FakeRp rp(world);
  image::Manifest manifest;
  manifest.kind = image::Kind::disk;
  CHECK(check_first(rp, manifest, "x"));
  manifest.kind = image::Kind::kernel;
  CHECK(check_kind(rp, manifest, "x"));
  CHECK(check_first(rp, manifest, "x").error().message().find("holds a kernel alone") !=
        std::string::npos);
  manifest.kind = image::Kind::rootfs;
  CHECK(check_first(rp, manifest, "x").error().message().find("takes disk and kernel") !=
        std::string::npos);
}
