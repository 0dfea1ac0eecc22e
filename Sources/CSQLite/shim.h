#pragma once
#include <sqlite3.h>

// Swift cannot call variadic functions.
static inline int mc_sqlite_config_memstatus(int is_on) {
  return sqlite3_config(SQLITE_CONFIG_MEMSTATUS, is_on);
}

static inline int mc_sqlite_close_without_checkpoint(sqlite3 *database) {
  return sqlite3_db_config(database, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, (int *)0);
}
