#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "framework/data/dataset.h"

namespace linnet {

/// What the labels of a file are.
struct TsvOptions {
  /// The classes that labels may name, in order of their numbers. Empty: found in the file. Whole numbers from 0 on name
  /// themselves; other labels are numbered in byte order.
  std::vector<std::string> label_names = {};
  bool regression = false;  ///< labels are numbers to predict, not classes
};

/// Reads tab-separated text with a header line, as GLUE's files are: a column `sentence` (or text, sentence1, question,
/// premise, question1, #1 String), for pairs also `sentence2` (or text_pair, hypothesis, question2, #2 String; `sentence` beside
/// `question`), and `label` (or score, gold_label, is_duplicate, Quality) unless the data is unlabelled. No quoting; lines end
/// in `\n` or `\r\n`; trailing spaces of a text are dropped.
/// Throws std::runtime_error that names file and line: no such file, no header, a row with other columns than the header,
/// no rows, text that is not UTF-8, a label that is no class of label_names or no number.
TextDataset read_tsv(const std::filesystem::path& file, const TsvOptions& options = {});

}  // namespace linnet
