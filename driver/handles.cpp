// SPDX-License-Identifier: Apache-2.0
#include "driver/handles.h"

#include <pthread.h>

#include <algorithm>

#include "core/no_destructor.h"
#include "driver/diagnostics.h"

namespace iamodbc {

namespace {

constinit std::mutex bookkeeping_lock;

// Threads that allocate statements on connections of their own do not wait for one another: each connection has one of
// these, and statements come from the slab beside it.
constexpr std::size_t group_count = 16;
constinit std::array<std::mutex, group_count> children_locks;

void unlock_all() {
  bookkeeping_lock.unlock();
  for (std::mutex& lock : children_locks) lock.unlock();
}

// A fork in one thread while another holds a lock would leave it locked for ever in the child.
[[gnu::constructor]] void hold_locks_over_fork() {
  pthread_atfork(
      [] {
        for (std::mutex& lock : children_locks) lock.lock();
        bookkeeping_lock.lock();
      },
      unlock_all, unlock_all);
}

// Blocks of handles of one kind, never given back. REQUIRES: bookkeeping(), of statements the lock of their group.
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

Slab<Stmt>& statement_slab(std::size_t group) {
  static NoDestructor<std::array<Slab<Stmt>, group_count>> all;
  return all.get()[group];
}

// Takes a handle from its slab into the parent's list.
template <class Kind>
Kind* take_into(std::vector<Kind*>& list, Slab<Kind>& from, std::uint32_t first_position = 0) {
  list.reserve(list.size() + 1 > list.capacity() ? 2 * list.size() + 4 : list.capacity());
  Kind* const handle = from.take();
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

// What a handle leaves behind must not be seen by the next one in its place. REQUIRES: its diagnostics are cleared,
// which takes bookkeeping() if there are any.
void kill(Handle& handle) {
  handle.state.store(0, std::memory_order_release);
  handle.base = nullptr;
  handle.functions = nullptr;
}

template <class Kind>
bool is_live_over(Kind& handle, SQLHANDLE base) {
  return Kind::from(&handle) != nullptr && handle.base == base;
}

// What found(statement) gives first that is not null; null when there is none.
template <class Kind, class Found>
Kind* find_among_statements(Found found) {
  Kind* result = nullptr;
  for (std::size_t group = 0; group < group_count && result == nullptr; ++group) {
    const std::scoped_lock hold(children_locks[group]);
    statement_slab(group).find([&](Stmt& stmt) { return (result = found(stmt)) != nullptr; });
  }
  return result;
}

void kill_and_give_back(Stmt& stmt) {
  for (Desc& desc : stmt.descriptors) {
    clear_diagnostics(desc);
    kill(desc);
  }
  clear_diagnostics(stmt);
  kill(stmt);
  statement_slab(stmt.parent->group).give_back(&stmt);
}

void kill_and_give_back(ExplicitDesc& desc) {
  clear_diagnostics(desc);
  const std::scoped_lock hold(bookkeeping_lock);
  kill(desc);
  slab<ExplicitDesc>().give_back(&desc);
}

}  // namespace

std::mutex& bookkeeping() {
  return bookkeeping_lock;
}

std::mutex& children_lock(const Dbc& dbc) {
  return children_locks[dbc.group];
}

Env* new_env() {
  const std::scoped_lock hold(bookkeeping_lock);
  Env* const env = slab<Env>().take();
  env->state.store(Env::tag, std::memory_order_release);
  return env;
}

Dbc* new_dbc(Env& env) {
  const std::scoped_lock hold(bookkeeping_lock);
  static std::uint32_t next_group = 0;
  Dbc* const dbc = take_into(env.connections, slab<Dbc>());
  dbc->env = &env;
  dbc->group = next_group++ % group_count;
  dbc->state.store(Dbc::tag, std::memory_order_release);
  return dbc;
}

Stmt* new_stmt(Dbc& dbc, SQLHSTMT base) {
  const std::scoped_lock hold(children_lock(dbc));
  Stmt* const stmt = take_into(dbc.statements, statement_slab(dbc.group));
  stmt->parent = &dbc;
  stmt->base = base;
  stmt->functions = dbc.functions;
  for (std::uint32_t i = 0; i < stmt->descriptors.size(); ++i) stmt->descriptors[i].position = i;
  stmt->state.store(Stmt::ready, std::memory_order_release);
  return stmt;
}

ExplicitDesc* new_desc(Dbc& dbc, SQLHDESC base) {
  const std::scoped_lock hold(children_lock(dbc), bookkeeping_lock);
  ExplicitDesc* const desc = take_into(dbc.descriptors, slab<ExplicitDesc>(), Desc::first_explicit);
  desc->parent = &dbc;
  desc->base = base;
  desc->functions = dbc.functions;
  desc->state.store(Desc::ready, std::memory_order_release);
  return desc;
}

std::uint32_t claim(Handle& handle, std::uint32_t tag) {
  std::uint32_t state = handle.state.load(std::memory_order_acquire);
  while ((state & ~Handle::flags) == tag) {
    // The flags stay: they tell kill() whether there are diagnostics to forget.
    if (handle.state.compare_exchange_weak(state, state & Handle::flags, std::memory_order_acq_rel)) return state;
  }
  return 0;
}

void restore(Handle& handle, std::uint32_t state) {
  handle.state.store(state, std::memory_order_release);
}

void release(Env& env) {
  clear_diagnostics(env);
  const std::scoped_lock hold(bookkeeping_lock);
  kill(env);
  env.odbc_version = SQL_OV_ODBC3;
  env.attributes.clear();
  env.base_environments.clear();
  slab<Env>().give_back(&env);
}

void release(Dbc& dbc) {
  clear_diagnostics(dbc);
  const std::scoped_lock hold(bookkeeping_lock);
  kill(dbc);
  remove_from(dbc.env->connections, dbc);
  dbc.driver = nullptr;
  dbc.attributes.clear();
  slab<Dbc>().give_back(&dbc);
}

void release(Stmt& stmt) {
  const std::scoped_lock hold(children_lock(*stmt.parent));
  remove_from(stmt.parent->statements, stmt);
  kill_and_give_back(stmt);
}

void release(ExplicitDesc& desc) {
  const std::scoped_lock hold(children_lock(*desc.parent));
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
  const TunnelUse over = std::move(dbc.tunnel);  // goes after the locks: it may wait for the tunnel's end
  const std::scoped_lock hold_children(children_lock(dbc));
  for (Stmt* const stmt : dbc.statements) kill_and_give_back(*stmt);
  for (ExplicitDesc* const desc : dbc.descriptors) kill_and_give_back(*desc);
  dbc.statements.clear();
  dbc.descriptors.clear();
  const std::scoped_lock hold(bookkeeping_lock);
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
  return find_among_statements<Stmt>([&](Stmt& stmt) { return is_live_over(stmt, base) ? &stmt : nullptr; });
}

template <>
Desc* find_by_base<Desc>(SQLHANDLE base) {
  {
    const std::scoped_lock hold(bookkeeping_lock);
    const auto is_it = [&](ExplicitDesc& one) { return is_live_over(one, base); };
    if (Desc* const desc = slab<ExplicitDesc>().find(is_it)) return desc;
  }
  return find_among_statements<Desc>([&](Stmt& stmt) {
    for (Desc& desc : stmt.descriptors) {
      if (is_live_over(desc, base)) return &desc;
    }
    return static_cast<Desc*>(nullptr);
  });
}

}  // namespace iamodbc
