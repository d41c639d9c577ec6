// Put into every frame of the canary's page before anything else runs: hears what script that should not run would do.
{
  const heard = top === globalThis ? [] : undefined
  const tell = (what) => {
    const element = globalThis.event?.target
    try {
      const place = top === globalThis ? element : globalThis.frameElement
      const payload = place instanceof top.Element ? place.closest('[data-payload]')?.dataset.payload : top.touched
      top.canary.push({ what, payload })
    } catch {
      // Of another origin: its requests are heard all the same.
    }
  }
  if (heard) {
    globalThis.canary = heard
    document.addEventListener('focusin', (event) => tell(`focus ${event.target.localName}`), true)
    globalThis.navigation.addEventListener('navigate', (event) => {
      tell(`navigation ${event.destination.url}`)
      if (event.cancelable) event.preventDefault()
    })
  }
  for (const name of ['alert', 'confirm', 'prompt', 'print', 'open']) {
    globalThis[name] = () => {
      tell(name)
      return null
    }
  }
}
