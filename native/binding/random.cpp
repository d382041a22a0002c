// Random numbers as JavaScript sees them. The last argument of each is a generator, or nothing for the default one.
#include "binding/call.h"

namespace weightroom::binding {
namespace {

void release(napi_env, void* p, void*) { delete static_cast<Generator*>(p); }

Generator& generator(Call& c, size_t i) {
  if (i >= c.count || c.missing(i)) return c.data->generator;
  void* p = nullptr;
  if (napi_get_value_external(c.env, c.argv[i], &p) != napi_ok || !p) fail_type("generator must be a Generator");
  return *static_cast<Generator*>(p);
}

napi_value new_generator(Call& c) {
  napi_value v;
  c.ok(napi_create_external(c.env, new Generator(), reinterpret_cast<napi_finalize>(release), nullptr, &v));
  return v;
}
napi_value unsigned_value(Call& c, uint64_t v) { napi_value r; c.ok(napi_create_bigint_uint64(c.env, v, &r)); return r; }
napi_value manual_seed(Call& c) { generator(c, 1).manual_seed(uint64_t(c.integer(0))); return c.undefined(); }
napi_value initial_seed(Call& c) { return unsigned_value(c, generator(c, 0).seed()); }
napi_value random64(Call& c) { return unsigned_value(c, generator(c, 0).random64()); }
napi_value get_state(Call& c) {
  Tensor t = ops::empty({int64_t(Generator::kStateBytes)}, DType::uint8);
  generator(c, 0).get_state(t.data<uint8_t>());
  return c.wrap(t);
}
napi_value set_state(Call& c) {
  Tensor t = on_cpu(c.tensor(0));
  if (t.dtype() != DType::uint8) fail_type("RNG state must be a torch.ByteTensor");
  check(t.numel() == int64_t(Generator::kStateBytes), "Expected either a CPUGeneratorImplStateLegacy of size 5048 or a CPUGeneratorImplState of size 5056 but found the input RNG state size to be ", t.numel());
  generator(c, 1).set_state(t.data<uint8_t>());
  return c.undefined();
}

napi_value uniform_(Call& c) { ops::uniform_(c.tensor(0), c.number(1), c.number(2), generator(c, 3)); return c.argv[0]; }
napi_value normal_(Call& c) { ops::normal_(c.tensor(0), c.number(1), c.number(2), generator(c, 3)); return c.argv[0]; }
napi_value bernoulli_(Call& c) {
  if (c.is_tensor(c.argv[1])) ops::bernoulli_(c.tensor(0), c.tensor(1), generator(c, 2));
  else ops::bernoulli_(c.tensor(0), c.number(1), generator(c, 2));
  return c.argv[0];
}
napi_value exponential_(Call& c) { ops::exponential_(c.tensor(0), c.number(1), generator(c, 2)); return c.argv[0]; }
napi_value geometric_(Call& c) { ops::geometric_(c.tensor(0), c.number(1), generator(c, 2)); return c.argv[0]; }
napi_value cauchy_(Call& c) { ops::cauchy_(c.tensor(0), c.number(1), c.number(2), generator(c, 3)); return c.argv[0]; }
napi_value log_normal_(Call& c) { ops::log_normal_(c.tensor(0), c.number(1), c.number(2), generator(c, 3)); return c.argv[0]; }
napi_value randint_(Call& c) { ops::randint_(c.tensor(0), c.integer(1), c.integer(2), generator(c, 3)); return c.argv[0]; }
napi_value random_(Call& c) { ops::random_(c.tensor(0), generator(c, 1)); return c.argv[0]; }
napi_value randperm(Call& c) { return c.wrap(ops::randperm(c.integer(0), c.dtype(1), generator(c, 2))); }
napi_value multinomial(Call& c) { return c.wrap(ops::multinomial(c.tensor(0), c.integer(1), c.boolean(2), generator(c, 3))); }
napi_value poisson(Call& c) { return c.wrap(ops::poisson(c.tensor(0), generator(c, 1))); }
napi_value normal(Call& c) { return c.wrap(ops::normal(c.operand(0), c.operand(1), generator(c, 2))); }

}  // namespace

const std::vector<Entry> random_entries = {
    {"newGenerator", new_generator}, {"manualSeed", manual_seed}, {"initialSeed", initial_seed}, {"random64", random64}, {"getRngState", get_state}, {"setRngState", set_state},
    {"uniform_", uniform_}, {"normal_", normal_}, {"bernoulli_", bernoulli_}, {"exponential_", exponential_}, {"geometric_", geometric_}, {"cauchy_", cauchy_},
    {"logNormal_", log_normal_}, {"randint_", randint_}, {"random_", random_}, {"randperm", randperm}, {"multinomial", multinomial}, {"poisson", poisson}, {"normal", normal},
};

}  // namespace weightroom::binding
