/**
 * What follows on the user's speech, be it new or going on. Which of the two the ear reports depends on what it heard
 * last, Jett's own voice included; where a state takes one it takes the other.
 */
export const onSpeech = <const Transition>(transition: Transition) =>
  ({ "speech.started": transition, "speech.resumed": transition }) as const
