# Libraries we build on: from the system where it has them, else from pinned sources.
#
# -DFETCHCONTENT_SOURCE_DIR_<NAME>=DIR builds a library from a source folder at hand;
# the URLs are used only when neither the system nor such a folder has it.
include(FetchContent)
set(FETCHCONTENT_QUIET ON)

FetchContent_Declare(Lua
  URL https://www.lua.org/ftp/lua-5.4.6.tar.gz
  URL_HASH SHA256=7d5ea1b9cb6aa0b59ca3dde1c6adcb57ef83a1ba8e5432c0ecd06bf439b3ad88
  SOURCE_SUBDIR no-such-dir FIND_PACKAGE_ARGS 5.4)
FetchContent_Declare(cJSON
  URL https://github.com/DaveGamble/cJSON/archive/refs/tags/v1.7.15.tar.gz
  URL_HASH SHA256=5308fd4bd90cef7aa060558514de6a1a4a0819974a26e6ed13973c5f624c24b2
  SOURCE_SUBDIR no-such-dir FIND_PACKAGE_ARGS CONFIG)
FetchContent_Declare(SQLite3
  URL https://www.sqlite.org/2022/sqlite-amalgamation-3400100.zip
  URL_HASH SHA256=49112cc7328392aa4e3e5dae0b2f6736d0153430143d21f69327788ff4efe734
  SOURCE_SUBDIR no-such-dir FIND_PACKAGE_ARGS)
FetchContent_Declare(EXPAT
  URL https://github.com/libexpat/libexpat/releases/download/R_2_5_0/expat-2.5.0.tar.xz
  URL_HASH SHA256=ef2420f0232c087801abf705e89ae65f6257df6b7931d37846a193ef2e8cdcbe
  SOURCE_SUBDIR no-such-dir FIND_PACKAGE_ARGS)
set(BUILD_SHARED_LIBS_SAVED ${BUILD_SHARED_LIBS})
FetchContent_MakeAvailable(Lua cJSON SQLite3 EXPAT)

function(taskseq_dependency name)
  add_library(deps_${name} INTERFACE)
  add_library(deps::${name} ALIAS deps_${name})
endfunction()

# A library of our own over the sources of one that the system lacks.
function(taskseq_dependency_from name include_dir)
  add_library(deps_${name} STATIC ${ARGN})
  target_include_directories(deps_${name} SYSTEM PUBLIC ${include_dir})
  target_compile_options(deps_${name} PRIVATE -w -Os)
  add_library(deps::${name} ALIAS deps_${name})
endfunction()

if(lua_SOURCE_DIR)
  file(GLOB lua_files ${lua_SOURCE_DIR}/src/*.c)
  list(FILTER lua_files EXCLUDE REGEX "/(lua|luac)\\.c$")
  taskseq_dependency_from(lua ${lua_SOURCE_DIR}/src ${lua_files})
  target_link_libraries(deps_lua PUBLIC m)
else()
  taskseq_dependency(lua)
  target_include_directories(deps_lua SYSTEM INTERFACE ${LUA_INCLUDE_DIR})
  target_link_libraries(deps_lua INTERFACE ${LUA_LIBRARIES})
endif()

if(cjson_SOURCE_DIR)
  taskseq_dependency_from(cjson ${cjson_SOURCE_DIR} ${cjson_SOURCE_DIR}/cJSON.c)
else()
  taskseq_dependency(cjson)
  target_include_directories(deps_cjson SYSTEM INTERFACE ${CJSON_INCLUDE_DIRS}
                             ${CJSON_INCLUDE_DIRS}/cjson /usr/include/cjson)
  target_link_libraries(deps_cjson INTERFACE cjson)
endif()

if(sqlite3_SOURCE_DIR)
  taskseq_dependency_from(sqlite ${sqlite3_SOURCE_DIR} ${sqlite3_SOURCE_DIR}/sqlite3.c)
  target_compile_definitions(deps_sqlite PRIVATE SQLITE_THREADSAFE=1
                             SQLITE_OMIT_LOAD_EXTENSION SQLITE_DQS=0)
else()
  taskseq_dependency(sqlite)
  target_link_libraries(deps_sqlite INTERFACE SQLite::SQLite3)
endif()

if(expat_SOURCE_DIR)
  taskseq_dependency_from(expat ${expat_SOURCE_DIR}/lib ${expat_SOURCE_DIR}/lib/xmlparse.c
                          ${expat_SOURCE_DIR}/lib/xmlrole.c ${expat_SOURCE_DIR}/lib/xmltok.c)
  # The salt of expat's hash tables comes from the caller (getrandom may not be there).
  target_compile_definitions(deps_expat PUBLIC XML_STATIC PRIVATE XML_POOR_ENTROPY
                             XML_CONTEXT_BYTES=1024 HAVE_MEMMOVE)
else()
  taskseq_dependency(expat)
  target_link_libraries(deps_expat INTERFACE EXPAT::EXPAT)
endif()

# mbedTLS 2.28 (AES-GCM and SHA-256 only: libmbedcrypto).
find_path(MBEDTLS_INCLUDE_DIR mbedtls/gcm.h REQUIRED)
find_library(MBEDCRYPTO_LIBRARY mbedcrypto REQUIRED)
taskseq_dependency(mbedcrypto)
target_include_directories(deps_mbedcrypto SYSTEM INTERFACE ${MBEDTLS_INCLUDE_DIR})
target_link_libraries(deps_mbedcrypto INTERFACE ${MBEDCRYPTO_LIBRARY})

# libarchive is loaded when an archive is unpacked (its own libraries cost 1.6 ms at every
# start otherwise), so only its headers are needed here.
find_path(ARCHIVE_INCLUDE_DIR archive.h REQUIRED)
taskseq_dependency(archive_headers)
target_include_directories(deps_archive_headers SYSTEM INTERFACE ${ARCHIVE_INCLUDE_DIR})
