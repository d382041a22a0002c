// What autograd.cpp and inplace.cpp share; nobody else includes it.
#pragma once
#include "autograd/autograd.h"

namespace weightroom {

std::shared_ptr<Node> make_node(const char* name, const TensorList& inputs, std::vector<SavedTensor> saved, BackwardFn fn);
// `out` becomes output `nr` of `node`.
void set_history(const Tensor& out, const std::shared_ptr<Node>& node, uint32_t nr);
uint64_t take_sequence();
// PyTorch names a saved output's maker without "Backward0".
std::string maker_name(const std::string& node);
// Of a view whose base changed in place since: its history is a slice of the base's new one.
void renew_view(const Tensor& view);

}  // namespace weightroom
