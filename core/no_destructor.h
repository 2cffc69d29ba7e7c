// no_destructor: a static object that lives for ever: applications may still hold handles when static objects go. Made
// in place, so that making it needs no memory.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <new>

namespace iamodbc {

template <class Object>
class NoDestructor {
 public:
  NoDestructor() { ::new (storage_) Object; }
  NoDestructor(const NoDestructor&) = delete;
  NoDestructor& operator=(const NoDestructor&) = delete;

  Object& get() { return *std::launder(reinterpret_cast<Object*>(storage_)); }

 private:
  alignas(Object) std::byte storage_[sizeof(Object)];  // NOLINT(modernize-avoid-c-arrays)
};

}  // namespace iamodbc
