// Runs in the page before everything else: counts what comes over the kernel's socket, and notes which marker of the streamed
// text was painted when, in each pane. A pane is an element that `selector` finds, also in shadow roots.
//
// After each animation frame a message is posted to ourselves, which arrives when the frame has been laid out and painted; only
// then is looked for the last marker, so that a method that paints in its own frame callback is not seen a frame late. The text
// is searched from its end: this costs the same whatever its length.
;(() => {
  const probe = { messages: 0, bytes: 0 }
  globalThis.benchProbe = probe

  globalThis.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given)
      if (!new URL(this.url).pathname.endsWith('/channels')) return
      this.addEventListener('message', ({ data }) => {
        probe.messages += 1
        probe.bytes += data.byteLength ?? data.length
      })
    }
  }

  function find(root, selector, found = []) {
    found.push(...root.querySelectorAll(selector))
    for (const element of root.querySelectorAll('*')) if (element.shadowRoot) find(element.shadowRoot, selector, found)
    return found
  }

  function lastIn(text) {
    for (let at = text.lastIndexOf('mk'); at >= 0; at = at > 0 ? text.lastIndexOf('mk', at - 1) : -1) {
      const digits = text.slice(at + 2, at + 8)
      if (/^\d{6}$/.test(digits)) return Number(digits)
    }
    return 0
  }

  function last(node, budget) {
    if (node instanceof Text) return lastIn(node.data.slice(-4000))
    if (node.shadowRoot) return last(node.shadowRoot, budget)
    for (let child = node.lastChild; child && budget.left-- > 0; child = child.previousSibling) {
      const number = child.nodeName === 'STYLE' || child.nodeName === 'SCRIPT' ? 0 : last(child, budget)
      if (number > 0) return number
    }
    return 0
  }

  probe.start = (selector, panes, total) => {
    const old = new Set(selector ? find(document, selector) : [])
    const offset = Date.now() - performance.now()
    const state = { panes: [], last: Array(panes).fill(0), seen: Array.from({ length: panes }, () => []), frames: 0, tasks: [], slow: [] }
    const at = { messages: probe.messages, bytes: probe.bytes }
    const observers = [
      observe('longtask', (entry) => state.tasks.push(entry.duration)),
      observe('long-animation-frame', (entry) => {
        for (const script of entry.scripts)
          state.slow.push({ ms: script.duration, url: script.sourceURL, by: script.invoker, name: script.sourceFunctionName })
      }),
    ]
    // Shadow roots are searched only where the document itself has no such element: some methods replace theirs all the time.
    const search = () => {
      const found = [...document.querySelectorAll(selector)].filter((pane) => !old.has(pane))
      return found.length > 0 ? found : find(document, selector).filter((pane) => !old.has(pane))
    }
    const { port1, port2 } = new MessageChannel()
    let running = true
    const look = () => {
      if (state.panes.length < panes || state.panes.some((pane) => !pane.isConnected))
        state.panes = search().slice(0, panes)
      const now = Math.round((performance.now() + offset) * 100) / 100
      state.panes.forEach((pane, index) => {
        const number = last(pane, { left: 3000 })
        if (number <= state.last[index]) return
        state.last[index] = number
        state.seen[index].push([number, now])
      })
    }
    port1.onmessage = look
    const tick = () => {
      if (!running) return
      state.frames += 1
      port2.postMessage(0)
      requestAnimationFrame(tick)
    }
    requestAnimationFrame(tick)

    probe.status = () => ({
      shown: state.last,
      frames: state.frames,
      messages: probe.messages - at.messages,
      bytes: probe.bytes - at.bytes,
      done: panes > 0 && state.last.every((number) => number >= total),
    })
    probe.finish = () => {
      running = false
      for (const observer of observers) observer.disconnect()
      return { ...probe.status(), seen: state.seen, tasks: state.tasks, slow: state.slow }
    }
    return old.size
  }

  function observe(type, take) {
    const observer = new PerformanceObserver((list) => list.getEntries().forEach(take))
    observer.observe({ type })
    return observer
  }
})()
