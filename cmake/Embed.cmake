# Puts the agent's Python files into the binary: one .incbin each, and a table {name, begin, end} (adapters/agent_process/agent_files.h).
function(mg_embed_agent target)
    file(GLOB files CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/agent/_mutagen_agent/*.py)
    set(assembly ".section .rodata\n")
    set(externs "")
    set(rows "")
    set(count 0)
    foreach(file ${files})
        get_filename_component(name ${file} NAME)
        string(APPEND assembly ".balign 16\n.global mg_agent_blob_${count}\nmg_agent_blob_${count}:\n.incbin \"${file}\"\n"
            ".global mg_agent_blob_${count}_end\nmg_agent_blob_${count}_end:\n.byte 0\n")
        string(APPEND externs "extern const unsigned char mg_agent_blob_${count}[], mg_agent_blob_${count}_end[];\n")
        string(APPEND rows "    { \"${name}\", mg_agent_blob_${count}, mg_agent_blob_${count}_end },\n")
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")
    set(blob ${CMAKE_BINARY_DIR}/agent_blobs.S)
    set(table ${CMAKE_BINARY_DIR}/agent_files.c)
    file(CONFIGURE OUTPUT ${blob} CONTENT "${assembly}" @ONLY)
    file(CONFIGURE OUTPUT ${table} CONTENT "/* Generated: the agent's files inside the binary. */
#include \"adapters/agent_process/agent_files.h\"
${externs}const struct mg_agent_file mg_agent_files[] = {
${rows}    { 0, 0, 0 },
};
const size_t mg_agent_file_count = ${count};
" @ONLY)
    set_source_files_properties(${blob} PROPERTIES OBJECT_DEPENDS "${files}")
    target_sources(${target} PRIVATE ${blob} ${table})
endfunction()
