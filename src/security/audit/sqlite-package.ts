/**
 * SQLite's package for the Node that runs. Version 13 of better-sqlite3 is built on Node-API: it comes compiled and runs on
 * every Node from 22 on, but takes Node 20 down. Version 12 is compiled for one Node: on 20 all is well, and with the
 * headers of 24.19 it aborts the process when a statement is collected.
 */
export const SQLITE_PACKAGE =
  Number.parseInt(process.versions.node, 10) < 22 ? "better-sqlite3" : "better-sqlite3-napi"
