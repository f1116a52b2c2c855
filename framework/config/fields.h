#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "framework/core/dtype.h"

namespace linnet {

class FieldVisitor;

/// A struct that lists its members: void fields(FieldVisitor& field) { field("units", units); … }
template <class C>
concept HasFields = requires(C& config, FieldVisitor& field) {
  config.fields(field);
};

/// Visits a config's fields in declaration order. One list serves JSON in and out, the unknown-key check, command-line
/// flags and the tables in docs/, so neither JSON nor macros reach a layer's header.
class FieldVisitor {
 public:
  virtual ~FieldVisitor() = default;

  /// `help` says in a few words what the field means and its unit; flags print it.
  template <class T>
  void operator()(std::string_view name, T& value, std::string_view help = {}) {
    help_ = help;
    if constexpr (HasFields<T>) {
      begin(name);
      value.fields(*this);
      end();
    } else {
      visit(name, value);
    }
  }

 protected:
  /// One field of each type there is; a reader sets it, a writer leaves it as it is.
  virtual void visit(std::string_view name, bool& value) = 0;
  virtual void visit(std::string_view name, std::int64_t& value) = 0;
  virtual void visit(std::string_view name, double& value) = 0;
  virtual void visit(std::string_view name, std::string& value) = 0;
  virtual void visit(std::string_view name, std::optional<std::int64_t>& value) = 0;
  virtual void visit(std::string_view name, std::optional<double>& value) = 0;
  virtual void visit(std::string_view name, std::optional<std::string>& value) = 0;
  virtual void visit(std::string_view name, std::vector<std::int64_t>& value) = 0;
  virtual void visit(std::string_view name, std::vector<double>& value) = 0;
  virtual void visit(std::string_view name, std::vector<std::string>& value) = 0;
  virtual void visit(std::string_view name, DTypePolicy& value) = 0;
  virtual void begin(std::string_view name) = 0;  ///< a nested config starts
  virtual void end() = 0;

  std::string_view help_;
};

}  // namespace linnet
