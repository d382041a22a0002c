// Making tensors, looking at them, taking their values out.
#include <cmath>
#include <cstdio>

#include "binding/call.h"

namespace weightroom::binding {
namespace {

struct ArrayKind { napi_typedarray_type type; DType dtype; };

DType array_dtype(napi_typedarray_type t) {
  switch (t) {
    case napi_float32_array: return DType::float32;
    case napi_float64_array: return DType::float64;
    case napi_bigint64_array: return DType::int64;
    case napi_int32_array: return DType::int32;
    case napi_int16_array: return DType::int16;
    case napi_int8_array: return DType::int8;
    case napi_uint8_array: case napi_uint8_clamped_array: return DType::uint8;
    default: fail_type("typed arrays of this kind are not supported; use Float32Array, Float64Array, BigInt64Array, Int32Array, Int16Array, Int8Array or Uint8Array");
  }
}

napi_value typed_array(Call& c, const void* bytes, int64_t n, DType t) {
  napi_typedarray_type kind = t == DType::float32 ? napi_float32_array : t == DType::float64 ? napi_float64_array : t == DType::int64 ? napi_bigint64_array
      : t == DType::int32 ? napi_int32_array : t == DType::int16 ? napi_int16_array : t == DType::int8 ? napi_int8_array : napi_uint8_array;
  void* to = nullptr;
  napi_value buffer, out;
  // Always a copy: external array buffers are forbidden in Electron.
  c.ok(napi_create_arraybuffer(c.env, size_t(n) * itemsize(t), &to, &buffer));
  if (n) std::memcpy(to, bytes, size_t(n) * itemsize(t));
  c.ok(napi_create_typedarray(c.env, kind, size_t(n), buffer, 0, &out));
  return out;
}

Tensor wide(const Tensor& t) { return t.dtype() == DType::float16 || t.dtype() == DType::bfloat16 ? ops::to_dtype(t, DType::float32) : t; }

// fromTypedArray(array, sizes, dtype, device)
napi_value from_typed_array(Call& c) {
  napi_typedarray_type type;
  size_t n = 0, offset = 0;
  void* from = nullptr;
  napi_value buffer;
  bool is = false;
  c.ok(napi_is_typedarray(c.env, c.argv[0], &is));
  if (!is) fail_type("expected a typed array");
  c.ok(napi_get_typedarray_info(c.env, c.argv[0], &type, &n, &from, &buffer, &offset));
  Dims sizes = c.dims(1);
  int64_t want = checked_numel(sizes);
  if (want != int64_t(n)) fail("shape '", shape_str(sizes), "' is invalid for input of size ", n);
  NoGrad guard;
  Tensor t = ops::empty(sizes, array_dtype(type));
  if (n) std::memcpy(t.bytes(), from, n * itemsize(t.dtype()));
  return c.wrap(ops::to_device(ops::to_dtype(t, c.dtype(2)), c.device(3)));
}

// fromBytes(Uint8Array, dtype): a 1-D tensor over a copy of raw little-endian bytes.
napi_value from_bytes(Call& c) {
  napi_typedarray_type type;
  size_t n = 0, offset = 0;
  void* from = nullptr;
  napi_value buffer;
  c.ok(napi_get_typedarray_info(c.env, c.argv[0], &type, &n, &from, &buffer, &offset));
  if (type != napi_uint8_array) fail_type("fromBytes expects a Uint8Array");
  DType dt = c.dtype(1);
  if (n % itemsize(dt)) fail_value("fromBytes: ", n, " bytes are no whole number of ", dtype_name(dt), " elements");
  Tensor t = ops::empty({int64_t(n / itemsize(dt))}, dt);
  if (n) std::memcpy(t.bytes(), from, n);
  if (dt == DType::boolean) for (size_t i = 0; i < n; ++i) t.data<uint8_t>()[i] = t.data<uint8_t>()[i] != 0;
  return c.wrap(t);
}

napi_value to_typed_array(Call& c) {
  Tensor t = wide(on_cpu(c.tensor(0)));
  return typed_array(c, t.bytes(), t.numel(), t.dtype());
}

// storageBytes(t): a copy of the whole storage.
napi_value storage_bytes(Call& c) {
  Tensor t = c.tensor(0);
  if (!t.device().is_cpu()) t = on_cpu(t);
  return typed_array(c, t.impl()->storage->data(), int64_t(t.impl()->storage->nbytes), DType::uint8);
}

// pick(t, indexLists): values at the outer product of the lists, in C order.
napi_value pick(Call& c) {
  Tensor t = c.tensor(0);
  if (!t.device().is_cpu()) t = on_cpu(t);
  std::vector<Dims> lists;
  int64_t total = 1;
  for (uint32_t d = 0; d < uint32_t(t.dim()); ++d) {
    napi_value v;
    c.ok(napi_get_element(c.env, c.argv[1], d, &v));
    uint32_t n = 0;
    c.ok(napi_get_array_length(c.env, v, &n));
    Dims list;
    for (uint32_t i = 0; i < n; ++i) {
      napi_value e;
      c.ok(napi_get_element(c.env, v, i, &e));
      int64_t x = c.to_integer(e);
      if (x < 0 || x >= t.size(d)) fail_index("index ", x, " is out of bounds for dimension ", d, " with size ", t.size(d));
      list.push_back(x);
    }
    total *= int64_t(n);
    lists.push_back(std::move(list));
  }
  DType out_type = is_floating(t.dtype()) ? DType::float64 : DType::int64;
  Tensor out = ops::empty({total}, out_type);
  dispatch_all(t.dtype(), [&]<typename T>() {
    std::vector<size_t> at(lists.size(), 0);
    for (int64_t i = 0; i < total; ++i) {
      int64_t off = 0;
      for (size_t d = 0; d < lists.size(); ++d) off += lists[d][at[d]] * t.strides()[d];
      compute_t<T> v = compute_t<T>(t.data<T>()[off]);
      if (out_type == DType::float64) out.data<double>()[i] = double(v);
      else out.data<int64_t>()[i] = int64_t(v);
      for (size_t d = lists.size(); d-- > 0;) {
        if (++at[d] < lists[d].size()) break;
        at[d] = 0;
      }
    }
  });
  return typed_array(c, out.bytes(), total, out_type);
}

napi_value item(Call& c) {
  Tensor t = c.tensor(0);
  if (t.numel() != 1) fail("a Tensor with ", t.numel(), " elements cannot be converted to Scalar");
  t = on_cpu(t);
  return dispatch_all(t.dtype(), [&]<typename T>() -> napi_value {
    T v = *t.data<T>();
    if constexpr (std::is_same_v<T, bool>) return c.value(v);
    else if constexpr (std::is_same_v<T, int64_t>) return c.big(v);
    else return c.value(double(compute_t<T>(v)));
  });
}

// formatFloat(x, 'e' | 'f', digits): C's printf, ties to even.
napi_value format_float(Call& c) {
  char buffer[400];
  double x = c.number(0);
  int digits = int(std::clamp<int64_t>(c.integer(2), 0, 30));
  std::snprintf(buffer, sizeof buffer, c.string(1) == "e" ? "%.*e" : "%.*f", digits, x);
  return c.value(std::string(buffer));
}

#define PROPERTY(name, expr) napi_value name(Call& c) { Tensor t = c.tensor(0); return expr; }
PROPERTY(sizes, c.dims_value(t.sizes()))
PROPERTY(strides, c.dims_value(t.strides()))
PROPERTY(offset, c.value(double(t.offset())))
PROPERTY(numel, c.value(double(t.numel())))
PROPERTY(dim, c.value(double(t.dim())))
PROPERTY(dtype, c.value(double(t.dtype())))
PROPERTY(device, c.value(double(t.device().type)))
PROPERTY(is_contiguous, c.value(t.is_contiguous()))
PROPERTY(version, c.value(double(t.version())))
PROPERTY(storage_id, c.value(double(t.impl()->storage->id)))
PROPERTY(storage_size, c.value(double(t.impl()->storage->nbytes)))
PROPERTY(impl_id, c.value(double(reinterpret_cast<uintptr_t>(t.impl()))))
#undef PROPERTY

// adopt(object, t, requiresGrad): makes `object` a new leaf over t's storage (nn.Parameter).
napi_value adopt(Call& c) {
  Tensor t = alias(c.tensor(1), false);
  set_requires_grad(t, c.boolean(2));
  c.wrap_into(c.argv[0], t);
  return c.undefined();
}

// setData(t, source): t takes source's storage and geometry, keeps its identity (t.data = source).
napi_value set_data(Call& c) {
  Tensor t = c.tensor(0), s = c.tensor(1);
  if (is_floating(t.dtype()) != is_floating(s.dtype()) && requires_grad(t)) fail("data set to a tensor that requires gradients must be floating point or complex dtype");
  TensorImpl& a = *t.impl();
  const TensorImpl& b = *s.impl();
  a.storage = b.storage;
  a.sizes = b.sizes;
  a.strides = b.strides;
  a.offset = b.offset;
  a.numel = b.numel;
  a.dtype = b.dtype;
  a.contiguous = b.contiguous;
  report_memory(c.env, c.data);
  return c.undefined();
}

napi_value data(Call& c) { return c.wrap(alias(c.tensor(0), false)); }
napi_value detach(Call& c) { return c.wrap(ops::detach(c.tensor(0))); }
napi_value empty(Call& c) { return c.wrap(ops::empty(c.dims(0), c.dtype(1), c.device(2))); }
napi_value full(Call& c) {
  ops::check_fits(c.scalar(1), c.dtype(2));
  return c.wrap(ops::full(c.dims(0), c.scalar(1), c.dtype(2), c.device(3)));
}
napi_value arange(Call& c) { return c.wrap(ops::arange(Scalar(c.number(0)), Scalar(c.number(1)), Scalar(c.number(2)), c.dtype(3), c.device(4))); }
napi_value linspace(Call& c) { return c.wrap(ops::linspace(c.number(0), c.number(1), c.integer(2), c.dtype(3), c.device(4))); }
napi_value eye(Call& c) { return c.wrap(ops::eye(c.integer(0), c.integer(1), c.dtype(2), c.device(3))); }

}  // namespace

const std::vector<Entry> tensor_entries = {
    {"fromTypedArray", from_typed_array}, {"fromBytes", from_bytes}, {"toTypedArray", to_typed_array}, {"storageBytes", storage_bytes}, {"pick", pick},
    {"item", item}, {"formatFloat", format_float}, {"sizes", sizes}, {"strides", strides}, {"offset", offset}, {"numel", numel}, {"dim", dim},
    {"dtype", dtype}, {"device", device}, {"isContiguous", is_contiguous}, {"version", version}, {"storageId", storage_id}, {"storageSize", storage_size},
    {"implId", impl_id}, {"adopt", adopt}, {"setData", set_data}, {"data", data}, {"detach", detach}, {"empty", empty}, {"full", full}, {"arange", arange}, {"linspace", linspace}, {"eye", eye},
};

}  // namespace weightroom::binding
