// Optimizer steps over a list of parameters: one native call each.
#pragma once
#include <functional>

#include "ops/ops.h"

namespace weightroom::ops {

// f(index, parameter, gradient) for parameters that have one, without recording; both contiguous, of one dtype.
void each_parameter(const TensorList& params, const std::function<void(size_t, const Tensor&, const Tensor&)>& f);
// The optimizers of optimizers.cpp: a rule's name, its states by kind and parameter, its settings in the rule's order.
void optimizer_step(const std::string& rule, const TensorList& params, const std::vector<TensorList>& states, const std::vector<double>& settings);

}  // namespace weightroom::ops
