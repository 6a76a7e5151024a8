import { buildPolicy, type Policy } from "../security/policy.ts"
import { ConfigError } from "./config-error.ts"
import type { Config } from "./definition.ts"

/** The frozen table of a configuration. Loading has checked it; raises ConfigError where it was made otherwise. */
export function configuredPolicy({ containers, docker }: Pick<Config, "containers" | "docker">): Policy {
  const built = buildPolicy(containers, { stopGraceS: docker.stopGraceS })
  if (built.ok) return built.policy
  throw new ConfigError(
    built.problems.map(({ container, message }) => ({ key: `containers.${container}`, message })),
  )
}
