/* What cppcheck must know of yyjson, whose headers it does not read. */
#define yyjson_arr_foreach(array, at, end, item) for ((at) = 0; (at) < (end); (at)++)
#define yyjson_mut_arr_foreach(array, at, end, item) for ((at) = 0; (at) < (end); (at)++)
#define yyjson_obj_foreach(object, at, end, key, item) for ((at) = 0; (at) < (end); (at)++)
