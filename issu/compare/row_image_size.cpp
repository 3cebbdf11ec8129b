#include <array>

#include "issu/compare/rows.hpp"
#include "issu/image/bundle.hpp"

namespace issu::compare {
namespace {

using nlohmann::ordered_json;

constexpr std::array<ImagePair, 3> pairs{{
    {"FRR of Debian 12", "frr-bookworm", "frr-vm-bookworm"},
    {"FRR of Debian 13", "frr-trixie", "frr-vm-trixie"},
    {"a kernel 6.12 for it", "card-kernel-6.12", "kernel-6.12"},
}};

}  // namespace

void measure_image_size(Study& study, Row& row) {
  ordered_json kept = ordered_json::array();
  for (const ImagePair& pair : pairs) {
    Figure whole{std::string(pair.name) + ", image", "bytes", {}, {}};
    Figure payload{std::string(pair.name) + ", payload", "bytes", {}, {}};
    for (const Shape shape : {Shape::container, Shape::machine}) {
      if (!study.wants(shape)) {
        whole.side(shape) = payload.side(shape) = Study::not_wanted();
        continue;
      }
      const char* image = shape == Shape::container ? pair.container : pair.machine;
      const drill::DrillOptions& how = study.options().drills;
      auto bundle =
          image::open_bundle(drill::bundle_of(image, how.images), how.images / "keyring.pem");
      if (!bundle) {
        whole.side(shape) = payload.side(shape) = not_measured(bundle.error().what());
        continue;
      }
      const std::string read = std::string("its file, verified: ") + image + ".raucb";
      whole.side(shape) = median({static_cast<double>(bundle->file_size())}, read, "");
      payload.side(shape) = median({static_cast<double>(bundle->payload_size())}, read, "");
      kept.push_back({{"image", image},
                      {"side", name_of(shape)},
                      {"kind", bundle->manifest().kind_text()},
                      {"version", bundle->manifest().version},
                      {"file_bytes", bundle->file_size()},
                      {"payload_bytes", bundle->payload_size()},
                      {"payload_sha256", bundle->payload_sha256()}});
    }
    row.figures.push_back(std::move(whole));
    row.figures.push_back(std::move(payload));
  }
  const std::string evidence = study.keep("image-size.json", kept);
  for (Figure& figure : row.figures) {
    for (Side* side : {&figure.containers, &figure.vms}) {
      side->evidence = side->measured() ? evidence : "";
    }
  }
  row.notes.emplace_back(
      "Both shapes have the same stripped daemons; a disk has a kernel, an initrd and a guest "
      "agent "
      "beside them. The containers' kernel is that of a card and holds every module that one "
      "needs.");
}

}  // namespace issu::compare
