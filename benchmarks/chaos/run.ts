import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import type { HostId } from "../../src/actors/models/model-branch.ts"
import type { Config } from "../../src/config/definition.ts"
import { DEFAULT_RESTART_POLICY } from "../../src/machines/supervision/restart-policy.ts"
import { isRunning } from "../../tests/support/processes.ts"
import type { Recording } from "../corpus/record.ts"
import { type DemoLineName, demoLine } from "../demo-lines.ts"
import { type Rig, withRig } from "../rig.ts"
import { type Expected, judge, type Verdict } from "./judge.ts"
import { CHAOS_HOST, FAULTS, type Fault, Mischief } from "./mischief.ts"
import { Watch } from "./watch.ts"

export interface ChaosOptions {
  readonly config: Config
  readonly pace: "realtime" | "clock"
  /** How many to do at least. */
  readonly faults: number
  readonly random: () => number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

export interface Struck {
  readonly fault: Fault
  readonly host: HostId
  /** What the dialogue was at. */
  readonly state: string
}

export interface ChaosTurn {
  readonly line: string
  readonly struck: readonly Struck[]
  readonly verdict: Verdict
  /** From the first sample of the line until Jett listened again. */
  readonly tookMs: number
  /** For whoever has to find out what was wrong. */
  readonly turns: readonly string[]
}

export interface ChaosFindings {
  readonly turns: readonly ChaosTurn[]
  /** Turns after which Jett did not listen again in time; the first one ends the run. */
  readonly stuck: readonly string[]
  /** States that went on for longer than their own deadline. */
  readonly overdue: readonly string[]
  /** Supervisors that gave up, a child or themselves. */
  readonly gaveUp: readonly string[]
  /** Lines that were not answered rightly once nobody struck any more. */
  readonly notRecovered: readonly string[]
  /** Every process that was a host. */
  readonly pids: ReadonlySet<number>
}

const LINES: Readonly<Partial<Record<DemoLineName, Expected>>> = {
  time: { transcript: /what time is it/i, route: "phrase", reply: /^It's \S/ },
  capabilities: { transcript: /what can you do/i, route: "phrase", reply: /^I tell / },
  question: { transcript: /capital of france/i, route: "llm", reply: /\w/ },
}

const HOSTS = ["listener", "stt", "tts", "llm"] as const satisfies readonly HostId[]

/** How often each comes in a bag: what takes seconds, or rests for 30 s afterwards, comes less often. */
const BAG: Readonly<Record<Fault, number>> = {
  kill: 3,
  "exit-0": 3,
  garbage: 3,
  "huge-message": 3,
  stop: 2,
  "slow-start": 2,
  "out-of-memory": 1,
}

/** Escalation, breakers and back-off have tests of their own. */
const policy = { ...DEFAULT_RESTART_POLICY, intensity: 1000, backoffMs: 1, maxBackoffMs: 20 }

/** Much longer than a turn takes with a host that hangs, and shorter than for ever. In real time. */
const STUCK_MS = 90_000
/** For a model that rests after a load that failed. */
const RECOVERY_MS = 90_000
const MOST_FAULTS_A_TURN = 3
/** So many turns are one conversation: a longer one takes the language model longer. */
const CONVERSATION_TURNS = 10

/** Speaks to a whole assistant with real hosts and strikes them at random moments of its turns. */
export const chaosRun = async (options: ChaosOptions): Promise<ChaosFindings> => {
  const { config, pace, signal } = options
  const mischief = new Mischief(options.random)
  const watch = new Watch()
  try {
    return await withRig(
      {
        config: { ...config, llm: { ...config.llm, provider: "embedded" } },
        pace,
        hosts: { policy, entry: CHAOS_HOST },
        onState: (state) => watch.entered(state),
        onModel: ({ model, state }) => watch.model(model, state),
        onReport: ({ context, supervisor, child }) => {
          if (context === "breaker-open" || context === "escalated")
            watch.gaveUp.push(`${supervisor}: ${child} ${context}`)
        },
      },
      signal,
      (rig) => new Chaos(options, rig, mischief, watch).run(),
    )
  } finally {
    mischief.close()
  }
}

class Chaos {
  readonly #options: ChaosOptions
  readonly #rig: Rig
  readonly #mischief: Mischief
  readonly #watch: Watch
  readonly #system: AssistantSystem
  readonly #turns: ChaosTurn[] = []
  readonly #pids = new Set<number>()
  readonly #stuck: string[] = []
  #bag: Fault[] = []
  #struckEar: number | undefined

  constructor(options: ChaosOptions, rig: Rig, mischief: Mischief, watch: Watch) {
    this.#options = options
    this.#rig = rig
    this.#mischief = mischief
    this.#watch = watch
    this.#system = rig.system
  }

  async run(): Promise<ChaosFindings> {
    const { faults, onProgress, signal } = this.#options
    const lines = await this.#learn()
    let done = 0
    for (let i = 0; done < faults && this.#stuck.length === 0; i++) {
      signal.throwIfAborted()
      if (i % CONVERSATION_TURNS === CONVERSATION_TURNS - 1) await this.#newConversation(i)
      const line = lines[Math.floor(this.#options.random() * lines.length)]
      if (line !== undefined) done += await this.#turn(line)
      onProgress(done)
    }
    const notRecovered = this.#stuck.length > 0 ? [] : await this.#recover(lines)
    return {
      turns: this.#turns,
      stuck: this.#stuck,
      overdue: this.#watch.overdue,
      gaveUp: this.#watch.gaveUp,
      notRecovered,
      pids: this.#pids,
    }
  }

  /** What each line amounts to, and how long it takes, while nobody strikes. */
  async #learn(): Promise<readonly Line[]> {
    const lines: Line[] = []
    for (const [name, expected] of Object.entries(LINES)) {
      const recording = await demoLine(isLineName(name) ? name : "time")
      // The first one finds caches cold, and a language model that was not warm.
      await this.#speak(recording)
      const spoken = await this.#speak(recording)
      const line: Line = {
        ...expected,
        name,
        recording,
        tookMs: spoken.tookMs,
      }
      if (judge(line, spoken.turns, false) !== "right")
        throw new Error(
          `"${name}" is not answered rightly before anything was struck: ${spoken.said.join("; ")}`,
        )
      lines.push(line)
    }
    return lines
  }

  async #turn(line: Line): Promise<number> {
    await this.#earBack()
    this.#watch.earWasAway = false
    const count = 1 + Math.floor(this.#options.random() * MOST_FAULTS_A_TURN)
    const struck: Struck[] = []
    const timers = Array.from({ length: count }, () =>
      setTimeout(() => {
        const one = this.#strike()
        if (one !== undefined) struck.push(one)
      }, this.#options.random() * line.tookMs),
    )
    const spoken = await this.#speak(line.recording)
    for (const timer of timers) clearTimeout(timer)
    const earStruck = this.#watch.earWasAway || struck.some(({ host }) => host === "listener")
    const verdict = judge(line, spoken.turns, earStruck)
    this.#turns.push({ line: line.name, struck, verdict, tookMs: spoken.tookMs, turns: spoken.said })
    return struck.length
  }

  /** The next fault of the bag, on one of the hosts that run. */
  #strike(): Struck | undefined {
    const { models, conversation } = this.#system
    this.#notePids()
    const running = HOSTS.flatMap((host) => {
      const pid = models.pid(host)
      return pid === undefined ? [] : [{ host, pid }]
    })
    const target = running[Math.floor(this.#options.random() * running.length)]
    const fault = this.#nextFault()
    if (target === undefined || !this.#mischief.strike(fault, target.pid)) return undefined
    if (target.host === "listener") this.#struckEar = target.pid
    return { fault, host: target.host, state: conversation.state().value }
  }

  #nextFault(): Fault {
    if (this.#bag.length === 0) this.#bag = FAULTS.flatMap((fault) => Array<Fault>(BAG[fault]).fill(fault))
    const [fault = "kill"] = this.#bag.splice(Math.floor(this.#options.random() * this.#bag.length), 1)
    return fault
  }

  async #speak(recording: Recording) {
    const fromMs = performance.now()
    const done = this.#rig.speak(recording)
    const spoken = await Promise.race([done, after(STUCK_MS)])
    this.#notePids()
    const tookMs = performance.now() - fromMs
    const state = this.#system.conversation.state().value
    const turns = spoken?.turns ?? this.#rig.turns()
    if (spoken === undefined) this.#stuck.push(`in "${state}" ${Math.round(tookMs)} ms after a line began`)
    const said = turns.map(
      ({ outcome, transcript, route, reply }) => `${outcome} (${route}) "${transcript}" → "${reply}"`,
    )
    return { turns, tookMs, said }
  }

  /** What the ear does not hear proves nothing, so a line waits for it. */
  async #earBack(): Promise<void> {
    const fromMs = performance.now()
    const isBack = () =>
      this.#watch.earReady && (this.#struckEar === undefined || !isRunning(this.#struckEar))
    while (!isBack() && performance.now() - fromMs < RECOVERY_MS) await after(20)
    // The wake word is not looked for in the first second after a cold start.
    if (this.#struckEar !== undefined) await Promise.race([this.#rig.wait(1500), after(STUCK_MS)])
    this.#struckEar = undefined
  }

  /** Over before the next line begins: a turn that is interrupted proves nothing. */
  async #newConversation(turn: number): Promise<void> {
    const turnId = `chaos-${turn}`
    const isOver = () => this.#rig.turns().some(({ id }) => id === turnId)
    const request = { mode: "ask", text: "new conversation", onText: () => undefined } as const
    if (!this.#system.conversation.type(turnId, request)) return
    const fromMs = performance.now()
    while (!isOver() && performance.now() - fromMs < STUCK_MS) await after(20)
    if (!isOver()) this.#stuck.push(`in "${this.#system.conversation.state().value}" after a typed turn`)
  }

  /** After the last fault everything has to be as before. */
  async #recover(lines: readonly Line[]): Promise<readonly string[]> {
    const failed: string[] = []
    for (const line of lines) {
      const untilMs = performance.now() + RECOVERY_MS
      let last = ""
      for (let right = false; !right; ) {
        await this.#earBack()
        const { turns, said } = await this.#speak(line.recording)
        right = judge(line, turns, false) === "right"
        last = said.join("; ")
        if (right || performance.now() > untilMs || this.#stuck.length > 0) {
          if (!right) failed.push(`${line.name}: ${last}`)
          break
        }
      }
    }
    return failed
  }

  #notePids(): void {
    for (const host of HOSTS) {
      const pid = this.#system.models.pid(host)
      if (pid !== undefined) this.#pids.add(pid)
    }
  }
}

interface Line extends Expected {
  readonly name: string
  readonly recording: Recording
  /** In real time, undisturbed. */
  readonly tookMs: number
}

const isLineName = (name: string): name is DemoLineName => Object.hasOwn(LINES, name)

const after = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms, undefined))
