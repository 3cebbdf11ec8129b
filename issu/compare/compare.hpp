#pragma once

#include "issu/base/result.hpp"
#include "issu/compare/document.hpp"
#include "issu/compare/place.hpp"
#include "issu/compare/study.hpp"

namespace issu::compare {

/// The rows that there are, in the order in which they are shown.
[[nodiscard]] std::vector<std::string> row_ids();

/// What is wrong with the operator's words, all of it: a row that there is not, numbers out of
/// range (ErrorKind::usage).
Result<void> check_words(const StudyOptions& options);

/// What keeps any study from being run here (ErrorKind::refused): no root, no images. An image or
/// a program that only some rows need is their reason for not being measured.
Result<void> check_study(const StudyOptions& options);

/// How much of the time that is left the next row may take, by the weights of it and of those
/// behind it.
[[nodiscard]] MonoNs share_of(MonoNs left, const std::vector<unsigned>& weights);

/// Measures the rows that are asked for, within the time. An error means that there is no study:
/// nothing could be begun, or somebody interrupted it. `studies` before it that were killed are
/// cleaned up first. Call it while the process has one thread.
Result<Comparison> compare(const StudyOptions& options, const Makers& makers);

}  // namespace issu::compare
