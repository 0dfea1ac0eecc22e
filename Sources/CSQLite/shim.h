#pragma once
#include <sqlite3.h>

// Swift cannot call variadic functions.
static inline int mc_sqlite_config_memstatus(int is_on) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, is_on);
}
