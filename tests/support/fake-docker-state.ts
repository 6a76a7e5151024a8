import { createHash } from "node:crypto"

/** A container of the fake engine. Every field may be changed by the test at any time. */
export interface FakeContainer {
  /** Without the slash. */
  name: string
  /** 64 hex digits. */
  id: string
  state: "created" | "running" | "paused" | "restarting" | "removing" | "exited" | "dead"
  health: "none" | "starting" | "healthy" | "unhealthy"
  /** By the engine's clock, ms; undefined where it never ran. */
  startedAtMs: number | undefined
  exitCode: number
  restarts: number
  tty: boolean
  /** `NAME=value`, as `inspect` shows them. */
  env: string[]
  labels: Record<string, string>
  image: string
  /** Written to the log in this order; text goes to stdout. */
  log: (string | { readonly stream: "stdout" | "stderr"; readonly bytes: Uint8Array })[]
  memoryLimitBytes: number
  /** What a start leads to, after so many looks at it. */
  afterStart:
    | { readonly looks: number; readonly becomes: "healthy" | "unhealthy" }
    | { readonly looks: number; readonly becomes: "exited"; readonly exitCode: number }
    | undefined
}

/** An answer before it is put on the wire. */
export interface FakeAnswer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: Buffer
}

const NEVER = "0001-01-01T00:00:00Z"

/** The containers of a fake engine, with Docker's own rules of names, states and status codes. */
export class FakeDockerState {
  readonly containers: FakeContainer[] = []
  /** The engine's clock, ms. */
  now: () => number = Date.now
  #made = 0
  readonly #looks = new WeakMap<FakeContainer, number>()

  /** Adds a container, running and without a health check unless told otherwise. */
  add(name: string, overrides: Partial<FakeContainer> = {}): FakeContainer {
    this.#made += 1
    const container: FakeContainer = {
      name,
      id: createHash("sha256").update(`${name} ${this.#made}`).digest("hex"),
      state: "running",
      health: "none",
      startedAtMs: this.now() - 3_600_000,
      exitCode: 0,
      restarts: 0,
      tty: false,
      env: [],
      labels: {},
      image: "example/image:latest",
      log: [],
      memoryLimitBytes: 0,
      afterStart: undefined,
      ...overrides,
    }
    this.containers.push(container)
    return container
  }

  /** The container of exactly that name. */
  get(name: string): FakeContainer {
    const found = this.containers.find((container) => container.name === name)
    if (found === undefined) throw new Error(`the fake engine has no container ${name}`)
    return found
  }

  rename(name: string, newName: string): void {
    this.get(name).name = newName
  }

  remove(name: string): void {
    this.containers.splice(this.containers.indexOf(this.get(name)), 1)
  }

  /** Another container of the same name and settings takes its place, as `docker compose up` does. */
  recreate(name: string, overrides: Partial<FakeContainer> = {}): FakeContainer {
    const { id: _, ...before } = this.get(name)
    this.remove(name)
    return this.add(name, { ...before, startedAtMs: this.now(), ...overrides })
  }

  /** As the engine does it: the full id, then the exact name, then any unique beginning of an id. */
  resolve(reference: string): FakeContainer | undefined {
    const plain = reference.replace(/^\//, "")
    const beginnings = this.containers.filter(({ id }) => plain !== "" && id.startsWith(plain))
    return (
      this.containers.find(({ id }) => id === plain) ??
      this.containers.find(({ name }) => name === plain) ??
      (beginnings.length === 1 ? beginnings[0] : undefined)
    )
  }

  /** Carries a request out. The path is decoded and normalised first, which is the worst a server could do. */
  answer(method: string, target: string): FakeAnswer {
    const answer = this.#answer(method, target)
    return { ...answer, headers: { ...answer.headers, date: new Date(this.now()).toUTCString() } }
  }

  #answer(method: string, target: string): FakeAnswer {
    const url = new URL(target.startsWith("/") ? `http://docker${target}` : target, "http://docker")
    const path = decodeURIComponent(url.pathname).replace(/^\/v\d+\.\d+(?=\/)/, "")
    if (method === "GET" && path === "/version")
      return json(200, { Version: "27.0.0", ApiVersion: "1.46", MinAPIVersion: "1.24", Os: "linux" })
    if (path === "/_ping") return { status: 200, headers: { "api-version": "1.46" }, body: Buffer.from("OK") }
    if (method === "GET" && path === "/containers/json")
      return json(
        200,
        this.containers.map(({ id, name, state, labels, image }) => ({
          Id: id,
          Names: [`/${name}`],
          Image: image,
          State: state,
          Labels: labels,
        })),
      )
    const [, reference = "", verb = ""] = /^\/containers\/(.+)\/([a-z]+)$/s.exec(path) ?? []
    if (verb === "") return json(404, { message: "page not found" })
    const container = this.resolve(reference)
    if (container === undefined) return json(404, { message: `No such container: ${reference}` })
    return this.#act(method, verb, container, url.searchParams)
  }

  #act(method: string, verb: string, container: FakeContainer, query: URLSearchParams): FakeAnswer {
    switch (`${method} ${verb}`) {
      case "GET json":
        return this.#inspect(container)
      case "GET logs":
        return this.#logs(container, query)
      case "GET stats":
        return json(200, stats(container))
      case "POST start":
        if (container.state === "paused")
          return json(409, { message: "cannot start a paused container, try unpause instead" })
        if (container.state === "running") return empty(304)
        this.#start(container)
        return empty(204)
      case "POST restart":
        this.#start(container)
        return empty(204)
      case "POST stop":
        if (container.state !== "running" && container.state !== "paused") return empty(304)
        container.state = "exited"
        container.exitCode = 143
        return empty(204)
      case "POST kill":
        container.state = "exited"
        container.exitCode = 137
        return empty(204)
      case "POST pause":
        container.state = "paused"
        return empty(204)
      case "POST unpause":
        container.state = "running"
        return empty(204)
      case "POST rename":
        container.name = query.get("name") ?? container.name
        return empty(204)
      case "POST exec":
        return json(201, { Id: "0".repeat(64) })
      default:
        return json(404, { message: "page not found" })
    }
  }

  #start(container: FakeContainer): void {
    container.state = "running"
    container.startedAtMs = this.now()
    container.exitCode = 0
    if (container.health !== "none" || container.afterStart?.becomes === "healthy")
      container.health = "starting"
    this.#looks.set(container, 0)
  }

  #inspect(container: FakeContainer): FakeAnswer {
    this.#look(container)
    const { id, name, state, health, exitCode, startedAtMs } = container
    return json(200, {
      Id: id,
      Name: `/${name}`,
      RestartCount: container.restarts,
      State: {
        Status: state,
        Running: state === "running" || state === "paused",
        Paused: state === "paused",
        ExitCode: exitCode,
        StartedAt: startedAtMs === undefined ? NEVER : new Date(startedAtMs).toISOString(),
        ...(health === "none" ? {} : { Health: { Status: health, FailingStreak: 0, Log: [] } }),
      },
      Config: { Tty: container.tty, Env: container.env, Labels: container.labels, Image: container.image },
      HostConfig: { Memory: container.memoryLimitBytes },
    })
  }

  /** Somebody looks at a container that was started: sooner or later it has become what it becomes. */
  #look(container: FakeContainer): void {
    const { afterStart } = container
    const seen = this.#looks.get(container)
    if (afterStart === undefined || seen === undefined || container.state !== "running") return
    this.#looks.set(container, seen + 1)
    if (seen < afterStart.looks) return
    if (afterStart.becomes === "exited") {
      container.state = "exited"
      container.exitCode = afterStart.exitCode
    } else container.health = afterStart.becomes
  }

  #logs(container: FakeContainer, query: URLSearchParams): FakeAnswer {
    const tail = query.get("tail")
    const entries = container.log.slice(tail === null || tail === "all" ? 0 : -Number(tail))
    const frames = entries.map((entry) => {
      const stream = typeof entry === "string" ? "stdout" : entry.stream
      const bytes = typeof entry === "string" ? Buffer.from(entry) : Buffer.from(entry.bytes)
      return container.tty ? bytes : logFrame(stream, bytes)
    })
    const kind = container.tty ? "raw-stream" : "multiplexed-stream"
    return {
      status: 200,
      headers: { "content-type": `application/vnd.docker.${kind}` },
      body: Buffer.concat(frames),
    }
  }
}

/** One frame of a log without a terminal: stream, three zeros, length, bytes. */
export const logFrame = (stream: "stdout" | "stderr", bytes: Uint8Array): Buffer => {
  const header = Buffer.alloc(8)
  header[0] = stream === "stdout" ? 1 : 2
  header.writeUInt32BE(bytes.length, 4)
  return Buffer.concat([header, bytes])
}

const json = (status: number, value: unknown): FakeAnswer => ({
  status,
  headers: { "content-type": "application/json" },
  body: Buffer.from(JSON.stringify(value)),
})

const empty = (status: number): FakeAnswer => ({ status, headers: {}, body: Buffer.alloc(0) })

/** A quarter of one core of four, 100 MiB of which 36 are only cache. */
const stats = ({ id, name, state, memoryLimitBytes }: FakeContainer): unknown =>
  state === "running"
    ? {
        id,
        name: `/${name}`,
        cpu_stats: { cpu_usage: { total_usage: 1_250_000 }, system_cpu_usage: 8_000_000, online_cpus: 4 },
        precpu_stats: { cpu_usage: { total_usage: 1_000_000 }, system_cpu_usage: 4_000_000, online_cpus: 4 },
        memory_stats: {
          usage: 100 * 2 ** 20,
          limit: memoryLimitBytes === 0 ? 16 * 2 ** 30 : memoryLimitBytes,
          stats: { inactive_file: 36 * 2 ** 20 },
        },
      }
    : {
        id,
        name: `/${name}`,
        cpu_stats: { cpu_usage: { total_usage: 0 } },
        precpu_stats: {},
        memory_stats: {},
      }
