import { mkdir, readdir, readFile, writeFile } from "node:fs/promises"
import { join } from "node:path"
import * as Cause from "effect/Cause"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { expect, test } from "vitest"
import type { PullFailure } from "../../src/models/pull.ts"
import {
  fromUrl,
  manifestOf,
  pull,
  sendFile,
  serve,
  sha256,
  someBytes,
  temporaryFolder,
} from "../support/model-fixture.ts"

const content = someBytes(300_000)
const manifestAt = (...urls: readonly string[]) => {
  const [first = "", ...rest] = urls
  return manifestOf([{ name: "w.bin", content, sources: fromUrl(first, ...rest) }])
}

const failureOf = (exit: Exit.Exit<unknown, PullFailure>): PullFailure => {
  const failure = Exit.isFailure(exit) ? Option.getOrUndefined(Cause.findErrorOption(exit.cause)) : undefined
  if (failure === undefined) throw new Error(`expected a failure, got ${JSON.stringify(exit)}`)
  return failure
}

const fileIn = async (directory: string) => sha256(await readFile(join(directory, "m", "w.bin")))

const filesIn = async (directory: string): Promise<string[]> =>
  (await readdir(directory, { recursive: true })).sort()

test("a file is fetched, verified and put in its place, with nothing left beside it", async () => {
  const directory = join(await temporaryFolder(), "not", "there", "yet")
  const server = await serve((request, response) => sendFile(content, request, response))
  const { exit, events } = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(exit) && exit.value).toEqual({ installed: ["m/w.bin"], alreadyThere: [] })
  expect(await fileIn(directory)).toBe(sha256(content))
  expect(await filesIn(directory)).toEqual(["m", "m/w.bin"])
  expect(events[0]).toEqual({
    type: "planned",
    files: 1,
    bytes: content.byteLength,
    networkBytes: content.byteLength,
    directory,
  })
  expect(events.at(-1)?.type).toBe("installed")
})

test("what is there and right is not fetched again, what was altered is", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => sendFile(content, request, response))
  await pull(manifestAt(server.url), directory)
  const again = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(again.exit) && again.exit.value.alreadyThere).toEqual(["m/w.bin"])
  expect(server.requests).toHaveLength(1)

  const altered = Buffer.from(content)
  altered[1000] = (altered[1000] ?? 0) ^ 255
  await writeFile(join(directory, "m", "w.bin"), altered)
  await pull(manifestAt(server.url), directory)
  expect(server.requests).toHaveLength(2)
  expect(await fileIn(directory)).toBe(sha256(content))
})

test("a download that breaks off is continued from where it stopped", async () => {
  const directory = await temporaryFolder()
  let answered = 0
  const server = await serve((request, response) => {
    answered += 1
    if (answered > 1) return sendFile(content, request, response)
    response.writeHead(200, { "content-length": content.byteLength })
    response.write(content.subarray(0, 100_000), () => setTimeout(() => response.destroy(), 50))
  })
  const { exit } = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(exit)).toBe(true)
  expect(server.requests[0]).toBe("")
  expect(server.requests[1]).toMatch(/^bytes=[1-9]\d*-$/)
  expect(await fileIn(directory)).toBe(sha256(content))
})

test("the part of an earlier run is continued, whoever left it", async () => {
  for (const name of ["w.bin.part", "w.bin.999999999-abcd.part"]) {
    const directory = await temporaryFolder()
    await mkdir(join(directory, "m"))
    await writeFile(join(directory, "m", name), content.subarray(0, 123_456))
    const server = await serve((request, response) => sendFile(content, request, response))
    await pull(manifestAt(server.url), directory)
    expect(server.requests).toEqual(["bytes=123456-"])
    expect(await filesIn(directory)).toEqual(["m", "m/w.bin"])
  }
})

test("a part of other bytes costs one more request, not the file", async () => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, "m"))
  await writeFile(join(directory, "m", "w.bin.part"), someBytes(50_000, 99))
  const server = await serve((request, response) => sendFile(content, request, response))
  const { exit } = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(exit)).toBe(true)
  expect(server.requests).toEqual(["bytes=50000-", ""])
})

test("a server that knows no ranges sends the whole file and that is right too", async () => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, "m"))
  await writeFile(join(directory, "m", "w.bin.part"), content.subarray(0, 70_000))
  const server = await serve((_request, response) => response.end(content))
  const { exit } = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(exit)).toBe(true)
  expect(await fileIn(directory)).toBe(sha256(content))
})

test("a source that fails is named with its reason and the next one is tried", async () => {
  const directory = await temporaryFolder()
  const gone = await serve((_request, response) => response.writeHead(404).end())
  const wrong = await serve((_request, response) => response.end(someBytes(content.byteLength, 7)))
  const longer = await serve((_request, response) => response.end(Buffer.concat([content, content])))
  const right = await serve((request, response) => sendFile(content, request, response))
  const { exit, events } = await pull(manifestAt(gone.url, wrong.url, longer.url, right.url), directory)
  expect(Exit.isSuccess(exit)).toBe(true)
  const messages = events.flatMap((event) => (event.type === "source-failed" ? [event.message] : []))
  expect(messages).toEqual([
    "HTTP 404 Not Found",
    expect.stringMatching(/^SHA-256 is [0-9a-f]{64}, expected [0-9a-f]{64}$/),
    "the server has 600000 bytes, expected 300000: another file",
  ])
  expect(await fileIn(directory)).toBe(sha256(content))
})

test("where no source gives the right bytes there is no file, and the failure says which one is missing", async () => {
  const directory = await temporaryFolder()
  const wrong = await serve((_request, response) => response.end(someBytes(content.byteLength, 7)))
  const { exit } = await pull(manifestAt(wrong.url), directory)
  expect(failureOf(exit)).toMatchObject({ reason: "sources", files: ["m/w.bin"] })
  expect(await filesIn(directory)).toEqual(["m"])
})

test("a host that does not answer is asked once, not once for each of its files", async () => {
  const directory = await temporaryFolder()
  const sources = fromUrl("http://127.0.0.1:1/file")
  const manifest = manifestOf([
    { name: "a.bin", content, sources },
    { name: "b.bin", content, sources },
  ])
  const { exit, events } = await pull(manifest, directory)
  expect(failureOf(exit).files).toEqual(["m/a.bin", "m/b.bin"])
  const failed = events.filter((event) => event.type === "source-failed")
  expect(failed).toMatchObject([{ file: "m/a.bin", unreachable: true }])
})

test("offline opens no connection and names what is missing", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => sendFile(content, request, response))
  const { exit } = await pull(manifestAt(server.url), directory, { offline: true })
  expect(failureOf(exit)).toMatchObject({ reason: "offline", files: ["m/w.bin"] })
  expect(failureOf(exit).message).toContain("m (w.bin; 0.3 MB)")
  expect(server.requests).toEqual([])
  expect(await filesIn(directory)).toEqual([])
})

test("offline succeeds where everything is there", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => sendFile(content, request, response))
  await pull(manifestAt(server.url), directory)
  const { exit } = await pull(manifestAt(server.url), directory, { offline: true })
  expect(Exit.isSuccess(exit)).toBe(true)
})

test("a licence for non-commercial use is asked for once, and refusing it fetches nothing", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => sendFile(content, request, response))
  const manifest = manifestOf([
    { name: "a.bin", content, sources: fromUrl(server.url), licence: "nc" },
    { name: "b.bin", content, sources: fromUrl(server.url), licence: "nc" },
    { name: "c.bin", content, sources: fromUrl(server.url) },
  ])
  const asked: string[][] = []
  const { exit } = await pull(manifest, directory, {
    accept: (restriction) => {
      asked.push(restriction.files.map((entry) => entry.file.name))
      return Promise.resolve(false)
    },
  })
  expect(asked).toEqual([["a.bin", "b.bin"]])
  expect(failureOf(exit).reason).toBe("licence")
  expect(failureOf(exit).message).toContain("Hobby Licence")
  expect(server.requests).toEqual([])
})

test("no licence is asked for when its files are there already", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => sendFile(content, request, response))
  const manifest = manifestOf([{ name: "a.bin", content, sources: fromUrl(server.url), licence: "nc" }])
  await pull(manifest, directory)
  const { exit } = await pull(manifest, directory, { accept: () => Promise.resolve(false) })
  expect(Exit.isSuccess(exit)).toBe(true)
})

test("two pulls at once both succeed and leave one right file", async () => {
  const directory = await temporaryFolder()
  const server = await serve((request, response) => {
    setTimeout(() => sendFile(content, request, response), 20)
  })
  const manifest = manifestAt(server.url)
  const pulls = await Promise.all([1, 2, 3].map(() => pull(manifest, directory)))
  expect(pulls.map(({ exit }) => Exit.isSuccess(exit))).toEqual([true, true, true])
  expect(await filesIn(directory)).toEqual(["m", "m/w.bin"])
  expect(await fileIn(directory)).toBe(sha256(content))
})

test("an interrupted pull leaves no final file, keeps its part, and the next one continues", async () => {
  const directory = await temporaryFolder()
  const controller = new AbortController()
  let first = true
  const server = await serve((request, response) => {
    if (!first) return sendFile(content, request, response)
    first = false
    response.writeHead(200, { "content-length": content.byteLength })
    response.write(content.subarray(0, 100_000))
  })
  const { exit } = await pull(manifestAt(server.url), directory, {
    signal: controller.signal,
    report: (event) => {
      if (event.type === "progress") controller.abort()
    },
  })
  expect(Exit.isFailure(exit) && Cause.hasInterruptsOnly(exit.cause)).toBe(true)
  expect(await filesIn(directory)).toEqual(["m", "m/w.bin.part"])
  const next = await pull(manifestAt(server.url), directory)
  expect(Exit.isSuccess(next.exit)).toBe(true)
  expect(server.requests[1]).toMatch(/^bytes=[1-9]\d*-$/)
})

test("the staging folder of a pull that was killed is swept away, that of a living one is not", async () => {
  const directory = await temporaryFolder()
  await mkdir(join(directory, ".pull-999999999-abcd"))
  await mkdir(join(directory, `.pull-${process.pid}-abcd`))
  const server = await serve((request, response) => sendFile(content, request, response))
  await pull(manifestAt(server.url), directory)
  expect(await filesIn(directory)).toEqual([`.pull-${process.pid}-abcd`, "m", "m/w.bin"])
})

test("a folder that cannot be made is a problem of this machine: no other source is tried", async () => {
  const directory = await temporaryFolder()
  await writeFile(join(directory, "models"), "a file in the way")
  const server = await serve((request, response) => sendFile(content, request, response))
  const { exit } = await pull(manifestAt(server.url, server.url), join(directory, "models"))
  expect(failureOf(exit).reason).toBe("store")
  expect(failureOf(exit).message).toMatch(/^cannot write to .*models: a /)
  expect(server.requests).toEqual([])
})
