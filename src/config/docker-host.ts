/** Where a container engine listens. */
export type DockerHost =
  | { readonly scheme: "unix"; readonly path: string }
  | { readonly scheme: "tcp"; readonly host: string; readonly port: number }
  | { readonly scheme: "ssh"; readonly user: string; readonly host: string; readonly port: number }

const HOST = String.raw`\[[0-9a-fA-F:.]+\]|[A-Za-z0-9][A-Za-z0-9.-]*`
const UNIX = /^unix:\/\/(\/[^\0]+)$/
const TCP = new RegExp(`^tcp://(${HOST}):(\\d{1,5})/?$`)
/** Neither user nor host begins with a dash: `ssh` would take it for an option. */
const SSH = new RegExp(`^ssh://([A-Za-z0-9_][A-Za-z0-9_.-]*)@(${HOST})(?::(\\d{1,5}))?/?$`)
const SSH_PORT = 22

/** Undefined where the text is no address of one. IPv6 addresses come without their brackets. */
export function parseDockerHost(text: string): DockerHost | undefined {
  const path = UNIX.exec(text)?.[1]
  if (path !== undefined) return { scheme: "unix", path }
  const tcp = TCP.exec(text)
  if (tcp !== null) {
    const port = portOf(tcp[2])
    return port === undefined ? undefined : { scheme: "tcp", host: unbracketed(tcp[1]), port }
  }
  const ssh = SSH.exec(text)
  if (ssh === null) return undefined
  const port = ssh[3] === undefined ? SSH_PORT : portOf(ssh[3])
  return port === undefined
    ? undefined
    : { scheme: "ssh", user: ssh[1] ?? "", host: unbracketed(ssh[2]), port }
}

const unbracketed = (host = ""): string => host.replace(/^\[|\]$/g, "")

function portOf(digits: string | undefined): number | undefined {
  const port = Number(digits)
  return port >= 1 && port <= 65_535 ? port : undefined
}
