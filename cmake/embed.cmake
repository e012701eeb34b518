# taskseq_embed_stdlib(target): a C file with every module of stdlib/manifest.lua, made by
# cmake/embed.lua at build time.
function(taskseq_embed_stdlib target)
  find_program(LUA_PROGRAM NAMES lua5.4 lua REQUIRED)
  file(GLOB_RECURSE files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/stdlib/*.lua)
  set(out ${CMAKE_BINARY_DIR}/stdlib_embedded.c)
  add_custom_command(OUTPUT ${out}
    COMMAND ${LUA_PROGRAM} ${CMAKE_SOURCE_DIR}/cmake/embed.lua ${CMAKE_SOURCE_DIR}/stdlib ${out}
    DEPENDS ${files} ${CMAKE_SOURCE_DIR}/cmake/embed.lua
    COMMENT "Embedding stdlib/")
  add_library(${target} STATIC ${out})
  target_link_libraries(${target} PUBLIC taskseq_options)
endfunction()
