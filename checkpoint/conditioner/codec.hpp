#pragma once

#include <cstddef>
#include <span>

#include "checkpoint/conditioner/record.hpp"
#include "issu/base/result.hpp"

namespace issu::checkpoint::conditioner {

inline constexpr const char* document_kind = "conditioner";
inline constexpr std::uint32_t document_schema = 1;

/// The document (docs/formats.md). It holds keys.
Result<SecretBytes> encode(const Record& record);

/// Refuses (ErrorKind::refused, with the reason) what is damaged, of another kind or schema, and
/// every value that no socket could have had. Takes no more memory than the bytes justify.
Result<Record> decode(std::span<const std::byte> bytes);

/// The two sections of the document, without its frame.
Result<Record> decode_sections(std::span<const std::byte> sockets, std::span<const std::byte> keys);

}  // namespace issu::checkpoint::conditioner
