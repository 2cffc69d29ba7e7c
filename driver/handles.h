// handles: what the application holds: environments, connections, statements and descriptors, each around the base
// driver's own handle.
//
// The state word says in one comparison whether a forwarded call may go straight through: it equals `ready` of the kind
// if the handle is live, connected and without diagnostics of ours. Each kind has its own tag, so a handle of another
// kind never matches. Handles live in slabs, one a kind, never unmapped and never used for another kind: null, wrong-
// kind and freed (not yet reused) handles are recognised. Arbitrary addresses, and use while another thread frees, are
// the caller's error, as in every driver. A statement holds its four implicit descriptors as members: same base
// descriptor, same wrapper, no map. The base's handle of each is learnt when the application first asks for it.
//
// Thread rule: states and the fields of a live handle may be read from any thread. The lists of an Env are guarded by
// bookkeeping(), those of a Dbc by its children_lock().
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "core/tunnel.h"
#include "driver/attribute_queue.h"
#include "driver/base_driver.h"
#include "driver/functions.h"

namespace iamodbc {

// The lock of the driver's own lists: environments and connections, own diagnostics, loaded base drivers. Held for moments, never while
// calling out; a fork waits for it, so that the child finds it free.
std::mutex& bookkeeping();

struct Dbc;
// Guards the statements and descriptors of a connection, so that threads which allocate them on connections of their own
// seldom wait for one another. Several connections share one lock. Held as bookkeeping() is, and taken before it.
std::mutex& children_lock(const Dbc& dbc);

struct Handle {
  // The low byte of the state word; the upper 24 bits are the kind's tag. 0: not live.
  static constexpr std::uint32_t connected = 1;
  static constexpr std::uint32_t diagnosed = 2;         // diagnostics of ours are there (diagnostics.h)
  static constexpr std::uint32_t memory_exhausted = 4;  // likewise: the one record HY001, which needs no memory
  static constexpr std::uint32_t flags = 0xff;

  std::atomic<std::uint32_t> state{0};
  std::uint32_t position = 0;  // in the parent's list; of an implicit descriptor: which of the four
  SQLHANDLE base = nullptr;
  const BaseFunctions* functions = nullptr;  // the base driver's `forwarded` or `with_own_cancel`

  [[nodiscard]] bool is(std::uint32_t flag) const { return (state.load(std::memory_order_acquire) & flag) != 0; }
};

// Adds the tag to a handle kind.
template <class Kind, std::uint32_t kind_tag>
struct TaggedHandle : Handle {
  static constexpr std::uint32_t tag = kind_tag;
  static constexpr std::uint32_t ready = kind_tag | connected;

  // The live handle behind what the application gave, else null.
  static Kind* from(SQLHANDLE raw) {
    Kind* const handle = static_cast<Kind*>(raw);
    if (handle == nullptr || (handle->state.load(std::memory_order_acquire) & ~flags) != tag) return nullptr;
    return handle;
  }
};

struct CancelWay;  // cancel.h
struct Env;

struct Desc : TaggedHandle<Desc, 0x1AD35C00> {
  static constexpr std::uint32_t first_explicit = 4;  // positions of explicit descriptors count from here

  [[nodiscard]] bool is_implicit() const { return position < first_explicit; }
};

struct ExplicitDesc : Desc {
  Dbc* parent = nullptr;
};

struct Stmt : TaggedHandle<Stmt, 0x1A537A00> {
  Dbc* parent = nullptr;
  std::array<Desc, 4> descriptors;  // ARD, APD, IRD, IPD: SQL_ATTR_APP_ROW_DESC + position
};
static_assert(sizeof(Stmt) <= 128);

struct Dbc : TaggedHandle<Dbc, 0x1ADBC000> {
  Env* env = nullptr;
  std::uint32_t group = 0;  // of connections with one children_lock()
  // Of `base`. After SQLDisconnect the base's connection handle is kept, for its diagnostics and attributes, until the
  // next connect.
  const BaseDriver* driver = nullptr;
  AttributeQueue attributes;
  std::vector<Stmt*> statements;
  std::vector<ExplicitDesc*> descriptors;
  // While connected, where SQLCancel is ours; guarded by bookkeeping().
  std::shared_ptr<const CancelWay> cancel_way;
  TunnelUse tunnel;  // while connected through one
};

struct Env : TaggedHandle<Env, 0x1AE2F000> {
  SQLINTEGER odbc_version = SQL_OV_ODBC3;
  AttributeQueue attributes;  // all but the version
  std::vector<std::pair<const BaseDriver*, SQLHENV>> base_environments;
  std::vector<Dbc*> connections;
};

// The live handle around a base driver's handle; null when there is none. Looks at every handle: for the rarest of
// errors only.
template <class Kind>
Kind* find_by_base(SQLHANDLE base);
template <>
Dbc* find_by_base<Dbc>(SQLHANDLE base);
template <>
Stmt* find_by_base<Stmt>(SQLHANDLE base);
template <>
Desc* find_by_base<Desc>(SQLHANDLE base);

// Each takes a handle from its slab, links it to its parent and makes it live. May throw bad_alloc, then nothing has
// changed.
Env* new_env();
Dbc* new_dbc(Env& env);
Stmt* new_stmt(Dbc& dbc, SQLHSTMT base);
ExplicitDesc* new_desc(Dbc& dbc, SQLHDESC base);

// Freeing in two steps. claim() takes the state word: of several threads one gets it, the others see a dead handle;
// returns 0 if it was dead already. Then either release() after the base's free succeeded, or restore() with what
// claim() gave.
std::uint32_t claim(Handle& handle, std::uint32_t tag);
void restore(Handle& handle, std::uint32_t state);
void release(Env& env);
void release(Dbc& dbc);
void release(Stmt& stmt);
void release(ExplicitDesc& desc);

// Whether two connected handles are of one base driver, through whichever of its tables.
inline bool is_same_driver(const Handle& a, const Handle& b) {
  return a.functions->SQLAllocHandle == b.functions->SQLAllocHandle;
}

// Makes a connection a connected one over this base handle.
void connect_to(Dbc& dbc, const BaseDriver& driver, SQLHDBC base, const BaseFunctions& functions);

// Releases every statement and descriptor of a connection and makes it unconnected. Cost: the number of its own
// handles.
void release_children_and_disconnect(Dbc& dbc);

}  // namespace iamodbc
