import * as Effect from "effect/Effect"
import { afterAll, beforeAll, expect, test } from "vitest"
import { type ContainerRig, containerRig } from "../support/container-rig.ts"
import { RealDocker } from "../support/real-docker.ts"
import { describeWith } from "../support/require-component.ts"

const EVERYTHING = ["status", "logs", "stats", "start", "restart", "stop"]
const SECRET = "Tr0ub4dor-and-3-horses"

describeWith("docker", "The container tools on a real engine", () => {
  let docker: RealDocker
  let rig: ContainerRig

  beforeAll(async () => {
    docker = await RealDocker.start()
    const names = [
      "n8n",
      "slow",
      "web",
      "sick",
      "crashing",
      "teller",
      "terminal",
      "paused",
      "gone",
      "compose",
    ]
    rig = containerRig({
      socketPath: docker.socketPath,
      containers: [
        ...names.map((name) => ({
          name,
          allow: EVERYTHING,
          ...(name === "compose" ? { project: "home", service: "web" } : {}),
        })),
        { name: "stubborn", allow: EVERYTHING, stopGraceS: 1 },
      ],
      answerMs: 20_000,
      times: { healthMs: 20_000, settleMs: 2_000, pollMs: 100 },
    })
  })
  afterAll(() => docker.stop())

  test("A stopped container is started, a running one is left alone, and it is stopped and found stopped.", async () => {
    const id = await docker.create("n8n")
    expect(await rig.call("start_container", "n8n")).toMatchObject({
      outcome: "done",
      speech: "N eight n was started and is running.",
      observed: { container: "n8n", id, state: "running" },
    })
    expect(await docker.inspect("n8n", "State.Running")).toBe("true")
    expect(await rig.call("start_container", "n8n")).toMatchObject({
      outcome: "unchanged",
      speech: "N eight n is already running.",
    })
    expect(await rig.call("stop_container", "n8n")).toMatchObject({
      outcome: "done",
      speech: "N eight n is stopped.",
    })
    expect(await docker.inspect("n8n", "State.Running")).toBe("false")
    expect(await rig.call("stop_container", "n8n")).toMatchObject({ outcome: "unchanged" })
    expect(await rig.call("container_status", "n8n")).toMatchObject({ speech: "N eight n is stopped." })
  })

  test("A restart gives the container a later start, and the same id.", async () => {
    const id = await docker.run("slow")
    const before = await docker.inspect("slow", "State.StartedAt")
    const done = await rig.call("restart_container", "slow")
    expect(done).toMatchObject({
      outcome: "done",
      speech: "Slow was restarted and is running.",
      observed: { id },
    })
    expect((await docker.inspect("slow", "State.StartedAt")) > before).toBe(true)
  })

  test("A container that does not end by itself is killed after the row's own grace.", async () => {
    await docker.run("stubborn", { script: "trap '' TERM; while :; do sleep 1; done" })
    const startedAt = performance.now()
    expect(await rig.call("stop_container", "stubborn")).toMatchObject({ outcome: "done" })
    expect(performance.now() - startedAt).toBeGreaterThan(900)
    expect(await docker.inspect("stubborn", "State.ExitCode")).toBe("137")
  })

  test("A container with a health check is said to be healthy only when it is.", async () => {
    await docker.create("web", {
      script: "sleep 2; touch /tmp/up; sleep 1000",
      health: "test -e /tmp/up",
      // Looks fail until it is up, and how many do is a matter of the machine's speed.
      options: ["--health-retries=20"],
    })
    const healthy = await rig.call("start_container", "web")
    expect(healthy).toMatchObject({ outcome: "done", speech: "Web was started and is healthy." })
    expect(await docker.inspect("web", "State.Health.Status")).toBe("healthy")
  })

  test("A container that stays sick is said to be so.", async () => {
    await docker.create("sick", { health: "false" })
    expect(await rig.call("start_container", "sick")).toMatchObject({
      outcome: "done",
      speech: "Sick was started, but isn't healthy.",
    })
  })

  test("A container that ends right after its start has failed, with its exit code.", async () => {
    await docker.create("crashing", { script: "exit 3" })
    expect(await rig.call("start_container", "crashing")).toMatchObject({
      outcome: "failed",
      speech: "Crashing was started, but stopped again with exit code 3.",
      observed: { state: "exited", exitCode: 3 },
    })
  })

  test("The end of a log comes out without frames, control characters and secrets.", async () => {
    const script = `i=0; while [ $i -lt 300 ]; do i=$((i+1)); echo "number $i"; done; sleep 1; printf 'bad \\033[31mred \\377\\n' >&2; sleep 1; echo key $API_SECRET; sleep 1000`
    await docker.run("teller", { script, options: ["--env", `API_SECRET=${SECRET}`] })
    await docker.run("terminal", { script: `echo "through a terminal"; sleep 1000`, options: ["--tty"] })
    while (!(await docker.cli("logs", "teller")).includes("key"))
      await new Promise((resolve) => setTimeout(resolve, 100))
    const { untrusted = "", outcome } = await rig.call("container_logs", "teller")
    expect(outcome).toBe("done")
    expect(untrusted).toContain("number 300")
    expect(untrusted).not.toContain("number 50\n")
    expect(untrusted).toContain("bad red")
    expect(untrusted).not.toContain(SECRET)
    expect(untrusted).not.toMatch(/[^\P{Cc}\n]/u)
    expect(await rig.call("container_logs", "terminal")).toMatchObject({ untrusted: "through a terminal" })
  })

  test("Processor and memory are measured, and a stopped container uses nothing.", async () => {
    const { observed, speech, outcome } = await rig.call("container_stats", "teller")
    expect(outcome).toBe("done")
    expect(observed["memoryMib"]).toBeGreaterThan(0)
    expect(speech).toMatch(/^Teller uses .* percent of one core and \d+ megabytes? of memory\.$/)
    expect(await rig.call("container_stats", "crashing")).toMatchObject({
      speech: "Crashing is stopped, with exit code 3, so it uses nothing.",
    })
  })

  test("A paused container is not started, and is said to be paused.", async () => {
    await docker.run("paused")
    await docker.cli("pause", "paused")
    expect(await rig.call("container_status", "paused")).toMatchObject({ speech: "Paused is paused." })
    expect(await rig.call("start_container", "paused")).toMatchObject({ outcome: "failed" })
    expect(await docker.inspect("paused", "State.Paused")).toBe("true")
  })

  test("A container that is not there, or is not the one of the compose project, is nobody's target.", async () => {
    expect(await rig.call("restart_container", "gone")).toMatchObject({
      observed: { code: "identity" },
      speech: "I can't find gone on the server.",
    })
    const id = await docker.run("compose", {
      options: ["--label=com.docker.compose.project=other", "--label=com.docker.compose.service=web"],
    })
    const before = await docker.inspect("compose", "State.StartedAt")
    expect(await rig.call("restart_container", "compose")).toMatchObject({ observed: { code: "identity" } })
    expect(await rig.perform("restart_container", "compose", { id })).toMatchObject({
      outcome: "identity-changed",
    })
    expect(await docker.inspect("compose", "State.StartedAt")).toBe(before)
  })

  test("The list tells what runs, what does not and what is missing.", async () => {
    const { observed, outcome } = await rig.call("list_containers")
    expect(outcome).toBe("done")
    expect(observed["containers"]).toContainEqual({ container: "slow", state: "running", health: "none" })
    expect(observed["containers"]).toContainEqual({ container: "web", state: "running", health: "healthy" })
    expect(observed["containers"]).toContainEqual({ container: "gone", state: "absent", health: "none" })
  })

  test("The engine takes an id's beginning for a container; we take only its name.", async () => {
    const id = await docker.inspect("slow", "Id")
    const found = await Effect.runPromise(Effect.result(rig.engine.inspect(id.slice(0, 12))))
    expect(found).toMatchObject({ _tag: "Failure", failure: { reason: "refused" } })
  })
})
