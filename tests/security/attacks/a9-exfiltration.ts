import { expect } from "vitest"
import { type AttackRig, consentIdOf, wordOf } from "../../support/attack-rig.ts"
import { type AttackCase, expectAsked } from "./attack-case.ts"

/** Split, so that no file of ours holds what looks like a key. */
const join = (...parts: readonly string[]): string => parts.join("")

const WG_KEY = join("yAnz5TF+lXXJte14", "tji3zlMNq+hd2rYU", "Ig6Yxxxx3mk=")

/** What each looks like in a log, and the part of it that nobody may see. */
const SECRETS: readonly (readonly [what: string, line: string, secret: string])[] = [
  ["a database password", "POSTGRES_PASSWORD=correct-horse-7781", "correct-horse-7781"],
  ["an encryption key", "N8N_ENCRYPTION_KEY=zx81-amiga-500-plus", "zx81-amiga-500-plus"],
  ["a password in JSON", '{"password": "hunter2-hunter3-hunter4"}', "hunter2-hunter3-hunter4"],
  ["a password in an address", "postgres://jett:s3cr3t-Pa55@postgres:5432/n8n", "s3cr3t-Pa55"],
  [
    "a bearer token",
    `Authorization: Bearer ${join("abcDEF123456", "ghiJKL789012")}`,
    join("abcDEF123456", "ghiJKL789012"),
  ],
  [
    "a GitHub token",
    `token ${join("ghp_", "a1B2c3D4e5F6g7H8i9J0", "k1L2m3N4o5P6q7R8")}`,
    join("ghp_", "a1B2c3D4e5F6g7H8i9J0", "k1L2m3N4o5P6q7R8"),
  ],
  [
    "a Slack token",
    join("xoxb-", "123456789012-", "123456789012-", "AbCdEfGhIjKlMnOpQrStUvWx"),
    "AbCdEfGhIjKlMnOpQrStUvWx",
  ],
  ["a WireGuard key", `PrivateKey = ${WG_KEY}`, WG_KEY],
  [
    "a web token",
    join(
      "jwt=eyJhbGciOiJIUzI1NiJ9.",
      "eyJzdWIiOiIxMjM0NTY3ODkwIn0.",
      "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
    ),
    "dozjgNryP4J3jVmNHl0w5N_XgL0n3I9PlFUP0THsR8U",
  ],
  [
    "a private key",
    join("-----BEGIN ", "PRIVATE KEY-----\nMIIEvQIBADANBgkqhkiG9w0B\n-----END ", "PRIVATE KEY-----"),
    "MIIEvQIBADANBgkqhkiG9w0B",
  ],
  ["an API key in a query", "GET /v1?api_key=Zm9vYmFyYmF6cXV4MTIzNDU2", "Zm9vYmFyYmF6cXV4MTIzNDU2"],
  ["a cookie", "Set-Cookie: session=Q2hpY2tlblNvdXBJc0dvb2Q5; Path=/", "Q2hpY2tlblNvdXBJc0dvb2Q5"],
]

export const secretsPlanted: readonly string[] = SECRETS.map(([, , secret]) => secret)

const attack = (
  what: string,
  run: (rig: AttackRig) => Promise<void>,
  changes: readonly string[] = [],
): AttackCase => ({
  class: "A9",
  what,
  attack: run,
  changes,
})

/** In whatever the guard gave out, or wrote down. */
const expectAbsent = (rig: AttackRig, secret: string, ...given: readonly unknown[]): void => {
  const all = JSON.stringify([given, rig.rows])
  for (const form of [
    secret,
    encodeURIComponent(secret),
    Buffer.from(secret).toString("base64").replace(/=+$/, ""),
  ])
    expect(all).not.toContain(form)
}

const ENCODINGS: Readonly<Record<string, (secret: string) => string>> = {
  plain: (secret) => secret,
  "in base64": (secret) => Buffer.from(secret).toString("base64"),
  "in a URI": (secret) => encodeURIComponent(secret),
  "in JSON": (secret) => JSON.stringify({ x: secret }),
  "with colours in it": (secret) => `${secret.slice(0, 5)}\x1b[31m${secret.slice(5)}`,
}

export const exfiltration: readonly AttackCase[] = [
  ...SECRETS.map(([what, line, secret]) =>
    attack(`${what} in a log`, async (rig) => {
      rig.docker.state.get("n8n").log = ["start\n", `${line}\n`, "end\n"]
      const read = await rig.result("container_logs", { container: "n8n" })
      expect(read).toMatchObject({
        type: "receipt",
        outcome: "done",
        untrusted: expect.stringContaining("end"),
      })
      expectAbsent(rig, secret, read)
    }),
  ),
  ...Object.entries(ENCODINGS).map(([how, encode]) =>
    attack(`a value of the environment in a log, ${how}`, async (rig) => {
      const secret = `kept/secret+${how.replaceAll(" ", "-")}?`
      const container = rig.docker.state.get("n8n")
      container.env = [`DB_PASSWORD=${secret}`]
      container.log = [`connecting with ${encode(secret)}\n`]
      const read = await rig.result("container_logs", { container: "n8n" })
      expect(read).toMatchObject({ type: "receipt", outcome: "done" })
      expectAbsent(rig, secret, read)
      expect(JSON.stringify(read)).not.toContain("kept/secret")
    }),
  ),
  ...["start", "end"].map((side) =>
    attack(
      `a value of the environment that the limit of a line cuts in two, near its ${side}`,
      async (rig) => {
        const secret = "kept/secret+that-is-cut-in-two?"
        const container = rig.docker.state.get("n8n")
        container.env = [`DB_PASSWORD=${secret}`]
        container.log = [`${"x ".repeat(side === "start" ? 985 : 996)}${secret} and more of the same line\n`]
        const read = await rig.result("container_logs", { container: "n8n" })
        expect(read).toMatchObject({ type: "receipt", outcome: "done" })
        expect(JSON.stringify([read, rig.rows])).not.toContain("kept/sec")
      },
    ),
  ),
  ...SECRETS.slice(0, 6).flatMap(([what, line, secret]) => [
    attack(`${what} in the environment`, async (rig) => {
      rig.docker.state.get("n8n").env = [line, `X=${line}`]
      const given = [
        await rig.result("container_status", { container: "n8n" }),
        await rig.result("container_stats", { container: "n8n" }),
        await rig.result("list_containers", {}),
      ]
      expect(given.map(({ type }) => type)).toEqual(["receipt", "receipt", "receipt"])
      expectAbsent(rig, secret, given)
    }),
    attack(
      `${what} in a label`,
      async (rig) => {
        rig.docker.state.get("n8n").labels = { note: line }
        const { call, question } = await expectAsked(rig, "restart_container", "n8n")
        await rig.say(consentIdOf(question), wordOf(question))
        expectAbsent(rig, secret, question, await call.next())
      },
      ["POST /containers/n8n/restart?t=10"],
    ),
    attack(`${what} in an error of the engine`, async (rig) => {
      const heal = rig.docker.fail({ type: "status", status: 500, message: line })
      const given = [
        await rig.result("restart_container", { container: "n8n" }),
        await rig.result("container_logs", { container: "n8n" }),
      ]
      heal()
      expect(given).toMatchObject([{ code: "engine-away" }, { code: "engine-away" }])
      expectAbsent(rig, secret, given)
    }),
    attack(`${what} in the arguments of a refused call`, async (rig) => {
      const given = [
        await rig.result("restart_container", { container: line }),
        await rig.result("restart_container", { container: "n8n", note: line }),
        await rig.result("exec", { command: line }),
      ]
      expect(given.map((each) => each.type === "denied" && each.code)).toEqual([
        "unknown-container",
        "malformed",
        "unknown-tool",
      ])
      expectAbsent(rig, secret, given)
    }),
  ]),
]
