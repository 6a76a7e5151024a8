import type { AssistantSystem } from "../../src/actors/assistant-system.ts"
import { demoLines } from "../../src/cli/demo/scenes.ts"
import type { Config } from "../../src/config/definition.ts"
import { DEFAULT_RESTART_POLICY } from "../../src/machines/supervision/restart-policy.ts"
import { isRunning } from "../../tests/support/processes.ts"
import type { Recording } from "../corpus/record.ts"
import { type DemoLineName, demoLine } from "../demo-lines.ts"
import { type Rig, withRig } from "../rig.ts"
import { HostStriker, STRUCK_HOSTS } from "./host-striker.ts"
import { type Expected, judge, type Verdict } from "./judge.ts"
import { HOST_LINES, type Lines, OLLAMA_LINES } from "./lines.ts"
import { CHAOS_HOST } from "./mischief.ts"
import type { OllamaStriker } from "./ollama-striker.ts"
import type { Blow, Striker } from "./striker.ts"
import { Watch } from "./watch.ts"

export interface ChaosOptions {
  readonly config: Config
  readonly pace: "realtime" | "clock"
  /** Answers, and is struck in place of the hosts. Default: the hosts are struck, and the embedded model answers. */
  readonly ollama?: OllamaStriker | undefined
  /** Default: those for what is struck. */
  readonly lines?: Lines | undefined
  /** How many to do at least. */
  readonly faults: number
  readonly random: () => number
  readonly signal: AbortSignal
  readonly onProgress: (done: number) => void
}

export interface Struck extends Blow {
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

/** Escalation, breakers and back-off have tests of their own. */
const policy = { ...DEFAULT_RESTART_POLICY, intensity: 1000, backoffMs: 1, maxBackoffMs: 20 }

/** Much longer than a turn takes with a host that hangs, and shorter than for ever. In real time. */
const STUCK_MS = 90_000
/** For a model that rests after a load that failed. */
const RECOVERY_MS = 90_000
const LEARN_ATTEMPTS = 3
const MOST_FAULTS_A_TURN = 3
/** So many turns are one conversation: a longer one takes the language model longer. */
const CONVERSATION_TURNS = 6
/** Of the blows, those that wait until what is struck writes an answer: that is a small part of a turn. */
const IN_WRITING_SHARE = 0.5
/** So long it writes, at most, until such a blow. */
const WRITING_MS = 1000
const LOOK_MS = 20

/** Speaks to a whole assistant with real hosts and strikes them, or its Ollama, at random moments of its turns. */
export const chaosRun = async (options: ChaosOptions): Promise<ChaosFindings> => {
  const { config, ollama, pace, signal } = options
  const striker = ollama ?? new HostStriker(options.random)
  const watch = new Watch()
  try {
    return await withRig(
      {
        config: ollama?.configure(config) ?? { ...config, llm: { ...config.llm, provider: "embedded" } },
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
      (rig) => new Chaos(options, rig, striker, watch).run(),
    )
  } finally {
    if (ollama === undefined) await striker.close()
  }
}

class Chaos {
  readonly #options: ChaosOptions
  readonly #rig: Rig
  readonly #striker: Striker
  readonly #watch: Watch
  readonly #system: AssistantSystem
  readonly #turns: ChaosTurn[] = []
  readonly #pids = new Set<number>()
  readonly #stuck: string[] = []
  #struckEar: number | undefined

  constructor(options: ChaosOptions, rig: Rig, striker: Striker, watch: Watch) {
    this.#options = options
    this.#rig = rig
    this.#striker = striker
    this.#watch = watch
    this.#system = rig.system
  }

  async run(): Promise<ChaosFindings> {
    const { faults, onProgress, signal } = this.#options
    const lines = await this.#learn()
    let done = 0
    for (let i = 0; done < faults && this.#stuck.length === 0; i++) {
      signal.throwIfAborted()
      if (i % CONVERSATION_TURNS === 0) await this.#newConversation(i)
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
    const { ollama, lines: told = ollama === undefined ? HOST_LINES : OLLAMA_LINES } = this.#options
    for (const [name, expected] of Object.entries(told)) {
      const recording = await demoLine(isLineName(name) ? name : "time")
      // The first one finds caches cold, and a language model that was not warm. Ollama's takes longer than that.
      if (ollama === undefined) await this.#speak(recording)
      const line = await this.#learnLine({ ...expected, name, recording, tookMs: 0 })
      lines.push(line)
    }
    return lines
  }

  /** A machine that is busy for a moment may let a deadline pass although nobody strikes. */
  async #learnLine(line: Line): Promise<Line> {
    let said: readonly string[] = []
    for (let attempt = 0; attempt < LEARN_ATTEMPTS && this.#stuck.length === 0; attempt++) {
      const spoken = await this.#speak(line.recording)
      if (judge(line, spoken.turns, false) === "right") return { ...line, tookMs: spoken.tookMs }
      said = spoken.said
    }
    throw new Error(`"${line.name}" is not answered rightly before anything was struck: ${said.join("; ")}`)
  }

  async #turn(line: Line): Promise<number> {
    await this.#earBack()
    this.#watch.earWasAway = false
    const count = 1 + Math.floor(this.#options.random() * MOST_FAULTS_A_TURN)
    const struck: Struck[] = []
    const blows = Array.from({ length: count }, () =>
      this.#atRandom(line, () => {
        const one = this.#strike()
        if (one !== undefined) struck.push(one)
      }),
    )
    const spoken = await this.#speak(line.recording)
    for (const cancel of blows) cancel()
    const earStruck = this.#watch.earWasAway || struck.some(({ host }) => host === "listener")
    const verdict = judge(line, spoken.turns, earStruck)
    this.#turns.push({ line: line.name, struck, verdict, tookMs: spoken.tookMs, turns: spoken.said })
    return struck.length
  }

  /** Once in the turn that begins now; gives what takes that back. */
  #atRandom(line: Line, deed: () => void): () => void {
    const { ollama, random } = this.#options
    let timer: NodeJS.Timeout | undefined
    if (ollama === undefined || line.route !== "llm" || random() >= IN_WRITING_SHARE) {
      timer = setTimeout(deed, random() * line.tookMs)
      return () => clearTimeout(timer)
    }
    const look = setInterval(() => {
      if (!this.#striker.isWriting(this.#system)) return
      clearInterval(look)
      timer = setTimeout(deed, random() * WRITING_MS)
    }, LOOK_MS)
    return () => {
      clearInterval(look)
      clearTimeout(timer)
    }
  }

  #strike(): Struck | undefined {
    this.#notePids()
    const state = this.#system.conversation.state().value
    const isWriting = this.#striker.isWriting(this.#system)
    const blow = this.#striker.strike(this.#system)
    if (blow === undefined) return undefined
    if (blow.host === "listener") this.#struckEar = blow.pid
    return { ...blow, state: isWriting ? `${state} and the model writes` : state }
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
    await this.#striker.settled()
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
    for (const host of STRUCK_HOSTS) {
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

const isLineName = (name: string): name is DemoLineName => Object.hasOwn(demoLines, name)

const after = (ms: number): Promise<undefined> => new Promise((resolve) => setTimeout(resolve, ms, undefined))
