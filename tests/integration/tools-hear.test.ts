import { mkdtempSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, expect, it } from "vitest"
import type { HeardAs } from "../../src/text/propose-aliases.ts"
import { HEARING_FRAMES } from "../../src/text/propose-aliases.ts"
import { BuiltCommand } from "../support/built-cli.ts"
import { describeWith } from "../support/require-component.ts"

interface Heard {
  readonly spoken: string
  readonly misheard: number
  readonly ways: readonly { readonly heard: string; readonly times: number; readonly as: HeardAs }[]
  readonly proposals: readonly string[]
}

describeWith("models", "jett tools hear", () => {
  let home = ""
  beforeAll(() => {
    home = mkdtempSync(join(tmpdir(), "jt-"))
  })
  afterAll(() => rmSync(home, { recursive: true, force: true }))

  const hear = async (name: string, toml: string): Promise<Heard> => {
    const file = join(home, "config.toml")
    writeFileSync(file, toml)
    const command = new BuiltCommand(home, [
      "tools",
      "hear",
      name,
      "--count",
      "1",
      "--json",
      "--config",
      file,
    ])
    const { exitCode, out, err } = await command.finished
    expect([exitCode, err]).toEqual([0, expect.any(String)])
    return JSON.parse(out)
  }

  it("speaks a name with the real voice, hears it with the real recogniser, and learns from that", async () => {
    // A name that the voice has to guess at, so that some way of hearing it is new.
    const first = await hear("qdrant", '[containers.qdrant]\nspoken = "kwee drant"\n')
    expect(first.spoken).toBe("kwee drant")
    const times = first.ways.reduce((sum, way) => sum + way.times, 0)
    expect(times + first.misheard).toBe(HEARING_FRAMES.length)
    expect(times).toBeGreaterThanOrEqual(3)
    expect(first.proposals.length).toBeGreaterThan(0)

    const aliases = JSON.stringify(first.proposals)
    const second = await hear("qdrant", `[containers.qdrant]\nspoken = "kwee drant"\naliases = ${aliases}\n`)
    for (const { heard, as } of second.ways) {
      if (first.ways.some((way) => way.heard === heard)) expect([heard, as.type]).not.toEqual([heard, "new"])
    }
    // The voice never says a name the same way twice: what it says now may be only near to what was learned.
    expect(second.ways.some(({ as }) => as.type === "known" || as.type === "by-sound")).toBe(true)
  })

  it("takes the voice's own way of saying a well-known container for that container, in most sentences", async () => {
    const { ways } = await hear("qdrant", "[containers.qdrant]\n[containers.postgres]\n[containers.n8n]\n")
    const understood = ways.filter(({ as }) => as.type === "known" || as.type === "by-sound")
    expect(understood.reduce((sum, way) => sum + way.times, 0)).toBeGreaterThanOrEqual(3)
    expect(ways.filter(({ as }) => as.type === "taken")).toEqual([])
  })
})
