#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace linnet::testing {

struct ProgramResult {
  int code = -1;            ///< exit code; 128 + the signal that ended it
  std::string out, errors;  ///< what it wrote to standard output and standard error
};
/// Runs a program with these arguments and no standard input.
ProgramResult run_program(const std::string& program, const std::vector<std::string>& arguments);

/// Writes a preset of a very small BERT with a vocabulary of some words, saved by BertTextClassifier with these classes.
void write_tiny_preset(const std::filesystem::path& directory, const std::vector<std::string>& label_names = {"0", "1"});
/// The words of that preset's vocabulary, one a line.
void write_tiny_vocabulary(const std::filesystem::path& file);
/// Writes rows of sentences that `write_tiny_preset`'s model can tell apart: label 1 says good, label 0 bad.
void write_tiny_reviews(const std::filesystem::path& file, int rows);

}  // namespace linnet::testing
