// Sizes, strides and lists of dims: std::vector's ways, without an allocation up to six of them.
#pragma once
#include <algorithm>
#include <cstdint>
#include <cstring>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <type_traits>

namespace weightroom {

class Dims {
 public:
  using value_type = int64_t;
  using iterator = int64_t*;
  using const_iterator = const int64_t*;
  using reverse_iterator = std::reverse_iterator<iterator>;
  using const_reverse_iterator = std::reverse_iterator<const_iterator>;

  Dims() = default;
  explicit Dims(size_t n, int64_t value = 0) { resize(n, value); }
  Dims(std::initializer_list<int64_t> v) { append(v.begin(), v.end()); }
  template <typename It, typename = std::enable_if_t<!std::is_integral_v<It>>> Dims(It first, It last) { append(first, last); }
  Dims(const Dims& o) { append(o.begin(), o.end()); }
  Dims(Dims&& o) noexcept : heap_(std::move(o.heap_)), size_(o.size_), capacity_(o.capacity_) {
    if (!heap_) std::memcpy(own_, o.own_, sizeof own_);
    o.size_ = 0;
    o.capacity_ = kOwn;
  }
  Dims& operator=(const Dims& o) {
    if (this == &o) return *this;
    size_ = 0;
    append(o.begin(), o.end());
    return *this;
  }
  Dims& operator=(Dims&& o) noexcept {
    if (this == &o) return *this;
    heap_ = std::move(o.heap_);
    size_ = o.size_;
    capacity_ = o.capacity_;
    if (!heap_) std::memcpy(own_, o.own_, sizeof own_);
    o.size_ = 0;
    o.capacity_ = kOwn;
    return *this;
  }

  int64_t* data() { return heap_ ? heap_.get() : own_; }
  const int64_t* data() const { return heap_ ? heap_.get() : own_; }
  size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  int64_t& operator[](size_t i) { return data()[i]; }
  int64_t operator[](size_t i) const { return data()[i]; }
  int64_t& front() { return data()[0]; }
  int64_t front() const { return data()[0]; }
  int64_t& back() { return data()[size_ - 1]; }
  int64_t back() const { return data()[size_ - 1]; }
  iterator begin() { return data(); }
  iterator end() { return data() + size_; }
  const_iterator begin() const { return data(); }
  const_iterator end() const { return data() + size_; }
  reverse_iterator rbegin() { return reverse_iterator(end()); }
  reverse_iterator rend() { return reverse_iterator(begin()); }
  const_reverse_iterator rbegin() const { return const_reverse_iterator(end()); }
  const_reverse_iterator rend() const { return const_reverse_iterator(begin()); }

  void reserve(size_t n) {
    if (n <= capacity_) return;
    auto grown = std::make_unique<int64_t[]>(n);
    std::copy(begin(), end(), grown.get());
    heap_ = std::move(grown);
    capacity_ = uint32_t(n);
  }
  void resize(size_t n, int64_t value = 0) {
    reserve(n);
    for (size_t i = size_; i < n; ++i) data()[i] = value;
    size_ = uint32_t(n);
  }
  void assign(size_t n, int64_t value) { size_ = 0; resize(n, value); }
  template <typename It, typename = std::enable_if_t<!std::is_integral_v<It>>> void assign(It first, It last) { *this = Dims(first, last); }
  void clear() { size_ = 0; }
  void push_back(int64_t v) {
    if (size_ == capacity_) reserve(2 * size_t(capacity_));
    data()[size_++] = v;
  }
  void emplace_back(int64_t v) { push_back(v); }
  void pop_back() { --size_; }
  iterator erase(const_iterator first, const_iterator last) {
    int64_t* to = begin() + (first - begin());
    std::copy(last, const_iterator(end()), to);
    size_ -= uint32_t(last - first);
    return to;
  }
  iterator erase(const_iterator at) { return erase(at, at + 1); }
  iterator insert(const_iterator at, size_t n, int64_t v) {
    size_t i = size_t(at - begin());
    resize(size_ + n);
    std::copy_backward(begin() + i, end() - n, end());
    std::fill_n(begin() + i, n, v);
    return begin() + i;
  }
  iterator insert(const_iterator at, int64_t v) { return insert(at, size_t(1), v); }
  iterator insert(const_iterator at, std::initializer_list<int64_t> v) { return insert(at, v.begin(), v.end()); }
  // [first, last) must not lie inside this list.
  template <typename It, typename = std::enable_if_t<!std::is_integral_v<It>>> iterator insert(const_iterator at, It first, It last) {
    int64_t* to = insert(at, size_t(std::distance(first, last)), 0);
    std::copy(first, last, to);
    return to;
  }
  void swap(Dims& o) noexcept { std::swap(*this, o); }

  friend bool operator==(const Dims& a, const Dims& b) { return a.size_ == b.size_ && std::equal(a.begin(), a.end(), b.begin()); }
  friend auto operator<=>(const Dims& a, const Dims& b) { return std::lexicographical_compare_three_way(a.begin(), a.end(), b.begin(), b.end()); }

 private:
  template <typename It> void append(It first, It last) {
    reserve(size_ + size_t(std::distance(first, last)));
    for (int64_t* p = end(); first != last; ++first) { *p++ = *first; ++size_; }
  }
  static constexpr uint32_t kOwn = 6;
  std::unique_ptr<int64_t[]> heap_;
  uint32_t size_ = 0, capacity_ = kOwn;
  int64_t own_[kOwn];
};

}  // namespace weightroom
