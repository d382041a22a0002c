#include "kernels/webgpu/launch.h"

#include <algorithm>

namespace weightroom::gpu {
namespace {

constexpr uint64_t kMaxGroups = 65535;  // in one dimension of a dispatch

struct Bindings {
  std::vector<uint32_t> buffers;
  std::vector<DType> types;
  std::vector<Access> access;
  std::vector<size_t> slots;  // of each operand
  uint32_t writable = 0;
  std::string key;

  Bindings(Queue& queue, const std::vector<Operand>& operands) {
    for (const Operand& o : operands) {
      uint32_t id = queue.buffer_of(*o.tensor.impl()->storage);
      size_t slot = size_t(std::find(buffers.begin(), buffers.end(), id) - buffers.begin());
      if (slot == buffers.size()) {
        buffers.push_back(id);
        types.push_back(o.tensor.dtype());
        access.push_back(o.access);
      }
      access[slot] = std::max(access[slot], o.access);
      if (o.access != Access::read) writable |= 1u << slot;
      slots.push_back(slot);
      key += char('a' + slot);
      key += char('0' + int(o.tensor.dtype()));
      key += char('A' + int(o.compute) * 3 + int(o.access));
    }
  }

  std::string accessors(const std::vector<Operand>& operands) const {
    std::string s;
    for (size_t k = 0; k < buffers.size(); ++k) {
      bool w = writable >> k & 1;
      s += "@group(0) @binding(" + std::to_string(k + 1) + ") var<storage, " + (w ? "read_write" : "read") + "> B" + std::to_string(k) + ": array<" + (access[k] == Access::update ? "atomic<u32>" : element_type(types[k])) + ">;\n";
    }
    for (size_t k = 0; k < operands.size(); ++k) {
      const Operand& o = operands[k];
      DType t = o.tensor.dtype();
      std::string B = "B" + std::to_string(slots[k]), at = "P[" + std::to_string(k) + "u] + i", type = type_of(o.compute), x = o.name, element = element_type(t);
      if (access[slots[k]] == Access::update) {
        if (t == DType::int64) {
          s += "fn update_" + x + "(i: u32, v: vec2<u32>) { let j = 2u * (" + at + "); let was = atomicAdd(&" + B + "[j], v.x); atomicAdd(&" + B + "[j + 1u], v.y + u32(was + v.x < was)); }\n";
          continue;
        }
        std::string was = load_as(t, "bitcast<" + element + ">(was)", o.compute);
        s += "fn update_" + x + "(i: u32, v: " + type + ") { let j = " + at + "; loop { let was = atomicLoad(&" + B + "[j]); let r = atomicCompareExchangeWeak(&" + B + "[j], was, bitcast<u32>(" +
             store_as(t, "combine_" + x + "(" + was + ", v)", o.compute) + ")); if (r.exchanged) { break; } } }\n";
        continue;
      }
      s += "fn load_" + x + "(i: u32) -> " + type + " { return " + load_as(t, B + "[" + at + "]", o.compute) + "; }\n";
      if (o.access == Access::write) s += "fn store_" + x + "(i: u32, v: " + type + ") { " + B + "[" + at + "] = " + store_as(t, "v", o.compute) + "; }\n";
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

// Appended to a kernel that can complain: the first number met stays.
std::string complaint(size_t binding) {
  return "@group(0) @binding(" + std::to_string(binding) + ") var<storage, read_write> E: array<atomic<u32>, 4>;\n"
         "fn complain(v: vec2<u32>) { loop { let r = atomicCompareExchangeWeak(&E[0], 0u, SITE); if (r.exchanged) { atomicStore(&E[1], v.x); atomicStore(&E[2], v.y); break; } if (r.old_value != 0u) { break; } } }\n";
}

}  // namespace

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

void launch(Queue& queue, Kernel k, uint64_t groups, uint32_t width) {
  if (groups == 0) return;
  Bindings b(queue, k.operands);
  std::vector<uint32_t> params;
  params.reserve(k.operands.size() + 2 + k.params.size());
  for (const Operand& o : k.operands) params.push_back(uint32_t(o.tensor.offset()));
  params.push_back(uint32_t(groups));
  params.push_back(k.site ? queue.site(*k.site) : 0);
  params.insert(params.end(), k.params.begin(), k.params.end());

  std::vector<uint32_t> buffers = b.buffers;
  uint32_t writable = b.writable;
  if (k.site) { writable |= 1u << buffers.size(); buffers.push_back(0); }
  std::string key = k.name + ' ' + k.variant + '|' + b.key + '|' + std::to_string(width) + (k.site ? "!" : "");
  uint32_t pipeline = queue.pipeline(key, k.name, uint32_t(buffers.size()), writable, [&] {
    std::string n = std::to_string(k.operands.size()), base = std::to_string(k.operands.size() + 2);
    std::string text = b.accessors(k.operands) + (k.site ? complaint(buffers.size()) : "") + k.declare +
                       "fn word(k: u32) -> u32 { return P[" + base + "u + k]; }\n"
                       "fn number(k: u32) -> f32 { return bitcast<f32>(word(k)); }\n"
                       "fn whole(k: u32) -> vec2<u32> { return vec2<u32>(word(k), word(k + 1u)); }\n"
                       "@compute @workgroup_size(" + std::to_string(width) + ") fn main(@builtin(workgroup_id) wg: vec3<u32>, @builtin(local_invocation_id) li: vec3<u32>) {\n"
                       "let group = wg.x + wg.y * " + std::to_string(kMaxGroups) + "u;\nif (group >= P[" + n + "u]) { return; }\nlet lane = li.x;\n" + k.body() + "\n}\n";
    for (size_t at; (at = text.find("SITE")) != std::string::npos;) text.replace(at, 4, "P[" + std::to_string(k.operands.size() + 1) + "u]");
    return "@group(0) @binding(0) var<storage, read> P: array<u32>;\n" + helpers_for(text) + text;
  });
  queue.dispatch(pipeline, grid(groups), buffers, params);
}

void map(Queue& queue, Kernel k, const Dims& shape) {
  int64_t n = 1;
  for (int64_t s : shape) n *= s;
  if (n == 0) return;
  Dims sizes = shape;
  std::vector<Dims> strides;
  for (const Operand& o : k.operands) strides.push_back(o.tensor.strides());
  coalesce(sizes, strides);
  size_t rank = sizes.size(), extra = k.params.size();
  k.params.push_back(uint32_t(n));
  for (int64_t s : sizes) k.params.push_back(uint32_t(s));
  for (const Dims& st : strides) for (int64_t s : st) k.params.push_back(uint32_t(s));
  k.variant += '@' + std::to_string(rank) + ',' + std::to_string(extra);
  auto body = std::move(k.body);
  std::vector<const char*> names;
  for (const Operand& o : k.operands) names.push_back(o.name);
  k.body = [=] {
    auto at = [&](size_t p) { return "word(" + std::to_string(extra + p) + "u)"; };
    std::string s = "let i = group * 256u + lane;\nif (i >= " + at(0) + ") { return; }\n";
    for (const char* x : names) s += std::string("var i_") + x + " = 0u;\n";
    if (rank) s += "var rest = i;\n";
    for (size_t d = rank; d-- > 0;) {
      std::string v = "d" + std::to_string(d);
      s += d ? "let " + v + " = rest % " + at(1 + d) + "; rest = rest / " + at(1 + d) + ";\n" : "let " + v + " = rest;\n";
      for (size_t x = 0; x < names.size(); ++x) s += std::string("i_") + names[x] + " += " + v + " * " + at(1 + rank + x * rank + d) + ";\n";
    }
    return s + body();
  };
  launch(queue, std::move(k), uint64_t(n + 255) / 256, 256);
}

}  // namespace weightroom::gpu
