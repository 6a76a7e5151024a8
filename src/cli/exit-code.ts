/** What each exit code means, for scripts. 130 and 143 are those of a shell: interrupted, terminated. */
export const ExitCode = {
  ok: 0,
  failure: 1,
  usage: 2,
  notRunning: 3,
  refused: 4,
  modelMissing: 5,
  /** EX_SOFTWARE: the supervisor gave up; the service manager starts us afresh. */
  gaveUp: 70,
  badConfiguration: 78,
  interrupted: 130,
  terminated: 143,
} as const
