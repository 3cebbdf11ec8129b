#include <algorithm>

#include "checkpoint/conditioner/bytes.hpp"
#include "checkpoint/net_state/net_state.hpp"
#include "checkpoint/state_document.hpp"
#include "issu/base/file.hpp"

/// The document of a network stack: one section, object behind object.
namespace issu::checkpoint {
namespace {

using conditioner::ByteReader;
using conditioner::ByteWriter;
using net_state::NetObject;

constexpr const char* document_kind = "network";
constexpr std::uint32_t document_schema = 1;
constexpr const char* section_name = "objects";
/// No message has more attributes.
constexpr std::uint8_t most_attributes = 255;

net_state::Bytes copied(std::span<const std::byte> bytes) {
  return {bytes.begin(), bytes.end()};
}

}  // namespace

Result<void> NetState::save(const std::filesystem::path& file) const {
  ByteWriter writer;
  writer.number(static_cast<std::uint32_t>(objects_.size()));
  for (const NetObject& object : objects_) {
    writer.number(object.type);
    writer.sized(object.head);
    writer.number(static_cast<std::uint8_t>(object.attributes.size()));
    for (const auto& [type, value] : object.attributes) {
      writer.number(type);
      writer.sized(value);
    }
  }
  const StateSection section{section_name, writer.bytes()};
  auto bytes = encode_state(document_kind, document_schema, std::span(&section, 1));
  if (!bytes) {
    return pass(std::move(bytes).error(), "writing the network stack down");
  }
  const auto span = bytes->span();
  return write_file_atomic(
      file, {static_cast<const char*>(static_cast<const void*>(span.data())), span.size()}, 0600);
}

Result<NetState> NetState::load(const std::filesystem::path& file) {
  const std::string what = "reading the network stack from " + file.string();
  auto text = read_file(file, 1U << 30U);
  if (!text) {
    return pass(std::move(text).error(), what);
  }
  auto document = decode_state(std::as_bytes(std::span(*text)),
                               {document_kind, document_schema, document_schema});
  if (!document) {
    return pass(std::move(document).error(), what);
  }
  ByteReader reader(document->section(section_name));
  const auto count = reader.number<std::uint32_t>();
  NetState state;
  for (std::uint32_t n = 0; n < count && reader.good(); ++n) {
    NetObject object;
    object.type = reader.number<std::uint16_t>();
    object.head = copied(reader.sized());
    const auto attributes = std::min(reader.number<std::uint8_t>(), most_attributes);
    for (unsigned each = 0; each < attributes && reader.good(); ++each) {
      const auto type = reader.number<std::uint16_t>();
      object.attributes[type] = copied(reader.sized());
    }
    state.objects_.push_back(std::move(object));
  }
  if (!reader.good() || !reader.at_end()) {
    return fail(what + ": its objects are cut short", "it was not written by this program",
                ErrorKind::refused);
  }
  return state;
}

}  // namespace issu::checkpoint
