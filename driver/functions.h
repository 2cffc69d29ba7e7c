// functions: the typed table of a base driver's functions. Types come from sql.h, so a wrong arity or type cannot
// compile. Hazard: a call of SQLxxx by its bare name would bind to the driver manager's. Our code calls through this
// table only.
// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <tuple>

// clang-format off
#include <sql.h>
#include <sqlext.h>
#include <sqlucode.h>
// clang-format on

namespace iamodbc {

// One pointer a function, in the order of functions.def; null where the base driver does not have it.
struct BaseFunctions {
#define PASS(handle, arguments, function, id) decltype(&::function) function = nullptr;
#define OWN(handle, arguments, function, id) decltype(&::function) function = nullptr;
#include "driver/functions.def"
};

inline constexpr std::size_t function_count = sizeof(BaseFunctions) / sizeof(void (*)());

// The place of a function in functions.def, for its name and the loader.
template <class Function>
std::size_t function_index(Function BaseFunctions::*function) {
  static constexpr BaseFunctions table{};
  return static_cast<std::size_t>(reinterpret_cast<const char*>(&(table.*function)) -
                                  reinterpret_cast<const char*>(&table)) /
         sizeof(void (*)());
}
const char* function_name(std::size_t index);

template <class Function>
struct Signature;
template <class... Arguments>
struct Signature<SQLRETURN(Arguments...)> {
  using Tuple = std::tuple<Arguments...>;
};
// The type of one parameter, counted from 0.
template <class Function, std::size_t index>
using Parameter = std::tuple_element_t<index, typename Signature<Function>::Tuple>;

}  // namespace iamodbc

// PARAMETERS_n(function) declares a0, a1, ...; REST_n names all but the first, each after a comma.
#define PARAMETERS_1(f) ::iamodbc::Parameter<decltype(::f), 0> a0
#define PARAMETERS_2(f) PARAMETERS_1(f), ::iamodbc::Parameter<decltype(::f), 1> a1
#define PARAMETERS_3(f) PARAMETERS_2(f), ::iamodbc::Parameter<decltype(::f), 2> a2
#define PARAMETERS_4(f) PARAMETERS_3(f), ::iamodbc::Parameter<decltype(::f), 3> a3
#define PARAMETERS_5(f) PARAMETERS_4(f), ::iamodbc::Parameter<decltype(::f), 4> a4
#define PARAMETERS_6(f) PARAMETERS_5(f), ::iamodbc::Parameter<decltype(::f), 5> a5
#define PARAMETERS_7(f) PARAMETERS_6(f), ::iamodbc::Parameter<decltype(::f), 6> a6
#define PARAMETERS_8(f) PARAMETERS_7(f), ::iamodbc::Parameter<decltype(::f), 7> a7
#define PARAMETERS_9(f) PARAMETERS_8(f), ::iamodbc::Parameter<decltype(::f), 8> a8
#define PARAMETERS_10(f) PARAMETERS_9(f), ::iamodbc::Parameter<decltype(::f), 9> a9
#define PARAMETERS_11(f) PARAMETERS_10(f), ::iamodbc::Parameter<decltype(::f), 10> a10
#define PARAMETERS_12(f) PARAMETERS_11(f), ::iamodbc::Parameter<decltype(::f), 11> a11
#define PARAMETERS_13(f) PARAMETERS_12(f), ::iamodbc::Parameter<decltype(::f), 12> a12
#define REST_1
#define REST_2 , a1
#define REST_3 REST_2, a2
#define REST_4 REST_3, a3
#define REST_5 REST_4, a4
#define REST_6 REST_5, a5
#define REST_7 REST_6, a6
#define REST_8 REST_7, a7
#define REST_9 REST_8, a8
#define REST_10 REST_9, a9
#define REST_11 REST_10, a10
#define REST_12 REST_11, a11
#define REST_13 REST_12, a12

// An exported function; without default visibility the version scripts would find nothing to export.
#define IAMODBC_EXPORT extern "C" __attribute__((visibility("default")))
