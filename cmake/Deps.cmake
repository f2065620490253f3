# Third-party sources: pinned in deps/lock.json, unpacked to build-deps/ by deps/fetch.py, built without our warnings.
find_package(Python3 3.9 REQUIRED COMPONENTS Interpreter)
find_package(SQLite3 REQUIRED)
# Only its header: the library is opened when a model is first called.
find_path(MG_CURL_HEADER curl/curl.h)
if(NOT MG_CURL_HEADER)
    message(FATAL_ERROR "curl/curl.h not found (apt install libcurl4-openssl-dev)")
endif()
set(MG_DEPS ${CMAKE_SOURCE_DIR}/build-deps)
execute_process(COMMAND ${Python3_EXECUTABLE} ${CMAKE_SOURCE_DIR}/deps/fetch.py ${MG_DEPS} RESULT_VARIABLE fetched)
if(NOT fetched EQUAL 0)
    message(FATAL_ERROR "deps/fetch.py could not provide the third-party sources: its message is above")
endif()

set(ts ${MG_DEPS}/tree-sitter/package/vendor/tree-sitter/lib)
set(ts_python ${MG_DEPS}/tree-sitter-python/package/src)
add_library(treesitter STATIC ${ts}/src/lib.c ${ts_python}/parser.c ${ts_python}/scanner.c)
target_include_directories(treesitter SYSTEM PUBLIC ${ts}/include PRIVATE ${ts}/src ${ts_python})
target_compile_definitions(treesitter PRIVATE _GNU_SOURCE)
target_compile_options(treesitter PRIVATE -w -O2)

add_library(yyjson STATIC ${MG_DEPS}/yyjson/yyjson/yyjson.c)
target_include_directories(yyjson SYSTEM PUBLIC ${MG_DEPS}/yyjson/yyjson)
target_compile_options(yyjson PRIVATE -w -O2)
