import { mkdtemp, rm, writeFile } from "node:fs/promises"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { afterAll, beforeAll, describe, expect, it } from "vitest"
import { type KokoroVoices, kokoroVoices } from "../../src/models/kokoro-voice.ts"

let folder: string
let voices: KokoroVoices

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "jett-voices-"))
  const styles = Float32Array.from({ length: 510 * 256 }, (_, index) => Math.floor(index / 256))
  await writeFile(join(folder, "af_one.bin"), Buffer.from(styles.buffer))
  await writeFile(join(folder, "bm_two.bin"), Buffer.from(styles.buffer))
  await writeFile(join(folder, "am_cut.bin"), Buffer.from(styles.buffer).subarray(0, 1000))
  const names = ["af_one.bin", "bm_two.bin", "am_cut.bin", "am_gone.bin", "kokoro.onnx"]
  voices = kokoroVoices(Object.fromEntries(names.map((name) => [name, join(folder, name)])))
})
afterAll(() => rm(folder, { recursive: true }))

describe("Kokoro's voices", () => {
  it("are the .bin files, sorted", () => {
    expect(voices.names).toEqual(["af_one", "am_cut", "am_gone", "bm_two"])
  })

  it("have the accent that their first letter names", async () => {
    expect((await voices.voice("af_one")).language).toBe("en-us")
    expect((await voices.voice("bm_two")).language).toBe("en")
  })

  it("have one style for each length, the last of which serves the longest text", async () => {
    const voice = await voices.voice("af_one")
    expect([0, 3, 509, 510].map((ids) => voice.style(ids)[0])).toEqual([0, 3, 509, 509])
    expect(voice.style(7)).toHaveLength(256)
  })

  it("are read when first used and then kept", async () => {
    await expect(voices.voice("am_gone")).rejects.toThrow("no such file")
    expect(await voices.voice("af_one")).toBe(await voices.voice("af_one"))
  })

  it("lists what there is when one is not", async () => {
    await expect(voices.voice("zz_nobody")).rejects.toThrow(
      'There is no Kokoro voice "zz_nobody". Installed voices: af_one, am_cut, am_gone, bm_two',
    )
  })

  it("refuses a file of another size", async () => {
    await expect(voices.voice("am_cut")).rejects.toThrow("has 1000 bytes, expected 522240")
  })
})
