import { describe, expect, it } from "vitest"
import { claimsAction } from "../../src/text/claims.ts"

const claims = `
I've restarted n8n.
I have restarted the n8n container.
I’ve successfully restarted n8n for you.
I have just stopped postgres.
I just restarted it.
I restarted n8n and everything looks fine.
Okay, I restarted the container.
I went ahead and restarted n8n.
I've gone ahead and deleted the container.
I removed the old container.
We've stopped the service.
I'm restarting n8n now.
I am restarting the container.
I'm now stopping qdrant.
I'm going to restart postgres.
I am about to delete the volume.
I'm on it.
I'll restart n8n right away.
I will stop the container now.
I'll go ahead and restart it.
I'll do that.
I'll do it for you.
I'll take care of it.
I'll get that done.
I'll try to restart it.
Sure, I'll set a timer for five minutes.
I've set a timer for ten minutes.
I set your alarm for seven.
I've cancelled the timer.
I turned off the lights.
I've turned the volume down.
I've updated the configuration.
I've taken care of it.
I did that for you.
I've checked the logs and all is well.
I was able to restart n8n.
I managed to stop the container.
Let me restart that for you.
Allow me to restart n8n.
Please wait while I restart n8n.
I've sent the message.
I have muted the microphone.
Done!
Done.
All done.
It's done.
That's done.
Okay, done.
Sure. All set!
You're all set.
Consider it done.
On it!
Will do.
Right away, sir.
Restart complete.
Task completed successfully.
The container has been stopped.
The container has been restarted successfully.
The n8n container has been restarted.
n8n has been restarted.
n8n's been restarted.
Postgres was restarted.
Qdrant is being restarted.
Qdrant is restarting now.
n8n is restarting.
n8n has restarted.
The container has stopped.
The container is now stopped.
The n8n container is back up.
n8n is now running.
It has been restarted.
It's been deleted.
It was restarted successfully.
It will be restarted shortly.
Your timer is set.
Your timer is set for five minutes.
Your five minute timer has been set.
Your alarm is set for seven.
The timer will be set.
Your timer has been cancelled.
The timer has started.
Timer set for five minutes.
Timer started.
Container restarted.
n8n restarted successfully.
Restarted n8n.
Successfully restarted the container.
Stopped the container.
Deleted it.
Okay, restarting postgres now.
Restarting n8n...
Restarting the n8n container.
Stopping the container now.
Setting a timer for five minutes.
Starting your five minute timer.
Sure, deleting it now.
n8n and postgres have been restarted.
All containers have been stopped.
Everything has been restarted.
Your request has been completed.
The changes have been applied.
The operation was completed successfully.
and restarted n8n.
I have restarted n8n, okay?
I've restarted n8n, is there anything else?
**I've restarted n8n.**
"I've restarted n8n."
`

const innocent = `
To restart a container you can use docker restart.
You can restart a container with the command docker restart.
Use docker stop to stop it.
Restarting a container clears its memory.
Restarting the database takes a few seconds.
Stopping a container sends it a signal.
Setting a timer is easy.
Restarting a computer can help.
Should I restart n8n?
Shall I stop the container?
Would you like me to restart n8n?
Do you want me to set a timer?
Have you restarted it?
Did you restart the container?
Is the container stopped?
Has n8n been restarted?
Which container should be restarted?
What would you like me to do?
I can restart n8n if you like.
I can start, stop and restart containers.
I could restart it.
I'll restart it if you confirm.
If you like, I will restart n8n.
If I restarted it, you would lose your work.
When a container is stopped, its processes end.
Once a container is stopped, it uses no memory.
I haven't restarted anything.
I have not restarted n8n.
I didn't stop the container.
I can't restart n8n.
I cannot do that.
I won't delete anything.
I am not able to restart containers.
I'm unable to restart it.
n8n has not been restarted.
The container isn't stopped.
Nothing has been restarted.
No container was stopped.
n8n is a workflow automation tool.
n8n is running.
The container is running and healthy.
n8n runs in a container.
Postgres is a database.
A container is started with docker start.
The container is started with docker start.
The container is stopped because it ran out of memory.
The container was stopped by the kernel.
Containers are restarted automatically.
A service can be restarted by systemd.
It can be restarted at any time.
It should be restarted every week.
The First World War was started in 1914.
The war was started by an assassination.
The Eiffel Tower was completed in 1889.
Python was created by Guido van Rossum.
Apollo 11 was launched in July 1969.
The Linux kernel was created in 1991.
The novel is set in London.
It is set in Victorian London.
It was started as a joke.
It was removed from the list in 2006.
The show was cancelled after two seasons.
It has been updated many times since.
The capital of France is Paris.
The sky is blue.
Paris.
Yes.
Okay.
Sure!
Got it.
Of course.
Very well.
You're welcome.
Hello! How can I help?
I'm doing well, thank you.
I'm Jett, your voice assistant.
I am running on your computer.
I'm here to help.
I'll explain it briefly.
I'll start with the basics.
Let me know if you need anything else.
Let me think.
Let me check.
I think it is about four o'clock.
I have three containers to choose from.
I have a set of tools.
There are five containers.
It's five o'clock.
Water boils at one hundred degrees.
The meeting is at noon.
A timer counts down the seconds.
You could set a timer on your phone.
You should update the container.
Remove the eggs after ten minutes.
Stop the container first, then remove it.
Restart the router and try again.
Once upon a time there was a sea.
The train stopped at the station.
The rain has stopped falling in the north.
Change is hard.
I would have restarted it.
My favourite colour is cyan.
One moment.
Sorry, I have no answer to that.
What's done is done in the end by people.
`

const lines = (text: string): readonly string[] => text.split("\n").filter((line) => line !== "")

describe("what the model says", () => {
  it.each(lines(claims))("claims an action: %s", (clause) => {
    expect(claimsAction(clause)).toBe(true)
  })

  it.each(lines(innocent))("claims none: %s", (clause) => {
    expect(claimsAction(clause)).toBe(false)
  })

  it.each(
    lines(`
N eight n was restarted and is running.
N eight n has restarted.
N eight n's been restarted.
Restarted n eight n.
The n eight n container is restarting.
N eight n, grafana has restarted.
N eight n and the vector store have been restarted.
`),
  )("claims an action on a container by any of its names: %s", (clause) => {
    const containers = [
      { name: "n8n", spoken: ["n eight n", "nan"] },
      { name: "qdrant", spoken: ["quadrant", "the vector store"] },
    ]
    expect(claimsAction(clause, containers)).toBe(true)
  })

  it.each(["N eight n is running.", "N eight n has not been restarted.", "Should I restart n eight n?"])(
    "claims none by them: %s",
    (clause) => {
      expect(claimsAction(clause, [{ name: "n8n", spoken: ["n eight n"] }])).toBe(false)
    },
  )

  it("is judged in no time, however long and strange it is", () => {
    const strange = [
      "i have ",
      "just now ",
      "the a ",
      "a".repeat(50),
      "I'll, ",
      "okay ",
      "?!",
      "restarting it and ",
      "n8n, ",
      "n eight n and ",
    ]
    expect(strange.map((piece) => typeof claimsAction(piece.repeat(400)))).toEqual(
      strange.map(() => "boolean"),
    )
  })
})
