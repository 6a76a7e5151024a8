import * as Effect from "effect/Effect"
import type { HostId } from "../../src/actors/models/model-branch.ts"
import type { ModelSystem } from "../../src/actors/models/model-system.ts"
import { monotonicClock } from "../../src/audio/monotonic-clock.ts"
import type { Config } from "../../src/config/definition.ts"
import { withModels } from "../models.ts"
import { storm } from "../recovery/storm.ts"
import { type Findings, measured } from "../result.ts"
import { percentile } from "../statistics.ts"
import { amount, type Target, type TargetOptions, tooFew } from "../target.ts"

const HOSTS = ["listener", "stt", "tts", "llm"] as const satisfies readonly HostId[]
const LOOK_MS = 2
/** Between the load and the signal, once a spare process waits. */
const SETTLE_MS = 500
const READY_WITHIN_MS = 60_000

/** How long a model is away when its process is killed or stopped, and what one that always dies does to the rest. */
export const recovery: Target = async (options) => {
  const config: Config = { ...options.config, llm: { ...options.config.llm, provider: "embedded" } }
  const count = amount(options, 3, 25)
  const rounds: Round[] = []
  // Hosts and signals take turns, so that a machine that is busy for a while is so for all of them.
  for (let i = -1; i < count; i++)
    for (const host of HOSTS) {
      options.progress.step("rounds", Math.max(0, i), count)
      const killed = await round(options, config, host, "SIGKILL")
      // The first ones find the files not yet in memory.
      if (i < 0) continue
      rounds.push(killed)
      if (i % 4 === 0) rounds.push(await round(options, config, host, "SIGSTOP"))
    }
  const parts = [kills(rounds), stops(rounds), await storm(options, config)]
  return {
    measurements: parts.flatMap(({ measurements }) => measurements),
    bars: parts.flatMap(({ bars }) => bars),
    notes: parts.flatMap(({ notes }) => notes),
  }
}

/** One host in a tree of its own in which nothing else runs. In ms. */
interface Round {
  readonly host: HostId
  readonly signal: "SIGKILL" | "SIGSTOP"
  /** From the wish to the model ready. */
  readonly coldMs: number
  /** From the signal until the process is given up, its successor is up, the model is ready again. */
  readonly noticedMs: number
  readonly replacedMs: number
  readonly readyMs: number
}

const round = (
  options: TargetOptions,
  config: Config,
  host: HostId,
  signal: Round["signal"],
): Promise<Round> =>
  withModels(config, options.signal, async (models) => {
    const preload = () => Effect.runPromise(host === "llm" ? models.llm.preload : models.preload[host])
    const wishedAtMs = monotonicClock.now()
    await preload()
    const coldMs = monotonicClock.now() - wishedAtMs
    await until("a spare process waits", () => models.spare()?.state === "waiting")
    await new Promise((resolve) => setTimeout(resolve, SETTLE_MS))
    const pid = models.pid(host)
    if (pid === undefined) throw new Error(`there is no host ${host} to strike`)
    const struckAtMs = monotonicClock.now()
    process.kill(pid, signal)
    const isLost = () => phaseOf(models, host) !== "running" || models.pid(host) !== pid
    await until(`${host} is missed`, isLost)
    const noticedMs = monotonicClock.now() - struckAtMs
    // The language model is loaded again by the next who wants it: here at once.
    const ready = preload()
    await until(`${host} is replaced`, () => phaseOf(models, host) === "running" && models.pid(host) !== pid)
    const replacedMs = monotonicClock.now() - struckAtMs
    await ready
    return { host, signal, coldMs, noticedMs, replacedMs, readyMs: monotonicClock.now() - struckAtMs }
  })

const phaseOf = (models: ModelSystem, host: HostId) => models.hosts().find(({ id }) => id === host)?.phase

const kills = (rounds: readonly Round[]): Findings => {
  const each = HOSTS.map((host) => {
    const of = rounds.filter((one) => one.host === host)
    const killed = of.filter(({ signal }) => signal === "SIGKILL")
    const cold = of.map(({ coldMs }) => coldMs)
    const alone = percentile(cold, 0.5)
    return {
      host,
      cold,
      killed,
      beyond: killed.map(({ readyMs, coldMs }) => readyMs - coldMs),
      beyondMedian: killed.map(({ readyMs }) => readyMs - alone),
    }
  })
  const column = (what: string, of: (one: Round) => number) =>
    each.map(({ host, killed }) => measured(`${host}: kill -9, ${what}`, "ms", killed.map(of)))
  return {
    measurements: [
      ...each.map(({ host, cold }) => measured(`${host}: cold start`, "ms", cold)),
      ...column("noticed", ({ noticedMs }) => noticedMs),
      ...column("another process is up", ({ replacedMs }) => replacedMs),
      ...column("model ready again", ({ readyMs }) => readyMs),
      ...each.map(({ host, beyond }) => measured(`${host}: beyond the cold start before it`, "ms", beyond)),
      ...each.map(({ host, beyondMedian }) =>
        measured(`${host}: beyond the median cold start`, "ms", beyondMedian),
      ),
    ],
    bars: each.map(({ host, beyond }) => ({
      what: `${host}: kill -9, model ready, beyond the cold start before it, p95`,
      found: percentile(beyond, 0.95),
      limit: 150,
      sense: "at most",
      unit: "ms",
      indicative: tooFew(beyond.length, 20),
    })),
    notes: [
      "each host by itself, in a tree of its own: from the wish to the model ready, then from the signal to the model ready again. Compared within a round, since the machine is slower at some times than at others; beyond the median of all cold starts its swings count as well",
      "a spare process waits when the signal comes, as it does from 3 s and its own start after the last start of a host on; a host that dies before has to start one, 0.1 to 0.2 s more",
    ],
  }
}

const stops = (rounds: readonly Round[]): Findings => {
  const stopped = rounds.filter(({ signal }) => signal === "SIGSTOP")
  const replaced = stopped.map(({ replacedMs }) => replacedMs)
  const ready = HOSTS.map((host) =>
    measured(
      `${host}: SIGSTOP, model ready again`,
      "ms",
      stopped.flatMap((one) => (one.host === host ? [one.readyMs] : [])),
    ),
  )
  return {
    measurements: [
      measured(
        "SIGSTOP, noticed",
        "ms",
        stopped.map(({ noticedMs }) => noticedMs),
      ),
      measured("SIGSTOP, another process is up", "ms", replaced),
      ...ready,
    ],
    bars: [
      {
        what: "SIGSTOP, noticed and replaced, slowest",
        found: Math.max(...replaced),
        limit: 3000,
        sense: "at most",
        unit: "ms",
        indicative: tooFew(stopped.length, 20),
      },
    ],
    notes: [],
  }
}

const until = async (what: string, holds: () => boolean): Promise<void> => {
  const fromMs = monotonicClock.now()
  while (!holds()) {
    if (monotonicClock.now() - fromMs > READY_WITHIN_MS)
      throw new Error(`${what}: not within ${READY_WITHIN_MS} ms`)
    await new Promise((resolve) => setTimeout(resolve, LOOK_MS))
  }
}
