import { buildPolicy } from "../security/policy.ts"
import type { ConfigProblem } from "./config-error.ts"
import { configuredEngine } from "./configured-engine.ts"
import type { Config } from "./definition.ts"

/** What is wrong between the settings of the container engine and its containers. `at` says where a key was set. */
export function dockerConflicts(config: Config, at: (key: string) => string): readonly ConfigProblem[] {
  return [...tlsProblems(config, at), ...tableProblems(config, at)]
}

function tlsProblems(config: Config, at: (key: string) => string): readonly ConfigProblem[] {
  const { host, ca, cert, key } = config.docker
  const problem = (setting: string, message: string): readonly ConfigProblem[] => [
    { key: `docker.${setting}`, message: `${at(`docker.${setting}`)}: docker.${setting} ${message}` },
  ]
  const files = Object.entries({ ca, cert, key })
  const given = files.filter(([, file]) => file !== undefined).map(([name]) => name)
  const [first] = given
  if (first !== undefined && given.length < files.length) {
    const missing = files.filter(([, file]) => file === undefined).map(([name]) => `docker.${name}`)
    const fix = `Fix: set ${missing.join(" and ")}.`
    return problem(first, `is set without ${missing.join(" and ")}; expected all three or none. ${fix}`)
  }
  if (first !== undefined && !host?.startsWith("tcp:")) {
    const found = host === undefined ? "not set" : `"${host}"`
    return problem(
      first,
      `is set and docker.host is ${found}; expected tcp:// beside it. Fix: take docker.ca, docker.cert and docker.key out, or set docker.host = "tcp://HOST:2376".`,
    )
  }
  if (host !== undefined && configuredEngine(config) === undefined) {
    return problem(
      "host",
      `is "${host}", which is not on this machine, without TLS; expected docker.ca, docker.cert and docker.key. Fix: set them, use ssh://, or, inside a tunnel such as WireGuard, set privacy.allow_insecure_docker = true.`,
    )
  }
  return []
}

/** What the table itself finds wrong, with the place. */
function tableProblems({ containers }: Config, at: (key: string) => string): readonly ConfigProblem[] {
  const built = buildPolicy(containers)
  if (built.ok) return []
  return built.problems.map(({ container, setting, message }) => {
    const key = `containers.${container}${setting === undefined ? "" : `.${setting}`}`
    return { key, message: `${at(key)}: ${key}: ${message}.` }
  })
}

/** What is allowed but probably not meant. */
export function dockerWarnings({ docker, privacy, containers }: Config): readonly string[] {
  const warnings: string[] = []
  if (docker.host === undefined && containers.length > 0) {
    warnings.push("there are containers, but docker.host is not set: no container engine is contacted.")
  }
  if (docker.host !== undefined && containers.length === 0) {
    warnings.push(
      "docker.host is set, but there is no container: a table [containers.NAME] says what may be done to one.",
    )
  }
  if (privacy.allowInsecureDocker) {
    warnings.push(
      "privacy.allow_insecure_docker = true: the container engine may be reached without TLS; whoever is on the way can act on it.",
    )
  }
  return warnings
}
