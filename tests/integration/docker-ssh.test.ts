import { delimiter } from "node:path"
import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, test, vi } from "vitest"
import type { Containers } from "../../src/ports/containers.ts"
import { parseEngineHost } from "../../src/security/engine-host.ts"
import { makeDockerEngine } from "../../src/tools/containers/docker-engine.ts"
import { childPids, eventually } from "../support/processes.ts"
import { RealDocker } from "../support/real-docker.ts"
import { type RealSshd, startSshd } from "../support/real-sshd.ts"
import { describeWith } from "../support/require-component.ts"

describeWith(["docker", "sshd"], "A real engine over real SSH", () => {
  let docker: RealDocker
  let sshd: RealSshd
  let engine: Containers

  beforeAll(async () => {
    docker = await RealDocker.start()
    sshd = await startSshd()
    vi.stubEnv("PATH", `${sshd.bin}${delimiter}${process.env["PATH"] ?? ""}`)
    const parsed = parseEngineHost(`ssh://${sshd.user}@127.0.0.1:${sshd.port}${docker.socketPath}`)
    if (!parsed.ok) throw new Error(parsed.problem)
    engine = makeDockerEngine({ host: parsed.host, onSecret: () => {} })
  })
  afterAll(async () => {
    vi.unstubAllEnvs()
    await sshd?.stop()
    await docker?.stop()
  })

  test("A container is looked at, restarted and read, and no ssh is left.", async () => {
    const id = await docker.run("n8n", {
      script: "echo hello; trap 'exit 0' TERM; while :; do sleep 1 & wait $!; done",
    })
    const before = await Effect.runPromise(engine.inspect("n8n"))
    expect(before).toMatchObject({ id, state: "running" })
    const ours = childPids()
    expect(await Effect.runPromise(engine.restart("n8n", 5))).toBe("done")
    const after = await Effect.runPromise(engine.inspect("n8n"))
    expect(after.startedAtMs).toBeGreaterThan(before.startedAtMs ?? Number.POSITIVE_INFINITY)
    const log = () => Effect.runPromise(engine.logs("n8n", { tail: 10, maxBytes: 1_000 }))
    // A container has started before it has said anything.
    await expect
      .poll(async () => Buffer.from(await log()).toString(), { timeout: 20_000 })
      .toBe("hello\nhello\n")
    await eventually("every ssh is gone", () => childPids().every((pid) => ours.includes(pid)))
  })

  test("A host whose key is not known is not spoken to.", async () => {
    await sshd.forgetHost()
    expect(await Effect.runPromise(Effect.flip(engine.inspect("n8n")))).toMatchObject({
      reason: "unreachable",
    })
  })
})
