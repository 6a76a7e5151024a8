import { isOne, numberWords } from "./number-words.ts"
import { type Rule, rewrite } from "./rule.ts"

/** Written → spoken for one; the plural adds an s unless given after a bar. */
const UNITS: Readonly<Record<string, string>> = {
  B: "byte",
  kB: "kilobyte",
  KB: "kilobyte",
  MB: "megabyte",
  GB: "gigabyte",
  TB: "terabyte",
  PB: "petabyte",
  KiB: "kibibyte",
  MiB: "mebibyte",
  GiB: "gibibyte",
  TiB: "tebibyte",
  kbps: "kilobit per second|kilobits per second",
  Kbps: "kilobit per second|kilobits per second",
  Mbps: "megabit per second|megabits per second",
  Gbps: "gigabit per second|gigabits per second",
  ns: "nanosecond",
  µs: "microsecond",
  μs: "microsecond",
  us: "microsecond",
  ms: "millisecond",
  s: "second",
  sec: "second",
  secs: "second",
  min: "minute",
  mins: "minute",
  h: "hour",
  hr: "hour",
  hrs: "hour",
  nm: "nanometer",
  µm: "micrometer",
  μm: "micrometer",
  mm: "millimeter",
  cm: "centimeter",
  m: "meter",
  km: "kilometer",
  mi: "mile",
  ft: "foot|feet",
  yd: "yard",
  mg: "milligram",
  g: "gram",
  kg: "kilogram",
  lb: "pound",
  lbs: "pound",
  oz: "ounce",
  ml: "milliliter",
  mL: "milliliter",
  l: "liter",
  L: "liter",
  mV: "millivolt",
  V: "volt",
  kV: "kilovolt",
  mA: "milliamp",
  mAh: "milliamp hour",
  mW: "milliwatt",
  W: "watt",
  kW: "kilowatt",
  MW: "megawatt",
  GW: "gigawatt",
  Wh: "watt hour",
  kWh: "kilowatt hour",
  Hz: "hertz|hertz",
  kHz: "kilohertz|kilohertz",
  MHz: "megahertz|megahertz",
  GHz: "gigahertz|gigahertz",
  dB: "decibel",
  hPa: "hectopascal",
  kPa: "kilopascal",
  bar: "bar",
  px: "pixel",
  fps: "frame per second|frames per second",
  rpm: "revolution per minute|revolutions per minute",
  mph: "mile per hour|miles per hour",
  kph: "kilometer per hour|kilometers per hour",
  ppm: "part per million|parts per million",
  "°C": "degree Celsius|degrees Celsius",
  "°F": "degree Fahrenheit|degrees Fahrenheit",
  "°": "degree",
  "%": "percent|percent",
  "‰": "per thousand|per thousand",
}

/** What may stand after the slash of a rate, and alone with a word before it ("tokens/s"). */
const PER: Readonly<Record<string, string>> = {
  s: "second",
  sec: "second",
  min: "minute",
  h: "hour",
  hr: "hour",
  day: "day",
  d: "day",
  week: "week",
  month: "month",
  year: "year",
  m: "meter",
  km: "kilometer",
  kg: "kilogram",
  l: "liter",
  L: "liter",
}

const alternatives = (table: Readonly<Record<string, string>>) =>
  Object.keys(table)
    .sort((a, b) => b.length - a.length)
    .join("|")

const NUMBER = String.raw`(?<![\w.,])(\d{1,3}(?:,\d{3}){1,4}(?:\.\d{1,12})?|\d{1,15}(?:\.\d{1,12})?)`

const RULES: readonly Rule[] = [
  [/% ?(?=\d)/g, " percent "],
  [/° ?(?=[CF]\b)/g, "°"],
  // A unit that is also a capital letter or a common word must be close to its number: "8B" is a model, not bytes.
  [
    new RegExp(
      String.raw`${NUMBER}[ -]?(${alternatives(UNITS)})(\^[23])?(?:\/(${alternatives(PER)}))?(?![\p{L}\p{N}_/])`,
      "gu",
    ),
    (whole, value = "", unit = "", power, per) =>
      unit === "B" && !whole.includes(" ") ? whole : quantity(value, unit, power, per),
  ],
  [
    new RegExp(String.raw`(?<=\p{L}{2})\/(${alternatives(PER)})(?![\p{L}\p{N}_/])`, "gu"),
    (_, per = "") => ` per ${PER[per]}`,
  ],
  [new RegExp(String.raw`${NUMBER}[kK](?![\w])`, "g"), (_, value = "") => `${numberWords(value)} thousand`],
  [new RegExp(String.raw`${NUMBER}M(?![\w])`, "g"), (_, value = "") => `${numberWords(value)} million`],
]

/** Reads quantities: "6.5 GB" → "six point five gigabytes", "90 km/h" → "ninety kilometers per hour". */
export function readUnits(text: string): string {
  return rewrite(text, RULES)
}

function quantity(value: string, unit: string, power: string | undefined, per: string | undefined): string {
  const [one = "", many = `${one}s`] = (UNITS[unit] ?? unit).split("|")
  const name = isOne(value) ? one : many
  const prefix = power === undefined ? "" : power === "^2" ? "square " : "cubic "
  return `${numberWords(value)} ${prefix}${name}${per === undefined ? "" : ` per ${PER[per]}`}`
}
