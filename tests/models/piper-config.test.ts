import { describe, expect, it } from "vitest"
import { parsePiperConfig } from "../../src/models/piper-config.ts"

const good = {
  audio: { sample_rate: 22_050 },
  espeak: { voice: "en-us" },
  inference: { noise_scale: 0.667, length_scale: 1, noise_w: 0.8 },
  phoneme_type: "espeak",
  num_speakers: 1,
  phoneme_id_map: { _: [0], "^": [1], $: [2], " ": [3], a: [14] },
}
const parse = (config: unknown) => parsePiperConfig(JSON.stringify(config), "joe.onnx.json")

describe("a Piper voice's configuration", () => {
  it("gives what the engine needs", () => {
    const config = parse(good)
    expect(config).toMatchObject({ rateHz: 22_050, language: "en-us", noiseScale: 0.667, noiseWidth: 0.8 })
    expect(config.phonemeIds.get("a")).toEqual([14])
  })

  it.each([
    ["a missing rate", { ...good, audio: {} }, "audio.sample_rate must be a number, found undefined"],
    [
      "another language",
      { ...good, espeak: { voice: "de" } },
      'espeak.voice must be an English voice (Jett speaks English only), found "de"',
    ],
    [
      "another kind of phonemes",
      { ...good, phoneme_type: "text" },
      'phoneme_type must be "espeak", found "text"',
    ],
    ["several speakers", { ...good, num_speakers: 9 }, "num_speakers must be 1"],
    ["no padding symbol", { ...good, phoneme_id_map: { "^": [1], $: [2], " ": [3] } }, 'phoneme_id_map."_"'],
    [
      "ids that are no numbers",
      { ...good, phoneme_id_map: { _: ["0"] } },
      'phoneme_id_map._ must be a number, found "0"',
    ],
    ["not an object", [], "audio must be an object, found undefined"],
  ])("refuses %s", (_, config, message) => {
    expect(() => parse(config)).toThrow(`joe.onnx.json: ${message}`)
  })

  it("says when the file is not JSON", () => {
    expect(() => parsePiperConfig("{", "joe.onnx.json")).toThrow("joe.onnx.json is not JSON")
  })
})
