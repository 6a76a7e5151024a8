/** Raw s16le mono under our own name, so that the desktop's mixer shows who it is. */
export const streamArguments = (rateHz: number, latencyMs: number, name: string): readonly string[] => [
  "--raw",
  "--format=s16le",
  "--channels=1",
  `--rate=${rateHz}`,
  `--latency-msec=${latencyMs}`,
  "--client-name=jett",
  `--stream-name=${name}`,
]
