// Memory of small objects that come and go by the thousand: kept for reuse by each thread instead of going through malloc,
// whose bins consolidate (and give pages back) whenever a garbage collection frees many at once.
#pragma once
#include <cstddef>
#include <new>

namespace weightroom {

template <size_t Size> class Recycler {
 public:
  static void* take() {
    List& l = list();
    if (l.first) {
      void* p = l.first;
      l.first = *static_cast<void**>(p);
      --l.count;
      return p;
    }
    return ::operator new(Size);
  }
  static void give(void* p) {
    List& l = list();
    if (kMax == 0 || l.closed || l.count >= kMax) return ::operator delete(p);
    *static_cast<void**>(p) = l.first;
    l.first = p;
    ++l.count;
  }

 private:
  static_assert(Size >= sizeof(void*));
#ifdef __SANITIZE_ADDRESS__
  static constexpr size_t kMax = 0;  // nothing is reused, so that uses after the end are seen
#else
  static constexpr size_t kMax = (size_t(1) << 20) / Size;  // a megabyte a size and thread
#endif
  // Plain data: still usable when objects are freed after the thread's destructors ran.
  struct List { void* first; size_t count; bool closed; };
  struct Closer {
    ~Closer() {
      List& l = list();
      l.closed = true;
      while (l.first) {
        void* next = *static_cast<void**>(l.first);
        ::operator delete(l.first);
        l.first = next;
      }
    }
  };
  static List& list() {
    static thread_local List l{};
    static thread_local Closer closer;
    (void)closer;
    return l;
  }
};

// Base class: objects of T come from the recycler.
template <typename T> struct Recycled {
  static void* operator new(size_t n) { return n == sizeof(T) ? Recycler<sizeof(T)>::take() : ::operator new(n); }
  static void operator delete(void* p, size_t n) { n == sizeof(T) ? Recycler<sizeof(T)>::give(p) : ::operator delete(p); }
};

// For std::allocate_shared.
template <typename T> struct RecyclingAllocator {
  using value_type = T;
  RecyclingAllocator() = default;
  template <typename U> RecyclingAllocator(const RecyclingAllocator<U>&) {}
  T* allocate(size_t n) { return static_cast<T*>(n == 1 ? Recycler<sizeof(T)>::take() : ::operator new(n * sizeof(T))); }
  void deallocate(T* p, size_t n) { n == 1 ? Recycler<sizeof(T)>::give(p) : ::operator delete(p); }
  template <typename U> bool operator==(const RecyclingAllocator<U>&) const { return true; }
};

}  // namespace weightroom
