import fc from "fast-check"
import { describe, expect, it } from "vitest"
import { createActor, fromPromise, SimulatedClock } from "xstate"
import { modelMachine } from "../../../src/machines/model/model.ts"
import type { HostGone, ModelInput, ReleaseInput } from "../../../src/machines/model/model-types.ts"

const times = { admitMs: 1000, loadMs: 2000, busyMs: 3000, unloadMs: 500, retryMs: 30_000 }

/** Something an actor waits for, that the test brings to an end. */
interface Pending {
  readonly resolve: (value?: unknown) => void
  readonly reject: (error: unknown) => void
}

type Kind = "lease" | "load" | "watch" | "release"

const failure = (reason: string) => Object.assign(new Error(`the reason is ${reason}`), { reason })

const rig = (input: Partial<ModelInput> = {}) => {
  const clock = new SimulatedClock()
  const pending = new Map<Kind, Pending>()
  const forced: boolean[] = []
  const wait = (kind: Kind, signal: AbortSignal): Promise<unknown> =>
    new Promise((resolve, reject) => {
      const mine: Pending = { resolve, reject }
      pending.set(kind, mine)
      signal.addEventListener("abort", () => {
        if (pending.get(kind) === mine) pending.delete(kind)
      })
    }).finally(() => undefined)
  const actor = createActor(
    modelMachine.provide({
      actors: {
        acquireLease: fromPromise<void>(async ({ signal }) => {
          await wait("lease", signal)
        }),
        loadModel: fromPromise<void>(async ({ signal }) => void (await wait("load", signal))),
        watchHost: fromPromise<HostGone>(async ({ signal }) => {
          await wait("watch", signal)
          return { reason: { type: "killed", signal: "SIGKILL" } }
        }),
        releaseModel: fromPromise<void, ReleaseInput>(async ({ signal, input: { force } }) => {
          forced.push(force)
          await wait("release", signal)
        }),
      },
    }),
    { clock, input: { modelId: "m", times, reload: "at-once", ...input } },
  )
  actor.subscribe({ error: (error) => expect.fail(String(error)) })
  actor.start()
  const tick = () => new Promise((resolve) => setImmediate(resolve))
  const end = async (kind: Kind, error?: unknown) => {
    const found = pending.get(kind)
    pending.delete(kind)
    if (error === undefined) found?.resolve()
    else found?.reject(error)
    await tick()
  }
  const state = () =>
    JSON.stringify(actor.getSnapshot().value)
      .replaceAll('"', "")
      .replace("{unloading:releasing}", "unloading")
  const load = async () => {
    actor.send({ type: "model.wanted" })
    await end("lease")
    await end("load")
  }
  return { actor, clock, pending, forced, end, state, load, tick }
}

describe("the life of a model", () => {
  it("goes from unloaded to ready and back", async () => {
    const model = rig()
    const seen = [model.state()]
    model.actor.subscribe(() => seen.at(-1) !== model.state() && seen.push(model.state()))
    await model.load()
    model.actor.send({ type: "inference.started" })
    model.actor.send({ type: "inference.ended" })
    model.actor.send({ type: "model.unwanted" })
    await model.end("release")
    expect(seen).toEqual([
      "unloaded",
      "admitting",
      "loading",
      "{loaded:ready}",
      "{loaded:busy}",
      "{loaded:ready}",
      "unloading",
      "unloaded",
    ])
    expect(model.forced).toEqual([false])
  })

  it("unloads after the last of its inferences, and is loaded again if it was wanted before", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "inference.started" })
    model.actor.send({ type: "inference.started" })
    model.actor.send({ type: "model.unwanted" })
    model.actor.send({ type: "inference.ended" })
    expect(model.state()).toBe("{loaded:busy}")
    model.actor.send({ type: "model.wanted" })
    model.actor.send({ type: "inference.ended" })
    expect(model.state()).toBe("unloading")
    await model.end("release")
    expect(model.state()).toBe("admitting")
  })

  it("gives its memory back when its host is killed for it, though it is wanted before that is known", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "inference.started" })
    model.actor.send({ type: "model.unwanted" })
    model.actor.send({ type: "model.wanted" })
    await model.end("watch")
    expect(model.state()).toBe("unloading")
    await model.end("release")
    expect(model.state()).toBe("admitting")
  })

  it("stays unloaded after an unloading that was asked for, whatever was wanted while it was well", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "model.wanted" })
    model.actor.send({ type: "model.unwanted" })
    await model.end("release")
    expect(model.state()).toBe("unloaded")
  })

  it("loads again when its host dies, keeping its lease", async () => {
    const model = rig()
    await model.load()
    await model.end("watch")
    expect(model.state()).toBe("loading")
    await model.end("load")
    expect(model.state()).toBe("{loaded:ready}")
    expect(model.forced).toEqual([])
  })

  it("gives its memory back when its host dies, if it is to load on demand", async () => {
    const model = rig({ reload: "on-demand" })
    await model.load()
    await model.end("watch")
    await model.end("release")
    expect(model.state()).toBe("unloaded")
  })

  it("is failed, and can be wanted again, when what held it is away", async () => {
    const model = rig({ reload: "on-demand" })
    await model.load()
    await model.end("watch", failure("unavailable"))
    await model.end("release")
    expect(model.state()).toBe("{failed:open}")
    expect(model.actor.getSnapshot().context.failure?.reason).toBe("unavailable")
  })

  it("is failed, not unloaded, when its memory is not back", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "model.unwanted" })
    await model.end("release", failure("deadline"))
    expect(model.state()).toBe("{failed:resting}")
  })

  it("tries a load again when it lost its host, three times in all", async () => {
    const model = rig()
    model.actor.send({ type: "model.wanted" })
    await model.end("lease")
    await model.end("load", failure("died"))
    await model.end("load", failure("hung"))
    expect(model.state()).toBe("loading")
    await model.end("load", failure("died"))
    await model.end("release")
    expect(model.state()).toBe("{failed:resting}")
  })

  it.each([
    ["load-failed", "{failed:resting}"],
    ["does-not-fit", "{failed:resting}"],
    ["missing", "{failed:open}"],
    ["unavailable", "{failed:open}"],
    ["something else", "{failed:resting}"],
  ])("after a load that ended with '%s' it is %s", async (reason, expected) => {
    const model = rig()
    model.actor.send({ type: "model.wanted" })
    await model.end("lease")
    await model.end("load", failure(reason))
    await model.end("release")
    expect(model.state()).toBe(expected)
    expect(model.actor.getSnapshot().context.failure?.message).toBe(`the reason is ${reason}`)
  })

  describe("how long a failed model rests", () => {
    const loadFails = async (model: ReturnType<typeof rig>) => {
      model.actor.send({ type: "model.wanted" })
      expect(model.state()).toBe("admitting")
      await model.end("lease")
      await model.end("load", failure("load-failed"))
      await model.end("release")
      expect(model.state()).toBe("{failed:resting}")
    }
    const restsFor = (model: ReturnType<typeof rig>, ms: number) => {
      model.clock.increment(ms - 1)
      model.actor.send({ type: "model.wanted" })
      expect(model.state()).toBe("{failed:resting}")
      model.clock.increment(1)
      expect(model.state()).toBe("{failed:open}")
    }
    const startsAnew = async (model: ReturnType<typeof rig>) => {
      model.actor.send({ type: "model.unwanted" })
      await model.end("release")
    }

    it("is short after the first failure, and twice as long after each further one, up to the longest", async () => {
      const model = rig()
      for (const ms of [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000]) {
        await loadFails(model)
        restsFor(model, ms)
      }
    })

    it("goes on to grow when it loads and soon fails again", async () => {
      const model = rig()
      await loadFails(model)
      restsFor(model, 1000)
      await model.load()
      model.clock.increment(times.retryMs - 1)
      await startsAnew(model)
      await loadFails(model)
      restsFor(model, 2000)
    })

    it("is short again once it was loaded for as long as it ever rests", async () => {
      const model = rig()
      await loadFails(model)
      restsFor(model, 1000)
      await loadFails(model)
      restsFor(model, 2000)
      await model.load()
      model.clock.increment(times.retryMs)
      await startsAnew(model)
      await loadFails(model)
      restsFor(model, 1000)
    })

    it("is never longer than the model's own longest rest", async () => {
      const model = rig({ times: { ...times, retryMs: 100 } })
      await loadFails(model)
      restsFor(model, 100)
    })
  })

  it("is failed at once, without a rest, when memory was refused", async () => {
    const model = rig()
    model.actor.send({ type: "model.wanted" })
    await model.end("lease", failure("refused"))
    await model.end("release")
    expect(model.state()).toBe("{failed:open}")
  })

  it("is loaded again after unloading if it was wanted meanwhile", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "model.unwanted" })
    model.actor.send({ type: "model.wanted" })
    await model.end("release")
    expect(model.state()).toBe("admitting")
  })

  it.each([
    ["admitting", times.admitMs, [], true],
    ["loading", times.loadMs, ["lease"], true],
    ["busy", times.busyMs, ["lease", "load"], true],
  ] as const)("leaves %s at its deadline, by force, and fails", async (state, ms, ends, force) => {
    const model = rig()
    model.actor.send({ type: "model.wanted" })
    for (const kind of ends) await model.end(kind)
    if (state === "busy") model.actor.send({ type: "inference.started" })
    model.clock.increment(ms - 1)
    expect(model.state()).toContain(state)
    model.clock.increment(1)
    expect(model.forced).toEqual([force])
    await model.end("release")
    expect(model.state()).toBe("{failed:resting}")
  })

  it("ends no unloading before its memory is back, however long that takes", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "model.unwanted" })
    model.clock.increment(times.unloadMs - 1)
    expect(model.state()).toBe("unloading")
    model.clock.increment(1)
    expect(model.state()).toBe("{unloading:overdue}")
    model.clock.increment(3_600_000)
    expect(model.state()).toBe("{unloading:overdue}")
    expect(model.pending.has("release")).toBe(true)
    await model.end("release")
    expect(model.state()).toBe("unloaded")
    model.actor.send({ type: "model.wanted" })
    expect(model.state()).toBe("admitting")
  })

  it("forgets who wanted it while it could not be unloaded: they have been refused", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "model.unwanted" })
    model.actor.send({ type: "model.wanted" })
    model.clock.increment(times.unloadMs)
    model.actor.send({ type: "model.wanted" })
    await model.end("release")
    expect(model.state()).toBe("unloaded")
  })

  it("goes on failing for what it failed with, once its memory is back after all", async () => {
    const model = rig()
    model.actor.send({ type: "model.wanted" })
    await model.end("lease")
    await model.end("load", failure("load-failed"))
    model.clock.increment(times.unloadMs)
    expect(model.state()).toBe("{unloading:overdue}")
    await model.end("release")
    expect(model.state()).toBe("{failed:resting}")
  })

  it("measures the deadline of busy from the last inference that began or ended", async () => {
    const model = rig()
    await model.load()
    model.actor.send({ type: "inference.started" })
    for (let count = 0; count < 10; count++) {
      model.clock.increment(times.busyMs - 1)
      model.actor.send({ type: "inference.started" })
      model.actor.send({ type: "inference.ended" })
    }
    expect(model.state()).toBe("{loaded:busy}")
    model.clock.increment(times.busyMs)
    expect(model.state()).toBe("unloading")
  })

  it("whatever happens, it comes to rest and can be wanted again", async () => {
    const step = fc.oneof(
      fc.constantFrom("model.wanted", "model.unwanted", "begin", "finish"),
      fc.constantFrom("lease", "load", "watch", "release"),
      fc.constantFrom("fail lease", "fail load", "fail release"),
      fc.constantFrom("wait 100", "wait 2500"),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), fc.boolean(), async (steps, atOnce) => {
        const model = rig({ reload: atOnce ? "at-once" : "on-demand" })
        let open = 0
        for (const name of steps) {
          const [verb, object] = name.split(" ")
          if (name === "model.wanted" || name === "model.unwanted") model.actor.send({ type: name })
          else if (name === "begin" && model.state().startsWith("{loaded")) {
            open++
            model.actor.send({ type: "inference.started" })
          } else if (name === "finish" && open > 0) {
            open--
            model.actor.send({ type: "inference.ended" })
          } else if (verb === "wait") model.clock.increment(Number(object))
          else if (name === "fail lease") await model.end("lease", failure("refused"))
          else if (name === "fail load") await model.end("load", failure("load-failed"))
          else if (name === "fail release") await model.end("release", failure("failed"))
          else if (name === "lease" || name === "load" || name === "watch" || name === "release")
            await model.end(name)
        }
        for (; open > 0; open--) model.actor.send({ type: "inference.ended" })
        for (let round = 0; round < 12; round++) {
          model.actor.send({ type: "model.unwanted" })
          await model.end("release")
          model.clock.increment(round < 6 ? 5000 : times.retryMs)
          await model.tick()
        }
        expect(["unloaded", "{failed:open}"]).toContain(model.state())
        expect(model.actor.getSnapshot().context.inFlight).toBe(0)
        await model.load()
        expect(model.state()).toBe("{loaded:ready}")
      }),
      { numRuns: 150 },
    )
  })

  it("is plain data, so that it can be drawn", () => {
    const { states } = modelMachine.config
    expect(Object.keys(JSON.parse(JSON.stringify(states)))).toEqual([
      "unloaded",
      "admitting",
      "loading",
      "loaded",
      "unloading",
      "released",
      "failed",
    ])
  })
})
