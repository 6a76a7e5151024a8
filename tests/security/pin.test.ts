import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs"
import { join } from "node:path"
import * as Effect from "effect/Effect"
import { beforeEach, describe, expect, test } from "vitest"
import { openPin, type PinStore } from "../../src/security/pin.ts"
import { temporaryDirectory } from "../support/cli.ts"

const RIGHT = "4831"
const WRONG = "9264"
const LOCK_MS = 300_000

let folder: string
let nowMs: number

/** As after a restart: nothing is remembered but what is in the folder. */
const reopen = (): PinStore => openPin(folder, { now: () => nowMs, lockMs: LOCK_MS, costLog2: 10 })

const run = Effect.runPromise
const verify = (pin: string) => run(reopen().verify(pin))
const set = (pin: string) => run(reopen().set(pin))
const hashFile = () => join(folder, "pin.json")
const attemptsFile = () => join(folder, "pin-attempts.json")

beforeEach(() => {
  folder = join(temporaryDirectory(), "state")
  nowMs = 1_700_000_000_000
})

describe("a PIN that was set", () => {
  test("is right, and any other is wrong", async () => {
    await set(RIGHT)
    expect(await run(reopen().isSet)).toBe(true)
    expect(await verify(RIGHT)).toBe("right")
    expect(await verify(WRONG)).toBe("wrong")
    expect(await verify(RIGHT)).toBe("right")
  })

  test.each(["", "48", "48310", " 4831", "4831\n", "４８３１", "4831\u0000", "4".repeat(100_000)])(
    "is not %j",
    async (text) => {
      await set(RIGHT)
      expect(await verify(text)).toBe("wrong")
    },
  )

  test("is replaced by the next one", async () => {
    await set(RIGHT)
    await set("70519")
    expect(await verify(RIGHT)).toBe("wrong")
    expect(await verify("70519")).toBe("right")
  })

  test("can be cleared", async () => {
    expect(await run(reopen().clear)).toBe(false)
    await set(RIGHT)
    await verify(WRONG)
    expect(await run(reopen().clear)).toBe(true)
    expect(await run(reopen().isSet)).toBe(false)
    expect(await verify(RIGHT)).toBe("not-set")
    expect(readdirSync(folder)).toEqual([])
  })

  test("is kept as a salted hash, readable by its user alone", async () => {
    await set(RIGHT)
    const first = readFileSync(hashFile(), "utf8")
    await set(RIGHT)
    expect(readFileSync(hashFile(), "utf8")).not.toBe(first)
    await verify(WRONG)
    for (const name of readdirSync(folder)) {
      expect(statSync(join(folder, name)).mode & 0o777).toBe(0o600)
      const content = readFileSync(join(folder, name), "utf8")
      expect(Object.values<unknown>(JSON.parse(content))).not.toContain(RIGHT)
    }
    expect(readdirSync(folder).toSorted()).toEqual(["pin-attempts.json", "pin.json"])
    expect(statSync(folder).mode & 0o777).toBe(0o700)
  })

  test("costs what is recommended where nothing else is said", async () => {
    const pin = openPin(folder)
    await run(pin.set(RIGHT))
    expect(JSON.parse(readFileSync(hashFile(), "utf8"))).toMatchObject({ version: 1, costLog2: 15 })
    expect(await run(pin.verify(RIGHT))).toBe("right")
  })
})

describe("a PIN that is refused", () => {
  test.each([
    ...["", "123", "1234567890123", "12a4", "12 34", "-123", "1.23", "１２３４"],
    ...["0000", "7777", "1212", "123123", "4545", "1234", "0123", "4321", "9876", "7890", "8901", "3210"],
  ])("%j is not taken, and not repeated in the error", async (text) => {
    const error = await run(Effect.flip(reopen().set(text)))
    expect(error._tag).toBe("PinError")
    if (text.length > 1) expect(error.message).not.toContain(text)
    expect(existsSync(hashFile())).toBe(false)
  })

  test.each(["4831", "1235", "2468", "1357", "0042", "19840723", "135798642001"])(
    "%j is taken",
    async (text) => {
      await set(text)
      expect(await verify(text)).toBe("right")
    },
  )
})

describe("after three wrong ones", () => {
  beforeEach(async () => {
    await set(RIGHT)
    for (let i = 0; i < 3; i++) expect(await verify(WRONG)).toBe("wrong")
  })

  test("it is locked for five minutes, over restarts, for the right one too", async () => {
    expect(await verify(RIGHT)).toBe("locked")
    expect(await run(reopen().state)).toEqual({ type: "locked", forMs: LOCK_MS })
    nowMs += LOCK_MS - 1
    expect(await verify(RIGHT)).toBe("locked")
    nowMs += 1
    expect(await verify(RIGHT)).toBe("right")
  })

  test("tries while it is locked neither count nor make it longer", async () => {
    for (let i = 0; i < 5; i++) expect(await verify(WRONG)).toBe("locked")
    nowMs += LOCK_MS
    expect(await verify(WRONG)).toBe("wrong")
    expect(await verify(WRONG)).toBe("wrong")
    expect(await verify(RIGHT)).toBe("right")
  })

  test("a clock that is set back does not lock it for ever, nor free it", async () => {
    nowMs -= 365 * 24 * 3_600_000
    expect(await verify(RIGHT)).toBe("locked")
    nowMs += LOCK_MS - 1
    expect(await verify(RIGHT)).toBe("locked")
    nowMs += 1
    expect(await verify(RIGHT)).toBe("right")
  })

  test("a new PIN is not locked", async () => {
    await set("70519")
    expect(await verify("70519")).toBe("right")
  })
})

test("a right one forgets the wrong ones before", async () => {
  await set(RIGHT)
  for (let i = 0; i < 4; i++) {
    expect(await verify(WRONG)).toBe("wrong")
    expect(await verify(WRONG)).toBe("wrong")
    expect(await verify(RIGHT)).toBe("right")
  }
})

test("guesses at the same time are counted one by one", async () => {
  await set(RIGHT)
  const pin = reopen()
  const guesses = Array.from({ length: 10 }, () => run(pin.verify(WRONG)))
  expect((await Promise.all(guesses)).toSorted()).toEqual([
    ...Array.from({ length: 7 }, () => "locked"),
    ...Array.from({ length: 3 }, () => "wrong"),
  ])
})

test("a guess that is interrupted counts all the same", async () => {
  await set(RIGHT)
  const pin = reopen()
  for (let i = 0; i < 3; i++) {
    const stop = new AbortController()
    const guess = run(pin.verify(WRONG), { signal: stop.signal }).catch(() => undefined)
    stop.abort()
    await guess
    // Queued behind what the interrupted one still does.
    expect(await run(pin.verify(""))).toMatch(i === 0 ? /^wrong$/ : /^(wrong|locked)$/)
  }
  expect(await run(pin.verify(RIGHT))).toBe("locked")
})

test("an attempt is on the disk before it is looked at", async () => {
  await set(RIGHT)
  const guess = run(reopen().verify(RIGHT))
  let seen = ""
  while (seen === "") {
    await new Promise((resolve) => setImmediate(resolve))
    if (existsSync(attemptsFile())) seen = readFileSync(attemptsFile(), "utf8")
  }
  expect(await guess).toBe("right")
  expect(JSON.parse(seen)).toMatchObject({ failures: 1 })
})

describe("where there is no sound PIN", () => {
  test("nothing is right", async () => {
    expect(await run(reopen().isSet)).toBe(false)
    expect(await verify(RIGHT)).toBe("not-set")
    expect(await run(reopen().state)).toEqual({ type: "not-set" })
  })

  const spoil = (change: (kept: Record<string, unknown>) => unknown): void => {
    writeFileSync(hashFile(), JSON.stringify(change(JSON.parse(readFileSync(hashFile(), "utf8")))))
  }

  test.each<[string, () => void]>([
    ["is empty", () => writeFileSync(hashFile(), "")],
    ["is cut off", () => writeFileSync(hashFile(), readFileSync(hashFile(), "utf8").slice(0, 60))],
    ["is a list", () => writeFileSync(hashFile(), "[]")],
    ["is null", () => writeFileSync(hashFile(), "null")],
    ["is of another version", () => spoil((kept) => ({ ...kept, version: 2 }))],
    ["has no salt", () => spoil(({ salt, ...kept }) => ({ ...kept, was: salt }))],
    ["has an empty hash", () => spoil((kept) => ({ ...kept, hash: "" }))],
    ["has a hash that is no hex", () => spoil((kept) => ({ ...kept, hash: "z".repeat(64) }))],
    ["would take all the memory", () => spoil((kept) => ({ ...kept, costLog2: 40 }))],
    ["costs nothing", () => spoil((kept) => ({ ...kept, costLog2: 1 }))],
    ["is open to others", () => chmodSync(hashFile(), 0o644)],
    ["could be written by others", () => chmodSync(hashFile(), 0o620)],
  ])("a file that %s counts as none, says why, and is replaced by a new one", async (_what, harm) => {
    await set(RIGHT)
    harm()
    expect(await run(reopen().isSet)).toBe(false)
    expect(await verify(RIGHT)).toBe("not-set")
    const state = await run(reopen().state)
    expect(state).toMatchObject({ type: "unusable", problem: expect.stringContaining("jett pin set") })
    expect(state).toMatchObject({ problem: expect.stringContaining(hashFile()) })
    await set("70519")
    expect(await verify("70519")).toBe("right")
  })

  test("a link to another file counts as none", async () => {
    await set(RIGHT)
    const elsewhere = join(temporaryDirectory(), "pin.json")
    writeFileSync(elsewhere, readFileSync(hashFile()), { mode: 0o600 })
    await run(reopen().clear)
    symlinkSync(elsewhere, hashFile())
    expect(await verify(RIGHT)).toBe("not-set")
    await set("70519")
    expect(await verify("70519")).toBe("right")
    expect(await run(openPin(join(elsewhere, "..")).verify(RIGHT))).toBe("right")
  })

  test("a folder in its place is an error of setting, with the reason", async () => {
    mkdirSync(hashFile(), { recursive: true })
    expect(await verify(RIGHT)).toBe("not-set")
    const error = await run(Effect.flip(reopen().set(RIGHT)))
    expect(error.message).toContain(hashFile())
    expect(error.message).not.toContain(RIGHT)
    expect((await run(Effect.flip(reopen().clear)))._tag).toBe("PinError")
  })
})

describe("where attempts cannot be counted", () => {
  test.each<[string, () => void]>([
    ["is no JSON", () => writeFileSync(attemptsFile(), "{", { mode: 0o600 })],
    ["has no count", () => writeFileSync(attemptsFile(), '{"salt":""}', { mode: 0o600 })],
    ["has a negative count", () => spoilAttempts({ failures: -1000 })],
    ["is open to others", () => chmodSync(attemptsFile(), 0o666)],
  ])("a file that %s is a lock", async (_what, harm) => {
    await set(RIGHT)
    await verify(WRONG)
    harm()
    expect(await verify(RIGHT)).toBe("locked")
    nowMs += LOCK_MS
    expect(await verify(RIGHT)).toBe("right")
  })

  test("a folder that cannot be written to is a lock", async () => {
    await set(RIGHT)
    // Root may write anywhere, but not over a folder.
    mkdirSync(attemptsFile())
    expect(await verify(RIGHT)).toBe("locked")
    nowMs += 10 * LOCK_MS
    expect(await verify(RIGHT)).toBe("locked")
  })

  const spoilAttempts = (changes: object): void => {
    const kept: unknown = JSON.parse(readFileSync(attemptsFile(), "utf8"))
    writeFileSync(attemptsFile(), JSON.stringify(Object.assign({}, kept, changes)))
  }
})
