import type { ContainerEntry } from "../../src/security/policy/container-entry.ts"
import { buildPolicy, type Policy } from "../../src/security/policy.ts"
import { spokenContainers } from "../../src/security/spoken-containers.ts"

/** The containers of the server in the documentation. */
const SERVER_ENTRIES: readonly ContainerEntry[] = [
  { name: "n8n", allow: ["status", "logs", "stats", "start", "restart", "stop"] },
  { name: "postgres", allow: ["status", "logs", "stats", "start", "restart", "stop"] },
  { name: "qdrant", allow: ["status", "logs", "stats", "start", "restart"] },
  { name: "portainer", allow: ["status"] },
]

/** The table of these entries. Throws what is wrong with them. */
export function policyOf(entries: readonly ContainerEntry[]): Policy {
  const built = buildPolicy(entries)
  if (built.ok) return built.policy
  throw new Error(built.problems.map(({ message }) => message).join("; "))
}

export const serverPolicy = policyOf(SERVER_ENTRIES)
export const serverContainers = spokenContainers(serverPolicy)
