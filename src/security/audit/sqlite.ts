import { createRequire } from "node:module"
import type Database from "better-sqlite3"
import { SQLITE_PACKAGE } from "./sqlite-package.ts"

export const Sqlite: typeof Database = createRequire(import.meta.url)(SQLITE_PACKAGE)
