# Puts files into the binary: one .incbin each, and a table `NAME` of struct mg_embedded (base/embedded.h) with `NAME_count`.
function(mg_embed target name)
    set(assembly ".section .rodata\n")
    set(externs "")
    set(rows "")
    set(count 0)
    foreach(file ${ARGN})
        get_filename_component(base ${file} NAME)
        set(blob ${name}_blob_${count})
        string(APPEND assembly ".balign 16\n.global ${blob}\n${blob}:\n.incbin \"${file}\"\n.global ${blob}_end\n${blob}_end:\n.byte 0\n")
        string(APPEND externs "extern const unsigned char ${blob}[], ${blob}_end[];\n")
        string(APPEND rows "    { \"${base}\", ${blob}, ${blob}_end },\n")
        math(EXPR count "${count} + 1")
    endforeach()
    string(APPEND assembly ".section .note.GNU-stack,\"\",%progbits\n")
    set(blobs ${CMAKE_BINARY_DIR}/${name}_blobs.S)
    set(table ${CMAKE_BINARY_DIR}/${name}.c)
    file(CONFIGURE OUTPUT ${blobs} CONTENT "${assembly}" @ONLY)
    file(CONFIGURE OUTPUT ${table} CONTENT "/* Generated: files inside the binary. */
#include \"base/embedded.h\"
extern const struct mg_embedded ${name}[];
extern const size_t ${name}_count;
${externs}const struct mg_embedded ${name}[] = {
${rows}    { 0, 0, 0 },
};
const size_t ${name}_count = ${count};
" @ONLY)
    set_source_files_properties(${blobs} PROPERTIES OBJECT_DEPENDS "${ARGN}")
    target_sources(${target} PRIVATE ${blobs} ${table})
endfunction()
