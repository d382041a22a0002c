#include "kernels/webgpu/launch.h"

#include <algorithm>

namespace weightroom::gpu {
namespace {

constexpr uint64_t kMaxGroups = 65535;

struct Bindings {
  std::vector<uint32_t> buffers;
  std::vector<DType> types;
  std::vector<std::string> names;  // of each operand
  uint32_t writable = 0;
  std::string key;

  explicit Bindings(const std::vector<Operand>& operands) {
    for (const Operand& o : operands) {
      uint32_t id = uint32_t(o.tensor.impl()->storage->buffer);
      size_t slot = size_t(std::find(buffers.begin(), buffers.end(), id) - buffers.begin());
      if (slot == buffers.size()) {
        buffers.push_back(id);
        types.push_back(o.tensor.dtype());
      }
      if (o.write) writable |= 1u << slot;
      names.push_back("B" + std::to_string(slot));
      key += char('a' + slot);
      key += char('0' + int(o.tensor.dtype()));
    }
    key += std::to_string(writable);
  }
  std::string declarations(bool atomic_output) const {
    std::string s = "@group(0) @binding(0) var<storage, read> P: array<u32>;\n";
    for (size_t k = 0; k < buffers.size(); ++k) {
      bool w = writable >> k & 1;
      std::string type = atomic_output && w ? (is_floating(types[k]) ? "atomic<u32>" : "atomic<i32>") : buffer_type(types[k]);
      s += "@group(0) @binding(" + std::to_string(k + 1) + ") var<storage, " + (w ? "read_write" : "read") + "> B" + std::to_string(k) + ": array<" + type + ">;\n";
    }
    return s;
  }
};

std::array<uint32_t, 3> grid(uint64_t groups) {
  if (groups <= kMaxGroups) return {uint32_t(groups), 1, 1};
  uint64_t rows = (groups + kMaxGroups - 1) / kMaxGroups;
  check(rows <= kMaxGroups, "webgpu: a tensor is too large for one kernel");
  return {uint32_t(kMaxGroups), uint32_t(rows), 1};
}

// Dimensions that every operand walks as one are one; those of size 1 vanish.
void coalesce(Dims& sizes, std::vector<Dims>& strides) {
  Dims s;
  std::vector<Dims> st(strides.size());
  for (size_t d = 0; d < sizes.size(); ++d) {
    if (sizes[d] == 1) continue;
    bool joins = !s.empty();
    for (size_t k = 0; joins && k < st.size(); ++k) joins = st[k].back() == strides[k][d] * sizes[d];
    if (joins) s.back() *= sizes[d];
    else s.push_back(sizes[d]);
    for (size_t k = 0; k < st.size(); ++k) {
      if (joins) st[k].back() = strides[k][d];
      else st[k].push_back(strides[k][d]);
    }
  }
  sizes = s;
  strides = st;
}

}  // namespace

void launch(const std::string& key, uint64_t groups, uint32_t width, const std::vector<Operand>& operands, const std::vector<uint32_t>& params, const std::string& declare, const Body& body, bool atomic_output) {
  if (groups == 0) return;
  Bindings b(operands);
  uint32_t pipeline = Queue::get().pipeline(key + "|" + b.key + "|" + std::to_string(width), uint32_t(b.buffers.size()), b.writable, [&] {
    std::string w = std::to_string(width);
    return b.declarations(atomic_output) + kPrelude + declare +
           "fn number(k: u32) -> f32 { return bitcast<f32>(P[k]); }\n"
           "@compute @workgroup_size(" + w + ") fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) li: vec3<u32>) {\n"
           "let group = wg.x + wg.y * " + std::to_string(kMaxGroups) + "u;\nlet lane = li.x;\n" + body(b.names) + "\n}\n";
  });
  Queue::get().dispatch(pipeline, grid(groups), b.buffers, params);
}

void map(const std::string& key, const Dims& shape, const std::vector<Operand>& operands, const std::vector<uint32_t>& extra, const Body& body) {
  int64_t n = 1;
  for (int64_t s : shape) n *= s;
  if (n == 0) return;
  Dims sizes = shape;
  std::vector<Dims> strides;
  for (const Operand& o : operands) strides.push_back(o.tensor.strides());
  coalesce(sizes, strides);
  size_t rank = sizes.size();
  std::vector<uint32_t> params{uint32_t(n)};
  for (int64_t s : sizes) params.push_back(uint32_t(s));
  for (size_t k = 0; k < operands.size(); ++k) {
    params.push_back(uint32_t(operands[k].tensor.offset()));
    for (int64_t s : strides[k]) params.push_back(uint32_t(s));
  }
  size_t base = params.size();
  params.insert(params.end(), extra.begin(), extra.end());
  launch(key + "@" + std::to_string(rank), uint64_t(n + 255) / 256, 256, operands, params, "", [&](const std::vector<std::string>& names) {
    auto u = [](size_t v) { return std::to_string(v) + "u"; };
    std::string s = "let i = group * 256u + lane;\nif (i >= P[0]) { return; }\n";
    for (size_t k = 0; k < operands.size(); ++k) s += "var i" + std::to_string(k) + " = P[" + u(1 + rank + k * (1 + rank)) + "];\n";
    if (rank) s += "var rest = i;\n";
    for (size_t d = rank; d-- > 0;) {
      std::string at = "d" + std::to_string(d);
      s += d ? "let " + at + " = rest % P[" + u(1 + d) + "]; rest = rest / P[" + u(1 + d) + "];\n" : "let " + at + " = rest;\n";
      for (size_t k = 0; k < operands.size(); ++k) s += "i" + std::to_string(k) + " += " + at + " * P[" + u(2 + rank + k * (1 + rank) + d) + "];\n";
    }
    std::string text = body(names);
    // word(k) and number(k): the parameters after the geometry.
    for (const char* fn : {"word(", "number("})
      for (size_t at = text.find(fn); at != std::string::npos; at = text.find(fn, at + 1)) {
        size_t from = at + std::string(fn).size(), to = text.find(')', from);
        std::string value = "P[" + u(base + size_t(std::stoul(text.substr(from, to - from)))) + "]";
        text.replace(at, to + 1 - at, fn[0] == 'w' ? value : "bitcast<f32>(" + value + ")");
      }
    return s + text;
  });
}

}  // namespace weightroom::gpu
