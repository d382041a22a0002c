// float32 loops of recurrent layers, compiled by Highway for each instruction set.
#pragma once
#include <cstdint>

namespace weightroom::vec {

// One time step of one row, gates laid out i f g o (LSTM), h units wide; gates hold their activations afterwards.
void lstm_cell(float* gates, const float* c, float* c_out, float* h_out, int64_t h);
// gates: activations in, gradients of the pre-activations out; gc: gradient of c in, of the previous c out.
void lstm_cell_backward(float* gates_grad, const float* gates, const float* c_before, const float* c, const float* gh, float* gc, int64_t h);
// r z n from x and h parts (biases added); saves r, z, n and the h part of n: 4 * h.
void gru_cell(float* saved, const float* gx, const float* gh, const float* before, float* out, int64_t h);
// To gradients of the x part [3h] and h part [3h]; g_before gets what flows past the gates.
void gru_cell_backward(float* ggx, float* ggh, const float* saved, const float* before, const float* g, float* g_before, int64_t h);
void tanh(float* out, const float* a, int64_t n);

}  // namespace weightroom::vec
