/* What cppcheck must know of yyjson, whose headers it does not read: that its loops set their variables. */
#define yyjson_arr_foreach(array, at, end, item) for ((at) = 0, (end) = mg_some(), (item) = mg_any(); (at) < (end); (at)++)
#define yyjson_mut_arr_foreach(array, at, end, item) for ((at) = 0, (end) = mg_some(), (item) = mg_any(); (at) < (end); (at)++)
#define yyjson_obj_foreach(object, at, end, key, item) for ((at) = 0, (end) = mg_some(), (key) = mg_any(), (item) = mg_any(); (at) < (end); (at)++)
