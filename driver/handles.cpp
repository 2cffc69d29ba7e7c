// SPDX-License-Identifier: Apache-2.0
#include "driver/handles.h"

#include <pthread.h>

#include <algorithm>

#include "core/no_destructor.h"
#include "driver/diagnostics.h"

namespace iamodbc {

namespace {

constinit std::mutex bookkeeping_lock;

// A fork in one thread while another holds the lock would leave it locked for ever in the child.
[[gnu::constructor]] void hold_lock_over_fork() {
  pthread_atfork([] { bookkeeping_lock.lock(); }, [] { bookkeeping_lock.unlock(); }, [] { bookkeeping_lock.unlock(); });
}

// Blocks of handles of one kind, never given back. REQUIRES: the lock is held.
template <class Kind>
class Slab {
 public:
  Kind* take() {
    if (free_.empty()) grow();
    Kind* const handle = free_.back();
    free_.pop_back();
    return handle;
  }
  // Never throws: there is room for every handle ever made.
  void give_back(Kind* handle) { free_.push_back(handle); }

  // The handle for which found(handle) is true, dead ones included; else null.
  template <class Found>
  Kind* find(Found found) {
    for (Kind* const block : blocks_) {
      Kind* const handle = std::find_if(block, block + block_size, found);
      if (handle != block + block_size) return handle;
    }
    return nullptr;
  }

 private:
  static constexpr std::size_t block_size = 32;

  void grow() {
    free_.reserve((blocks_.size() + 1) * block_size);
    blocks_.reserve(blocks_.size() + 1);
    Kind* const block = new Kind[block_size];
    blocks_.push_back(block);
    for (std::size_t i = block_size; i-- > 0;) free_.push_back(block + i);
  }

  std::vector<Kind*> blocks_;
  std::vector<Kind*> free_;
};

template <class Kind>
Slab<Kind>& slab() {
  static NoDestructor<Slab<Kind>> only;
  return only.get();
}

// Takes a handle from its slab into the parent's list.
template <class Kind>
Kind* take_into(std::vector<Kind*>& list, std::uint32_t first_position = 0) {
  list.reserve(list.size() + 1 > list.capacity() ? 2 * list.size() + 4 : list.capacity());
  Kind* const handle = slab<Kind>().take();
  handle->position = static_cast<std::uint32_t>(list.size()) + first_position;
  list.push_back(handle);
  return handle;
}

template <class Kind>
void remove_from(std::vector<Kind*>& list, const Kind& handle, std::uint32_t first_position = 0) {
  Kind* const last = list.back();
  list[handle.position - first_position] = last;
  last->position = handle.position;
  list.pop_back();
}

// What a handle leaves behind must not be seen by the next one in its place.
void kill(Handle& handle) {
  handle.state.store(0, std::memory_order_release);
  forget_diagnostics(handle);
  handle.base = nullptr;
  handle.functions = nullptr;
}

template <class Kind>
bool is_live_over(Kind& handle, SQLHANDLE base) {
  return Kind::from(&handle) != nullptr && handle.base == base;
}

void kill_and_give_back(Stmt& stmt) {
  for (Desc& desc : stmt.descriptors) kill(desc);
  kill(stmt);
  slab<Stmt>().give_back(&stmt);
}

void kill_and_give_back(ExplicitDesc& desc) {
  kill(desc);
  slab<ExplicitDesc>().give_back(&desc);
}

}  // namespace

std::mutex& bookkeeping() {
  return bookkeeping_lock;
}

Env* new_env() {
  const std::scoped_lock hold(bookkeeping_lock);
  Env* const env = slab<Env>().take();
  env->state.store(Env::tag, std::memory_order_release);
  return env;
}

Dbc* new_dbc(Env& env) {
  const std::scoped_lock hold(bookkeeping_lock);
  Dbc* const dbc = take_into(env.connections);
  dbc->env = &env;
  dbc->state.store(Dbc::tag, std::memory_order_release);
  return dbc;
}

Stmt* new_stmt(Dbc& dbc, SQLHSTMT base) {
  const std::scoped_lock hold(bookkeeping_lock);
  Stmt* const stmt = take_into(dbc.statements);
  stmt->parent = &dbc;
  stmt->base = base;
  stmt->functions = dbc.functions;
  for (std::uint32_t i = 0; i < stmt->descriptors.size(); ++i) stmt->descriptors[i].position = i;
  stmt->state.store(Stmt::ready, std::memory_order_release);
  return stmt;
}

ExplicitDesc* new_desc(Dbc& dbc, SQLHDESC base) {
  const std::scoped_lock hold(bookkeeping_lock);
  ExplicitDesc* const desc = take_into(dbc.descriptors, Desc::first_explicit);
  desc->parent = &dbc;
  desc->base = base;
  desc->functions = dbc.functions;
  desc->state.store(Desc::ready, std::memory_order_release);
  return desc;
}

std::uint32_t claim(Handle& handle, std::uint32_t tag) {
  std::uint32_t state = handle.state.load(std::memory_order_acquire);
  while ((state & ~Handle::flags) == tag) {
    if (handle.state.compare_exchange_weak(state, 0, std::memory_order_acq_rel)) return state;
  }
  return 0;
}

void restore(Handle& handle, std::uint32_t state) {
  handle.state.store(state, std::memory_order_release);
}

void release(Env& env) {
  const std::scoped_lock hold(bookkeeping_lock);
  kill(env);
  env.odbc_version = SQL_OV_ODBC3;
  env.attributes.clear();
  env.base_environments.clear();
  slab<Env>().give_back(&env);
}

void release(Dbc& dbc) {
  const std::scoped_lock hold(bookkeeping_lock);
  kill(dbc);
  remove_from(dbc.env->connections, dbc);
  dbc.driver = nullptr;
  dbc.attributes.clear();
  slab<Dbc>().give_back(&dbc);
}

void release(Stmt& stmt) {
  const std::scoped_lock hold(bookkeeping_lock);
  remove_from(stmt.parent->statements, stmt);
  kill_and_give_back(stmt);
}

void release(ExplicitDesc& desc) {
  const std::scoped_lock hold(bookkeeping_lock);
  remove_from(desc.parent->descriptors, desc, Desc::first_explicit);
  kill_and_give_back(desc);
}

void connect_to(Dbc& dbc, const BaseDriver& driver, SQLHDBC base, const BaseFunctions& functions) {
  const std::scoped_lock hold(bookkeeping_lock);  // find_by_base of another thread may be looking at it
  dbc.driver = &driver;
  dbc.base = base;
  dbc.functions = &functions;
  dbc.state.fetch_or(Handle::connected, std::memory_order_acq_rel);
}

void release_children_and_disconnect(Dbc& dbc) {
  const std::scoped_lock hold(bookkeeping_lock);
  for (Stmt* const stmt : dbc.statements) kill_and_give_back(*stmt);
  for (ExplicitDesc* const desc : dbc.descriptors) kill_and_give_back(*desc);
  dbc.statements.clear();
  dbc.descriptors.clear();
  dbc.cancel_way.reset();
  dbc.state.fetch_and(~Handle::connected, std::memory_order_acq_rel);
}

template <>
Dbc* find_by_base<Dbc>(SQLHANDLE base) {
  const std::scoped_lock hold(bookkeeping_lock);
  return slab<Dbc>().find([&](Dbc& dbc) { return is_live_over(dbc, base); });
}

template <>
Stmt* find_by_base<Stmt>(SQLHANDLE base) {
  const std::scoped_lock hold(bookkeeping_lock);
  return slab<Stmt>().find([&](Stmt& stmt) { return is_live_over(stmt, base); });
}

template <>
Desc* find_by_base<Desc>(SQLHANDLE base) {
  const std::scoped_lock hold(bookkeeping_lock);
  if (Desc* const desc = slab<ExplicitDesc>().find([&](ExplicitDesc& one) { return is_live_over(one, base); }))
    return desc;
  Desc* implicit = nullptr;
  slab<Stmt>().find([&](Stmt& stmt) {
    for (Desc& desc : stmt.descriptors) {
      if (is_live_over(desc, base)) implicit = &desc;
    }
    return implicit != nullptr;
  });
  return implicit;
}

}  // namespace iamodbc
