#include "framework/io/hdf5/tree.h"

#include <algorithm>

#include "framework/io/hdf5/links.h"
#include "framework/io/hdf5/superblock.h"

namespace linnet::hdf5 {
namespace {

class Walker {
 public:
  explicit Walker(Bytes file) : image_(file) {}

  Tree read() {
    const std::uint64_t root = read_superblock(image_);
    visit(root, 0);
    require(!tree_[0].dataset, "the root must be a group, got a dataset");
    return std::move(tree_);
  }

 private:
  std::size_t visit(std::uint64_t address, int depth) {
    constexpr int kDeepest = 64;
    constexpr std::size_t kMost = 65536;
    require(depth <= kDeepest, "groups must not be nested more than ", kDeepest, " deep");
    require(tree_.size() < kMost, "must have at most ", kMost, " groups and datasets");
    require(!image_.claimed(address), "must be the only link to its object, got another (is there a cycle?)");
    const std::vector<Message> messages = read_object_header(image_, address);
    const std::size_t place = tree_.size();
    tree_.emplace_back().address = address;
    tree_[place].attributes = attributes_.read(messages);
    const auto holds = [&](MessageType type) { return std::ranges::find(messages, type, &Message::type) != messages.end(); };
    if (!is_group(messages)) {
      require(holds(MessageType::dataspace) || holds(MessageType::layout), "must be a group or a dataset, got ",
              holds(MessageType::datatype) ? "a named datatype" : "neither");
      tree_[place].dataset = read_dataset(image_, messages);
      return place;
    }
    require(!holds(MessageType::layout), "must be a group or a dataset, got both");
    for (const Link& link : read_links(image_, messages)) {
      const std::size_t child = follow(link, depth);
      tree_[place].children.push_back({link.name, child});
    }
    return place;
  }

  /// What is refused below a link lies there.
  std::size_t follow(const Link& link, int depth) {
    try {
      return visit(link.address, depth + 1);
    } catch (Refused& refused) {
      refused.where = cat(link.name, refused.where.empty() ? "" : "/", refused.where);
      throw;
    }
  }

  Image image_;
  AttributeReader attributes_{image_};
  Tree tree_;
};

}  // namespace

Tree read_tree(Bytes file) { return Walker(file).read(); }

}  // namespace linnet::hdf5
