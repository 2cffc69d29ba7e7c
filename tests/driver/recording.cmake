# Base drivers that record what reaches them, and what a program needs to load the driver over them.

# iamodbc_recording(target, variant, file name, version): a base driver, in a folder of its own, because drivers are
# known by file name.
function(iamodbc_recording target variant file version)
  add_library(${target} MODULE ${PROJECT_SOURCE_DIR}/tests/driver/recording_driver.cpp)
  target_compile_definitions(${target} PRIVATE ${variant} RECORDING_NAME="${file}" RECORDING_VERSION="${version}")
  target_link_libraries(${target} PRIVATE iamodbc_core iamodbc_warnings iamodbc_quick)
  target_include_directories(${target} SYSTEM PRIVATE ${ODBC_INCLUDE_DIRS})
  target_link_options(${target} PRIVATE -Wl,-Bsymbolic-functions)
  set_target_properties(${target} PROPERTIES PREFIX "" SUFFIX "" OUTPUT_NAME ${file} CXX_VISIBILITY_PRESET hidden
    LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/${target})
endfunction()

iamodbc_recording(recording_psqlodbc RECORDING_BOTH psqlodbcw.so 13.02.0000)
iamodbc_recording(recording_mariadb RECORDING_BOTH libmaodbc.so 03.01.0015)
iamodbc_recording(recording_narrow RECORDING_NARROW psqlodbca.so 13.02.0000)
iamodbc_recording(recording_wide RECORDING_WIDE libmyodbc9w.so 09.01.0000)
iamodbc_recording(recording_mysql_narrow RECORDING_NARROW libmyodbc8a.so 08.00.0033)
iamodbc_recording(recording_sparse RECORDING_SPARSE psqlodbcw.so 13.02.0000)
add_library(recording_dependency SHARED ${PROJECT_SOURCE_DIR}/tests/driver/recording_dependency.cpp)
target_link_libraries(recording_dependency PRIVATE iamodbc_warnings)
target_link_libraries(recording_sparse PRIVATE -Wl,--no-as-needed recording_dependency)

# The files that a program needs to load the driver over the recording ones.
function(iamodbc_loads_driver name)
  target_include_directories(${name} SYSTEM PRIVATE ${ODBC_INCLUDE_DIRS})
  target_compile_definitions(${name} PRIVATE
    IAMODBC_LIBRARY="$<TARGET_FILE:iamodbc>"
    IAMODBC_NARROW_LIBRARY="$<TARGET_FILE:iamodbc_narrow>"
    IAMODBC_WIDE_LIBRARY="$<TARGET_FILE:iamodbc_wide>"
    RECORDING_PSQLODBC="$<TARGET_FILE:recording_psqlodbc>"
    RECORDING_MARIADB="$<TARGET_FILE:recording_mariadb>"
    RECORDING_NARROW_FILE="$<TARGET_FILE:recording_narrow>"
    RECORDING_WIDE_FILE="$<TARGET_FILE:recording_wide>"
    RECORDING_MYSQL_NARROW_FILE="$<TARGET_FILE:recording_mysql_narrow>"
    RECORDING_SPARSE_FILE="$<TARGET_FILE:recording_sparse>")
  add_dependencies(${name} iamodbc iamodbc_narrow iamodbc_wide recording_psqlodbc recording_mariadb recording_narrow
    recording_wide recording_mysql_narrow recording_sparse)
endfunction()
