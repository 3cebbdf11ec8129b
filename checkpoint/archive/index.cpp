#include "checkpoint/archive/index.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <set>

namespace issu::archive {
namespace {

using nlohmann::json;

constexpr std::size_t most_parts = 8;
constexpr std::size_t most_part_bytes = 255;

tl::unexpected<Error> refuse(std::string what) {
  return fail(std::move(what), "take another archive", ErrorKind::refused);
}

/// What of a name may be shown on a terminal.
std::string shown(std::string_view name) {
  std::string text(name.substr(0, 80));
  std::replace_if(
      text.begin(), text.end(), [](char each) { return each < ' ' || each > '~'; }, '?');
  return text;
}

Result<Entry> read_entry(const json& from) {
  const auto name = from.find("name");
  if (!from.is_object() || name == from.end() || !name->is_string()) {
    return refuse("its index has an entry without a name");
  }
  Entry entry;
  entry.name = name->get<std::string>();
  if (const auto folder = from.find("folder"); folder != from.end()) {
    if (!folder->is_boolean()) {
      return refuse("its index can't be read");
    }
    entry.folder = folder->get<bool>();
  }
  if (const auto bytes = from.find("bytes"); bytes != from.end()) {
    if (!bytes->is_number_unsigned()) {
      return refuse("its index has no size for " + shown(entry.name));
    }
    entry.bytes = bytes->get<std::uint64_t>();
  }
  if (entry.folder && entry.bytes != 0) {
    return refuse("its index gives the folder " + shown(entry.name) + " a size");
  }
  return entry;
}

/// The name is good, new, and its folder is there.
Result<void> check_place(const Entry& entry, const std::set<std::string>& folders,
                         std::set<std::string>& names) {
  ISSU_TRY(check_name(entry.name), "");
  if (!names.insert(entry.name).second) {
    return refuse("its index has " + shown(entry.name) + " twice");
  }
  const auto slash = entry.name.rfind('/');
  if (slash != std::string::npos && folders.count(entry.name.substr(0, slash)) == 0) {
    return refuse("its index has no folder for " + shown(entry.name));
  }
  return {};
}

}  // namespace

std::uint64_t Index::bytes() const {
  std::uint64_t sum = 0;
  for (const Entry& entry : entries) {
    sum += entry.bytes;
  }
  return sum;
}

Result<void> check_name(std::string_view name) {
  std::size_t parts = 0;
  for (std::string_view rest = name;; ++parts) {
    const auto slash = rest.find('/');
    const std::string_view part = rest.substr(0, slash);
    if (part.empty() || part == "." || part == "..") {
      return refuse("the name \"" + shown(name) + "\" leads somewhere else");
    }
    if (part.size() > most_part_bytes || parts == most_parts) {
      return refuse("the name \"" + shown(name) + "\" is too long");
    }
    if (std::any_of(part.begin(), part.end(), [](char each) { return each < ' ' || each > '~'; })) {
      return refuse("the name \"" + shown(name) + "\" has other characters than printable ASCII");
    }
    if (slash == std::string_view::npos) {
      return {};
    }
    rest.remove_prefix(slash + 1);
  }
}

std::string encode_index(const Index& index) {
  nlohmann::ordered_json entries = nlohmann::ordered_json::array();
  for (const Entry& entry : index.entries) {
    if (entry.folder) {
      entries.push_back({{"name", entry.name}, {"folder", true}});
    } else {
      entries.push_back({{"name", entry.name}, {"bytes", entry.bytes}});
    }
  }
  const nlohmann::ordered_json whole{{"manifest", to_json(index.manifest)}, {"entries", entries}};
  // Whatever a daemon calls its version: a text that is no UTF-8 does not end the saving.
  return whole.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

Result<Index> decode_index(std::string_view text, std::uint64_t content_bytes) {
  const json whole = json::parse(text, nullptr, false);
  const auto entries = whole.is_object() ? whole.find("entries") : whole.end();
  const auto manifest = whole.is_object() ? whole.find("manifest") : whole.end();
  if (!whole.is_object() || entries == whole.end() || !entries->is_array() ||
      manifest == whole.end() || !manifest->is_object()) {
    return refuse("its index can't be read");
  }
  if (entries->size() > most_entries) {
    return refuse("its index has more entries than an archive has");
  }
  Index index;
  auto read = manifest_from(*manifest);
  if (!read) {
    return fail(std::move(read).error());
  }
  index.manifest = std::move(*read);
  std::set<std::string> names;
  std::set<std::string> folders;
  std::uint64_t left = content_bytes;
  for (const json& each : *entries) {
    auto entry = read_entry(each);
    if (!entry) {
      return fail(std::move(entry).error());
    }
    ISSU_TRY(check_place(*entry, folders, names), "");
    if (entry->bytes > left) {
      return refuse("its index has larger files than the archive holds");
    }
    left -= entry->bytes;
    if (entry->folder) {
      folders.insert(entry->name);
    }
    index.entries.push_back(std::move(*entry));
  }
  if (left != 0) {
    return refuse("the archive holds more than its index says");
  }
  return index;
}

}  // namespace issu::archive
