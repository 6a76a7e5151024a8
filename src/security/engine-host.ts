/** Where the container engine is reached. */
export type EngineHost =
  | { readonly type: "unix"; readonly path: string }
  | {
      readonly type: "tcp"
      readonly host: string
      readonly port: number
      /** PEM files; undefined where the way there is private already. */
      readonly tls: EngineTlsFiles | undefined
    }
  | {
      readonly type: "ssh"
      /** Undefined: the one that the user's SSH configuration names. */
      readonly user: string | undefined
      readonly host: string
      readonly port: number | undefined
      /** The engine's socket on that machine; undefined: the usual one. */
      readonly socket: string | undefined
    }

/** The authority that signed the engine's certificate, and our own certificate with its key. Absolute paths. */
export interface EngineTlsFiles {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export interface EngineHostOptions {
  readonly tls?: EngineTlsFiles | undefined
  /** TCP without TLS to another machine: only for a way that is encrypted itself, such as a WireGuard tunnel. */
  readonly plainTcp?: boolean | undefined
}

export type ParsedEngineHost =
  | { readonly ok: true; readonly host: EngineHost }
  | { readonly ok: false; readonly problem: string }

// What `ssh` gets as an argument must not be taken for an option, nor by a shell for anything but a word.
const USER = /^[A-Za-z0-9_][A-Za-z0-9_.-]*$/
const HOST = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/
const SOCKET = /^\/[A-Za-z0-9_./-]+$/

/**
 * The engine's address: `unix:///run/docker.sock`, `tcp://10.0.0.2:2376`, `ssh://user@host`, `ssh://user@host/run/x.sock`.
 * `problem` says what was found, what was expected and the fix.
 */
export const parseEngineHost = (text: string, options: EngineHostOptions = {}): ParsedEngineHost => {
  if (!URL.canParse(text)) return refuse(text)
  const url = new URL(text)
  if (url.search !== "" || url.hash !== "" || url.password !== "") return refuse(text)
  switch (url.protocol) {
    case "unix:": {
      const path = text.slice("unix://".length)
      return text.startsWith("unix:///") && !path.includes("\0")
        ? { ok: true, host: { type: "unix", path } }
        : refuse(text)
    }
    case "tcp:":
      return parseTcp(text, url, options)
    case "ssh:": {
      const user = url.username === "" ? undefined : url.username
      const socket = url.pathname === "" || url.pathname === "/" ? undefined : url.pathname
      if (user !== undefined && !USER.test(user)) return refuse(text)
      if (!HOST.test(url.hostname) || (socket !== undefined && !SOCKET.test(socket))) return refuse(text)
      const port = url.port === "" ? undefined : Number(url.port)
      return { ok: true, host: { type: "ssh", user, host: url.hostname, port, socket } }
    }
    default:
      return refuse(text)
  }
}

const parseTcp = (text: string, url: URL, { tls, plainTcp = false }: EngineHostOptions): ParsedEngineHost => {
  const host = url.hostname.replace(/^\[(.*)\]$/, "$1")
  if (url.username !== "" || (url.pathname !== "" && url.pathname !== "/") || host === "") return refuse(text)
  if (url.port === "") return refuse(text)
  if (tls === undefined && !plainTcp && !isLoopback(host)) {
    return {
      ok: false,
      problem: `${text} would be reached without encryption; give the files ca, cert and key for TLS, or say that the way there is a tunnel.`,
    }
  }
  return { ok: true, host: { type: "tcp", host, port: Number(url.port), tls } }
}

const isLoopback = (host: string): boolean =>
  host === "localhost" || host === "::1" || /^127\.\d+\.\d+\.\d+$/.test(host)

const refuse = (text: string): ParsedEngineHost => ({
  ok: false,
  problem: `"${text.slice(0, 200)}" is no engine's address; expected unix:///run/docker.sock, tcp://host:2376 or ssh://user@host.`,
})

/** For messages. */
export const engineAddress = (host: EngineHost): string => {
  switch (host.type) {
    case "unix":
      return `unix://${host.path}`
    case "tcp":
      return `tcp://${host.host}:${host.port}`
    case "ssh":
      return `ssh://${host.user === undefined ? "" : `${host.user}@`}${host.host}`
  }
}
