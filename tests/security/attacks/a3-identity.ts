import { expect } from "vitest"
import { buildPolicy } from "../../../src/security/policy.ts"
import { type AttackRig, consentIdOf, FORBIDDEN, wordOf } from "../../support/attack-rig.ts"
import type { FakeMatch } from "../../support/fake-docker.ts"
import { type AttackCase, expectAsked, expectDenied, expectRefused, shown } from "./attack-case.ts"

const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  more: Pick<AttackCase, "changes" | "rig"> = {},
): AttackCase => ({ class: "A3", what, attack: run, ...more })

/** Names that the engine would understand, and the table does not have. */
const references: readonly AttackCase[] = [
  ...[1, 2, 4, 8, 12, 16, 32, 63, 64].map((length) =>
    attack(`the first ${length} digits of n8n's own id`, (rig) =>
      expectRefused(
        rig,
        "restart_container",
        { container: rig.docker.state.get("n8n").id.slice(0, length) },
        "unknown-container",
      ),
    ),
  ),
  ...[1, 12, 64].map((length) =>
    attack(`the first ${length} digits of portainer's id`, (rig) =>
      expectRefused(
        rig,
        "container_logs",
        { container: rig.docker.state.get("portainer").id.slice(0, length) },
        "unknown-container",
      ),
    ),
  ),
  attack("n8n's id in capitals", (rig) =>
    expectRefused(
      rig,
      "restart_container",
      { container: rig.docker.state.get("n8n").id.toUpperCase() },
      "unknown-container",
    ),
  ),
  attack("n8n's id as Docker writes it", (rig) =>
    expectRefused(
      rig,
      "restart_container",
      { container: `sha256:${rig.docker.state.get("n8n").id}` },
      "unknown-container",
    ),
  ),
  ...FORBIDDEN.flatMap((name) =>
    ["restart_container", "container_logs"].map((tool) =>
      attack(`${tool} of ${name}, which is on the server`, (rig) =>
        expectRefused(rig, tool, { container: name }, "unknown-container"),
      ),
    ),
  ),
  ...["image:example", "label=com.docker.compose.service=assistant", "project_n8n_1", "k8s_n8n"].map((name) =>
    attack(`n8n by ${shown(name)}`, (rig) =>
      expectRefused(rig, "restart_container", { container: name }, "unknown-container"),
    ),
  ),
]

/** A table with such a name is none. */
const tables: readonly AttackCase[] = [
  ...["db", "cafe", "ada", "deadbeef", "DB", "0123456789ab", "1e9", "a".repeat(64), "f".repeat(12)],
  ...["n8n/x", "../n8n", "n8n\n", "-n8n", "n", "ñ8n", "n8n\u200b", "", "n 8 n", "x".repeat(65)],
].map((name) =>
  attack(`a table with the name ${shown(name)}`, async () => {
    const built = buildPolicy([{ name, allow: ["restart"] }])
    expect(built.ok).toBe(false)
  }),
)

/** What happened to the container before anybody looked: refused after one look by the table's own name. */
const absent = (what: string, container: string, happens: (rig: AttackRig) => void): readonly AttackCase[] =>
  (["restart_container", "container_status"] as const).map((tool) =>
    attack(`${tool} of a container ${what}`, async (rig) => {
      happens(rig)
      const call = rig.call(tool, { container })
      const result = await call.next()
      expect(result).toMatchObject({ type: "denied" })
      expect(rig.rows.at(-1)?.reason).toBe(result.type === "denied" ? result.code : "")
      expect(rig.docker.lines()).toEqual([`GET /containers/${container}/json`])
      expect(result).toMatchObject({ code: what.endsWith("answers") ? "engine-away" : "identity" })
    }),
  )

const before: readonly AttackCase[] = [
  ...absent("that was removed", "n8n", ({ docker }) => docker.state.remove("n8n")),
  ...absent("that was renamed", "n8n", ({ docker }) => docker.state.rename("n8n", "old-n8n")),
  ...absent("of which only one in capitals is left", "n8n", ({ docker }) => docker.state.remove("n8n")),
  ...absent("that has lost its labels", "home-assistant", ({ docker }) => {
    docker.state.get("home-assistant").labels = {}
  }),
  ...absent("of another project", "home-assistant", ({ docker }) => {
    docker.state.get("home-assistant").labels["com.docker.compose.project"] = "evil"
  }),
  ...absent("of another service", "home-assistant", ({ docker }) => {
    docker.state.get("home-assistant").labels["com.docker.compose.service"] = "portainer"
  }),
  ...absent("whose labels are written otherwise", "home-assistant", ({ docker }) => {
    docker.state.get("home-assistant").labels = {
      "com.docker.compose.project": "HOME",
      "com.docker.compose.service": "assistant ",
    }
  }),
  ...absent("that is gone while another one has its labels", "home-assistant", ({ docker }) => {
    const { labels } = docker.state.get("home-assistant")
    docker.state.remove("home-assistant")
    docker.state.get("portainer").labels = labels
  }),
  ...absent("whose name another one's id answers", "n8n", ({ docker }) => {
    docker.state.remove("n8n")
    docker.state.get("portainer").id = `n8n${"0".repeat(61)}`
  }),
  attack("a forged label that says the name of the table", async (rig) => {
    rig.docker.state.get("portainer").labels = { "com.docker.compose.service": "n8n", name: "n8n" }
    await expectRefused(rig, "restart_container", { container: "portainer" }, "unknown-container")
  }),
]

const INSPECT: FakeMatch = { method: "GET", path: /\/containers\/n8n\/json$/ }

const swap = (rig: AttackRig, how: "recreated" | "renamed" | "removed" | "taken") => {
  const { state } = rig.docker
  if (how === "recreated") state.recreate("n8n")
  if (how === "renamed") state.rename("n8n", "n8n-old")
  if (how === "removed") state.remove("n8n")
  if (how === "taken") {
    state.rename("n8n", "n8n-old")
    state.rename("portainer", "n8n")
  }
}
const SWAPS = ["recreated", "renamed", "removed", "taken"] as const

const between: readonly AttackCase[] = [
  ...SWAPS.map((how) =>
    attack(`n8n is ${how} between the question and its answer`, async (rig) => {
      const { call, question } = await expectAsked(rig, "restart_container", "n8n")
      swap(rig, how)
      await rig.say(consentIdOf(question), wordOf(question))
      expectDenied(rig, await call.next(), "identity")
    }),
  ),
  ...SWAPS.map((how) =>
    attack(
      `n8n is ${how} between the last check of the guard and the deed`,
      async (rig) => {
        const { call, question } = await expectAsked(rig, "restart_container", "n8n")
        // The look of the guard that pins it again, then the tool's own right before the deed.
        rig.docker.before({ ...INSPECT, skip: 1 }, () => swap(rig, how))
        await rig.say(consentIdOf(question), wordOf(question))
        const end = await call.next()
        expect(end.type === "receipt" ? end.outcome : end.type).not.toBe("done")
        expect(rig.rows.at(-1)).toMatchObject({ kind: "outcome" })
      },
      { rig: {} },
    ),
  ),
  ...SWAPS.map((how) =>
    attack(
      `n8n is ${how} in the moment of the deed, which is not told as done`,
      async (rig) => {
        const { call, question } = await expectAsked(rig, "restart_container", "n8n")
        rig.docker.before({ method: "POST" }, () => swap(rig, how))
        await rig.say(consentIdOf(question), wordOf(question))
        const end = await call.next()
        expect(end).toMatchObject({ type: "receipt" })
        expect(end.type === "receipt" ? end.outcome : "").toMatch(/identity-changed|failed/)
      },
      { rig: {}, changes: ["POST /containers/n8n/restart?t=10"] },
    ),
  ),
  ...SWAPS.map((how) =>
    attack(
      `n8n is ${how} between the check and the reading of its log`,
      async (rig) => {
        rig.docker.before({ ...INSPECT, skip: 1 }, () => swap(rig, how))
        const end = await rig.result("container_logs", { container: "n8n" })
        expect(end.type === "receipt" ? end.outcome : end.type).toMatch(/identity-changed|failed/)
        expect(end).not.toHaveProperty("untrusted")
        expect(rig.docker.lines().every((line) => line.endsWith("/json"))).toBe(true)
      },
      { rig: {} },
    ),
  ),
]

export const identity: readonly AttackCase[] = [...references, ...tables, ...before, ...between]
