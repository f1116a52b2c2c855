#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <string>

namespace linnet::fuzz {

/// Changes a JSON text, valid or not, at one place by its structure: a value replaced by another kind's or an extreme one, a
/// subtree removed, doubled, wrapped, or exchanged with another, a key renamed to another that occurs. Text without JSON stays.
std::string mutate_json(const std::string& text, std::mt19937& random);

}  // namespace linnet::fuzz
