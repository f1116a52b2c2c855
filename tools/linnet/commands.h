#pragma once

#include <string>
#include <vector>

namespace linnet::tool {

// The program's subcommands. Each takes the arguments behind its name and returns the exit code; mistakes are thrown.

int presets(const std::vector<std::string>& arguments);
int fetch(const std::vector<std::string>& arguments);
int inspect(const std::vector<std::string>& arguments);
int convert(const std::vector<std::string>& arguments);
int finetune(const std::vector<std::string>& arguments);
int evaluate(const std::vector<std::string>& arguments);
int embed(const std::vector<std::string>& arguments);
int pretrain(const std::vector<std::string>& arguments);
int predict(const std::vector<std::string>& arguments);
int bench(const std::vector<std::string>& arguments);
int quantize(const std::vector<std::string>& arguments);

}  // namespace linnet::tool
