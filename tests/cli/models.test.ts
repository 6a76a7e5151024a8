import { readFile } from "node:fs/promises"
import { join } from "node:path"
import { PassThrough } from "node:stream"
import { expect, test } from "vitest"
import { modelsLs, modelsPull, modelsVerify } from "../../src/cli/models.ts"
import {
  fromUrl,
  manifestOf,
  sendFile,
  serve,
  sha256,
  someBytes,
  temporaryFolder,
} from "../support/model-fixture.ts"

const content = someBytes(2000)

const setUp = async (licence = "free") => {
  const server = await serve((request, response) => sendFile(content, request, response))
  const directory = await temporaryFolder()
  const manifest = manifestOf([{ name: "w.bin", content, sources: fromUrl(server.url), licence }])
  const written = { out: "", err: "" }
  const options = {
    stdout: { write: (text: string) => (written.out += text) },
    stderr: { write: (text: string) => (written.err += text) },
    json: false,
    directory,
    manifest,
    env: {},
  }
  return { options, written, server, directory }
}

/** An input that is a terminal on which `answer` was typed. */
const terminal = (answer: string) => Object.assign(new PassThrough().end(`${answer}\n`), { isTTY: true })

test("pull says how much goes where, then one line a file; ls and verify see the model", async () => {
  const { options, written, directory } = await setUp()
  expect(await modelsPull(options)).toBe(0)
  expect(written.err.split("\n")).toEqual([
    `Fetching 1 file, 2.0 kB (at most 2.0 kB over the network), to ${directory}`,
    expect.stringMatching(/^ {2}m\/w\.bin {2}2\.0 kB {2}verified, from 127\.0\.0\.1:\d+$/),
    "",
  ])
  expect(await modelsVerify(options)).toBe(0)
  expect(await modelsLs({ ...options, json: true })).toBe(0)
  expect(written.out).toContain("ok          m/w.bin\n")
  expect(written.out).toContain('"state": "installed"')
})

test("on a terminal the bar is redrawn on one line and gone at the end", async () => {
  const { options, written } = await setUp()
  const stderr = { ...options.stderr, isTTY: true, columns: 60 }
  await modelsPull({ ...options, stderr })
  expect(written.err).toContain("\r\u001B[2K")
  for (const line of written.err.split(/[\r\n]/)) expect(line.length).toBeLessThan(120)
  expect(written.err.endsWith("\n")).toBe(true)
})

test("verify exits 5 where a model is missing and says how to get it", async () => {
  const { options, written } = await setUp()
  expect(await modelsVerify(options)).toBe(5)
  expect(written.err).toBe("1 of 1 files are not right. Run: npx jett models pull m\n")
})

test("pull --offline exits 5, names what is missing and connects to nothing", async () => {
  const { options, written, server } = await setUp()
  expect(await modelsPull({ ...options, offline: true, json: true })).toBe(5)
  expect(written.err).toMatch(/offline, and missing in .*: m \(w\.bin; 2\.0 kB\)/)
  expect(JSON.parse(written.out)).toMatchObject({ ok: false, reason: "offline", missing: ["m/w.bin"] })
  expect(server.requests).toEqual([])
})

test("an unknown model is a usage error", async () => {
  const { options } = await setUp()
  expect(await modelsPull({ ...options, ids: ["nope"] })).toBe(2)
})

test("without a terminal a restricted licence ends with exit 1 and the exact command", async () => {
  const { options, written, server } = await setUp("nc")
  expect(await modelsPull({ ...options, ids: ["m"], stdin: new PassThrough() })).toBe(1)
  expect(written.err).toContain(
    "m/w.bin: for non-commercial use only (Hobby Licence, https://example.org/nc)",
  )
  expect(written.err).toContain("npx jett models pull m --accept-licence")
  expect(server.requests).toEqual([])
})

test.each([
  ["--accept-licence", { acceptLicence: true }],
  ["JETT_ACCEPT_LICENCES=1", { env: { JETT_ACCEPT_LICENCES: "1" } }],
])("%s accepts it and the output says so", async (_how, how) => {
  const { options, written, directory } = await setUp("nc")
  expect(await modelsPull({ ...options, ...how })).toBe(0)
  expect(written.err).toContain("Licence accepted: m/w.bin: for non-commercial use only")
  expect(sha256(await readFile(join(directory, "m", "w.bin")))).toBe(sha256(content))
})

test.each([
  ["yes", 0],
  ["Y", 0],
  ["no", 1],
  ["", 1],
])("on a terminal the answer %j ends with exit %i", async (answer, exitCode) => {
  const { options } = await setUp("nc")
  const stderr = { ...options.stderr, isTTY: true }
  expect(await modelsPull({ ...options, stderr, stdin: terminal(answer) })).toBe(exitCode)
})

test("an interruption at the question ends with exit 130", async () => {
  const { options } = await setUp("nc")
  const controller = new AbortController()
  setTimeout(() => controller.abort(), 50)
  const stdin = Object.assign(new PassThrough(), { isTTY: true })
  const stderr = { ...options.stderr, isTTY: true }
  expect(await modelsPull({ ...options, stderr, stdin, signal: controller.signal })).toBe(130)
})
