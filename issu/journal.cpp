#include "issu/journal.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <boost/crc.hpp>
#include <cerrno>
#include <cstring>

#include "issu/base/file.hpp"
#include "issu/base/json.hpp"

namespace issu {
namespace {

constexpr std::string_view magic = "ISSUJRN1";
constexpr std::size_t frame_header = 8;
constexpr std::uint32_t largest_record = 1U << 20U;
/// Room on the disk that a journal has for itself from its beginning.
constexpr off_t reserved = 512 << 10;

constexpr std::array<std::string_view, 8> event_names{"opened",  "begun",  "done",      "failed",
                                                      "undoing", "undone", "requested", "closed"};

std::uint32_t crc_of(std::string_view text) {
  boost::crc_optimal<32, 0x1EDC6F41, 0xFFFFFFFF, 0xFFFFFFFF, true, true> crc;
  crc.process_bytes(text.data(), text.size());
  return crc.checksum();
}

std::uint32_t read_u32(std::string_view bytes) {
  std::uint32_t value = 0;
  for (std::size_t i = 4; i-- > 0;) {
    value = value << 8U | static_cast<unsigned char>(bytes[i]);
  }
  return value;
}

void add_u32(std::string& bytes, std::uint32_t value) {
  for (unsigned shift = 0; shift < 32; shift += 8) {
    bytes.push_back(static_cast<char>(value >> shift & 0xFFU));
  }
}

std::string encode(const Record& record) {
  nlohmann::json json{
      {"event", name_of(record.event)}, {"mono", record.mono}, {"wall", record.wall}};
  if (record.phase) {
    json["phase"] = name_of(*record.phase);
  }
  if (!record.text.empty()) {
    json["text"] = record.text;
  }
  if (!record.facts.empty()) {
    json["facts"] = record.facts;
  }
  return json.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

std::optional<Record> decode(std::string_view text) {
  const auto json = nlohmann::json::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("event") || !json["event"].is_string()) {
    return std::nullopt;
  }
  Record record;
  const auto event = std::find(event_names.begin(), event_names.end(),
                               json["event"].get_ref<const std::string&>());
  if (event == event_names.end()) {
    return std::nullopt;
  }
  record.event = static_cast<Event>(event - event_names.begin());
  if (const auto phase = json.find("phase"); phase != json.end() && phase->is_string()) {
    record.phase = phase_named(phase->get_ref<const std::string&>());
    if (!record.phase) {
      return std::nullopt;
    }
  }
  const bool of_phase = record.event != Event::opened && record.event != Event::requested &&
                        record.event != Event::closed;
  if (of_phase && !record.phase) {
    return std::nullopt;
  }
  if (const auto said = json.find("text"); said != json.end() && said->is_string()) {
    record.text = said->get<std::string>();
  }
  if (const auto facts = json.find("facts"); facts != json.end() && facts->is_object()) {
    record.facts = *facts;
  }
  // Neither clock is ever before its beginning.
  record.mono = std::max(value_of(json, "mono", MonoNs{0}), MonoNs{0});
  record.wall = std::max(value_of(json, "wall", std::int64_t{0}), std::int64_t{0});
  return record;
}

struct Parsed {
  Records records;
  std::size_t good_bytes = 0;  ///< the rest is a torn frame
};

/// A whole record anywhere in it: then what stands in front of that was not cut short by a crash.
bool has_a_record(std::string_view bytes) {
  for (; bytes.size() > frame_header; bytes.remove_prefix(1)) {
    const std::uint32_t length = read_u32(bytes);
    if (length > 0 && length <= bytes.size() - frame_header &&
        crc_of(bytes.substr(frame_header, length)) == read_u32(bytes.substr(4))) {
      return true;
    }
  }
  return false;
}

Result<Parsed> parse(std::string_view bytes, const std::string& name) {
  const std::string hint =
      "the upgrade's state can't be told from it; look at `issu status`, move the file away and "
      "bring the router to the version you want with `issu router down` and `issu router up`";
  Parsed parsed;
  if (bytes.size() < magic.size()) {
    return parsed;  // torn at birth
  }
  if (bytes.substr(0, magic.size()) != magic) {
    return fail(name + " is not a journal of this version", hint, ErrorKind::needs_person);
  }
  std::size_t at = magic.size();
  while (at < bytes.size()) {
    const std::string_view rest = bytes.substr(at);
    const std::uint32_t length = rest.size() < frame_header ? 0 : read_u32(rest);
    const bool whole = rest.size() >= frame_header && rest.size() - frame_header >= length;
    const std::string_view text = whole ? rest.substr(frame_header, length) : std::string_view();
    auto record = whole && length <= largest_record && crc_of(text) == read_u32(rest.substr(4))
                      ? decode(text)
                      : std::nullopt;
    if (!record) {
      const bool torn = !whole ? length <= largest_record && !has_a_record(rest.substr(1))
                               : at + frame_header + length == bytes.size();
      if (torn) {
        break;
      }
      return fail(name + " is damaged at byte " + std::to_string(at) + " (record " +
                      std::to_string(parsed.records.size() + 1) + ")",
                  hint, ErrorKind::needs_person);
    }
    parsed.records.push_back(std::move(*record));
    at += frame_header + length;
  }
  parsed.good_bytes = at;
  return parsed;
}

nlohmann::json last_facts(const Records& records, Event event, Phase phase) {
  for (auto record = records.rbegin(); record != records.rend(); ++record) {
    if (record->event == event && record->phase == phase) {
      return record->facts;
    }
  }
  return nlohmann::json::object();
}

}  // namespace

std::string_view name_of(Event event) {
  return event_names[static_cast<std::size_t>(event)];
}

namespace {

/// Takes room behind the end of the file, whose size stays: a disk that gets full in the middle of
/// an upgrade does not stop it where nothing runs. A filesystem that knows no such thing is fine.
void reserve_room(const Fd& fd) {
  static_cast<void>(::fallocate(fd.get(), FALLOC_FL_KEEP_SIZE, 0, reserved));
}

}  // namespace

Result<Journal> Journal::create(const std::filesystem::path& file) {
  ISSU_TRY(write_file_atomic(file, magic), "beginning a journal");
  return open(file);
}

Result<Journal> Journal::open(const std::filesystem::path& file) {
  auto bytes = read_file(file);
  if (!bytes) {
    return pass(std::move(bytes).error(), "opening the journal");
  }
  auto parsed = parse(*bytes, file.string());
  if (!parsed) {
    return fail(std::move(parsed).error());
  }
  Fd fd(::open(file.c_str(), O_WRONLY | O_CLOEXEC));
  if (!fd) {
    return fail_errno("opening the journal " + file.string());
  }
  if (parsed->good_bytes == 0) {
    return create(file);
  }
  if (parsed->good_bytes < bytes->size() &&
      (::ftruncate(fd.get(), static_cast<off_t>(parsed->good_bytes)) != 0 ||
       ::fdatasync(fd.get()) != 0)) {
    return fail_errno("cutting a torn record off " + file.string());
  }
  if (::lseek(fd.get(), 0, SEEK_END) < 0) {
    return fail_errno("finding the end of " + file.string());
  }
  reserve_room(fd);
  return Journal(file, std::move(fd), std::move(parsed->records));
}

Result<Records> Journal::read(const std::filesystem::path& file) {
  if (!std::filesystem::exists(file)) {
    return Records{};
  }
  auto bytes = read_file(file);
  if (!bytes) {
    return pass(std::move(bytes).error(), "reading the journal");
  }
  auto parsed = parse(*bytes, file.string());
  if (!parsed) {
    return fail(std::move(parsed).error());
  }
  return std::move(parsed->records);
}

Result<void> Journal::append(Record record) {
  record.mono = mono_now();
  record.wall = wall_now();
  const std::string text = encode(record);
  std::string frame;
  add_u32(frame, static_cast<std::uint32_t>(text.size()));
  add_u32(frame, crc_of(text));
  frame += text;
  std::string_view rest = frame;
  while (!rest.empty()) {
    const ssize_t written = ::write(fd_.get(), rest.data(), rest.size());
    if (written < 0 && errno == EINTR) {
      continue;
    }
    if (written <= 0) {
      return fail(Error::from_errno("writing the journal " + file_.string(), errno,
                                    "make room on its disk, then `issu resume`")
                      .as(ErrorKind::needs_person));
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  if (::fdatasync(fd_.get()) != 0) {
    return fail(Error::from_errno("syncing the journal " + file_.string(), errno,
                                  "see what is wrong with its disk, then `issu resume`")
                    .as(ErrorKind::needs_person));
  }
  records_.push_back(std::move(record));
  if (listener_) {
    listener_(records_.back());
  }
  return {};
}

UpgradeOptions options_of(const Records& records) {
  for (const Record& record : records) {
    if (record.event == Event::opened) {
      return options_from_json(record.facts);
    }
  }
  return {};
}

nlohmann::json facts_of(const Records& records, Phase phase) {
  return last_facts(records, Event::done, phase);
}

nlohmann::json undone_facts_of(const Records& records, Phase phase) {
  return last_facts(records, Event::undone, phase);
}

}  // namespace issu
