#include "checkpoint/state_document.hpp"

#include <xxhash.h>

#include <algorithm>
#include <cereal/archives/portable_binary.hpp>
#include <cereal/types/string.hpp>
#include <cstring>
#include <istream>
#include <ostream>
#include <streambuf>

namespace issu::checkpoint {
namespace {

constexpr std::string_view magic = "ISSUSTA1";
constexpr std::size_t digest_bytes = 16;
/// Copied and digested while it is still in the nearest cache.
constexpr std::size_t piece_bytes = std::size_t{64} << 10U;
constexpr std::uint64_t most_sections = 4096;

struct FreeState {
  void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
};

class Digest {
 public:
  Digest() : state_(XXH3_createState()) { XXH3_128bits_reset(state_.get()); }
  void take(const void* bytes, std::size_t count) {
    XXH3_128bits_update(state_.get(), bytes, count);
  }
  [[nodiscard]] std::array<std::uint8_t, digest_bytes> end() const {
    XXH128_canonical_t canonical;
    XXH128_canonicalFromHash(&canonical, XXH3_128bits_digest(state_.get()));
    std::array<std::uint8_t, digest_bytes> digest{};
    std::copy(std::begin(canonical.digest), std::end(canonical.digest), digest.begin());
    return digest;
  }

 private:
  std::unique_ptr<XXH3_state_t, FreeState> state_;
};

/// What cereal writes into: memory of a size that is known before, digested on the way.
class Sink : public std::streambuf {
 public:
  explicit Sink(std::span<std::byte> room) : room_(room) {}
  [[nodiscard]] std::size_t size() const { return at_; }
  [[nodiscard]] Digest& digest() { return digest_; }

 protected:
  std::streamsize xsputn(const char* bytes, std::streamsize count) override {
    auto left = std::min(static_cast<std::size_t>(count), room_.size() - at_);
    const auto taken = left;
    for (std::size_t piece = 0; left > 0; left -= piece, bytes += piece) {
      piece = std::min(left, piece_bytes);
      std::memcpy(room_.data() + at_, bytes, piece);
      digest_.take(room_.data() + at_, piece);
      at_ += piece;
    }
    return static_cast<std::streamsize>(taken);
  }
  int_type overflow(int_type letter) override {
    const char byte = traits_type::to_char_type(letter);
    return xsputn(&byte, 1) == 1 ? letter : traits_type::eof();
  }

 private:
  std::span<std::byte> room_;
  std::size_t at_ = 0;
  Digest digest_;
};

/// What cereal reads from: memory, without a copy of it.
class Source : public std::streambuf {
 public:
  explicit Source(std::span<const std::byte> bytes) {
    auto* first = const_cast<char*>(reinterpret_cast<const char*>(bytes.data()));
    setg(first, first, first + bytes.size());
  }
  [[nodiscard]] std::size_t left() const { return static_cast<std::size_t>(egptr() - gptr()); }
  std::span<const std::byte> skip(std::size_t count) {
    const std::span bytes(reinterpret_cast<const std::byte*>(gptr()), count);
    setg(eback(), gptr() + count, egptr());
    return bytes;
  }
};

std::size_t room_for(const std::string& kind, std::span<const StateSection> sections) {
  std::size_t room = 256 + kind.size() + digest_bytes;
  for (const StateSection& section : sections) {
    room += 64 + section.name.size() + section.bytes.size() + section.more_bytes;
  }
  return room;
}

/// cereal makes room for as long a text as the bytes claim: never more than there are.
std::string read_text(cereal::PortableBinaryInputArchive& archive, const Source& source) {
  std::uint32_t length = 0;
  archive(length);
  if (length > source.left()) {
    throw cereal::Exception("a text that is longer than the document");
  }
  std::string text(length, '\0');
  archive(cereal::binary_data(text.data(), text.size()));
  return text;
}

void write_text(cereal::PortableBinaryOutputArchive& archive, const std::string& text) {
  archive(static_cast<std::uint32_t>(text.size()));
  archive(cereal::binary_data(const_cast<char*>(text.data()), text.size()));
}

void write_bytes(cereal::PortableBinaryOutputArchive& archive, std::span<const std::byte> bytes) {
  archive(cereal::binary_data(const_cast<std::byte*>(bytes.data()), bytes.size()));
}

void write_section(cereal::PortableBinaryOutputArchive& archive, const StateSection& section) {
  write_text(archive, section.name);
  archive(static_cast<std::uint64_t>(section.bytes.size() + section.more_bytes));
  write_bytes(archive, section.bytes);
  std::size_t left = section.more_bytes;
  while (left > 0) {
    const auto piece = section.more();
    if (piece.empty() || piece.size() > left) {
      throw cereal::Exception("section " + section.name + " is not as long as it was said to be");
    }
    write_bytes(archive, piece);
    left -= piece.size();
  }
}

StateDocument read_document(std::span<const std::byte> bytes) {
  Source source(bytes);
  std::istream stream(&source);
  cereal::PortableBinaryInputArchive archive(stream);
  StateDocument document;
  document.kind = read_text(archive, source);
  std::uint64_t count = 0;
  archive(document.schema, count);
  if (count > most_sections) {
    throw cereal::Exception("more sections than any document has");
  }
  for (std::uint64_t index = 0; index < count; ++index) {
    StateSection section;
    section.name = read_text(archive, source);
    std::uint64_t size = 0;
    archive(size);
    if (size > source.left()) {
      throw cereal::Exception("section " + section.name + " is longer than the document");
    }
    section.bytes = source.skip(size);
    document.sections.push_back(std::move(section));
  }
  return document;
}

}  // namespace

std::span<const std::byte> StateDocument::section(std::string_view name) const {
  const auto found = std::find_if(sections.begin(), sections.end(),
                                  [&](const StateSection& each) { return each.name == name; });
  return found == sections.end() ? std::span<const std::byte>() : found->bytes;
}

std::string digest_text(const std::array<std::uint8_t, 16>& digest) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const std::uint8_t byte : digest) {
    text += {digits[byte >> 4U], digits[byte & 15U]};
  }
  return text;
}

std::array<std::uint8_t, 16> digest_of(std::span<const std::byte> document) {
  std::array<std::uint8_t, 16> digest{};
  if (document.size() >= digest.size()) {
    std::memcpy(digest.data(), document.last(digest.size()).data(), digest.size());
  }
  return digest;
}

Result<StateBytes> encode_state(const std::string& kind, std::uint32_t schema,
                                std::span<const StateSection> sections) {
  try {
    StateBytes room(room_for(kind, sections));
    Sink sink(room.span());
    std::ostream stream(&sink);
    stream.write(magic.data(), static_cast<std::streamsize>(magic.size()));
    cereal::PortableBinaryOutputArchive archive(stream);
    write_text(archive, kind);
    archive(schema, static_cast<std::uint64_t>(sections.size()));
    for (const StateSection& section : sections) {
      write_section(archive, section);
    }
    const std::size_t body = sink.size();
    const auto digest = sink.digest().end();
    std::memcpy(room.span().data() + body, digest.data(), digest.size());
    room.shorten(body + digest.size());
    return room;
  } catch (const std::exception& fault) {
    return fail("writing the state \"" + kind + "\": " + fault.what());
  }
}

Result<StateDocument> decode_state(std::span<const std::byte> bytes, const StateReader& reader) {
  if (bytes.size() < magic.size() + digest_bytes ||
      std::memcmp(bytes.data(), magic.data(), magic.size()) != 0) {
    return fail("it is no state document", "", ErrorKind::refused);
  }
  const auto body = bytes.first(bytes.size() - digest_bytes);
  Digest digest;
  digest.take(body.data(), body.size());
  const auto found = digest.end();
  if (std::memcmp(found.data(), bytes.data() + body.size(), digest_bytes) != 0) {
    return fail("it is damaged: its digest is not that of its bytes", "take another copy of it",
                ErrorKind::refused);
  }
  try {
    StateDocument document = read_document(body.subspan(magic.size()));
    document.digest = found;
    if (document.kind != reader.kind) {
      return fail("it is a state of \"" + document.kind + "\", \"" + reader.kind + "\" is wanted",
                  "", ErrorKind::refused);
    }
    if (document.schema < reader.oldest || document.schema > reader.newest) {
      return fail("its schema is " + std::to_string(document.schema) + ", " +
                      std::to_string(reader.oldest) + " to " + std::to_string(reader.newest) +
                      " can be read",
                  "use the version of this program that wrote it", ErrorKind::refused);
    }
    return document;
  } catch (const std::exception& fault) {
    return fail(std::string("it can't be read: ") + fault.what(), "", ErrorKind::refused);
  }
}

}  // namespace issu::checkpoint
