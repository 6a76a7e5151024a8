/** Databases that run in containers of their own; compared in lower case, anywhere in the name. */
const DATABASES =
  /postgres|pgvector|timescale|mysql|mariadb|mongo|redis|valkey|keydb|influx|clickhouse|cassandra|couchdb|elastic|mssql|sqlserver|database|(?<![a-z])db(?![a-z])/

/**
 * Whether a container is taken for a database where its configuration does not say. To be wrong costs a PIN, or one
 * line of configuration; to miss one could cost its data.
 */
export const looksLikeDatabase = (name: string): boolean => DATABASES.test(name.toLowerCase())
