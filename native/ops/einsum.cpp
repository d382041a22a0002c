// Einstein summation: every operand is brought to [output letters..., summed letters...], pairs are contracted left to
// right by one batched product. Source: torch.einsum.
#include <algorithm>
#include <map>

#include "ops/ops.h"

namespace weightroom::ops {
namespace {

constexpr int kLetters = 52;
// a..z, A..Z become 0..51; the dims under an ellipsis follow.
int code_of(char c) { return c >= 'a' && c <= 'z' ? c - 'a' : c >= 'A' && c <= 'Z' ? c - 'A' + 26 : -1; }

struct Term { std::vector<int> labels; int ellipsis = -1; };  // ellipsis: where it stands among the labels

Term parse(const std::string& text, const char* what, size_t from = 0) {
  Term t;
  for (size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ') continue;
    if (text[i] == '.') {
      check(i + 2 < text.size() && text[i + 1] == '.' && text[i + 2] == '.', "einsum(): found '.' ", what, " that is not part of any ellipsis");
      check(t.ellipsis < 0, "einsum(): found '.' ", what, " for which an ellipsis was already found");
      t.ellipsis = int(t.labels.size());
      i += 2;
      continue;
    }
    int c = code_of(text[i]);
    check(c >= 0, "einsum(): invalid subscript given at index ", from + i, " in the equation string, subscripts must be in [a-zA-Z]");
    t.labels.push_back(c);
  }
  return t;
}

std::string letter(int c) { return std::string(1, char(c < 26 ? 'a' + c : 'A' + c - 26)); }

// Sums over `both`, the labels the two operands share and the result does not need; all tensors have one dim a label (size 1 where absent).
Tensor contract(const Tensor& a, const Tensor& b, const std::vector<int64_t>& over) {
  if (over.empty()) return mul(a, b);
  std::vector<bool> summed(size_t(a.dim()), false);
  for (int64_t d : over) summed[size_t(d)] = true;
  Tensor left = a, right = b;
  Dims batch, only_a, only_b, shared;
  for (int64_t d = 0; d < a.dim(); ++d) {
    bool in_a = a.size(d) != 1, in_b = b.size(d) != 1;
    if (summed[size_t(d)]) {
      // Present on one side only: summed there at once.
      if (in_a && in_b) shared.push_back(d);
      else if (in_a) left = sum(left, {d}, true);
      else if (in_b) right = sum(right, {d}, true);
      continue;
    }
    if (in_a && in_b) batch.push_back(d);
    else if (in_a) only_a.push_back(d);
    else only_b.push_back(d);  // also of size 1 on both sides
  }
  auto join = [](std::initializer_list<const Dims*> lists) { Dims r; for (auto* l : lists) r.insert(r.end(), l->begin(), l->end()); return r; };
  auto volume = [](const Tensor& t, const Dims& dims) { int64_t n = 1; for (int64_t d : dims) n *= t.size(d); return n; };
  Dims rest;  // summed dims already of size 1
  for (int64_t d = 0; d < a.dim(); ++d) if (summed[size_t(d)] && std::find(shared.begin(), shared.end(), d) == shared.end()) rest.push_back(d);
  Tensor l = reshape(permute(left, join({&batch, &only_a, &shared, &only_b, &rest})), {volume(left, batch), volume(left, only_a), volume(left, shared)});
  Tensor r = reshape(permute(right, join({&batch, &shared, &only_b, &only_a, &rest})), {volume(right, batch), volume(right, shared), volume(right, only_b)});
  Tensor p = bmm(l, r);
  Dims order = join({&batch, &only_a, &only_b, &shared, &rest}), sizes, inverse(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    int64_t d = order[i];
    sizes.push_back(summed[size_t(d)] ? 1 : a.size(d) == 1 ? b.size(d) : a.size(d));
    inverse[size_t(d)] = int64_t(i);
  }
  return permute(reshape(p, sizes), inverse);
}

}  // namespace

Tensor einsum(const std::string& equation, const TensorList& operands) {
  check(!operands.empty(), "einsum(): must provide at least one operand");
  size_t arrow = equation.find("->");
  std::string left = equation.substr(0, arrow);
  std::vector<Term> terms;
  for (size_t from = 0;;) {
    size_t comma = left.find(',', from);
    terms.push_back(parse(left.substr(from, comma == std::string::npos ? comma : comma - from), concat("for operand ", terms.size()).c_str(), from));
    if (comma == std::string::npos) break;
    from = comma + 1;
  }
  check(terms.size() <= operands.size(), "einsum(): fewer operands were provided than specified in the equation");
  check(terms.size() >= operands.size(), "einsum(): more operands were provided than specified in the equation");

  int under = 0;
  for (size_t i = 0; i < terms.size(); ++i) {
    int64_t rank = operands[i].dim(), n = int64_t(terms[i].labels.size());
    if (terms[i].ellipsis >= 0) {
      check(n <= rank, "einsum(): the number of subscripts in the equation (", n, ") is more than the number of dimensions (", rank, ") for operand ", i);
      under = std::max(under, int(rank - n));
    } else if (n != rank) fail("einsum(): the number of subscripts in the equation (", n, ") does not match the number of dimensions (", rank, ") for operand ", i, " and no ellipsis was given");
  }

  std::vector<int> count(size_t(kLetters), 0);
  bool any_ellipsis = false;
  for (const Term& t : terms) {
    any_ellipsis |= t.ellipsis >= 0;
    for (int c : t.labels) ++count[size_t(c)];
  }
  // Where each label stands in the common order: the result's first, then what is summed.
  std::map<int, int64_t> place;
  int64_t next = 0;
  auto take_ellipsis = [&] { for (int k = 0; k < under; ++k) place[kLetters + k] = next++; };
  if (arrow == std::string::npos) {
    take_ellipsis();
    for (int c : [] { std::vector<int> alphabet; for (int i = 26; i < 52; ++i) alphabet.push_back(i); for (int i = 0; i < 26; ++i) alphabet.push_back(i); return alphabet; }())
      if (count[size_t(c)] == 1) place[c] = next++;
  } else {
    Term out = parse(equation.substr(arrow + 2), "for the output", arrow + 2);
    for (size_t i = 0; i <= out.labels.size(); ++i) {
      if (out.ellipsis == int(i)) take_ellipsis();
      if (i == out.labels.size()) break;
      int c = out.labels[i];
      check(count[size_t(c)] > 0, "einsum(): output subscript ", letter(c), " does not appear in the equation for any input operand");
      check(!place.count(c), "einsum(): output subscript ", letter(c), " appears more than once in the output");
      place[c] = next++;
    }
  }
  int64_t result_rank = next;
  if (any_ellipsis) for (int k = 0; k < under; ++k) if (!place.count(kLetters + k)) place[kLetters + k] = next++;
  for (int c = 0; c < kLetters; ++c) if (count[size_t(c)] > 0 && !place.count(c)) place[c] = next++;
  int64_t rank = next;

  // Each operand with one dim a label, in the common order.
  std::vector<int64_t> size_of(size_t(rank), 1);
  std::vector<size_t> last(size_t(rank), 0);
  TensorList ready;
  for (size_t i = 0; i < terms.size(); ++i) {
    Tensor t = operands[i];
    std::vector<int> labels;
    int extra = int(t.dim()) - int(terms[i].labels.size());
    for (size_t k = 0; k <= terms[i].labels.size(); ++k) {
      if (terms[i].ellipsis == int(k)) for (int e = 0; e < extra; ++e) labels.push_back(kLetters + under - extra + e);
      if (k < terms[i].labels.size()) labels.push_back(terms[i].labels[k]);
    }
    // Repeated letters: the diagonal.
    for (size_t k = 0; k < labels.size(); ++k)
      for (size_t m = k + 1; m < labels.size();) {
        if (labels[m] != labels[k]) { ++m; continue; }
        check(t.size(int64_t(k)) == t.size(int64_t(m)), "einsum(): subscript ", letter(labels[k]), " is repeated for operand ", i, " but the sizes don't match, ", t.size(int64_t(m)), " != ", t.size(int64_t(k)));
        t = movedim(diagonal(t, 0, int64_t(k), int64_t(m)), {-1}, {int64_t(k)});
        labels.erase(labels.begin() + int64_t(m));
      }
    Dims order(size_t(rank), -1);
    for (size_t k = 0; k < labels.size(); ++k) {
      int64_t p = place[labels[k]];
      order[size_t(p)] = int64_t(k);
      int64_t n = t.size(int64_t(k));
      if (size_of[size_t(p)] != 1 && n != 1 && n != size_of[size_t(p)])
        fail("einsum(): subscript ", labels[k] < kLetters ? letter(labels[k]) : std::string("..."), " has size ", n, " for operand ", i, " which does not broadcast with previously seen size ", size_of[size_t(p)]);
      if (size_of[size_t(p)] == 1) size_of[size_t(p)] = n;
      last[size_t(p)] = i;
    }
    int64_t missing = int64_t(labels.size());
    for (int64_t p = 0; p < rank; ++p) if (order[size_t(p)] < 0) { t = unsqueeze(t, -1); order[size_t(p)] = missing++; }
    ready.push_back(permute(t, order));
  }

  auto done_with = [&](size_t i) { std::vector<int64_t> dims; for (int64_t p = result_rank; p < rank; ++p) if (last[size_t(p)] == i) dims.push_back(p); return dims; };
  Tensor out = ready[0];
  if (auto dims = done_with(0); !dims.empty()) out = sum(out, Dims(dims.begin(), dims.end()), true);
  for (size_t i = 1; i < ready.size(); ++i) out = contract(out, ready[i], done_with(i));
  if (rank > result_rank) {
    Dims sizes(out.sizes().begin(), out.sizes().begin() + result_rank);
    out = reshape(out, sizes);
  }
  return out;
}

}  // namespace weightroom::ops
