import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { afterEach, beforeEach, expect, test } from "vitest"
import type { Containers } from "../../src/ports/containers.ts"
import { type ContainerRig, containerRig } from "../support/container-rig.ts"
import { RealDocker } from "../support/real-docker.ts"
import { describeWith } from "../support/require-component.ts"

const EVERYTHING = ["status", "logs", "stats", "start", "restart", "stop"]

describeWith("docker", "A real engine on which things happen between two looks", () => {
  let docker: RealDocker
  let rig: ContainerRig
  /** Runs once, after the container was looked at and before it is changed. */
  let meanwhile: () => Promise<unknown>

  beforeEach(async () => {
    docker = await RealDocker.start()
    meanwhile = () => Promise.resolve()
    const disturbed = (engine: Containers): Containers => ({
      ...engine,
      restart: (name, graceSeconds) =>
        Effect.andThen(
          Effect.promise(() => meanwhile()),
          engine.restart(name, graceSeconds),
        ),
    })
    rig = containerRig({
      socketPath: docker.socketPath,
      containers: [
        { name: "n8n", allow: EVERYTHING, stopGraceS: 20 },
        { name: "other", allow: EVERYTHING },
      ],
      answerMs: 20_000,
      times: { healthMs: 20_000, settleMs: 500, pollMs: 100 },
      around: disturbed,
    })
  })
  afterEach(() => docker.stop())

  test("A container that is recreated between the question and the deed is left alone.", async () => {
    const id = await docker.run("n8n")
    await docker.cli("rm", "--force", "n8n")
    await docker.run("n8n")
    const startedAt = await docker.inspect("n8n", "State.StartedAt")
    expect(await rig.perform("restart_container", "n8n", { id })).toMatchObject({
      outcome: "identity-changed",
      speech: "N eight n was replaced by another container meanwhile; I did nothing.",
    })
    expect(await docker.inspect("n8n", "State.StartedAt")).toBe(startedAt)
  })

  test("One that is recreated between the last look and the deed is never said to be done.", async () => {
    await docker.run("n8n")
    meanwhile = async () => {
      await docker.cli("rm", "--force", "n8n")
      await docker.run("n8n")
    }
    expect(await rig.call("restart_container", "n8n")).toMatchObject({ outcome: "identity-changed" })
  })

  test("Names that are swapped between the last look and the deed are noticed.", async () => {
    await docker.run("n8n")
    await docker.run("other")
    meanwhile = async () => {
      await docker.cli("rename", "n8n", "third")
      await docker.cli("rename", "other", "n8n")
    }
    expect(await rig.call("restart_container", "n8n")).toMatchObject({ outcome: "identity-changed" })
  })

  test("A container that is removed or renamed before the deed is gone, and nothing was done.", async () => {
    await docker.run("n8n")
    meanwhile = () => docker.cli("rename", "n8n", "third")
    expect(await rig.call("restart_container", "n8n")).toMatchObject({
      outcome: "failed",
      speech: "I can't find n eight n on the server; nothing was done.",
    })
    meanwhile = () => docker.cli("rm", "--force", "n8n")
    await docker.cli("rename", "third", "n8n")
    expect(await rig.call("restart_container", "n8n")).toMatchObject({ outcome: "failed" })
  })

  test("An engine that dies in the middle leaves an unknown end, and what became of it is found out later.", async () => {
    const id = await docker.run("n8n", { script: "trap '' TERM; while :; do sleep 1; done" })
    const sinceMs = Date.now()
    let crash: Promise<void> = Promise.resolve()
    meanwhile = async () => {
      // While the engine waits for a container that does not end.
      setTimeout(() => {
        crash = docker.crash()
      }, 1_500)
    }
    expect(await rig.call("restart_container", "n8n")).toMatchObject({ outcome: "unknown" })
    expect(await rig.reconcile("restart_container", "n8n", { id }, sinceMs)).toMatchObject({
      outcome: "unknown",
    })
    expect(await rig.call("container_status", "n8n")).toMatchObject({
      outcome: "failed",
      speech: "I can't reach the container server.",
    })
    await crash
    await docker.restart()
    // It was killed with its engine, and nobody has started it again.
    expect(await rig.reconcile("restart_container", "n8n", { id }, sinceMs)).toMatchObject({
      outcome: "unknown",
    })
    await docker.cli("start", "n8n")
    const found = await rig.reconcile("restart_container", "n8n", { id }, sinceMs)
    expect(found).toMatchObject({ outcome: "done", observed: { id, state: "running" } })
  })

  test("An interrupted restart ends at once for us, whatever the engine goes on doing.", async () => {
    const id = await docker.run("n8n", { script: "trap '' TERM; while :; do sleep 1; done" })
    const operation = rig.operation("restart_container", "n8n")
    const fiber = Effect.runFork(rig.tool("restart_container").perform(operation, { id }))
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    const startedAt = performance.now()
    await Effect.runPromise(Fiber.interrupt(fiber))
    expect(performance.now() - startedAt).toBeLessThan(1_000)
    expect(await rig.call("container_status", "n8n")).toMatchObject({ outcome: "done" })
  })
})
