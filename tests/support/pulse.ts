import { type ChildProcess, execFile, spawn } from "node:child_process"
import { mkdir, mkdtemp, rm } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"

const run = promisify(execFile)

export interface PulseRigOptions {
  /** Plays the loudspeaker into the microphone 40 ms later, as a room does. */
  readonly echo?: boolean
  /** Adds `module-echo-cancel` (WebRTC); `microphone` and `speaker` then name its source and sink. */
  readonly echoCancel?: boolean
}

/**
 * A PulseAudio daemon of its own in a temporary folder, whose two null sinks are a microphone (what is played into
 * `microphoneSink` is heard on `microphone`) and a loudspeaker. While it is up, `process.env` points at it.
 */
export class PulseRig {
  /** The source to record from, and the sink that feeds it. */
  readonly microphone: string
  readonly microphoneSink = "mic"
  /** The sink to play to, and the source that tells what the loudspeaker really gives out. */
  readonly speaker: string
  readonly speakerMonitor = "speaker.monitor"
  readonly #folder: string
  readonly #children: ChildProcess[] = []
  readonly #before = new Map<string, string | undefined>()

  private constructor(folder: string, options: PulseRigOptions) {
    this.#folder = folder
    this.microphone = options.echoCancel === true ? "jett_echo_free" : "mic.monitor"
    this.speaker = options.echoCancel === true ? "jett_echo_reference" : "speaker"
  }

  static async start(options: PulseRigOptions = {}): Promise<PulseRig> {
    const folder = await mkdtemp(join(tmpdir(), "jett-pulse-"))
    const rig = new PulseRig(folder, options)
    try {
      await rig.#launch(options)
      return rig
    } catch (cause) {
      await rig.stop()
      throw cause
    }
  }

  /** Gives back the environment, ends the daemon and everything that was started here. */
  async stop(): Promise<void> {
    for (const [name, value] of this.#before) {
      if (value === undefined) delete process.env[name]
      else process.env[name] = value
    }
    const gone = this.#children.map(
      (child) =>
        new Promise<void>((resolve) => {
          if (child.exitCode !== null || child.signalCode !== null) resolve()
          else child.once("exit", () => resolve())
        }),
    )
    for (const child of this.#children.toReversed()) child.kill("SIGKILL")
    await Promise.all(gone)
    await rm(this.#folder, { recursive: true, force: true })
  }

  /** Runs pactl against this daemon and gives its standard output. */
  async pactl(...args: readonly string[]): Promise<string> {
    return (await run("pactl", args, { timeout: 5000 })).stdout
  }

  /** Speaks into the microphone: Int16Array, mono. Settles when the device has taken all of it. */
  async playIntoMicrophone(samples: Int16Array, rateHz: number): Promise<void> {
    const child = this.#spawn("pacat", [
      "--playback",
      `--device=${this.microphoneSink}`,
      ...raw(rateHz),
      // Enough that a busy machine leaves no hole in what is spoken.
      "--latency-msec=200",
    ])
    child.stdin?.end(Buffer.from(samples.buffer, samples.byteOffset, samples.byteLength))
    await new Promise((resolve) => child.once("exit", resolve))
  }

  /** Records what a source gives out from now on, 16 kHz unless told otherwise. */
  tap(source: string = this.speakerMonitor, rateHz = 16_000): PulseTap {
    return new PulseTap(
      this.#spawn("parec", [`--device=${source}`, ...raw(rateHz), "--latency-msec=5"]),
      rateHz,
    )
  }

  async #launch(options: PulseRigOptions): Promise<void> {
    const runtime = join(this.#folder, "runtime")
    await mkdir(runtime, { mode: 0o700 })
    const socket = join(runtime, "native")
    const cookie = join(this.#folder, "cookie")
    const own = {
      XDG_RUNTIME_DIR: runtime,
      XDG_CONFIG_HOME: this.#folder,
      PULSE_RUNTIME_PATH: runtime,
      PULSE_STATE_PATH: this.#folder,
      PULSE_COOKIE: cookie,
      // A session bus would be asked for real devices.
      DBUS_SESSION_BUS_ADDRESS: `unix:path=${join(this.#folder, "no-bus")}`,
    }
    const modules = [
      `module-native-protocol-unix socket=${socket} auth-anonymous=1`,
      "module-null-sink sink_name=mic rate=48000 channels=1 sink_properties=device.description=Microphone",
      "module-null-sink sink_name=speaker rate=48000 channels=1 sink_properties=device.description=Loudspeaker",
    ]
    // Its gain control would turn the microphone's own volume down, and with it what the test hears.
    if (options.echoCancel === true)
      modules.push(
        `module-echo-cancel source_master=mic.monitor sink_master=speaker source_name=${this.microphone} sink_name=${this.speaker} aec_method=webrtc use_volume_sharing=no aec_args="analog_gain_control=0 digital_gain_control=0" rate=16000 channels=1`,
      )
    const daemon = this.#spawn(
      "pulseaudio",
      // As a desktop gives it, where we may: a canceller that is kept waiting loses its place, and the echo is heard.
      ["-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"].concat(
        ["--high-priority=yes", "--realtime=yes"],
        modules.flatMap((module) => ["-L", module]),
      ),
      own,
    )
    let log = ""
    daemon.stderr?.on("data", (bytes: Buffer) => {
      log = (log + bytes.toString("utf8")).slice(-2000)
    })
    this.#set("PULSE_SERVER", `unix:${socket}`)
    this.#set("PULSE_COOKIE", cookie)
    this.#set("PULSE_RUNTIME_PATH", runtime)
    for (const deadline = Date.now() + 5000; ; ) {
      if ((await this.pactl("info").catch(() => "")) !== "") break
      if (Date.now() > deadline || daemon.exitCode !== null)
        throw new Error(`The test's own pulseaudio did not start:\n${log}`)
      await new Promise((resolve) => setTimeout(resolve, 50))
    }
    await this.pactl("set-default-sink", this.speaker)
    await this.pactl("set-default-source", this.microphone)
    // After the defaults: the server moves a loopback along when the default it happens to sit on changes.
    if (options.echo === true)
      await this.pactl(
        "load-module",
        "module-loopback",
        "source=speaker.monitor",
        "sink=mic",
        "latency_msec=40",
        // A room keeps its distance.
        "adjust_time=0",
      )
    // A null sink that nobody listens to renders 2 s at once and cannot take it back; real cards do not.
    await Promise.all([this.tap("mic.monitor").settle(), this.tap("speaker.monitor").settle()])
  }

  #spawn(command: string, args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const child = spawn(command, args, { stdio: "pipe", env: { ...process.env, ...environment } })
    child.stdin?.on("error", () => undefined)
    child.stderr?.resume()
    this.#children.push(child)
    return child
  }

  #set(name: string, value: string): void {
    this.#before.set(name, process.env[name])
    process.env[name] = value
  }
}

const raw = (rateHz: number): readonly string[] => [
  "--raw",
  "--format=s16le",
  "--channels=1",
  `--rate=${rateHz}`,
]

/** A recording in progress, with the time at which each piece arrived. */
export class PulseTap {
  readonly rateHz: number
  readonly #child: ChildProcess
  readonly #pieces: { readonly atMs: number; readonly samples: Int16Array }[] = []
  #keep = true

  constructor(child: ChildProcess, rateHz: number) {
    this.rateHz = rateHz
    this.#child = child
    let odd: Buffer = Buffer.alloc(0)
    child.stdout?.on("data", (bytes: Buffer) => {
      if (!this.#keep) return
      const all = Buffer.concat([odd, bytes])
      const count = Math.floor(all.length / 2)
      odd = all.subarray(2 * count)
      const samples = Int16Array.from({ length: count }, (_, i) => all.readInt16LE(2 * i))
      this.#pieces.push({ atMs: performance.now(), samples })
    })
  }

  /** All that was recorded, in one piece. */
  get samples(): Int16Array {
    const out = new Int16Array(this.#pieces.reduce((sum, { samples }) => sum + samples.length, 0))
    let at = 0
    for (const { samples } of this.#pieces) {
      out.set(samples, at)
      at += samples.length
    }
    return out
  }

  /**
   * When (`performance.now()`) the first sample was recorded. A piece arrives late while this process is busy, and never
   * early, so what the promptest of them tells holds for all.
   */
  get originMs(): number {
    let before = 0
    let originMs = Number.POSITIVE_INFINITY
    for (const { atMs, samples } of this.#pieces) {
      before += samples.length
      originMs = Math.min(originMs, atMs - (before * 1000) / this.rateHz)
    }
    return originMs
  }

  /** When (`performance.now()`) sounds louder than `threshold` were first and last recorded; undefined for none. */
  loudBetween(threshold = 300): { readonly firstMs: number; readonly lastMs: number } | undefined {
    let firstMs: number | undefined
    let lastMs = 0
    for (const { atMs, samples } of this.#pieces) {
      const first = samples.findIndex((sample) => Math.abs(sample) > threshold)
      if (first < 0) continue
      const last = samples.findLastIndex((sample) => Math.abs(sample) > threshold)
      const msBeforeArrival = (index: number) => ((samples.length - index) * 1000) / this.rateHz
      firstMs ??= atMs - msBeforeArrival(first)
      lastMs = atMs - msBeforeArrival(last)
    }
    return firstMs === undefined ? undefined : { firstMs, lastMs }
  }

  /** Waits until the source delivers, then drops what comes; that somebody listens keeps its latency low. */
  async settle(): Promise<void> {
    while (this.#pieces.length < 5) await new Promise((resolve) => setTimeout(resolve, 20))
    this.#keep = false
    this.#pieces.length = 0
  }

  async stop(): Promise<void> {
    const gone = new Promise((resolve) => this.#child.once("exit", resolve))
    this.#child.kill("SIGKILL")
    await gone
  }
}
