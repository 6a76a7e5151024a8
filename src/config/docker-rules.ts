import { buildPolicy } from "../security/policy.ts"
import type { ConfigProblem } from "./config-error.ts"
import type { Config } from "./definition.ts"
import { parseDockerHost } from "./docker-host.ts"

/** What is wrong between the settings of the container engine and its containers. `at` says where a key was set. */
export function dockerConflicts(config: Config, at: (key: string) => string): readonly ConfigProblem[] {
  return [...tlsProblems(config, at), ...tableProblems(config, at)]
}

function tlsProblems({ docker, privacy }: Config, at: (key: string) => string): readonly ConfigProblem[] {
  const problem = (key: string, message: string): readonly ConfigProblem[] => [
    { key, message: `${at(key)}: ${message}` },
  ]
  const { host, ca, cert, key } = docker
  const address = host === undefined ? undefined : parseDockerHost(host)
  const given = ca !== undefined ? "docker.ca" : cert !== undefined ? "docker.cert" : "docker.key"
  const hasTls = ca !== undefined || cert !== undefined || key !== undefined
  if ((cert === undefined) !== (key === undefined)) {
    const [there, missing] = cert === undefined ? ["key", "cert"] : ["cert", "key"]
    return problem(
      `docker.${there}`,
      `docker.${there} is set and docker.${missing} is not; expected both or neither. Fix: set docker.${missing}.`,
    )
  }
  if (hasTls && address?.scheme !== "tcp") {
    const found = host === undefined ? "not set" : `"${host}"`
    return problem(
      given,
      `${given} is set and docker.host is ${found}; expected tcp:// beside it. Fix: take ${given} out, or set docker.host = "tcp://HOST:2376".`,
    )
  }
  if (address?.scheme === "tcp" && !hasTls && !isLoopbackHost(address.host) && !privacy.allowInsecureDocker) {
    return problem(
      "docker.host",
      `docker.host is "${host}", which is not on this machine, without TLS; expected docker.ca, docker.cert and docker.key. Fix: set them, use ssh://, or, inside a tunnel such as WireGuard, set privacy.allow_insecure_docker = true.`,
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

/** True for 127.0.0.0/8, ::1 and localhost. */
const isLoopbackHost = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d{1,3}\.\d{1,3}\.\d{1,3}$/.test(host)
