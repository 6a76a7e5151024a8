import { type EngineHost, parseEngineHost } from "../security/engine-host.ts"
import type { Config } from "./definition.ts"

/** Where the configuration says that the engine is; undefined where it names none, and then nothing is contacted. */
export function configuredEngine({
  docker,
  privacy,
}: Pick<Config, "docker" | "privacy">): EngineHost | undefined {
  if (docker.host === undefined) return undefined
  const parsed = parseEngineHost(docker.host, {
    tls: engineTls(docker),
    plainTcp: privacy.allowInsecureDocker,
  })
  return parsed.ok ? parsed.host : undefined
}

/** All three files, or no TLS. */
const engineTls = ({ ca, cert, key }: Config["docker"]) =>
  ca === undefined || cert === undefined || key === undefined ? undefined : { ca, cert, key }
