import { type ChildProcess, execFile, spawn } from "node:child_process"
import { appendFileSync, readFileSync } from "node:fs"
import { chmod, copyFile, mkdir, mkdtemp, rm, symlink } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { descendantsOf } from "./process-tree.ts"
import { eventually, isRunning } from "./processes.ts"
import { component } from "./require-component.ts"

const run = promisify(execFile)

/** What `docker create` is told, besides the image. */
export interface RealContainer {
  /** A shell script. Sleeps for ever by default, and ends at once when it is told to. */
  readonly script?: string
  /** A shell command; looked at every second. */
  readonly health?: string
  readonly options?: readonly string[]
}

/** A script that ends at SIGTERM, as a well-behaved program does. */
const SLEEP = "trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done"

const IMAGE = "jett-test:1"

/**
 * A Docker engine of its own: a real `dockerd` in a temporary folder, with one image, made of busybox. It has no bridge,
 * so it touches no network of the machine.
 */
export class RealDocker {
  readonly socketPath: string
  readonly #folder: string
  #daemon: ChildProcess | undefined

  private constructor(folder: string) {
    this.#folder = folder
    this.socketPath = join(folder, "docker.sock")
  }

  static async start(): Promise<RealDocker> {
    // Short, because a Unix socket's path is.
    const docker = new RealDocker(await mkdtemp(join(tmpdir(), "jett-docker-")))
    try {
      await docker.#launch()
      await docker.#importImage()
      return docker
    } catch (cause) {
      await docker.stop()
      throw cause
    }
  }

  /** `unix://…` */
  get host(): string {
    return `unix://${this.socketPath}`
  }

  /** Docker's own client, for what a test arranges and looks up. Gives its standard output, trimmed. */
  async cli(...args: readonly string[]): Promise<string> {
    const { stdout } = await run("docker", ["-H", this.host, ...args], { timeout: 60_000 })
    return stdout.trim()
  }

  /** Makes a container and starts it; gives its full id. */
  async run(name: string, container: RealContainer = {}): Promise<string> {
    const id = await this.create(name, container)
    await this.cli("start", name)
    return id
  }

  async create(name: string, { script = SLEEP, health, options = [] }: RealContainer = {}): Promise<string> {
    const check =
      health === undefined ? [] : [`--health-cmd=${health}`, "--health-interval=1s", "--health-retries=2"]
    return this.cli(
      ...["create", "--name", name, "--network=host", ...check, ...options, IMAGE, "sh", "-c", script],
    )
  }

  /** What the engine itself says of a container: `State.StartedAt`. */
  async inspect(name: string, path: string): Promise<string> {
    return this.cli("inspect", "--format", `{{.${path}}}`, name)
  }

  /** Ends the engine as a crash would; its containers end with it. */
  async crash(): Promise<void> {
    await this.#end("SIGKILL")
  }

  /** Starts it again where it was. */
  async restart(): Promise<void> {
    await rm(join(this.#folder, "pid"), { force: true })
    await rm(join(this.#folder, "exec", "containerd", "containerd.pid"), { force: true })
    await this.#launch()
  }

  /** Stops the engine, the containers and everything that it started; removes the folder. */
  async stop(): Promise<void> {
    if (this.#daemon !== undefined && isUp(this.#daemon)) {
      await this.cli("ps", "--quiet", "--all")
        .then((ids) => (ids === "" ? "" : this.cli("rm", "--force", ...ids.split("\n"))))
        .catch(() => "")
    }
    await this.#end("SIGTERM")
    await this.#unmount()
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** What the engine mounted stays when it ends: its own data folder, and the network namespaces. */
  async #unmount(): Promise<void> {
    const mounts = readFileSync("/proc/self/mountinfo", "utf8")
      .split("\n")
      .map((line) => line.split(" ")[4] ?? "")
      .filter((path) => path.startsWith(`${this.#folder}/`))
    for (const path of mounts.toReversed()) await run("umount", ["--lazy", path]).catch(() => {})
  }

  async #launch(): Promise<void> {
    const { socketPath } = this
    const log = join(this.#folder, "log")
    const daemon = spawn(
      "dockerd",
      [
        ...["--host", this.host, "--data-root", join(this.#folder, "data")],
        ...["--exec-root", join(this.#folder, "exec"), "--pidfile", join(this.#folder, "pid")],
        ...["--storage-driver=vfs", "--iptables=false", "--ip6tables=false", "--bridge=none"],
      ],
      { stdio: ["ignore", "ignore", "pipe"] },
    )
    daemon.stderr?.on("data", (bytes: Buffer) => appendFileSync(log, bytes))
    daemon.on("error", () => {})
    this.#daemon = daemon
    const deadline = Date.now() + 60_000
    for (;;) {
      if (!isUp(daemon) || Date.now() > deadline) {
        const end = readFileSync(log, "utf8").slice(-2_000)
        throw new Error(`dockerd does not answer at ${socketPath}: ${end}`)
      }
      const up = await this.cli("version").then(
        () => true,
        () => false,
      )
      if (up) return
      await new Promise((resolve) => setTimeout(resolve, 100))
    }
  }

  async #importImage(): Promise<void> {
    const root = join(this.#folder, "root")
    await mkdir(join(root, "bin"), { recursive: true })
    await mkdir(join(root, "tmp"))
    const found = component("docker")
    await copyFile(found.available ? found.path : "/usr/bin/busybox", join(root, "bin", "busybox"))
    await chmod(join(root, "bin", "busybox"), 0o755)
    for (const name of [
      "sh",
      "sleep",
      "cat",
      "echo",
      "head",
      "yes",
      "printf",
      "test",
      "rm",
      "touch",
      "true",
      "false",
      "dd",
      "tr",
    ])
      await symlink("busybox", join(root, "bin", name))
    const tar = join(this.#folder, "root.tar")
    await run("tar", ["-C", root, "-cf", tar, "."])
    await this.cli("import", "--change", "ENV PATH=/bin", tar, IMAGE)
  }

  async #end(signal: "SIGTERM" | "SIGKILL"): Promise<void> {
    const daemon = this.#daemon
    if (daemon?.pid === undefined || !isUp(daemon)) return
    const pids = [daemon.pid, ...descendantsOf(daemon.pid), ...(await this.#shims())]
    daemon.kill(signal)
    await eventually("dockerd ended", () => !isUp(daemon), 15_000).catch(() => daemon.kill("SIGKILL"))
    // containerd and its shims outlive an engine that is killed.
    for (const pid of pids.filter(isRunning).toReversed()) {
      for (const each of [pid, ...descendantsOf(pid)]) killSoftly(each)
    }
    await eventually("everything that dockerd started ended", () => !pids.some(isRunning), 15_000)
  }

  /** containerd's shims are nobody's children; they name our folder on their command line. */
  async #shims(): Promise<readonly number[]> {
    const { stdout } = await run("ps", ["-eo", "pid,args"])
    return stdout
      .split("\n")
      .filter((line) => line.includes("containerd-shim") && line.includes(this.#folder))
      .map((line) => Number.parseInt(line, 10))
  }
}

const isUp = (child: ChildProcess): boolean => child.exitCode === null && child.signalCode === null

const killSoftly = (pid: number): void => {
  try {
    process.kill(pid, "SIGKILL")
  } catch {
    // It ended by itself.
  }
}
